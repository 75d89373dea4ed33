//! The state directory: a folder of notes that nobody but the user may write, each changed under its lock.
//!
//! What cannot be read because it is not there is empty; folders are made when something is written first.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;

use super::commit::{Pending, write_all, write_soon};
use super::folder::{entries, find_at, find_own, make_private, open_own, read_at, sweep};
use super::lock::Lock;
use super::note::{self, Note};
use super::read;
use crate::engine::error::{EngineError, OwnDir};

/// A folder of the state directory.
#[derive(Clone, Debug)]
pub(in crate::engine) struct StateFolder {
    path: PathBuf,
    /// Whether this process has looked for files left aside.
    swept: Arc<AtomicBool>,
}

impl StateFolder {
    /// The state directory itself.
    pub(in crate::engine) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), swept: Arc::default() }
    }

    /// A folder in it.
    pub(in crate::engine) fn below(&self, name: &str) -> Self {
        Self::new(&self.path.join(name))
    }

    /// Where it is.
    pub(in crate::engine) fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses it if others may write it.
    ///
    /// # Errors
    /// `Exposed`; `OwnDir` if it cannot be opened.
    pub(in crate::engine) fn check(&self) -> Result<(), EngineError> {
        self.open().map(drop)
    }

    /// Makes it, and gives its path.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn make(&self) -> Result<PathBuf, EngineError> {
        self.made()?;
        Ok(self.path.clone())
    }

    /// Reads a file; a missing one is empty.
    ///
    /// # Errors
    /// `State` if it is damaged, of a newer version or another kind; `OwnDir`, `Exposed`.
    pub(in crate::engine) fn load<T: Note + Default>(&self, name: &str) -> Result<T, EngineError> {
        let bytes = self.read(name)?;
        bytes.map_or_else(|| Ok(T::default()), |bytes| note::decode(&self.path.join(name), &bytes))
    }

    /// Moves a file that cannot be read aside, and gives what is wrong with it and where it is; `None` if it can be read, is
    /// of a newer version, or something else is wrong.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`, `BusyLocal`.
    pub(in crate::engine) fn set_aside<T: Note + Default>(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<(EngineError, PathBuf)>, EngineError> {
        let is_damaged = |error: &EngineError| matches!(error, EngineError::State { is_newer: false, .. });
        if !self.load::<T>(name).is_err_and(|error| is_damaged(&error)) {
            return Ok(None);
        }
        let _lock = self.lock(&format!("{name}.lock"), super::lock::PATIENCE)?;
        let Some(damaged) = self.load::<T>(name).err().filter(is_damaged) else { return Ok(None) };
        let path = self.path.join(name);
        let aside = path.with_extension(format!("{}.unreadable", now.as_nanosecond()));
        std::fs::rename(&path, &aside).map_err(self.failed(name))?;
        Ok(Some((damaged, aside)))
    }

    /// Changes a file under its lock; nobody else changes it meanwhile.
    ///
    /// # Errors
    /// As [`StateFolder::load`]; `BusyLocal`.
    pub(in crate::engine) fn change<T: Note + Default, R>(
        &self,
        name: &str,
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R, EngineError> {
        let _lock = self.lock(&format!("{name}.lock"), super::lock::PATIENCE)?;
        let mut content = self.load::<T>(name)?;
        let result = change(&mut content);
        self.store(name, &content)?;
        Ok(result)
    }

    /// Writes a file whole; it is on the disk then.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn store<T: Note>(&self, name: &str, content: &T) -> Result<(), EngineError> {
        let pending = self.pending(name, note::encode(content)?)?;
        write_all(vec![pending]).map_err(self.failed(name))
    }

    /// The same, but after a crash it may still be the old one.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn replace<T: Note>(&self, name: &str, content: &T) -> Result<(), EngineError> {
        let pending = self.pending(name, note::encode(content)?)?;
        write_soon(pending).map_err(self.failed(name))
    }

    /// A file that is about to be written.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn pending(&self, name: &str, bytes: Vec<u8>) -> Result<Pending, EngineError> {
        Ok(Pending { folder: self.made()?.into(), name: name.to_owned(), bytes })
    }

    /// Writes in place, for what is written often and may be lost.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn overwrite<T: Note>(&self, name: &str, content: &T) -> Result<(), EngineError> {
        use std::os::unix::fs::FileExt;
        let bytes = note::encode(content)?;
        self.made()?;
        let path = self.path.join(name);
        let write = || {
            let file = read::open_own(&path)?;
            file.write_all_at(&bytes, 0)?;
            let length = bytes.len() as u64;
            if file.metadata()?.len() == length { Ok(()) } else { file.set_len(length) }
        };
        write().map_err(self.failed(name))
    }

    /// Reads a file's bytes, `None` if there is none.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(folder) = self.open()? else { return Ok(None) };
        read_at(&folder, name, read::OWN).map_err(self.failed(name))
    }

    /// Opens a file to read it, `None` if there is none.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn find(&self, name: &str) -> Result<Option<File>, EngineError> {
        let Some(folder) = self.open()? else { return Ok(None) };
        find_at(&folder, name).map_err(self.failed(name))
    }

    /// Names of the plain files in it.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn names(&self) -> Result<Vec<String>, EngineError> {
        let Some(folder) = self.open()? else { return Ok(Vec::new()) };
        let found = entries(&folder).map_err(self.failed(""))?;
        Ok(found.into_iter().filter(|(_, kind)| *kind == FileType::RegularFile).map(|(name, _)| name).collect())
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// `OwnDir`, `Exposed`.
    pub(in crate::engine) fn remove(&self, name: &str) -> Result<(), EngineError> {
        let Some(folder) = self.open()? else { return Ok(()) };
        match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed(name)(error.into())),
        }
    }

    /// Takes the lock of this name, waiting at most `patience`.
    ///
    /// # Errors
    /// `BusyLocal`, `OwnDir`, `Exposed`.
    pub(in crate::engine) fn lock(&self, name: &str, patience: Duration) -> Result<Lock, EngineError> {
        self.made()?;
        Lock::take(&self.path.join(name), patience, self.failed(name))
    }

    fn open(&self) -> Result<Option<OwnedFd>, EngineError> {
        let folder = find_own(&self.path).map_err(self.failed(""))?;
        folder.map(|folder| self.checked(folder)).transpose()
    }

    fn made(&self) -> Result<OwnedFd, EngineError> {
        let folder = match self.open()? {
            Some(folder) => folder,
            None => {
                make_private(&self.path).map_err(self.failed(""))?;
                self.checked(open_own(&self.path).map_err(self.failed(""))?)?
            }
        };
        if !self.swept.swap(true, Ordering::Relaxed) {
            sweep(&folder);
        }
        Ok(folder)
    }

    /// What others may write is not believed: it says which roots are trusted and what is published.
    fn checked(&self, folder: OwnedFd) -> Result<OwnedFd, EngineError> {
        let facts = rustix::fs::fstat(&folder).map_err(|error| self.failed("")(error.into()))?;
        let user = rustix::process::geteuid().as_raw();
        let is_own = facts.st_uid == user;
        let exposed = |what: String| Err(EngineError::Exposed { path: self.path.clone(), what, is_own });
        if facts.st_uid != user && facts.st_uid != 0 {
            return exposed(format!("belongs to user {}, not to you", facts.st_uid));
        }
        if facts.st_mode & 0o022 != 0 {
            return exposed(format!("can be written by others (mode {:04o}, expected 0700)", facts.st_mode & 0o7777));
        }
        Ok(folder)
    }

    /// What an error of the system means for the file of this name, or for the folder itself where that is empty.
    pub(in crate::engine) fn failed(&self, name: &str) -> impl Fn(io::Error) -> EngineError + use<> {
        let path = if name.is_empty() { self.path.clone() } else { self.path.join(name) };
        move |source| EngineError::OwnDir { dir: OwnDir::State, path: path.clone(), source }
    }
}
