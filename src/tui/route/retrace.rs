//! What undo and redo are about, where one is.

use crate::tui::messages::effect::Effect;
use crate::tui::screens::review_toggle;
use crate::tui::state::{Screen, State};
use crate::tui::wizard;

/// Takes back: in a wizard what it staged, in the list what was hidden, else what was staged last.
pub(super) fn undo(state: &mut State) -> Vec<Effect> {
    match state.screen {
        Screen::Wizard => wizard::undo(state),
        Screen::Main => match state.known.taken_off.pop() {
            Some(guns) => {
                state.here.wanted = <[_; 1]>::try_from(guns.clone()).ok().map(|[gun]| gun);
                vec![Effect::PutBack(guns)]
            }
            None => review_toggle::undo(state),
        },
        _ => review_toggle::undo(state),
    }
}

/// Does again what was taken back: in a wizard only what it staged.
pub(super) fn redo(state: &mut State) -> Vec<Effect> {
    match state.screen {
        Screen::Wizard => wizard::redo(state),
        _ => vec![Effect::Redo],
    }
}
