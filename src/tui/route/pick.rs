//! The choice that the screen was opened for.

use crate::tui::kit::pane::Pane;
use crate::tui::state::{Quit, State};

/// Leaves with what is meant, or goes on to the pane that lists it.
pub(super) fn pick(state: &mut State) {
    let Some(pane) = state.here.pick.as_ref().map(|pick| pick.pane) else { return };
    if state.focus == pane {
        state.quit = Some(Quit::Picked(meant(state, pane)));
    } else {
        state.focus = pane;
    }
}

/// The marked rows of a pane, else the one under the cursor, as commands take them.
fn meant(state: &State, pane: Pane) -> Vec<String> {
    let lists = &state.lists;
    match pane {
        Pane::Repositories => lists.repositories.meant().iter().map(ToString::to_string).collect(),
        Pane::Roles => lists.roles.meant().iter().map(ToString::to_string).collect(),
        Pane::Keys => lists.keys.meant().iter().map(ToString::to_string).collect(),
        Pane::Tags => {
            let gun = lists.shown.as_ref().map(ToString::to_string).unwrap_or_default();
            lists.tags.meant().iter().map(|tag| format!("{gun}:{tag}")).collect()
        }
        Pane::Staged => vec![],
    }
}
