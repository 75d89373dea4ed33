//! Keys of the user's own, by the name of their action.

use std::collections::BTreeMap;

use crate::screen::frame::signs;
use crate::screen::plans::{plan, stage, tell_stage};
use crate::screen::told::{browsing, said};
use crate::screen::{draw, press};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::route::own_keys::bind;
use trustdeck::tui::state::{Quit, State};

fn with_keys(keys: &[(&str, &[&str])]) -> State {
    let mut state = browsing();
    state.message = None;
    let wanted: BTreeMap<String, Vec<String>> =
        keys.iter().map(|(name, keys)| ((*name).to_owned(), keys.iter().map(|k| (*k).to_owned()).collect())).collect();
    bind(&mut state, &wanted, &[("keys.quitt".to_owned(), "config.toml: line 7".to_owned())].into());
    state
}

#[test]
fn a_key_of_the_users_own_replaces_the_usual_one_in_help_and_hints_too() {
    let mut state = with_keys(&[("review", &["ctrl-r"]), ("quit", &["Q", "ctrl-q"]), ("repositories.add", &["z a"])]);
    assert_eq!(state.message, None);
    tell_stage(&mut state, stage(), plan());
    assert!(signs(&draw(&state)).contains("ctrl-r review"));
    press(&mut state, "q");
    assert_eq!(state.quit, None);
    press(&mut state, "za");
    assert!(matches!(state.dialogs.pop(), Some(Dialog::Form(_))));
    press(&mut state, "?quit");
    assert!(signs(&draw(&state)).contains("Q ctrl-q"));
    press(&mut state, "<esc><esc>Q");
    assert_eq!(state.quit, Some(Quit::Leave));
}

#[test]
fn of_two_actions_with_one_key_both_keep_theirs_and_the_rest_holds() {
    let mut state = with_keys(&[("roles.witness", &["e"]), ("focus.keys", &["F"])]);
    let words = said(&state);
    assert!(words.contains("roles.witness") && words.contains("roles.edit") && words.contains("\"e\""), "{words}");
    press(&mut state, "F");
    assert_eq!(state.focus, Pane::Keys);
    // In another pane the same key is no clash.
    let free = with_keys(&[("tags.add", &["Z"]), ("keys.make", &["Z"])]);
    assert_eq!(free.message, None);
}

#[test]
fn two_own_keys_that_clash_fall_back_together() {
    let mut state = with_keys(&[("undo", &["Y"]), ("redo", &["Y"]), ("messages", &["M"])]);
    assert!(said(&state).contains("undo") && said(&state).contains("redo"));
    press(&mut state, "M");
    assert!(matches!(state.dialogs.pop(), Some(Dialog::Page(_))));
    press(&mut state, "Y");
    assert!(said(&state).starts_with("Y not bound"));
}

#[test]
fn the_first_key_of_a_sequence_is_not_free() {
    let state = with_keys(&[("filter", &["g"])]);
    assert!(said(&state).contains("filter"), "{}", said(&state));
}

#[test]
fn what_names_no_action_or_no_key_is_said_with_what_was_meant() {
    let words = said(&with_keys(&[("quitt", &["Q"])]));
    assert!(words.contains("(config.toml: line 7)") && words.contains("\"quit\" is one"), "{words}");
    let words = said(&with_keys(&[("nosuch", &["Q"])]));
    assert!(!words.contains("mouse") && words.contains(": lists them"), "only what is near is named: {words}");
    let state = with_keys(&[("nosuch", &["Q"]), ("quitt", &["Q"])]);
    assert!(said(&state).contains("; 1 more"), "{}", said(&state));
    assert_eq!(state.log.newest().count(), 2);
    assert!(said(&with_keys(&[("quit", &["hyper-q"])])).contains("\"hyper-q\" for quit is no key"));
    assert!(said(&with_keys(&[("quit", &["ctrl-c"])])).contains("is reserved: ctrl-c stops"));
    assert!(said(&with_keys(&[("undo", &["ctrl-z"])])).contains("\"ctrl-z\" for undo is reserved"));
}

#[test]
fn keys_on_the_screen_are_those_of_the_user_wherever_they_are_drawn() {
    let mut state = with_keys(&[("review.fix", &["F"]), ("review.commands", &["C"]), ("review", &["ctrl-r"])]);
    tell_stage(&mut state, stage(), plan());
    state.message = None;
    press(&mut state, "5");
    assert!(signs(&draw(&state)).contains("ctrl-r review"), "{}", signs(&draw(&state)));
    press(&mut state, "<ctrl-r>Gk");
    state.size = (160, 45);
    let shown = signs(&draw(&state));
    assert!(shown.contains("F      fix") && shown.contains("C all"), "{shown}");
}

#[test]
fn sentences_and_details_name_the_keys_of_the_user() {
    let own: &[(&str, &[&str])] = &[
        ("roles.witness", &["Z"]),
        ("roles.add-signer", &["J"]),
        ("keys.back-up", &["B"]),
        ("review.toggle", &["z"]),
        ("review.publish", &["ctrl-y"]),
        ("wizard.menu", &["ctrl-w"]),
    ];
    let mut state = with_keys(own);
    for (usual, own) in [
        ("sign it again: w in Roles.", "sign it again: Z in Roles."),
        ("targets expired (w in Roles)", "targets expired (Z in Roles)"),
        ("add a key: a in Roles, then W.", "add a key: J in Roles, then W."),
        ("a signer in Roles; a key of w", "a signer in Roles; a key of w"),
        ("b in Keys proves it", "B in Keys proves it"),
    ] {
        assert_eq!(state.spoken(usual), own);
    }
    tell_stage(&mut state, stage(), plan());
    press(&mut state, "pGk");
    state.size = (160, 45);
    let shown = signs(&draw(&state));
    assert!(shown.contains("z      ") && !shown.contains("space"), "{shown}");
    assert!(!shown.contains("w in Roles") && !shown.contains("a in Roles"), "{shown}");
}
