//! What a server, or whoever answers for it, can try.

use trustdeck::engine::trust::tree::RoleState;
use trustdeck::engine::view::Finding;
use trustdeck::engine::{EngineError, FirstContact, Health, Kind, Notice, RepositoryView};
use trustdeck::tuf::{Role, VerifyError};

use crate::refresh::{GUN, gun, publish, refreshed, root_key, served, team};
use crate::support::forge::{Key, Repository, days, noon};

/// An old state of the repository under a new timestamp, as whoever holds the server's keys can make it.
fn rolled_back(old: &Repository, newer: &Repository) -> Repository {
    let mut attack = old.clone();
    attack.timestamp.0 = newer.timestamp.0 + 1;
    attack
}

/// A later state of [`team`] whose releases file is much bigger.
fn grown(repository: &Repository) -> Repository {
    let mut grown = repository.clone();
    (0..50).for_each(|n| grown.tag(&Role::releases(), &format!("2.{n}")));
    publish(&mut grown, &Role::releases());
    grown
}

#[tokio::test]
async fn rollback_to_a_smaller_file_is_noticed_from_what_was_remembered() {
    let (old, new) = (team(), grown(&team()));
    let (origin, machine) = refreshed(&new).await;
    // `docker` forgets versions with the files.
    std::fs::remove_file(machine.cached(GUN, "snapshot.json")).unwrap();
    std::fs::remove_file(machine.cached(GUN, "targets/releases.json")).unwrap();
    origin.serve(&rolled_back(&old, &new));
    let error = machine.refresh().await.unwrap_err();
    let rollback = VerifyError::Rollback { role: Role::Snapshot, seen: 2, got: 1 };
    assert!(matches!(&error, EngineError::Verify { source, .. } if *source == rollback), "{error:?}");
}

#[tokio::test]
async fn rollback_to_a_smaller_file_is_noticed_from_the_cache_alone() {
    let (old, new) = (team(), grown(&team()));
    let (origin, machine) = refreshed(&new).await;
    std::fs::remove_dir_all(&machine.settings.state_dir).unwrap();
    // As after an attack on `docker`: it stored the new timestamp before it refused the old snapshot.
    let attack = rolled_back(&old, &new);
    let files = origin.serve(&attack);
    std::fs::write(machine.cached(GUN, "timestamp.json"), files.get(&Role::Timestamp)).unwrap();
    let error = machine.refresh().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rollback, "{error:?}");
}

#[tokio::test]
async fn refused_attack_leaves_the_cache_as_it_was_and_the_honest_server_works_afterwards() {
    let (old, new) = (team(), grown(&team()));
    let (origin, machine) = refreshed(&new).await;
    let before = machine.cache(GUN);
    origin.serve(&rolled_back(&old, &new));
    machine.refresh().await.unwrap_err();
    assert_eq!(machine.cache(GUN), before);
    origin.serve(&new);
    let view = machine.refresh().await.unwrap();
    assert_eq!(view.trusted(), 51);
}

#[tokio::test]
async fn other_bytes_under_a_known_version_are_refused() {
    let (origin, machine) = refreshed(&team()).await;
    let mut other = team();
    other.tag(&Role::releases(), "evil");
    other.snapshot.0 += 1;
    other.timestamp.0 += 1;
    origin.serve(&other);
    let error = machine.refresh().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Equivocation, "{error:?}");
}

#[tokio::test]
async fn frozen_timestamp_is_an_error_that_names_a_wrong_clock() {
    let (origin, machine) = refreshed(&team()).await;
    let later = days(noon(), 20);
    machine.set_clock(later);
    origin.set_date(later);
    let engine = machine.engine();
    let error = engine.views().refresh(&gun()).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Verify { source: VerifyError::Expired { role: Role::Timestamp, .. }, .. }),
        "{error:?}"
    );
    origin.set_date(noon());
    let error = engine.views().refresh(&gun()).await.unwrap_err();
    assert!(matches!(error, EngineError::Clock { .. }), "{error:?}");
    assert!(error.to_string().contains("20 d ahead of the server's"), "{error}");
}

#[tokio::test]
async fn clock_before_the_last_success_is_a_fault() {
    let (origin, machine) = refreshed(&team()).await;
    machine.set_clock(days(noon(), -3));
    let error = machine.refresh().await.unwrap_err();
    assert!(matches!(error, EngineError::Clock { .. }), "{error:?}");
    origin.set_date(noon());
    let error = machine.refresh().await.unwrap_err();
    assert!(matches!(error, EngineError::Clock { .. }), "the server's clock goes against this one: {error:?}");
}

#[tokio::test]
async fn a_certificate_that_has_not_begun_by_a_clock_that_is_behind_is_the_clocks_fault() {
    let (origin, machine) = served(&team()).await;
    machine.set_clock(days(noon(), -8 * 365));
    for engine in [machine.engine(), machine.engine()] {
        let errors =
            [engine.views().refresh(&gun()).await.unwrap_err(), engine.views().inspect(&gun()).await.unwrap_err()];
        for error in errors {
            assert!(matches!(error, EngineError::Clock { .. }), "{error:?}");
            assert!(error.to_string().contains("8.0 y behind the server's"), "{error}");
        }
        origin.set_date(noon());
    }
}

#[tokio::test]
async fn a_clock_that_was_once_ahead_locks_nobody_out_where_the_servers_clock_agrees_with_it_now() {
    let (origin, machine) = served(&team()).await;
    machine.set_clock(days(noon(), 3));
    machine.refresh().await.unwrap();
    machine.set_clock(noon());
    let offline = machine.engine().views().cached(&gun()).await.unwrap_err();
    assert!(matches!(offline, EngineError::Clock { .. }), "nobody says which clock was wrong: {offline:?}");
    origin.set_date(noon());
    let view = machine.refresh().await.unwrap();
    assert!(view.notices.iter().any(|notice| matches!(notice, Notice::ClockWasAhead(_))), "{:?}", view.notices);
    let view = machine.refresh().await.unwrap();
    assert!(view.notices.is_empty(), "corrected and told once: {:?}", view.notices);
    machine.engine().views().cached(&gun()).await.unwrap();
}

/// Fast-forward: whoever has stolen a signer's key uses up the versions of the role.
#[tokio::test]
async fn a_version_that_leaps_is_told_until_the_next_one() {
    let mut repository = team();
    let (origin, machine) = refreshed(&repository).await;
    let leapt = |view: &RepositoryView| {
        let leaps = view.notices.iter().filter_map(|notice| match notice {
            Notice::Leap(role, leap) => Some((role.clone(), leap.from, leap.to)),
            _ => None,
        });
        leaps.collect::<Vec<_>>()
    };
    publish(&mut repository, &Role::releases());
    repository.content.get_mut(&Role::releases()).unwrap().version = 1001;
    origin.serve(&repository);
    assert_eq!(leapt(&machine.refresh().await.unwrap()), [], "so often somebody may publish");
    publish(&mut repository, &Role::releases());
    repository.content.get_mut(&Role::releases()).unwrap().version = 2002;
    origin.serve(&repository);
    let engine = machine.engine();
    let one = [(Role::releases(), 1001, 2002)];
    for _ in 0..2 {
        let view = engine.views().refresh(&gun()).await.unwrap();
        assert_eq!(leapt(&view), one);
        let is_warned = |finding: &Finding| finding.role == Some(Role::releases()) && finding.level == Health::Warn;
        assert!(view.findings.iter().any(is_warned), "{:?}", view.findings);
    }
    assert_eq!(leapt(&machine.engine().views().cached(&gun()).await.unwrap()), one, "and remembered");
    publish(&mut repository, &Role::parse("targets/bob").unwrap());
    origin.serve(&repository);
    assert_eq!(leapt(&machine.refresh().await.unwrap()), one, "bob's publish says nothing of releases");
    publish(&mut repository, &Role::releases());
    origin.serve(&repository);
    assert_eq!(leapt(&machine.refresh().await.unwrap()), []);
    publish(&mut repository, &Role::releases());
    repository.content.get_mut(&Role::releases()).unwrap().version = (1 << 53) - 5;
    origin.serve(&repository);
    let troubles = machine.refresh().await.unwrap().troubles();
    assert!(troubles.iter().any(|trouble| trouble.problem.message.contains("4 are left")), "{troubles:?}");
}

/// The next root, with these keys for the server's roles.
fn next_root(repository: &mut Repository, keys: &[(Role, &str)]) {
    let root = root_key();
    repository.root.version += 1;
    keys.iter().for_each(|(role, name)| repository.set_keys(role.clone(), &[Key::named(name)], 1));
    repository.signers.insert(Role::Root, vec![root]);
}

/// Fast-forward with a stolen key of the server: TUF 5.3.11.
#[tokio::test]
async fn versions_that_a_stolen_key_has_used_up_end_with_the_root_that_replaces_it() {
    let both = [(Role::Timestamp, "new timestamp"), (Role::Snapshot, "new snapshot")];
    for (keys, docker_was_first) in [(&both[..1], false), (&both[..], false), (&both[..], true)] {
        let mut repository = team();
        let (origin, machine) = refreshed(&repository).await;
        let mut stolen = repository.clone();
        stolen.timestamp.0 = (1 << 53) - 1;
        stolen.snapshot.0 += 1000;
        origin.serve(&stolen);
        machine.refresh().await.unwrap();
        publish(&mut repository, &Role::releases());
        repository.content.get_mut(&Role::Targets).unwrap().version += 1;
        let mut unchanged = repository.clone();
        next_root(&mut unchanged, &[]);
        origin.serve(&unchanged);
        assert_eq!(
            machine.refresh().await.unwrap_err().kind(),
            Kind::Rollback,
            "a root with the same keys heals nothing"
        );
        next_root(&mut unchanged, keys);
        let healed = unchanged;
        let files = origin.serve(&healed);
        if docker_was_first {
            for role in [Role::Root, Role::Timestamp, Role::Snapshot] {
                std::fs::write(machine.cached(GUN, &format!("{role}.json")), files.get(&role)).unwrap();
            }
        }
        let told = |view: &RepositoryView| {
            let replaced = |notice: &&Notice| matches!(notice, Notice::Replaced { .. });
            view.notices.iter().filter(replaced).cloned().collect::<Vec<_>>()
        };
        let view = machine.refresh().await.unwrap();
        let one = Notice::Replaced { role: Role::Timestamp, root: 3, version: (1 << 53) - 1 };
        assert!(told(&view).contains(&one), "{:?}", view.notices);
        assert_eq!(told(&machine.refresh().await.unwrap()), [], "told once");
        // Under the new keys nothing goes back, and targets never did.
        let mut newer = healed.clone();
        publish(&mut newer, &Role::Targets);
        origin.serve(&newer);
        machine.refresh().await.unwrap();
        origin.serve(&healed);
        assert_eq!(machine.refresh().await.unwrap_err().kind(), Kind::Rollback);
    }
}

#[tokio::test]
async fn hidden_delegation_is_named_and_its_tags_do_not_vanish_in_silence() {
    let mut repository = team();
    let (origin, machine) = refreshed(&repository).await;
    repository.unnamed.insert(Role::releases());
    publish(&mut repository, &Role::Snapshot);
    origin.serve(&repository);
    let view = machine.refresh().await.unwrap();
    let releases = view.roles.iter().find(|row| row.role == Role::releases()).unwrap();
    assert_eq!(releases.state, RoleState::Hidden);
    assert_eq!(view.health, Health::Fail);
    assert!(
        view.findings.iter().any(|finding| finding.role == Some(Role::releases()) && finding.level == Health::Fail)
    );
}

#[tokio::test]
async fn roots_are_walked_one_by_one_when_keys_were_rotated() {
    let mut repository = team();
    let (origin, machine) = refreshed(&repository).await;
    let mut last = root_key();
    for version in 2..=4 {
        let next = Key::named(&format!("root {version}")).certified(GUN, |_| {});
        repository.set_keys(Role::Root, std::slice::from_ref(&next), 1);
        repository.signers.insert(Role::Root, vec![last, next.clone()]);
        let timestamp = Key::named(&format!("timestamp {version}"));
        repository.set_keys(Role::Timestamp, &[timestamp], 1);
        repository.root.version = version;
        publish(&mut repository, &Role::Root);
        origin.serve(&repository);
        last = next;
    }
    origin.asked();
    let view = machine.refresh().await.unwrap();
    assert_eq!(view.roles[0].version, Some(4));
    let roots: Vec<String> = origin.asked().into_iter().filter(|file| file.contains("root")).collect();
    assert_eq!(roots, ["2.root.json", "3.root.json", "4.root.json", "5.root.json"]);
    origin.asked();
    machine.refresh().await.unwrap();
    assert_eq!(origin.asked(), ["timestamp.json"]);
}

#[tokio::test]
async fn root_of_somebody_else_is_refused() {
    let (origin, machine) = refreshed(&team()).await;
    let mut foreign = team();
    foreign.set_keys(Role::Root, &[Key::named("mallory").certified(GUN, |_| {})], 1);
    foreign.set_keys(Role::Timestamp, &[Key::named("mallory's timestamp")], 1);
    foreign.root.version = 2;
    publish(&mut foreign, &Role::Root);
    origin.serve(&foreign);
    let error = machine.refresh().await.unwrap_err();
    assert!(matches!(&error, EngineError::OtherRoot(other) if other.since.is_some()), "{error:?}");
    assert_eq!(error.kind(), Kind::Pin);
}

#[tokio::test]
async fn a_root_of_the_same_key_is_told_by_what_differs_in_it() {
    let (origin, machine) = refreshed(&team()).await;
    let mut again = team();
    again.set_keys(Role::Targets, &[Key::named("other targets")], 1);
    again.set_keys(Role::Timestamp, &[Key::named("other timestamp")], 1);
    publish(&mut again, &Role::Root);
    origin.serve(&again);
    let error = machine.refresh().await.unwrap_err();
    let EngineError::OtherRoot(other) = &error else { panic!("{error:?}") };
    assert!(other.has_same_keys());
    let told = other.differences();
    assert_eq!(told.len(), 2, "{told:?}");
    let key = Key::named("other targets").public();
    let id = key.canonical_id().short();
    assert!(told[0].starts_with(&format!("targets key there {id} (")), "{told:?}");
    assert!(error.to_string().contains("of the same root key ("), "{error}");
    assert!(error.problem().hint.contains("proves nothing"), "{:?}", error.problem());
}

#[tokio::test]
async fn new_repository_waits_for_somebody_to_accept_its_root() {
    let (_origin, mut machine) = served(&team()).await;
    machine.settings.first_contact = FirstContact::Ask;
    let engine = machine.engine();
    let EngineError::FirstContact { roots, .. } = engine.views().refresh(&gun()).await.unwrap_err() else { panic!() };
    assert_eq!(roots, [root_key().public().id().clone()]);
    assert!(machine.cache(GUN).is_empty());
    engine.trust().accept_root(&gun(), &[Key::named("other").public().id().clone()]).unwrap();
    assert!(matches!(engine.views().refresh(&gun()).await, Err(EngineError::FirstContact { .. })));
    engine.trust().accept_root(&gun(), &roots).unwrap();
    assert_eq!(engine.views().refresh(&gun()).await.unwrap().trusted(), 1);
    // Pinned from now on, also for the next process.
    assert_eq!(machine.refresh().await.unwrap().trusted(), 1);
}
