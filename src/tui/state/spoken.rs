//! Keys that sentences name: those of the user, else the usual ones, which the tables bind.

use super::actions::{Keys, Repositories, Review, Roles, Staged, Tags, Wizard};
use super::binding::{Action, Place};
use super::{Screen, State};
use crate::tui::kit::list::Move;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::failure::Failure;

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
    (Action::ReviewScreen(Review::Toggle), "space"),
    (Action::ReviewScreen(Review::Fix), "f"),
    (Action::ReviewScreen(Review::Publish), "P"),
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
    (Action::Keys(Keys::Make), "n"),
    (Action::Keys(Keys::Load), "a"),
    (Action::Staged(Staged::Drop), "d"),
];

impl State {
    /// The key of an action as a sentence names it; `:` finds one that has none.
    #[must_use]
    pub fn key(&self, action: Action) -> &'static str {
        self.keymap.key(action).unwrap_or_else(|| usual(action))
    }

    /// A sentence with keys of the user's own in place of the usual ones that it names in the two forms that all sentences
    /// have for a key: `w in Roles`, `; p reviews it`.
    #[must_use]
    pub fn spoken(&self, text: &str) -> String {
        if self.keymap.0.is_empty() {
            return text.to_owned();
        }
        let words: Vec<&str> = text.split(' ').collect();
        let said = words.iter().enumerate().map(|(at, word)| {
            let key = word.trim_start_matches('(');
            let rest = words.get(at + 1..).unwrap_or_default();
            let begins = at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|word| word.ends_with(';'));
            let own = match pane_behind(rest) {
                Some(pane) => self.keymap.instead_of(key, &[Place::Pane(pane), Place::Lists]),
                // `a` and `I` are words too.
                None if begins && !rest.is_empty() && !matches!(key, "a" | "I") => {
                    self.keymap.instead_of(key, &self.places())
                }
                None => None,
            };
            own.map_or_else(|| (*word).to_owned(), |own| word.replacen(key, own, 1))
        });
        said.collect::<Vec<_>>().join(" ")
    }

    /// A failure whose next step names these keys.
    #[must_use]
    pub fn told(&self, failure: &Failure) -> Failure {
        let mut told = failure.clone();
        told.problem.hint = self.spoken(&told.problem.hint);
        told
    }

    /// The places whose keys hold now, most special first.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let mut places = match &self.screen {
            Screen::Review(_) => vec![Place::Review, Place::Moves],
            Screen::Publish(_) => vec![Place::Publish, Place::Moves],
            Screen::Wizard => vec![Place::Wizard, Place::Moves],
            Screen::Main if self.is_blank() => vec![Place::Blank, Place::Moves],
            Screen::Main => vec![Place::Pane(self.focus), Place::Moves, Place::Lists],
        };
        if self.here.pick.is_some() && matches!(self.screen, Screen::Main) {
            places.insert(0, Place::Pick);
        }
        if self.tour.is_some() {
            places.push(Place::Tour);
        }
        places.push(Place::Everywhere);
        places
    }
}

/// The usual key of an action that sentences name.
#[must_use]
pub fn usual(action: Action) -> &'static str {
    USUAL.iter().find(|(named, _)| *named == action).map_or(":", |(_, key)| *key)
}

/// The pane that the words behind a key name.
fn pane_behind(rest: &[&str]) -> Option<Pane> {
    let ["in", name, ..] = rest else { return None };
    let name = name.trim_end_matches([',', ';', '.', ':', ')']);
    Pane::ALL.into_iter().find(|pane| pane.name() == name)
}
