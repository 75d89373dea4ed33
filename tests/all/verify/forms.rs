//! Files of another form than the role demands, and what is kept of those that are accepted.

use trustdeck::tuf::{Metadata, Role, Root, Targets, VerifyError};

use crate::support::forge::{Key, Repository, noon};
use crate::verify::{check, edit, is, name, role, targets, valid};

#[test]
fn files_of_another_form_are_refused() {
    check(&[
        (
            "type in lower case",
            |r| edit(r, Role::Targets, |s| s.replacen("\"Targets\"", "\"targets\"", 1)),
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "snapshot in the place of targets",
            |r| edit(r, Role::Targets, |s| s.replacen("\"Targets\"", "\"Snapshot\"", 1)),
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        ("version 0", |r| targets(r).version = 0, is!(VerifyError::Format { role: Role::Targets, .. })),
        (
            "negative version",
            |r| edit(r, Role::Timestamp, |s| s.replace("\"version\":1", "\"version\":-1")),
            is!(VerifyError::Format { role: Role::Timestamp, .. }),
        ),
        (
            "fraction as version",
            |r| edit(r, Role::Timestamp, |s| s.replace("\"version\":1", "\"version\":1.5")),
            is!(VerifyError::Format { role: Role::Timestamp, .. }),
        ),
        (
            "version as text",
            |r| edit(r, Role::Root, |s| s.replace("\"version\":1", "\"version\":\"1\"")),
            is!(VerifyError::Format { role: Role::Root, .. }),
        ),
        (
            "no expiry",
            |r| edit(r, Role::Snapshot, |s| s.replace("\"expires\"", "\"expired\"")),
            is!(VerifyError::Format { role: Role::Snapshot, .. }),
        ),
        (
            "expiry that is no time",
            |r| edit(r, Role::Snapshot, |s| s.replace("\"expires\":\"20", "\"expires\":\"x")),
            is!(VerifyError::Format { role: Role::Snapshot, .. }),
        ),
        (
            "threshold 0 in root",
            |r| r.root.roles.get_mut("targets").unwrap().threshold = 0,
            is!(VerifyError::Format { role: Role::Root, .. }),
        ),
        (
            "negative threshold in root",
            |r| edit(r, Role::Root, |s| s.replace("\"threshold\":1", "\"threshold\":-1")),
            is!(VerifyError::Format { role: Role::Root, .. }),
        ),
        (
            "threshold 0 in a delegation",
            |r| targets(r).delegations.as_mut().unwrap()[0].threshold = 0,
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "root without the snapshot role",
            |r| assert!(r.root.roles.remove("snapshot").is_some()),
            is!(VerifyError::Format { role: Role::Root, .. }),
        ),
        (
            "key ID without a key",
            |r| targets(r).delegation_keys.clear(),
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "key listed twice",
            |r| {
                let ids = &mut targets(r).delegations.as_mut().unwrap()[0].key_ids;
                let again = ids.as_ref().unwrap()[0].clone();
                ids.as_mut().unwrap().push(again);
            },
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "key under the ID of another",
            |r| {
                let keys = &mut targets(r).delegation_keys;
                keys.insert(Key::named("alice").public().id().clone(), Key::named("mallory").public());
            },
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "delegation that is no direct child",
            |r| targets(r).delegations.as_mut().unwrap()[0].name = name("targets/alice/below"),
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "delegation of a stranger's child",
            |r| {
                let alice = r.content.get_mut(&role("targets/alice")).unwrap();
                alice.delegations.as_mut().unwrap()[0].name = name("targets/bob/ci");
            },
            is!(VerifyError::Format { role: Role::Delegation(_), .. }),
        ),
        (
            "delegation listed twice",
            |r| {
                let listed = targets(r).delegations.as_mut().unwrap();
                let again = listed[0].clone();
                listed.push(again);
            },
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "delegation whose name leaves its directory",
            |r| edit(r, Role::Targets, |s| s.replace("targets/unused", "targets/../root")),
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "snapshot that names no role",
            |r| edit(r, Role::Snapshot, |s| s.replace("\"targets/alice/ci\"", "\"targets/Alice\"")),
            is!(VerifyError::Format { role: Role::Snapshot, .. }),
        ),
        (
            "hash that is not base64",
            |r| edit(r, Role::Timestamp, |s| s.replace("=\",\"sha512\"", "\",\"sha512\"")),
            is!(VerifyError::Format { role: Role::Timestamp, .. }),
        ),
        (
            "hashes of unknown kinds only",
            |r| edit(r, Role::Timestamp, |s| s.replace("\"sha256\"", "\"md4\"").replace("\"sha512\"", "\"md5\"")),
            is!(VerifyError::Format { role: Role::Timestamp, .. }),
        ),
    ]);
}

#[test]
fn files_that_parsers_disagree_about_are_refused() {
    check(&[
        (
            "two members of one name",
            |r| {
                r.file_edits.insert(Role::Targets, |f| f.replacen("{\"_type\"", "{\"version\":9,\"_type\"", 1));
            },
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "two signed parts",
            |r| {
                r.file_edits.insert(Role::Targets, |f| f.replacen("{\"signed\"", "{\"signed\":{},\"signed\"", 1));
            },
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "signed part in other case",
            |r| {
                r.file_edits.insert(Role::Targets, |f| f.replacen("{\"signed\"", "{\"Signed\":{},\"signed\"", 1));
            },
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "member of signed in other case",
            |r| edit(r, Role::Targets, |s| s.replacen("{\"_type\"", "{\"Targets\":{},\"_type\"", 1)),
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "paths in other case, where there are none",
            |r| {
                edit(r, Role::Targets, |s| {
                    s.replacen("\"paths\":[\"\"],\"threshold\"", "\"Paths\":[\"\"],\"threshold\"", 1)
                });
            },
            is!(VerifyError::Format { role: Role::Targets, .. }),
        ),
        (
            "member spelled with the Kelvin sign",
            |r| edit(r, Role::Root, |s| s.replacen("{\"_type\"", "{\"\u{212A}eys\":{},\"_type\"", 1)),
            is!(VerifyError::Format { role: Role::Root, .. }),
        ),
        (
            "bytes after the file",
            |r| {
                r.file_edits.insert(Role::Timestamp, |f| f + "{}");
            },
            is!(VerifyError::Format { role: Role::Timestamp, .. }),
        ),
        (
            "integer that Notary would round",
            |r| edit(r, Role::Timestamp, |s| s.replace("\"version\":1", "\"version\":9007199254740993")),
            is!(VerifyError::Format { role: Role::Timestamp, .. }),
        ),
        (
            "no signatures member",
            |r| {
                r.file_edits.insert(Role::Timestamp, |f| f.replace("\"signatures\"", "\"signature\""));
            },
            is!(VerifyError::Format { role: Role::Timestamp, .. }),
        ),
    ]);
}

#[test]
fn files_over_a_limit_are_refused() {
    check(&[
        (
            "65 signatures",
            |r| {
                r.signature_edits.insert(Role::Timestamp, |all| {
                    let first = all[0].clone();
                    all.resize(65, first);
                });
            },
            is!(VerifyError::Limit { role: Role::Timestamp, .. }),
        ),
        (
            "nested too deeply",
            |r| {
                edit(r, Role::Timestamp, |s| {
                    let deep = format!("{{\"a\":{}{},\"_type\"", "[".repeat(63), "]".repeat(63));
                    s.replacen("{\"_type\"", &deep, 1)
                });
            },
            is!(VerifyError::Limit { role: Role::Timestamp, .. }),
        ),
    ]);
}

#[test]
fn files_that_hold_more_than_notary_knows_are_read_and_what_they_hold_is_named() {
    let mut repository = valid();
    repository.edits.insert(Role::Targets, |s| {
        let signed = s.replacen("\"version\":1", "\"version\":1,\"x_note\":{\"a\":[1]}", 1);
        signed.replacen("\"threshold\":1}", "\"threshold\":1,\"x_terminating\":true}", 1)
    });
    repository.file_edits.insert(Role::Targets, |f| f.replacen("{\"signed\"", "{\"comment\":\"\",\"signed\"", 1));
    let set = repository.build().verify(noon()).unwrap();
    let targets = set.targets().unwrap();
    assert_eq!(
        Targets::unknown_members(&targets.envelope),
        ["delegations.roles[0].x_terminating", "x_note", "comment"]
    );
    assert_eq!(Root::unknown_members(&set.root().envelope), Vec::<String>::new());
    // Null and absence differ for Notary, so they are kept apart.
    let mut repository = valid();
    targets_without_delegations(&mut repository);
    let set = repository.build().verify(noon()).unwrap();
    let targets = set.targets().unwrap();
    assert_eq!(targets.content.delegations, None);
    assert_eq!(targets.content.canonical(), targets.envelope.canonical());
}

fn targets_without_delegations(repository: &mut Repository) {
    targets(repository).delegations = None;
    targets(repository).delegation_keys.clear();
    repository.content.retain(|role, _| *role == Role::Targets);
}

#[test]
fn received_bytes_are_kept_whatever_their_form() {
    let mut repository = valid();
    repository.tag(&Role::Targets, "odd <name> & \"quote\" \\ back \u{e9} \u{2028}");
    // Not as Notary writes it, but the same content: signatures hold, hashes are over what was received.
    repository.file_edits.insert(role("targets/releases"), |f| f.replace("\":", "\" :\n"));
    let files = repository.build();
    let set = files.verify(noon()).unwrap();
    let releases = &set.delegations()[&name("targets/releases")].envelope;
    assert_eq!(releases.bytes().as_ref(), files.get(&role("targets/releases")));
    assert!(!releases.canonical().contains(&b'\n'));
    let odd = set.targets().unwrap();
    assert_eq!(odd.content.canonical(), odd.envelope.canonical());
    assert!(odd.envelope.bytes().windows(6).any(|w| w == b"\\u003c"));
}

#[test]
fn errors_do_not_repeat_what_was_received() {
    let secret = "c0ffee-c0ffee";
    let mut repository = valid();
    repository.edits.insert(Role::Timestamp, |s| s.replace("\"version\":1", "\"version\":\"c0ffee-c0ffee\""));
    let error = repository.build().verify(noon()).unwrap_err();
    assert!(!error.to_string().contains(secret), "{error}");
    let mut repository = valid();
    repository.edits.insert(Role::Targets, |s| s.replace("targets/unused", "targets/c0ffee-c0ffee, expected X"));
    let error = repository.build().verify(noon()).unwrap_err();
    assert!(!error.to_string().contains(secret), "{error}");
}
