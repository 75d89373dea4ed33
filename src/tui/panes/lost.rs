//! Where the server has lost all of a repository: the keys that send this machine's copy again, and what must come before.

use super::detail::Act;
use crate::engine::Change;
use crate::tui::kit::pane::Pane;
use crate::tui::state::actions::{Repositories, Roles, Staged};
use crate::tui::state::binding::Action;
use crate::tui::state::{Repository, State};

/// What brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// This machine's copy is sent again.
    Restore,
    /// Other changes are staged, beside which that cannot be staged.
    Drop,
    /// It is staged.
    Publish,
}

impl Way {
    /// What does it from a pane, key after key.
    fn actions(self, pane: Pane) -> &'static [Action] {
        const RESTORE: Action = Action::Repositories(Repositories::Restore);
        match (self, pane) {
            (Self::Restore, Pane::Repositories) => &[RESTORE],
            (Self::Restore, Pane::Roles) => &[Action::Roles(Roles::Restore)],
            (Self::Restore, _) => &[Action::Focus(Pane::Repositories), RESTORE],
            (Self::Drop, _) => &[Action::Focus(Pane::Staged), Action::Staged(Staged::Drop)],
            (Self::Publish, _) => &[Action::Review],
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Drop => "drop what is staged",
            Self::Publish => "review and publish",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Self::Restore => "sends this machine's copy again",
            Self::Drop => "beside it this machine's copy cannot be sent again",
            Self::Publish => "what restores it is staged",
        }
    }
}

/// What brings a repository back that its server has lost, if this machine can and may do that.
fn way(state: &State, repository: &Repository) -> Option<Way> {
    let gun = &repository.entry.gun;
    let view = repository.view.as_deref().filter(|view| view.lost && !view.lost_here)?;
    let mut own = state.stage.changes.iter().filter(|staged| staged.gun == view.gun).peekable();
    if state.closed(gun).is_some() {
        return None;
    }
    let is_bare = own.peek().is_none();
    Some(match own.any(|staged| staged.change == Change::Republish) {
        true => Way::Publish,
        false if is_bare => Way::Restore,
        false => Way::Drop,
    })
}

fn way_here(state: &State) -> Option<Way> {
    way(state, state.repository()?)
}

/// Whether the server has lost all of the repository that is shown.
pub(super) fn is_lost(state: &State) -> bool {
    state.view().is_some_and(|view| view.lost && view.roles.is_empty())
}

/// The first key of what brings it back.
pub(super) fn mending(state: &State, pane: Pane) -> Option<Action> {
    way_here(state)?.actions(pane).first().copied()
}

/// The line that says so: keys, act, and why.
pub(super) fn line(state: &State, pane: Pane) -> Option<Act> {
    let way = way_here(state)?;
    Some(match way.actions(pane) {
        [first, then] => {
            (state.key(*first), format!("then {}: {}", state.key(*then), way.word()), way.why().to_owned())
        }
        [only, ..] => (state.key(*only), way.word().to_owned(), way.why().to_owned()),
        [] => return None,
    })
}

/// The keys and their word, for a list without rows.
pub(super) fn keys(state: &State, pane: Pane) -> Option<(Vec<&'static str>, &'static str)> {
    let way = way_here(state)?;
    Some((way.actions(pane).iter().map(|action| state.key(*action)).collect(), way.word()))
}

/// Why a repository that can be restored takes no signer and no tag before.
pub(super) fn comes_first(state: &State, repository: &Repository) -> Option<&'static str> {
    way(state, repository).map(|way| match way {
        Way::Publish => "p publishes what restores it; that comes first",
        _ => "S in Repositories restores what the server lost; that comes first",
    })
}

/// The same of the one that is shown.
pub(super) fn comes_first_here(state: &State) -> Option<&'static str> {
    comes_first(state, state.repository()?)
}

/// Why it cannot be restored now; `None` also where it is not lost.
pub(super) fn no_restoring(state: &State) -> Option<&'static str> {
    match way_here(state)? {
        Way::Restore => None,
        Way::Drop => Some("other changes of it are staged; 5, then d drops them first"),
        Way::Publish => Some(super::mend::STAGED),
    }
}
