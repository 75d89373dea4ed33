//! Proxies, which the environment names: only a child process has its own.

use std::process::Command;

use tempfile::TempDir;

use crate::remote::scripted::{Act, Scripted, answer};
use crate::remote::*;
use trustdeck::remote::Proxies;

/// Runs `trustdeck inspect` with a proxy; returns what it wrote to standard error.
async fn inspect(server: String, proxy: &Scripted, more: &[(&str, &str)]) -> String {
    let home = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.args(["--insecure-http", "--server", &server, "inspect", "registry.test/web"]);
    command.env_clear().env("HOME", home.path()).env("HTTPS_PROXY", proxy.url()).env("HTTP_PROXY", proxy.url());
    command.envs(more.iter().copied());
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(!ran.status.success());
    String::from_utf8(ran.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_elsewhere_are_reached_through_the_proxy_that_the_environment_names() {
    let proxy = Scripted::start(|_, _| answer("403 Forbidden", &[], "")).await;
    let server = "https://notary.example.test".to_owned();
    inspect(server.clone(), &proxy, &[]).await;
    assert!(proxy.count("CONNECT notary.example.test:443") > 0, "{:?}", proxy.requests());
    let before = proxy.requests().len();
    inspect(server, &proxy, &[("NO_PROXY", "example.test")]).await;
    assert_eq!(proxy.requests().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_on_this_machine_are_reached_without_a_proxy() {
    let proxy = Scripted::start(|_, _| answer("403 Forbidden", &[], "")).await;
    let server = Scripted::start(|_, _| answer("404 Not Found", &[], crate::remote::ABSENT)).await;
    inspect(server.url(), &proxy, &[]).await;
    assert!(proxy.requests().is_empty());
    assert!(server.count("registry.test/web") > 0);
}

/// The proxy of this address, as all of one process share it.
fn named(proxy: &str) -> Proxies {
    Proxies::read(|name| (name == "HTTPS_PROXY").then_some(proxy)).unwrap()
}

/// What is told of a server elsewhere behind this proxy.
async fn told_of(server: &str, proxies: &Proxies) -> RemoteError {
    let limits = Limits { first_byte: Duration::from_secs(10), total: Duration::from_secs(10), ..SHORT };
    let endpoint = Endpoint::parse(server, false).unwrap();
    let setup = Setup { proxies: proxies.clone(), limits, ..Setup::default() };
    fetch(&NotaryServer::new(endpoint, setup, Arc::<Logins>::default()).unwrap()).await.unwrap_err()
}

async fn told(proxy: &str) -> RemoteError {
    told_of("https://notary.example.test", &named(proxy)).await
}

/// Each try asks twice: the second time for the status, which the library keeps to itself.
#[tokio::test]
async fn a_tunnel_that_is_refused_in_passing_is_asked_for_again() {
    let rows: [(&[&str], &str, usize); 5] = [
        (&["503 Service Unavailable"], "it answers 503 service unavailable", 10),
        (&["429 Too Many Requests"], "it answers 429 too many requests", 10),
        (&["502 Bad Gateway", "200 OK"], "it refused the tunnel", 10),
        (&["504 Gateway Timeout", "403 Forbidden"], "it answers 403 forbidden", 2),
        (&["500 Internal Server Error"], "it answers 500 internal server error", 2),
    ];
    for (answers, why, tunnels) in rows {
        let proxy = Scripted::start(move |_, n| answer(answers[n % answers.len()], &[], "")).await;
        let error = told(&proxy.url()).await;
        assert!(error.to_string().ends_with(&format!("(HTTPS_PROXY): {why}")), "{answers:?}: {error}");
        assert_eq!(proxy.count("CONNECT notary.example.test:443"), tunnels, "{answers:?}");
    }
}

#[tokio::test]
async fn what_is_no_proxy_is_told_in_words_of_ours() {
    let ssh = Scripted::start(|_, _| Act::SendAndClose(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())).await;
    let silent = Scripted::start(|_, _| Act::SendAndClose(Vec::new())).await;
    for (proxy, why) in [(ssh, "what it answers is no HTTP"), (silent, "it closed the connection without an answer")] {
        let error = told(&proxy.url()).await.to_string();
        assert!(error.ends_with(why), "{error}");
    }
}

#[tokio::test]
async fn a_refused_login_is_given_to_a_proxy_once() {
    let proxy = Scripted::start(|_, _| answer("407 Proxy Authentication Required", &[], "")).await;
    let proxies = named(&format!("http://me%40corp:s%3Acret@{}", proxy.address));
    for server in ["https://notary.example.test", "https://other.example.test"] {
        let error = told_of(server, &proxies).await.to_string();
        assert!(error.ends_with("it refused the login (user me@corp) in HTTPS_PROXY"), "{error}");
    }
    let [asked] = proxy.requests().try_into().unwrap();
    let login = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, "me@corp:s:cret");
    assert_eq!(asked.header("proxy-authorization"), Some(format!("Basic {login}").as_str()));
    let error = told(&proxy.url()).await.to_string();
    assert!(error.ends_with("it wants a login: put USER:PASSWORD@ before its name in the variable"), "{error}");
    assert_eq!(proxy.requests().len(), 2);
}

/// The login goes along when the status is asked for, without the escapes of an address.
#[tokio::test]
async fn the_status_of_a_proxy_is_asked_for_with_its_login() {
    let proxy = Scripted::start(|_, _| answer("403 Forbidden", &[], "")).await;
    told(&format!("http://me%40corp:s%3Acret@{}", proxy.address)).await;
    let [first, second] = proxy.requests().try_into().unwrap();
    assert!(first.header("proxy-authorization").is_some());
    assert_eq!(first.header("proxy-authorization"), second.header("proxy-authorization"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gives_a_proxy_its_login_once() {
    let proxy = Scripted::start(|_, _| answer("407 Proxy Authentication Required", &[], "")).await;
    let named = format!("http://me:secret@{}", proxy.address);
    let said = inspect("https://notary.example.test".to_owned(), &proxy, &[("HTTPS_PROXY", named.as_str())]).await;
    assert!(said.contains("it refused the login (user me) in HTTPS_PROXY") && !said.contains("secret"), "{said}");
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
async fn a_proxy_whose_certificate_is_not_trusted_is_told_as_the_proxys_fault() {
    let dir = TempDir::new().unwrap();
    let authority = crate::support::authority::Authority::create(dir.path());
    let config = axum_server::tls_rustls::RustlsConfig::from_pem_file(authority.certificate, authority.key);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let server = axum_server::from_tcp_rustls(listener, config.await.unwrap()).unwrap();
    let running = tokio::spawn(server.serve(axum::Router::new().into_make_service()));
    let error = told(&url).await;
    running.abort();
    let RemoteError::Proxy { proxy, why, .. } = &error else { panic!("{error:?}") };
    assert!(*proxy == url && why.contains("not trusted here") && why.contains("test authority"), "{error}");
}

#[tokio::test]
async fn why_a_socks_proxy_is_not_reached_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = told(&format!("socks5://{free}")).await;
    assert!(matches!(&error, RemoteError::Proxy { why, .. } if why.contains("refused")), "{error}");
}
