//! What must stay as it is, and why: everything, or what a server holds.

use super::binding::Action;
use super::guide::Guide;
use super::{Screen, State};
use crate::tuf::Gun;

const READ_ONLY: &str = "read-only: nothing is staged, made or published";
const CHOOSING: &str = "here one only chooses; nothing is staged, made or published";
const OF_SERVER: &str = "read-only: nothing is staged for its server ([servers] read_only)";

impl State {
    /// Why nothing may be changed of a repository.
    #[must_use]
    pub fn closed(&self, gun: &Gun) -> Option<&'static str> {
        let server = || self.find(gun)?.entry.server.as_deref().ok();
        let is_covered = || server().is_some_and(|server| self.here.read_only.covers(server));
        self.closed_all().or_else(|| is_covered().then_some(OF_SERVER))
    }

    /// The same of the repository under the cursor.
    #[must_use]
    pub fn closed_here(&self) -> Option<&'static str> {
        self.repository().map_or_else(|| self.closed_all(), |shown| self.closed(&shown.entry.gun))
    }

    /// The same of those that the open wizard is about.
    #[must_use]
    pub fn closed_to_wizard(&self) -> Option<&'static str> {
        let mut guns = self.guide.iter().flat_map(Guide::guns);
        self.closed_all().or_else(|| guns.find_map(|gun| self.closed(&gun)))
    }

    /// The same of what undo or redo would change. What only takes back what is shown is always possible.
    #[must_use]
    pub(super) fn closed_to_retrace(&self, way: Action) -> Option<&'static str> {
        let is_shown_again = match &self.screen {
            Screen::Main => !self.known.taken_off.is_empty(),
            Screen::Review(review) => review.just_left.is_some(),
            Screen::Publish(_) => false,
            Screen::Wizard => return self.closed_to_wizard(),
        };
        let act = match way {
            Action::Undo if is_shown_again => return None,
            Action::Undo => &self.stage.undoes,
            _ => &self.stage.redoes,
        };
        // What was dropped comes back also where nothing new may be staged.
        let of_servers = || act.guns().find_map(|gun| self.closed(gun)).filter(|_| !act.is_drop());
        self.closed_all().or_else(of_servers)
    }

    /// The same of anything at all.
    #[must_use]
    pub fn closed_all(&self) -> Option<&'static str> {
        let choosing = self.here.pick.as_ref().map(|_| CHOOSING);
        choosing.or_else(|| self.here.read_only.everything.then_some(READ_ONLY))
    }
}
