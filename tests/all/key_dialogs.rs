//! Loading keys and restoring backups on the screen: keys pressed, effects, and every dialog as it looks.

use crate::screen;

use std::path::{Path, PathBuf};

use screen::scene::{OLD, gun, id, now, role};
use screen::told::{browsing as browsing_at, failure, key_found as found, key_work as work};
use screen::{draw, frame, press};
use trustdeck::engine::custody::backup::{Archive, BackupManifest, KeyStanding, ManifestKey, RestoreKey, Restored};
use trustdeck::engine::custody::load::{KeySet, LoadedKey, Naming};
use trustdeck::engine::{Kind, NewPassphrase, Passphrase};
use trustdeck::tuf::CanonicalKeyId;
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::keywork::{Closed, Held, KeyFound, KeyWork, Look, ToLoad};
use trustdeck::tui::state::State;

const SIZES: [(u16, u16); 3] = [(60, 16), (80, 24), (120, 40)];
const FILE: &str = "/media/stick/keys.pem";
const ALICE: &str = "9e1dd6e6c1cde5f8dede16bd97cb955c30ef05e296e66f1214f8e21f414a52bd";
const ERIN: &str = "a9bc14cc0440a963424317d2bfff30645f88c2d68556a56b09fdbc214b1174e4";

fn check(name: &str, state: &State) {
    let (width, height) = state.size;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/screens/{name}-{width}x{height}.txt"));
    let found = frame::golden(&draw(state));
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == found, "{name} {width}x{height} differs; UPDATE_SCREENSHOTS=1 writes it anew:\n{found}");
}

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

/// The keys pane.
fn browsing(size: (u16, u16)) -> State {
    let mut state = browsing_at();
    state.size = size;
    press(&mut state, "4");
    state.message = None;
    state
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from_text(text)
}

fn new_passphrase(text: &str) -> NewPassphrase {
    NewPassphrase::new(passphrase(text)).unwrap()
}

fn key(text: &str) -> CanonicalKeyId {
    CanonicalKeyId::parse(text).unwrap()
}

/// A file as several tools left it: two encrypted keys, one in the clear, a public key, and what is none.
fn key_file() -> KeySet {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let read = |name: &str| std::fs::read(fixtures.join(name)).unwrap();
    let named = |id: &str| {
        let text = String::from_utf8(read(&format!("trust/private/{id}.key"))).unwrap();
        text.replacen("KEY-----\n", &format!("KEY-----\npath: {id}\n"), 1).into_bytes()
    };
    let public = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".to_vec();
    let broken = b"-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----\n".to_vec();
    let all = [named(ALICE), named(ERIN), read("keyfiles/ec-pkcs8-plain.pem"), public, broken];
    KeySet::parse(&all.concat())
}

/// Loading, as far as the first look at the keys.
fn loading(size: (u16, u16)) -> (State, Held<KeySet>, KeyWork) {
    let mut state = browsing(size);
    let read = work(press(&mut state, &format!("a{FILE}<down>jeff<enter>")));
    assert_eq!(read, KeyWork::ReadFile(PathBuf::from(FILE)));
    let set = Held::new(key_file());
    let look = work(found(&mut state, &read, KeyFound::File(Ok(set.clone()))));
    let KeyWork::Try { keys, typed: None } = &look else { panic!("{look:?}") };
    let in_file = |at: usize| (at, Closed::InFile(set.clone(), at));
    assert_eq!(*keys, [in_file(0), in_file(1), in_file(2)], "only private keys are looked at");
    (state, set, look)
}

/// The two encrypted keys are locked, the bare one opens.
fn first_look() -> KeyFound {
    let bare = Look::Open { id: id(OLD.0), with: None, known: false };
    KeyFound::Tried(vec![(0, Look::Locked), (1, Look::Locked), (2, bare)], None)
}

#[test]
fn a_file_of_keys_is_loaded_with_one_passphrase_each_and_a_new_one_for_bare_keys() {
    for size in SIZES {
        let (mut state, set, look) = loading(size);
        check("key-load-looking", &state);
        assert_eq!(found(&mut state, &look, first_look()), []);
        check("key-load-passphrase", &state);
        let right = work(press(&mut state, "the first<enter>"));
        let opened = Look::Open { id: key(ALICE), with: Some(passphrase("the first")), known: false };
        let looks = vec![(0, opened), (1, Look::Locked)];
        assert_eq!(found(&mut state, &right, KeyFound::Tried(looks, None)), []);
        // The second one is left out.
        assert_eq!(press(&mut state, "<tab>"), []);
        check("key-load-new-passphrase", &state);
        assert_eq!(press(&mut state, "harbor plaza tulip<enter>"), []);
        let load = work(press(&mut state, "harbor plaza tulip<enter>"));
        let keys = |at: usize, opens: Option<&str>, keeps: &str| ToLoad {
            at,
            role: if at == 2 { "jeff".to_owned() } else { set.inner().keys[at].role.clone().unwrap() },
            naming: if at == 2 { Naming::User } else { Naming::File },
            gun: None,
            opens: opens.map(passphrase),
            keeps: Some(new_passphrase(keeps)),
        };
        let expected = vec![keys(0, Some("the first"), "the first"), keys(2, None, "harbor plaza tulip")];
        assert_eq!(load, KeyWork::Load { set: set.clone(), keys: expected });
        let file = PathBuf::from("/home/jeff/.docker/trust/private/x.key");
        let refused = failure(Kind::Keystore, None).problem;
        let all = vec![
            Ok((key(ALICE), "alice".to_owned(), LoadedKey::New(file))),
            Ok((id(OLD.0), "jeff".to_owned(), LoadedKey::Known("jeff".to_owned()))),
            Err(refused),
        ];
        assert_eq!(found(&mut state, &load, KeyFound::Loaded(all)), [Effect::ListKeys, Effect::CheckKeyFiles]);
        check("key-loaded", &state);
        press(&mut state, "<esc>");
        assert!(state.dialogs.is_empty() && state.key_task.is_none());
    }
}

#[test]
fn a_wrong_passphrase_of_a_loaded_key_is_asked_again() {
    let (mut state, _, look) = loading((80, 24));
    found(&mut state, &look, first_look());
    let wrong = work(press(&mut state, "wrong<enter>"));
    let KeyWork::Try { keys, typed } = &wrong else { panic!("{wrong:?}") };
    assert_eq!((keys.len(), typed), (2, &Some(passphrase("wrong"))), "tried on the other locked one too");
    let still = vec![(0, Look::Locked), (1, Look::Locked)];
    assert_eq!(found(&mut state, &wrong, KeyFound::Tried(still, None)), []);
    assert!(shown(&state).contains("attempt 2"), "{}", shown(&state));
    assert!(!format!("{state:?}").contains("wrong\""), "secrets are never printed");
}

#[test]
fn a_file_that_cannot_be_loaded_keeps_the_form_with_the_reason() {
    for size in SIZES {
        let mut state = browsing(size);
        let read = work(press(&mut state, &format!("a{FILE}<down>jeff<enter>")));
        assert_eq!(found(&mut state, &read, KeyFound::File(Err(failure(Kind::Input, None)))), []);
        assert!(matches!(state.dialogs.last(), Some(Dialog::Form(_))) && shown(&state).contains("what"));
        check("key-load-refused", &state);
    }
}

#[test]
fn keys_that_do_not_say_whose_they_are_ask_for_a_name() {
    let mut state = browsing((80, 24));
    let read = work(press(&mut state, &format!("a{FILE}<enter>")));
    assert_eq!(found(&mut state, &read, KeyFound::File(Ok(Held::new(key_file())))), []);
    assert!(shown(&state).contains("does not say whose it is"), "{}", shown(&state));
}

/// A backup that trustdeck made: one key that is new here, one that is the same, one that differs.
fn archive() -> Archive {
    let standing = [KeyStanding::New, KeyStanding::Same, KeyStanding::Conflicting];
    let set = key_file();
    let uses = vec![(gun("admin/demo"), role("targets/jeff")), (gun("admin/api"), role("targets/releases"))];
    let keys = set.keys.into_iter().zip(standing);
    let keys = keys.map(|(found, standing)| RestoreKey { found, standing, may_sign: uses.clone() }).collect();
    let entry = |text: &str, label: &str| ManifestKey {
        id: key(text),
        certificate_ids: vec![],
        words: trustdeck::engine::words(&key(text)),
        label: label.to_owned(),
        role: "alice".to_owned(),
        gun: None,
        used_in: vec![],
    };
    let manifest = BackupManifest { made: now(), keys: vec![entry(ALICE, "alice laptop"), entry(ERIN, "erin")] };
    Archive {
        keys,
        beside: vec![],
        refused: vec!["private/../../etc/passwd is a link".to_owned()],
        manifest: Some(manifest),
    }
}

#[test]
fn a_backup_is_shown_before_anything_is_asked_and_only_new_keys_are_restored() {
    for size in SIZES {
        let mut state = browsing(size);
        press(&mut state, "i");
        check("key-restore", &state);
        let file = PathBuf::from("/media/stick/trustdeck-keys.age");
        let open = work(press(&mut state, &format!("{}<enter>", file.display())));
        assert_eq!(open, KeyWork::OpenBackup(file.clone(), None));
        assert_eq!(found(&mut state, &open, KeyFound::Sealed), []);
        check("key-restore-sealed", &state);
        let again = work(press(&mut state, "no<enter>"));
        assert_eq!(again, KeyWork::OpenBackup(file.clone(), Some(passphrase("no"))));
        assert_eq!(found(&mut state, &again, KeyFound::Backup(Err(failure(Kind::Passphrase, None)))), []);
        assert!(shown(&state).contains("attempt 2"), "{}", shown(&state));
        assert!(shown(&state).contains("does not open this backup"), "{}", shown(&state));
        let again = work(press(&mut state, "yes<enter>"));
        let held = Held::new(archive());
        assert_eq!(found(&mut state, &again, KeyFound::Backup(Ok(held.clone()))), []);
        check("key-restore-contents", &state);
        let look = work(press(&mut state, "<enter>"));
        let only = vec![(0, Closed::InBackup(held.clone(), 0))];
        assert_eq!(look, KeyWork::Try { keys: only, typed: None }, "what is here stays");
        assert_eq!(found(&mut state, &look, KeyFound::Tried(vec![(0, Look::Locked)], None)), []);
        check("key-restore-passphrase", &state);
        let right = work(press(&mut state, "mine<enter>"));
        let opened = Look::Open { id: key(ALICE), with: Some(passphrase("mine")), known: false };
        let restore = work(found(&mut state, &right, KeyFound::Tried(vec![(0, opened)], None)));
        assert_eq!(restore, KeyWork::Restore { archive: held, keys: vec![(0, Some(passphrase("mine")))] });
        let all = vec![(0, Ok(Restored::Tested(key(ALICE), PathBuf::from("x.key"))))];
        assert_eq!(found(&mut state, &restore, KeyFound::Restored(all)), [Effect::ListKeys, Effect::CheckKeyFiles]);
        check("key-restored", &state);
        press(&mut state, "<esc>");
        assert!(state.dialogs.is_empty() && state.key_task.is_none());
    }
}

#[test]
fn a_key_of_a_backup_can_be_restored_without_its_passphrase_and_that_is_said() {
    let mut state = browsing((80, 24));
    let open = work(press(&mut state, "ikeys.pem<enter>"));
    let held = Held::new(archive());
    found(&mut state, &open, KeyFound::Backup(Ok(held.clone())));
    let look = work(press(&mut state, "<enter>"));
    found(&mut state, &look, KeyFound::Tried(vec![(0, Look::Locked)], None));
    let restore = work(press(&mut state, "<tab>"));
    assert_eq!(restore, KeyWork::Restore { archive: held, keys: vec![(0, None)] });
    let all = vec![(0, Ok(Restored::Untested(key(ALICE), PathBuf::from("x.key"))))];
    found(&mut state, &restore, KeyFound::Restored(all));
    assert!(shown(&state).contains("restored, not tested"), "{}", shown(&state));
}

#[test]
fn a_backup_whose_keys_are_all_here_offers_nothing_to_restore() {
    let mut state = browsing((80, 24));
    let open = work(press(&mut state, "ikeys.pem<enter>"));
    let mut archive = archive();
    archive.keys.iter_mut().for_each(|key| key.standing = KeyStanding::Same);
    found(&mut state, &open, KeyFound::Backup(Ok(Held::new(archive))));
    assert!(shown(&state).contains("every key is here already"), "{}", shown(&state));
    assert_eq!(press(&mut state, "<enter>"), []);
}
