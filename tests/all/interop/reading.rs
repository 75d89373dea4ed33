//! What `docker trust` and `notary` publish reads the same in trustdeck.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::interop::{GUN, docker_repository, input_file, tables};
use crate::support::{Home, NotaryServer};

/// Repositories of every kind that the real clients can make.
fn fill(home: &Home) -> Vec<&'static str> {
    let alice = home.generate_key("alice");
    let bob = home.generate_key("bob");
    let (busy, nested, bare) = (GUN, "registry.example.test/team/nested", "registry.example.test/bare");
    let erin = home.path().join("erin.pem");
    std::fs::copy(input_file("erin-p256.pem"), &erin).unwrap();
    std::fs::set_permissions(&erin, std::fs::Permissions::from_mode(0o600)).unwrap();
    home.docker(&["key", "load", "--name", "erin", erin.to_str().unwrap()]).ok();
    home.docker(&["signer", "add", "--key", &alice, "alice", busy]).ok();
    home.docker(&["signer", "add", "--key", &bob, "--key", &alice, "bob", busy]).ok();
    home.docker(&["signer", "add", "--key", &alice, "--key", &bob, "zed", busy]).ok();
    home.docker(&["signer", "add", "--key", &input_file("erin.crt"), "erin", busy]).ok();
    home.docker(&["signer", "add", "--key", &input_file("carol.pub"), "bob10", busy]).ok();
    home.docker(&["signer", "add", "--key", &input_file("bob.pub"), "bob2", busy]).ok();
    for (tag, roles) in [
        ("1.10", &["targets/releases", "targets/alice", "targets/bob", "targets/erin"][..]),
        ("1.2", &["targets/releases", "targets/bob"]),
        ("only-alice", &["targets/alice"]),
        ("admin", &["targets"]),
        ("1.0-<&>", &["targets/releases"]),
    ] {
        home.notary_sign(busy, tag, roles);
    }
    home.notary(&["init", nested, "-p"]).ok();
    home.notary(&["delegation", "add", nested, "targets/team", &alice, "--paths", "team/", "-p"]).ok();
    home.notary(&["delegation", "add", nested, "targets/team/bob", &bob, "--paths", "team/bob/", "-p"]).ok();
    home.notary(&["delegation", "add", nested, "targets/releases", &alice, "--all-paths", "-p"]).ok();
    home.notary_sign(nested, "team/bob/x", &["targets/team/bob"]);
    home.notary(&["init", bare, "-p"]).ok();
    vec![busy, nested, bare]
}

#[test]
fn inspect_prints_what_docker_prints_byte_for_byte() {
    let Some(server) = NotaryServer::start() else { return };
    let owner = Home::new(&server);
    let guns = fill(&owner);
    let reader = Home::new(&server);
    let many = [&["inspect"][..], &guns].concat();
    let tag = format!("{GUN}:1.10");
    let unknown = format!("{GUN}:nothing");
    for arguments in [&many[..], &["inspect", GUN], &["inspect", &tag, &unknown]] {
        for home in [&owner, &reader] {
            let (docker, ours) = (home.docker(arguments).ok(), home.trustdeck(arguments).ok());
            assert_eq!(ours.stdout, docker.stdout, "{arguments:?}");
            let pretty = [arguments, &["--pretty"]].concat();
            assert_eq!(home.trustdeck(&pretty).ok().stdout, home.docker(&pretty).ok().stdout, "{pretty:?}");
        }
    }
}

#[test]
fn signers_stand_in_dockers_order() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let alice = home.generate_key("alice");
    let signers = ["x", "a10", "a9", "a09", "a", "9x", "10x"];
    signers.iter().for_each(|name| drop(home.docker(&["signer", "add", "--key", &alice, name, GUN]).ok()));
    let roles: Vec<String> = signers.iter().map(|name| format!("targets/{name}")).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).chain(["targets/releases"]).collect();
    home.notary_sign(GUN, "1.0", &roles);
    let pretty = ["inspect", GUN, "--pretty"];
    assert_eq!(home.trustdeck(&pretty).ok().stdout, home.docker(&pretty).ok().stdout);
}

#[test]
fn delegations_read_as_in_notary() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    for gun in fill(&home) {
        let ours = home.trustdeck(&["delegation", "list", gun, "--json"]).ok().json();
        let shown = home.notary(&["delegation", "list", gun]).ok().stdout;
        let theirs = if shown.contains("No delegations") { Vec::new() } else { tables::delegations(&shown) };
        assert_eq!(tables::delegations_of_json(&ours), theirs, "{gun}");
    }
}

#[test]
fn keys_read_as_in_notary() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    fill(&home);
    let ours = home.trustdeck(&["key", "list", "--json"]).ok().json();
    let stored = ours.as_array().unwrap().iter().filter(|k| k["place"] == "file");
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let mut stored: Vec<(String, String)> = stored.map(|k| (text(&k["role"]), text(&k["id"]))).collect();
    stored.sort();
    assert_eq!(stored, tables::keys(&home.notary(&["key", "list"]).ok().stdout));
}

#[test]
fn a_rotated_root_is_followed_from_an_older_cache() {
    let Some((server, home)) = docker_repository() else { return };
    let reader = Home::new(&server);
    reader.trustdeck(&["inspect", GUN]).ok();
    home.notary(&["key", "rotate", GUN, "snapshot", "-r"]).ok();
    home.notary(&["key", "rotate", GUN, "targets"]).ok();
    let mut yes = home.command("notary");
    yes.args(["-s", &server.url, "--tlscacert"]).arg(&server.ca).args(["key", "rotate", GUN, "root"]);
    crate::support::run_with_input(&mut yes, b"yes\n").ok();
    let ours = reader.trustdeck(&["inspect", GUN]).ok();
    assert_eq!(ours.stdout, home.docker(&["inspect", GUN]).ok().stdout);
}

#[test]
fn a_warm_refresh_of_an_unchanged_repository_is_one_request() {
    let Some((server, home)) = docker_repository() else { return };
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/alice"]);
    let reader = Home::new(&server);
    let first = reader.trustdeck(&["inspect", GUN]).ok();
    let before = server.requests().len();
    let second = reader.trustdeck(&["inspect", GUN]).ok();
    let requests = server.requests();
    assert_eq!(requests.len() - before, 1, "{:?}", &requests[before..]);
    assert_eq!(first.stdout, second.stdout);
    assert!(reader.docker(&["inspect", GUN]).ok().stdout == second.stdout, "docker reads the cache that was left");
}

#[test]
fn tags_outside_the_paths_of_their_role_are_left_out_and_named() {
    let Some((_server, home)) = docker_repository() else { return };
    let key = home.path().join("alice.pub");
    let key = key.to_str().unwrap();
    home.notary(&["delegation", "remove", GUN, "targets/releases", "--all-paths", "-y", "-p"]).ok();
    home.notary(&["delegation", "add", GUN, "targets/releases", key, "--paths", "v", "-p"]).ok();
    home.notary_sign(GUN, "v1", &["targets/releases"]);
    home.notary(&["delegation", "remove", GUN, "targets/releases", "--all-paths", "-y", "-p"]).ok();
    home.notary(&["delegation", "add", GUN, "targets/releases", key, "--paths", "w", "-p"]).ok();
    let ours = home.trustdeck(&["inspect", GUN]).ended(6);
    assert_eq!(ours.json()[0]["SignedTags"], serde_json::json!([]));
    assert!(ours.stderr.contains("v1") && ours.stderr.contains("targets/releases"), "{}", ours.stderr);
}
