//! Whatever is staged: what is planned is what a fresh client sees after the upload.

use proptest::prelude::*;
use trustdeck::engine::draft::pulled::pulled;
use trustdeck::engine::draft::{Draft, Ground};
use trustdeck::engine::{Change, EngineError};
use trustdeck::tuf::verify::{Pinning, Purpose, SeenRoles};
use trustdeck::tuf::{SignerName, Standing};

use super::support::forge::Key;
use super::support::machine::{add_signer, canonical, delegation, remove_signer, revoke, sign, sign_into, witness};
use super::world::World;

fn any_change() -> impl Strategy<Value = Change> {
    let signer = || prop::sample::select(vec!["alice", "ben", "carol", "dave"]);
    let tag = || prop::sample::select(vec!["1.0", "1.1", "2.0", "odd <tag> & \"é\""]);
    let name = || prop::sample::select(vec!["targets/ci", "targets/ci/nightly", "targets/releases", "targets/ben"]);
    let path = prop::sample::select(vec!["", "1", "2."]);
    let key = |holder: &str| Key::named(holder).public();
    prop_oneof![
        (signer(), signer()).prop_map(move |(name, holder)| add_signer(name, &[key(holder)])),
        signer().prop_map(remove_signer),
        (signer(), signer()).prop_map(move |(name, holder)| Change::RemoveSignerKey {
            name: SignerName::parse(name).unwrap(),
            key: canonical(&key(holder)),
        }),
        (name(), signer(), path).prop_map(move |(name, holder, path)| Change::AddDelegation {
            role: delegation(name),
            keys: vec![key(holder)],
            paths: vec![path.to_owned()],
        }),
        name().prop_map(|name| Change::RemoveDelegation { role: delegation(name) }),
        signer().prop_map(move |holder| Change::PurgeKeys { keys: vec![canonical(&key(holder))] }),
        tag().prop_map(sign),
        (tag(), name()).prop_map(|(tag, name)| sign_into(tag, &[name])),
        tag().prop_map(revoke),
        name().prop_map(witness),
        Just(witness("root")),
        Just(witness("targets")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_applied_plan_verifies_and_shows_the_planned_tags(wanted in prop::collection::vec(any_change(), 1..6)) {
        let world = World::new();
        // What cannot be applied is refused when it is staged.
        let mut changes: Vec<Change> = Vec::new();
        for change in wanted {
            changes.push(change);
            if world.plan(&changes).failed.is_some() {
                changes.pop();
            }
        }
        let plan = world.plan(&changes);
        let (files, expected) = match world.signed(&changes) {
            Ok(signed) => signed,
            Err(EngineError::Locked(_)) => {
                prop_assert!(plan.is_blocked());
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert!(!plan.is_blocked(), "{:?}", plan.warnings);
        let after = world.uploaded(&files);
        let set = after.load(&Pinning::default(), world.set().seen(), Purpose::Trust, world.now).unwrap();
        for file in &files {
            if let trustdeck::tuf::Role::Delegation(name) = &file.role {
                prop_assert_eq!(set.delegations().get(name).map(|f| f.standing), Some(Standing::Good), "{}", name);
            }
        }
        let none = Default::default();
        let found = pulled(&Draft::new(Ground { set: Some(&set), at_hand: &none, now: world.now }));
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(found.len(), plan.tags.after);
        let seen = SeenRoles::new();
        prop_assert!(after.load(&Pinning::default(), seen, Purpose::Trust, world.now).is_ok());
    }
}
