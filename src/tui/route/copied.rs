//! What `y` copies.

use crate::printable::printable;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::effect::Effect;
use crate::tui::panes::tags;
use crate::tui::screens::commands;
use crate::tui::state::binding::Copied;
use crate::tui::state::{State, selected};

/// Sends what is meant to the terminal's clipboard, if there is such a thing here.
pub(super) fn copy(state: &State, what: Copied) -> Vec<Effect> {
    let name = |text: Option<String>| text.map(|text| ("the name", text));
    let found = match (what, state.focus) {
        (Copied::Name, Pane::Repositories | Pane::Staged) => name(state.repository().map(|r| r.entry.name.clone())),
        (Copied::Name, Pane::Roles) => name(state.lists.roles.selected().map(ToString::to_string)),
        (Copied::Name, Pane::Tags) => name(selected::tag_row(state).map(|tag| tag.row.name.to_string())),
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
        (Copied::Digest, Pane::Tags) => tags::digest(state).map(|digest| ("the digest", digest)),
        (Copied::Reference, Pane::Tags) => tags::reference(state).map(|text| ("the reference", text)),
        _ => None,
    };
    // A name with a line end would run as a command where it is pasted.
    found.map(|(what, text)| Effect::Copy { what, text: printable(&text) }).into_iter().collect()
}
