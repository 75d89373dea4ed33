//! The effects that change the stage.

use super::{Screen, State, words};
use crate::engine::{Change, EntryId};
use crate::tuf::Gun;
use crate::tui::kit::format;
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;

/// Drops everything that is staged; undo brings it back. What cannot be read is moved aside.
pub fn drop_all(state: &State) -> Vec<Effect> {
    if state.unread_stage.is_some() {
        return vec![Effect::SetStageAside];
    }
    let entries: Vec<EntryId> = state.stage.changes.iter().map(|c| c.id).collect();
    let said = format::count(entries.len(), "change", "changes");
    if entries.is_empty() { vec![] } else { vec![Effect::Drop { entries, said }] }
}

/// The same for one key press, which says so where all of it is staged already.
pub fn once(state: &mut State, list: Vec<(Gun, Change)>) -> Vec<Effect> {
    if !list.is_empty() && list.iter().all(|(gun, change)| state.stage.holds(gun, change)) {
        let what = words::changes(state, &list);
        state.say(Tone::Note, "staged already", format!("{what}; p reviews it"));
        return vec![];
    }
    add(state, list)
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

/// What was hidden or left out before is no longer what undo is about.
pub fn forget_shown(state: &mut State) {
    state.known.taken_off.clear();
    if let Screen::Review(review) = &mut state.screen {
        review.just_left = None;
    }
}
