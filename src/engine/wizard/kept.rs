//! The record of begun wizards: one file each, below the state directory.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::choice::{Choice, Wizard};
use super::part::Wizards;
use crate::engine::disk::lock::{disk, make_dir, write_whole};
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::tuf::Gun;

/// The form that this program reads and writes.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u64,
    trust_dir: PathBuf,
    #[serde(flatten)]
    choice: Choice,
}

impl Wizards {
    fn wizard_path(&self, wizard: &Wizard, repositories: &[Gun]) -> Result<PathBuf, EngineError> {
        let mut sorted: Vec<&Gun> = repositories.iter().collect();
        sorted.sort();
        let named = serde_json::to_vec(&(&self.context.settings().trust_dir, wizard, sorted));
        let named = named.map_err(|e| self.not_kept(&e.to_string()))?;
        Ok(self.wizard_dir().join(format!("{}.json", hex::encode(&Sha256::digest(named)[..8]))))
    }

    fn wizard_dir(&self) -> PathBuf {
        self.context.settings().state_dir.join("wizards")
    }

    fn not_kept(&self, what: &str) -> EngineError {
        EngineError::State { path: self.wizard_dir(), what: what.to_owned() }
    }

    /// Wizards that were begun and neither finished nor given up, oldest first.
    ///
    /// # Errors
    /// `Disk`; `State` for a damaged file or one of a newer version.
    pub fn list(&self) -> Result<Vec<Choice>, EngineError> {
        let dir = self.wizard_dir();
        let entries = match std::fs::read_dir(&dir) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|e| disk(&dir, e))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| disk(&dir, e))?.path();
            if path.extension().is_some_and(|end| end == "json") {
                // Another process may have finished it meanwhile.
                let Some(bytes) = read::read_own(&path, read::OWN).map_err(|e| disk(&path, e))? else { continue };
                let damaged = |what: String| EngineError::State { path: path.clone(), what };
                let stored: Stored = serde_json::from_slice(&bytes)
                    .map_err(|e| damaged(format!("this record of a wizard is damaged: {e}")))?;
                if stored.version != VERSION {
                    return Err(damaged(format!("is of version {}, expected {VERSION}", stored.version)));
                }
                found.extend((stored.trust_dir == self.context.settings().trust_dir).then_some(stored.choice));
            }
        }
        found.sort_by_key(|choice| choice.begun);
        Ok(found)
    }

    /// What names a wizard on this machine.
    ///
    /// # Errors
    /// `State`.
    pub fn wizard_id(&self, choice: &Choice) -> Result<String, EngineError> {
        let path = self.wizard_path(&choice.wizard, &choice.repositories)?;
        let id: String =
            path.file_stem().map(|stem| stem.to_string_lossy().chars().take(8).collect()).unwrap_or_default();
        Ok(id)
    }

    /// The wizard of this kind for exactly these repositories, if it was begun.
    ///
    /// # Errors
    /// As `wizards`.
    pub fn begun_wizard(&self, wizard: &Wizard, repositories: &[Gun]) -> Result<Option<Choice>, EngineError> {
        let path = self.wizard_path(wizard, repositories)?;
        let is_it = |choice: &Choice| self.wizard_path(&choice.wizard, &choice.repositories).is_ok_and(|p| p == path);
        Ok(self.list()?.into_iter().find(is_it))
    }

    /// Remembers a choice; a later one of the same kind for the same repositories takes its place.
    ///
    /// # Errors
    /// `Disk`.
    pub fn keep_wizard(&self, choice: &Choice) -> Result<(), EngineError> {
        self.context.check_writable()?;
        make_dir(&self.wizard_dir())?;
        let path = self.wizard_path(&choice.wizard, &choice.repositories)?;
        let trust_dir = self.context.settings().trust_dir.clone();
        let stored = Stored { version: VERSION, trust_dir, choice: choice.clone() };
        let bytes = serde_json::to_vec_pretty(&stored).map_err(|e| self.not_kept(&e.to_string()))?;
        write_whole(&path, &bytes)
    }

    /// Forgets a wizard that is finished or given up. What is staged stays staged.
    ///
    /// # Errors
    /// `Disk`.
    pub fn forget_wizard(&self, choice: &Choice) -> Result<(), EngineError> {
        self.context.check_writable()?;
        let path = self.wizard_path(&choice.wizard, &choice.repositories)?;
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(disk(&path, e)),
            _ => Ok(()),
        }
    }
}
