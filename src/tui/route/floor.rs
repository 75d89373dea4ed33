//! What acts where the window is too small to show what it does: nothing but the ways out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keys::{self, KeyMeaning};
use crate::tui::kit::layout::{self, Shape};
use crate::tui::messages::effect::Effect;
use crate::tui::messages::event::Event;
use crate::tui::messages::input;
use crate::tui::state::binding::Action;
use crate::tui::state::{Before, State};

/// Whether an event is taken at this size.
pub(super) fn takes(state: &State, event: &Event) -> bool {
    match event {
        Event::Key(pressed) => is_seen(state) || is_way_out(state, pressed),
        Event::Mouse(_) | Event::Paste(_) => is_seen(state),
        _ => true,
    }
}

/// Takes nothing of an event but that a key was pressed: the one before it counts no more.
pub(super) fn pass_over(state: &mut State, event: &Event) -> Vec<Effect> {
    if matches!(event, Event::Key(_)) {
        state.before = Before::Other;
    }
    vec![]
}

fn is_seen(state: &State) -> bool {
    layout::shape(state.size) != Shape::TooSmall
}

fn is_way_out(state: &State, pressed: &KeyEvent) -> bool {
    if pressed.modifiers.contains(KeyModifiers::CONTROL) && matches!(pressed.code, KeyCode::Char('c' | 'z')) {
        return true;
    }
    // With a dialog or a filter open the same key is text.
    let is_free = state.dialogs.is_empty() && state.filtering.is_none();
    let meant = || keys::lookup(state, None, &input::key_name(pressed));
    is_free && matches!(meant(), KeyMeaning::Binding(binding) if binding.action == Action::Quit)
}
