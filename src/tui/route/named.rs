//! Every action by name: what the palette lists, and what the configuration binds keys to.

use super::keys::{self, EVERYWHERE, LISTS, MOVES, TOUR};
use crate::tui::kit::pane::Pane;
use crate::tui::panes;
use crate::tui::panes::repositories::BLANK_BINDINGS;
use crate::tui::screens::{publish, review};
use crate::tui::state::binding::{Action, Binding};
use crate::tui::state::{Screen, State};
use crate::tui::wizard;

/// Where the keys of a table hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Everywhere,
    /// Lists of the main screen.
    Lists,
    Pane(Pane),
    /// The main screen while there is nothing at all.
    Blank,
    Review,
    Publish,
    Wizard,
    Tour,
}

impl Place {
    /// Its name beside an action.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Everywhere | Self::Lists | Self::Blank => "",
            Self::Pane(pane) => pane.name(),
            Self::Review => "Review",
            Self::Publish => "Publish",
            Self::Wizard => "Wizard",
            Self::Tour => "Tour",
        }
    }

    /// Why its keys do not hold on the screen that is open.
    fn reason(self, state: &State) -> Option<&'static str> {
        let is_main = matches!(state.screen, Screen::Main);
        match self {
            Self::Everywhere => None,
            Self::Lists | Self::Pane(_) if !is_main => Some("on the main screen alone; esc or q leads back"),
            Self::Lists | Self::Pane(_) => state.is_blank().then_some("there is no repository yet"),
            Self::Blank => (!is_main || !state.is_blank()).then_some("only while there is no repository"),
            Self::Review => (!matches!(state.screen, Screen::Review(_))).then_some("in the review alone; p opens it"),
            Self::Publish => (!matches!(state.screen, Screen::Publish(_))).then_some("while a publish is shown"),
            Self::Wizard => (!matches!(state.screen, Screen::Wizard)).then_some("in a wizard alone; W opens one"),
            Self::Tour => state.tour.is_none().then_some("no tour is running"),
        }
    }
}

/// An action with its name and where it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) place: Place,
    pub(super) binding: &'static Binding,
}

impl Named {
    /// Its name: `repositories.add-signer`.
    pub(super) fn name(&self) -> String {
        name(self.binding.action)
    }

    /// Why it cannot be done now.
    pub(super) fn reason(&self, state: &State) -> Option<&'static str> {
        self.place.reason(state).or_else(|| self.binding.blocked(state))
    }
}

/// The name of an action, made of the names in the source, so that none is without one.
pub(super) fn name(action: Action) -> String {
    let mut name = String::new();
    for c in format!("{action:?}").replace("Screen(", "(").chars() {
        match c {
            '(' => name.push('.'),
            c if c.is_uppercase() => {
                if !name.is_empty() && !name.ends_with('.') {
                    name.push('-');
                }
                name.extend(c.to_lowercase());
            }
            c if c.is_alphanumeric() => name.push(c),
            _ => {}
        }
    }
    name
}

/// All actions, each once: those of the screen that is open first.
pub(super) fn all(state: &State) -> Vec<Named> {
    let mut places: Vec<(Place, &'static [Binding])> = Pane::ALL.map(|p| (Place::Pane(p), panes::bindings(p))).to_vec();
    // What holds where the user is comes first.
    places.sort_by_key(|(place, _)| *place != Place::Pane(state.focus));
    let others = [
        (Place::Lists, LISTS),
        (Place::Review, review::BINDINGS),
        (Place::Publish, publish::BINDINGS),
        (Place::Wizard, wizard::BINDINGS),
        (Place::Tour, TOUR),
        (Place::Everywhere, EVERYWHERE),
        (Place::Everywhere, MOVES),
        (Place::Blank, BLANK_BINDINGS),
    ];
    places.extend(others);
    places.sort_by_key(|(place, _)| place.reason(state).is_some());
    let mut all: Vec<Named> = Vec::new();
    for (place, table) in places {
        for binding in table {
            if !all.iter().any(|named| named.binding.action == binding.action) {
                all.push(Named { place, binding });
            }
        }
    }
    all
}

/// The action of this name.
pub(super) fn find(state: &State, wanted: &str) -> Option<Named> {
    all(state).into_iter().find(|named| named.name() == wanted)
}

/// Whether a key of it would be found now.
pub(super) fn holds(state: &State, named: &Named) -> bool {
    keys::tables(state).into_iter().flatten().any(|binding| binding.action == named.binding.action)
}
