//! When a step of the tour is done.

use crate::engine::{Change, PublishOutcome, StagedChange};
use crate::tuf::Gun;
use crate::tui::dialogs::Dialog;
use crate::tui::kit::pane::Pane;
use crate::tui::state::tour::{Goal, Tour, TourStep};
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

fn is_done(state: &State, done: &Goal) -> bool {
    match done {
        Goal::Shows(pane, gun) => state.focus == *pane && state.lists.shown.as_ref() == Some(gun),
        Goal::SignerStaged(gun) => {
            state.stage.changes.iter().any(|s| s.gun == *gun && matches!(s.change, Change::AddSigner { .. }))
        }
        Goal::Compared(gun) => {
            let compared = state.repository().is_some_and(|repository| repository.registry.is_compared());
            let here = state.focus == Pane::Tags && state.lists.shown.as_ref() == Some(gun);
            here && matches!(state.screen, Screen::Main) && compared
        }
        Goal::TagsStaged(gun, wanted) => {
            let signs = |s: &&StagedChange| s.gun == *gun && matches!(s.change, Change::Sign { .. });
            state.stage.changes.iter().filter(signs).count() >= *wanted
        }
        Goal::Verified(gun) => state.verifying.as_ref().is_some_and(|v| v.gun == *gun && v.ended),
        Goal::Reviewing => matches!(state.screen, Screen::Review(_)),
        Goal::Published(gun) => match &state.screen {
            Screen::Publish(p) => p
                .tracks
                .iter()
                .any(|t| t.gun == *gun && t.ended.as_ref().is_some_and(|(_, p)| p.outcome == PublishOutcome::Done)),
            _ => false,
        },
    }
}

/// What to press now: never a key that is not bound where the user is.
#[must_use]
pub(super) fn sentence(state: &State, step: &TourStep) -> String {
    if lacks_changes(state, &step.done) {
        return "Nothing is staged: add a signer with a in Roles, or skip.".to_owned();
    }
    let Some(wanted) = elsewhere(state, &step.done) else { return step.sentence.clone() };
    format!("{wanted} {}", step.sentence)
}

/// Whether what the step goes on with was taken back.
fn lacks_changes(state: &State, done: &Goal) -> bool {
    let goes_on = matches!(done, Goal::Reviewing | Goal::Published(_));
    goes_on && state.stage.changes.is_empty() && state.dialogs.is_empty() && matches!(state.screen, Screen::Main)
}

/// The way back to where the step's keys hold; `None` there.
fn elsewhere(state: &State, done: &Goal) -> Option<String> {
    if !state.dialogs.is_empty() {
        let is_of_step = matches!(
            (state.dialogs.last(), done),
            (Some(Dialog::Form(_)), Goal::SignerStaged(_) | Goal::TagsStaged(..))
                | (Some(Dialog::Choose(_)), Goal::TagsStaged(..) | Goal::Verified(_))
                | (Some(Dialog::Prompt(_) | Dialog::Confirm(_)), Goal::Published(_))
        );
        return (!is_of_step).then(|| "First close this with esc.".to_owned());
    }
    let name = |gun: &Gun| state.short_name(&state.name_of(gun)).to_owned();
    match (done, &state.screen) {
        (Goal::Published(_), Screen::Review(_)) => None,
        (Goal::Published(_), Screen::Main) => Some("First p, to the review.".to_owned()),
        (_, Screen::Main) => match done {
            Goal::Shows(..) if state.focus != Pane::Repositories => Some("First 1, to the list.".to_owned()),
            Goal::SignerStaged(gun) if state.lists.shown.as_ref() != Some(gun) => {
                Some(format!("First go back to {}: 1, then j or k, then enter.", name(gun)))
            }
            Goal::SignerStaged(_) if state.focus != Pane::Roles => Some("First 2, to the roles.".to_owned()),
            _ => None,
        },
        _ => Some("First esc, back.".to_owned()),
    }
}
