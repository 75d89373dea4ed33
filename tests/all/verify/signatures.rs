//! Who signed, how old, and what the snapshot names.

use std::sync::Arc;

use serde_json::json;
use sha2::{Digest, Sha256};
use trustdeck::tuf::verify::{Pinning, Purpose, SeenRoles};
use trustdeck::tuf::{KnownSignatures, Method, Role, Standing, TrustedSet, VerifyError};

use crate::support::forge::{Files, Key, days, noon};
use crate::verify::{Edit, Spoil, check, is, role, targets, valid};

#[test]
fn too_few_signatures_of_current_keys_are_refused() {
    check(&[
        (
            "root signed by a stranger",
            |r| assert!(r.signers.insert(Role::Root, vec![Key::named("mallory")]).is_some()),
            is!(VerifyError::Threshold { role: Role::Root, signed: 0, threshold: 1, .. }),
        ),
        (
            "timestamp signed by the snapshot's key",
            |r| assert!(r.signers.insert(Role::Timestamp, vec![Key::named("snapshot")]).is_some()),
            is!(VerifyError::Threshold { role: Role::Timestamp, .. }),
        ),
        (
            "snapshot signed by a delegate",
            |r| assert!(r.signers.insert(Role::Snapshot, vec![Key::named("alice")]).is_some()),
            is!(VerifyError::Threshold { role: Role::Snapshot, .. }),
        ),
        (
            "targets signed by nobody",
            |r| assert!(r.signers.insert(Role::Targets, Vec::new()).is_some()),
            is!(VerifyError::Threshold { role: Role::Targets, .. }),
        ),
        (
            "targets changed after signing",
            |r| {
                r.file_edits.insert(Role::Targets, |f| f.replace("\"version\":1", "\"version\":2"));
            },
            is!(VerifyError::Threshold { role: Role::Targets, .. }),
        ),
        (
            "one of two needed keys",
            |r| {
                r.set_keys(Role::Targets, &[Key::named("one"), Key::named("two")], 2);
                r.signers.insert(Role::Targets, vec![Key::named("one")]);
            },
            is!(VerifyError::Threshold { role: Role::Targets, signed: 1, threshold: 2, .. }),
        ),
        (
            "one signature repeated for two needed keys",
            |r| {
                r.set_keys(Role::Targets, &[Key::named("one"), Key::named("two")], 2);
                r.signers.insert(Role::Targets, vec![Key::named("one"), Key::named("one")]);
            },
            is!(VerifyError::Threshold { role: Role::Targets, signed: 1, threshold: 2, .. }),
        ),
        (
            "one private key in two wrappings for two needed keys",
            |r| {
                let key = Key::named("one");
                let wrapped = key.certified("one", |_| {});
                r.set_keys(Role::Targets, &[key, wrapped], 2);
            },
            is!(VerifyError::Threshold { role: Role::Targets, signed: 1, threshold: 2, .. }),
        ),
        (
            "method of another kind of key",
            |r| {
                r.signature_edits.insert(Role::Targets, |all| all[0].method = Method::RsaPss);
            },
            is!(VerifyError::Threshold { role: Role::Targets, .. }),
        ),
        (
            "signature under the ID of the right key",
            |r| {
                r.signers.insert(Role::Targets, vec![Key::named("mallory")]);
                r.signature_edits.insert(Role::Targets, |all| all[0].key = Key::named("targets").public().id().clone());
            },
            is!(VerifyError::Threshold { role: Role::Targets, signed: 0, .. }),
        ),
        (
            "more keys needed than are listed",
            |r| r.set_keys(Role::Targets, &[Key::named("one")], 2),
            is!(VerifyError::Threshold { role: Role::Targets, signed: 1, threshold: 2, .. }),
        ),
    ]);
}

#[test]
fn the_same_key_in_two_wrappings_is_told_as_accepted_elsewhere() {
    let mut repository = valid();
    let key = Key::named("one");
    repository.set_keys(Role::Targets, &[key.certified("one", |_| {}), key], 2);
    let files = repository.build();
    let set = files.load(&Pinning::default(), SeenRoles::new(), Purpose::Renew, noon()).unwrap();
    let tally = &set.targets().unwrap().tally;
    assert_eq!((tally.signed.len(), tally.distinct()), (2, 1));
    assert!(tally.only_by_ids() && !tally.is_met());
}

#[test]
fn expired_base_roles_are_refused() {
    check(&[
        ("root", |r| r.root.expires = days(noon(), -1), is!(VerifyError::Expired { role: Role::Root, .. })),
        ("timestamp", |r| r.timestamp.1 = days(noon(), -1), is!(VerifyError::Expired { role: Role::Timestamp, .. })),
        ("snapshot", |r| r.snapshot.1 = days(noon(), -1), is!(VerifyError::Expired { role: Role::Snapshot, .. })),
        ("targets", |r| targets(r).expires = days(noon(), -1), is!(VerifyError::Expired { role: Role::Targets, .. })),
    ]);
}

#[test]
fn what_the_snapshot_does_not_name_is_missing() {
    check(&[
        (
            "targets",
            |r| assert!(r.unnamed.insert(Role::Targets)),
            is!(VerifyError::Missing { role: Role::Targets, parent: Role::Snapshot }),
        ),
        (
            "root",
            |r| assert!(r.unnamed.insert(Role::Root)),
            is!(VerifyError::Missing { role: Role::Root, parent: Role::Snapshot }),
        ),
    ]);
}

#[test]
fn files_of_another_moment_do_not_mix() {
    let mut later = valid();
    later.tag(&Role::Targets, "v2");
    later.tag(&role("targets/releases"), "v2");
    later.root.expires = days(later.root.expires, 1);
    let later = later.build();
    let snapshot = mixed(&later, &["snapshot"]);
    assert!(matches!(snapshot, VerifyError::Mix { role: Role::Snapshot, parent: Role::Timestamp, .. }));
    let root = mixed(&later, &["root"]);
    assert!(matches!(root, VerifyError::Mix { role: Role::Root, parent: Role::Snapshot, .. }));
    let targets = mixed(&later, &["targets"]);
    assert!(matches!(targets, VerifyError::Mix { role: Role::Targets, parent: Role::Snapshot, .. }));
    let releases = mixed(&later, &["targets/releases"]);
    assert!(matches!(releases, VerifyError::Mix { role: Role::Delegation(_), parent: Role::Snapshot, .. }));
}

/// Swaps in files of `other`, which is valid too, below files that do not name them.
fn mixed(other: &Files, roles: &[&str]) -> VerifyError {
    let mut files = valid().build();
    for text in roles {
        files.files.insert(role(text), other.get(&role(text)).to_vec());
    }
    files.verify(noon()).unwrap_err()
}

#[test]
fn every_hash_that_is_named_must_fit() {
    let edits: [(&str, Edit); 3] = [
        ("sha256", |s| cut_after(&s, "\"sha256\":\"")),
        ("sha512", |s| cut_after(&s, "\"sha512\":\"")),
        ("length", |s| s.replacen("\"length\":", "\"length\":1", 1)),
    ];
    for (what, edit) in edits {
        let mut repository = valid();
        repository.edits.insert(Role::Timestamp, edit);
        let error = repository.build().verify(noon()).unwrap_err();
        assert!(matches!(error, VerifyError::Mix { role: Role::Snapshot, .. }), "{what}: {error:?}");
    }
}

/// Replaces the four characters after `marker`, so that the digest there keeps its length.
fn cut_after(text: &str, marker: &str) -> String {
    let at = text.find(marker).unwrap() + marker.len();
    let old = &text[at..at + 4];
    let new = if old == "AAAA" { "BBBB" } else { "AAAA" };
    format!("{}{new}{}", &text[..at], &text[at + 4..])
}

#[test]
fn renewing_loads_what_is_expired_or_lost_its_keys() {
    let expired: [(&str, Spoil); 4] = [
        ("root", |r| r.root.expires = days(noon(), -1)),
        ("timestamp", |r| r.timestamp.1 = days(noon(), -1)),
        ("snapshot", |r| r.snapshot.1 = days(noon(), -1)),
        ("targets", |r| targets(r).expires = days(noon(), -1)),
    ];
    for (name, spoil) in expired {
        let mut repository = valid();
        spoil(&mut repository);
        let set = repository.build().load(&Pinning::default(), SeenRoles::new(), Purpose::Renew, noon()).unwrap();
        let standings = [
            ("root", set.root().standing),
            ("timestamp", set.timestamp().unwrap().standing),
            ("snapshot", set.snapshot().unwrap().standing),
            ("targets", set.targets().unwrap().standing),
        ];
        for (role, standing) in standings {
            let wanted = if role == name { Standing::Expired } else { Standing::Good };
            assert_eq!(standing, wanted, "{name} expired: {role}");
        }
        assert_eq!(set.delegations().len(), 3);
    }
    let mut repository = valid();
    repository.signers.insert(Role::Targets, vec![Key::named("removed")]);
    let set = repository.build().load(&Pinning::default(), SeenRoles::new(), Purpose::Renew, noon()).unwrap();
    assert_eq!(set.targets().unwrap().standing, Standing::UnderThreshold);
    assert!(!set.seen().contains_key(&Role::Targets));
    repository.signers.insert(Role::Snapshot, vec![Key::named("removed")]);
    let error = repository.build().load(&Pinning::default(), SeenRoles::new(), Purpose::Renew, noon()).unwrap_err();
    assert!(matches!(error, VerifyError::Threshold { role: Role::Snapshot, .. }));
}

/// Targets changed after signing, so that no signature on it is valid.
fn forged() -> Files {
    let mut repository = valid();
    repository.file_edits.insert(Role::Targets, |f| f.replace("\"version\":1", "\"version\":2"));
    repository.build()
}

fn load_knowing(files: &Files, known: KnownSignatures) -> Result<TrustedSet, VerifyError> {
    let root = files.get(&Role::Root);
    let set = TrustedSet::start(&files.gun, root, &Pinning::default(), SeenRoles::new(), Purpose::Trust, noon())?;
    let mut set = set.knowing(Arc::new(known));
    files.load_below_root(&mut set).map(|()| set)
}

/// What a machine would remember that once found `key`'s signature on `file` valid.
fn entry(file: &[u8], key: &Key) -> KnownSignatures {
    entry_by(1, file, key)
}

fn entry_by(verifier: u32, file: &[u8], key: &Key) -> KnownSignatures {
    let sha256 = hex::encode(Sha256::digest(file));
    let files = json!({ sha256: [key.public().id().as_str()] });
    serde_json::from_value(json!({ "verifier": verifier, "files": files })).unwrap()
}

#[test]
fn a_known_signature_counts_for_its_file_and_key_only() {
    let files = forged();
    let (targets, timestamp) = (files.get(&Role::Targets), files.get(&Role::Timestamp));
    let key = Key::named("targets");
    assert!(load_knowing(&files, entry(targets, &key)).is_ok(), "it is not verified again");
    for (why, known) in [
        ("nothing is known", KnownSignatures::default()),
        ("another file", entry(timestamp, &key)),
        ("found by another verifier", entry_by(2, targets, &key)),
        ("a key that the role does not list", entry(targets, &Key::named("mallory"))),
        ("all that the valid repository taught", valid().build().verify(noon()).unwrap().signatures()),
    ] {
        let refused = load_knowing(&files, known);
        assert!(matches!(refused, Err(VerifyError::Threshold { role: Role::Targets, .. })), "{why}");
    }
}

#[test]
fn what_is_known_is_reported_as_if_it_were_verified_and_judged_by_time_as_ever() {
    let files = valid().build();
    let first = files.verify(noon()).unwrap();
    let again = load_knowing(&files, first.signatures()).unwrap();
    assert_eq!(again.targets().unwrap().tally, first.targets().unwrap().tally);
    assert_eq!(again.signatures(), first.signatures());
    let mut old = valid();
    old.content.get_mut(&Role::Targets).unwrap().expires = days(noon(), -1);
    let old = old.build();
    let known = old.load(&Pinning::default(), SeenRoles::new(), Purpose::Renew, noon()).unwrap().signatures();
    assert!(matches!(load_knowing(&old, known), Err(VerifyError::Expired { role: Role::Targets, .. })));
}
