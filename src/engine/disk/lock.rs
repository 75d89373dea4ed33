//! Locks on folders of our own, and whole writes below them.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use super::folder::write_one;
use super::read;
use crate::engine::error::EngineError;

/// Takes a lock, waiting at most `patience`.
pub(in crate::engine) fn lock(path: &Path, patience: Duration) -> Result<File, EngineError> {
    let file = read::open_own(path).map_err(|e| disk(path, e))?;
    let pause = Duration::from_millis(10);
    let mut left = patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(e)) => return Err(disk(path, e)),
            Err(TryLockError::WouldBlock) if left.is_zero() => return Err(EngineError::BusyLocal(path.to_owned())),
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(pause);
                left = left.saturating_sub(pause);
            }
        }
    }
}

/// Makes a private directory with all above it.
pub(in crate::engine) fn make_dir(dir: &Path) -> Result<(), EngineError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| disk(dir, e))
}

/// Replaces a file so that it is the old or the new one at every moment, and the new one from now on.
pub(in crate::engine) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    write_one(path, bytes).map_err(|e| disk(path, e))
}

/// Names the file beside what the system says.
pub(in crate::engine) fn disk(path: &Path, source: io::Error) -> EngineError {
    EngineError::Disk { path: path.to_owned(), source }
}
