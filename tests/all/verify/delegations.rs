//! Delegations: set aside with what is below them, or never reached.

use trustdeck::tuf::verify::{DELEGATIONS, Pinning, Purpose, SeenRoles, SetAside};
use trustdeck::tuf::{DelegationName, Role, Standing, Targets, TrustedSet, VerifyError};

use crate::support::forge::{Key, Repository, days, noon};
use crate::verify::{GUN, Spoil, name, role, targets, valid};

#[test]
fn a_delegation_with_a_stale_file_is_set_aside_and_the_rest_is_trusted() {
    let spoils: [(&str, Spoil, Standing); 2] = [
        (
            "expired",
            |r| r.content.get_mut(&role("targets/alice")).unwrap().expires = days(noon(), -1),
            Standing::Expired,
        ),
        (
            "signed by a removed key",
            |r| assert!(r.signers.insert(role("targets/alice"), vec![Key::named("removed")]).is_some()),
            Standing::UnderThreshold,
        ),
    ];
    for (what, spoil, standing) in spoils {
        for purpose in [Purpose::Trust, Purpose::Renew] {
            let mut repository = valid();
            spoil(&mut repository);
            let set = repository.build().load(&Pinning::default(), SeenRoles::new(), purpose, noon()).unwrap();
            let alice = &set.delegations()[&name("targets/alice")];
            assert_eq!(alice.standing, standing, "{what}");
            assert!(alice.content.targets.len() == 1, "{what}: its content can be renewed");
            assert!(matches!(set.aside()[&name("targets/alice")], SetAside::Invalid(_)), "{what}");
            assert!(!set.delegations().contains_key(&name("targets/alice/ci")), "{what}: nothing below it counts");
            assert_eq!(set.role_keys(&role("targets/alice/ci")), None);
            assert_eq!(set.delegations()[&name("targets/releases")].standing, Standing::Good);
            assert_eq!(set.seen().contains_key(&role("targets/alice")), standing == Standing::Expired);
        }
    }
}

#[test]
fn nothing_below_a_delegation_that_is_set_aside_can_be_loaded() {
    let mut repository = valid();
    repository.signers.insert(role("targets/alice"), vec![Key::named("removed")]);
    let files = repository.build();
    let mut set = files.verify(noon()).unwrap();
    let error = set.update_delegation(&name("targets/alice/ci"), files.get(&role("targets/alice/ci"))).unwrap_err();
    assert!(matches!(error, VerifyError::Missing { role: Role::Delegation(_), .. }));
}

#[test]
fn a_delegation_that_nobody_lists_cannot_be_loaded() {
    let mut repository = valid();
    let stray = repository.delegate("targets/stray", &[Key::named("stray")], &[""]);
    repository.add_file(stray.clone(), noon());
    targets(&mut repository).delegations.as_mut().unwrap().retain(|d| d.name != name("targets/stray"));
    let files = repository.build();
    let mut set = files.verify(noon()).unwrap();
    let error = set.update_delegation(&name("targets/stray"), files.get(&stray)).unwrap_err();
    assert!(matches!(error, VerifyError::Missing { parent: Role::Targets, .. }));
}

#[test]
fn more_delegations_than_the_limit_are_set_aside_and_told() {
    let mut repository = Repository::new(GUN, noon());
    let key = Key::named("many");
    for n in 0..1026 {
        let role = repository.delegate(&format!("targets/d{n:04}"), std::slice::from_ref(&key), &[""]);
        repository.content.insert(role, Targets { version: 1, expires: days(noon(), 9), ..Targets::empty() });
    }
    let files = repository.build();
    let root = files.get(&Role::Root);
    let (pinning, purpose) = (Pinning::default(), Purpose::Trust);
    let mut set = TrustedSet::start(&files.gun, root, &pinning, SeenRoles::new(), purpose, noon()).unwrap();
    set.update_timestamp(files.get(&Role::Timestamp)).unwrap();
    set.update_snapshot(files.get(&Role::Snapshot)).unwrap();
    set.update_targets(files.get(&Role::Targets)).unwrap();
    assert_eq!(set.pending().len(), 1024);
    let limited = |aside: &SetAside| matches!(aside, SetAside::Invalid(VerifyError::Limit { .. }));
    assert_eq!(set.aside().values().filter(|aside| limited(aside)).count(), 2);
}

#[test]
fn delegations_deeper_than_the_limit_are_set_aside_and_told() {
    let mut repository = Repository::new(GUN, noon());
    let mut path = "targets".to_owned();
    for _ in 0..34 {
        path.push_str("/d");
        let role = repository.delegate(&path, &[Key::named("deep")], &[""]);
        repository.add_file(role, noon());
    }
    let set = repository.build().verify(noon()).unwrap();
    assert_eq!(set.delegations().len(), 32);
    let (name, aside) = set.aside().first_key_value().unwrap();
    assert_eq!(name.depth(), 33);
    assert!(matches!(aside, SetAside::Invalid(VerifyError::Limit { .. })));
}

#[test]
fn what_pulls_look_at_is_read_before_all_others() {
    let mut repository = Repository::new(GUN, noon());
    let many = Key::named("many");
    let others = (0..DELEGATIONS + 3).map(|n| format!("targets/s{n}"));
    for name in others.chain(["targets/releases".to_owned()]) {
        let role = repository.delegate(&name, std::slice::from_ref(&many), &[""]);
        repository.add_file(role, noon());
    }
    let set = repository.build().verify(noon()).unwrap();
    assert!(set.delegations().contains_key(&DelegationName::releases()));
    assert_eq!((set.delegations().len(), set.aside().len()), (DELEGATIONS, 4));
}
