//! The stage: one journal for all processes, acts that can be taken back, and changes that cannot stand together.

use crate::support;

use std::path::PathBuf;
use std::sync::Arc;

use support::forge::Key;
use support::machine::{add_signer, delegation, remove_signer, revoke, settings_of, sign, sign_into, witness};
use tempfile::TempDir;
use trustdeck::engine::{Change, Engine, EngineError, Kind, RootKeyChoice};
use trustdeck::tuf::{Gun, PublicKey};

const GUN: &str = "registry.example.test/team/app";
const SERVER: &str = "https://trust.example.test";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// An engine as another process would open it.
    fn open(&self, server: &str) -> Result<Engine, EngineError> {
        let settings = settings_of(self.0.path(), &self.0.path().join("trust"), server);
        Engine::open(settings, Arc::new(jiff::Timestamp::now))
    }

    fn engine(&self) -> Engine {
        self.open(SERVER).unwrap()
    }

    fn journal(&self) -> PathBuf {
        let stage = std::fs::read_dir(self.0.path().join(".local/state/trustdeck/stage")).unwrap();
        let mut paths = stage.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|e| e == "json")).unwrap()
    }
}

fn gun() -> Gun {
    Gun::parse(GUN).unwrap()
}

fn key(name: &str) -> PublicKey {
    Key::named(name).public()
}

fn stage(engine: &Engine, changes: &[Change]) -> Result<usize, EngineError> {
    let changes = changes.iter().map(|change| (gun(), change.clone())).collect();
    engine.stage().stage(changes).map(|stage| stage.changes.len())
}

fn staged(engine: &Engine) -> Vec<Change> {
    engine.stage().staged().unwrap().changes.into_iter().map(|entry| entry.change).collect()
}

#[test]
fn what_one_process_stages_the_other_sees_and_can_take_back() {
    let place = Place::new();
    let (one, other) = (place.engine(), place.engine());
    stage(&one, &[sign("1.0")]).unwrap();
    stage(&other, &[sign("1.1"), sign("1.2")]).unwrap();
    assert_eq!(staged(&one), [sign("1.0"), sign("1.1"), sign("1.2")]);
    assert_eq!(one.stage().undo().unwrap().changes.len(), 1);
    assert_eq!(other.stage().undo().unwrap().changes.len(), 0);
    assert_eq!(other.stage().undo().unwrap().undo, None);
    assert_eq!(one.stage().redo().unwrap().changes.len(), 1);
    assert_eq!(other.stage().redo().unwrap().changes.len(), 3);
    assert_eq!(staged(&place.engine()), staged(&one));
}

#[test]
fn what_undo_takes_back_is_called_as_the_change_is() {
    let place = Place::new();
    let engine = place.engine();
    stage(&engine, &[remove_signer("ben")]).unwrap();
    let expected = format!("remove signer ben from {}", gun());
    assert_eq!(engine.stage().staged().unwrap().undo, Some(expected));
}

#[test]
fn dropped_changes_come_back_where_they_stood() {
    let place = Place::new();
    let engine = place.engine();
    stage(&engine, &[sign("1.0"), sign("1.1"), sign("1.2")]).unwrap();
    let entries = engine.stage().staged().unwrap().changes;
    engine.stage().drop_changes(&[entries[0].id, entries[1].id]).unwrap();
    assert_eq!(staged(&engine), [sign("1.2")]);
    let stage = engine.stage().undo().unwrap();
    assert_eq!(stage.changes, entries);
    assert!(stage.redo.unwrap().starts_with("the drop of"));
    assert_eq!(engine.stage().redo().unwrap().changes.len(), 1);
}

#[test]
fn staging_the_same_again_is_no_act() {
    let place = Place::new();
    let engine = place.engine();
    stage(&engine, &[sign("1.0")]).unwrap();
    assert_eq!(stage(&engine, &[sign("1.0")]).unwrap(), 1);
    assert_eq!(engine.stage().undo().unwrap().changes.len(), 0);
}

#[test]
fn a_failing_change_stages_none_of_its_act() {
    let place = Place::new();
    let engine = place.engine();
    assert!(stage(&engine, &[sign("1.0"), revoke("1.0")]).is_err());
    assert_eq!(engine.stage().staged().unwrap(), Default::default());
}

/// The same tag, signed with another image.
fn other(sign: Change) -> Change {
    match sign {
        Change::Sign { tag, mut target, roles } => {
            target.length += 1;
            Change::Sign { tag, target, roles }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tag_that_is_signed_anew_takes_the_place_of_what_was_staged_and_undo_brings_that_back() {
    let place = Place::new();
    let engine = place.engine();
    stage(&engine, &[sign("1.0"), sign("1.1"), sign_into("1.2", &["targets"])]).unwrap();
    let before = engine.stage().staged().unwrap();
    let anew = [other(sign("1.0")), other(sign_into("1.2", &["targets", "targets/ci"]))];
    stage(&engine, &anew).unwrap();
    assert_eq!(staged(&engine), [sign("1.1"), anew[0].clone(), anew[1].clone()]);
    let after = engine.stage().staged().unwrap();
    let replaced: Vec<&Change> = after.replaced(&before).into_iter().map(|staged| &staged.change).collect();
    assert_eq!(replaced, [&sign("1.0"), &sign_into("1.2", &["targets"])]);
    let back = engine.stage().undo().unwrap();
    assert_eq!(back.changes, before.changes);
    assert!(back.replaced(&after).is_empty());
    assert_eq!(engine.stage().redo().unwrap().changes, after.changes);
    let twice = [sign("2.0"), other(sign("2.0"))];
    assert!(stage(&engine, &twice).is_err(), "one act says one thing of a tag");
}

/// Revokes a tag in these roles.
fn revoke_in(tag: &str, roles: &[&str]) -> Change {
    match (revoke(tag), sign_into(tag, roles)) {
        (Change::Revoke { tag, .. }, Change::Sign { roles, .. }) => Change::Revoke { tag, roles },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tag_that_is_revoked_takes_the_place_of_what_was_staged_and_undo_brings_that_back() {
    let place = Place::new();
    let engine = place.engine();
    let signs = [sign("1.0"), sign_into("1.1", &["targets"]), sign_into("1.2", &["targets"]), sign("1.3")];
    stage(&engine, &signs).unwrap();
    let before = engine.stage().staged().unwrap();
    // What is published is not known here, so that the revocations stay.
    let revokes = [revoke("1.0"), revoke("1.1"), revoke_in("1.2", &["targets", "targets/ci"])];
    stage(&engine, &revokes).unwrap();
    assert_eq!(staged(&engine), [std::slice::from_ref(&signs[3]), &revokes].concat());
    let after = engine.stage().staged().unwrap();
    let replaced: Vec<&Change> = after.replaced(&before).into_iter().map(|staged| &staged.change).collect();
    assert_eq!(replaced, signs[..3].iter().collect::<Vec<_>>());
    assert_eq!(engine.stage().undo().unwrap().changes, before.changes);
}

#[test]
fn contradictions_are_refused_with_the_way_out() {
    let ci = || delegation("targets/ci");
    let add = || Change::AddDelegation { role: ci(), keys: vec![key("ci")], paths: vec![] };
    let rows = [
        (add_signer("ben", &[key("ben")]), remove_signer("ben")),
        (remove_signer("ben"), add_signer("ben", &[key("ben")])),
        (add(), Change::RemoveDelegation { role: ci() }),
        (Change::RemoveDelegation { role: ci() }, add()),
        (sign("1.0"), revoke_in("1.0", &["targets"])),
        (sign_into("1.0", &["targets", "targets/ci"]), revoke_in("1.0", &["targets"])),
        (revoke("1.0"), sign("1.0")),
        (sign("1.0"), other(sign_into("1.0", &["targets"]))),
        (sign_into("1.0", &["targets"]), other(sign("1.0"))),
        (sign_into("1.0", &["targets", "targets/ci"]), other(sign_into("1.0", &["targets/ci"]))),
        (sign("1.0"), Change::Delete),
        (Change::Delete, sign("1.0")),
        (Change::Create { root_key: RootKeyChoice::Auto }, Change::Create { root_key: RootKeyChoice::New }),
        (remove_signer("ben"), witness("targets/ben")),
        (sign_into("1.0", &["targets/ci/x"]), Change::RemoveDelegation { role: ci() }),
    ];
    for (first, second) in rows {
        let place = Place::new();
        let engine = place.engine();
        stage(&engine, std::slice::from_ref(&first)).unwrap();
        let refused = stage(&engine, std::slice::from_ref(&second)).unwrap_err();
        assert_eq!(refused.kind(), Kind::Input, "{first:?} {second:?}");
        assert!(refused.hint().contains("first"), "{}", refused.hint());
        assert!(refused.hint().len() <= 30, "it stands beside what was refused: {}", refused.hint());
        assert_eq!(staged(&engine), [first]);
    }
    let place = Place::new();
    let engine = place.engine();
    let beside = [sign_into("1.0", &["targets"]), sign_into("1.0", &["targets/ci"]), sign("1.1"), remove_signer("ben")];
    assert_eq!(stage(&engine, &beside).unwrap(), 4);
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_left_alone() {
    let place = Place::new();
    stage(&place.engine(), &[sign("1.0")]).unwrap();
    let running = place.engine();
    let newer = std::fs::read_to_string(place.journal()).unwrap().replacen("\"version\":2", "\"version\":3", 1);
    std::fs::write(place.journal(), &newer).unwrap();
    for engine in [place.engine(), running] {
        let error = engine.stage().staged().unwrap_err();
        assert!(matches!(error, EngineError::State { .. }) && error.to_string().contains("version 3"), "{error}");
        assert!(error.hint().contains("newest trustdeck"), "{}", error.hint());
        assert!(stage(&engine, &[sign("1.1")]).is_err());
        engine.stage().set_unreadable_aside().unwrap_err();
    }
    assert_eq!(std::fs::read_to_string(place.journal()).unwrap(), newer);
}

#[test]
fn a_journal_of_the_form_before_is_read_and_written_anew() {
    let place = Place::new();
    stage(&place.engine(), &[sign("1.0")]).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(place.journal()).unwrap()).unwrap();
    assert_eq!((&written["kind"], &written["version"]), (&"stage".into(), &2.into()));
    let mut before = written["content"].clone();
    before["version"] = 1.into();
    std::fs::write(place.journal(), before.to_string()).unwrap();
    let engine = place.engine();
    assert_eq!(staged(&engine), [sign("1.0")]);
    engine.stage().undo().unwrap();
    engine.stage().redo().unwrap();
    let again: serde_json::Value = serde_json::from_slice(&std::fs::read(place.journal()).unwrap()).unwrap();
    assert_eq!(again, written);
}

#[test]
fn a_damaged_journal_is_named_left_alone_and_moved_aside_when_somebody_says_so() {
    use std::os::unix::fs::symlink;
    let whole = |place: &Place| {
        stage(&place.engine(), &[sign("1.0")]).unwrap();
        std::fs::read(place.journal()).unwrap()
    };
    type Spoil = fn(&std::path::Path, &[u8]);
    let spoils: [(&str, Spoil); 6] = [
        ("cut", |path, whole| std::fs::write(path, &whole[..whole.len() / 2]).unwrap()),
        ("empty", |path, _| std::fs::write(path, "").unwrap()),
        ("a longer target than JSON can tell", |path, whole| {
            let text =
                std::str::from_utf8(whole).unwrap().replacen("\"length\":1234", "\"length\":9007199254740993", 1);
            std::fs::write(path, text).unwrap();
        }),
        ("a directory", |path, _| {
            std::fs::remove_file(path).unwrap();
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("mine"), "kept").unwrap();
        }),
        ("a link", |path, _| {
            std::fs::remove_file(path).unwrap();
            symlink("/etc/passwd", path).unwrap();
        }),
        ("a pipe", |path, _| {
            std::fs::remove_file(path).unwrap();
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        }),
    ];
    for (what, spoil) in spoils {
        let place = Place::new();
        let whole = whole(&place);
        let journal = place.journal();
        spoil(&journal, &whole);
        let engine = place.engine();
        engine.views().entries().unwrap();
        for error in [engine.stage().staged().unwrap_err(), stage(&engine, &[sign("1.1")]).unwrap_err()] {
            assert!(matches!(&error, EngineError::Stage { path, .. } if *path == journal), "{what}: {error:?}");
            assert!(error.hint().contains("trustdeck reset"), "{what}: {}", error.hint());
        }
        let before = journal.symlink_metadata().unwrap();
        let aside = engine.stage().set_unreadable_aside().unwrap().unwrap();
        let after = aside.symlink_metadata().unwrap();
        use std::os::unix::fs::MetadataExt;
        assert_eq!((before.ino(), before.len()), (after.ino(), after.len()), "{what}: nothing is lost");
        assert_eq!(stage(&engine, &[sign("1.1")]).unwrap(), 1, "{what}");
        assert_eq!(engine.stage().set_unreadable_aside().unwrap(), None);
    }
}

#[test]
fn a_crash_while_writing_leaves_the_old_journal() {
    let place = Place::new();
    stage(&place.engine(), &[sign("1.0")]).unwrap();
    // What a kill between writing aside and renaming leaves behind.
    std::fs::write(place.journal().with_file_name(".tmpA1b2C3"), b"{\"version\": 1, \"entr").unwrap();
    let engine = place.engine();
    assert_eq!(staged(&engine), [sign("1.0")]);
    assert_eq!(stage(&engine, &[sign("1.1")]).unwrap(), 2);
}

#[test]
fn the_journal_is_private_and_belongs_to_its_trust_directory() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    stage(&place.engine(), &[sign("1.0")]).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.journal()), 0o600);
    assert_eq!(mode(place.journal().parent().unwrap()), 0o700);
    let elsewhere = settings_of(place.0.path(), &place.0.path().join("other"), SERVER);
    let elsewhere = Engine::open(elsewhere, Arc::new(jiff::Timestamp::now)).unwrap();
    assert!(staged(&elsewhere).is_empty());
}

#[test]
fn a_held_lock_is_waited_for_and_then_reported() {
    let place = Place::new();
    let engine = place.engine();
    stage(&engine, &[sign("1.0")]).unwrap();
    let lock = std::fs::File::options().write(true).open(place.journal().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    assert!(
        matches!(stage(&engine, &[sign("1.1")]), Err(EngineError::BusyLocal { holder: Some(holder), .. }) if holder.pid == std::process::id())
    );
    // Looking needs no lock.
    assert_eq!(staged(&engine), [sign("1.0")]);
    lock.unlock().unwrap();
    assert_eq!(stage(&engine, &[sign("1.1")]).unwrap(), 2);
}

#[test]
fn changes_for_another_server_are_shown_and_not_planned() {
    let place = Place::new();
    stage(&place.engine(), &[sign("1.0")]).unwrap();
    let other = place.open("https://other.example.test").unwrap();
    stage(&other, &[sign("1.1")]).unwrap();
    let plan = other.stage().plan(None).unwrap();
    assert_eq!(plan.elsewhere, [other.stage().staged().unwrap().changes[0].id]);
    assert_eq!(plan.repositories[0].server, "https://other.example.test");
    assert_eq!(other.stage().staged().unwrap().changes.len(), 2);
}

#[test]
fn plans_of_hundreds_of_repositories_are_found_again() {
    let place = Place::new();
    let engine = place.engine();
    let guns = (0..400).map(|n| Gun::parse(&format!("registry.example.com/team/app-{n}")).unwrap());
    engine.stage().stage(guns.map(|gun| (gun, witness("targets"))).collect()).unwrap();
    let first = engine.stage().plan(None).unwrap();
    assert_eq!(engine.stage().plans_computed(), 400);
    assert_eq!(engine.stage().plan(None).unwrap(), first);
    assert_eq!(engine.stage().plans_computed(), 400);
}

#[test]
fn a_repository_that_only_something_staged_names_is_listed() {
    let place = Place::new();
    stage(&place.engine(), &[sign("1.0")]).unwrap();
    let other = place.engine();
    let listed: Vec<Gun> = other.listed().unwrap().into_iter().filter(|e| !e.hidden).map(|e| e.gun).collect();
    assert_eq!(listed, [gun()]);
    assert!(other.views().entries().unwrap().is_empty());
    // It was taken off the list before anything was read of it: something is wanted of it again.
    other.trust().remove_entry(&gun()).unwrap();
    assert!(other.listed().unwrap().iter().all(|entry| !entry.hidden));
}

#[test]
fn what_was_taken_back_is_done_again_only_by_whom_it_belongs_to() {
    let place = Place::new();
    let engine = place.engine();
    stage(&engine, &[sign("1.0")]).unwrap();
    engine.stage().undo().unwrap();
    let (stage, what) = engine.stage().redo_only(&[(gun(), sign("1.1"))]).unwrap();
    assert_eq!((stage.changes.len(), what), (0, None));
    assert_eq!(stage.redoes.added, [(gun(), sign("1.0"))]);
    let (stage, what) = engine.stage().redo_only(&[(gun(), sign("1.0")), (gun(), sign("1.1"))]).unwrap();
    assert!(stage.changes.len() == 1 && what.is_some());
}
