//! Two writers, one trust directory or one repository.

use serde_json::json;

use crate::interop::{GUN, docker_repository};
use crate::support::home::digest;
use crate::support::{Home, NotaryServer};

fn tags(home: &Home) -> Vec<String> {
    let shown = home.trustdeck(&["inspect", GUN]).ok().json();
    let rows = shown[0]["SignedTags"].as_array().unwrap().clone();
    rows.iter().map(|r| r["SignedTag"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn writers_alternate_on_one_trust_directory() {
    let Some((server, home)) = docker_repository() else { return };
    home.sign(GUN, "1");
    home.notary_sign(GUN, "2", &["targets/releases", "targets/alice"]);
    home.sign(GUN, "3");
    let bob = home.generate_key("bob");
    home.docker(&["signer", "add", "--key", &bob, "bob", GUN]).ok();
    home.sign(GUN, "4");
    home.notary(&["remove", GUN, "1", "-r", "targets/releases", "-r", "targets/alice", "-p"]).ok();
    home.publish(&["signer", "remove", "bob", GUN, "--accept"]).ok();
    home.publish(&["witness", GUN, "targets/releases"]).ok();
    assert_eq!(tags(&home), ["2", "3", "4"]);
    let fresh = Home::new(&server).docker(&["inspect", GUN]).ok();
    assert_eq!(home.trustdeck(&["inspect", GUN]).ok().stdout, fresh.stdout);
}

#[test]
fn writers_alternate_on_one_repository_from_two_machines() {
    let Some((server, docker_user)) = docker_repository() else { return };
    let our_user = Home::new(&server);
    for file in std::fs::read_dir(docker_user.trust_dir().join("private")).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), our_user.trust_dir().join("private").join(file.file_name())).unwrap();
    }
    for round in 0..3 {
        docker_user.notary_sign(GUN, &format!("theirs-{round}"), &["targets/releases", "targets/alice"]);
        our_user.sign(GUN, &format!("ours-{round}"));
    }
    assert_eq!(tags(&our_user).len(), 6);
    let fresh = Home::new(&server).docker(&["inspect", GUN]).ok();
    assert_eq!(our_user.trustdeck(&["inspect", GUN]).ok().stdout, fresh.stdout);
}

#[test]
fn docker_inspect_wipes_the_changes_of_notary_and_not_ours() {
    let Some((_server, home)) = docker_repository() else { return };
    home.trustdeck(&["sign", &format!("{GUN}:1.0"), "--digest", &format!("sha256:{}", digest("1.0")), "--size", "9"])
        .ok();
    home.notary(&["addhash", GUN, "2.0", "9", "--sha256", &digest("2.0"), "-r", "targets/releases"]).ok();
    assert!(home.notary(&["status", GUN]).ok().stdout.contains("2.0"));
    home.docker(&["inspect", GUN]).ok();
    assert!(!home.notary(&["status", GUN]).ok().stdout.contains("2.0"), "docker still wipes the changelist");
    let staged = home.trustdeck(&["status", GUN, "--json"]).ok().json();
    assert_eq!(staged["staged"].as_array().unwrap().len(), 1);
    home.trustdeck(&["publish", "--yes"]).ok();
    assert_eq!(tags(&home), ["1.0"]);
}

#[test]
fn changes_of_notary_are_shown_and_left_alone() {
    let Some((_server, home)) = docker_repository() else { return };
    home.notary(&["addhash", GUN, "2.0", "9", "--sha256", &digest("2.0"), "-r", "targets/releases"]).ok();
    let shown = home.trustdeck(&["status", GUN]).ok();
    assert!(shown.stderr.contains("2.0"), "{}", shown.stderr);
    home.trustdeck(&["inspect", GUN]).ok();
    home.sign(GUN, "1.0");
    assert!(home.notary(&["status", GUN]).ok().stdout.contains("2.0"));
    home.notary(&["publish", GUN]).ok();
    assert_eq!(tags(&home), ["1.0", "2.0"]);
}

#[test]
fn changes_of_notary_are_adopted_or_moved_aside() {
    let Some((_server, home)) = docker_repository() else { return };
    let stage = |tag: &str| {
        home.notary(&["addhash", GUN, tag, "9", "--sha256", &digest(tag), "-r", "targets/releases"]).ok();
    };
    stage("1.0");
    home.trustdeck(&["changelist", GUN, "--adopt"]).ok();
    assert!(!home.notary(&["status", GUN]).ok().stdout.contains("1.0"));
    home.trustdeck(&["publish", "--yes"]).ok();
    stage("2.0");
    let dropped = home.trustdeck(&["changelist", GUN, "--drop", "--json"]).ok().json();
    assert!(std::path::Path::new(dropped["moved_to"].as_str().unwrap()).exists(), "{dropped}");
    assert_eq!(home.trustdeck(&["changelist", GUN]).ok().stdout, "notary has staged nothing\n");
    assert_eq!(tags(&home), ["1.0"]);
}

#[test]
fn deleting_the_local_copy_leaves_nested_repositories_and_keys() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    let nested = format!("{GUN}/nested");
    for gun in [GUN, &nested] {
        home.publish(&["signer", "add", "--key", &key, "alice", gun]).ok();
    }
    home.trustdeck(&["delete", GUN]).ended(2);
    assert!(home.metadata(GUN).join("root.json").exists());
    home.trustdeck(&["delete", GUN, "--yes"]).ok();
    assert!(!home.metadata(GUN).join("root.json").exists());
    assert!(home.metadata(&nested).join("root.json").exists());
    assert_eq!(home.trustdeck(&["inspect", GUN]).ok().json()[0]["Name"], json!(GUN));
    home.sign(GUN, "1.0");
}
