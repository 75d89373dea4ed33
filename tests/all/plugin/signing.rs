//! Where trustdeck's `docker trust` is better than Docker's.

use super::lab::{Lab, User};
use crate::support::Engine;
use crate::support::home::digest;

fn signers(user: &User, lab: &Lab, image: &str) -> Vec<String> {
    let shown = user.trust(&lab.words(&format!("inspect {image}")), "").ok().json();
    let signers = shown[0]["Signers"].as_array().unwrap().iter();
    signers.map(|signer| signer["Name"].as_str().unwrap().to_owned()).collect()
}

/// Keys of alice and bob, both signers of `team/app`, and 1.0 signed.
fn two_signers(lab: &Lab, user: &User) {
    let lines = [
        "key generate alice",
        "key generate bob",
        "signer add --key alice.pub alice REG/team/app",
        "signer add --key bob.pub bob REG/team/app",
        "sign REG/team/app:1.0",
    ];
    lines.iter().for_each(|line| drop(user.trust(&lab.words(line), "").ok()));
}

#[test]
fn a_signer_who_is_not_the_last_is_removed_and_the_tags_stay() {
    let Some(lab) = Lab::start() else { return };
    let user = &lab.ours;
    two_signers(&lab, user);
    let removed = user.trust(&lab.words("signer remove alice REG/team/app"), "").ok();
    assert_eq!(
        removed.stdout,
        lab.words("REG/team/app")
            .iter()
            .map(|app| format!("Removing signer \"alice\" from {app}...\nSuccessfully removed alice from {app}\n\n"))
            .collect::<String>()
    );
    assert_eq!(signers(user, &lab, "REG/team/app"), ["bob"]);
    let shown = user.trust(&lab.words("inspect REG/team/app"), "").ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["SignedTag"], "1.0");
    // Docker reads what is left, and signs on.
    lab.ours.home.docker(&["inspect", &lab.words("REG/team/app")[0]]).ok();
}

#[test]
fn force_removes_a_signer_without_a_question() {
    let Some(lab) = Lab::start() else { return };
    let user = &lab.ours;
    for line in ["key generate alice", "signer add --key alice.pub alice REG/team/app", "sign REG/team/app:1.0"] {
        user.trust(&lab.words(line), "").ok();
    }
    let removed = user.trust(&lab.words("signer remove -f alice REG/team/app"), "").ok();
    assert!(!removed.stdout.contains("[y/N]"), "{}", removed.stdout);
    assert!(removed.stderr.contains("WARNING: 1 tag orphaned"), "what nobody was asked about: {}", removed.stderr);
    assert_eq!(signers(user, &lab, "REG/team/app"), [""; 0]);
}

#[test]
fn whoever_has_no_key_is_told_before_anything_is_pushed() {
    let Some(lab) = Lab::start() else { return };
    let user = &lab.ours;
    for line in ["key generate alice", "signer add --key alice.pub alice REG/team/app"] {
        user.trust(&lab.words(line), "").ok();
    }
    let store = user.home.trust_dir().join("private");
    std::fs::rename(&store, user.home.path().join("elsewhere")).unwrap();
    let refused = user.trust(&lab.words("sign REG/team/app:1.0"), "").ended(1);
    assert!(refused.stderr.contains("no valid signing keys for delegation roles"), "{}", refused.stderr);
    assert_eq!(lab.engine.pushed(), [""; 0]);
    let refused = user.trust(&lab.words("signer remove alice REG/team/app"), "").ended(1);
    assert!(refused.stderr.contains("could not find necessary signing keys"), "{}", refused.stderr);
}

#[test]
fn what_the_registry_does_not_hold_is_not_signed() {
    let Some(lab) = Lab::start() else { return };
    let user = &lab.ours;
    for line in ["key generate alice", "signer add --key alice.pub alice REG/team/app"] {
        user.trust(&lab.words(line), "").ok();
    }
    let dir = tempfile::TempDir::new().unwrap();
    let lying = Engine::start(dir.path(), b"another manifest");
    let mut command = user.command(&lab.words("sign REG/team/app:1.0"));
    let refused = crate::support::run(command.env("DOCKER_HOST", &lying.host)).ended(1);
    assert!(refused.stderr.contains("was pushed, but the registry holds"), "{}", refused.stderr);
    assert!(!user.trust(&lab.words("inspect REG/team/app"), "").ok().stdout.contains("1.0"));
    user.trust(&lab.words("sign REG/team/app:1.0"), "").ok();
}

#[test]
fn what_trustdeck_has_staged_is_neither_published_nor_dropped_on_the_way() {
    let Some(lab) = Lab::start() else { return };
    let user = &lab.ours;
    two_signers(&lab, user);
    let app = lab.words("REG/team/app").remove(0);
    let tag = format!("{app}:staged");
    let hex = format!("sha256:{}", digest("staged"));
    user.home.trustdeck(&["sign", &tag, "--digest", &hex, "--size", "3"]).ok();
    let staged = || user.home.trustdeck(&["status", "--json"]).ok().json()["staged"].clone();
    let before = staged();
    for line in ["sign REG/team/app:2.0", "revoke REG/team/app:1.0", "signer remove -f bob REG/team/app"] {
        let refused = user.trust(&lab.words(line), "").ended(1);
        assert!(refused.stderr.contains("trustdeck has staged changes"), "{}", refused.stderr);
    }
    assert_eq!(staged(), before);
    user.home.trustdeck(&["reset", &app]).ok();
    user.trust(&lab.words("revoke REG/team/app:1.0"), "").ok();
    assert_eq!(staged(), serde_json::json!([]));
}

#[test]
fn a_failed_publish_leaves_nothing_staged() {
    let Some(mut lab) = Lab::start() else { return };
    two_signers(&lab, &lab.ours);
    let words = lab.words("signer add --key bob.pub carol REG/team/app");
    let mut command = lab.ours.command(&words);
    for role in ["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "NOTARY_TARGETS_PASSPHRASE"] {
        command.env(role, "not this one");
    }
    let failed = crate::support::run(&mut command).ended(1);
    assert!(
        failed.stderr.ends_with(&lab.words("to: REG/team/app\n").join(" ")) || failed.stderr.contains("failed to add")
    );
    lab.ours.server.stop();
    lab.ours.trust(&words, "").ended(1);
    let staged = lab.ours.home.trustdeck(&["status", "--json"]).ok().json();
    assert_eq!(staged["staged"], serde_json::json!([]));
}

#[test]
fn of_two_root_keys_the_first_by_id_is_taken_as_docker_does_and_told() {
    let Some(lab) = Lab::start() else { return };
    let (docker, ours) = (&lab.docker, &lab.ours);
    for dir in ["one", "two"] {
        std::fs::create_dir(docker.home.path().join(dir)).unwrap();
        docker.trust(&lab.words(&format!("key generate root --dir {dir}")), "").ok();
    }
    docker.trust(&lab.words("key generate alice"), "").ok();
    std::fs::copy(docker.home.path().join("alice.pub"), ours.home.path().join("alice.pub")).unwrap();
    for file in std::fs::read_dir(docker.home.trust_dir().join("private")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), ours.home.trust_dir().join("private").join(file.file_name())).unwrap();
    }
    let roots = lab.both().map(|user| {
        let ran = user.trust(&lab.words("signer add --key alice.pub alice REG/team/app"), "").ok();
        let app = &lab.words("REG/team/app")[0];
        user.home.trustdeck(&["inspect", app]).ok();
        let root = user.home.trustdeck(&["key", "export", "--root", app, "--json"]).ok().json();
        (root[0]["id"].as_str().unwrap().to_owned(), ran.stderr)
    });
    assert_eq!(roots[0].0, roots[1].0);
    assert!(roots[1].1.contains(&format!("gets {}", roots[1].0)), "{}", roots[1].1);
}
