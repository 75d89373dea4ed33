//! Keys of the user on the screen: keys pressed, effects and state.

use crate::screen;
mod tokens;

use std::path::PathBuf;
use std::time::Duration;

use screen::scene::{ADMIN, BOARD, OLD, gun, id, keys, now, tell};
use screen::told::{browsing, failure, key_found as found, key_work as work, said};
use screen::{draw, frame, press};
use trustdeck::engine::custody::backed_up::Removing;
use trustdeck::engine::custody::backup::{Backup, BackupForm};
use trustdeck::engine::custody::make::NewKey;
use trustdeck::engine::custody::remove::Removal;
use trustdeck::engine::view::keys::KeyState;
use trustdeck::engine::{BackupRecord, Kind, NewPassphrase, Passphrase};
use trustdeck::tuf::{Algorithm, CanonicalKeyId};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome};
use trustdeck::tui::messages::failure::Ask;
use trustdeck::tui::messages::keywork::{Closed, KeyFound, KeyWork, Look};
use trustdeck::tui::messages::told::Told;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

const LONG: &str = "harbor plaza tulip";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from_text(text)
}

fn new_passphrase(text: &str) -> NewPassphrase {
    NewPassphrase::new(passphrase(text)).unwrap()
}

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

/// The keys pane, with the cursor on the key of this ID.
fn on_key(wanted: &CanonicalKeyId) -> State {
    let mut state = browsing();
    press(&mut state, "4gg");
    for _ in 0..state.keyring.keys.len() {
        if state.lists.keys.selected() == Some(wanted) {
            break;
        }
        press(&mut state, "j");
    }
    assert_eq!((state.focus, state.lists.keys.selected()), (Pane::Keys, Some(wanted)));
    state
}

#[test]
fn a_key_is_made_only_with_a_passphrase_typed_twice() {
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, "ncarol<down><down><down>password1<down>password2");
    assert_eq!(press(&mut state, "<enter>"), []);
    assert!(shown(&state).contains("not the same twice"), "{}", shown(&state));
    press(&mut state, "password1<up>");
    assert!(shown(&state).contains("among the first that are tried"), "{}", shown(&state));
    let new = NewKey { name: "carol".to_owned(), algorithm: Algorithm::EcdsaP256, gun: None, dir: PathBuf::from(".") };
    let effects = press(&mut state, "<enter>");
    assert_eq!(work(effects), KeyWork::Make(new, new_passphrase("password1")));
    assert!(!format!("{state:?}").contains("password1"), "secrets are never printed");
}

#[test]
fn names_and_kinds_that_do_not_go_together_are_refused_in_the_form() {
    for (name, kind, words) in [
        ("Carol", "", "lower-case"),
        ("timestamp", "", "the server holds"),
        ("carol", "<down><space><space><space><space>", "Ed25519"),
    ] {
        let mut state = on_key(&id(BOARD.0));
        press(&mut state, &format!("n{name}{kind}"));
        while !matches!(state.dialogs.last(), Some(Dialog::Form(f)) if f.fields[f.focus].label.text() == "passphrase") {
            press(&mut state, "<down>");
        }
        assert_eq!(press(&mut state, &format!("{LONG}<down>{LONG}<enter>")), []);
        assert!(shown(&state).contains(words), "{}", shown(&state));
    }
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, "ntargets");
    assert!(shown(&state).contains("repository"), "a targets key asks for its repository");
}

#[test]
fn a_name_that_cannot_be_taken_is_refused_as_it_is_typed_and_until_it_is_mended() {
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, "n");
    assert!(!shown(&state).contains("no name for a key"), "an empty field is not wrong yet");
    press(&mut state, "Carol");
    assert!(shown(&state).contains("\"Carol\" is no name for a key"), "{}", shown(&state));
    press(&mut state, "<down><down>");
    assert!(shown(&state).contains("\"Carol\" is no name for a key"), "{}", shown(&state));
    press(&mut state, "<up><up><ctrl-u>carol");
    assert!(!shown(&state).contains("no name for a key"), "{}", shown(&state));
    press(&mut state, "<ctrl-u>timestamp");
    assert!(shown(&state).contains("the server holds timestamp keys"), "{}", shown(&state));
}

#[test]
fn a_wrong_old_passphrase_stays_open_and_says_what_it_opens() {
    let mut state = on_key(&id(OLD.0));
    let effects = press(&mut state, &format!("cwrong<down>{LONG}<down>{LONG}<enter>"));
    let change =
        |old: &str| KeyWork::ChangePassphrase { id: id(OLD.0), old: Some(passphrase(old)), new: new_passphrase(LONG) };
    let asked = work(effects);
    assert_eq!(asked, change("wrong"));
    let refused = failure(Kind::Passphrase, Some(Ask::OtherKey(id(ADMIN.0))));
    assert_eq!(found(&mut state, &asked, KeyFound::Said(Err(refused))), []);
    assert!(
        shown(&state).contains("it opens admin laptop") && shown(&state).contains("attempt 2"),
        "{}",
        shown(&state)
    );
    let effects = press(&mut state, "right<enter>");
    assert_eq!(work(effects), change("right"), "the new one need not be typed again");
}

#[test]
fn a_backup_asks_for_each_locked_key_and_writes_last() {
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, &format!("b<down><down><down>{LONG}<down>{LONG}"));
    let place = work(press(&mut state, "<enter>"));
    assert!(matches!(place, KeyWork::CheckPlace(_)));
    let look = work(found(&mut state, &place, KeyFound::Place(Ok(()))));
    let KeyWork::Try { keys, typed: None } = &look else { panic!("{look:?}") };
    assert_eq!(keys.len(), 4, "all four without a backup");
    let open = |id: CanonicalKeyId, with: Option<&str>| Look::Open { id, with: with.map(passphrase), known: true };
    let locked = keys.iter().map(|(at, _)| (*at, Look::Locked)).collect();
    assert_eq!(found(&mut state, &look, KeyFound::Tried(locked, None)), []);
    assert!(shown(&state).contains("key 1 of 4") && shown(&state).contains("3 other keys"), "{}", shown(&state));

    let wrong = work(press(&mut state, "nobody<enter>"));
    let still = vec![(0, Look::Locked)];
    assert_eq!(found(&mut state, &wrong, KeyFound::Tried(still, Some(id(OLD.0)))), []);
    assert!(shown(&state).contains("it opens jeff old laptop"), "{}", shown(&state));

    let right = work(press(&mut state, "mine<enter>"));
    let KeyWork::Try { keys, typed } = &right else { panic!("{right:?}") };
    assert_eq!((keys.len(), typed), (4, &Some(passphrase("mine"))), "tried on the others too");
    let ids: Vec<CanonicalKeyId> = keys
        .iter()
        .map(|(_, key)| if let Closed::Stored(id, _) = key { id.clone() } else { panic!("{key:?}") })
        .collect();
    let looks = (0..3).map(|at| (at, open(ids[at].clone(), Some("mine")))).collect();
    assert_eq!(found(&mut state, &right, KeyFound::Tried(looks, None)), []);
    assert!(shown(&state).contains("key 4 of 4"), "{}", shown(&state));
    let KeyWork::BackUp { keys, passphrases, form, .. } = work(press(&mut state, "<tab>")) else { panic!() };
    assert_eq!((keys.len(), passphrases.len(), form), (4, 3, BackupForm::Encrypted(new_passphrase(LONG))));
    assert!(matches!(state.dialogs.last(), Some(Dialog::Working(_))));
}

#[test]
fn leaving_a_task_forgets_its_answer_and_goes_back_to_the_form() {
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, &format!("b<down><down><down>{LONG}<down>{LONG}"));
    let place = work(press(&mut state, "<enter>"));
    let look = found(&mut state, &place, KeyFound::Place(Ok(()))).remove(0);
    let job = state.jobs.begin(&look);
    assert_eq!(press(&mut state, "<esc>"), [Effect::StopKeyWork]);
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(_))) && state.key_task.is_none());
    let backup = Backup { file: PathBuf::new(), manifest: PathBuf::new(), tested: vec![], untested: vec![] };
    let late = Event::Done(job, Outcome::Key(KeyFound::BackedUp(Ok(backup))));
    assert_eq!(update(&mut state, late), [Effect::ListKeys, Effect::CheckKeyFiles], "only the list is read");
    press(&mut state, "<esc>");
    assert!(state.dialogs.is_empty());
}

#[test]
fn a_place_that_is_taken_is_said_before_any_passphrase_is_asked() {
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, &format!("b<down><down><down>{LONG}<down>{LONG}"));
    let place = work(press(&mut state, "<enter>"));
    assert_eq!(found(&mut state, &place, KeyFound::Place(Err(failure(Kind::Input, None)))), []);
    assert!(shown(&state).contains("▲ what"), "{}", shown(&state));
    assert!(state.key_task.is_none());
}

fn removal(state: &mut State, backup: Option<BackupRecord>) {
    let key = keys().into_iter().find(|k| k.id == id(OLD.0)).unwrap();
    let only_local = key.used_in.clone();
    let removal =
        Removal { key: trustdeck::engine::KeyView { backup, ..key }, only_local, in_file: true, also_on: vec![] };
    let asked = work(press(state, "D"));
    assert_eq!(asked, KeyWork::AskRemoval(id(OLD.0)));
    assert_eq!(found(state, &asked, KeyFound::Removal(Ok(Box::new((removal, true))))), []);
}

#[test]
fn a_private_key_is_removed_by_its_id_and_says_what_it_alone_can_sign() {
    let mut state = on_key(&id(OLD.0));
    removal(&mut state, Some(BackupRecord { at: now(), file: PathBuf::from("/media/keys.age") }));
    let text = shown(&state);
    assert!(text.contains("only key here that can sign") && text.contains("/media/keys.age"), "{text}");
    assert_eq!(press(&mut state, "<enter>"), []);
    let effects = press(&mut state, "1091060d<enter>");
    assert_eq!(work(effects), KeyWork::Remove(id(OLD.0), Removing::BackedUp));
}

#[test]
fn without_a_tested_backup_a_key_is_removed_by_more_than_its_id() {
    let mut state = on_key(&id(OLD.0));
    removal(&mut state, None);
    assert!(shown(&state).contains("no tested backup"), "{}", shown(&state));
    press(&mut state, "<enter>");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(_))), "the first answer is to back it up");
    press(&mut state, "<esc>");
    removal(&mut state, None);
    press(&mut state, "j<enter>");
    assert_eq!(press(&mut state, "1091060d<enter>"), []);
    press(&mut state, "<ctrl-u>");
    let effects = press(&mut state, "no backup of 1091060d<enter>");
    assert_eq!(work(effects), KeyWork::Remove(id(OLD.0), Removing::Forced));
}

#[test]
fn open_keys_and_the_time_they_have_are_always_seen() {
    let mut state = on_key(&id(OLD.0));
    tell(&mut state, Effect::LockIdle, Outcome::Locks(Some(Duration::from_secs(250))));
    assert!(shown(&state).contains("1 key open, locks in 4 min"), "{}", shown(&state));
    let lock = work(press(&mut state, "L"));
    assert_eq!(lock, KeyWork::LockAll);
    found(&mut state, &lock, KeyFound::Locked);
    assert!(!shown(&state).contains("locks in"));
    state.keyring.keys.iter_mut().for_each(|key| key.state = KeyState::Locked);
    assert_eq!(press(&mut state, "L"), []);
    assert!(said(&state).contains("no key is open"));
}

#[test]
fn the_list_is_read_anew_when_the_idle_time_is_over() {
    let mut state = on_key(&id(OLD.0));
    tell(&mut state, Effect::LockIdle, Outcome::Locks(Some(Duration::from_secs(1))));
    assert_eq!(tell(&mut state, Effect::LockIdle, Outcome::Locks(None)), [Effect::ListKeys]);
    assert_eq!(tell(&mut state, Effect::LockIdle, Outcome::Locks(None)), []);
}

#[test]
fn keys_are_labelled_exported_and_copied() {
    let mut state = on_key(&id(OLD.0));
    let label = work(press(&mut state, "e<ctrl-u>spare<enter>"));
    assert_eq!(label, KeyWork::Label(id(OLD.0), "spare".to_owned()));
    found(&mut state, &label, KeyFound::Said(Ok(Told::new("labelled", "it"))));
    assert!(state.dialogs.is_empty());
    let KeyWork::Export { keys, file } = work(press(&mut state, "x<enter>")) else { panic!() };
    assert_eq!((keys, file), (vec![id(OLD.0)], PathBuf::from("~/keys-1091060d.pem")));
    press(&mut state, "<esc><esc>");
    let of_repository = press(&mut state, "x<space><enter>");
    let KeyWork::Export { keys, .. } = work(of_repository) else { panic!() };
    assert!(keys.contains(&id(BOARD.0)) && keys.contains(&id(OLD.0)), "all of {}: {keys:?}", gun("admin/demo"));
    press(&mut state, "<esc><esc>");
    let [Effect::Copy { text, .. }] = &press(&mut state, "yw")[..] else { panic!() };
    assert_eq!(text, &trustdeck::engine::words(&id(OLD.0)));
}

#[test]
fn the_name_of_a_repository_is_checked_as_it_is_typed() {
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, "1a");
    for typed in ["registry.example.com", ":5000", "/team/", "app"] {
        press(&mut state, typed);
        let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("{}", shown(&state)) };
        assert!(form.wrong.is_none(), "{typed}: {}", shown(&state));
    }
    press(&mut state, "<ctrl-u>team//app");
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("{}", shown(&state)) };
    assert!(form.wrong.is_some(), "{}", shown(&state));
    press(&mut state, "<ctrl-u>team/app");
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("{}", shown(&state)) };
    assert!(form.wrong.is_none(), "{}", shown(&state));
}
