//! When a step of the tour is done.

use crate::engine::tags::registered::Registered;
use crate::engine::{Change, PublishOutcome, StagedChange};
use crate::tui::kit::pane::Pane;
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
        Done::Compared(gun) => {
            let known = state.repository().and_then(|repository| repository.registry.known.as_ref());
            let here = state.focus == Pane::Tags && state.lists.shown.as_ref() == Some(gun);
            here && matches!(state.screen, Screen::Main) && known.is_some_and(Registered::is_whole)
        }
        Done::TagsStaged(gun, wanted) => {
            let signs = |s: &&StagedChange| s.gun == *gun && matches!(s.change, Change::Sign { .. });
            state.stage.changes.iter().filter(signs).count() >= *wanted
        }
        Done::Verified(gun) => state.verifying.as_ref().is_some_and(|v| v.gun == *gun && v.ended),
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
