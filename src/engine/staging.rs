//! The stage: our own journal of changes, kept apart from Notary's changelist.

use super::{Change, Engine, EngineError, EntryId, ForeignChanges, Plan, Settings, Stage};
use crate::tuf::Gun;

/// The journal of this trust directory.
pub(super) struct Staging {}

impl Staging {
    /// Finds the journal; a journal of a newer version is an error that changes nothing.
    pub(super) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let _ = settings;
        Ok(Self {})
    }
}

#[allow(unused_variables)]
impl Engine {
    /// All staged changes, also those of other processes.
    pub fn staged(&self) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Stages changes, all or none. Refuses what contradicts other changes or cannot work, with the way out.
    /// One undo step.
    pub fn stage(&self, changes: Vec<(Gun, Change)>) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Drops staged changes. One undo step.
    pub fn drop_changes(&self, entries: &[EntryId]) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Takes the last act of staging back.
    pub fn undo(&self) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Does it again.
    pub fn redo(&self) -> Result<Stage, EngineError> {
        todo!()
    }

    /// What publishing would do, for these repositories or all. Offline; uses what was loaded last, or the cache.
    pub fn plan(&self, only: Option<&[Gun]>) -> Result<Plan, EngineError> {
        todo!()
    }

    /// Changes that `notary` staged in the shared trust directory.
    pub fn foreign_changes(&self, gun: &Gun) -> Result<Option<ForeignChanges>, EngineError> {
        todo!()
    }

    /// Takes them over into our stage and moves the files aside.
    pub fn adopt_foreign(&self, gun: &Gun) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Moves them aside. Returns where.
    pub fn drop_foreign(&self, gun: &Gun) -> Result<std::path::PathBuf, EngineError> {
        todo!()
    }
}
