//! Files that must not exist yet, written whole.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::engine::error::{EngineError, refuse};

/// Writes a file that must not exist yet, 0600.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let disk = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => EngineError::Disk { path: path.to_owned(), source },
    };
    // Whole or not at all, also if this run is killed: half a file would be in the way of the next one.
    let dir = path.parent().filter(|dir| *dir != Path::new("")).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").suffix(".tmp").tempfile_in(dir).map_err(disk)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(disk)?;
    file.persist_noclobber(path).map(drop).map_err(|error| disk(error.error))
}

fn taken(path: &Path) -> EngineError {
    refuse(format!("{} exists already and is not overwritten", path.display()), "name another file")
}

/// A file that did not exist before, 0600. Gone again unless it is written: half a file must not be taken for a whole one.
pub(in crate::engine) struct NewFile {
    path: PathBuf,
    file: fs::File,
    written: bool,
}

impl NewFile {
    pub(in crate::engine) fn create(path: &Path) -> Result<Self, EngineError> {
        let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = opened.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => taken(path),
            _ => EngineError::Disk { path: path.to_owned(), source },
        })?;
        Ok(Self { path: path.to_owned(), file, written: false })
    }

    pub(in crate::engine) fn write(mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        self.written = written.is_ok();
        written.map_err(|source| EngineError::Disk { path: self.path.clone(), source })
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.written {
            // Whatever went wrong is the error to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}
