//! What must stay as it is, and why: everything, or what a server holds.

use super::State;
use super::guide::Guide;
use crate::tuf::Gun;

const READ_ONLY: &str = "read-only: nothing is staged, made or published";
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

    /// The same of anything at all.
    #[must_use]
    pub fn closed_all(&self) -> Option<&'static str> {
        self.here.read_only.everything.then_some(READ_ONLY)
    }
}
