//! Where the screen runs.

use std::collections::BTreeMap;

use super::State;
use crate::engine::settings::ReadOnly;
use crate::tuf::Gun;
use crate::tui::kit::pane::Pane;

/// Where this runs.
#[derive(Clone, Debug)]
pub struct Here {
    pub offline: bool,
    /// The trust server that is named for all repositories, if one is.
    pub server: Option<String>,
    /// Whether `http://` is allowed to loopback addresses.
    pub insecure_http: bool,
    /// Where keys and caches are, for the empty screen.
    pub trust_dir: String,
    /// How long passphrases stay, in words.
    pub idle_lock: String,
    /// What offered paths of files begin with: `~/`, or the sandbox's own directory.
    pub offered_dir: String,
    /// In the sandbox: the passphrase of all its keys.
    pub sandbox: Option<String>,
    /// In the sandbox: the command that points a shell at it.
    pub shell: Option<String>,
    /// What the sandbox's scene shows, by repository.
    pub notes: BTreeMap<String, &'static str>,
    /// The repository that it was started for, until it is listed.
    pub wanted: Option<Gun>,
    /// Whether the terminal tells of the mouse.
    pub mouse: bool,
    /// What is looked at and never changed.
    pub read_only: ReadOnly,
    /// What the screen was opened to choose.
    pub pick: Option<PickFor>,
}

impl Default for Here {
    fn default() -> Self {
        Self {
            offline: false,
            server: None,
            insecure_http: false,
            trust_dir: String::new(),
            idle_lock: "15 min".to_owned(),
            offered_dir: "~/".to_owned(),
            sandbox: None,
            shell: None,
            notes: BTreeMap::new(),
            wanted: None,
            mouse: false,
            read_only: ReadOnly::default(),
            pick: None,
        }
    }
}

/// What the screen was opened to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickFor {
    /// The pane that lists it.
    pub pane: Pane,
    /// The repository to begin at.
    pub of: Option<Gun>,
}

/// Of what nothing may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Of anything.
    All,
    /// Of what a server holds.
    Server,
}

impl State {
    /// Whether nothing may be changed of a repository.
    #[must_use]
    pub fn closed(&self, gun: &Gun) -> Option<Closed> {
        let server = || self.find(gun)?.entry.server.as_deref().ok();
        let is_covered = || server().is_some_and(|server| self.here.read_only.covers(server));
        if self.is_read_only() { Some(Closed::All) } else { is_covered().then_some(Closed::Server) }
    }

    /// The same of the repository under the cursor.
    #[must_use]
    pub fn closed_here(&self) -> Option<Closed> {
        match self.repository() {
            Some(shown) => self.closed(&shown.entry.gun),
            None => self.is_read_only().then_some(Closed::All),
        }
    }

    /// The same of those that the open wizard is about.
    #[must_use]
    pub fn closed_to_wizard(&self) -> Option<Closed> {
        let guns = self.guide.iter().flat_map(super::guide::Guide::guns);
        let any = guns.filter_map(|gun| self.closed(&gun)).next();
        any.or_else(|| self.is_read_only().then_some(Closed::All))
    }

    /// Whether nothing at all may be changed.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.here.read_only.everything
    }
}
