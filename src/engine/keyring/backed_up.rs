//! Which keys have a backup that was opened again and tested: `backups.json` in the state directory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};

use super::part::Keyring;
use crate::engine::disk::note::Note;
use crate::engine::disk::state::StateFolder;
use crate::engine::error::EngineError;
use crate::tuf::CanonicalKeyId;

/// A backup of a key that was opened again, with the key unlocked from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// When it was tested.
    pub at: Time,
    /// Where it was written. It may have been moved since.
    pub file: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct Backups {
    backups: BTreeMap<CanonicalKeyId, BackupRecord>,
}

impl Note for Backups {
    const KIND: &'static str = "backups";
}

const FILE: &str = "backups.json";

impl Keyring {
    /// The last tested backup of each key.
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn backups(&self) -> Result<BTreeMap<CanonicalKeyId, BackupRecord>, EngineError> {
        Ok(StateFolder::new(&self.context.settings().state_dir).load::<Backups>(FILE)?.backups)
    }

    pub(in crate::engine) fn note_backups(
        &self,
        keys: impl IntoIterator<Item = CanonicalKeyId>,
        record: &BackupRecord,
    ) -> Result<(), EngineError> {
        StateFolder::new(&self.context.settings().state_dir).change(FILE, |all: &mut Backups| {
            all.backups.extend(keys.into_iter().map(|id| (id, record.clone())));
        })
    }
}
