//! `rotate` and `renew`, with the real clients reading before, between and after.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::support::NotaryServer;
use super::support::home::{Home, digest};

pub const GUN: &str = "registry.example.test/team/app";

impl Home {
    /// IDs of the private keys in the store.
    pub fn stored_keys(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.trust_dir().join("private")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut ids: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".key")?.to_owned())).collect();
        ids.sort();
        ids
    }
}

/// A repository of `docker trust` with signer jeff and two tags.
pub fn repository(server: &NotaryServer) -> Home {
    let home = Home::new(server);
    let key = home.generate_key("jeff");
    home.docker(&["signer", "add", "--key", &key, "jeff", GUN]).ok();
    for tag in ["1.0", "1.1"] {
        home.notary_sign(GUN, tag, &["targets/releases", "targets/jeff"]);
    }
    home
}

/// Another repository of theirs with signer jeff, under the same root key; gives its name.
pub fn with_another(home: &Home) -> &'static str {
    let other = "registry.example.test/team/other";
    let key = home.path().join("jeff.pub");
    home.docker(&["signer", "add", "--key", key.to_str().unwrap(), "jeff", other]).ok();
    other
}

/// A new key of jeff's on another machine: that machine, the key's ID and its file.
pub fn key_elsewhere(server: &NotaryServer) -> (Home, String, PathBuf) {
    let elsewhere = Home::new(server);
    elsewhere.generate_key("jeff");
    let [id] = elsewhere.stored_keys().try_into().unwrap();
    let file = elsewhere.trust_dir().join(format!("private/{id}.key"));
    (elsewhere, id, file)
}

/// Keys of a role as the real client lists them.
pub fn keys_of(server: &NotaryServer, name: &str) -> Vec<String> {
    let rows = Home::new(server).trustdeck(&["delegation", "list", GUN, "--json"]).ok().json();
    let row = rows.as_array().unwrap().iter().find(|row| row["role"] == name).unwrap().clone();
    row["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

/// What `docker trust inspect` shows a new client.
#[track_caller]
pub fn tags(server: &NotaryServer) -> Vec<String> {
    let shown = Home::new(server).docker(&["inspect", GUN]).ok().json();
    let tags = shown[0]["SignedTags"].as_array().unwrap();
    tags.iter().map(|tag| tag["SignedTag"].as_str().unwrap().to_owned()).collect()
}

/// Does something while another process after the other pulls trust data; none of them may miss a tag.
#[track_caller]
fn while_somebody_pulls(server: &NotaryServer, act: impl FnOnce()) {
    let (stop, pulls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let reader = Home::new(server);
    let pulling = std::thread::spawn({
        let (stop, pulls) = (Arc::clone(&stop), Arc::clone(&pulls));
        move || {
            while !stop.load(Ordering::Relaxed) {
                let shown = reader.docker(&["inspect", GUN]).ok().json();
                let tags: Vec<&Value> =
                    shown[0]["SignedTags"].as_array().unwrap().iter().map(|tag| &tag["SignedTag"]).collect();
                assert_eq!(tags, [&json!("1.0"), &json!("1.1")], "a tag is missing");
                pulls.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    super::support::wait_until("a first pull", || pulls.load(Ordering::Relaxed) > 0 || pulling.is_finished());
    act();
    let seen = pulls.load(Ordering::Relaxed);
    super::support::wait_until("pulls afterwards", || {
        pulls.load(Ordering::Relaxed) > seen + 1 || pulling.is_finished()
    });
    stop.store(true, Ordering::Relaxed);
    pulling.join().unwrap();
}

#[test]
fn a_signers_key_is_replaced_in_one_publish_and_nobody_ever_misses_a_tag() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    let old = keys_of(&server, "targets/jeff");
    while_somebody_pulls(&server, || {
        let uploads = |server: &NotaryServer| server.requests().iter().filter(|r| r.method == "POST").count();
        let before = uploads(&server);
        let result = home.publish(&["rotate", "signer", "jeff", GUN, "--json"]).ok().json();
        assert_eq!(result[0]["outcome"], "done");
        assert_eq!(uploads(&server) - before, 1, "one publish");
    });
    let new = keys_of(&server, "targets/jeff");
    assert_eq!((old.len(), new.len()), (1, 1));
    assert_ne!(old, new);
    assert_eq!(keys_of(&server, "targets/releases"), new);
    assert!(home.stored_keys().contains(&old[0]), "the old private key is kept");
    // The real client signs with the new key, whose file it finds by its role.
    assert!(home.notary(&["key", "list"]).ok().stdout.contains(&new[0]));
    home.notary_sign(GUN, "2.0", &["targets/releases", "targets/jeff"]);
    assert_eq!(tags(&server), ["1.0", "1.1", "2.0"]);
    let begun = home.state_dir().join("wizards");
    assert_eq!(std::fs::read_dir(begun).unwrap().count(), 0, "nothing is left to go on with");
}

#[test]
fn nobody_misses_a_tag_while_base_keys_rotate() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    while_somebody_pulls(&server, || {
        for arguments in [
            &["rotate", "targets", GUN][..],
            &["rotate", "root", GUN],
            &["rotate", "snapshot", GUN, "--local"],
            &["rotate", "snapshot", GUN, "--server-managed"],
            &["rotate", "timestamp", GUN],
            &["renew", "root", GUN],
            &["renew", "targets", GUN],
        ] {
            home.publish(arguments).ok();
        }
    });
    assert_eq!(tags(&server), ["1.0", "1.1"]);
}

#[test]
fn a_colleagues_key_comes_first_and_the_old_one_goes_once_he_has_signed() {
    let Some(server) = NotaryServer::start() else { return };
    let (home, colleague) = (repository(&server), Home::new(&server));
    let old = keys_of(&server, "targets/jeff");
    let file = colleague.generate_key("jeff");
    let rotate = ["rotate", "signer", "jeff", GUN, "--key", &file];
    // The admin holds the old private key, which is the one that leaves.
    let first = home.publish(&rotate).ok();
    assert!(first.stderr.contains("waiting"), "{}", first.stderr);
    assert_eq!(keys_of(&server, "targets/jeff").len(), 2);
    assert_eq!(tags(&server), ["1.0", "1.1"]);
    let uploads = |server: &NotaryServer| server.requests().iter().filter(|r| r.method == "POST").count();
    let before = uploads(&server);
    let again = home.publish(&rotate[..4]).ok();
    assert!(again.stderr.contains("waiting"), "{}", again.stderr);
    assert_eq!(uploads(&server), before, "nothing is removed before the colleague has signed");
    colleague.notary(&["witness", GUN, "targets/jeff", "targets/releases", "-p"]).ok();
    assert_eq!(tags(&server), ["1.0", "1.1"]);
    home.publish(&rotate[..4]).ok();
    let left = keys_of(&server, "targets/jeff");
    assert_eq!(left.len(), 1);
    assert_ne!(left, old);
    assert_eq!(keys_of(&server, "targets/releases"), left);
    assert_eq!(tags(&server), ["1.0", "1.1"]);
}

#[test]
fn another_signers_signature_needs_no_second_one_and_a_private_key_file_is_loaded() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    let ben = home.generate_key("ben");
    home.docker(&["signer", "add", "--key", &ben, "ben", GUN]).ok();
    let (_elsewhere, id, file) = key_elsewhere(&server);
    home.publish(&["rotate", "signer", "jeff", GUN, "--add-only", "--key", file.to_str().unwrap()]).ok();
    assert_eq!(keys_of(&server, "targets/jeff").len(), 2);
    assert!(home.stored_keys().contains(&id));
    home.publish(&["rotate", "signer", "jeff", GUN]).ok();
    assert_eq!(keys_of(&server, "targets/jeff"), [id]);
    assert_eq!(keys_of(&server, "targets/releases").len(), 2);
    assert_eq!(tags(&server), ["1.0", "1.1"]);
}

#[test]
fn base_keys_rotate_by_command_in_several_repositories() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = repository(&server);
    let other = with_another(&home);
    let before = home.stored_keys();
    home.publish(&["rotate", "root", GUN, other]).ok();
    assert_eq!(home.stored_keys().len(), before.len() + 1, "one root key for both");
    assert_eq!(tags(&server), ["1.0", "1.1"]);
    home.publish(&["rotate", "targets", GUN, other]).ok();
    assert_eq!(home.stored_keys().len(), before.len() + 3, "a targets key each");
    home.publish(&["rotate", "timestamp", GUN, other]).ok();
    let local = home.publish(&["rotate", "snapshot", GUN, "--local"]).ok();
    assert!(local.stderr.contains("snapshot key can publish"), "{}", local.stderr);
    home.notary_sign(GUN, "2.0", &["targets/releases"]);
    home.publish(&["rotate", "snapshot", GUN, "--server-managed"]).ok();
    home.publish(&["rotate", "snapshot", GUN, other]).ok();
    home.publish(&["renew", "root", GUN, other]).ok();
    home.publish(&["renew", "targets", GUN, other]).ok();
    home.publish(&["renew", "targets/releases", GUN]).ok();
    assert_eq!(tags(&server), ["1.0", "1.1", "2.0"]);
    for gun in [GUN, other] {
        home.docker(&["inspect", gun]).ok();
        Home::new(&server).notary(&["list", gun]).ok();
    }
    // Root keys are found by the real client, which signs with the newest.
    home.notary(&["key", "rotate", GUN, "snapshot", "-r"]).ok();
    assert_eq!(digest("2.0").len(), 64);
}

#[test]
fn what_cannot_be_rotated_is_refused_before_anything_is_made() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    let keys = home.stored_keys();
    let refused = |arguments: &[&str], code: i32, word: &str| {
        let ran = home.trustdeck(arguments).ended(code);
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
    };
    refused(&["rotate", "root", GUN, "--server-managed"], 2, "never holds");
    refused(&["rotate", "timestamp", GUN, "--local"], 2, "only a server");
    refused(&["rotate", "signer", "nobody", GUN], 2, "no signer nobody");
    refused(&["renew", "snapshot", GUN], 2, "signed anew");
    let public = home.path().join("jeff.pub");
    refused(
        &["rotate", "targets", "registry.example.test/none", "--key", public.to_str().unwrap()],
        1,
        "no trust data",
    );
    let stranger = Home::new(&server);
    refused(&["rotate", "root", GUN, "--key", &stranger.generate_key("eve")], 2, "public key");
    assert!(!home.state_dir().join("wizards").exists(), "nothing was begun");
    assert!(home.trustdeck(&["status", "--json"]).ok().json()["staged"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(home.stored_keys(), keys, "no key is made for what is not there");
}
