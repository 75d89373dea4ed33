//! Zoom, sorting, the ways back, details, loose filters, marks and copies.

use super::looks_as_stored;
use crate::screen::frame::signs;
use crate::screen::plans::{plan, stage, tell_stage};
use crate::screen::scene::{gun, repositories, state_of};
use crate::screen::told::{browsing, staged};
use crate::screen::{draw, press};
use trustdeck::tui::dialogs::{Dialog, Page};
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::state::State;

fn order(state: &State) -> Vec<String> {
    state.lists.repositories.window(99).map(|(_, _, gun)| gun.as_str().to_owned()).collect()
}

#[test]
fn plus_gives_the_screen_to_one_pane_and_takes_it_back() {
    let mut state = browsing();
    let shared = signs(&draw(&state));
    press(&mut state, "+");
    let whole = signs(&draw(&state));
    assert!(whole.contains("Expires first") && !whole.contains("3 Tags  admin"), "{whole}");
    press(&mut state, "+");
    assert_eq!(signs(&draw(&state)), shared);
}

#[test]
fn repositories_are_sorted_by_state_name_expiry_and_tags() {
    let mut state = browsing();
    press(&mut state, ",n");
    let names = order(&state);
    assert!(names.is_sorted(), "{names:?}");
    assert!(signs(&draw(&state)).contains("by name"));
    press(&mut state, ",t");
    assert_eq!(order(&state)[0], gun("admin/worker").as_str());
    press(&mut state, ",e");
    assert_eq!(order(&state)[0], gun("admin/legacy").as_str());
    press(&mut state, ",s");
    assert_eq!(order(&state)[0], gun("admin/legacy").as_str());
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/demo"), "the cursor follows its row");
}

#[test]
fn g_and_a_letter_go_to_a_pane_and_minus_goes_back() {
    let mut state = browsing();
    for (keys, pane) in [("go", Pane::Roles), ("gt", Pane::Tags), ("gk", Pane::Keys), ("gs", Pane::Staged)] {
        press(&mut state, keys);
        assert_eq!(state.focus, pane, "{keys}");
    }
    press(&mut state, "gr4-");
    assert_eq!(state.focus, Pane::Repositories);
    press(&mut state, "-");
    assert_eq!(state.focus, Pane::Keys);
    press(&mut state, "1:team/cli<enter>");
    assert_eq!(state.repository().unwrap().entry.gun, gun("team/cli"));
    press(&mut state, "-");
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/demo"));
}

#[test]
fn the_inspector_tells_all_about_the_row_and_its_own_key_closes_it() {
    let mut state = browsing();
    press(&mut state, "I");
    let Some(Dialog::Page(page)) = state.dialogs.last() else { panic!("a page") };
    assert!(page.lines.iter().any(|line| line.contains("admin/demo")), "{:?}", page.lines);
    press(&mut state, "I");
    assert!(state.dialogs.is_empty());
}

#[test]
fn a_page_scrolls_with_the_keys_of_pages() {
    let mut state = browsing();
    let lines = (0..100).map(|line| line.to_string()).collect();
    state.dialogs.push(Dialog::Page(Page { lines, ..Page::default() }));
    let top = |state: &State| match state.dialogs.last() {
        Some(Dialog::Page(page)) => page.offset,
        other => panic!("{other:?}"),
    };
    for (keys, offset) in [("<ctrl-d>", state.size.1 / 2), ("<pagedown>", state.size.1), ("<pageup><ctrl-u>", 0)] {
        press(&mut state, keys);
        assert_eq!(top(&state), usize::from(offset), "{keys}");
    }
}

#[test]
fn a_loose_filter_finds_letters_in_their_order() {
    let mut state = browsing();
    press(&mut state, "~admwrk<enter>");
    assert_eq!(order(&state), [gun("admin/worker").as_str()]);
}

#[test]
fn the_border_counts_the_marks() {
    let mut state = browsing();
    press(&mut state, "<space><space>");
    assert!(signs(&draw(&state)).contains("2 marked   "));
}

#[test]
fn the_full_name_and_the_same_as_commands_are_copied() {
    let mut state = staged();
    let copied = |effects: Vec<Effect>| match <[Effect; 1]>::try_from(effects) {
        Ok([Effect::Copy { text, .. }]) => text,
        other => panic!("one copy, not {other:?}"),
    };
    assert_eq!(copied(press(&mut state, "yg")), "registry.example.com/admin/demo");
    let commands = copied(press(&mut state, "yc"));
    assert!(commands.contains("trustdeck signer remove ben") && commands.contains("trustdeck publish "), "{commands}");
}

#[test]
fn a_whole_pane_looks_as_stored() {
    looks_as_stored("zoom", |size, theme| {
        let mut state = state_of(repositories(), size, theme);
        tell_stage(&mut state, stage(), plan());
        press(&mut state, "jj<space><space>,t+");
        state.message = None;
        state
    });
}
