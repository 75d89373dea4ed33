//! Where the screen runs.

use std::collections::BTreeMap;

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
    /// The repository that it was started for, or that was added or brought back here, until it is listed.
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
