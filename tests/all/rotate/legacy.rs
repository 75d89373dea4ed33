//! `rotate root --legacy` beside the real `notary key rotate --legacy`: the same older keys sign the new root.

use std::collections::BTreeMap;

use serde_json::Value;

use super::support::home::Home;
use super::support::{NotaryServer, run_with_input};

/// Root as a new client gets it.
fn root(server: &NotaryServer, gun: &str) -> Value {
    let reader = Home::new(server);
    reader.docker(&["inspect", gun]).ok();
    serde_json::from_slice(&std::fs::read(reader.metadata(gun).join("root.json")).unwrap()).unwrap()
}

/// A new root key by the real client.
fn rotate_with_notary(home: &Home, gun: &str, more: &[&str]) {
    let arguments = [&["key", "rotate", gun, "root"], more].concat();
    run_with_input(&mut home.notary_command(&arguments), b"yes\n").ok();
}

/// A repository whose root key was replaced twice; root keys by the version that brought them.
fn with_a_past(server: &NotaryServer, gun: &str) -> (Home, BTreeMap<String, u64>) {
    let home = Home::new(server);
    let signer = home.generate_key("jeff");
    home.docker(&["signer", "add", "--key", &signer, "jeff", gun]).ok();
    let mut known = BTreeMap::new();
    note(server, gun, &mut known);
    for _ in 0..2 {
        rotate_with_notary(&home, gun, &[]);
        note(server, gun, &mut known);
    }
    (home, known)
}

/// Notes the root key that is listed now.
fn note(server: &NotaryServer, gun: &str, known: &mut BTreeMap<String, u64>) {
    let root = root(server, gun);
    let version = root["signed"]["version"].as_u64().unwrap();
    for id in root["signed"]["roles"]["root"]["keyids"].as_array().unwrap() {
        known.entry(id.as_str().unwrap().to_owned()).or_insert(version);
    }
}

/// From which versions the keys are that signed the newest root.
fn signing_versions(server: &NotaryServer, gun: &str, known: &mut BTreeMap<String, u64>) -> Vec<u64> {
    note(server, gun, known);
    let root = root(server, gun);
    let signatures = root["signatures"].as_array().unwrap().iter();
    let mut versions: Vec<u64> = signatures
        .map(|signature| {
            let id = signature["keyid"].as_str().unwrap();
            *known.get(id).unwrap_or_else(|| panic!("{id} was never a root key: {known:?}"))
        })
        .collect();
    versions.sort_unstable();
    versions
}

#[test]
fn the_same_older_root_keys_sign_as_with_the_real_client() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let guns = ["registry.example.test/team/theirs", "registry.example.test/team/ours"];
    let [(theirs, mut known_there), (ours, mut known_here)] = guns.map(|gun| with_a_past(&server, gun));
    for legacy in [None, Some("1"), Some("2"), Some("3"), Some("100"), Some("-1")] {
        let more: Vec<&str> = legacy.iter().flat_map(|count| ["--legacy", *count]).collect();
        rotate_with_notary(&theirs, guns[0], &more);
        ours.publish(&[&["rotate", "root", guns[1]], more.as_slice()].concat()).ok();
        let expected = signing_versions(&server, guns[0], &mut known_there);
        let signed = signing_versions(&server, guns[1], &mut known_here);
        assert_eq!(signed, expected, "--legacy {legacy:?}");
        // Each client reads what the other signed.
        ours.notary(&["list", guns[0]]).ok();
        theirs.trustdeck(&["inspect", guns[1]]).ok();
    }
    assert!(known_here.len() > 6, "each rotation brought a key: {known_here:?}");
}
