//! Keys that sentences name: those of the user, else the usual ones, which the tables bind.

use super::State;
use super::actions::{Repositories, Review, Roles, Staged, Tags, Wizard};
use super::binding::Action;
use crate::tui::kit::list::Move;
use crate::tui::kit::pane::Pane;

/// Actions that sentences name, each with its usual key.
pub const USUAL: &[(Action, &str)] = &[
    (Action::Focus(Pane::Repositories), "1"),
    (Action::Focus(Pane::Roles), "2"),
    (Action::Focus(Pane::Tags), "3"),
    (Action::Focus(Pane::Staged), "5"),
    (Action::Messages, "@"),
    (Action::Refresh, "r"),
    (Action::Review, "p"),
    (Action::Undo, "u"),
    (Action::Rotate, "t"),
    (Action::Needs, "N"),
    (Action::Expiry, "E"),
    (Action::Inspect, "I"),
    (Action::Scroll(Move::Down), "]"),
    (Action::Scroll(Move::Up), "["),
    (Action::Wizard(Wizard::Menu), "W"),
    (Action::Wizard(Wizard::Why), "w"),
    (Action::ReviewScreen(Review::Fix), "f"),
    (Action::ReviewScreen(Review::Commands), "e"),
    (Action::EndTour, "T"),
    (Action::Repositories(Repositories::Add), "a"),
    (Action::Repositories(Repositories::Renew), "t"),
    (Action::Repositories(Repositories::SignAgain), "w"),
    (Action::Repositories(Repositories::Restore), "S"),
    (Action::Repositories(Repositories::AddSigner), "s"),
    (Action::Repositories(Repositories::Answer), "i"),
    (Action::Repositories(Repositories::Foreign), "f"),
    (Action::Roles(Roles::Witness), "w"),
    (Action::Roles(Roles::Restore), "S"),
    (Action::Roles(Roles::AddSigner), "a"),
    (Action::Tags(Tags::Sign), "s"),
    (Action::Tags(Tags::Add), "a"),
    (Action::Tags(Tags::Revoke), "d"),
    (Action::Tags(Tags::Verify), "V"),
    (Action::Tags(Tags::Compare), "="),
    (Action::Staged(Staged::Drop), "d"),
];

impl State {
    /// The key of an action as a sentence names it; `:` finds one that has none.
    #[must_use]
    pub fn key(&self, action: Action) -> &'static str {
        let own = self.keymap.0.iter().flat_map(|(_, table)| table.iter()).find(|binding| binding.action == action);
        match own {
            Some(binding) => binding.keys.first().copied().unwrap_or(":"),
            None => USUAL.iter().find(|(named, _)| *named == action).map_or(":", |(_, key)| *key),
        }
    }
}
