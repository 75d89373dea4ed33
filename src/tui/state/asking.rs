//! What is asked of servers, once at a time.

use super::{State, Work};
use crate::tuf::Gun;
use crate::tui::messages::effect::Effect;

/// Asks the server about a repository, unless that runs already.
pub fn once(state: &mut State, gun: &Gun, effect: fn(Gun) -> Effect) -> Option<Effect> {
    let now = state.now;
    let repository = state.find_mut(gun)?;
    if repository.work != Work::Idle {
        return None;
    }
    repository.work = Work::Asking(now);
    Some(effect(gun.clone()))
}
