//! Roots: certificates, the walk from version to version, and pins.

use trustdeck::engine::{EngineError, Kind};
use trustdeck::tuf::verify::{Pinning, Purpose, Seen, SeenRoles};
use trustdeck::tuf::{Gun, PublicKey, Role, TrustedSet, VerifyError};

use crate::support::forge::{Files, Key, Repository, authority, days, go_pem, noon};
use crate::verify::{GUN, check, is, valid};

#[test]
fn roots_without_a_usable_certificate_are_refused() {
    fn with_root(repository: &mut Repository, key: Key) {
        repository.set_keys(Role::Root, &[key], 1);
    }
    check(&[
        ("bare key", |r| with_root(r, Key::named("root")), is!(VerifyError::RootCertificate { .. })),
        (
            "certificate for another repository",
            |r| with_root(r, Key::named("root").certified("registry.example.test/other", |_| {})),
            is!(VerifyError::RootCertificate { .. }),
        ),
        (
            "certificate for a longer name",
            |r| with_root(r, Key::named("root").certified("registry.example.test/team/app2", |_| {})),
            is!(VerifyError::RootCertificate { .. }),
        ),
        (
            "certificate for a shorter name, without a star",
            |r| with_root(r, Key::named("root").certified("registry.example.test/team", |_| {})),
            is!(VerifyError::RootCertificate { .. }),
        ),
        (
            "star that does not match",
            |r| with_root(r, Key::named("root").certified("registry.example.test/tea/*", |_| {})),
            is!(VerifyError::RootCertificate { .. }),
        ),
        (
            "leaf that is an authority",
            |r| {
                let ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
                with_root(r, Key::named("root").certified(GUN, |params| params.is_ca = ca));
            },
            is!(VerifyError::RootCertificate { .. }),
        ),
        (
            "expired certificate",
            |r| {
                let past = rcgen::date_time_ymd(2026, 6, 14);
                with_root(r, Key::named("root").certified(GUN, |params| params.not_after = past));
            },
            is!(VerifyError::RootCertificate { .. }),
        ),
        (
            "certificate of the day after tomorrow",
            |r| {
                let future = rcgen::date_time_ymd(2026, 6, 17);
                with_root(r, Key::named("root").certified(GUN, |params| params.not_before = future));
            },
            is!(VerifyError::RootNotYet { .. }),
        ),
        (
            "PEM with one newline too many",
            |r| {
                let key = Key::named("root").certified(GUN, |_| {});
                let pem = String::from_utf8(key.public().public().to_vec()).unwrap() + "\n";
                with_root(r, key.wrapped(&pem));
            },
            is!(VerifyError::RootCertificate { .. }),
        ),
        (
            "two leaves",
            |r| {
                let key = Key::named("root").certified(GUN, |_| {});
                let pem = String::from_utf8(key.public().public().to_vec()).unwrap();
                with_root(r, key.wrapped(&pem.repeat(2)));
            },
            is!(VerifyError::RootCertificate { .. }),
        ),
    ]);
}

#[test]
fn roots_with_a_star_that_matches_are_taken() {
    let mut repository = valid();
    let key = Key::named("root").certified("registry.example.test/team/*", |_| {});
    repository.set_keys(Role::Root, &[key], 1);
    repository.build().verify(noon()).unwrap();
}

#[test]
fn root_moves_by_one_version_with_the_signatures_of_both_sides() {
    let first = valid();
    let old = first.signers[&Role::Root][0].clone();
    let new = Key::named("new root").certified(GUN, |_| {});
    let second = next_root(&first, &[&new], &[&old, &new]);
    let mut set = start(&first);
    set.update_root(second.build().get(&Role::Root)).unwrap();
    set.finish_root().unwrap();
    second.build().load_below_root(&mut set).unwrap();
    assert_eq!(set.root().content.version, 2);
    assert_eq!(set.seen()[&Role::Root].version, 2);

    // The old files name the old root.
    let error = first.build().load_below_root(&mut set).unwrap_err();
    assert!(matches!(error, VerifyError::Mix { role: Role::Root, .. }));

    let by_old = next_root(&first, &[&new], &[&old]).build();
    let error = start(&first).update_root(by_old.get(&Role::Root)).unwrap_err();
    assert!(matches!(error, VerifyError::Threshold { role: Role::Root, .. }), "{error:?}");

    let by_new = next_root(&first, &[&new], &[&new]).build();
    let error = start(&first).update_root(by_new.get(&Role::Root)).unwrap_err();
    assert_eq!(error, VerifyError::RootChain { trusted: 1, got: 2 });

    for version in [1, 3] {
        let mut skipping = next_root(&first, &[&new], &[&old, &new]);
        skipping.root.version = version;
        let error = start(&first).update_root(skipping.build().get(&Role::Root)).unwrap_err();
        assert_eq!(error, VerifyError::RootStep { trusted: 1, got: version });
    }

    let foreign = Key::named("new root").certified("registry.example.test/other", |_| {});
    let foreign = next_root(&first, &[&foreign], &[&old, &foreign]).build();
    let error = start(&first).update_root(foreign.get(&Role::Root)).unwrap_err();
    assert!(matches!(error, VerifyError::RootCertificate { .. }));
}

/// A root that follows `before`, signed by `signers`.
fn next_root(before: &Repository, keys: &[&Key], signers: &[&Key]) -> Repository {
    let mut next = before.clone();
    next.root.version += 1;
    next.set_keys(Role::Root, &keys.iter().copied().cloned().collect::<Vec<_>>(), 1);
    next.signers.insert(Role::Root, signers.iter().copied().cloned().collect());
    next
}

fn start(repository: &Repository) -> TrustedSet {
    let files = repository.build();
    let root = files.get(&Role::Root);
    TrustedSet::start(&files.gun, root, &Pinning::default(), SeenRoles::new(), Purpose::Trust, noon()).unwrap()
}

#[test]
fn only_a_root_that_replaces_the_servers_keys_ends_what_was_seen_of_them() {
    let first = valid();
    let root = first.signers[&Role::Root][0].clone();
    let set_of = |repository: &Repository| {
        let files = first.build();
        let seen = |version: u64| Seen { version, sha256: String::new() };
        let marks = [Role::Timestamp, Role::Snapshot, Role::Targets].map(|role| (role, seen(1 << 40)));
        let marks = SeenRoles::from(marks);
        let root = files.get(&Role::Root);
        let set = TrustedSet::start(&files.gun, root, &Pinning::default(), marks, Purpose::Trust, noon());
        let mut set = set.unwrap();
        set.update_root(repository.build().get(&Role::Root)).unwrap();
        set.seen().into_keys().filter(|role| *role != Role::Root).collect::<Vec<_>>()
    };
    let all = [Role::Targets, Role::Snapshot, Role::Timestamp];
    assert_eq!(set_of(&next_root(&first, &[&root], &[&root])), all);
    let old = |role: &Role| first.signers[role][0].clone();
    let with = |role: Role, keys: &[Key], threshold| {
        let mut next = next_root(&first, &[&root], &[&root]);
        next.set_keys(role, keys, threshold);
        set_of(&next)
    };
    let new = Key::named("new");
    assert_eq!(with(Role::Targets, std::slice::from_ref(&new), 1), all, "targets keys are not the server's");
    assert_eq!(with(Role::Timestamp, &[old(&Role::Timestamp), new.clone()], 1), all, "the old key still counts");
    for role in [Role::Timestamp, Role::Snapshot] {
        assert_eq!(with(role.clone(), std::slice::from_ref(&new), 1), [Role::Targets]);
        assert_eq!(with(role.clone(), &[old(&role), new.clone()], 2), [Role::Targets], "it no longer counts alone");
    }
}

#[test]
fn an_expired_root_is_a_step_to_its_successor() {
    let mut first = valid();
    first.root.expires = days(noon(), -1);
    let root = first.signers[&Role::Root][0].clone();
    let mut second = next_root(&first, &[&root], &[&root]);
    second.root.expires = days(noon(), 100);
    let mut set = start(&first);
    assert!(matches!(set.finish_root(), Err(VerifyError::Expired { role: Role::Root, .. })));
    set.update_root(second.build().get(&Role::Root)).unwrap();
    set.finish_root().unwrap();
}

#[test]
fn a_root_that_fails_leaves_the_trusted_one_in_place() {
    let first = valid();
    let mallory = Key::named("mallory").certified(GUN, |_| {});
    let forged = next_root(&first, &[&mallory], &[&mallory]).build();
    let mut set = start(&first);
    set.update_root(forged.get(&Role::Root)).unwrap_err();
    assert_eq!(set.root().content.version, 1);
    first.build().load_below_root(&mut set).unwrap();
}

#[test]
fn pins_by_certificate_decide_by_the_exact_name_then_the_longest_prefix() {
    let repository = valid();
    let files = repository.build();
    let (right, wrong) = (repository.signers[&Role::Root][0].public(), Key::named("other").public());
    let accepted = [
        certs(&[(GUN, &right)]),
        certs(&[("registry.example.test/*", &right)]),
        certs(&[(GUN, &right), ("registry.example.test/*", &wrong)]),
        certs(&[("registry.example.test/*", &wrong), ("registry.example.test/team/*", &right)]),
        certs(&[("registry.example.test/other", &wrong)]),
    ];
    for pinning in accepted {
        assert!(pinned(&files, &pinning).is_ok(), "{pinning:?}");
    }
    let bare = Key::named("root").public();
    let ids = |ids: &[&str]| {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Pinning { certs: [(GUN.to_owned(), ids)].into(), ..Pinning::default() }
    };
    let refused = [
        (certs(&[(GUN, &wrong)]), false),
        (certs(&[("registry.example.test/*", &wrong)]), false),
        (certs(&[(GUN, &wrong), ("registry.example.test/*", &right)]), false),
        (ids(&["sha256", wrong.id().as_str()]), false),
        // The ID of the bare key is not that of the certificate.
        (certs(&[(GUN, &bare)]), true),
        (ids(&[]), true),
        (ids(&["sha256", "aa:bb"]), true),
    ];
    for (pinning, of_file) in refused {
        let fault = pinned(&files, &pinning).unwrap_err();
        assert_eq!(is_of_file(&fault), of_file, "{pinning:?}");
        // One that came after the root was trusted is noticed.
        let late = start(&repository).check_pins(&pinning).unwrap_err();
        assert_eq!(is_of_file(&late), of_file, "{pinning:?}");
    }
    let Err(VerifyError::PinEntry { why, .. }) = pinned(&files, &certs(&[(GUN, &bare)])) else {
        panic!("it is refused")
    };
    assert!(why.contains(bare.id().as_str()) && why.contains(right.id().as_str()), "both IDs are told: {why}");
    let other = Pinning { disable_tofu: true, ..certs(&[("other.test/*", &wrong)]) };
    start(&repository).check_pins(&other).unwrap();
}

#[test]
fn without_trust_on_first_use_something_must_be_pinned() {
    let repository = valid();
    let files = repository.build();
    let strict = Pinning { disable_tofu: true, ..Pinning::default() };
    assert!(is_of_file(&pinned(&files, &strict).unwrap_err()));
    let right = repository.signers[&Role::Root][0].public();
    assert!(pinned(&files, &Pinning { disable_tofu: true, ..certs(&[(GUN, &right)]) }).is_ok());
}

#[test]
fn pins_by_authority_follow_the_chain_of_the_root_certificate() {
    let (ours, theirs) = (authority("our authority"), authority("their authority"));
    let ca = |prefix: &str, pem: String| Pinning { ca: [(prefix.to_owned(), Ok(pem))].into(), ..Pinning::default() };
    let issued = |change: fn(&mut rcgen::CertificateParams)| {
        let mut repository = valid();
        repository.set_keys(Role::Root, &[Key::named("root").issued(GUN, &ours, change)], 1);
        repository.build()
    };
    let any_use = issued(|params| params.extended_key_usages.clear());
    let ours_pem = go_pem(ours.as_ref().der());
    let theirs_pem = go_pem(theirs.as_ref().der());
    assert!(pinned(&any_use, &ca("registry.example.test/", ours_pem.clone())).is_ok());
    assert!(pinned(&any_use, &ca("registry.example.test/", format!("{theirs_pem}{ours_pem}"))).is_ok());
    assert!(pinned(&any_use, &ca("registry.example.test/other", theirs_pem.clone())).is_ok());
    let refused = [
        (&any_use, ca("registry.example.test/", theirs_pem), false),
        (&any_use, ca("registry.example.test/", "no certificate".to_owned()), true),
        (&any_use, ca("registry.example.test/", go_pem(b"no certificate")), true),
        // Notary asks for server authentication, so that its own certificates never match.
        (&issued(|_| {}), ca("registry.example.test/", ours_pem.clone()), false),
        (&valid().build(), ca("registry.example.test/", ours_pem), false),
    ];
    for (files, pinning, of_file) in refused {
        assert_eq!(is_of_file(&pinned(files, &pinning).unwrap_err()), of_file, "{pinning:?}");
    }
    let missing =
        Pinning { ca: [(GUN.to_owned(), Err("there is no such file".to_owned()))].into(), ..Pinning::default() };
    assert!(is_of_file(&pinned(&any_use, &missing).unwrap_err()));
}

/// Whether the file of pins is said to be at fault, and not the root: only one of both may be called an attack.
fn is_of_file(fault: &VerifyError) -> bool {
    let of_file = match fault {
        VerifyError::PinEntry { .. } => true,
        VerifyError::Pin { .. } => false,
        other => panic!("{other}"),
    };
    let error = EngineError::Verify { gun: Gun::parse(GUN).unwrap(), source: fault.clone() };
    assert_eq!(error.hint().contains("mend trust_pinning in "), of_file, "{}", error.hint());
    assert_eq!(error.hint().contains("attack"), !of_file, "{}", error.hint());
    assert_eq!(error.kind(), Kind::Pin);
    of_file
}

fn pinned(files: &Files, pinning: &Pinning) -> Result<TrustedSet, VerifyError> {
    files.load(pinning, SeenRoles::new(), Purpose::Trust, noon())
}

fn certs(entries: &[(&str, &PublicKey)]) -> Pinning {
    let certs = entries.iter().map(|(gun, key)| ((*gun).to_owned(), vec![key.id().to_string()])).collect();
    Pinning { certs, ..Pinning::default() }
}
