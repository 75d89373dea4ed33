//! What is shown of a repository.

use trustdeck::engine::trust::tree::RoleState;
use trustdeck::engine::view::TagState;
use trustdeck::engine::{EngineError, Health, Kind, Notice};
use trustdeck::tuf::verify::DELEGATION_DEPTH;
use trustdeck::tuf::{DelegationName, Role};

use crate::refresh::machine::Machine;
use crate::refresh::origin::Origin;
use crate::refresh::{GUN, gun, publish, refreshed, served, team};
use crate::support::forge::{Key, Repository, days, noon};
use crate::support::machine::sign_into;

async fn view_of(repository: &Repository) -> trustdeck::engine::RepositoryView {
    let origin = Origin::start().await;
    origin.serve(repository);
    Machine::new(&origin.url).refresh().await.unwrap()
}

fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

#[tokio::test]
async fn a_role_that_is_not_read_for_a_limit_is_told_with_the_limit() {
    let mut repository = team();
    let mut deepest = role("targets");
    for depth in 1..=DELEGATION_DEPTH + 1 {
        let name = format!("targets{}", "/d".repeat(depth));
        deepest = repository.delegate(&name, &[Key::named("deep")], &[""]);
        repository.add_file(deepest.clone(), noon());
    }
    let (_origin, machine) = served(&repository).await;
    let engine = machine.engine();
    let view = engine.views().refresh(&gun()).await.unwrap();
    let state = &view.roles.iter().find(|row| row.role == deepest).unwrap().state;
    let RoleState::OverLimit { limit } = state else { panic!("{state:?}") };
    let told = view.troubles();
    let told = told.iter().find(|trouble| trouble.problem.kind == Kind::Limit).unwrap();
    assert!(told.problem.message.contains(limit.as_str()), "{told:?}");
    let refused = engine.stage().stage(vec![(gun(), sign_into("2.0", &[deepest.as_str()]))]).unwrap_err();
    assert!(refused.to_string().contains(limit.as_str()), "{refused}");
}

#[tokio::test]
async fn roles_are_a_tree_in_order_of_creation() {
    let mut repository = team();
    repository.delegate("targets/alice/nightly", &[Key::named("alice")], &["nightly-"]);
    publish(&mut repository, &role("targets/alice"));
    let view = view_of(&repository).await;
    let tree: Vec<(&str, usize)> = view.roles.iter().map(|row| (row.role.as_str(), row.depth)).collect();
    let expected = [
        ("root", 0),
        ("targets", 1),
        ("targets/alice", 2),
        ("targets/alice/nightly", 3),
        ("targets/bob", 2),
        ("targets/releases", 2),
        ("snapshot", 1),
        ("timestamp", 1),
    ];
    assert_eq!(tree, expected);
    assert_eq!(view.signers(), 2);
    let bob = &view.roles[4];
    assert_eq!((bob.state.clone(), bob.version), (RoleState::NeverSigned, None));
    let releases = &view.roles[5];
    assert_eq!(
        releases.last_signed_by.iter().map(|by| (by.label.as_str(), by.current)).collect::<Vec<_>>(),
        [("alice", true)]
    );
}

#[tokio::test]
async fn tags_are_trusted_held_or_orphaned_and_paths_hold() {
    let mut repository = team();
    let qa = repository.delegate("targets/qa", &[Key::named("qa")], &["nightly-"]);
    repository.add_file(qa.clone(), noon());
    for tag in ["nightly-10", "nightly-9", "stolen"] {
        repository.tag(&qa, tag);
    }
    repository.tag(&Role::Targets, "base");
    let view = view_of(&repository).await;
    let tags: Vec<(&str, TagState, usize)> =
        view.tags.iter().map(|tag| (&*tag.name, tag.state, tag.signers.len())).collect();
    let expected = [
        ("1.0", TagState::Trusted, 1),
        ("base", TagState::Trusted, 0),
        ("nightly-9", TagState::Held, 1),
        ("nightly-10", TagState::Held, 1),
    ];
    assert_eq!(tags, expected);
    assert_eq!(view.ignored, [(qa, "stolen".to_owned())]);
    assert_eq!(view.health, Health::Warn);
}

#[tokio::test]
async fn removed_last_signer_orphans_the_tags_and_is_named() {
    let mut repository = team();
    let gone = Key::named("gone");
    let mut before = repository.clone();
    let releases = DelegationName::releases();
    let listing = before.content.get_mut(&Role::Targets).unwrap();
    let entry = listing.delegations.iter_mut().flatten().find(|entry| entry.name == releases).unwrap();
    entry.key_ids.get_or_insert_default().push(gone.public().id().clone());
    listing.delegation_keys.insert(gone.public().id().clone(), gone.public());
    repository.signers.insert(Role::releases(), vec![gone.clone()]);
    publish(&mut repository, &Role::Targets);
    publish(&mut repository, &Role::releases());
    // On a machine that has read the repository before, and on one that never did.
    let origin = Origin::start().await;
    let machine = Machine::new(&origin.url);
    origin.serve(&before);
    machine.refresh().await.unwrap();
    origin.serve(&repository);
    let view = machine.refresh().await.unwrap();
    let stranger = view_of(&repository).await;
    let said = |view: &trustdeck::engine::RepositoryView| {
        let finding = view.findings.iter().find(|finding| finding.role == Some(Role::releases()));
        finding.unwrap().detail.clone()
    };
    // Who never knew the older keys cannot tell, and is not invited to sign.
    let told = said(&stranger);
    assert!(told.contains("cannot tell a removed signer from a stranger"), "{told}");
    assert!(!told.contains("this may be an attack") && told.contains("Do not sign it again unseen"), "{told}");
    let hint = &stranger.troubles()[0].problem.hint;
    assert!(!hint.contains("trustdeck restore") && !hint.contains("trustdeck witness"), "{hint}");
    let mut forged = repository.clone();
    forged.signers.insert(Role::releases(), vec![Key::named("mallory")]);
    publish(&mut forged, &Role::releases());
    origin.serve(&forged);
    let attacked = machine.refresh().await.unwrap();
    assert!(said(&attacked).contains("this may be an attack"), "{}", said(&attacked));
    assert!(!said(&view).contains("attack"), "{}", said(&view));
    assert_eq!((view.trusted(), view.orphaned(), view.health), (0, 1, Health::Fail));
    let releases = view.roles.iter().find(|row| row.role == Role::releases()).unwrap();
    assert_eq!(releases.state, RoleState::UnderThreshold { signed: 0 });
    let gone = gone.public();
    assert_eq!(releases.last_signed_by.len(), 1);
    assert_eq!((&releases.last_signed_by[0].key, releases.last_signed_by[0].current), (gone.id(), false));
    let finding = view.findings.iter().find(|finding| finding.role == Some(Role::releases())).unwrap();
    assert!(finding.detail.contains("signed releases v2 last, and alone"), "{}", finding.detail);
    assert!(finding.detail.contains("1 tag cannot be pulled"), "{}", finding.detail);
}

#[tokio::test]
async fn releases_decide_between_two_digests_of_one_tag() {
    let mut repository = team();
    repository.tag(&Role::Targets, "1.0");
    let other = trustdeck::tuf::Target::image([7; 32], 99);
    let name = trustdeck::tuf::TargetName::received("1.0".to_owned());
    repository.content.get_mut(&Role::Targets).unwrap().targets.insert(name, other);
    let view = view_of(&repository).await;
    assert_eq!((view.tags.len(), view.trusted()), (2, 1));
    let trusted = view.tags.iter().find(|tag| tag.state == TagState::Trusted).unwrap();
    assert_eq!(trusted.signers, ["alice"]);
}

#[tokio::test]
async fn expired_targets_are_shown_but_nothing_of_them_is_pulled() {
    let mut repository = team();
    repository.content.get_mut(&Role::Targets).unwrap().expires = days(noon(), -41);
    let (_origin, machine) = served(&repository).await;
    let engine = machine.engine();
    let view = engine.views().refresh(&gun()).await.unwrap();
    assert_eq!((view.trusted(), view.orphaned(), view.health), (0, 1, Health::Fail));
    assert_eq!(view.findings[0].headline, "targets expired 41 d ago");
    let cached: Vec<_> = machine.cache(GUN).into_iter().map(|(path, _)| path).collect();
    assert_eq!(cached, [machine.cached(GUN, "root.json")], "expired files are not cached, but the pin is");
    assert!(engine.views().inspect(&gun()).await.is_err());
}

#[tokio::test]
async fn the_root_of_a_first_contact_is_trusted_from_then_on_also_where_all_else_has_expired() {
    let mut repository = team();
    repository.content.get_mut(&Role::Targets).unwrap().expires = days(noon(), -41);
    let (origin, machine) = served(&repository).await;
    let first = machine.refresh().await.unwrap();
    assert!(first.notices.iter().any(|notice| matches!(notice, Notice::FirstContact { .. })));
    let again = machine.refresh().await.unwrap();
    assert_eq!(again.notices, [], "it is told once");
    let (role, other) = (Role::Root, [Key::named("mallory")]);
    repository.set_keys(role, &other, 1);
    origin.serve(&repository);
    let refused = machine.refresh().await.unwrap_err();
    assert!(matches!(refused, EngineError::OtherRoot(_)), "{refused:?}");
}

#[tokio::test]
async fn a_tag_that_leaves_releases_is_named_though_another_role_still_lists_it() {
    let mut repository = team();
    let (origin, machine) = refreshed(&repository).await;
    repository.content.get_mut(&Role::releases()).unwrap().targets.clear();
    publish(&mut repository, &Role::releases());
    origin.serve(&repository);
    let view = machine.refresh().await.unwrap();
    assert_eq!((view.vanished.as_slice(), view.trusted()), (["1.0".to_owned()].as_slice(), 0));
    assert!(view.losses().unwrap().problem.message.contains("1.0"));
}

#[tokio::test]
async fn root_is_named_six_months_before_it_expires_others_three() {
    let mut repository = team();
    repository.root.expires = days(noon(), 142);
    repository.content.get_mut(&Role::Targets).unwrap().expires = days(noon(), 142);
    repository.content.get_mut(&Role::releases()).unwrap().expires = days(noon(), 60);
    let view = view_of(&repository).await;
    let warnings: Vec<&str> =
        view.findings.iter().filter(|f| f.level == Health::Warn).map(|f| f.headline.as_str()).collect();
    assert_eq!(warnings, ["root expires in 142 d", "releases expires in 60 d"]);
}

#[tokio::test]
async fn tags_that_vanish_and_tags_that_look_alike_are_named() {
    let mut repository = team();
    repository.tag(&Role::releases(), "latest");
    repository.tag(&Role::releases(), "l\u{0430}test");
    let (origin, machine) = served(&repository).await;
    let view = machine.refresh().await.unwrap();
    let alike: Vec<&str> = view.tags.iter().filter(|tag| tag.look_alike).map(|tag| &*tag.name).collect();
    assert_eq!(alike.len(), 2, "{alike:?}");
    let targets = &mut repository.content.get_mut(&Role::releases()).unwrap().targets;
    targets.retain(|name, _| name.as_str() == "1.0");
    publish(&mut repository, &Role::releases());
    origin.serve(&repository);
    let view = machine.refresh().await.unwrap();
    assert_eq!(view.vanished, ["latest", "l\u{0430}test"]);
}

#[tokio::test]
async fn repository_without_trust_data_is_new_and_one_that_lost_it_is_not() {
    let origin = Origin::start().await;
    let machine = Machine::new(&origin.url);
    let engine = machine.engine();
    let view = engine.views().refresh(&gun()).await.unwrap();
    assert_eq!((view.health, view.roles.len()), (Health::New, 0));
    origin.serve(&team());
    assert_eq!(engine.views().refresh(&gun()).await.unwrap().trusted(), 1);
    origin.clear();
    let view = engine.views().refresh(&gun()).await.unwrap();
    assert_eq!(view.health, Health::Fail);
    assert_eq!(view.findings.len(), 1);
}

/// Another root or an older backup is not nothing, be it good or not.
#[tokio::test]
async fn what_a_server_shows_again_is_not_called_lost_any_more() {
    let mut other = team();
    other.set_keys(Role::Root, &[Key::named("mallory").certified(GUN, |_| {})], 1);
    let mut newer = team();
    publish(&mut newer, &Role::releases());
    for again in [other, team()] {
        let (origin, machine) = refreshed(&newer).await;
        origin.clear();
        machine.refresh().await.unwrap();
        let lost = || machine.engine().trust().found_lost(&gun());
        assert!(matches!(lost(), Some(EngineError::Lost { .. })));
        origin.serve(&again);
        let refused = machine.refresh().await.unwrap_err();
        assert!(matches!(refused, EngineError::OtherRoot(_) | EngineError::Verify { .. }), "{refused:?}");
        assert!(lost().is_none(), "{refused:?}");
    }
}

/// Who puts a file of his own in the place of another's, or hides it, adds no tag to what is missed and takes none away.
#[tokio::test]
async fn only_roles_that_count_say_which_tags_are_gone() {
    let mut forged = team();
    forged.signers.insert(Role::releases(), vec![Key::named("mallory")]);
    forged.tag(&Role::releases(), "evil");
    publish(&mut forged, &Role::releases());
    let mut hidden = team();
    hidden.unnamed.insert(Role::releases());
    publish(&mut hidden, &Role::Snapshot);
    for bad in [forged, hidden] {
        let mut good = team();
        good.content.get_mut(&Role::releases()).unwrap().targets.clear();
        good.tag(&Role::releases(), "2.0");
        (0..2).for_each(|_| publish(&mut good, &Role::releases()));
        let (origin, machine) = refreshed(&team()).await;
        origin.serve(&bad);
        let view = machine.refresh().await.unwrap();
        assert!(view.vanished.is_empty() && view.trusted() == 0, "{:?}", view.vanished);
        origin.serve(&good);
        let view = machine.refresh().await.unwrap();
        assert_eq!((view.vanished.as_slice(), view.trusted()), (["1.0".to_owned()].as_slice(), 1));
    }
}
