//! The state directory: files of the form before, locks that others hold, folders that cannot or should not be written.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;
use trustdeck::engine::wizard::Wizard;
use trustdeck::engine::{Engine, EngineError, Freshness, Kind, Notice, Remark};
use trustdeck::tuf::{CanonicalKeyId, Role};

use crate::refresh::machine::Machine;
use crate::refresh::origin::Origin;
use crate::refresh::{GUN, gun, publish, refreshed, served, team, with_a_role_set_aside};
use crate::support::forge::{Key, noon};

fn files(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn file(machine: &Machine, ending: &str) -> PathBuf {
    let mut found =
        files(&machine.settings.state_dir).into_iter().filter(|path| path.to_str().unwrap().ends_with(ending));
    found.next().unwrap()
}

fn note(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Gives a file the form that it had before: all members beside the version.
fn make_old(path: &Path, kind: &str, version: &str) {
    let now = note(path);
    assert_eq!((&now["kind"], &now["version"]), (&kind.into(), &2.into()), "{}", path.display());
    let mut before = now["content"].clone();
    before[version] = 1.into();
    fs::write(path, before.to_string()).unwrap();
}

#[tokio::test]
async fn marks_of_the_form_before_still_refuse_what_is_older() {
    let mut repository = team();
    let (origin, machine) = served(&repository).await;
    publish(&mut repository, &Role::releases());
    origin.serve(&repository);
    machine.refresh().await.unwrap();
    make_old(&file(&machine, ".json"), "record", "format");
    fs::remove_dir_all(&machine.settings.trust_dir).unwrap();
    origin.serve(&team());
    let error = machine.refresh().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rollback, "{error}");
}

#[tokio::test]
async fn files_set_aside_in_the_form_before_are_not_fetched_again() {
    let (origin, machine, first) = with_a_role_set_aside().await;
    make_old(&file(&machine, ".aside"), "aside", "format");
    origin.asked();
    let again = machine.refresh().await.unwrap();
    assert_eq!((origin.asked(), &again.tags), (vec!["timestamp.json".to_owned()], &first.tags));
}

#[tokio::test]
async fn times_of_the_forms_before_are_read() {
    let (_origin, mut machine) = refreshed(&team()).await;
    let path = file(&machine, ".time");
    machine.settings.offline = true;
    let line = format!("{:.9}\n", noon());
    for text in [line.clone(), line.repeat(2), line.trim_end().to_owned()] {
        fs::write(&path, &text).unwrap();
        let view = machine.engine().views().cached(&gun()).await.unwrap();
        assert_eq!(view.freshness, Freshness::Cached { at: Some(noon()), reason: None }, "{text:?}");
    }
}

#[test]
fn lists_labels_and_wizards_of_the_form_before_are_read_and_changed() {
    let machine = Machine::new("https://trust.example.test");
    let (id, other) =
        (Key::named("a").public().canonical_id().clone(), Key::named("b").public().canonical_id().clone());
    let engine = machine.engine();
    engine.trust().add_entry(&gun()).unwrap();
    engine.keyring().set_label(&id, "laptop").unwrap();
    let choice = engine.wizards().new_wizard(Wizard::Targets, vec![gun()]).unwrap();
    engine.wizards().keep_wizard(&choice).unwrap();
    let wizard = files(&machine.settings.state_dir.join("wizards")).remove(0);
    make_old(&wizard, "wizard", "version");
    for (name, kind, version) in [("list.json", "repositories", "format"), ("labels.json", "labels", "version")] {
        make_old(&file(&machine, name), kind, version);
    }
    let engine = machine.engine();
    assert_eq!(engine.views().entries().unwrap().len(), 1);
    assert_eq!(engine.wizards().list().unwrap(), [choice]);
    engine.keyring().set_label(&other, "token").unwrap();
    let labels = note(&file(&machine, "labels.json"))["content"]["labels"].clone();
    let text = |id: &CanonicalKeyId| labels[id.as_str()].as_str().map(str::to_owned);
    assert_eq!((text(&id).unwrap(), text(&other).unwrap()), ("laptop".to_owned(), "token".to_owned()));
}

#[test]
fn backups_of_the_form_before_are_read() {
    let machine = Machine::new("https://trust.example.test");
    let id = Key::named("a").public().canonical_id().clone();
    fs::create_dir(&machine.settings.state_dir).unwrap();
    let before = format!(r#"{{"version":1,"backups":{{"{id}":{{"at":"2026-06-15T12:00:00Z","file":"/a"}}}}}}"#);
    fs::write(machine.settings.state_dir.join("backups.json"), before).unwrap();
    let backups = machine.engine().keyring().backups().unwrap();
    assert_eq!((backups[&id].at, backups[&id].file.to_str()), (noon(), Some("/a")));
}

/// What was told on the way while a repository was read.
async fn told(engine: &Engine) -> Vec<String> {
    let mut heard = engine.servers().remarks();
    for _ in 0..2 {
        let view = engine.views().refresh(&gun()).await.unwrap();
        assert_eq!((view.tags.len(), view.freshness), (1, Freshness::Fresh { at: noon() }));
    }
    let mut told = Vec::new();
    while let Ok(remark) = heard.try_recv() {
        assert!(matches!(remark, Remark::Unkept { .. }), "{remark:?}");
        told.push(remark.to_string());
    }
    told
}

#[tokio::test]
async fn what_cannot_be_kept_is_verified_in_memory_and_told_once() {
    let origin = Origin::start().await;
    origin.serve(&team());
    let rows = [
        (true, false, "/proc/nowhere", "XDG_STATE_HOME"),
        (false, true, "/proc/nowhere", "--trust-dir"),
        (true, false, "/dev/null/nowhere", "XDG_STATE_HOME"),
        (false, true, "/dev/null/nowhere", "--trust-dir"),
    ];
    for (state, trust, nowhere, variable) in rows {
        let mut machine = Machine::new(&origin.url);
        // Nobody can make a directory there, not even root.
        let (nowhere, named) = (PathBuf::from(nowhere), nowhere);
        if state {
            machine.settings.state_dir = nowhere.clone();
        }
        if trust {
            machine.settings.trust_dir = nowhere;
        }
        let first = machine.refresh().await.unwrap();
        let met =
            first.notices.iter().find(|notice| matches!(notice, Notice::FirstContact { .. })).unwrap().to_string();
        // What the state directory remembers is known the next time, whatever became of the cache.
        let how_long = if state { "is trusted for this run only" } else { "is trusted from now on" };
        assert!(met.contains(how_long), "{met}");
        let engine = machine.engine();
        let [line] = told(&engine).await.try_into().unwrap();
        assert!(line.contains(named) && line.contains(variable), "{line}");
        assert!(engine.keyring().keys_at_hand().is_empty());
        assert_eq!(engine.status(Some(&gun())).staged, 0);
        engine.trust().add_entry(&gun()).unwrap();
        assert!(engine.views().entries().unwrap().iter().any(|entry| entry.gun == gun()), "for this run");
    }
}

/// Runs a command of a user with this home directory and nothing else.
fn at_home(home: &Path, words: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    let ran = command.args(words).env_clear().env("HOME", home).output().unwrap();
    (ran.status.code(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
}

#[test]
fn a_home_that_is_no_directory_stops_nothing_that_only_reads() {
    for words in [&["status"][..], &["key", "list"], &["status", "--json"]] {
        let (code, said) = at_home(Path::new("/dev/null"), words);
        assert_eq!(code, Some(0), "{words:?}: {said}");
    }
}

#[test]
fn what_the_system_says_is_told_without_its_number() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join(".docker/tls")).unwrap();
    fs::write(home.path().join(".docker/tls/notary.example.test"), "").unwrap();
    let (_, said) = at_home(home.path(), &["--server", "https://notary.example.test", "inspect", "r.test/web"]);
    assert!(said.contains("tls/notary.example.test: Not a directory") && !said.contains("os error"), "{said}");
}

#[tokio::test]
async fn marks_are_kept_where_only_the_trust_directory_cannot_be_written() {
    let mut repository = team();
    let origin = Origin::start().await;
    let mut machine = Machine::new(&origin.url);
    publish(&mut repository, &Role::releases());
    origin.serve(&repository);
    machine.settings.trust_dir = "/proc/nowhere".into();
    machine.refresh().await.unwrap();
    origin.serve(&team());
    let error = machine.refresh().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rollback, "{error}");
}

#[tokio::test]
async fn who_holds_the_lock_of_a_record_keeps_nobody_from_reading_and_is_named() {
    let (origin, machine) = refreshed(&team()).await;
    let mut repository = team();
    publish(&mut repository, &Role::releases());
    origin.serve(&repository);
    let path = file(&machine, ".lock");
    let lock = fs::File::options().write(true).open(&path).unwrap();
    lock.lock().unwrap();
    let engine = machine.engine();
    let mut heard = engine.servers().remarks();
    let view = engine.views().refresh(&gun()).await.unwrap();
    assert_eq!(view.tags.len(), 1);
    let line = heard.try_recv().unwrap().to_string();
    assert!(line.contains(&std::process::id().to_string()) && line.contains(path.to_str().unwrap()), "{line}");
    let seen = || note(&file(&machine, ".json"))["content"]["seen"]["snapshot"]["version"].clone();
    assert_eq!(seen(), 1);
    drop(lock);
    machine.refresh().await.unwrap();
    assert_eq!(seen(), 2);
}

#[tokio::test]
async fn what_stands_in_place_of_a_lock_is_named_and_waited_for_by_nobody() {
    let (_origin, machine) = refreshed(&team()).await;
    let path = file(&machine, ".lock");
    for hostile in ["directory", "pipe", "link"] {
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
        match hostile {
            "directory" => fs::create_dir(&path).unwrap(),
            "link" => symlink("/dev/zero", &path).unwrap(),
            _ => {
                let mode = rustix::fs::Mode::from_raw_mode(0o600);
                rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
            }
        }
        fs::write(file(&machine, ".json"), r#"{"format":1}"#).unwrap();
        fs::remove_dir_all(&machine.settings.trust_dir).unwrap();
        let engine = machine.engine();
        let [line] = told(&engine).await.try_into().unwrap();
        assert!(line.contains(path.to_str().unwrap()), "{hostile}: {line}");
    }
}

#[tokio::test]
async fn a_state_directory_that_others_may_write_is_refused() {
    let (_origin, machine) = refreshed(&team()).await;
    let inside = file(&machine, ".json").parent().unwrap().to_owned();
    for dir in [machine.settings.state_dir.clone(), inside] {
        for mode in [0o777, 0o770, 0o702] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
            let refused = match Engine::open(machine.settings.clone(), std::sync::Arc::new(noon)) {
                Ok(engine) => engine.views().refresh(&gun()).await.unwrap_err(),
                Err(error) => error,
            };
            assert!(matches!(&refused, EngineError::Exposed { path, .. } if *path == dir), "{mode:o}: {refused}");
            let hint = refused.hint();
            assert!(hint.contains("chmod 700") && !hint.contains("chown"), "{hint}");
        }
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        machine.refresh().await.unwrap();
    }
    assert!(machine.cached(GUN, "root.json").exists());
}
