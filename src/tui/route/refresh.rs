//! What is read anew, and what is sent to the clipboard.

use crate::printable::printable;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::effect::Effect;
use crate::tui::screens::commands;
use crate::tui::state::binding::Copied;
use crate::tui::state::{Listing, Screen, State, asking, selected};

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

/// What `y` copies here.
pub(super) fn copy(state: &State, what: Copied) -> Vec<Effect> {
    let name = |text: Option<String>| text.map(|text| ("the name", text));
    let found = match (what, state.focus) {
        (Copied::Name, Pane::Repositories | Pane::Staged) => name(state.repository().map(|r| r.entry.name.clone())),
        (Copied::Name, Pane::Roles) => name(state.lists.roles.selected().map(ToString::to_string)),
        (Copied::Name, Pane::Tags) => name(selected::tag(state).map(|t| t.name.clone())),
        (Copied::Name, Pane::Keys) => name(selected::key(state).map(|k| k.label.clone())),
        (Copied::Repository, _) => state.repository().map(|r| ("the full name", r.entry.gun.to_string())),
        (Copied::Commands, _) => {
            // One line for each; each is printable by itself.
            let lines = state.plan.as_deref().map(commands::lines);
            let text = lines.map(|lines| lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n"));
            return text.map(|text| Effect::Copy { what: "the commands", text }).into_iter().collect();
        }
        (Copied::Id, Pane::Keys) => selected::key(state).map(|k| ("the key ID", k.id.to_string())),
        (Copied::Words, Pane::Keys) => selected::key(state).map(|k| ("the words", k.words())),
        (Copied::Id, Pane::Roles) => {
            let role = selected::role(state);
            role.and_then(|r| r.keys.first()).map(|k| ("the ID of its first key", k.id.to_string()))
        }
        (Copied::Digest, Pane::Tags) => selected::tag(state).map(|t| ("the digest", format!("sha256:{}", t.digest))),
        _ => None,
    };
    // A name with a line end would run as a command where it is pasted.
    found.map(|(what, text)| Effect::Copy { what, text: printable(&text) }).into_iter().collect()
}
