//! What the cursors of the panes are on.

use super::State;
use super::rows::TagRow;
use crate::engine::KeyView;
use crate::engine::view::{RoleView, TagView};

/// The key under the cursor.
pub fn key(state: &State) -> Option<&KeyView> {
    state.keyring.keys.get(state.lists.keys.selected_index()?)
}

/// The role under the cursor.
pub fn role(state: &State) -> Option<&RoleView> {
    state.view()?.roles.get(state.lists.roles.selected_index()?)
}

/// The tag under the cursor.
pub fn tag_row(state: &State) -> Option<&TagRow> {
    state.lists.tag_rows.get(state.lists.tags.selected_index()?)
}

/// What is signed of it.
pub fn tag(state: &State) -> Option<&TagView> {
    state.lists.tag_rows.signed(tag_row(state)?)
}
