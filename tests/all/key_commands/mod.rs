//! `trustdeck key`: what it writes, what it refuses, and that the real clients use the same keys.

mod archives;
mod backups;
mod listing;
mod loading;
mod peers;
mod screen;
use crate::support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::home::{ROOT_PASSPHRASE, without_passphrases};
use support::{Home, Ran, run};
use tempfile::NamedTempFile;

/// What keys of signers have in [`Home`].
const SIGNERS: &str = support::home::REPOSITORY_PASSPHRASE;

/// A home that talks to no server.
fn home() -> Home {
    Home::at("https://localhost:1", NamedTempFile::new().unwrap().path())
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn private(home: &Home) -> PathBuf {
    home.trust_dir().join("private")
}

/// Key files by name, with their content.
fn files(home: &Home) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(private(home)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

impl Home {
    /// Runs `trustdeck key …`.
    #[track_caller]
    fn key(&self, arguments: &[&str]) -> Ran {
        self.trustdeck(&[&["key"], arguments].concat())
    }

    /// The same with a text to read at descriptor 4.
    #[track_caller]
    fn key_with(&self, text: &str, arguments: &[&str]) -> Ran {
        run(&mut self.key_command(text, arguments))
    }

    fn key_command(&self, text: &str, arguments: &[&str]) -> Command {
        let (file, path) = NamedTempFile::new_in(self.path()).unwrap().keep().unwrap();
        drop(file);
        fs::write(&path, text).unwrap();
        let mut shell = self.command("sh");
        shell.args(["-c", "file=$1; shift; exec \"$0\" key \"$@\" 4< \"$file\"", env!("CARGO_BIN_EXE_trustdeck")]);
        shell.arg(path).args(arguments);
        shell
    }

    /// Makes a key; returns its ID.
    #[track_caller]
    fn made(&self, arguments: &[&str]) -> String {
        let made = self.key(&[&["generate"], arguments, &["--json"]].concat()).ok().json();
        made["id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn listed(&self) -> Vec<Value> {
        self.key(&["list", "--json"]).ok().json().as_array().unwrap().clone()
    }

    fn file_of(&self, id: &str) -> PathBuf {
        private(self).join(format!("{id}.key"))
    }

    fn put(&self, name: &str, content: &[u8]) -> String {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

#[test]
fn a_key_is_made_with_its_public_half_as_docker_makes_it() {
    let home = home();
    let id = home.made(&["alice"]);
    assert_eq!(mode(&home.file_of(&id)), 0o600);
    let public = home.path().join("alice.pub");
    assert_eq!(mode(&public), 0o600);
    let text = fs::read_to_string(public).unwrap();
    assert!(text.starts_with("-----BEGIN PUBLIC KEY-----\nrole: alice\n\nMFkw"), "{text}");
    assert_eq!(home.key(&["generate", "alice", "--json"]).ended(2).kinds(), ["input"]);
    assert_eq!(files(&home).len(), 1, "no second key is made beside a public half that exists");
}

#[test]
fn all_is_checked_before_a_passphrase_is_asked_for() {
    let home = home();
    home.made(&["alice"]);
    for (arguments, kind) in
        [(&["alice"][..], "input"), (&["ben", "--dir", "missing"], "input"), (&["targets"], "input")]
    {
        let command = home.trustdeck_command(&[&["key", "generate", "--json"], arguments].concat());
        // Without a source and a terminal, asking would fail as `passphrase`.
        assert_eq!(run(&mut without_passphrases(command)).ended(2).kinds(), [kind], "{arguments:?}");
    }
}

#[test]
fn names_kinds_and_repositories_that_do_not_go_together_are_refused() {
    let home = home();
    let rows: [&[&str]; 8] = [
        &["Bob"],
        &["-bob"],
        &["a/b"],
        &["timestamp"],
        &["targets"],
        &["alice", "--repository", "example.test/a"],
        &["alice", "--algorithm", "ed25519"],
        &["alice", "--algorithm", "dsa"],
    ];
    for row in rows {
        home.key(&[&["generate", "--json"], row].concat()).ended(2);
    }
    assert!(files(&home).is_empty());
    let made = home.key(&["generate", "targets", "--repository", "example.test/a", "--algorithm", "ed25519", "--json"]);
    assert!(made.ok().json()["public_file"].is_null());
}

#[test]
fn a_new_passphrase_has_eight_characters() {
    let home = home();
    let mut short = home.trustdeck_command(&["key", "generate", "alice", "--json"]);
    short.env("NOTARY_DELEGATION_PASSPHRASE", "1234567");
    assert_eq!(run(&mut short).ended(2).kinds(), ["input"]);
    let mut common = home.trustdeck_command(&["key", "generate", "alice"]);
    common.env("NOTARY_DELEGATION_PASSPHRASE", "password");
    assert!(run(&mut common).ok().stderr.contains("among the first that are tried"));
}

#[test]
fn a_passphrase_is_changed_and_the_headers_stay() {
    let home = home();
    let id = home.made(&["targets", "--repository", "localhost:5000/a/b"]);
    let before = fs::read_to_string(home.file_of(&id)).unwrap();
    home.key_with("another passphrase\n", &["passwd", &id, "--new-passphrase-fd", "4"]).ok();
    let after = fs::read_to_string(home.file_of(&id)).unwrap();
    assert_eq!(mode(&home.file_of(&id)), 0o600);
    assert_ne!(before, after);
    assert_eq!(before.lines().take(4).collect::<Vec<_>>()[..3], after.lines().take(4).collect::<Vec<_>>()[..3]);
    let wrong = home.key_with("a third passphrase\n", &["passwd", &id, "--new-passphrase-fd", "4", "--json"]).ended(4);
    assert_eq!(wrong.kinds(), ["passphrase"]);
    assert!(wrong.stderr.contains("NOTARY_TARGETS_PASSPHRASE"), "{}", wrong.stderr);
    assert_eq!(fs::read_to_string(home.file_of(&id)).unwrap(), after);
    home.key_with("short\n", &["passwd", &id, "--new-passphrase-fd", "4"]).ended(4);
}

#[test]
fn a_wrong_passphrase_says_which_other_key_it_opens() {
    let home = home();
    let (root, alice) = (home.made(&["root"]), home.made(&["alice"]));
    let mut command = home.key_command("another passphrase\n", &["passwd", "alice", "--new-passphrase-fd", "4"]);
    command.env("NOTARY_DELEGATION_PASSPHRASE", ROOT_PASSPHRASE);
    command.env_remove("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE");
    let wrong = run(&mut command).ended(4);
    let expected = format!("NOTARY_DELEGATION_PASSPHRASE opens key root ({})", &root[..8]);
    assert!(wrong.stderr.contains(&expected), "{}", wrong.stderr);
    let mut backup = home.trustdeck_command(&["key", "backup", "--plain", "--out", "set.pem", &alice]);
    backup.env("NOTARY_DELEGATION_PASSPHRASE", "nobody's").env("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "no");
    let neither = run(&mut backup).ended(4);
    assert!(neither.stderr.contains("do not open") && !neither.stderr.contains("opens key"), "{}", neither.stderr);
}

#[test]
fn a_key_is_removed_only_with_a_tested_backup_or_by_force() {
    let home = home();
    let id = home.made(&["alice"]);
    let refused = home.key(&["remove", "alice", "--json"]).ended(7);
    assert_eq!(refused.kinds(), ["policy"]);
    assert!(home.file_of(&id).exists());
    home.key(&["backup", "--plain", "--out", "set.pem"]).ok();
    assert_eq!(home.key(&["remove", "alice", "--json"]).ended(2).kinds(), ["input"], "nobody can be asked");
    assert!(home.file_of(&id).exists());
    home.key(&["remove", "alice", "--force"]).ok();
    assert!(!home.file_of(&id).exists());
    assert_eq!(home.key(&["remove", &id, "--json"]).ended(1).kinds(), ["keystore"]);
    home.key(&["restore", "set.pem"]).ok();
    assert!(home.file_of(&id).exists());
}

#[test]
fn a_key_is_found_by_beginning_words_and_label() {
    let home = home();
    let (alice, bob) = (home.made(&["alice"]), home.made(&["bob"]));
    home.key(&["label", &alice[..12], "  jeff new laptop "]).ok();
    let listed = home.listed();
    let row = listed.iter().find(|row| row["id"] == *alice).unwrap();
    assert_eq!((&row["label"], &row["role"]), (&"jeff new laptop".into(), &"alice".into()));
    for name in [&alice, &alice[..12], "jeff new laptop", "alice", row["words"].as_str().unwrap()] {
        assert!(home.key(&["export", name]).ok().stdout.contains(&alice), "{name}");
    }
    home.key(&["label", &bob, "alice"]).ok();
    assert!(home.key(&["export", "alice"]).ended(2).stderr.contains("means 2 keys"));
    assert_eq!(home.key(&["export", "nobody", "--json"]).ended(2).kinds(), ["input"]);
    for label in ["0123abcd", "two\nlines"] {
        assert_eq!(home.key(&["label", &bob, label, "--json"]).ended(2).kinds(), ["input"], "{label:?}");
    }
    home.key(&["label", &bob, ""]).ok();
    home.key(&["export", "alice"]).ok();
}
