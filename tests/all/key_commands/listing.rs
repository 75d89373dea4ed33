//! `key list`: fast because it remembers, right because it looks.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{home, private, run};

#[test]
fn every_row_fits_a_screen() {
    let home = home();
    home.made(&["alice", "--algorithm", "rsa2048"]);
    home.made(&["root"]);
    home.key(&["label", "alice", "the laptop that jeff has had since the spring of last year"]).ok();
    let text = home.key(&["list"]).ok().stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(text.lines().count(), 5);
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let header = cells(text.lines().next().unwrap());
    assert_eq!(header, ["LABEL", "ROLE", "KIND", "WHERE", "STATE", "BACKUP", "WORDS"]);
    let rows = text.lines().skip(1).step_by(2);
    assert!(rows.clone().all(|row| row.contains(" file ")) && rows.count() == 2, "{text}");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let home = home();
    let id = home.made(&["alice"]);
    fs::set_permissions(home.file_of(&id), fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(private(&home).join("notes.key"), "no key").unwrap();
    let listed = home.key(&["list"]).ok();
    let named = [format!("chmod 600 {}", home.file_of(&id).display()), "is not named after a key ID".to_owned()];
    assert!(named.iter().all(|named| listed.stderr.contains(named)), "{}", listed.stderr);
}

/// The index must never show what is not there any more.
#[test]
fn changes_of_others_are_seen_and_no_secret_is_remembered() {
    let home = home();
    let (alice, bob) = (home.made(&["alice"]), home.made(&["bob"]));
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    assert_eq!(home.listed().len(), 2);
    // Same size, same inode, and a time in the past: only the time of the inode's own change tells.
    let text = fs::read_to_string(home.file_of(&alice)).unwrap();
    fs::write(home.file_of(&alice), text.replace("role: alice", "role: carol")).unwrap();
    fs::File::options().append(true).open(home.file_of(&alice)).unwrap().set_modified(old).unwrap();
    let roles = || home.listed().iter().map(|row| row["role"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(roles(), ["bob", "carol"]);
    fs::remove_file(home.file_of(&bob)).unwrap();
    assert_eq!(roles(), ["carol"]);
    let body = text.lines().nth(4).unwrap().to_owned();
    for entry in fs::read_dir(home.state_dir().join("keys")).unwrap() {
        assert!(!fs::read_to_string(entry.unwrap().path()).unwrap().contains(&body));
    }
}

#[test]
fn keys_in_a_trust_directory_that_is_not_used_are_named() {
    let home = home();
    let id = home.made(&["alice"]);
    let words = home.listed()[0]["words"].as_str().unwrap().to_owned();
    let moved = home.path().join("moved");
    fs::create_dir_all(&moved).unwrap();
    // It would name the directory that has the keys.
    fs::remove_file(home.path().join(".notary/config.json")).unwrap();
    let ran = |arguments: &[&str]| run(home.trustdeck_command(arguments).env("DOCKER_CONFIG", &moved));
    let other = home.trust_dir().display().to_string();
    let is_named = |said: &str| said.split_whitespace().collect::<Vec<_>>().join(" ").contains(&other);
    for name in [&id, &id[..8], &words] {
        for arguments in [
            &["key", "export", name, "--out", "out.pem"][..],
            &["key", "passwd", name],
            &["key", "remove", name, "--force"],
        ] {
            let told = ran(arguments).ended(2).stderr;
            assert!(told.contains("DOCKER_CONFIG") && is_named(&told), "{arguments:?}: {told}");
        }
    }
    let nothing = ran(&["key", "backup", "--plain", "--out", "keys.pem"]).ended(2).stderr;
    assert!(nothing.contains("no key in the key store") && is_named(&nothing), "{nothing}");
    assert!(!home.path().join("keys.pem").exists());
}
