//! Proxies, which the environment names: only a child process has its own.

use std::process::Command;

use tempfile::TempDir;

use crate::remote::scripted::{Scripted, answer};
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

/// What is told of a server elsewhere behind this proxy.
async fn told(proxy: &str) -> RemoteError {
    let proxies = Proxies::read(|name| (name == "HTTPS_PROXY").then_some(proxy)).unwrap();
    let limits = Limits { first_byte: Duration::from_secs(10), total: Duration::from_secs(10), ..SHORT };
    let endpoint = Endpoint::parse("https://notary.example.test", false).unwrap();
    let setup = Setup { proxies, limits, ..Setup::default() };
    fetch(&NotaryServer::new(endpoint, setup, Arc::<Logins>::default()).unwrap()).await.unwrap_err()
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
