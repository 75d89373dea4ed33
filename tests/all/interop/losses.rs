//! What a server has lost or does not count any more: said on standard error, and brought back with this machine's copy.

use super::{GUN, docker_repository};
use crate::interop::publishing::all_agree;
use crate::support::{Home, NotaryServer};
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
    home.publish(&["restore", GUN]).ok();
    let shown = all_agree(&server, GUN);
    assert_eq!(names(&shown[0], "SignedTags", "SignedTag"), ["1.0", "1.1"]);
    assert_eq!(names(&shown[0], "Signers", "Name"), ["ben", "jeff"]);
    assert_eq!(root(&home), before, "the same root");
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
    let set_up = home.publish(&["setup", GUN, "--signer", "jeff"]);
    assert_ne!(set_up.code, 0, "{}", set_up.stdout);
    assert_ne!(Home::new(&server).docker(&["inspect", GUN]).code, 0, "nothing was sent");
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
    // docker leaves the tags of a removed signer signed by nobody who counts.
    home.docker(&["signer", "remove", "--force", "alice", GUN]).ok();
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
        assert!(machine.trustdeck(&["status"]).ok().stdout.contains("nothing is staged"));
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
