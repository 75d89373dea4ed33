//! The trust directory: shared with `docker` and `notary`, killed in the middle, led astray.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use axum::http::StatusCode;
use trustdeck::engine::view::TagState;
use trustdeck::engine::{EngineError, Freshness, Health, Kind, Notice};
use trustdeck::tuf::{Gun, Role};

use crate::refresh::machine::Machine;
use crate::refresh::origin::Origin;
use crate::refresh::{GUN, gun, publish, refreshed, root_key, served, team};
use crate::support::forge::{Key, Repository, days, noon};

#[tokio::test]
async fn files_are_the_served_bytes_and_private() {
    let origin = Origin::start().await;
    let served = origin.serve(&team());
    let machine = Machine::new(&origin.url);
    machine.refresh().await.unwrap();
    let files = ["root", "timestamp", "snapshot", "targets", "targets/alice", "targets/releases"];
    assert_eq!(machine.cache(GUN).len(), files.len());
    for name in files {
        let path = machine.cached(GUN, &format!("{name}.json"));
        assert!(std::fs::read(&path).unwrap() == served.get(&Role::parse(name).unwrap()), "{name}");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn server_that_is_down_leaves_the_cache_with_its_age_and_the_reason() {
    let (origin, machine) = refreshed(&team()).await;
    machine.set_clock(days(noon(), 2));
    for (status, kind) in [
        (StatusCode::SERVICE_UNAVAILABLE, Kind::Busy),
        (StatusCode::INTERNAL_SERVER_ERROR, Kind::Server),
        (StatusCode::FORBIDDEN, Kind::Forbidden),
    ] {
        origin.fail_with(Some(status));
        let view = machine.refresh().await.unwrap();
        let Freshness::Cached { at, reason: Some(reason) } = view.freshness else { panic!("{:?}", view.freshness) };
        assert_eq!((at, reason.kind, view.health), (Some(noon()), kind, Health::Cached));
        assert_eq!(view.tags.len(), 1);
    }
    origin.fail_with(None);
    assert!(matches!(machine.refresh().await.unwrap().freshness, Freshness::Fresh { .. }));
}

#[tokio::test]
async fn cached_data_that_has_expired_says_so_and_is_not_relied_upon() {
    let (origin, machine) = refreshed(&team()).await;
    origin.fail_with(Some(StatusCode::BAD_GATEWAY));
    machine.set_clock(days(noon(), 30));
    let engine = machine.engine();
    let view = engine.views().refresh(&gun()).await.unwrap();
    assert_eq!((view.health, view.trusted(), view.orphaned()), (Health::Fail, 0, 1));
    assert_eq!(engine.views().inspect(&gun()).await.unwrap_err().kind(), Kind::Freeze);
}

#[tokio::test]
async fn offline_shows_the_cache_without_asking() {
    let (origin, mut machine) = refreshed(&team()).await;
    origin.asked();
    machine.settings.offline = true;
    let view = machine.refresh().await.unwrap();
    assert_eq!(view.freshness, Freshness::Cached { at: Some(noon()), reason: None });
    assert_eq!(view, machine.engine().views().cached(&gun()).await.unwrap());
    assert_eq!(origin.count(), 0);
    let unknown = Gun::parse("registry.example.com/team/unknown").unwrap();
    let refused = machine.engine().views().refresh(&unknown).await.unwrap_err();
    assert_eq!(refused.hint(), "start without --offline");
}

#[tokio::test]
async fn missing_and_damaged_roots_are_restored_from_the_copy() {
    let (_origin, machine) = refreshed(&team()).await;
    let path = machine.cached(GUN, "root.json");
    let good = std::fs::read(&path).unwrap();
    for damage in [None, Some(&b""[..]), Some(&good[..100])] {
        match damage {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        let view = machine.refresh().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), good);
        assert!(view.notices.iter().any(|notice| matches!(notice, Notice::RootRestored(_))), "{:?}", view.notices);
    }
}

#[tokio::test]
async fn changed_pin_is_an_error_until_both_fingerprints_were_seen() {
    let (origin, machine) = refreshed(&team()).await;
    let mut foreign = team();
    let root = Key::named("mallory").certified(GUN, |_| {});
    foreign.set_keys(Role::Root, std::slice::from_ref(&root), 1);
    let files = origin.serve(&foreign);
    std::fs::write(machine.cached(GUN, "root.json"), files.get(&Role::Root)).unwrap();
    let engine = machine.engine();
    let EngineError::PinLost { known, found, .. } = engine.views().refresh(&gun()).await.unwrap_err() else { panic!() };
    assert_eq!(known, [root_key().public().id().clone()]);
    assert_eq!(found, [root.public().id().clone()]);
    engine.trust().accept_root(&gun(), &found).unwrap();
    assert_eq!(engine.views().refresh(&gun()).await.unwrap().trusted(), 1);
    assert_eq!(machine.refresh().await.unwrap().trusted(), 1);
}

#[tokio::test]
async fn root_that_docker_has_advanced_is_taken() {
    let (origin, machine) = refreshed(&team()).await;
    let mut repository = team();
    let next = Key::named("next root").certified(GUN, |_| {});
    repository.set_keys(Role::Root, std::slice::from_ref(&next), 1);
    repository.signers.insert(Role::Root, vec![root_key(), next]);
    repository.root.version = 2;
    publish(&mut repository, &Role::Root);
    let files = origin.serve(&repository);
    for role in Role::BASE {
        std::fs::write(machine.cached(GUN, &format!("{role}.json")), files.get(&role)).unwrap();
    }
    origin.asked();
    let view = machine.refresh().await.unwrap();
    assert_eq!(view.roles[0].version, Some(2));
    assert_eq!(origin.asked(), ["timestamp.json"]);
}

#[tokio::test]
async fn cache_that_docker_wrote_is_read_as_docker_reads_it() {
    let mut machine = Machine::new("https://unreachable.invalid");
    machine.settings.trust_dir = "tests/fixtures/trust".into();
    machine.settings.offline = true;
    machine.set_clock("2026-11-23T12:00:00Z".parse().unwrap());
    let web = Gun::parse("localhost:5000/fixture/web").unwrap();
    let view = machine.engine().views().inspect(&web).await.unwrap();
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read("tests/fixtures/cli-output/docker-trust-inspect.json").unwrap()).unwrap();
    let pulled = view.tags.iter().filter(|tag| tag.state == TagState::Trusted);
    let rows: Vec<serde_json::Value> = pulled
        .map(|tag| serde_json::json!({"SignedTag": *tag.name, "Digest": tag.digest, "Signers": tag.signers}))
        .collect();
    assert_eq!(serde_json::Value::from(rows), expected[0]["SignedTags"]);
    assert_eq!(view.signers(), expected[0]["Signers"].as_array().unwrap().len());
}

#[tokio::test]
async fn files_that_docker_has_cut_are_fetched_again() {
    let (_origin, machine) = refreshed(&team()).await;
    let before = machine.cache(GUN);
    for name in ["timestamp.json", "targets.json", "targets/releases.json"] {
        std::fs::write(machine.cached(GUN, name), b"{\"signed\":").unwrap();
    }
    assert_eq!(machine.refresh().await.unwrap().trusted(), 1);
    assert!(machine.cache(GUN) == before);
}

#[tokio::test]
async fn local_deletion_keeps_nested_repositories_and_forgets_the_pin() {
    let (origin, machine) = refreshed(&team()).await;
    let nested = Gun::parse(&format!("{GUN}/inner")).unwrap();
    origin.serve(&Repository::new(nested.as_str(), noon()));
    let engine = machine.engine();
    engine.views().refresh(&nested).await.unwrap();
    assert_eq!(engine.views().entries().unwrap().len(), 2);
    engine.trust().delete_local(&gun()).await.unwrap();
    assert!(machine.cache(GUN).is_empty());
    assert!(machine.cached(nested.as_str(), "root.json").exists());
    let left: Vec<Gun> = engine.views().entries().unwrap().into_iter().map(|entry| entry.gun).collect();
    assert_eq!(left, [nested]);
    // Another root is no surprise any more.
    let mut foreign = team();
    foreign.set_keys(Role::Root, &[Key::named("mallory").certified(GUN, |_| {})], 1);
    origin.serve(&foreign);
    assert_eq!(engine.views().refresh(&gun()).await.unwrap().trusted(), 1);
}

#[tokio::test]
async fn symbolic_links_are_not_followed_out_of_the_trust_directory() {
    let (_origin, machine) = served(&team()).await;
    let outside = machine.dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let inside = machine.settings.trust_dir.join("tuf/registry.example.test");
    std::fs::create_dir_all(&inside).unwrap();
    symlink(&outside, inside.join("team")).unwrap();
    let error = machine.refresh().await.unwrap_err();
    assert!(matches!(error, EngineError::OwnDir { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    assert!(machine.engine().views().entries().unwrap().is_empty());
}

#[tokio::test]
async fn repositories_are_listed_once_and_strange_directories_skipped() {
    let (_origin, machine) = refreshed(&team()).await;
    let engine = machine.engine();
    engine.trust().add_entry(&gun()).unwrap();
    engine.trust().add_entry(&gun()).unwrap();
    engine.trust().add_entry(&Gun::parse("docker.io/library/alpine").unwrap()).unwrap();
    let strange = machine.settings.trust_dir.join("tuf/what is this/metadata");
    std::fs::create_dir_all(&strange).unwrap();
    std::fs::write(strange.join("root.json"), b"{}").unwrap();
    let names = |engine: &trustdeck::engine::Engine| -> Vec<(String, bool)> {
        engine.views().entries().unwrap().into_iter().map(|entry| (entry.name, entry.added)).collect()
    };
    assert_eq!(names(&engine), [("alpine".to_owned(), true), (GUN.to_owned(), true)]);
    engine.trust().remove_entry(&gun()).unwrap();
    assert_eq!(names(&machine.engine()), [("alpine".to_owned(), true), (GUN.to_owned(), false)]);
}

#[tokio::test]
async fn state_of_a_newer_version_is_refused_and_left_alone() {
    let (_origin, machine) = refreshed(&team()).await;
    let mut folders = vec![machine.settings.state_dir.join("repositories")];
    let mut records = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "json") {
                records.push(path);
            }
        }
    }
    let [record] = records.as_slice() else { panic!("{records:?}") };
    let newer = br#"{"format":99,"marks":"of another kind"}"#;
    std::fs::write(record, newer).unwrap();
    let error = machine.refresh().await.unwrap_err();
    assert!(matches!(error, EngineError::State { .. }), "{error:?}");
    assert_eq!(std::fs::read(record).unwrap(), newer);
}

const CHILD: &str = "TRUSTDECK_TEST_REFRESH_FOREVER";

/// Not a test of its own: the process that [`killed_process_leaves_whole_files`] kills.
#[tokio::test]
async fn child_that_rewrites_the_cache() {
    let Some((url, dir)) =
        std::env::var(CHILD).ok().and_then(|v| v.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())))
    else {
        return;
    };
    let mut machine = Machine::new(&url);
    machine.settings.trust_dir = format!("{dir}/trust").into();
    machine.settings.state_dir = format!("{dir}/state").into();
    loop {
        let engine = machine.engine();
        engine.views().refresh(&gun()).await.unwrap();
        engine.trust().delete_local(&gun()).await.unwrap();
    }
}

#[tokio::test]
async fn killed_process_leaves_whole_files() {
    let origin = Origin::start().await;
    let files = origin.serve(&team());
    let whole: BTreeSet<&[u8]> = files.files.values().map(Vec::as_slice).collect();
    let machine = Machine::new(&origin.url);
    let dir = machine.dir.path().display();
    for round in 1..=5 {
        origin.asked();
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "refresh::cache::child_that_rewrites_the_cache"])
            .env(CHILD, format!("{} {dir}", origin.url))
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        while origin.count() < 20 + 7 * round {
            assert!(child.try_wait().unwrap().is_none(), "the child ended");
            tokio::task::yield_now().await;
        }
        child.kill().await.unwrap();
        for (path, bytes) in machine.cache(GUN) {
            // A file that was being written aside has no name yet.
            let is_named = !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            assert!(!is_named || whole.contains(bytes.as_slice()), "{} is cut", path.display());
        }
        assert_eq!(machine.refresh().await.unwrap().trusted(), 1);
    }
}

#[tokio::test]
async fn files_left_aside_by_ended_processes_are_swept() {
    let (_origin, machine) = served(&team()).await;
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let (ended, running) = (child.id(), std::process::id());
    child.wait().unwrap();
    let dir = machine.cached(GUN, "targets/alice.json").parent().unwrap().to_owned();
    std::fs::create_dir_all(&dir).unwrap();
    let minutes = |minutes: u64| std::time::SystemTime::now() - std::time::Duration::from_secs(60 * minutes);
    let leave = |name: String, age: u64| {
        let file = std::fs::File::create(dir.join(&name)).unwrap();
        file.set_modified(minutes(age)).unwrap();
        name
    };
    let gone = [
        leave(format!(".alice.json.{ended}-7"), 5),
        leave(format!(".alice.json.{ended}-8"), 24 * 60 + 1),
        leave(format!(".alice.json.{running}-9"), 24 * 60 + 1),
    ];
    let kept = [
        leave(format!(".alice.json.{ended}-10"), 0),
        leave(format!(".alice.json.{running}-1000000"), 5),
        leave(".alice.json.editor".to_owned(), 48 * 60),
    ];
    machine.refresh().await.unwrap();
    let left = |name: &String| dir.join(name).exists();
    assert!(!gone.iter().any(left) && kept.iter().all(left));
}

/// `targets/metadata/root` of a repository and the root of another have one place in the layout of Docker and Notary.
#[tokio::test]
async fn a_role_cannot_overwrite_the_root_of_another_repository() {
    let nested = format!("{GUN}/metadata/targets");
    let origin = Origin::start().await;
    let (victim, machine) = (Repository::new(&nested, noon()), Machine::new(&origin.url));
    origin.serve(&victim);
    let victim_gun = Gun::parse(&nested).unwrap();
    machine.engine().views().refresh(&victim_gun).await.unwrap();
    let pin = machine.cached(&nested, "root.json");
    let before = std::fs::read(&pin).unwrap();

    let (mut attacker, key) = (team(), Key::named("mallory"));
    let parent = attacker.delegate("targets/metadata", std::slice::from_ref(&key), &[""]);
    attacker.add_file(parent, noon());
    let role = attacker.delegate("targets/metadata/root", std::slice::from_ref(&key), &[""]);
    attacker.add_file(role.clone(), noon());
    attacker.tag(&role, "9.9");
    assert_eq!(machine.cached(GUN, "targets/metadata/root.json"), pin);
    origin.serve(&attacker);
    let view = machine.refresh().await.unwrap();
    assert_eq!(std::fs::read(&pin).unwrap(), before);

    // The role is shown all the same, without asking again for what has not changed, and offline.
    assert!(view.tags.iter().any(|tag| *tag.name == *"9.9" && tag.roles.contains(&role)), "{:?}", view.tags);
    origin.asked();
    machine.refresh().await.unwrap();
    assert_eq!(origin.count(), 1);
    assert_eq!(machine.engine().views().cached(&gun()).await.unwrap().tags, view.tags);
    machine.engine().views().refresh(&victim_gun).await.unwrap();
}

#[tokio::test]
async fn repositories_are_found_whatever_their_names_are() {
    let (origin, names) = (Origin::start().await, ["team/metadata", "team/metadata/app", "team/changelist", "team"]);
    let machine = Machine::new(&origin.url);
    for name in names {
        origin.serve(&Repository::new(name, noon()));
        machine.engine().views().refresh(&Gun::parse(name).unwrap()).await.unwrap();
    }
    let found = machine.engine().views().entries().unwrap();
    let found: BTreeSet<String> = found.iter().map(|entry| entry.gun.to_string()).collect();
    assert_eq!(found, names.map(str::to_owned).into());
}

#[tokio::test]
async fn a_torn_time_of_verification_is_no_time_until_the_next_refresh() {
    let (origin, mut machine) = refreshed(&team()).await;
    let paths = |dir: PathBuf| std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let folders = paths(machine.settings.state_dir.join("repositories"));
    let is_time = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "time");
    let path = folders.into_iter().flat_map(paths).find(is_time).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let later = |old: &str| old.replacen("2026", "2027", 1).into_bytes();
    let of_two = later(std::str::from_utf8(&whole).unwrap());
    // Once it was a line, twice.
    let of_two_lines = later("2026-11-21T12:00:00.000000000Z\n2026-11-21T12:00:00.000000000Z\n");
    let torn = [b"".to_vec(), vec![0; whole.len()], whole[..whole.len() / 2].to_vec(), of_two, of_two_lines];
    machine.settings.offline = true;
    for bytes in torn {
        std::fs::write(&path, &bytes).unwrap();
        let view = machine.engine().views().cached(&gun()).await.unwrap();
        assert_eq!(view.freshness, Freshness::Cached { at: None, reason: None }, "{bytes:?}");
        assert_eq!(view.tags.len(), 1);
    }
    machine.settings.offline = false;
    machine.refresh().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    drop(origin);
}
