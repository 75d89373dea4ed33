//! The effects that change the stage.

use super::{State, words};
use crate::engine::{Change, EntryId};
use crate::tuf::Gun;
use crate::tui::kit::format;
use crate::tui::messages::effect::Effect;

/// Drops everything that is staged; undo brings it back.
pub fn drop_all(state: &State) -> Vec<Effect> {
    let entries: Vec<EntryId> = state.stage.changes.iter().map(|c| c.id).collect();
    let said = format::count(entries.len(), "change", "changes");
    if entries.is_empty() { vec![] } else { vec![Effect::Drop { entries, said }] }
}

/// The effect that stages changes; none if there are none.
#[must_use]
pub fn add(state: &State, list: Vec<(Gun, Change)>) -> Vec<Effect> {
    if list.is_empty() {
        return vec![];
    }
    let said = words::changes(state, &list);
    vec![Effect::Stage { changes: list, said }]
}
