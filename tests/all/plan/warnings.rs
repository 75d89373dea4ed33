//! What a plan warns of, and the fixes that it offers.

use trustdeck::engine::plan::compute::plan_repository;
use trustdeck::engine::plan::facts::{KnownFiles, OtherPlaces, PlanFacts};
use trustdeck::engine::plan::{NeededKey, Remedy, RepositoryPlan, Weight};
use trustdeck::engine::{Change, Kind, RootKeyChoice};
use trustdeck::tuf::{CanonicalKeyId, Role};

use super::support::forge::{Key, days};
use super::support::machine::{add_signer, delegation, remove_signer, role, sign, sign_into, witness};
use super::world::{GUN, World};

fn headlines(plan: &RepositoryPlan, weight: Weight) -> Vec<&str> {
    plan.warnings.iter().filter(|w| w.weight == weight).map(|w| w.headline.as_str()).collect()
}

#[test]
fn orphaned_tags_are_a_danger_with_a_fix_by_a_key_at_hand() {
    let plan = World::new().plan(&[remove_signer("ben")]);
    assert!(plan.is_dangerous() && !plan.is_blocked());
    assert_eq!(headlines(&plan, Weight::Danger), ["2 tags orphaned"]);
    let (fix, words) = plan.warnings[0].fix.clone().unwrap();
    assert_eq!(fix, [witness("targets/releases")]);
    assert_eq!(words, "re-sign releases with alice, same publish");
    assert!(!plan.warnings[0].is_attack);
    let without_alice = World::new().without("alice").plan(&[remove_signer("ben")]);
    assert!(without_alice.is_dangerous());
    assert_eq!(without_alice.warnings[0].fix, None);
}

#[test]
fn delegations_that_nobody_known_has_signed_are_a_danger_and_approved_one_by_one() {
    let mallory = Key::named("mallory");
    let mut world = World::new();
    world.repository.delegate("targets/mallory", std::slice::from_ref(&mallory), &[""]);
    world.repository.signers.insert(Role::Targets, vec![mallory]);
    assert!(world.plan(&[remove_signer("ben")]).is_blocked());
    let changes = [witness("targets"), remove_signer("ben"), witness("targets/releases")];
    let plan = world.plan(&changes);
    assert!(plan.is_dangerous() && !plan.is_blocked());
    assert!(plan.warnings.iter().any(|warning| warning.is_attack && warning.weight == Weight::Danger));
    let unknown = plan.unknown.iter().find(|file| file.role == Role::Targets).unwrap();
    assert!(unknown.delegations.iter().any(|entry| entry.contains("mallory (mallory)")), "{unknown:?}");
    world.repository.delegate("targets/other", &[Key::named("other")], &[""]);
    assert_ne!(world.plan(&changes).effect, plan.effect);
}

#[test]
fn a_clock_that_is_not_the_servers_is_told_and_blocks_what_could_not_be_read_back() {
    let minutes = jiff::SignedDuration::from_mins;
    let at = |day: i64, skew: i64| {
        let mut world = World::new();
        (world.now, world.skew) = (days(world.now, day), Some(minutes(skew)));
        world.plan(&[sign("2.0")])
    };
    assert_eq!(at(0, 4).warnings, at(0, 0).warnings, "as good as the same");
    assert_eq!(headlines(&at(0, 10), Weight::Warning), ["this machine's clock is 10 min behind the server's"]);
    let ahead = at(20, -20 * 24 * 60);
    assert_eq!(headlines(&ahead, Weight::Block), ["this machine's clock is 20 d ahead of the server's"]);
    assert!(ahead.warnings[0].detail.contains("timestamp"), "{:?}", ahead.warnings);
    assert_eq!(headlines(&ahead, Weight::Warning), [""; 0], "what has expired by it only is no fact");
    let expired = at(20, 0);
    assert!(!expired.is_blocked() && headlines(&expired, Weight::Warning).contains(&"timestamp has expired"));
    let behind = at(-8 * 365, 8 * 365 * 24 * 60);
    assert_eq!(headlines(&behind, Weight::Block), ["this machine's clock is 8.0 y behind the server's"]);
    assert!(behind.warnings.iter().all(|warning| warning.fix.is_none()), "{:?}", behind.warnings);
    let mut unknown = World::new();
    unknown.now = days(unknown.now, -8 * 365);
    assert_eq!(headlines(&unknown.plan(&[sign("2.0")]), Weight::Block), ["this machine's clock is behind"]);
}

#[test]
fn tags_that_releases_is_not_signed_for_are_told_with_the_reason() {
    let told = |world: &World, changes: &[Change]| {
        let plan = world.plan(changes);
        let is_it = |w: &&trustdeck::engine::plan::PlanWarning| w.headline.contains("not released");
        plan.warnings.iter().filter(is_it).map(|w| (w.headline.clone(), w.detail.clone())).collect::<Vec<_>>()
    };
    assert_eq!(told(&World::new(), &[sign("2.0")]), []);
    let releases = |world: &mut World| {
        let targets = world.repository.content.get_mut(&Role::Targets).unwrap();
        let entries = targets.delegations.as_mut().unwrap();
        entries.iter_mut().position(|entry| entry.name.as_str() == "targets/releases").unwrap()
    };
    let mut both = World::new();
    let at = releases(&mut both);
    let targets = both.repository.content.get_mut(&Role::Targets).unwrap();
    targets.delegations.as_mut().unwrap()[at].threshold = 2;
    both.repository.signers.insert(Role::releases(), vec![Key::named("alice"), Key::named("ben")]);
    assert_eq!(told(&both, &[sign("2.0")]), []);
    let one = both.without("ben");
    let id = Key::named("ben").public().canonical_id().short().to_owned();
    let why = told(&one, &[sign("2.0")]);
    assert_eq!((why.len(), why[0].0.as_str()), (1, "2.0 is not released"));
    assert!(why[0].1.contains("needs 2 keys") && why[0].1.contains(&id), "{why:?}");
    assert_eq!(told(&one, &[sign("2.0"), sign("2.1")])[0].0, "2 tags are not released");
    assert_eq!(told(&one, &[sign_into("2.0", &["targets/alice"])]), [], "it was asked for");
    let mut narrow = World::new();
    let at = releases(&mut narrow);
    let targets = narrow.repository.content.get_mut(&Role::Targets).unwrap();
    targets.delegations.as_mut().unwrap()[at].paths = vec!["1.".to_owned()];
    let why = told(&narrow, &[sign("1.5"), sign("2.0")]);
    assert_eq!((why.len(), why[0].0.as_str()), (1, "2.0 is not released"));
    assert!(why[0].1.contains("\"1.\""), "{why:?}");
}

#[test]
fn a_missing_key_blocks_and_is_named() {
    let plan = World::new().without("targets").plan(&[remove_signer("alice")]);
    assert_eq!(headlines(&plan, Weight::Block), ["no key at hand for targets"]);
    let id = Key::named("targets").public().canonical_id().short().to_owned();
    assert!(plan.warnings[0].detail.contains(&id));
}

#[test]
fn a_key_that_takes_another_role_than_its_own_is_told_and_not_refused() {
    let root_signs = World::new().plan(&[add_signer("carol", &[Key::named("root").public()])]);
    assert!(!root_signs.is_blocked() && !root_signs.is_dangerous(), "{:?}", root_signs.warnings);
    let id = Key::named("root").public().canonical_id().short().to_owned();
    let told = headlines(&root_signs, Weight::Warning);
    assert_eq!(
        told,
        [format!("key {id} gets targets/carol and targets/releases, but is a root key of this repository")]
    );
    let alice_is_targets = World::new().plan(&[Change::RotateKeys {
        role: Role::Targets,
        keys: trustdeck::engine::draft::change::NewKeys::Here(vec![Key::named("alice").public()]),
        legacy: Vec::new(),
    }]);
    let told = headlines(&alice_is_targets, Weight::Warning);
    assert!(told.iter().any(|line| line.ends_with("gets targets, but its file says that it is for alice")), "{told:?}");
    let fitting = World::new().plan(&[add_signer("carol", &[Key::named("carol").public()])]);
    assert_eq!(headlines(&fitting, Weight::Warning), [""; 0]);
}

#[test]
fn the_needed_keys_are_those_of_the_signed_roles() {
    let plan = World::new().plan(&[remove_signer("ben"), witness("targets/releases")]);
    let signs: Vec<(String, Vec<Role>)> = plan
        .keys
        .iter()
        .map(|key| match key {
            NeededKey::Unlock { label, signs, .. } => (label.clone(), signs.clone()),
            NeededKey::New { role } => panic!("{role}"),
        })
        .collect();
    assert_eq!(
        signs,
        [("targets".to_owned(), vec![Role::Targets]), ("alice".to_owned(), vec![role("targets/releases")])]
    );
}

#[test]
fn a_root_within_six_months_of_its_end_is_renewed_only_on_request() {
    let mut world = World::new();
    world.repository.root.expires = days(world.now, 150);
    let plan = world.plan(&[sign("2.0")]);
    assert!(!plan.is_blocked() && !plan.is_dangerous());
    assert_eq!(headlines(&plan, Weight::Warning), ["root expires within six months"]);
    assert_eq!(plan.warnings[0].fix.clone().unwrap().0, [witness("root")]);
    assert!(plan.roles.iter().all(|diff| diff.role != Role::Root));
    let without_key = world.clone().without("root").plan(&[sign("2.0")]);
    assert_eq!(without_key.warnings[0].fix, None);
    world.repository.root.expires = days(world.now, 200);
    assert_eq!(world.plan(&[sign("2.0")]).warnings, []);
}

#[test]
fn expired_base_roles_block_until_they_are_renewed() {
    let mut world = World::new();
    world.repository.content.get_mut(&Role::Targets).unwrap().expires = days(world.now, -1);
    let plan = world.plan(&[sign("2.0")]);
    assert_eq!(headlines(&plan, Weight::Block), ["targets has expired"]);
    assert_eq!((plan.tags.before, plan.tags.after), (0, 0));
    let fix = plan.warnings[0].fix.clone().unwrap().0;
    let mended = world.plan(&[&fix[..], &[sign("2.0")]].concat());
    assert!(!mended.is_blocked());
    assert_eq!((mended.tags.before, mended.tags.after), (0, 3));
    assert_eq!(mended.tags.repaired, ["1.0", "1.1"]);
}

#[test]
fn signing_into_a_file_of_a_removed_signer_vouches_for_what_is_in_it() {
    let mut world = World::new();
    world.repository.signers.insert(role("targets/releases"), vec![Key::named("gone")]);
    world.remember("targets/releases", "gone");
    assert_eq!(world.plan(&[sign("2.0")]).tags.vouched, ["1.0", "1.1"]);
    let plan = world.plan(&[sign_into("2.0", &["targets/releases"])]);
    assert_eq!(headlines(&plan, Weight::Warning), ["vouches for 2 tags"]);
    assert_eq!((plan.tags.before, plan.tags.after), (0, 3));
    assert_eq!((plan.tags.signed, plan.tags.repaired), (vec!["2.0".into()], vec!["1.0".into(), "1.1".into()]));
}

#[test]
fn an_expired_timestamp_is_pointed_out() {
    let mut world = World::new();
    let expired = "timestamp has expired";
    assert!(!headlines(&world.plan(&[sign("2.0")]), Weight::Warning).contains(&expired));
    world.repository.timestamp.1 = days(world.now, -1);
    assert!(headlines(&world.plan(&[sign("2.0")]), Weight::Warning).contains(&expired));
}

#[test]
fn a_signer_outside_releases_is_pointed_out() {
    let keys = vec![Key::named("carol").public()];
    let plan = World::new().plan(&[Change::AddDelegation { role: delegation("targets/ci"), keys, paths: vec![] }]);
    assert_eq!(headlines(&plan, Weight::Note), ["ci is not in releases"]);
}

#[test]
fn a_role_left_without_keys_is_pointed_out() {
    let ben = Key::named("ben").public().canonical_id().clone();
    let alice = Key::named("alice").public().canonical_id().clone();
    let plan = World::new().plan(&[Change::PurgeKeys { keys: vec![ben, alice] }]);
    let left = "releases has 0 of 1 keys left";
    assert!(headlines(&plan, Weight::Warning).contains(&left), "{:?}", plan.warnings);
    assert_eq!(headlines(&plan, Weight::Danger), ["2 tags orphaned"]);
}

#[test]
fn what_keeps_the_tags_of_a_removed_signer_is_said_until_it_is_staged() {
    let purged: Vec<_> = ["ben", "alice"].map(|name| Key::named(name).public().canonical_id().clone()).to_vec();
    let purge = Change::PurgeKeys { keys: purged };
    let releases = || role("targets/releases");
    let remedy = |world: &World, changes: &[Change]| {
        let plan = world.plan(changes);
        plan.warnings.iter().find(|w| w.weight == Weight::Danger).map(|w| (w.headline.clone(), w.remedy.clone()))
    };
    let orphaned = |remedy| Some(("2 tags orphaned".to_owned(), Some(remedy)));
    let mut world = World::new();
    assert_eq!(remedy(&world, std::slice::from_ref(&purge)), orphaned(Remedy::AddKey(releases())));
    let added = [purge, add_signer("carol", &[Key::named("carol").public()])];
    let carol = Key::named("carol").public().canonical_id().short().to_owned();
    let elsewhere = Remedy::LoadKey { role: releases(), keys: format!("{carol} (carol)") };
    assert_eq!(remedy(&world, &added), orphaned(elsewhere), "her key is elsewhere");
    world.keys.push((Key::named("carol"), "carol"));
    assert_eq!(remedy(&world, &added), orphaned(Remedy::SignAgain(releases())), "her key is here");
    assert_eq!(remedy(&World::new(), &[remove_signer("ben")]), orphaned(Remedy::SignAgain(releases())));
    assert_eq!(remedy(&World::new(), &[remove_signer("ben"), witness("targets/releases")]), None);
}

#[test]
fn a_file_of_a_former_life_is_pointed_out() {
    let mut world = World::new();
    world.repository.add_file(role("targets/carol"), world.now);
    let plan = world.plan(&[add_signer("carol", &[Key::named("carol").public()])]);
    assert_eq!(headlines(&plan, Weight::Warning), ["an old file of carol is on the server"]);
}

#[test]
fn unknown_members_are_lost_with_a_warning() {
    let mut world = World::new();
    let edit = |text: String| text.replacen("\"targets\":", "\"spec_version\":\"1.0\",\"targets\":", 1);
    world.repository.edits.insert(role("targets/alice"), edit);
    let plan = world.plan(&[sign_into("2.0", &["targets/alice"])]);
    assert_eq!(headlines(&plan, Weight::Warning), ["alice holds more than Notary knows"]);
    assert!(plan.warnings[0].detail.contains("spec_version"));
}

#[test]
fn deletion_is_a_danger() {
    let plan = World::new().plan(&[Change::Delete]);
    assert!(plan.deletes && plan.is_dangerous());
    assert_eq!(plan.roles, []);
}

#[test]
fn a_new_repository_needs_new_keys_or_the_stored_root_key() {
    let create =
        [Change::Create { root_key: RootKeyChoice::Auto }, add_signer("alice", &[Key::named("alice").public()])];
    let plan = World::new().with_facts(KnownFiles::Absent, &create, plan_repository);
    assert!(plan.creates && !plan.is_blocked());
    assert!(matches!(&plan.keys[0], NeededKey::Unlock { role, .. } if role == "root"));
    assert_eq!(plan.keys[1], NeededKey::New { role: Role::Targets });
    let versions: Vec<_> = plan.roles.iter().map(|diff| (diff.role.to_string(), diff.version)).collect();
    assert_eq!(versions[0], ("root".to_owned(), (None, Some(1))));
    assert_eq!(versions[1], ("targets".to_owned(), (None, Some(2))));
    let plan = World::new().without("root").with_facts(KnownFiles::Absent, &create, plan_repository);
    assert_eq!(plan.keys[0], NeededKey::New { role: Role::Root });
    // Staged before it was known that there is no trust data: the creation is a line of its own all the same.
    let unaware = World::new().with_facts(KnownFiles::Absent, &create[1..], plan_repository);
    assert_eq!(unaware.changes.iter().map(|c| c.change.clone()).collect::<Vec<_>>(), create);
    assert!(unaware.creates && !unaware.is_blocked());
    // Both go by the name of the one that is staged, which is found by it.
    assert_eq!(unaware.changes.iter().map(|c| c.comes_along).collect::<Vec<_>>(), [true, false]);
    assert_eq!(unaware.change(unaware.changes[0].entry).unwrap().change, create[1]);
}

/// Another trust directory with a root key.
struct Elsewhere;

impl OtherPlaces for Elsewhere {
    fn one_of(&self, _: &[CanonicalKeyId]) -> Option<String> {
        None
    }

    fn root_key(&self) -> Option<String> {
        Some("keys are looked for in here; there holds a root key".to_owned())
    }
}

#[test]
fn a_second_root_key_is_not_made_without_a_word() {
    let create = [Change::Create { root_key: RootKeyChoice::Auto }];
    let planned = |world: World| {
        let plan = |facts: &PlanFacts<'_>| plan_repository(&PlanFacts { elsewhere: &Elsewhere, ..*facts });
        world.with_facts(KnownFiles::Absent, &create, plan)
    };
    let told = |plan: &RepositoryPlan| plan.warnings.iter().any(|w| w.detail.contains("there holds a root key"));
    let plan = planned(World::new().without("root"));
    assert!(headlines(&plan, Weight::Warning).contains(&"a new root key is made although there is one"));
    assert!(told(&plan) && !plan.is_blocked(), "{:?}", plan.warnings);
    assert!(!told(&planned(World::new())));
}

#[test]
fn without_trust_data_nothing_but_a_creation_can_be_planned() {
    let plan = World::new().with_facts(KnownFiles::Absent, &[remove_signer("ben")], plan_repository);
    assert_eq!(plan.failed.unwrap().kind, Kind::Absent);
    let plan = World::new().with_facts(KnownFiles::Nothing, &[remove_signer("ben")], plan_repository);
    assert!(plan.is_blocked());
}

#[test]
fn the_effect_depends_on_what_changes_and_not_on_versions_or_times() {
    let world = World::new();
    let plan = world.plan(&[remove_signer("ben"), witness("targets/releases")]);
    let mut later = world.clone();
    later.now = days(world.now, 3);
    later.repository.timestamp = (9, days(later.now, 14));
    later.repository.content.get_mut(&Role::Targets).unwrap().version = 7;
    let same = later.plan(&[remove_signer("ben"), witness("targets/releases")]);
    assert_ne!(same.roles[0].version, plan.roles[0].version);
    assert_eq!(same.effect, plan.effect);
    let mut more = world.clone();
    more.repository.tag(&role("targets/releases"), "unseen");
    assert_ne!(more.plan(&[remove_signer("ben"), witness("targets/releases")]).effect, plan.effect);
    assert_ne!(world.plan(&[remove_signer("ben")]).effect, plan.effect);
}

#[test]
fn a_base_role_that_has_ended_names_the_command_that_renews_it() {
    for role in [Role::Root, Role::Targets] {
        let mut world = World::new();
        world.now = days(world.now, 4000);
        let plan = world.clone().without(role.as_str()).plan(&[sign("2.0")]);
        let headline = format!("{role} has expired");
        let warning = plan.warnings.iter().find(|warning| warning.headline == headline).unwrap();
        let command = warning.remedy_alone().unwrap().command(&plan.gun);
        assert_eq!(command, format!("trustdeck renew {role} {GUN} --publish"));
        let plan = world.plan(&[sign("2.0")]);
        let warning = plan.warnings.iter().find(|warning| warning.headline == headline).unwrap();
        assert!(warning.fix.is_some() && warning.remedy.is_none());
    }
}
