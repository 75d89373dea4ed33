//! Requests that are sent again, and servers that go away.

use std::sync::atomic::{AtomicUsize, Ordering};

use trustdeck::remote::{Remark, Remarks};

use crate::remote::scripted::{Act, Scripted, answer};
use crate::remote::*;

fn good() -> Act {
    answer("200 OK", &[], FILE)
}

fn nothing() -> Act {
    Act::SendAndClose(Vec::new())
}

/// A client of the server, and what it tells.
fn telling(server: &Scripted) -> (NotaryServer, Remarks) {
    let remarks = Remarks::default();
    let setup = Setup { limits: SHORT, remarks: remarks.clone(), ..Setup::default() };
    let endpoint = Endpoint::parse(&server.url(), true).unwrap();
    (NotaryServer::new(endpoint, setup, Arc::<Logins>::default()).unwrap(), remarks)
}

#[tokio::test]
async fn reads_are_tried_again_while_a_gateway_fails_them() {
    for status in ["502 Bad Gateway", "503 Unavailable", "504 Timeout", "429 Too Many"] {
        let server = Scripted::start(move |_, number| match number {
            0..4 => answer(status, &[], ""),
            _ => good(),
        })
        .await;
        fetch(&client(&server.url())).await.unwrap();
        assert_eq!(server.requests().len(), 5, "{status}");
    }
    let server = Scripted::start(|_, _| answer("502 Bad Gateway", &[], "")).await;
    assert!(fetch(&client(&server.url())).await.is_err());
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn connections_that_break_are_made_anew() {
    let server = Scripted::start(|_, number| if number < 3 { nothing() } else { good() }).await;
    fetch(&client(&server.url())).await.unwrap();
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn answers_that_say_something_are_not_asked_for_again() {
    for status in ["500 Oops", "403 Forbidden", "400 Bad"] {
        let server = Scripted::start(move |_, _| answer(status, &[], "")).await;
        assert!(fetch(&client(&server.url())).await.is_err());
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_short_wait_that_the_server_asks_for_is_kept_and_told() {
    let server = Scripted::start(|_, number| match number {
        0 | 1 => answer("429 Too Many", &["Retry-After: 1"], ""),
        _ => good(),
    })
    .await;
    let (client, remarks) = telling(&server);
    let (host, mut heard) = (server.address.to_string(), remarks.listen());
    let (one, other) = tokio::join!(fetch(&client), fetch(&client));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(heard.try_recv().unwrap(), Remark::Waits { host, status: Some(429), cause: None, seconds: 1 });
    assert!(heard.try_recv().is_err(), "both wait at once, and that is one word");
}

/// As nginx does after so many requests (`keepalive_requests`).
#[tokio::test]
async fn a_connection_that_ends_after_so_many_answers_costs_those_behind_no_try() {
    let last = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{FILE}", FILE.len());
    let server = Scripted::start(move |_, number| match number % 33 {
        32 => Act::SendAndClose(last.clone().into_bytes()),
        _ => good(),
    })
    .await;
    let (client, remarks) = telling(&server);
    let mut heard = remarks.listen();
    let all = futures_util::future::join_all((0..300).map(|_| fetch(&client))).await;
    assert!(all.iter().all(Result::is_ok), "{:?}", all.iter().find(|got| got.is_err()));
    assert!(heard.try_recv().is_err(), "nobody waits for anything");
    assert_eq!(server.requests().len(), 300, "nothing is asked for twice");
}

#[tokio::test]
async fn a_long_wait_that_the_server_asks_for_is_for_the_user() {
    let server = Scripted::start(|_, _| answer("503 Unavailable", &["Retry-After: 600"], "")).await;
    let got = fetch(&client(&server.url())).await;
    assert!(matches!(got, Err(RemoteError::Busy { wait: Some(600), .. })), "{got:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn uploads_are_not_sent_again_where_they_may_have_been_stored() {
    for act in [answer("502 Bad Gateway", &[], ""), answer("503 Unavailable", &[], ""), nothing()] {
        let server = Scripted::start(move |_, _| act.clone()).await;
        let files = [(Role::Root, b"{}".to_vec())];
        assert!(client(&server.url()).publish(&gun("registry.test/team/app"), &files).await.is_err());
        assert_eq!(server.requests().len(), 1);
    }
}

/// Reads a part of the first upload and closes; takes the second.
#[tokio::test]
async fn an_upload_that_was_not_read_whole_is_sent_again() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        first.read_exact(&mut [0; 4096]).await.unwrap();
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        let (mut taken, mut piece) = (0, vec![0; 1 << 20]);
        while taken < 32 << 20 {
            taken += second.read(&mut piece).await.unwrap();
        }
        second.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{").await.unwrap();
        second.read_to_end(&mut Vec::new()).await.unwrap_or_default();
    });
    let files = [(Role::Targets, vec![b'x'; 32 << 20])];
    let limits = Limits { first_byte: Duration::from_secs(30), total: Duration::from_secs(60), ..SHORT };
    client_with(&url, limits, Arc::default()).publish(&gun("registry.test/team/app"), &files).await.unwrap();
    serving.abort();
}

/// An HTTP/2 server that turns the first stream away before it begins with it.
#[tokio::test]
async fn an_upload_that_a_server_turns_away_is_sent_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let directory = tempfile::TempDir::new().unwrap();
    let authority = crate::support::authority::Authority::create(directory.path());
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor(&authority, b"h2");
    let serving = tokio::spawn(async move {
        // The first connection is for a line, which is given up for something better.
        let (stream, _) = listener.accept().await.unwrap();
        drop(acceptor.accept(stream).await.unwrap());
        let (stream, _) = listener.accept().await.unwrap();
        let stream = acceptor.accept(stream).await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (_, mut refused) = connection.accept().await.unwrap().unwrap();
        refused.send_reset(h2::Reason::REFUSED_STREAM);
        while let Some(request) = connection.accept().await {
            let (request, mut respond) = request.unwrap();
            tokio::spawn(async move {
                let mut body = request.into_body();
                while let Some(piece) = body.data().await {
                    body.flow_control().release_capacity(piece.unwrap().len()).unwrap();
                }
                respond.send_response(axum::http::Response::new(()), true).unwrap();
            });
        }
    });
    let tls = TlsMaterial { authorities: crate::remote::authorities(&authority.ca), ..Default::default() };
    let limits = Limits { first_byte: Duration::from_secs(10), total: Duration::from_secs(20), ..SHORT };
    let endpoint = Endpoint::parse(&format!("https://localhost:{port}"), false).unwrap();
    let setup = Setup { tls, limits, ..Setup::default() };
    let client = NotaryServer::new(endpoint, setup, Arc::<Logins>::default()).unwrap();
    client.publish(&gun("registry.test/team/app"), &[(Role::Targets, vec![b'x'; 1 << 20])]).await.unwrap();
    serving.abort();
}

async fn fetch_role(client: &NotaryServer, role: Role) -> Result<Received, RemoteError> {
    let stop = CancellationToken::new();
    client.fetch(&gun("registry.test/team/app"), &WantedFile::Current(role), 1000, Access::Pull, &stop).await
}

#[tokio::test]
async fn a_server_nearby_never_has_two_requests_at_once() {
    use axum::routing::get;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, peak) = (Arc::clone(&now), Arc::clone(&most));
    let answers = move || {
        let (inside, peak) = (Arc::clone(&inside), Arc::clone(&peak));
        async move {
            peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            inside.fetch_sub(1, Ordering::SeqCst);
            FILE
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new().route("/{*path}", get(answers));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let client = client_with(&url, Limits::default(), Arc::default());
    // Timestamps too: the server looks for the snapshot that they name.
    let role = |number: usize| if number.is_multiple_of(2) { Role::Targets } else { Role::Timestamp };
    let all = futures_util::future::join_all((0..200).map(|number| fetch_role(&client, role(number)))).await;
    assert!(all.into_iter().all(|got| got.is_ok()));
    assert_eq!(most.load(Ordering::SeqCst), 1);
    serving.abort();
}

#[tokio::test]
async fn while_a_server_is_away_one_asks_and_the_rest_waits() {
    // From the third request on it breaks every connection, until somebody has tried often enough.
    let server = Scripted::start(|_, number| if (2..5).contains(&number) { nothing() } else { good() }).await;
    let limits = Limits { pause: Duration::from_millis(50), ..SHORT };
    let client = client_with(&server.url(), limits, Arc::default());
    fetch_role(&client, Role::Root).await.unwrap();
    let all = futures_util::future::join_all((0..50).map(|_| fetch_role(&client, Role::Targets))).await;
    assert!(all.into_iter().all(|got| got.is_ok()));
    assert_eq!(server.requests().len(), 1 + 50 + 3);
}

/// Makes TLS connections with the certificate, for one application protocol.
fn acceptor(authority: &crate::support::authority::Authority, protocol: &[u8]) -> tokio_rustls::TlsAcceptor {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificate = CertificateDer::from_pem_file(&authority.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(&authority.key).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config))
}
