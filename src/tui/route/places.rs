//! Puts the cursor on something, in the pane that lists it; a filter that hides it goes.

use std::sync::Arc;

use crate::tuf::{CanonicalKeyId, Gun, Role};
use crate::tui::kit::filter::Filter;
use crate::tui::kit::list::List;
use crate::tui::kit::pane::Pane;
use crate::tui::panes;
use crate::tui::state::{Picked, State};

pub(super) fn repository(state: &mut State, gun: &Gun) {
    state.focus = Pane::Repositories;
    if uncover(&mut state.lists.repositories) {
        panes::repositories::reindex(state);
    }
    state.lists.repositories.select(gun);
    panes::reindex_shown(state);
}

/// Where something is the matter: a repository, or one of its roles. From then on the cursor is the user's.
pub(super) fn finding(state: &mut State, gun: &Gun, of_role: Option<&Role>) {
    state.lists.picked = Picked::ByUser;
    repository(state, gun);
    if let Some(of_role) = of_role {
        role(state, of_role);
    }
}

/// A role of the repository under the cursor.
pub(super) fn role(state: &mut State, role: &Role) {
    state.focus = Pane::Roles;
    if uncover(&mut state.lists.roles) {
        panes::reindex_shown(state);
    }
    state.lists.roles.select(role);
}

/// A tag of it.
pub(super) fn tag(state: &mut State, tag: &Arc<str>) {
    state.focus = Pane::Tags;
    if uncover(&mut state.lists.tags) {
        panes::reindex_shown(state);
    }
    state.lists.tags.select(tag);
}

pub(super) fn key(state: &mut State, id: &CanonicalKeyId) {
    state.focus = Pane::Keys;
    if uncover(&mut state.lists.keys) {
        panes::keys::reindex(state);
    }
    state.lists.keys.select(id);
}

/// Takes a filter away. Says whether there was one.
fn uncover<K>(list: &mut List<K>) -> bool {
    let filtered = !list.filter.is_empty();
    list.filter = Filter::default();
    filtered
}
