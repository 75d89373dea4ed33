//! A journal that cannot be read, out of the way.

use std::path::PathBuf;

use super::part::Staging;
use crate::engine::error::EngineError;

impl Staging {
    /// Moves a journal that cannot be read aside, whatever lies in its place, and says where; `None` if it can be read.
    ///
    /// # Errors
    /// `State` for one of a newer version, which stays; `OwnDir`, `BusyLocal`.
    pub fn set_unreadable_aside(&self) -> Result<Option<PathBuf>, EngineError> {
        self.context.check_writable()?;
        let journal = &self.kept.journal;
        if journal.read().is_ok() {
            return Ok(None);
        }
        let _still = journal.hold_still()?;
        let path = match journal.read() {
            Ok(_) => return Ok(None),
            Err(EngineError::Stage { path, .. }) => path,
            Err(error) => return Err(error),
        };
        let aside = path.with_extension(format!("{}.unreadable", self.context.now().as_nanosecond()));
        std::fs::rename(&path, &aside).map_err(journal.folder().failed(&journal.file()))?;
        Ok(Some(aside))
    }
}
