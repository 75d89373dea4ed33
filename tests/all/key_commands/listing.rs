//! `key list`: fast because it remembers, right because it looks.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{home, private};

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
