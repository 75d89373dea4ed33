//! What a machine remembers, and files that contradict it.

use trustdeck::tuf::verify::{Pinning, Purpose, Seen, SeenRoles, SetAside};
use trustdeck::tuf::{FileMeta, Role, Target, TargetName, TrustedSet, VerifyError};

use crate::support::forge::{Files, Repository, days, noon};
use crate::verify::{Spoil, name, role, targets, valid};

/// What a machine has seen that loaded `files` once.
fn memory(files: &Files) -> SeenRoles {
    files.verify(noon()).unwrap().seen()
}

fn remembering(files: &Files, seen: &SeenRoles) -> Result<TrustedSet, VerifyError> {
    files.load(&Pinning::default(), seen.clone(), Purpose::Trust, noon())
}

/// Every role's file at version 5; tags make the files big.
fn advanced(tags: usize) -> Repository {
    let mut repository = valid();
    repository.snapshot.0 = 5;
    repository.timestamp.0 = 5;
    repository.root.version = 5;
    for (role, content) in &mut repository.content {
        content.version = 5;
        for n in 0..tags {
            let target = Target::image([7; 32], 1);
            content.targets.insert(TargetName::received(format!("{role}-{n}")), target);
        }
    }
    repository
}

#[test]
fn going_back_from_a_stored_state_is_refused_for_every_role() {
    // The stored files are much bigger than the old ones that are offered.
    let seen = memory(&advanced(2000).build());
    assert_eq!(seen.len(), 7);
    let rows: [(&str, Spoil); 7] = [
        ("root", |r| r.root.version = 4),
        ("timestamp", |r| r.timestamp.0 = 4),
        ("snapshot", |r| r.snapshot.0 = 4),
        ("targets", |r| targets(r).version = 4),
        ("targets/alice", |r| r.content.get_mut(&role("targets/alice")).unwrap().version = 4),
        ("targets/releases", |r| r.content.get_mut(&role("targets/releases")).unwrap().version = 4),
        ("targets/alice/ci", |r| r.content.get_mut(&role("targets/alice/ci")).unwrap().version = 4),
    ];
    for (back, spoil) in rows {
        let mut repository = advanced(0);
        // All others move on, so that only this one goes back.
        repository.root.version = 6;
        (repository.timestamp.0, repository.snapshot.0) = (6, 6);
        repository.content.values_mut().for_each(|content| content.version = 6);
        assert!(remembering(&repository.build(), &seen).is_ok());
        spoil(&mut repository);
        let error = remembering(&repository.build(), &seen).unwrap_err();
        let VerifyError::Rollback { role, seen: 5, got: 4 } = error else { panic!("{back}: {error:?}") };
        assert_eq!(role.as_str(), back);
    }
}

#[test]
fn other_bytes_under_a_known_version_are_refused_for_every_role() {
    let seen = memory(&advanced(0).build());
    for changed in ["root", "timestamp", "snapshot", "targets", "targets/alice", "targets/alice/ci"] {
        let changed = role(changed);
        let mut repository = advanced(0);
        repository.root.version = 6;
        (repository.timestamp.0, repository.snapshot.0) = (6, 6);
        repository.content.values_mut().for_each(|content| content.version = 6);
        match &changed {
            Role::Root => (repository.root.version, repository.root.expires) = (5, days(noon(), 9)),
            Role::Timestamp => repository.timestamp = (5, days(noon(), 9)),
            Role::Snapshot => repository.snapshot = (5, days(noon(), 9)),
            other => {
                let content = repository.content.get_mut(other).unwrap();
                (content.version, content.expires) = (5, days(noon(), 9));
            }
        }
        let error = remembering(&repository.build(), &seen).unwrap_err();
        let VerifyError::Equivocation { role, version: 5 } = &error else { panic!("{changed}: {error:?}") };
        assert_eq!(*role, changed);
    }
}

#[test]
fn seeing_the_same_again_is_fine_and_marks_only_rise() {
    let files = advanced(0).build();
    let seen = memory(&files);
    assert_eq!(remembering(&files, &seen).unwrap().seen(), seen);
    assert_eq!(seen[&Role::Targets].version, 5);
}

#[test]
fn a_mark_is_the_hash_of_the_file() {
    let files = valid().build();
    let set = files.verify(noon()).unwrap();
    let mark = &set.seen()[&Role::Targets];
    let sha256 = FileMeta::of(files.get(&Role::Targets)).sha256().unwrap();
    assert_eq!(*mark, Seen { version: 1, sha256 });
}

#[test]
fn a_mark_goes_once_a_trusted_file_drops_the_delegation() {
    let mut repository = valid();
    let seen = memory(&repository.build());
    assert!(seen.contains_key(&role("targets/alice")));
    let listed = targets(&mut repository);
    listed.delegations.as_mut().unwrap().retain(|d| d.name != name("targets/alice"));
    listed.version = 2;
    (repository.timestamp.0, repository.snapshot.0) = (2, 2);
    let seen = remembering(&repository.build(), &seen).unwrap().seen();
    assert!(!seen.contains_key(&role("targets/alice")));
    assert!(!seen.contains_key(&role("targets/alice/ci")));
    assert!(seen.contains_key(&role("targets/releases")));
}

#[test]
fn a_delegation_that_the_snapshot_no_longer_names_is_hidden() {
    let mut repository = valid();
    let seen = memory(&repository.build());
    repository.unnamed.insert(role("targets/releases"));
    (repository.timestamp.0, repository.snapshot.0) = (2, 2);
    let files = repository.build();
    let set = remembering(&files, &seen).unwrap();
    assert_eq!(set.aside().get(&name("targets/releases")), Some(&SetAside::Hidden));
    assert!(set.seen().contains_key(&role("targets/releases")));
    // Whoever never saw it cannot know.
    assert!(files.verify(noon()).unwrap().aside().is_empty());
}
