//! Files that are right but for a few bytes: whatever they say, reading them ends, and what is read can be written.
//!
//! The bounded twin of the fuzz targets in `fuzz/`.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use trustdeck::engine::custody::backup;
use trustdeck::engine::stage::is_journal;
use trustdeck::engine::wizard::HandOver;
use trustdeck::tuf::{Envelope, Metadata, Role, Root, Snapshot, Targets, Timestamp};

use crate::support::forge::{Key, Repository, noon};

/// One change to a file.
#[derive(Clone, Debug)]
enum Edit {
    Byte(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Double(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static str),
}

/// What changes the meaning of a file.
const PIECES: [&str; 14] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"a\":0,",
    "null",
    "-1",
    "1e400",
    "9007199254740993",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "-----BEGIN PRIVATE KEY-----\n",
    "targets/a/b",
];

fn edit() -> impl Strategy<Value = Edit> {
    let at = || any::<prop::sample::Index>();
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
        (at(), 1..60_usize).prop_map(|(at, length)| Edit::Cut(at, length)),
        (at(), 1..200_usize).prop_map(|(at, length)| Edit::Double(at, length)),
        (at(), prop::sample::select(&PIECES[..])).prop_map(|(at, piece)| Edit::Insert(at, piece)),
    ]
}

fn edited(file: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut file = file.to_vec();
    for edit in edits {
        if file.is_empty() {
            break;
        }
        let length = file.len();
        match edit {
            Edit::Byte(at, byte) => file[at.index(length)] = *byte,
            Edit::Cut(at, count) => drop(file.drain(at.index(length)..(at.index(length) + count).min(length))),
            Edit::Double(at, count) => {
                let from = at.index(length);
                let piece = file[from..(from + count).min(length)].to_vec();
                drop(file.splice(from..from, piece));
            }
            Edit::Insert(at, piece) => {
                let from = at.index(length);
                drop(file.splice(from..from, piece.bytes()));
            }
        }
    }
    file
}

fn repository() -> Repository {
    let mut repository = Repository::new("registry.example.test/team/app", noon());
    repository.delegate("targets/releases", &[Key::named("alice")], &[""]);
    repository.add_file(Role::releases(), noon());
    repository.tag(&Role::Targets, "1.0");
    repository
}

fn read<T: Metadata + PartialEq + std::fmt::Debug>(role: &Role, file: &[u8]) {
    let (envelope, content) = match T::open(role, file.into()) {
        Ok(read) => read,
        Err(error) => return assert!(error.to_string().len() < 1000, "{error}"),
    };
    assert!(T::unknown_members(&envelope).len() <= 65);
    let canonical = content.canonical();
    if canonical.iter().all(|byte| *byte >= 0x20) {
        let (again, reread) = T::open(role, Envelope::file(&canonical, envelope.signatures()).into()).unwrap();
        assert_eq!((reread, again.canonical()), (content, &*canonical));
    }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// A hand-over of one repository, as `rotate` writes it.
fn hand_over() -> Vec<u8> {
    let key = Key::named("bob").public();
    let (id, words) = (key.canonical_id(), trustdeck::engine::words(key.canonical_id()));
    let public = serde_json::to_string(&key).unwrap();
    let text = format!(
        r#"{{"form":"trustdeck hand-over","version":1,"about":"","made":"2026-01-01T00:00:00Z","signer":"bob","key":{public},
        "key_id":"{id}","words":"{words}","repositories":[{{"gun":"r.test/a","server":"https://r.test","root":["{id}"],
        "root_words":["{words}"],"roles":{{}},"replaces":[]}}],"commands":[]}}"#
    );
    text.into_bytes()
}

fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, file) in [("mine.key", "ec-sec1-plain.pem"), ("root_keys/x_root.key", "rsa-pkcs8-plain.pem")] {
        let content = fixture(&format!("keyfiles/{file}"));
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        tar.append_data(&mut header, name, &*content).unwrap();
    }
    tar.into_inner().unwrap()
}

const JOURNAL: &str = r#"{"version":1,"trust_dir":"/t","next":3,"entries":[],"undo":[],"redo":[],"sent":[]}"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn role_files_that_are_nearly_right_are_read_or_refused(edits in vec(edit(), 1..5)) {
        let files = repository().build();
        let file = |role: &Role| edited(files.get(role), &edits);
        read::<Root>(&Role::Root, &file(&Role::Root));
        read::<Targets>(&Role::Targets, &file(&Role::Targets));
        read::<Targets>(&Role::releases(), &file(&Role::releases()));
        read::<Snapshot>(&Role::Snapshot, &file(&Role::Snapshot));
        read::<Timestamp>(&Role::Timestamp, &file(&Role::Timestamp));
    }

    #[test]
    fn journals_and_hand_overs_that_are_nearly_right_are_read_or_refused(edits in vec(edit(), 0..4)) {
        let _ = is_journal(&edited(JOURNAL.as_bytes(), &edits));
        match HandOver::parse(&edited(&hand_over(), &edits)) {
            Ok(read) => prop_assert_eq!(HandOver::parse(&serde_json::to_vec(&read).unwrap()).unwrap(), read),
            Err(why) => prop_assert!(why.len() < 1000, "{}", why),
        }
    }

    #[test]
    fn backups_that_are_nearly_right_are_read_or_refused(edits in vec(edit(), 1..4)) {
        let set = [fixture("keyfiles/ec-sec1-dek-aes256cbc.pem"), fixture("root-certificate.pem")].concat();
        for file in [set, archive()] {
            match backup::parse(&edited(&file, &edits), None) {
                Ok(set) => prop_assert!(set.keys.len() + set.beside.len() + set.refused.len() <= 201),
                Err(error) => prop_assert!(error.to_string().len() < 1000, "{}", error),
            }
        }
    }
}

#[test]
fn what_is_not_edited_is_read() {
    assert!(is_journal(JOURNAL.as_bytes()));
    assert_eq!(HandOver::parse(&hand_over()).map(|read| read.signer.to_string()), Ok("bob".to_owned()));
    assert_eq!(backup::parse(&archive(), None).map(|set| set.keys.len()).ok(), Some(2));
}

#[test]
fn hand_overs_of_editors_and_with_logins_are_read_without_either() {
    let text = String::from_utf8(hand_over()).unwrap();
    assert_eq!(HandOver::parse(format!("\u{feff}{text}").as_bytes()), HandOver::parse(text.as_bytes()));
    let at = |server: &str| HandOver::parse(text.replace("https://r.test", server).as_bytes());
    for (server, read) in [
        ("https://user:secret@r.test:4443/a@b", "https://r.test:4443/a@b"),
        ("http://a@b@r.test", "http://r.test"),
        ("https://r.test", "https://r.test"),
    ] {
        assert_eq!(at(server).unwrap().repositories[0].server, read, "{server}");
    }
    for server in ["file:///etc/passwd", "r.test", "https://", "https://user@", "javascript://r.test"] {
        let why = at(server).unwrap_err();
        assert!(why.contains("http or https") && !why.contains("user"), "{server}: {why}");
    }
}
