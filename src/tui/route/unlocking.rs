//! Keys that were opened, or locked by time.

use std::time::Duration;

use jiff::Timestamp as Time;

use crate::tuf::CanonicalKeyId;
use crate::tui::dialogs::Dialog;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::questions;
use crate::tui::state::{State, words};

/// Takes what came of opening the key that is asked for.
pub(super) fn one(state: &mut State, id: &CanonicalKeyId, result: Result<(), Failure>) -> Vec<Effect> {
    if !questions::waits_for(state, id) {
        return vec![];
    }
    match (result, state.dialogs.pop()) {
        (Ok(()), _) => {
            let mut effects = vec![Effect::ListKeys];
            effects.extend(questions::answered(state));
            return effects;
        }
        (Err(failure), Some(Dialog::Prompt(mut prompt))) => {
            let opens = failure.other_key().map(|id| words::key_name(state, id, id.short()));
            state.record(&failure);
            prompt.refused(&failure, opens);
            state.dialogs.push(Dialog::Prompt(prompt));
        }
        (Err(failure), other) => {
            state.dialogs.extend(other);
            state.complain(&failure);
        }
    }
    vec![]
}

/// Takes how long open keys stay open; the list is read anew when one was locked.
pub(super) fn locks(state: &mut State, left: Option<Duration>) -> Vec<Effect> {
    let seconds = left.map(|left| i64::try_from(left.as_secs()).unwrap_or(i64::MAX / 2));
    let at = seconds.and_then(|seconds| Time::from_second(state.now.as_second().saturating_add(seconds)).ok());
    let ended = state.keyring.locks_at.is_some_and(|due| due <= state.now)
        || (state.keyring.locks_at.is_some() && at.is_none());
    state.keyring.locks_at = at;
    if ended { vec![Effect::ListKeys] } else { vec![] }
}

/// The same passphrase was tried for the other keys; whatever it did not open is asked for as before.
pub(super) fn also(state: &mut State, opened: &[CanonicalKeyId]) -> Vec<Effect> {
    let Some(Dialog::Prompt(mut prompt)) = state.dialogs.pop_if(|d| matches!(d, Dialog::Prompt(_))) else {
        return vec![Effect::ListKeys];
    };
    let mut effects = vec![Effect::ListKeys];
    match questions::opened(state, opened) {
        Some(next) => effects.extend(next),
        None => {
            prompt.same_failed(questions::number(state));
            state.dialogs.push(Dialog::Prompt(prompt));
        }
    }
    effects
}
