//! Commands around a rotation: hand-over, what was begun, keys that are named, first set-up.

use serde_json::Value;

use super::commands::{GUN, key_elsewhere, keys_of, repository, tags, with_another};
use super::support::NotaryServer;
use super::support::front::Front;
use super::support::home::{Home, digest};

/// What was begun, as `rotate list` shows it.
fn begun(home: &Home) -> Vec<Value> {
    home.trustdeck(&["rotate", "list", "--json"]).ok().json().as_array().unwrap().clone()
}

#[test]
fn a_colleague_takes_over_with_the_hand_over_file() {
    let Some(server) = NotaryServer::start() else { return };
    let (home, colleague) = (repository(&server), Home::new(&server));
    let old = keys_of(&server, "targets/jeff");
    let public = colleague.generate_key("jeff");
    let file = home.path().join("jeff.json");
    let rotate = ["rotate", "signer", "jeff", GUN, "--key", &public, "--hand-over", file.to_str().unwrap()];
    home.publish(&rotate).ok();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("PRIVATE"), "{text}");
    assert!(begun(&home)[0]["waits"].as_str().unwrap().contains("not signed"), "{:?}", begun(&home));
    // On a machine that never met the repository, nothing is signed before all of it was shown and accepted.
    let unseen = colleague.publish(&["rotate", "take-over", file.to_str().unwrap()]).ended(7);
    assert!(unseen.stderr.contains("new to this machine") && unseen.stderr.contains("sha256:"), "{}", unseen.stderr);
    let taken = colleague.publish(&["rotate", "take-over", file.to_str().unwrap(), "--accept"]).ok();
    assert!(taken.stderr.contains("done: take over"), "{}", taken.stderr);
    assert!(begun(&colleague).is_empty());
    assert_eq!(tags(&server), ["1.0", "1.1"]);
    let id = begun(&home)[0]["id"].as_str().unwrap().to_owned();
    home.publish(&["rotate", "resume", &id[..6]]).ok();
    let left = keys_of(&server, "targets/jeff");
    assert_eq!(left.len(), 1);
    assert_ne!(left, old);
    assert_eq!(keys_of(&server, "targets/releases"), left);
    assert_eq!(tags(&server), ["1.0", "1.1"]);
    assert!(begun(&home).is_empty());
    // A machine that does not hold the key is told so.
    let stranger = Home::new(&server);
    let refused = stranger.trustdeck(&["rotate", "take-over", file.to_str().unwrap()]).ended(2);
    assert!(refused.stderr.contains("not in this key store"), "{}", refused.stderr);
}

#[test]
fn a_repository_that_looks_like_another_one_is_taken_over_only_once_that_is_accepted() {
    let Some(server) = NotaryServer::start() else { return };
    let (home, colleague) = (repository(&server), Home::new(&server));
    let (public, file) = (colleague.generate_key("jeff"), home.path().join("jeff.json"));
    let path = file.to_str().unwrap();
    home.publish(&["rotate", "signer", "jeff", GUN, "--key", &public, "--hand-over", path]).ok();
    colleague.publish(&["setup", &GUN.replace('m', "rn"), "--signer", "dave"]).ok();
    let looked = colleague.trustdeck(&["inspect", GUN]).ok();
    assert!(looked.stderr.contains("WARNING: its name looks like"), "{}", looked.stderr);
    // To have looked at it says nothing of whether it is the one that is meant.
    let refused = colleague.publish(&["rotate", "take-over", path]).ended(7);
    for words in ["looks like another one", "WARNING: its name looks like", &digest("1.0")] {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    colleague.publish(&["rotate", "take-over", path, "--accept"]).ok();
}

#[test]
fn tags_that_were_not_looked_at_are_taken_over_only_once_they_are_accepted() {
    let Some(server) = NotaryServer::start() else { return };
    let (home, colleague) = (repository(&server), Home::new(&server));
    let (public, file) = (colleague.generate_key("jeff"), home.path().join("jeff.json"));
    let path = file.to_str().unwrap();
    colleague.trustdeck(&["inspect", GUN]).ok();
    home.notary_sign(GUN, "1.2", &["targets/releases", "targets/jeff"]);
    home.publish(&["rotate", "signer", "jeff", GUN, "--key", &public, "--hand-over", path]).ok();
    let refused = colleague.publish(&["rotate", "take-over", path]).ended(7);
    assert!(refused.stderr.contains("not looked at here"), "{}", refused.stderr);
    colleague.trustdeck(&["inspect", GUN]).ok();
    let taken = colleague.publish(&["rotate", "take-over", path]).ok();
    assert!(taken.stderr.contains(&digest("1.2")), "{}", taken.stderr);
}

#[test]
fn a_set_up_that_was_published_otherwise_puts_no_old_key_back() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    home.trustdeck(&["setup", GUN, "--signer", "dave"]).ok();
    let wizards = || home.state_dir().join("wizards");
    let [file] =
        std::fs::read_dir(wizards()).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>().try_into().unwrap();
    let kept = std::fs::read(&file).unwrap();
    home.trustdeck(&["publish", GUN, "--yes"]).ok();
    assert!(begun(&home).is_empty(), "what it has staged is published, so that it is finished");
    home.publish(&["rotate", "signer", "dave", GUN]).ok();
    // As if all that had been published from another machine.
    std::fs::write(&file, kept).unwrap();
    let now = keys_of(&server, "targets/dave");
    let begun = begun(&home).into_iter().find(|begun| begun["what"].as_str().unwrap().contains("set up"));
    home.publish(&["rotate", "resume", begun.unwrap()["id"].as_str().unwrap()]);
    assert_eq!(keys_of(&server, "targets/dave"), now);
}

#[test]
fn a_hand_over_file_of_another_root_or_of_no_sense_is_refused() {
    let Some(server) = NotaryServer::start() else { return };
    let (home, colleague) = (repository(&server), Home::new(&server));
    let public = colleague.generate_key("jeff");
    let file = home.path().join("jeff.json");
    let path = file.to_str().unwrap();
    home.publish(&["rotate", "signer", "jeff", GUN, "--key", &public, "--hand-over", path]).ok();
    let good: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    // A server that holds back what the sender saw.
    colleague.trustdeck(&["inspect", GUN]).ok();
    let mut newer = good.clone();
    newer["repositories"][0]["roles"]["targets/releases"] = 40.into();
    std::fs::write(&file, newer.to_string()).unwrap();
    let behind = colleague.publish(&["rotate", "take-over", path]).ended(7);
    assert!(behind.stderr.contains("and the sender saw v40"), "{}", behind.stderr);
    let refused = |changed: Value, word: &str| {
        std::fs::write(&file, changed.to_string()).unwrap();
        let ran = colleague.publish(&["rotate", "take-over", path, "--accept"]);
        assert_ne!(ran.code, 0, "{word}");
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    };
    let with = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let other = good["key_id"].clone();
    let mut another_root = with("/repositories/0/root/0", other);
    another_root["repositories"][0]["root_words"][0] = good["words"].clone();
    refused(another_root, "ask the sender");
    let genuine = good["repositories"][0]["root"][0].as_str().unwrap();
    let near = format!("{}{}", &genuine[..63], if genuine.ends_with('0') { '1' } else { '0' });
    refused(
        with("/repositories/0/root/0", near.clone().into()),
        &format!("{genuine}, and the hand-over file names {near}"),
    );
    refused(with("/repositories/0/gun", "../../etc".into()), "no hand-over file");
    refused(with("/signer", "releases".into()), "no hand-over file");
    refused(with("/key_id", good["repositories"][0]["root"][0].clone()), "another key");
    refused(with("/words", "a b c d".into()), "another key");
    refused(with("/repositories/0/root_words/0", "a b c d".into()), "words");
    refused(with("/repositories/0/roles", serde_json::json!({"targets": 1})), "no role of signer");
    refused(with("/repositories", serde_json::json!([])), "0 repositories");
    refused(with("/version", 2.into()), "version 2");
    refused(with("/form", "other".into()), "no hand-over file");
    let mut unknown = good.clone();
    unknown["run"] = "rm -rf /".into();
    refused(unknown, "not of its form");
    let twice = Value::Array(vec![good["repositories"][0].clone(), good["repositories"][0].clone()]);
    refused(with("/repositories", twice), "twice");
    refused(with("/about", "x".repeat(2 << 20).into()), "longer than");
    assert_eq!(keys_of(&server, "targets/jeff").len(), 2, "nothing came of it");
}

#[test]
fn a_role_whose_file_the_server_keeps_back_is_not_signed_anew() {
    let Some(server) = NotaryServer::start_plain() else { return };
    let front = Front::start(server.port);
    let (home, colleague) = (Home::at(&server.url, &server.ca), Home::at(&front.url, &server.ca));
    let run = |home: &Home, arguments: &[&str]| home.publish(&[&["--insecure-http"], arguments].concat());
    run(&home, &["setup", GUN, "--signer", "jeff"]).ok();
    let tag = format!("{GUN}:1.0");
    run(&home, &["sign", &tag, "--digest", &format!("sha256:{}", digest("1.0")), "--size", "1234"]).ok();
    let (public, file) = (colleague.generate_key("jeff"), home.path().join("jeff.json"));
    let path = file.to_str().unwrap();
    run(&home, &["rotate", "signer", "jeff", GUN, "--key", &public, "--hand-over", path]).ok();
    let uploads = || server.requests().iter().filter(|request| request.method == "POST").count();
    let before = uploads();
    front.hide("targets/releases");
    for accept in [&[][..], &["--accept"]] {
        let refused = run(&colleague, &[&["rotate", "take-over", path], accept].concat());
        assert!(refused.code != 0 && refused.stderr.contains("targets/releases"), "{}", refused.stderr);
        assert!(!refused.stderr.contains("done: take over"), "{}", refused.stderr);
    }
    assert_eq!(uploads(), before);
}

#[test]
fn a_role_that_the_server_has_no_file_of_though_the_sender_saw_one_is_not_taken_over() {
    let Some(server) = NotaryServer::start() else { return };
    let (home, colleague) = (Home::new(&server), Home::new(&server));
    home.publish(&["setup", GUN, "--signer", "jeff"]).ok();
    let (public, file) = (colleague.generate_key("jeff"), home.path().join("jeff.json"));
    let path = file.to_str().unwrap();
    home.publish(&["rotate", "signer", "jeff", GUN, "--key", &public, "--hand-over", path]).ok();
    let mut sent: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    sent["repositories"][0]["roles"] = serde_json::json!({"targets/releases": 3});
    std::fs::write(&file, sent.to_string()).unwrap();
    colleague.trustdeck(&["inspect", GUN]).ok();
    let refused = colleague.publish(&["rotate", "take-over", path]).ended(7);
    let says = "no file of targets/releases is there, and the sender saw one";
    assert!(refused.stderr.contains(says), "{}", refused.stderr);
    let accepted = colleague.publish(&["rotate", "take-over", path, "--accept"]);
    assert!(accepted.code != 0 && accepted.stderr.contains(says), "{}", accepted.stderr);
    assert!(!accepted.stderr.contains("done: take over"), "{}", accepted.stderr);
}

#[test]
fn a_rotation_to_the_key_that_is_there_already_changes_nothing_and_says_so() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    home.trustdeck(&["inspect", GUN]).ok();
    let rows = home.trustdeck(&["key", "list", "--json"]).ok().json();
    let targets = rows.as_array().unwrap().iter().find(|row| row["role"] == "targets").unwrap();
    let same = home.publish(&["rotate", "targets", GUN, "--key", targets["id"].as_str().unwrap()]);
    assert!(same.stderr.contains("it has this key already, and nothing was changed"), "{}", same.stderr);
    assert!(begun(&home).is_empty());
}

#[test]
fn what_was_begun_is_listed_resumed_and_given_up() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    assert_eq!(home.trustdeck(&["rotate", "list"]).ok().stdout, "nothing was begun\n");
    home.trustdeck(&["rotate", "targets", GUN]).ok();
    home.trustdeck(&["rotate", "signer", "jeff", GUN, "--add-only"]).ok();
    let rows = begun(&home);
    let what: Vec<&str> = rows.iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["rotate the targets key", "rotate the key of signer jeff"]);
    assert_eq!(rows[0]["next"], "back it up");
    let [targets, signer] = [&rows[0], &rows[1]].map(|row| row["id"].as_str().unwrap().to_owned());
    home.publish(&["rotate", "resume", &targets]).ok();
    let left: Vec<String> = begun(&home).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(left, std::slice::from_ref(&signer), "the finished one is gone, publishing took both along");
    home.trustdeck(&["rotate", "forget", "nothing"]).ended(2);
    home.trustdeck(&["rotate", "forget", &signer]).ok();
    assert!(begun(&home).is_empty());
    assert_eq!(tags(&server), ["1.0", "1.1"]);
}

#[test]
fn keys_are_named_by_the_beginning_of_their_id_or_a_label() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    home.trustdeck(&["key", "generate", "root", "--dir", "."]).ok();
    let rows = home.trustdeck(&["key", "list", "--json"]).ok().json();
    let bare =
        rows.as_array().unwrap().iter().find(|row| row["role"] == "root" && row["used_in"] == serde_json::json!([]));
    let id = bare.unwrap_or_else(|| panic!("{rows}"))["id"].as_str().unwrap().to_owned();
    home.trustdeck(&["key", "label", &id[..10], "new root"]).ok();
    home.publish(&["rotate", "root", GUN, "--key", "new root"]).ok();
    assert_eq!(tags(&server), ["1.0", "1.1"]);
    let ben = home.generate_key("ben");
    home.publish(&["signer", "add", "--key", &ben, "ben", GUN]).ok();
    let keys = keys_of(&server, "targets/ben");
    home.publish(&["delegation", "remove", GUN, "targets/ben", &keys[0][..8]]).ok();
    assert!(keys_of(&server, "targets/ben").is_empty());
    home.publish(&["delegation", "purge", GUN, "ben"]).ok();
    assert!(!keys_of(&server, "targets/releases").contains(&keys[0]));
    let other = "registry.example.test/team/other";
    home.publish(&["signer", "add", "--key", &ben, "--root-key", "new root", "ben", other]).ok();
    let unknown = home.trustdeck(&["delegation", "purge", GUN, "0000"]).ended(2);
    assert!(unknown.stderr.contains("no key is called"), "{}", unknown.stderr);
}

#[test]
fn a_private_key_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    let (_elsewhere, _, file) = key_elsewhere(&server);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    for command in [&["rotate", "targets", GUN][..], &["rotate", "signer", "jeff", GUN]] {
        let refused = home.trustdeck(&[command, &["--key", file.to_str().unwrap()]].concat()).ended(2);
        assert!(refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    }
    assert!(begun(&home).is_empty());
}

#[test]
fn root_rotates_in_all_repositories_that_share_it() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    let other = with_another(&home);
    home.trustdeck(&["inspect", other]).ok();
    let alone = home.trustdeck(&["rotate", "root", GUN]).ok();
    assert!(alone.stderr.contains(other) && alone.stderr.contains("--same-root"), "{}", alone.stderr);
    home.trustdeck(&["reset"]).ok();
    let id = begun(&home)[0]["id"].as_str().unwrap().to_owned();
    home.trustdeck(&["rotate", "forget", &id]).ok();
    let before = home.stored_keys().len();
    let result = home.publish(&["rotate", "root", GUN, "--same-root", "--json"]).ok().json();
    assert_eq!(result.as_array().unwrap().len(), 2, "{result}");
    assert_eq!(home.stored_keys().len(), before + 1, "one key for both");
    for gun in [GUN, other] {
        Home::new(&server).notary(&["list", gun]).ok();
        home.docker(&["inspect", gun]).ok();
    }
}

#[test]
fn a_threshold_of_two_takes_two_keys_and_old_root_keys_sign_along() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    let signatures = || {
        let reader = Home::new(&server);
        reader.docker(&["inspect", GUN]).ok();
        let root: Value =
            serde_json::from_slice(&std::fs::read(reader.metadata(GUN).join("root.json")).unwrap()).unwrap();
        let keys = root["signed"]["roles"]["root"]["keyids"].as_array().unwrap().len();
        (keys, root["signatures"].as_array().unwrap().len())
    };
    let files: Vec<String> = ["one", "two"]
        .iter()
        .map(|name| {
            let maker = Home::new(&server);
            maker.trustdeck(&["key", "generate", "root", "--dir", "."]).ok();
            let [id] = maker.stored_keys().try_into().unwrap();
            let file = home.path().join(format!("{name}.key"));
            std::fs::copy(maker.trust_dir().join(format!("private/{id}.key")), &file).unwrap();
            file.to_str().unwrap().to_owned()
        })
        .collect();
    home.publish(&["rotate", "root", GUN, "--key", &files[0], "--key", &files[1]]).ok();
    assert_eq!(signatures(), (2, 3), "two new keys and the old one");
    home.publish(&["rotate", "root", GUN]).ok();
    assert_eq!(signatures(), (1, 3), "the new key and the two before it");
    home.publish(&["rotate", "root", GUN, "--legacy", "-1"]).ok();
    assert_eq!(signatures(), (1, 5), "the new key, the one before it and the three of the past");
    assert_eq!(tags(&server), ["1.0", "1.1"]);
    home.notary(&["list", GUN]).ok();
    let twice = home.trustdeck(&["rotate", "targets", GUN, "--key", &files[0], "--key", &files[0]]).ended(2);
    assert!(twice.stderr.contains("once"), "{}", twice.stderr);
    home.trustdeck(&["rotate", "targets", GUN, "--legacy", "1"]).ended(2);
}

#[test]
fn repositories_are_set_up_with_root_signers_and_tags() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = Home::new(&server);
    let kept = home.path().join("ben.pub");
    let colleague = Home::new(&server);
    std::fs::copy(colleague.generate_key("ben"), &kept).unwrap();
    let list = home.path().join("tags");
    std::fs::write(&list, format!("{GUN}:1.0 sha256:{} 1234\n", digest("1.0"))).unwrap();
    let signer = format!("ben={}", kept.display());
    let done =
        home.publish(&["setup", GUN, "--signer", "jeff", "--signer", &signer, "--from", list.to_str().unwrap()]).ok();
    assert!(done.stderr.contains("words"), "the fingerprint is shown: {}", done.stderr);
    assert!(done.stderr.contains("key backup"), "{}", done.stderr);
    assert_eq!(tags(&server), ["1.0"]);
    let shown = Home::new(&server).docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["Signers"].as_array().unwrap().len(), 2, "{shown}");
    assert!(begun(&home).is_empty());
    // The only root key of the store serves the next repository too.
    let keys = home.stored_keys().len();
    let other = "registry.example.test/team/other";
    home.publish(&["setup", other, "--signer", "jeff=jeff"]).ok();
    assert_eq!(home.stored_keys().len(), keys + 1, "a targets key");
    home.notary_sign(other, "2.0", &["targets/releases", "targets/jeff"]);
    colleague.notary_sign(GUN, "2.0", &["targets/releases", "targets/ben"]);
    assert_eq!(tags(&server), ["1.0", "2.0"]);
    let none = home.trustdeck(&["setup", GUN, "--signer", "releases"]).ended(2);
    assert!(none.stderr.contains("releases"), "{}", none.stderr);
}

#[test]
fn keys_of_every_kind_take_over_targets_and_sign_with_notary() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    for algorithm in ["ed25519", "rsa2048", "ecdsa"] {
        home.trustdeck(&["key", "generate", "targets", "--algorithm", algorithm, "--repository", GUN, "--dir", "."])
            .ok();
        let rows = home.trustdeck(&["key", "list", "--json"]).ok().json();
        let unused = |row: &&Value| row["role"] == "targets" && row["used_in"].as_array().unwrap().is_empty();
        let new: Vec<&Value> = rows.as_array().unwrap().iter().filter(unused).collect();
        let [id] = new.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>().try_into().unwrap();
        home.publish(&["rotate", "targets", GUN, "--key", &id[..12]]).ok();
        assert_eq!(tags(&server), ["1.0", "1.1"], "{algorithm}");
        home.notary(&["witness", GUN, "targets", "-p"]).ok();
        assert_eq!(tags(&server), ["1.0", "1.1"], "{algorithm}");
        let old = home.trustdeck(&["key", "list", "--json"]).ok().json();
        for row in old.as_array().unwrap().iter().filter(unused) {
            home.trustdeck(&["key", "remove", row["id"].as_str().unwrap(), "--force"]).ok();
        }
        std::fs::remove_file(home.path().join("targets.pub")).ok();
    }
}

#[test]
fn removing_a_key_says_which_roles_nobody_here_can_sign_any_more() {
    let Some(server) = NotaryServer::start() else { return };
    let home = repository(&server);
    home.trustdeck(&["inspect", GUN]).ok();
    let refused = home.trustdeck(&["key", "remove", "jeff"]);
    assert_ne!(refused.code, 0, "without a tested backup");
    for role in ["targets/jeff", "targets/releases"] {
        assert!(refused.stderr.contains(&format!("the only key here that can sign {role} of {GUN}")), "{refused:?}");
    }
    assert!(refused.stderr.contains("no tested backup"), "{}", refused.stderr);
    home.trustdeck(&["key", "remove", "jeff", "--force"]).ok();
    assert!(!home.stored_keys().iter().any(|id| keys_of(&server, "targets/jeff").contains(id)));
}
