//! What is read anew.

use crate::tui::kit::pane::Pane;
use crate::tui::messages::effect::Effect;
use crate::tui::state::{Listing, Screen, State, asking};

/// Asks the servers about what is meant.
pub(super) fn this(state: &mut State) -> Vec<Effect> {
    let guns = match (&state.screen, &state.plan) {
        (Screen::Review(_), Some(plan)) => plan.repositories.iter().map(|p| p.gun.clone()).collect(),
        _ if state.focus == Pane::Repositories => state.lists.repositories.meant(),
        _ => state.lists.shown.clone().into_iter().collect(),
    };
    guns.into_iter().filter_map(|gun| asking::once(state, &gun, Effect::Refresh)).collect()
}

/// About all that is listed, and reads list and keys.
pub(super) fn all(state: &mut State) -> Vec<Effect> {
    let guns: Vec<_> = state.known.repositories.iter().map(|r| r.entry.gun.clone()).collect();
    let mut effects = vec![Effect::ListEntries, Effect::ListKeys, Effect::CheckKeyFiles];
    if state.known.listing != Listing::Ready {
        state.known.listing = Listing::Loading;
    }
    effects.extend(guns.into_iter().filter_map(|gun| asking::once(state, &gun, Effect::Refresh)));
    effects
}
