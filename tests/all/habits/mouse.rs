//! What is drawn is what can be clicked.

use crate::screen::frame::signs;
use crate::screen::scene::{gun, repositories, state_of};
use crate::screen::told::{browsing, said, staged};
use crate::screen::{draw, press};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Mouse, MouseAct};
use trustdeck::tui::messages::input::InputLines;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::{Screen, State};

/// The cell where a text stands that is drawn.
#[track_caller]
fn place(state: &State, text: &str) -> (u16, u16) {
    let drawn = signs(&draw(state));
    let found = drawn.lines().enumerate().find_map(|(y, line)| Some((line[..line.find(text)?].chars().count(), y)));
    let (x, y) = found.unwrap_or_else(|| panic!("{text:?} in\n{drawn}"));
    (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
}

#[track_caller]
fn at(state: &mut State, act: MouseAct, text: &str) -> Vec<Effect> {
    let (column, row) = place(state, text);
    update(state, Event::Mouse(Mouse { act, column, row }))
}

#[track_caller]
fn click(state: &mut State, text: &str) -> Vec<Effect> {
    at(state, MouseAct::Press, text)
}

#[test]
fn a_press_selects_a_row_and_gives_its_pane_the_focus() {
    let mut state = browsing();
    click(&mut state, "team/proxy");
    assert_eq!((state.focus, &state.repository().unwrap().entry.gun), (Pane::Repositories, &gun("team/proxy")));
    click(&mut state, "timestamp");
    assert_eq!((state.focus, state.lists.roles.selected().unwrap().short()), (Pane::Roles, "timestamp"));
    click(&mut state, "5 Staged");
    assert_eq!(state.focus, Pane::Staged);
}

#[test]
fn two_presses_open_and_two_slow_ones_only_select() {
    let mut state = state_of(repositories(), (80, 24), Theme::default());
    press(&mut state, "4");
    click(&mut state, "qa runner");
    let later = jiff::Timestamp::from_millisecond(state.now.as_millisecond() + 900).unwrap();
    update(&mut state, Event::Tick(later));
    click(&mut state, "qa runner");
    assert!(state.dialogs.is_empty());
    click(&mut state, "qa runner");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Report(_))));
}

#[test]
fn the_wheel_scrolls_what_is_under_it_and_leaves_the_focus() {
    let mut state = browsing();
    let before = state.lists.tags.cursor();
    at(&mut state, MouseAct::WheelDown, "3 Tags");
    assert_eq!((state.focus, state.lists.tags.cursor()), (Pane::Repositories, before + 3));
    at(&mut state, MouseAct::WheelUp, "3 Tags");
    assert_eq!(state.lists.tags.cursor(), before);
}

#[test]
fn tabs_and_hints_can_be_pressed() {
    let mut state = state_of(repositories(), (80, 24), Theme::default());
    click(&mut state, "4 Keys");
    assert_eq!(state.focus, Pane::Keys);
    click(&mut state, "new key");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(_))));
    press(&mut state, "<esc>");
    click(&mut state, "? help");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Help(_))));
}

#[test]
fn behind_a_dialog_nothing_can_be_pressed_and_its_lines_can() {
    let mut state = browsing();
    press(&mut state, ":team");
    let focus = state.focus;
    click(&mut state, "2 Roles");
    assert_eq!((state.focus, state.dialogs.len()), (focus, 1));
    click(&mut state, "team/cli ");
    click(&mut state, "team/cli ");
    assert!(state.dialogs.is_empty());
    assert_eq!(state.repository().unwrap().entry.gun, gun("team/cli"));
}

#[test]
fn a_change_in_the_review_is_selected() {
    let mut state = staged();
    press(&mut state, "pgg");
    let Screen::Review(review) = &state.screen else { panic!("the review") };
    let before = review.list.cursor();
    click(&mut state, "signer ben");
    let Screen::Review(review) = &state.screen else { panic!("the review") };
    assert_ne!(review.list.cursor(), before);
}

#[test]
fn it_is_turned_off_by_name_and_shift_is_the_terminals() {
    use crossterm::event::{Event as Input, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut state = browsing();
    state.here.mouse = true;
    assert_eq!(press(&mut state, ":mouse<enter>"), [Effect::Mouse(false)]);
    assert!(said(&state).contains("mouse off"));
    assert_eq!(press(&mut state, ":mouse<enter>"), [Effect::Mouse(true)]);
    let pressed = |modifiers| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        InputLines::default().event(Input::Mouse(MouseEvent { kind, column: 1, row: 2, modifiers }))
    };
    assert!(matches!(pressed(KeyModifiers::NONE), Some(Event::Mouse(Mouse { column: 1, row: 2, .. }))));
    assert!(pressed(KeyModifiers::SHIFT).is_none());
}

#[test]
fn what_needs_a_person_and_keys_in_borders_can_be_pressed() {
    let mut state = state_of(repositories(), (200, 60), Theme::default());
    click(&mut state, "✗ admin/legacy");
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/legacy"));
    assert_eq!((state.focus, state.lists.roles.selected().unwrap().short()), (Pane::Roles, "targets"));
    click(&mut state, "go through them");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Needs(_))));
    click(&mut state, "esc close");
    assert!(state.dialogs.is_empty());
    click(&mut state, "all of it");
    assert!(!state.dialogs.is_empty());
}
