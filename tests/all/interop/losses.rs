//! What a server has lost or does not count any more: said on standard error, and brought back with this machine's copy.

use super::{GUN, docker_repository, sign_arguments};
use crate::interop::publishing::all_agree;
use crate::support::home::digest;
use crate::support::{Home, NotaryServer, run};
use serde_json::Value;

/// Bytes of root as the machine's cache holds them.
fn root(home: &Home) -> Vec<u8> {
    std::fs::read(home.metadata(GUN).join("root.json")).unwrap()
}

/// A repository with two signers and two tags, whose server then loses all of it; its keys stay in its signer.
fn lost() -> Option<(NotaryServer, Home)> {
    let mut server = NotaryServer::start_with_signer()?;
    let home = Home::new(&server);
    let ben = home.generate_key("ben");
    home.publish(&["setup", GUN, "--signer", "jeff"]).ok();
    home.publish(&["signer", "add", "--key", &ben, "ben", GUN]).ok();
    home.sign(GUN, "1.0");
    home.sign(GUN, "1.1");
    server.restart();
    assert_ne!(Home::new(&server).docker(&["inspect", GUN]).code, 0, "it is lost");
    Some((server, home))
}

#[test]
fn what_a_server_has_lost_is_sent_again_whole_and_docker_and_notary_read_it() {
    let Some((server, home)) = lost() else { return };
    let before = root(&home);
    let told = home.trustdeck(&["inspect", GUN, "--json"]);
    assert_ne!(told.code, 0, "{}", told.stdout);
    assert!(told.stderr.contains("restore"), "the way back is named: {}", told.stderr);
    let status = home.trustdeck(&["status", GUN]);
    assert_eq!(status.code, told.code, "{}", status.stderr);
    assert!(status.stderr.contains("which this machine has verified before"), "{}", status.stderr);
    let elsewhere = home.trustdeck(&["status", GUN, "--server", "https://elsewhere.invalid"]);
    assert!(!elsewhere.stderr.contains("has no trust data"), "that one was not asked: {}", elsewhere.stderr);
    home.publish(&["restore", GUN]).ok();
    let shown = all_agree(&server, GUN);
    assert_eq!(names(&shown[0], "SignedTags", "SignedTag"), ["1.0", "1.1"]);
    assert_eq!(names(&shown[0], "Signers", "Name"), ["ben", "jeff"]);
    assert_eq!(root(&home), before, "the same root");
    home.trustdeck(&["status", GUN]).ok();
    home.sign(GUN, "2.0");
    assert_eq!(names(&all_agree(&server, GUN)[0], "SignedTags", "SignedTag"), ["1.0", "1.1", "2.0"]);
    let again = home.trustdeck(&["restore", GUN, "--publish", "--yes"]);
    assert!(again.code != 0 || again.stdout.contains("nothing"), "what is there is not sent again: {}", again.stdout);
}

#[test]
fn a_known_repository_that_its_server_has_lost_is_not_made_anew_unless_that_is_accepted() {
    let Some((server, home)) = lost() else { return };
    let key = home.generate_key("eva");
    let refused = home.publish(&["signer", "add", "--key", &key, "eva", GUN]);
    assert_eq!(refused.code, 7, "{}", refused.stderr);
    assert_ne!(Home::new(&server).docker(&["inspect", GUN]).code, 0, "nothing was sent");
    home.trustdeck(&["reset", GUN]).ok();
    let keys = || std::fs::read_dir(home.trust_dir().join("private")).unwrap().count();
    let before = keys();
    for set_up in
        [home.publish(&["setup", GUN, "--signer", "carol"]), home.trustdeck(&["setup", GUN, "--signer", "carol"])]
    {
        let set_up = set_up.ended(7);
        assert!(set_up.stderr.contains("nothing was made"), "{}", set_up.stderr);
        assert_eq!(keys(), before, "no key is made for it");
    }
    let planned = home.trustdeck(&["signer", "add", "--key", &key, "eva", GUN, "--dry-run"]).ok();
    let staged = home.trustdeck(&["signer", "add", "--key", &key, "eva", GUN]).ok();
    for told in ["has verified before", "makes it anew"] {
        assert!(staged.stderr.contains(told), "{}", staged.stderr);
        assert!(planned.stderr.contains(told), "{}", planned.stderr);
    }
    home.trustdeck(&["reset", GUN]).ok();
    assert_ne!(Home::new(&server).docker(&["inspect", GUN]).code, 0, "nothing was sent");
}

#[test]
fn a_lost_repository_whose_snapshot_key_is_here_comes_back_with_its_snapshot() {
    let Some(mut server) = NotaryServer::start_with_signer() else { return };
    let home = Home::new(&server);
    home.publish(&["setup", GUN, "--signer", "jeff"]).ok();
    home.sign(GUN, "1.0");
    home.publish(&["rotate", "snapshot", GUN, "--local"]).ok();
    server.restart();
    let plan = home.trustdeck(&["restore", GUN, "--dry-run"]).ok().stdout;
    assert!(plan.contains("0 -> 1") || plan.contains("0 → 1"), "{plan}");
    assert!(plan.contains("The server signs the timestamp"), "{plan}");
    home.publish(&["restore", GUN]).ok();
    assert_eq!(names(&all_agree(&server, GUN)[0], "SignedTags", "SignedTag"), ["1.0"]);
    home.sign(GUN, "1.1");
    assert_eq!(names(&all_agree(&server, GUN)[0], "SignedTags", "SignedTag"), ["1.0", "1.1"]);
}

#[test]
fn a_root_that_no_server_begins_with_is_told_before_and_after() {
    let Some(mut server) = NotaryServer::start_with_signer() else { return };
    let home = Home::new(&server);
    home.publish(&["setup", GUN, "--signer", "jeff"]).ok();
    for _ in 0..2 {
        home.publish(&["rotate", "targets", GUN]).ok();
    }
    server.restart();
    let plan = home.trustdeck(&["restore", GUN, "--dry-run"]).ok().stdout;
    assert!(plan.contains("will probably refuse it"), "{plan}");
    let refused = home.publish(&["restore", GUN]).ended(5);
    assert!(refused.stderr.contains("restores its database"), "{}", refused.stderr);
}

#[test]
fn whoever_signs_or_verifies_is_told_which_tags_are_gone() {
    let Some((_server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    home.sign(GUN, "1.1");
    home.docker(&["revoke", "--yes", &format!("{GUN}:1.1")]).ok();
    let arguments = sign_arguments(GUN, "2.0");
    let signed = home.publish(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    assert!(signed.stderr.contains("1 tag gone since this machine looked last: 1.1"), "{}", signed.stderr);
    home.docker(&["revoke", "--yes", &format!("{GUN}:1.0")]).ok();
    let verified = home.trustdeck(&["verify", &format!("{GUN}:1.0")]);
    for told in ["gone since this machine looked last: 1.0", "it was there when this machine looked last"] {
        assert!(verified.code != 0 && verified.stderr.contains(told), "{}", verified.stderr);
    }
}

#[test]
fn what_is_not_lost_is_not_restored() {
    let Some((_server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    for roles in [&[][..], &["targets/releases"], &["targets"], &["targets/nobody"], &["root"], &["timestamp"]] {
        let refused = home.trustdeck(&[&["restore", GUN], roles].concat()).ended(2);
        assert!(!refused.stderr.contains("staged:"), "{roles:?}: {}", refused.stderr);
        assert_eq!(home.trustdeck(&["reset"]).ok().stdout, "nothing is staged\n", "{roles:?}");
    }
}

#[test]
fn a_role_whose_signer_lost_it_is_signed_again_by_restore() {
    let Some((server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    let ben = home.generate_key("ben");
    home.publish(&["signer", "add", "--key", &ben, "ben", GUN]).ok();
    home.publish(&["signer", "remove", "alice", GUN, "--accept"]).ok();
    home.trustdeck(&["inspect", GUN]).ended(6);
    home.publish(&["restore", GUN, "targets/releases"]).ok();
    assert_eq!(names(&all_agree(&server, GUN)[0], "SignedTags", "SignedTag"), ["1.0"]);
}

#[test]
fn what_a_command_staged_and_could_not_send_is_not_sent_by_the_next_one() {
    let Some((server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    let tag = format!("{GUN}:1.0");
    home.trustdeck(&["sign", &format!("{GUN}:0.9"), "--digest", &format!("sha256:{}", digest("0.9")), "--size", "7"])
        .ok();
    let mut wrong = home.trustdeck_command(&["revoke", &tag, "--publish", "--yes"]);
    let wrong = run(wrong
        .env("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "another one")
        .env("NOTARY_DELEGATION_PASSPHRASE", "another one"));
    wrong.ended(4);
    let other = home.trustdeck(&["revoke", &tag, "--publish", "--yes", "--accept=0000-1111"]).ended(7);
    assert!(other.stderr.contains("1 change taken back"), "{}", other.stderr);
    home.sign(GUN, "2.0");
    assert_eq!(
        names(&all_agree(&server, GUN)[0], "SignedTags", "SignedTag"),
        ["0.9", "1.0", "2.0"],
        "0.9 was staged on purpose"
    );
    let all = home.trustdeck(&["revoke", GUN, "--accept=0000-1111"]).ended(2);
    assert!(all.stderr.contains("accepts a plan"), "{}", all.stderr);
}

fn names(shown: &Value, list: &str, name: &str) -> Vec<String> {
    let rows = shown[list].as_array().unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn roles_that_do_not_count_and_tags_that_are_gone_are_named_with_code_six() {
    let Some((_server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    let fine = home.trustdeck(&["inspect", GUN]).ok();
    assert!(!fine.stderr.contains("releases"), "{}", fine.stderr);
    home.trustdeck(&["status", GUN]).ok();
    // The tags of a signer that was removed are signed by nobody who counts.
    home.publish(&["signer", "remove", "alice", GUN, "--accept"]).ok();
    let tag = format!("{GUN}:1.0");
    for arguments in [
        &["inspect", GUN][..],
        &["inspect", GUN, "--pretty"],
        &["inspect", &tag],
        &["inspect", GUN, "--offline"],
        &["status", GUN],
    ] {
        let told = home.trustdeck(arguments).ended(6);
        assert!(told.stderr.contains("targets/releases"), "{arguments:?}: {}", told.stderr);
    }
    let json = home.trustdeck(&["inspect", GUN, "--json"]).ended(6);
    assert!(json.kinds().iter().all(|kind| kind == "role") && !json.kinds().is_empty(), "{}", json.stderr);
    assert!(json.errors().iter().any(|error| !error["hint"].as_str().unwrap().is_empty()), "{}", json.stderr);
}

#[test]
fn setting_up_what_exists_says_so_and_changes_nothing() {
    let Some((server, home)) = docker_repository() else { return };
    let stranger = Home::new(&server);
    let keys = |home: &Home| std::fs::read_dir(home.trust_dir().join("private")).unwrap().count();
    for machine in [&home, &stranger] {
        let before = (server.requests().iter().filter(|request| request.method == "POST").count(), keys(machine));
        let refused = machine.publish(&["setup", GUN, "--signer", "carol"]).ended(2);
        assert!(refused.stderr.contains("has trust data already"), "{}", refused.stderr);
        let same = machine.publish(&["setup", GUN, "--signer", "alice"]).ok();
        assert!(same.stderr.contains("nothing is changed"), "{}", same.stderr);
        let after = (server.requests().iter().filter(|request| request.method == "POST").count(), keys(machine));
        assert_eq!(before, after, "nothing sent, no key made");
        assert_eq!(machine.trustdeck(&["reset"]).ok().stdout, "nothing is staged\n");
    }
}

#[test]
fn of_several_root_keys_one_must_be_named() {
    let Some((server, home)) = docker_repository() else { return };
    let made = home.trustdeck(&["key", "generate", "root", "--json"]).ok().json();
    let second = made["id"].as_str().unwrap();
    let other = "registry.example.test/team/other";
    let posts = || server.requests().iter().filter(|request| request.method == "POST").count();
    let before = posts();
    let ben = home.generate_key("ben");
    for command in [&["setup", other, "--signer", "jeff"][..], &["signer", "add", "--key", &ben, "ben", other]] {
        let refused = home.publish(command);
        assert_ne!(refused.code, 0, "{}", refused.stdout);
        assert!(refused.stderr.contains(&second[..7]) && refused.stderr.contains("--root-key"), "{}", refused.stderr);
        home.trustdeck(&["reset"]).ok();
    }
    assert_eq!(posts(), before, "nothing was sent");
    home.publish(&["signer", "add", "--key", &ben, "--root-key", second, "ben", other]).ok();
    let listed = home.trustdeck(&["key", "list", "--json"]).ok().json();
    let used = listed.as_array().unwrap().iter().find(|row| row["id"] == *second).unwrap()["used_in"].clone();
    assert!(used.to_string().contains(other), "{used}");
}
