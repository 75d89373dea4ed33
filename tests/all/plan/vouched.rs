//! What an edit may begin with: content that somebody with the right to it has signed, and nothing else.

use std::collections::BTreeSet;

use trustdeck::engine::plan::unknown::TagBefore;
use trustdeck::engine::plan::{RepositoryPlan, Weight};
use trustdeck::engine::{Change, Kind, NewKeys};
use trustdeck::tuf::verify::{Pinning, Purpose, Seen};
use trustdeck::tuf::{Envelope, Remembered, Role, Target, TargetName, Targets, TrustedSet};

use super::support::forge::{Key, days};
use super::support::machine::{add_signer, delegation, remove_signer, revoke, role, sign, sign_into, witness};
use super::world::World;

fn releases() -> Role {
    role("targets/releases")
}

fn restore(role_name: &str) -> Change {
    Change::Restore { role: role(role_name) }
}

/// The server has put its own content in the place of a role's.
fn swapped(role: &Role) -> World {
    let mut world = World::new();
    world.repository.signers.insert(role.clone(), Vec::new());
    world.repository.tag(role, "evil");
    world
}

fn failure(plan: &RepositoryPlan) -> Option<Kind> {
    plan.failed.as_ref().map(|problem| problem.kind)
}

#[test]
fn content_that_nobody_known_has_signed_is_the_base_of_no_change() {
    let world = swapped(&releases());
    for change in [sign("2.0"), sign_into("2.0", &["targets/releases"]), revoke("1.0")] {
        assert_eq!(failure(&world.plan(std::slice::from_ref(&change))), Some(Kind::Role), "{change:?}");
    }
    let world = swapped(&Role::Targets);
    let new = Key::named("new targets");
    let rotate = Change::RotateKeys { role: Role::Targets, keys: NewKeys::Here(vec![new.public()]), legacy: vec![] };
    let mut holder = world.clone();
    holder.keys.push((new, "targets"));
    for change in [add_signer("eva", &[Key::named("eva").public()]), remove_signer("ben"), sign("2.0"), rotate] {
        assert_eq!(failure(&holder.plan(std::slice::from_ref(&change))), Some(Kind::Role), "{change:?}");
    }
}

#[test]
fn witnessing_such_content_is_a_danger_that_lists_every_tag_with_its_digest() {
    let world = swapped(&releases());
    let plan = world.plan(&[witness("targets/releases")]);
    assert!(plan.is_dangerous() && !plan.is_blocked());
    let [file] = plan.unknown.as_slice() else { panic!("{:?}", plan.unknown) };
    let known: Vec<(&str, bool)> = file.tags.iter().map(|t| (t.tag.as_str(), !t.signed_by.is_empty())).collect();
    assert_eq!(known, [("1.0", true), ("1.1", true), ("evil", false)]);
    assert!(file.lines().iter().all(|line| line.contains("sha256:") && line.contains("1234 bytes")), "{file:?}");
    // Another digest under the same names is another plan.
    let mut other = world.clone();
    let content = other.repository.content.get_mut(&releases()).unwrap();
    content.targets.insert(TargetName::received("evil".to_owned()), Target::image([7; 32], 1234));
    assert_ne!(other.plan(&[witness("targets/releases")]).effect, plan.effect);
}

/// A role that was never verified here may have been published for years; a server must not use it up.
#[test]
fn a_first_version_far_up_is_named_as_a_danger_and_refused_where_it_leaves_little_room() {
    let plan_at = |version: u64| {
        let mut world = swapped(&releases());
        world.repository.content.get_mut(&releases()).unwrap().version = version;
        world.plan(&[witness("targets/releases")])
    };
    let named = |plan: &RepositoryPlan, weight: Weight| {
        plan.warnings.iter().any(|w| w.weight == weight && w.headline.contains("version"))
    };
    let near = plan_at(999);
    assert!(near.is_dangerous() && !named(&near, Weight::Danger) && !near.is_blocked());
    for version in [1000, 999_999] {
        let far = plan_at(version);
        assert!(named(&far, Weight::Danger) && !far.is_blocked(), "{version}: {:?}", far.warnings);
    }
    for version in [1_000_000, (1 << 53) - 2] {
        assert!(named(&plan_at(version), Weight::Block), "{version}");
    }
}

/// A repository in which gone signs releases as well, and the same once gone was removed.
fn removed() -> [World; 2] {
    let (gone, now) = (Key::named("gone"), World::new());
    let mut before = now.clone();
    let keys = [Key::named("alice"), Key::named("ben"), gone.clone()];
    before.repository.content.get_mut(&Role::Targets).unwrap().delegations.as_mut().unwrap().remove(1);
    before.repository.delegate("targets/releases", &keys, &[""]);
    before.repository.signers.insert(releases(), vec![gone.clone()]);
    let mut after = later(&now);
    after.repository.signers.insert(releases(), vec![gone]);
    after.repository.content.get_mut(&Role::Targets).unwrap().version += 1;
    [before, after]
}

#[test]
fn a_file_of_a_signer_that_was_removed_is_a_base_where_this_machine_verified_what_it_says() {
    let [before, mut after] = removed();
    assert_eq!(failure(&after.plan(&[sign("2.0")])), Some(Kind::Role), "gone is not known");
    let is_dangerous = |after: &World| {
        let plan = after.plan_of(&set_after(&before, after), &[sign("2.0")]);
        assert_eq!(failure(&plan), None);
        assert_eq!(plan.is_dangerous(), !plan.unknown.is_empty());
        plan.is_dangerous()
    };
    assert!(!is_dangerous(&after), "the very bytes");
    let file = after.repository.content.get_mut(&releases()).unwrap();
    (file.version, file.expires) = (2, days(after.now, 400));
    assert!(!is_dangerous(&after), "renewed");
    after.repository.tag(&releases(), "1.2");
    assert!(is_dangerous(&after), "a tag more");
}

/// Whether a plan names a version that rises far, and how much that weighs.
fn rise(plan: &RepositoryPlan) -> Option<(Weight, String)> {
    let found = plan.warnings.iter().find(|warning| warning.headline.contains("version of releases would jump"))?;
    Some((found.weight, found.detail.clone()))
}

/// Whoever holds a key that was removed must not use up the versions of its role, least of all where nobody accepts it.
#[test]
fn a_version_that_only_a_removed_key_has_signed_is_no_ground_to_go_on_from() {
    let [before, after] = removed();
    let changes = [restore("targets/releases")];
    for version in [2, 900, 2000, 1_000_000, 1_000_001, (1 << 53) - 2] {
        let mut false_one = after.clone();
        false_one.repository.content.get_mut(&releases()).unwrap().version = version;
        false_one.repository.tag(&releases(), "evil");
        let set = set_after(&before, &false_one);
        let (plan, signed) = (false_one.plan_of(&set, &changes), false_one.signed_of(&set, &changes));
        let weight = match version {
            0..=1000 => None,
            1001..=1_000_000 => Some(Weight::Danger),
            _ => Some(Weight::Block),
        };
        assert_eq!(rise(&plan).map(|(weight, _)| weight), weight, "{version}: {:?}", plan.warnings);
        assert_eq!(plan.is_dangerous(), weight == Some(Weight::Danger), "to be accepted: {version}");
        assert_eq!(signed.is_err(), weight == Some(Weight::Block), "{version}");
        // What it only remembers of such a file, and does not see any more, raises nothing.
        let mut again = later(&after);
        again.remembered = Remembered { keys: set.listed_keys().clone(), files: set.seen() };
        let mut set = again.set();
        for (role, _) in set.missed() {
            set.recall(&role, before.files().get(&role)).unwrap();
        }
        let files = again.signed_of(&set, &changes).unwrap();
        let next = files.iter().find(|file| file.role == releases()).map(|file| file.version);
        assert_eq!(next, Some(2), "{version}");
    }
}

/// A signer who was replaced may have published for years unseen by this machine: it can do what a fresh one can.
#[test]
fn who_follows_a_removed_signer_can_go_on_from_his_last_version_once_that_is_accepted() {
    let [before, mut after] = removed();
    after.repository.content.get_mut(&releases()).unwrap().version = 1503;
    let set = set_after(&before, &after);
    for change in [witness("targets/releases"), sign("2.0"), restore("targets/releases")] {
        let changes = [change];
        let plan = after.plan_of(&set, &changes);
        let (weight, detail) = rise(&plan).unwrap();
        assert_eq!((weight, plan.is_blocked(), failure(&plan)), (Weight::Danger, false, None), "{:?}", plan.warnings);
        let gone = Key::named("gone").public();
        assert!(detail.contains(gone.canonical_id().short()) && detail.contains("verified is 1;"), "{detail}");
        assert!(!detail.contains("none of its keys"), "{detail}");
        let files = after.signed_of(&set, &changes).unwrap();
        assert_eq!(files.iter().find(|file| file.role == releases()).map(|file| file.version), Some(1504));
    }
    // A file that nobody known has signed accounts for nothing.
    after.repository.signers.insert(releases(), Vec::new());
    let plan = after.plan_of(&set_after(&before, &after), &[restore("targets/releases")]);
    let (weight, detail) = rise(&plan).unwrap();
    assert!(weight == Weight::Block && detail.contains("none of its keys has signed"), "{weight:?} {detail}");
}

#[test]
fn what_only_a_removed_key_has_signed_and_this_machine_never_verified_is_compared_first() {
    let [before, mut after] = removed();
    let file = after.repository.content.get_mut(&releases()).unwrap();
    file.version = 2;
    file.targets.remove(&TargetName::received("1.1".to_owned()));
    file.targets.insert(TargetName::received("1.0".to_owned()), Target::image([9; 32], 9));
    after.repository.tag(&releases(), "evil");
    let set = set_after(&before, &after);
    let again = |set: &TrustedSet| {
        let remembered = Remembered { keys: set.listed_keys().clone(), files: set.seen() };
        let (files, seen) = (after.files(), set.seen());
        let mut again = files.load_knowing(&remembered, &Pinning::default(), seen, Purpose::Renew, after.now).unwrap();
        again.recall(&releases(), before.files().get(&releases())).unwrap();
        again
    };
    // A second look makes nothing of it that was verified.
    for set in [again(&set), set] {
        for change in [sign("2.0"), witness("targets/releases")] {
            let plan = after.plan_of(&set, &[change]);
            assert_eq!((failure(&plan), plan.is_dangerous()), (None, true));
            let file = &plan.unknown[0];
            assert_eq!(
                (file.last_good, file.gone.as_slice(), file.removed.len()),
                (Some(1), &["1.1".to_owned()][..], 1)
            );
            let other: Vec<bool> = file.tags.iter().map(|tag| matches!(tag.before, TagBefore::Same)).collect();
            assert_eq!(other, [false, false]);
            let warning = plan.warnings.iter().find(|warning| warning.weight == Weight::Danger).unwrap();
            assert!(warning.is_attack);
            assert_eq!(warning.fix.as_ref().unwrap().0, [restore("targets/releases")]);
        }
        let plan = after.plan_of(&set, &[restore("targets/releases"), sign("2.0")]);
        assert_eq!((failure(&plan), plan.is_dangerous(), plan.unknown.len()), (None, false, 0), "{:?}", plan.warnings);
        assert_eq!(plan.tags.after, 3);
    }
    // Where nothing of it was ever verified here there is nothing to hold it against.
    after.remember("targets/releases", "gone");
    assert!(!after.plan(&[sign("2.0")]).is_dangerous());
}

#[test]
fn an_old_file_of_a_removed_signer_in_the_place_of_a_newer_one_is_no_base() {
    let mut world = World::new();
    world.repository.signers.insert(releases(), vec![Key::named("gone")]);
    world.remember("targets/releases", "gone");
    for version in [1, 5] {
        let mark = Seen { version, sha256: "0".repeat(64) };
        world.remembered.files.insert(releases(), mark);
        assert_eq!(failure(&world.plan(&[sign("2.0")])), Some(Kind::Role), "seen: {version}");
    }
}

#[test]
fn the_very_bytes_that_this_machine_verified_before_are_a_base() {
    let mut world = World::new();
    world.repository.signers.insert(releases(), vec![Key::named("gone")]);
    let sha256 = Envelope::parse(&releases(), world.files().get(&releases()).to_vec()).unwrap().sha256().to_owned();
    world.remembered.files.insert(releases(), Seen { version: 1, sha256 });
    assert_eq!(failure(&world.plan(&[sign("2.0")])), None);
}

/// A set on a machine that has verified `good` before, and has its files at hand.
fn set_after(good: &World, now: &World) -> TrustedSet {
    let before = good.set();
    let remembered = Remembered { keys: before.listed_keys().clone(), files: before.seen() };
    let files = now.files();
    let mut set = files.load_knowing(&remembered, &Pinning::default(), before.seen(), Purpose::Renew, now.now).unwrap();
    for (role, _) in set.missed() {
        set.recall(&role, good.files().get(&role)).unwrap();
    }
    set
}

/// The next version of a repository, as its server publishes it.
fn later(world: &World) -> World {
    let mut later = world.clone();
    later.repository.snapshot.0 += 1;
    later.repository.timestamp.0 += 1;
    later
}

/// The same later, with a file of releases that nobody has signed: one tag more.
fn replaced(world: &World) -> World {
    let mut bad = later(world);
    bad.repository.signers.insert(releases(), Vec::new());
    bad.repository.tag(&releases(), "evil");
    bad.repository.content.get_mut(&releases()).unwrap().version += 1;
    bad
}

#[test]
fn the_last_good_file_can_be_signed_again_in_the_place_of_an_unknown_one() {
    let good = World::new();
    let mut bad = replaced(&good);
    let content = bad.repository.content.get_mut(&releases()).unwrap();
    content.targets.remove(&TargetName::received("1.0".to_owned()));
    content.targets.insert(TargetName::received("1.1".to_owned()), Target::image([7; 32], 1234));
    let set = set_after(&good, &bad);
    let plan = bad.plan_of(&set, &[witness("targets/releases")]);
    let before: Vec<(&str, bool)> =
        plan.unknown[0].tags.iter().map(|t| (t.tag.as_str(), matches!(t.before, TagBefore::Other(_)))).collect();
    assert_eq!((before, &plan.unknown[0].gone[..]), (vec![("1.1", true), ("evil", false)], &["1.0".to_owned()][..]));
    let danger = plan.warnings.iter().find(|warning| warning.weight == Weight::Danger).unwrap();
    assert_eq!(danger.fix.as_ref().map(|(fix, _)| &fix[..]), Some(&[restore("targets/releases")][..]));
    let mended = bad.plan_of(&set, &[restore("targets/releases"), sign("2.0")]);
    assert!(!mended.is_dangerous() && failure(&mended).is_none(), "{:?}", mended.warnings);
    assert_eq!(mended.tags.after, 3);
    let files = bad.signed_of(&set, &[restore("targets/releases"), sign("2.0")]).unwrap();
    let file = files.iter().find(|file| file.role == releases()).unwrap();
    assert!(!String::from_utf8_lossy(&file.bytes).contains("evil"));
    assert_eq!(file.version, 3);
}

#[test]
fn tags_of_the_last_good_file_are_called_verified_when_it_is_signed_again() {
    let good = World::new();
    let bad = replaced(&good);
    let plan = bad.plan_of(&set_after(&good, &bad), &[restore("targets/releases")]);
    let told = |words: &str| plan.warnings.iter().any(|warning| warning.detail.contains(words));
    assert!(told("verified those of releases in its last good file") && !told("No current key"), "{:?}", plan.warnings);
}

#[test]
fn a_role_that_the_server_hides_is_not_begun_anew() {
    let good = World::new();
    let mut hidden = later(&good);
    hidden.repository.unnamed.insert(releases());
    let set = set_after(&good, &hidden);
    let plan = hidden.plan_of(&set, &[sign("2.0")]);
    assert_eq!(failure(&plan), Some(Kind::Role));
    let message = plan.failed.unwrap().message;
    assert!(message.contains("1.0, 1.1"), "{message}");
    assert_eq!(hidden.plan_of(&set, &[restore("targets/releases"), sign("2.0")]).tags.after, 3);
}

/// A plan that does not touch an attacked role signs nothing of it; what it takes away is lost to others all the same.
#[test]
fn an_attacked_role_is_named_by_every_plan_and_taking_its_keys_is_a_danger_that_restoring_mends() {
    let good = World::new();
    let mut hidden = later(&good);
    hidden.repository.unnamed.insert(releases());
    let mut forged = later(&good);
    forged.repository.signers.insert(releases(), Vec::new());
    forged.repository.content.get_mut(&releases()).unwrap().version += 1;
    for bad in [hidden, forged] {
        let set = set_after(&good, &bad);
        let said = |changes: &[Change], weight: Weight| {
            let plan = bad.plan_of(&set, changes);
            assert_eq!(failure(&plan), None);
            plan.warnings.into_iter().find(|w| w.weight == weight && w.headline.contains("attack"))
        };
        let eva = add_signer("eva", &[Key::named("eva").public()]);
        let warning = said(std::slice::from_ref(&eva), Weight::Warning).unwrap();
        assert!(warning.detail.contains("version 1") && warning.detail.contains("1.0, 1.1"), "{warning:?}");
        assert_eq!(said(&[eva], Weight::Danger), None);
        let danger = said(&[remove_signer("ben")], Weight::Danger).unwrap();
        assert_eq!(danger.fix.as_ref().map(|(fix, _)| &fix[..]), Some(&[restore("targets/releases")][..]));
        let mended = [restore("targets/releases"), remove_signer("ben")];
        assert!(said(&mended, Weight::Danger).is_none() && said(&mended, Weight::Warning).is_none());
    }
}

/// Nobody reads what lies below a replaced role: bringing that role back does not make the others empty.
#[test]
fn a_role_below_a_restored_one_is_not_begun_anew_in_the_same_publish() {
    let good = World::new();
    let mut bad = later(&good);
    bad.repository.signers.insert(Role::Targets, Vec::new());
    bad.repository.content.get_mut(&Role::Targets).unwrap().delegations = Some(Vec::new());
    for hidden in [false, true] {
        if hidden {
            bad.repository.unnamed.insert(role("targets/ben"));
        }
        let set = set_after(&good, &bad);
        assert_eq!(failure(&bad.plan_of(&set, &[restore("targets")])), None);
        let plan = bad.plan_of(&set, &[restore("targets"), sign_into("2.0", &["targets/ben"])]);
        assert_eq!(plan.failed.map(|problem| problem.message.contains("could not be read")), Some(true));
    }
    bad.repository.unnamed.clear();
    bad.repository.content.insert(Role::Targets, good.repository.content[&Role::Targets].clone());
    let taken = bad.plan(&[witness("targets"), sign_into("2.0", &["targets/ben"])]);
    assert_eq!(failure(&taken), Some(Kind::Role));
}

#[test]
fn what_is_good_is_not_restored() {
    let plan = World::new().plan(&[restore("targets/releases")]);
    assert!(plan.changes[0].no_effect.is_some());
}

#[test]
fn a_plan_is_another_one_where_a_tag_that_it_takes_away_stands_for_something_else() {
    let worlds = [(8, 1234), (9, 1234), (9, 1235)].map(|(digest, length)| {
        let mut world = World::new();
        let tags = &mut world.repository.content.get_mut(&releases()).unwrap().targets;
        tags.insert(TargetName::received("1.1".to_owned()), Target::image([digest; 32], length));
        world
    });
    let changes = [
        ("signed again", sign_into("1.1", &["targets/releases"])),
        ("revoked", revoke("1.1")),
        ("removed with its role", Change::RemoveDelegation { role: delegation("targets/releases") }),
        ("deleted", Change::Delete),
    ];
    for (what, change) in changes {
        let plans = worlds.each_ref().map(|world| world.plan(std::slice::from_ref(&change)));
        assert!(plans.iter().all(|plan| failure(plan).is_none()), "{what}: {:?}", plans[0].failed);
        let effects: BTreeSet<String> = plans.into_iter().map(|plan| plan.effect).collect();
        assert_eq!(effects.len(), 3, "{what}");
    }
}

#[test]
fn a_plan_is_another_one_whenever_anything_that_is_signed_differs() {
    let changes = [sign("2.0")];
    let mut effects = BTreeSet::from([World::new().plan(&changes).effect]);
    let mut differs = |what: &str, change: &dyn Fn(&mut Targets)| {
        let mut world = World::new();
        change(world.repository.content.get_mut(&releases()).unwrap());
        assert!(effects.insert(world.plan(&changes).effect), "{what}");
    };
    let name = || TargetName::received("1.0".to_owned());
    differs("digest", &|file| drop(file.targets.insert(name(), Target::image([9; 32], 1234))));
    differs("length", &|file| file.targets.get_mut(&name()).unwrap().length += 1);
    differs("another tag", &|file| {
        drop(file.targets.insert(TargetName::received("x".to_owned()), Target::image([1; 32], 9)))
    });
    differs("a tag less", &|file| drop(file.targets.remove(&name())));
    let mut world = World::new();
    world.repository.content.get_mut(&Role::Targets).unwrap().delegations.as_mut().unwrap()[1].threshold = 2;
    assert!(effects.insert(world.plan(&changes).effect), "threshold");
    let without = World::new().without("alice");
    assert!(effects.insert(without.plan(&changes).effect), "keys");
    // The number of a version and dates are not what anybody decides on.
    let mut renewed = World::new();
    let file = renewed.repository.content.get_mut(&releases()).unwrap();
    (file.version, file.expires) = (7, days(renewed.now, 500));
    assert!(!effects.insert(renewed.plan(&changes).effect));
}
