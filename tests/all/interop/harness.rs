//! The harness itself.

use std::time::Duration;

use crate::interop::{GUN, docker_repository};
use crate::support::{Home, NotaryServer, Proxy};

#[test]
fn both_real_clients_run_against_a_real_server() {
    let Some((server, home)) = docker_repository() else { return };
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/alice"]);
    let shown = home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["Signers"], serde_json::json!(["alice"]));
    assert!(server.requests().iter().any(|r| r.method == "POST" && r.status == 200));
}

#[test]
fn a_server_runs_with_the_keys_of_a_signer() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &key, "alice", GUN]).ok();
    let root = std::fs::read_to_string(home.metadata(GUN).join("root.json")).unwrap();
    assert!(!root.contains("ed25519"), "server-held keys are ECDSA keys: {root}");
}

#[test]
fn a_proxy_delays() {
    let Some(server) = NotaryServer::start() else { return };
    let proxy = Proxy::start(server.port, Duration::from_millis(20));
    let home = Home::at(&proxy.url(), &server.ca);
    home.docker(&["inspect", GUN]).ended(1);
    assert!(proxy.connections() > 0);
}
