//! The record of begun wizards: one file each, below the state directory.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::choice::{Choice, Wizard};
use super::part::Wizards;
use super::progress::is_finished;
use crate::engine::disk::note::{self, Note};
use crate::engine::disk::state::StateFolder;
use crate::engine::error::EngineError;
use crate::tuf::Gun;

#[derive(Serialize, Deserialize)]
struct BegunFile {
    trust_dir: PathBuf,
    #[serde(flatten)]
    choice: Choice,
}

impl Note for BegunFile {
    const KIND: &'static str = "wizard";
}

impl Wizards {
    /// The name of a wizard's file, without its ending.
    fn file_of(&self, wizard: &Wizard, repositories: &[Gun]) -> Result<String, EngineError> {
        let mut sorted: Vec<&Gun> = repositories.iter().collect();
        sorted.sort();
        let named = serde_json::to_vec(&(&self.context.settings().trust_dir, wizard, sorted));
        let named =
            named.map_err(|e| EngineError::State { path: "wizard".into(), what: e.to_string(), is_newer: false })?;
        Ok(hex::encode(&Sha256::digest(named)[..8]))
    }

    fn folder(&self) -> StateFolder {
        StateFolder::new(&self.context.settings().state_dir).below("wizards")
    }

    /// Wizards that were begun and neither finished nor given up, oldest first.
    ///
    /// # Errors
    /// `Disk`; `State` for a damaged file or one of a newer version.
    pub fn list(&self) -> Result<Vec<Choice>, EngineError> {
        let (folder, mut found) = (self.folder(), Vec::new());
        for name in folder.names()?.into_iter().filter(|name| name.ends_with(".json")) {
            // Another process may have finished it meanwhile.
            let Some(bytes) = folder.read(&name)? else { continue };
            let begun: BegunFile = note::decode(&folder.path().join(&name), &bytes)?;
            found.extend((begun.trust_dir == self.context.settings().trust_dir).then_some(begun.choice));
        }
        found.sort_by_key(|choice| choice.begun);
        Ok(found)
    }

    /// What names a wizard on this machine.
    ///
    /// # Errors
    /// `State`.
    pub fn wizard_id(&self, choice: &Choice) -> Result<String, EngineError> {
        Ok(self.file_of(&choice.wizard, &choice.repositories)?.chars().take(8).collect())
    }

    /// The wizard of this kind for exactly these repositories, if it was begun.
    ///
    /// # Errors
    /// As `wizards`.
    pub fn begun_wizard(&self, wizard: &Wizard, repositories: &[Gun]) -> Result<Option<Choice>, EngineError> {
        let file = self.file_of(wizard, repositories)?;
        let is_it = |choice: &Choice| self.file_of(&choice.wizard, &choice.repositories).is_ok_and(|of| of == file);
        Ok(self.list()?.into_iter().find(is_it))
    }

    /// Remembers a choice; a later one of the same kind for the same repositories takes its place.
    ///
    /// # Errors
    /// `Disk`; `Policy` where nothing may be changed of one of its repositories.
    pub fn keep_wizard(&self, choice: &Choice) -> Result<(), EngineError> {
        self.context.check_writable()?;
        choice.repositories.iter().try_for_each(|gun| self.servers.check_writable(gun))?;
        let trust_dir = self.context.settings().trust_dir.clone();
        let file = self.file_of(&choice.wizard, &choice.repositories)?;
        self.folder().store(&format!("{file}.json"), &BegunFile { trust_dir, choice: choice.clone() })
    }

    /// Forgets set-ups that a publish of these repositories has finished: what is left, a backup of the keys that it made,
    /// is said of the keys. Blocking.
    ///
    /// # Errors
    /// As [`Wizards::list`].
    pub fn close_set_ups(&self, published: &[Gun]) -> Result<(), EngineError> {
        let mut begun = self.list()?;
        begun.retain(|choice| choice.wizard == Wizard::FirstSetup);
        for choice in begun.iter().filter(|choice| choice.repositories.iter().any(|gun| published.contains(gun))) {
            if is_finished(&self.wizard_facts(choice)?) {
                self.forget_wizard(choice)?;
            }
        }
        Ok(())
    }

    /// Forgets a wizard that is finished or given up. What is staged stays staged.
    ///
    /// # Errors
    /// `Disk`.
    pub fn forget_wizard(&self, choice: &Choice) -> Result<(), EngineError> {
        self.context.check_writable()?;
        self.folder().remove(&format!("{}.json", self.file_of(&choice.wizard, &choice.repositories)?))
    }
}
