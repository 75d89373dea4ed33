//! Proxies, which the environment names: only a child process has its own.

use std::process::Command;

use tempfile::TempDir;

use crate::remote::scripted::{Scripted, answer};

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
