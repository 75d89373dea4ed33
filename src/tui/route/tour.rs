//! When a step of the tour is done.

use crate::engine::{Change, PublishOutcome};
use crate::tui::state::tour::{Done, Tour};
use crate::tui::state::{Screen, State};

/// Goes on while the step that is shown is done.
pub(super) fn advance(state: &mut State) {
    while let Some(step) = state.tour.as_ref().and_then(Tour::step) {
        if !is_done(state, &step.done) {
            return;
        }
        if let Some(tour) = &mut state.tour {
            tour.at += 1;
        }
    }
}

fn is_done(state: &State, done: &Done) -> bool {
    match done {
        Done::Shows(pane, gun) => state.focus == *pane && state.lists.shown.as_ref() == Some(gun),
        Done::SignerStaged(gun) => {
            state.stage.changes.iter().any(|s| s.gun == *gun && matches!(s.change, Change::AddSigner { .. }))
        }
        Done::Reviewing => matches!(state.screen, Screen::Review(_)),
        Done::Published(gun) => match &state.screen {
            Screen::Publish(p) => p
                .tracks
                .iter()
                .any(|t| t.gun == *gun && t.ended.as_ref().is_some_and(|(_, p)| p.outcome == PublishOutcome::Done)),
            _ => false,
        },
    }
}
