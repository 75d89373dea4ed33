//! What mends the row under the cursor: its key comes first among the hints.

use super::{lost, mend, tags};
use crate::tui::kit::pane::Pane;
use crate::tui::messages::failure::Failure;
use crate::tui::state::actions::Repositories;
use crate::tui::state::binding::Action;
use crate::tui::state::{State, selected};

/// What does it, if anything does.
#[must_use]
pub fn here(state: &State) -> Option<Action> {
    let repository = state.repository()?;
    let failure =
        repository.failure.as_ref().filter(|_| state.focus == Pane::Repositories || repository.view.is_none());
    if let Some(failure) = failure {
        return answering(state, failure);
    }
    match state.focus {
        Pane::Roles => match selected::role(state) {
            Some(role) => mend::of(state, role)?.action(Pane::Roles),
            None => lost::mending(state, Pane::Roles),
        },
        Pane::Tags => tags::mending(state).or_else(|| lost::mending(state, Pane::Tags)),
        Pane::Repositories if repository.registry.differences.tampered > 0 => Some(Action::Focus(Pane::Tags)),
        Pane::Repositories => match mend::of_repository(state) {
            Some((_, mend)) => mend.action(Pane::Repositories),
            None => lost::mending(state, Pane::Repositories),
        },
        Pane::Keys | Pane::Staged => None,
    }
}

/// What answers to a repository that could not be read: it is asked again, or what it asks is answered in its row.
fn answering(state: &State, failure: &Failure) -> Option<Action> {
    match (state.focus, &failure.ask) {
        (Pane::Keys | Pane::Staged, _) => None,
        (_, None) => Some(Action::Refresh),
        (Pane::Repositories, Some(_)) => Some(Action::Repositories(Repositories::Answer)),
        (Pane::Roles | Pane::Tags, Some(_)) => Some(Action::Focus(Pane::Repositories)),
    }
}
