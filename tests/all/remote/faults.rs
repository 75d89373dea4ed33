//! Servers that are slow, lie, break off or refuse.

use tokio::io::AsyncReadExt;

use crate::remote::scripted::{Act, Scripted, answer};
use crate::remote::*;
use crate::support::Proxy;

/// What a fetch of at most 1000 bytes ends with, when the server does `act`.
async fn fetch_from(act: Act) -> Result<Received, RemoteError> {
    let server = Scripted::start(move |_, _| act.clone()).await;
    fetch(&client(&server.url())).await
}

async fn publish_to(act: Act) -> Result<(), RemoteError> {
    let server = Scripted::start(move |_, _| act.clone()).await;
    let files = [(Role::Root, b"{}".to_vec())];
    upload(&client(&server.url()), &gun("registry.test/team/app"), &files).await
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

#[tokio::test]
async fn a_good_answer_is_received_with_its_date() {
    let date = "Date: Sun, 22 Nov 2026 18:06:45 GMT";
    let received = fetch_from(answer("200 OK", &[date], FILE)).await.unwrap();
    assert_eq!(received.bytes, FILE.as_bytes());
    assert_eq!(received.date, Some("2026-11-22T18:06:45Z".parse().unwrap()));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_slow() {
    let got = fetch_from(Act::SendAndHang(Vec::new())).await;
    assert!(matches!(got, Err(RemoteError::Slow { what: Overdue::Answer, .. })), "{got:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_twice_and_not_for_each_file() {
    let server = Scripted::start(|_, _| Act::SendAndHang(Vec::new())).await;
    let client = client(&server.url());
    for _ in 0..10 {
        let got = fetch(&client).await;
        assert!(matches!(got, Err(RemoteError::Slow { what: Overdue::Answer, .. })), "{got:?}");
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_silent_server_is_waited_for_twice_where_all_files_are_asked_for_at_once() {
    let server = Scripted::start(|_, _| Act::SendAndHang(Vec::new())).await;
    let client = client(&server.url());
    let all = futures_util::future::join_all((0..8).map(|_| fetch(&client))).await;
    let is_slow = |got: &_| matches!(got, Err(RemoteError::Slow { what: Overdue::Answer, .. }));
    assert!(all.iter().all(is_slow), "{all:?}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_server_that_lets_one_request_of_two_fall_is_asked_on() {
    let act = |_: &_, at: usize| {
        if at.is_multiple_of(2) { Act::SendAndHang(Vec::new()) } else { answer("200 OK", &[], FILE) }
    };
    let server = Scripted::start(act).await;
    let client = client(&server.url());
    let mut outcomes = Vec::new();
    for _ in 0..6 {
        outcomes.push(fetch(&client).await.is_ok());
    }
    assert_eq!(outcomes, [false, true, false, true, false, true]);
}

#[tokio::test]
async fn headers_that_never_end_are_slow() {
    let got = fetch_from(Act::SendAndHang(bytes("HTTP/1.1 200 OK\r\nX-A: b\r\n"))).await;
    assert!(matches!(got, Err(RemoteError::Slow { what: Overdue::Answer, .. })), "{got:?}");
}

#[tokio::test]
async fn a_body_that_stalls_is_slow() {
    let got = fetch_from(Act::SendAndHang(bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))).await;
    assert!(matches!(got, Err(RemoteError::Slow { what: Overdue::More, .. })), "{got:?}");
}

#[tokio::test]
async fn a_body_that_drips_is_slow() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let dripping = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 20]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n").await.unwrap();
        let mut drops = tokio::time::interval(Duration::from_millis(50));
        while stream.write_all(b"x").await.is_ok() {
            drops.tick().await;
        }
    });
    let got = fetch(&client(&url)).await;
    assert!(matches!(got, Err(RemoteError::Slow { what: Overdue::Enough, .. })), "{got:?}");
    dripping.abort();
}

#[tokio::test]
async fn bodies_over_the_cap_are_refused_however_they_are_announced() {
    let too_big = |got: Result<Received, RemoteError>| {
        assert!(matches!(got, Err(RemoteError::TooBig { limit: 1000, .. })), "{got:?}");
    };
    too_big(fetch_from(answer("200 OK", &[], &"x".repeat(1001))).await);
    too_big(fetch_from(Act::Endless(bytes("HTTP/1.1 200 OK\r\n\r\n"), vec![b'x'; 500])).await);
    let chunk = format!("{:x}\r\n{}\r\n", 300, "y".repeat(300));
    too_big(
        fetch_from(Act::Endless(bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), bytes(&chunk))).await,
    );
    let at_the_cap = fetch_from(answer("200 OK", &[], &format!("{{\"signed\"{}", "x".repeat(991)))).await.unwrap();
    assert_eq!(at_the_cap.bytes.len(), 1000);
}

#[tokio::test]
async fn answers_that_break_off_are_told_from_servers_that_cannot_be_reached() {
    for text in ["", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"] {
        let got = fetch_from(Act::SendAndClose(bytes(text))).await;
        assert!(matches!(got, Err(RemoteError::BrokeOff { .. })), "{text:?}: {got:?}");
    }
}

#[tokio::test]
async fn what_is_no_answer_to_the_question_is_told_for_what_it_is() {
    let unchanged = fetch_from(answer("304 Not Modified", &[], "")).await;
    let told = matches!(&unchanged, Err(RemoteError::Server { status: 304, detail, .. }) if detail == "not modified");
    assert!(told, "no redirect: {unchanged:?}");
    for malformed in ["HTTP/1.1 2x0 OK\r\n\r\n", "\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{16}", "hello\r\n\r\n"] {
        let got = fetch_from(Act::SendAndClose(bytes(malformed))).await;
        assert!(matches!(&got, Err(RemoteError::BadAnswer { why, .. }) if why.contains("no proper HTTP")), "{got:?}");
    }
    let go = answer("400 Bad Request", &[], "Client sent an HTTP request to an HTTPS server.\n");
    let got = fetch_from(go).await;
    assert!(matches!(got, Err(RemoteError::WantsTls { .. })), "{got:?}");
}

#[tokio::test]
async fn a_file_is_asked_for_again_when_a_kept_connection_broke() {
    let server = Scripted::start(|_, number| match number {
        1 => Act::SendAndClose(Vec::new()),
        _ => answer("200 OK", &[], FILE),
    })
    .await;
    let client = client(&server.url());
    fetch(&client).await.unwrap();
    fetch(&client).await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn answers_that_are_not_http_are_errors() {
    let got = fetch_from(Act::SendAndClose(bytes("SSH-2.0-OpenSSH\r\n\r\n"))).await;
    assert!(matches!(got, Err(RemoteError::BadAnswer { .. })), "{got:?}");
}

#[tokio::test]
async fn encoded_answers_are_refused_and_no_encoding_is_asked_for() {
    let got = fetch_from(answer("200 OK", &["Content-Encoding: gzip"], "\u{1f}")).await;
    assert!(matches!(got, Err(RemoteError::BadAnswer { .. })), "{got:?}");
    let server = Scripted::start(|_, _| answer("200 OK", &["Content-Encoding: identity"], FILE)).await;
    fetch(&client(&server.url())).await.unwrap();
    assert_eq!(server.requests()[0].header("accept-encoding"), None);
}

#[tokio::test]
async fn redirects_are_named_and_not_followed() {
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let server = Scripted::start(move |_, _| answer(status, &["Location: /elsewhere"], "")).await;
        let got = fetch(&client(&server.url())).await;
        assert!(matches!(&got, Err(RemoteError::Redirect { to, .. }) if to.ends_with("/elsewhere")), "{got:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn each_status_has_its_class() {
    let got = |status: &'static str, body: &'static str| fetch_from(answer(status, &[], body));
    let not_found = got("404 Not Found", ABSENT).await;
    assert!(matches!(&not_found, Err(RemoteError::NotFound { what, .. }) if what == "timestamp"), "{not_found:?}");
    for status in ["429 Too Many", "503 Unavailable"] {
        assert!(matches!(got(status, "").await, Err(RemoteError::Busy { .. })), "{status}");
    }
    let told = r#"{"errors":[{"code":"DENIED","message":"not you.","detail":"ask Eve"}]}"#;
    let denied = got("403 Forbidden", told).await;
    assert!(matches!(&denied, Err(RemoteError::Forbidden { why, .. }) if why == "not you: ask Eve"), "{denied:?}");
    for status in ["500 Oops", "502 Bad Gateway", "400 Bad", "418 Teapot", "204 No Content"] {
        let got = got(status, "some\n words").await;
        assert!(matches!(&got, Err(RemoteError::Server { .. })), "{status}: {got:?}");
    }
}

#[tokio::test]
async fn texts_of_errors_are_cut() {
    let long = format!(r#"{{"errors":[{{"code":"UNKNOWN","message":"{}"}}]}}"#, "é".repeat(1000));
    let server = Scripted::start(move |_, _| answer("500 Oops", &[], &long)).await;
    match fetch(&client(&server.url())).await {
        Err(RemoteError::Server { detail, .. }) => assert_eq!(detail.chars().count(), 301),
        other => panic!("{other:?}"),
    }
    let endless = Act::Endless(bytes("HTTP/1.1 500 Oops\r\n\r\n"), bytes("plain words "));
    match fetch_from(endless).await {
        Err(RemoteError::Server { detail, .. }) => assert!(detail.starts_with("plain words plain words")),
        other => panic!("{other:?}"),
    }
    match fetch_from(answer("502 Bad Gateway", &[], "<html><body>nginx</body></html>")).await {
        Err(RemoteError::Server { detail, .. }) => assert_eq!(detail, "bad gateway"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nobody_listening_is_a_network_error_also_for_uploads() {
    let url = format!("http://127.0.0.1:{}", crate::support::NOBODYS_PORT);
    let got = fetch(&client(&url)).await;
    assert!(matches!(&got, Err(RemoteError::Network { why, .. }) if why == "connection refused"), "{got:?}");
    let files = [(Role::Root, b"{}".to_vec())];
    let failed = client(&url).publish(&gun("registry.test/team/app"), &files).await.unwrap_err();
    assert!(matches!(failed.error, RemoteError::Network { .. }) && !failed.may_have_arrived, "{failed:?}");
}

#[tokio::test]
async fn an_answer_lost_after_the_whole_upload_is_told_apart() {
    for act in [
        Act::SendAndClose(Vec::new()),
        Act::SendAndClose(bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")),
        Act::SendAndHang(Vec::new()),
        Act::Send(bytes("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")),
        answer("504 Gateway Timeout", &[], ""),
    ] {
        let got = publish_to(act.clone()).await;
        assert!(matches!(got, Err(RemoteError::AnswerLost { .. })), "{act:?}: {got:?}");
    }
    let got = publish_to(answer("500 Oops", &[], "")).await;
    assert!(matches!(got, Err(RemoteError::Server { status: 500, .. })), "{got:?}");
}

/// Takes a part of a request and then closes with a reset, or takes nothing more.
async fn upload_to_one_that_stops_reading(close: bool) -> Unconfirmed {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reading = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut some = [0; 4096];
        stream.read_exact(&mut some).await.unwrap();
        if !close {
            std::future::pending::<()>().await;
        }
    });
    let files = [(Role::Targets, vec![b'x'; 64 << 20])];
    let got = client(&url).publish(&gun("registry.test/team/app"), &files).await;
    reading.abort();
    got.unwrap_err()
}

#[tokio::test]
async fn an_upload_that_breaks_off_in_the_middle_was_not_processed() {
    let got = upload_to_one_that_stops_reading(true).await;
    let broke = matches!(got.error, RemoteError::BrokeOff { .. } | RemoteError::Network { .. });
    assert!(broke && !got.may_have_arrived, "it is sent again, and nobody listens any more: {got:?}");
    let got = upload_to_one_that_stops_reading(false).await;
    assert!(matches!(got.error, RemoteError::Slow { .. }) && !got.may_have_arrived, "{got:?}");
}

#[tokio::test]
async fn uploads_are_written_as_notary_reads_them() {
    let server = Scripted::start(|_, _| answer("200 OK", &[], "")).await;
    let files = [(Role::parse("targets/releases").unwrap(), b"{\"a\":1}".to_vec()), (Role::Root, b"{}".to_vec())];
    client(&server.url()).publish(&gun("registry.test/team/app"), &files).await.unwrap();
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(request.line, "POST /v2/registry.test/team/app/_trust/tuf/");
    let boundary = request.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let part = |name: &str, body: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{body}\r\n"
        )
    };
    let expected = part("targets/releases", "{\"a\":1}") + &part("root", "{}") + &format!("--{boundary}--\r\n");
    assert_eq!(String::from_utf8(request.body).unwrap(), expected);
}

#[tokio::test]
async fn addresses_keep_slashes_and_colons() {
    let server = Scripted::start(|_, _| answer("404 Not Found", &[], crate::remote::ABSENT)).await;
    let client = client(&format!("{}/prefix/", server.url()));
    let (stop, releases) = (CancellationToken::new(), Role::parse("targets/releases").unwrap());
    let hash = "a".repeat(64);
    for wanted in [
        WantedFile::Current(releases.clone()),
        WantedFile::ByHash { role: releases, sha256: hash.clone() },
        WantedFile::Version { role: Role::Root, version: 3 },
    ] {
        let got = client.fetch(&gun("registry.test:5000/team/app"), &wanted, 10, Access::Pull, &stop).await;
        assert!(matches!(got, Err(RemoteError::NotFound { .. })), "{got:?}");
    }
    let lines: Vec<String> = server.requests().into_iter().map(|request| request.line).collect();
    let base = "GET /prefix/v2/registry.test:5000/team/app/_trust/tuf";
    let hashed = format!("{base}/targets/releases.{hash}.json");
    assert_eq!(lines, [format!("{base}/targets/releases.json"), hashed, format!("{base}/3.root.json")]);
}

#[tokio::test]
async fn a_cancelled_fetch_ends_at_once() {
    let server = Scripted::start(|_, _| Act::SendAndHang(Vec::new())).await;
    let client = client_with(&server.url(), Limits::default(), Arc::default());
    let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Timestamp));
    stop.cancel();
    let got = client.fetch(&gun("registry.test/team/app"), &wanted, 10, Access::Pull, &stop).await;
    assert!(matches!(got, Err(RemoteError::Cancelled)), "{got:?}");
}

#[tokio::test]
async fn a_hundred_fetches_share_few_connections() {
    let server = Scripted::start(|_, _| answer("200 OK", &[], FILE)).await;
    let client = client(&server.url());
    let all = futures_util::future::join_all((0..100).map(|_| fetch(&client))).await;
    assert!(all.into_iter().all(|got| got.is_ok()));
    assert_eq!(server.requests().len(), 100);
    // 8 if the server is near; on a busy machine it may look far.
    assert!(server.connections() <= 32, "{}", server.connections());
}

#[tokio::test]
async fn a_server_far_away_that_ends_each_connection_is_asked_one_by_one() {
    for header in ["", "Connection: close\r\n"] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{header}Content-Length: {}\r\n\r\n{FILE}", FILE.len()).into_bytes();
        let server = Scripted::start(move |_, _| Act::SendAndClose(bytes.clone())).await;
        let far = Proxy::start(server.address.port(), Duration::from_millis(20));
        let client = client(&format!("http://127.0.0.1:{}", far.port));
        let all = futures_util::future::join_all((0..40).map(|_| fetch(&client))).await;
        assert!(all.iter().all(Result::is_ok), "{header:?}: {all:?}");
    }
}

#[test]
fn addresses_are_https_or_allowed_loopback() {
    let table = [
        ("https://notary.example.test", Ok(("https://notary.example.test", "notary.example.test"))),
        ("https://notary.example.test/", Ok(("https://notary.example.test", "notary.example.test"))),
        ("https://h.test:4443/trust//", Ok(("https://h.test:4443/trust", "h.test:4443"))),
        ("https://h.test:443", Ok(("https://h.test", "h.test:443"))),
        ("https://[::1]:4443", Ok(("https://[::1]:4443", "[::1]:4443"))),
        ("http://localhost:4443", Ok(("http://localhost:4443", "localhost:4443"))),
        ("http://127.0.0.9", Ok(("http://127.0.0.9", "127.0.0.9"))),
        ("http://[::1]:1", Ok(("http://[::1]:1", "[::1]:1"))),
        ("http://registry.example.test", Err(())),
        ("http://localhost.example.test", Err(())),
        ("http://10.0.0.1", Err(())),
        ("ftp://h.test", Err(())),
        ("h.test", Err(())),
        ("", Err(())),
        ("https://", Err(())),
        ("https://user:secret@h.test", Err(())),
        ("https://h.test?x", Err(())),
        ("https://h.test#x", Err(())),
        (" https://h.test/v20 ", Ok(("https://h.test/v20", "h.test"))),
        ("https://h.test/v2/", Err(())),
        ("https://h.test/trust/v2", Err(())),
        ("https://h.test/v2/h.test/app/_trust/tuf/", Err(())),
    ];
    for (url, expected) in table {
        let got = Endpoint::parse(url, true);
        let seen = got.as_ref().map(|endpoint| (endpoint.base(), endpoint.host())).map_err(|_| ());
        assert_eq!(seen, expected, "{url}");
        if let Err(error) = got {
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
    assert!(Endpoint::parse("http://localhost:4443", false).is_err());
}

/// A Notary server with the "local" trust service crashes when its key map grows while something else reads it.
#[tokio::test]
async fn requests_for_server_keys_run_alone() {
    let server = Scripted::start(|_, number| match number {
        0 => Act::SendAndHang(Vec::new()),
        _ => answer("200 OK", &[], ""),
    })
    .await;
    let (client, name) = (client(&server.url()), gun("registry.test/team/app"));
    let files = [(Role::Root, b"{}".to_vec())];
    let first = async {
        let slow = client.server_key(&name, &Role::Timestamp).await;
        assert!(matches!(slow, Err(RemoteError::Slow { .. })), "{slow:?}");
        server.requests().len()
    };
    let second = client.rotate_server_key(&name, &Role::Snapshot);
    let (heard, _, uploaded) = tokio::join!(biased; first, second, client.publish(&name, &files));
    assert_eq!(heard, 1, "nothing else was sent while the first request was open");
    uploaded.unwrap();
}

#[tokio::test]
async fn what_is_no_trust_server_is_told_as_what_it_is() {
    let registry = "Docker-Distribution-Api-Version: registry/2.0";
    let unknown = r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}"#;
    let page = "\u{feff}\n<!DOCTYPE html><title>Portal</title>";
    for (act, expected) in [
        (answer("404 Not Found", &[registry], "404 page not found"), Stranger::Registry),
        (answer("404 Not Found", &[], unknown), Stranger::Registry),
        (answer("404 Not Found", &[], "<html>nginx</html>"), Stranger::WebPage),
        (answer("404 Not Found", &[], "404 page not found"), Stranger::Other),
        (answer("404 Not Found", &[], ""), Stranger::Other),
        // Harbor's words.
        (
            answer("404 Not Found", &[], r#"{"errors":[{"code":"NOT_FOUND","message":"path not found"}]}"#),
            Stranger::Other,
        ),
        (answer("200 OK", &[], "OK"), Stranger::Other),
        (answer("200 OK", &[], r#"{"hello":1}"#), Stranger::Other),
        (answer("200 OK", &[], "{}"), Stranger::Other),
        (answer("200 OK", &[], ""), Stranger::Other),
        (answer("511 Network Authentication Required", &[], "log in"), Stranger::WebPage),
        (answer("200 OK", &["Content-Type: text/html"], page), Stranger::WebPage),
    ] {
        let got = fetch_from(act.clone()).await;
        let Err(RemoteError::NotNotary { what, chosen, .. }) = &got else { panic!("{act:?}: {got:?}") };
        assert_eq!((*what, chosen.as_str()), (expected, "a test"));
    }
    // One that says only at its root what it is.
    let server = Scripted::start(move |request, _| match request.line.as_str() {
        "GET /v2/" => answer("401 Unauthorized", &[registry], ""),
        _ => answer("404 Not Found", &[], "404 page not found"),
    })
    .await;
    let got = fetch(&client(&server.url())).await;
    assert!(matches!(got, Err(RemoteError::NotNotary { what: Stranger::Registry, .. })), "{got:?}");
}

#[tokio::test]
async fn a_redirect_to_a_path_names_its_host() {
    let server = Scripted::start(|_, _| answer("302 Found", &["Location: /login"], "")).await;
    let error = fetch(&client(&server.url())).await.unwrap_err().to_string();
    assert!(error.ends_with(&format!("redirects to {}/login", server.url().trim_start_matches("http://"))), "{error}");
}

#[tokio::test]
async fn what_a_refusal_looks_like_is_told_and_a_trust_server_may_still_be_behind_it() {
    let registry = "Docker-Distribution-Api-Version: registry/2.0";
    let basic = "WWW-Authenticate: Basic realm=\"x\"";
    let page = "<html><title>log in</title></html>";
    for (act, expected) in [
        (answer("401 Unauthorized", &[], page), "with a web page"),
        (answer("401 Unauthorized", &[basic], page), "with a web page"),
        (answer("401 Unauthorized", &[basic, registry], "{}"), "as a registry"),
        (answer("403 Forbidden", &[], page), "with a web page"),
    ] {
        let error = fetch_from(act.clone()).await.unwrap_err();
        assert!(error.is_of_login() && error.to_string().contains(expected), "{act:?}: {error}");
    }
    let plain = fetch_from(answer("401 Unauthorized", &[basic], "{}")).await.unwrap_err();
    assert!(!plain.to_string().contains("it answers"), "{plain}");
}

#[tokio::test]
async fn an_upload_that_is_too_big_is_told_with_its_size() {
    let got = publish_to(answer("413 Request Entity Too Large", &[], "<html>nginx</html>")).await;
    assert!(matches!(&got, Err(RemoteError::UploadTooBig { size, .. }) if *size > 100), "{got:?}");
    let busy =
        r#"{"errors":[{"code":"UPDATING","message":"An error has occurred while updating the TUF repository."}]}"#;
    let got = publish_to(answer("500 Internal Server Error", &[], busy)).await;
    assert!(matches!(got, Err(RemoteError::Race { .. })), "{got:?}");
}
