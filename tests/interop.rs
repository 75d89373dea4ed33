//! The real clients and servers, both ways: what one publishes reads the same in the others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use support::{Home, NotaryServer, Proxy};

const GUN: &str = "registry.example.test/team/app";

#[test]
fn the_harness_runs_both_real_clients_against_a_real_server() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &key, "alice", GUN]).ok();
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/alice"]);
    let shown = home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["Signers"], serde_json::json!(["alice"]));
    assert!(server.requests().iter().any(|r| r.method == "POST" && r.status == 200));
}

#[test]
fn the_harness_runs_a_server_with_keys_of_a_signer() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &key, "alice", GUN]).ok();
    let root = std::fs::read_to_string(home.metadata(GUN).join("root.json")).unwrap();
    assert!(!root.contains("ed25519"), "server-held keys are ECDSA keys: {root}");
}

#[test]
fn the_harness_delays_by_a_proxy() {
    let Some(server) = NotaryServer::start() else { return };
    let proxy = Proxy::start(server.port, Duration::from_millis(20));
    let home = Home::at(&proxy.url(), &server.ca);
    home.docker(&["inspect", GUN]).ended(1);
    assert!(proxy.connections() > 0);
}
