//! What is asked of servers, once at a time.

use super::{Listing, State};
use crate::tuf::Gun;
use crate::tui::messages::effect::Effect;

/// Asks the server about a repository, unless that runs already.
pub fn once(state: &mut State, gun: &Gun, effect: fn(Gun) -> Effect) -> Option<Effect> {
    let begins = state.known.repositories.ask(gun, state.now);
    begins.then(|| effect(gun.clone()))
}

/// Plans what is staged. While a plan is being made, another one only follows it, however often that is asked for.
pub fn plan(state: &mut State) -> Option<Effect> {
    (!state.jobs.plans_again()).then_some(Effect::Plan)
}

/// The effect that lists repositories anew, where another program has staged something for one that is not listed.
#[must_use]
pub fn list(state: &State) -> Option<Effect> {
    let is_new = |gun: &Gun| state.find(gun).is_none();
    let wanted = state.known.listing == Listing::Ready && state.known.staged.keys().any(is_new);
    wanted.then_some(Effect::ListEntries)
}
