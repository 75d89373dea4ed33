//! Keys on tokens: made, copied there and deleted there.

use std::path::PathBuf;

use trustdeck::engine::custody::backed_up::Removing;
use trustdeck::engine::custody::make::NewKey;
use trustdeck::engine::custody::remove::Removal;
use trustdeck::engine::keyring::tokens::{OnToken, PinState};
use trustdeck::engine::{BackupRecord, Kind, Passphrase};
use trustdeck::tuf::Algorithm;
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome};
use trustdeck::tui::messages::keywork::{AtToken, KeyFound, KeyWork, TokenDone, TokenWork};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

use crate::key_pane::{on_key, shown};
use crate::screen::press;
use crate::screen::scene::{ADMIN, BEN, BOARD, OLD, id, keys, now, tell};
use crate::screen::tokens::{first_on_board, place, plug_in, token};
use crate::screen::told::{failure, key_found as found, key_work as work, said};
use trustdeck::tui::messages::failure::Ask;

const PIN: &str = "123456";

fn at(serial: &str, pin: &str, management: Option<&str>) -> AtToken {
    let management = management.map(Passphrase::from_text);
    AtToken { serial: serial.to_owned(), pin: Passphrase::from_text(pin), management }
}

fn carol() -> TokenWork {
    let dir = PathBuf::from(".");
    TokenWork::Make(NewKey { name: "carol".to_owned(), algorithm: Algorithm::EcdsaP256, gun: None, dir })
}

fn on_board() -> OnToken {
    OnToken { id: id(BOARD.0), place: place("board", "77a1"), public_file: None }
}

/// The form for a new key, with `board` chosen for it.
fn making() -> State {
    let mut state = on_key(&id(BOARD.0));
    assert_eq!(press(&mut state, "n"), [Effect::LookForTokens]);
    assert!(!shown(&state).contains("kept"), "without a token there is nothing to choose");
    plug_in(&mut state, vec![token("board", "77a1")]);
    assert!(shown(&state).contains("in the key store of this machine"), "{}", shown(&state));
    press(&mut state, "carol<down><space>");
    state
}

fn labels(state: &State) -> Vec<&'static str> {
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("no form") };
    form.fields.iter().map(|field| field.label.text()).collect()
}

#[test]
fn a_key_is_made_on_a_token_with_its_pin() {
    let mut state = making();
    assert_eq!(labels(&state), ["name", "kept", "public to", "PIN"]);
    let text = shown(&state);
    assert!(text.contains("on token board"), "{text}");
    assert!(text.contains("never leaves it"), "{text}");
    press(&mut state, "<down><down>");
    let asked = work(press(&mut state, &format!("{PIN}<enter>")));
    assert_eq!(asked, KeyWork::AtToken(at("77a1", PIN, None), carol()));
    assert!(!format!("{state:?}").contains(PIN), "secrets are never printed");
    found(&mut state, &asked, KeyFound::AtToken(Ok(TokenDone::Made(on_board()))));
    let text = shown(&state);
    assert!(text.contains("on token board, slot 02") && text.contains("cannot be backed up"), "{text}");
}

#[test]
fn going_back_to_the_key_store_asks_for_a_passphrase_again() {
    let mut state = making();
    press(&mut state, "<space>");
    assert_eq!(labels(&state), ["name", "kept", "kind", "public to", "passphrase", "again"]);
}

#[test]
fn a_touch_is_asked_for_while_the_token_waits_and_esc_stops() {
    let mut state = making();
    press(&mut state, "<down><down>");
    let effects = press(&mut state, &format!("{PIN}<enter>"));
    let job = state.jobs.begin(&effects[0]);
    assert!(shown(&state).contains("making the key on the token"), "{}", shown(&state));
    update(&mut state, Event::Touch(job));
    assert!(shown(&state).contains("touch the token now"), "{}", shown(&state));
    assert_eq!(press(&mut state, "<esc>"), [Effect::StopKeyWork]);
    update(&mut state, Event::Touch(job));
    assert!(!shown(&state).contains("touch the token now"));
    assert!(said(&state).contains("stopped"));
}

#[test]
fn a_wrong_pin_is_emptied_and_a_management_key_asked_for_only_when_wanted() {
    let mut state = making();
    press(&mut state, "<down><down>");
    let asked = work(press(&mut state, "000000<enter>"));
    let wrong = failure(Kind::Passphrase, Some(Ask::Pin));
    assert_eq!(found(&mut state, &asked, KeyFound::AtToken(Err(wrong))), []);
    assert!(!shown(&state).contains("management"));
    let asked = work(press(&mut state, &format!("{PIN}<enter>")));
    assert_eq!(asked, KeyWork::AtToken(at("77a1", PIN, None), carol()), "the cursor was on the PIN");
    let refused = failure(Kind::Passphrase, Some(Ask::ManagementKey));
    found(&mut state, &asked, KeyFound::AtToken(Err(refused)));
    assert!(shown(&state).contains("management"), "{}", shown(&state));
    let asked = work(press(&mut state, "a0a1<enter>"));
    assert_eq!(asked, KeyWork::AtToken(at("77a1", PIN, Some("a0a1")), carol()), "the PIN is not typed again");
}

#[test]
fn of_several_tokens_the_user_chooses_and_twins_are_told_apart() {
    let mut state = on_key(&id(BOARD.0));
    press(&mut state, "n");
    let mut spare = token("board", "77b2");
    spare.pin = PinState::FinalTry;
    plug_in(&mut state, vec![token("board", "77a1"), spare]);
    press(&mut state, "carol<down><space><space>");
    let text = shown(&state);
    assert!(text.contains("on token board 77b2, one PIN try left"), "{text}");
    press(&mut state, "<down><down>");
    let KeyWork::AtToken(at, _) = work(press(&mut state, &format!("{PIN}<enter>"))) else { panic!() };
    assert_eq!(at.serial, "77b2");
}

#[test]
fn a_token_that_is_pulled_out_while_the_form_is_open_is_looked_for_again() {
    let mut state = on_key(&id(OLD.0));
    state.keyring.keys.iter_mut().for_each(|key| key.backup = Some(backup()));
    press(&mut state, "m");
    assert!(shown(&state).contains("none is plugged in"), "{}", shown(&state));
    let looked = press(&mut state, "mine<down>123456<enter>");
    assert_eq!(looked, [Effect::LookForTokens]);
    plug_in(&mut state, vec![]);
    assert!(shown(&state).contains("plug it in"), "{}", shown(&state));
    press(&mut state, "<enter>");
    plug_in(&mut state, vec![token("board", "77a1")]);
    let asked = work(press(&mut state, "<enter>"));
    assert!(matches!(asked, KeyWork::AtToken(at, TokenWork::Import(..)) if at.serial == "77a1"), "nothing is lost");
}

/// What the form says of the token, and whom enter gives the PIN.
fn chosen(state: &mut State) -> Option<String> {
    match press(state, "<enter>").as_slice() {
        [Effect::LookForTokens] => None,
        effects => match work(effects.to_vec()) {
            KeyWork::AtToken(at, _) => Some(at.serial),
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn the_chosen_token_stays_chosen_whatever_is_said_of_it_and_its_pin_goes_to_no_other() {
    let copying = || {
        let mut state = on_key(&id(OLD.0));
        state.keyring.keys.iter_mut().for_each(|key| key.backup = Some(backup()));
        press(&mut state, "m");
        plug_in(&mut state, vec![token("board", "77a1"), token("spare", "77b2")]);
        press(&mut state, "<up><up><space>");
        assert!(shown(&state).contains("spare, SoftHSM v2"), "{}", shown(&state));
        press(&mut state, "<down>mine<down>123456");
        state
    };
    // Its PIN was mistyped elsewhere, and another one has its name now.
    let mut state = copying();
    let tried = trustdeck::engine::keyring::tokens::TokenFacts { pin: PinState::CountLow, ..token("spare", "77b2") };
    plug_in(&mut state, vec![token("spare", "77c3"), token("board", "77a1"), tried]);
    assert!(shown(&state).contains("spare 77b2, few PIN tries left"), "{}", shown(&state));
    assert_eq!(chosen(&mut state).as_deref(), Some("77b2"));
    // Pulled out, it is waited for.
    let mut state = copying();
    plug_in(&mut state, vec![token("board", "77a1")]);
    assert!(shown(&state).contains("spare, which is not plugged in"), "{}", shown(&state));
    assert_eq!(chosen(&mut state), None);
    plug_in(&mut state, vec![token("board", "77a1")]);
    assert!(shown(&state).contains("spare is not plugged in; plug it in, or choose another"), "{}", shown(&state));
    plug_in(&mut state, vec![token("board", "77a1"), token("spare", "77b2")]);
    assert_eq!(chosen(&mut state).as_deref(), Some("77b2"));
}

#[test]
fn a_new_key_for_a_token_that_is_pulled_out_does_not_turn_to_the_key_store() {
    let mut state = making();
    press(&mut state, "<down><down>123456");
    plug_in(&mut state, vec![]);
    assert_eq!(labels(&state), ["name", "kept", "public to", "PIN"]);
    assert!(shown(&state).contains("on token board, which is not plugged in"), "{}", shown(&state));
    assert_eq!(chosen(&mut state), None);
    plug_in(&mut state, vec![token("board", "77a1")]);
    assert_eq!(chosen(&mut state).as_deref(), Some("77a1"));
}

fn backup() -> BackupRecord {
    BackupRecord { at: now(), file: PathBuf::from("/media/keys.age") }
}

#[test]
fn a_key_without_a_tested_backup_is_copied_onto_a_token_only_when_that_is_said() {
    let mut state = on_key(&id(BOARD.0));
    assert_eq!(press(&mut state, "m"), [Effect::LookForTokens]);
    plug_in(&mut state, vec![token("board", "77a1")]);
    assert!(shown(&state).contains("no tested backup"), "{}", shown(&state));
    press(&mut state, "<enter>");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(form)) if form.title == "Back up keys"));
    press(&mut state, "<esc>mj<enter>");
    assert!(shown(&state).contains("board, SoftHSM v2"), "{}", shown(&state));
    let asked = press(&mut state, "mine<down>123456<enter>");
    let KeyWork::AtToken(_, TokenWork::Import(wanted, _, how)) = work(asked) else { panic!() };
    assert_eq!((wanted, how), (id(BOARD.0), Removing::Forced));
}

#[test]
fn a_key_with_a_backup_is_copied_with_its_passphrase_and_the_pin() {
    let mut state = on_key(&id(ADMIN.0));
    state.keyring.keys.iter_mut().for_each(|key| key.backup = Some(backup()));
    press(&mut state, "m");
    plug_in(&mut state, vec![token("board", "77a1")]);
    press(&mut state, "<up><up><down>mine<down>123456");
    let asked = work(press(&mut state, "<enter>"));
    let import =
        |passphrase: &str| TokenWork::Import(id(ADMIN.0), Some(Passphrase::from_text(passphrase)), Removing::BackedUp);
    assert_eq!(asked, KeyWork::AtToken(at("77a1", PIN, None), import("mine")));
    // A passphrase that is wrong is another thing than a PIN that is.
    found(&mut state, &asked, KeyFound::AtToken(Err(failure(Kind::Passphrase, None))));
    let asked = work(press(&mut state, "yours<enter>"));
    assert_eq!(asked, KeyWork::AtToken(at("77a1", PIN, None), import("yours")));
    let on = OnToken { id: id(ADMIN.0), ..on_board() };
    found(&mut state, &asked, KeyFound::AtToken(Ok(TokenDone::Imported(on))));
    assert!(shown(&state).contains("file is still in the key store"), "{}", shown(&state));
}

#[test]
fn only_keys_of_the_store_that_a_token_takes_can_go_there() {
    let mut state = on_key(&id(BEN.0));
    assert_eq!(press(&mut state, "m"), []);
    assert!(said(&state).contains("not in the key store"), "{}", said(&state));
    let mut state = on_key(&id(OLD.0));
    state.keyring.keys.iter_mut().for_each(|key| key.algorithm = Some(Algorithm::Rsa(2048)));
    assert_eq!(press(&mut state, "m"), []);
    assert!(said(&state).contains("P-256"), "{}", said(&state));
}

/// The pane with the root key on the token, and its removal asked for.
fn deleting(in_file: bool, backup: Option<BackupRecord>) -> State {
    deleting_one_of(in_file, backup, &[])
}

/// The same where other tokens have it too.
fn deleting_one_of(in_file: bool, backup: Option<BackupRecord>, also_on: &[(&str, &str)]) -> State {
    let mut state = on_key(&id(BOARD.0));
    tell(&mut state, Effect::ListKeys, Outcome::Keys(Ok(first_on_board())));
    let effects = press(&mut state, "D");
    let ask = KeyWork::AskRemoval(id(BOARD.0));
    assert_eq!(effects, [Effect::LookForTokens, Effect::Key(ask.clone())]);
    let key = first_on_board().remove(0);
    let only_local = if in_file { vec![] } else { key.used_in.clone() };
    let also_on = also_on.iter().map(|(label, serial)| place(label, serial)).collect();
    let removal = Removal { key: trustdeck::engine::KeyView { backup, ..key }, only_local, in_file, also_on };
    assert_eq!(found(&mut state, &ask, KeyFound::Removal(Ok(Box::new((removal, true))))), []);
    state
}

#[test]
fn a_key_is_deleted_from_its_token_by_name_and_pin() {
    let mut state = deleting(false, None);
    let text = shown(&state);
    assert!(text.contains("only key here that can sign") && text.contains("no backup and none can be made"), "{text}");
    press(&mut state, "5e20c11f<enter>");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Confirm(_))), "the ID is not enough");
    press(&mut state, "<ctrl-u>no backup of 5e20c11f<enter>");
    assert!(shown(&state).contains("Delete from a token"), "{}", shown(&state));
    let asked = work(press(&mut state, &format!("{PIN}<enter>")));
    let remove = TokenWork::Remove(id(BOARD.0), Removing::Forced);
    assert_eq!(asked, KeyWork::AtToken(at("77a1", PIN, None), remove));
    found(&mut state, &asked, KeyFound::AtToken(Ok(TokenDone::Removed(id(BOARD.0)))));
    assert!(shown(&state).contains("Deleted from its token"), "{}", shown(&state));
}

#[test]
fn with_a_tested_backup_the_id_is_enough() {
    let mut state = deleting(false, Some(backup()));
    assert!(shown(&state).contains("/media/keys.age"), "{}", shown(&state));
    press(&mut state, "5e20c11f<enter>");
    let KeyWork::AtToken(_, TokenWork::Remove(_, how)) = work(press(&mut state, &format!("{PIN}<enter>"))) else {
        panic!()
    };
    assert_eq!(how, Removing::BackedUp);
}

#[test]
fn where_a_file_has_the_key_too_either_can_go() {
    let mut state = deleting(true, Some(backup()));
    let text = shown(&state);
    assert!(text.contains("remove the file") && text.contains("delete it from the token"), "{text}");
    press(&mut state, "<enter>");
    assert!(shown(&state).contains("signs as before"), "{}", shown(&state));
    let removed = work(press(&mut state, "5e20c11f<enter>"));
    assert_eq!(removed, KeyWork::Remove(id(BOARD.0), Removing::BackedUp));
    let mut state = deleting(true, None);
    press(&mut state, "j<enter>");
    assert!(shown(&state).contains("file in the key store signs"), "{}", shown(&state));
    press(&mut state, "5e20c11f<enter>");
    assert!(shown(&state).contains("Delete from a token"), "nothing is lost: {}", shown(&state));
}

#[test]
fn of_two_tokens_with_the_key_the_user_says_which_and_nothing_is_called_lost() {
    for (keys, serial, other) in [("", "77a1", "spare"), ("j", "77b2", "board")] {
        let mut state = deleting_one_of(false, None, &[("spare", "77b2")]);
        let text = shown(&state);
        assert!(text.contains("delete it from token board") && text.contains("delete it from token spare"), "{text}");
        press(&mut state, &format!("{keys}<enter>"));
        let text = shown(&state);
        assert!(text.contains(&format!("Token {other} has it too")) && !text.contains("lost"), "{text}");
        press(&mut state, "5e20c11f<enter>");
        let asked = work(press(&mut state, &format!("{PIN}<enter>")));
        let remove = TokenWork::Remove(id(BOARD.0), Removing::Forced);
        assert_eq!(asked, KeyWork::AtToken(at(serial, PIN, None), remove));
    }
    // With a file too, that is the first to go.
    let mut state = deleting_one_of(true, Some(backup()), &[("spare", "77b2")]);
    let text = shown(&state);
    assert!(text.contains("remove the file") && text.contains("delete it from token spare"), "{text}");
    press(&mut state, "jj<enter>");
    assert!(shown(&state).contains("on token spare"), "{}", shown(&state));
}

#[test]
fn a_yubikey_says_what_deleting_means_there() {
    let mut state = on_key(&id(BOARD.0));
    plug_in(&mut state, vec![token("YubiKey PIV", "12345678")]);
    let mut key = keys().remove(0);
    key.place = trustdeck::engine::view::keys::KeyPlace::Token(place("YubiKey PIV", "12345678"));
    let removal = Removal { key, only_local: vec![], in_file: false, also_on: vec![] };
    let ask = KeyWork::AskRemoval(id(BOARD.0));
    found(&mut state, &ask, KeyFound::Removal(Ok(Box::new((removal, false)))));
    assert!(shown(&state).contains("forgets the certificate"), "{}", shown(&state));
}
