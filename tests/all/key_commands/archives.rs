//! Archives of the key directory: Docker's own way to back keys up, and what attackers would make of it.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::support::{Home, run, run_with_input};
use super::{files, home, mode, private};

const ID: &str = "9e1dd6e6c1cde5f8dede16bd97cb955c30ef05e296e66f1214f8e21f414a52bd";

fn compressed(tar: &[u8]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(tar).unwrap();
    gz.finish().unwrap()
}

/// A header with any name: the tar library refuses to write what attackers write.
fn header(name: &str, kind: EntryType, size: u64, link: &str) -> Header {
    let mut header = Header::new_gnu();
    let bytes = &mut header.as_old_mut().name;
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o777);
    header.set_cksum();
    header
}

fn archive(name: &str, kind: EntryType, content: &[u8], link: &str) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    tar.append(&header(name, kind, content.len() as u64, link), content).unwrap();
    tar.into_inner().unwrap()
}

fn alice() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trust/private");
    fs::read(folder.join(format!("{ID}.key"))).unwrap()
}

fn restore(home: &Home, name: &str, bytes: &[u8], more: &[&str]) -> super::Ran {
    let file = home.put(name, bytes);
    let mut command = home.trustdeck_command(&[&["key", "restore", &file, "--json"], more].concat());
    run(command.env("NOTARY_DELEGATION_PASSPHRASE", "repopass1"))
}

#[test]
fn the_archive_that_dockers_documentation_tells_to_make_is_read() {
    let (home, other) = (home(), home());
    for name in ["alice", "root"] {
        home.made(&[name]);
    }
    let made = run(home.command("tar").args(["-zcf", "private_keys_backup.tar.gz", ".docker/trust/private"]));
    assert_eq!(made.code, 0, "{}", made.stderr);
    let file = home.path().join("private_keys_backup.tar.gz");
    let restored = other.key(&["restore", file.to_str().unwrap(), "--json"]).ok().json();
    assert!(restored.as_array().unwrap().iter().all(|row| row["result"] == "restored"), "{restored}");
    assert_eq!(files(&other), files(&home));
    for (name, _) in files(&other) {
        assert_eq!(mode(&private(&other).join(name)), 0o600);
    }
}

#[test]
fn a_plain_and_a_compressed_archive_are_read() {
    let tar = archive(&format!("home/jeff/.docker/trust/private/{ID}.key"), EntryType::Regular, &alice(), "");
    for (name, bytes) in [("keys.tar", tar.clone()), ("keys.tar.gz", compressed(&tar))] {
        let home = home();
        restore(&home, name, &bytes, &[]).ok();
        assert_eq!(files(&home), [(format!("{ID}.key"), alice())], "{name}");
    }
}

#[test]
fn hostile_members_are_named_and_nothing_is_written() {
    let other = "0".repeat(64);
    let key = format!("private/{ID}.key");
    let rows = [
        ("symbolic link", archive(&key, EntryType::Symlink, b"", "/etc/passwd"), "is a link or a device"),
        ("hard link", archive(&key, EntryType::Link, b"", "../../.ssh/id_rsa"), "is a link or a device"),
        ("pipe", archive(&key, EntryType::Fifo, b"", ""), "is a link or a device"),
        ("device", archive(&key, EntryType::Char, b"", ""), "is a link or a device"),
        ("path upwards", archive(&format!("../../{ID}.key"), EntryType::Regular, &alice(), ""), "leads out"),
        ("hidden path upwards", archive(&format!("a/../../{ID}.key"), EntryType::Regular, &alice(), ""), "leads out"),
        ("absolute path", archive(&format!("/root/{ID}.key"), EntryType::Regular, &alice(), ""), "leads out"),
        ("too large", archive(&key, EntryType::Regular, &vec![b'x'; 70_000], ""), "which no key has"),
        ("no key", archive(&key, EntryType::Regular, b"hello", ""), "holds no PEM block"),
        (
            "public key",
            archive(&key, EntryType::Regular, b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n", ""),
            "is a public key",
        ),
        ("another key", archive(&format!("{other}.key"), EntryType::Regular, &alice(), ""), "holds another key"),
    ];
    for (what, tar, message) in rows {
        let home = home();
        let refused = restore(&home, "keys.tar.gz", &compressed(&tar), &[]).ended(1);
        assert_eq!(refused.kinds(), ["keystore"], "{what}");
        assert!(refused.stderr.contains(message), "{what}: {}", refused.stderr);
        assert!(files(&home).is_empty(), "{what}");
    }
}

#[test]
fn archives_that_are_damaged_or_too_large_are_refused_as_a_whole() {
    let key = format!("private/{ID}.key");
    let tar = archive(&key, EntryType::Regular, &alice(), "");
    let claims = header(&key, EntryType::Regular, 1 << 40, "");
    let bomb = [claims.as_bytes().as_slice(), &vec![0; 64 << 20]].concat();
    let mut crowd = Builder::new(Vec::new());
    for n in 0..50_001 {
        crowd.append(&header(&format!("{n}"), EntryType::Directory, 0, ""), std::io::empty()).unwrap();
    }
    let crowd = crowd.into_inner().unwrap();
    let gz = compressed(&tar);
    let rows = [
        ("cut", gz[..gz.len() / 2].to_vec(), "no whole tar archive"),
        ("noise", compressed(&[7; 5000]), "no whole tar archive"),
        ("bomb", compressed(&bomb), ""),
        ("crowd", compressed(&crowd), "more than 50000 members"),
        ("nothing", b"nothing".to_vec(), "is no backup"),
        ("empty", Vec::new(), "is empty"),
    ];
    for (what, bytes, message) in rows {
        let home = home();
        let refused = restore(&home, "keys.tar.gz", &bytes, &["--untested"]);
        assert_ne!(refused.code, 0, "{what}");
        assert!(refused.stderr.contains(message), "{what}: {}", refused.stderr);
        assert!(files(&home).is_empty(), "{what}");
    }
}

#[test]
fn what_is_missing_of_an_archive_or_follows_it_is_named_and_the_rest_is_restored() {
    let mut tar = Builder::new(Vec::new());
    tar.append(&header(&format!("private/{ID}.key"), EntryType::Regular, alice().len() as u64, ""), &alice()[..])
        .unwrap();
    tar.append(&header("private/notes", EntryType::Regular, 2000, ""), &[b'n'; 2000][..]).unwrap();
    let tar = tar.into_inner().unwrap();
    let whole = compressed(&tar);
    let rows = [
        ("cut between members", tar[..tar.len() - 1024 - 2048 - 512].to_vec(), "without the mark of an end"),
        ("cut at its end", tar[..tar.len() - 1024].to_vec(), "without the mark of an end"),
        ("cut in a member", tar[..tar.len() - 2048].to_vec(), "is no whole tar archive"),
        ("compressed when it was cut", compressed(&tar[..tar.len() - 1024]), "without the mark of an end"),
        ("two glued together", [&whole[..], &whole[..]].concat(), "has more behind its end"),
        ("garbage behind it", [&tar[..], b"garbage"].concat(), "has more behind its end"),
        ("garbage behind the compressed", [&whole[..], b"garbage"].concat(), "has more behind its end"),
    ];
    for (what, bytes, message) in rows {
        let home = home();
        let named = restore(&home, "keys.tar", &bytes, &[]).ended(9);
        assert_eq!(named.kinds(), ["keystore"], "{what}: {}", named.stderr);
        assert!(named.stderr.contains(message), "{what}: {}", named.stderr);
        assert_eq!(files(&home), [(format!("{ID}.key"), alice())], "{what}");
    }
}

#[test]
fn a_backup_comes_through_a_pipe_too() {
    let tar = compressed(&archive(&format!("private/{ID}.key"), EntryType::Regular, &alice(), ""));
    let (through_input, through_pipe) = (home(), home());
    let mut command = through_input.trustdeck_command(&["key", "restore", "-"]);
    run_with_input(command.env("NOTARY_DELEGATION_PASSPHRASE", "repopass1"), &tar).ok();
    let pipe = through_pipe.path().join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let (writes_to, bytes) = (pipe.clone(), tar.clone());
    let writer = std::thread::spawn(move || fs::write(writes_to, bytes));
    let mut command = through_pipe.trustdeck_command(&["key", "restore", pipe.to_str().unwrap()]);
    run(command.env("NOTARY_DELEGATION_PASSPHRASE", "repopass1")).ok();
    writer.join().unwrap().unwrap();
    for home in [through_input, through_pipe] {
        assert_eq!(files(&home), [(format!("{ID}.key"), alice())]);
    }
}

#[test]
fn what_is_no_file_is_told_with_what_helps_against_that() {
    let home = home();
    let directory = home.path().to_str().unwrap().to_owned();
    for (path, says) in [(directory.as_str(), "is not a plain file"), ("/nowhere/backup", "check the path")] {
        let refused = home.key(&["restore", path]);
        assert!(refused.code != 0 && refused.stderr.contains(says), "{}", refused.stderr);
        assert!(!refused.stderr.contains("free space"), "{}", refused.stderr);
    }
}
