//! Work on keys of several steps, as far as it is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::engine::NewPassphrase;
use crate::engine::custody::backup::{Archive, BackupForm};
use crate::engine::custody::load::KeySet;
use crate::tuf::CanonicalKeyId;
use crate::tui::dialogs::Form;
use crate::tui::messages::keywork::{Closed, Held, Look};

/// What a task is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Keys of a file into the store; name and repository are for those that do not say theirs.
    Load {
        set: Held<KeySet>,
        name: String,
        gun: Option<String>,
    },
    BackUp {
        keys: Vec<CanonicalKeyId>,
        form: BackupForm,
        file: PathBuf,
    },
    /// A backup that is not open yet.
    OpenBackup(PathBuf),
    /// An open one; the keys that are not in the store.
    Restore {
        file: PathBuf,
        archive: Held<Archive>,
    },
}

impl Aim {
    /// Its heading.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Load { .. } => "Load keys",
            Self::BackUp { .. } => "Back up keys",
            Self::OpenBackup(_) | Self::Restore { .. } => "Restore keys",
        }
    }
}

/// A task that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTask {
    pub job: Aim,
    /// The form that it began with, to go back to.
    pub form: Form,
    pub keys: Vec<Closed>,
    pub looks: BTreeMap<usize, Look>,
    /// Keys that are done without their passphrase.
    pub skipped: BTreeSet<usize>,
    /// For keys that have no passphrase yet.
    pub new: Option<NewPassphrase>,
    /// The key that is asked for.
    pub asking: Option<usize>,
    /// Keys that were asked for, and all that may be.
    pub asked: (usize, usize),
    /// How far the engine is.
    pub progress: Option<(usize, usize)>,
}

impl KeyTask {
    /// Keys whose passphrase is still missing, by number.
    #[must_use]
    pub fn locked(&self) -> Vec<usize> {
        let locked = self.looks.iter().filter(|(at, look)| **look == Look::Locked && !self.skipped.contains(at));
        locked.map(|(at, _)| *at).collect()
    }
}
