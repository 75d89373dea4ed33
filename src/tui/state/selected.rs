//! What the cursors of the panes are on.

use super::State;
use super::rows::TagRow;
use crate::engine::KeyView;
use crate::engine::view::{RoleView, TagView};

/// Why nothing can be staged for the repository under the cursor.
pub fn no_repository(state: &State) -> Option<&'static str> {
    match state.repository() {
        None => Some("there is no repository here"),
        Some(repository) if repository.failure.as_ref().is_some_and(|failure| failure.is_no_trust_server) => {
            Some("what answers for it is no trust server, which --server or the configuration names")
        }
        Some(_) => None,
    }
}

/// The key under the cursor.
pub fn key(state: &State) -> Option<&KeyView> {
    state.keyring.keys.get(state.lists.keys.selected_index()?)
}

/// The role under the cursor.
pub fn role(state: &State) -> Option<&RoleView> {
    state.view()?.roles.get(state.lists.roles.selected_index()?)
}

/// What is said of a role that the next publish makes.
pub const UNPUBLISHED: &str = "it is not published yet; d in Staged takes it back";

/// Why there is no role under the cursor that can be changed.
pub fn no_role(state: &State) -> Option<&'static str> {
    let list = &state.lists.roles;
    match (role(state), list.selected()) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(UNPUBLISHED),
        (None, None) if !list.filter.is_empty() => Some("nothing matches; esc clears the filter"),
        (None, None) => Some("the list is empty"),
    }
}

/// The tag under the cursor.
pub fn tag_row(state: &State) -> Option<&TagRow> {
    state.lists.tag_rows.get(state.lists.tags.selected_index()?)
}

/// What is signed of it.
pub fn tag(state: &State) -> Option<&TagView> {
    state.lists.tag_rows.signed(tag_row(state)?)
}
