//! How often the server is asked.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;
use trustdeck::engine::{Freshness, Kind};
use trustdeck::tuf::{Gun, Role};

use crate::refresh::machine::Machine;
use crate::refresh::origin::Origin;
use crate::refresh::{GUN, gun, publish, refreshed, served, team, with_a_role_set_aside};
use crate::support::forge::{Key, Repository, noon};
use crate::support::in_own_process;

const FIRST: [&str; 4] = ["root.json", "snapshot.json", "targets.json", "timestamp.json"];

#[tokio::test]
async fn first_contact_asks_for_the_usual_files_at_once_and_for_delegations_by_hash() {
    let (origin, machine) = served(&team()).await;
    let view = machine.refresh().await.unwrap();
    assert_eq!(view.trusted(), 1);
    let mut expected: Vec<&str> = FIRST.to_vec();
    // Nothing is asked for that may not exist.
    expected.extend(["targets/alice.#.json", "targets/releases.#.json"]);
    expected.sort_unstable();
    // A server that answers at once is asked for the snapshot when its hash is known.
    let asked = origin.asked().into_iter().map(|file| file.replace("snapshot.#.json", "snapshot.json"));
    let mut asked: Vec<String> = asked.collect();
    asked.sort_unstable();
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn unchanged_repository_costs_one_request_in_the_same_and_in_a_new_process() {
    let (origin, machine) = served(&team()).await;
    let engine = machine.engine();
    let first = engine.views().refresh(&gun()).await.unwrap();
    origin.asked();
    for engine in [engine, machine.engine()] {
        let view = engine.views().refresh(&gun()).await.unwrap();
        assert_eq!(origin.asked(), ["timestamp.json"]);
        assert_eq!(view.freshness, Freshness::Fresh { at: noon() });
        assert_eq!((&view.roles, &view.tags), (&first.roles, &first.tags));
    }
}

#[tokio::test]
async fn repository_with_a_role_set_aside_still_costs_one_request() {
    let (origin, machine, first) = with_a_role_set_aside().await;
    assert_eq!((first.trusted(), first.orphaned()), (0, 1));
    assert!(!machine.cached(GUN, "targets/releases.json").exists(), "a file that is not trusted is not cached");
    origin.asked();
    let again = machine.refresh().await.unwrap();
    assert_eq!(origin.asked(), ["timestamp.json"]);
    assert_eq!(again.tags, first.tags);
}

#[tokio::test]
async fn role_set_aside_that_is_too_long_to_be_kept_is_asked_for_again() {
    let mut repository = team();
    repository.signers.insert(Role::releases(), vec![Key::named("mallory")]);
    repository.file_edits.insert(Role::releases(), |text| text + &" ".repeat(49 << 20));
    let (origin, machine) = served(&repository).await;
    let first = machine.refresh().await.unwrap();
    assert_eq!((first.trusted(), first.orphaned()), (0, 1));
    origin.asked();
    // The next process, with what the first one has kept.
    let again = machine.refresh().await.unwrap();
    assert_eq!(origin.asked(), ["targets/releases.#.json", "timestamp.json"]);
    assert_eq!(again.tags, first.tags);
}

#[tokio::test]
async fn change_costs_only_the_files_that_changed() {
    let mut repository = team();
    let (origin, machine) = refreshed(&repository).await;
    repository.tag(&Role::releases(), "1.1");
    publish(&mut repository, &Role::releases());
    origin.serve(&repository);
    origin.asked();
    let view = machine.refresh().await.unwrap();
    assert_eq!(view.trusted(), 2);
    assert_eq!(origin.asked(), ["snapshot.#.json", "targets/releases.#.json", "timestamp.json"]);
}

#[tokio::test]
async fn repositories_are_refreshed_side_by_side() {
    let origin = Origin::start().await;
    let guns: Vec<Gun> = (0..40).map(|n| Gun::parse(&format!("registry.example.test/many/{n}")).unwrap()).collect();
    for gun in &guns {
        origin.serve(&Repository::new(gun.as_str(), noon()));
    }
    // Nobody gets a timestamp before eight repositories have asked for theirs.
    origin.gather(8);
    let mut machine = Machine::new(&origin.url);
    // A server nearby gets one request at a time unless the user knows that it bears more.
    machine.settings.servers.parallel_requests = Some(8);
    let engine = machine.engine();
    let views = futures_util::future::join_all(guns.iter().map(|gun| engine.views().refresh(gun))).await;
    let seen: BTreeSet<Gun> = views.into_iter().map(|view| view.unwrap().gun).collect();
    assert_eq!(seen.len(), 40);
}

#[tokio::test]
async fn cancelled_refresh_asks_nobody() {
    let origin = Origin::start().await;
    let machine = Machine::new(&origin.url);
    let stop = CancellationToken::new();
    stop.cancel();
    let error = machine.engine().views().refresh_until(&gun(), &stop).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Cancelled, "{error:?}");
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn what_was_verified_minutes_ago_is_staged_on_without_a_request() {
    let (origin, machine) = served(&team()).await;
    assert!(machine.engine().views().verified_lately(&gun(), true).await.is_none(), "nothing is known yet");
    let first = machine.refresh().await.unwrap();
    origin.asked();
    let lately = machine.engine().views().verified_lately(&gun(), false).await.unwrap();
    assert_eq!((lately.tags, origin.count()), (first.tags, 0));
    machine.set_clock(noon() + jiff::SignedDuration::from_mins(6));
    let engine = machine.engine();
    assert!(engine.views().verified_lately(&gun(), false).await.is_none());
    assert!(engine.views().verified_lately(&gun(), true).await.is_some(), "something is staged on it already");
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn who_wants_the_tags_opens_no_key() {
    let origin = Origin::start().await;
    origin.serve(&team());
    let engine = Machine::new(&origin.url).engine();
    engine.views().inspect(&gun()).await.unwrap();
    assert_eq!(engine.keyring().store_looks(), 0);
    engine.views().refresh(&gun()).await.unwrap();
    assert!(engine.keyring().store_looks() > 0);
}

#[test]
fn a_repository_waits_for_the_disk_only_with_what_must_last() {
    if !in_own_process("refresh::requests::a_repository_waits_for_the_disk_only_with_what_must_last") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let origin = Origin::start().await;
        let mut repository = team();
        origin.serve(&repository);
        let machine = Machine::new(&origin.url);
        let waits = async || {
            let before = trustdeck::engine::disk_waits();
            machine.refresh().await.unwrap();
            trustdeck::engine::disk_waits() - before
        };
        // The marks, our copy of the root and docker's, and the two folders.
        assert_eq!(waits().await, 5);
        assert_eq!(waits().await, 0, "nothing new");
        repository.tag(&Role::releases(), "1.1");
        publish(&mut repository, &Role::releases());
        origin.serve(&repository);
        // The marks and their folder: all other files are named by hash.
        assert_eq!(waits().await, 2);
    });
}
