//! What undo and redo are about, where one is.

use crate::tui::messages::effect::Effect;
use crate::tui::screens::review;
use crate::tui::state::{Screen, State};
use crate::tui::wizard;

/// Takes back: in a wizard what it staged, in the list what was hidden, else what was staged last.
pub(super) fn undo(state: &mut State) -> Vec<Effect> {
    match state.screen {
        Screen::Wizard => wizard::undo(state),
        Screen::Main if !state.known.taken_off.is_empty() => {
            vec![Effect::PutBack(std::mem::take(&mut state.known.taken_off))]
        }
        _ => review::undo(state),
    }
}

/// Does again what was taken back: in a wizard only what it staged.
pub(super) fn redo(state: &mut State) -> Vec<Effect> {
    match state.screen {
        Screen::Wizard => wizard::redo(state),
        _ => vec![Effect::Redo],
    }
}
