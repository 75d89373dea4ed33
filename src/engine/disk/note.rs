//! Small files of the state directory: JSON objects with a `version`, written whole, changed under a lock.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::commit::{Pending, write_all};
use super::folder::{make_private, open_own};
use super::read;
use crate::engine::error::EngineError;

const VERSION: u64 = 1;

/// The content of such a file.
pub(in crate::engine) trait Note: Serialize + DeserializeOwned + Default {
    /// Its name in the state directory.
    const FILE: &'static str;
}

#[derive(Deserialize)]
struct Head {
    // The list of realms called it so once.
    #[serde(alias = "format")]
    version: u64,
}

#[derive(Serialize)]
struct Versioned<'a, T> {
    version: u64,
    #[serde(flatten)]
    content: &'a T,
}

/// Reads a file; a missing one is empty.
///
/// # Errors
/// `Disk`, and `State` if the file is damaged or of a newer version.
pub(in crate::engine) fn load<T: Note>(state_dir: &Path) -> Result<T, EngineError> {
    let path = state_dir.join(T::FILE);
    let state = |what: String| EngineError::State { path: path.clone(), what };
    let bytes = match read::read_own(&path, read::OWN) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(T::default()),
        Err(source) => return Err(EngineError::Disk { path, source }),
    };
    let damaged = |error: serde_json::Error| state(format!("is damaged at line {}", error.line()));
    // The version first: a newer file may have any other members.
    let Head { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if version != VERSION {
        return Err(state(format!("is of version {version}, expected {VERSION}")));
    }
    serde_json::from_slice(&bytes).map_err(damaged)
}

/// Changes a file; nobody else changes it meanwhile.
///
/// # Errors
/// As [`load`].
pub(in crate::engine) fn change<T: Note, R>(
    state_dir: &Path,
    change: impl FnOnce(&mut T) -> R,
) -> Result<R, EngineError> {
    make_private(state_dir)?;
    let _lock = lock(&state_dir.join(format!("{}.lock", T::FILE)))?;
    let mut content = load::<T>(state_dir)?;
    let result = change(&mut content);
    let path = state_dir.join(T::FILE);
    let disk = |source: io::Error| EngineError::Disk { path: path.clone(), source };
    let bytes = serde_json::to_vec(&Versioned { version: VERSION, content: &content });
    let bytes = bytes.map_err(|error| disk(error.into()))?;
    let pending = Pending { folder: open_own(state_dir).map_err(disk)?.into(), name: T::FILE.to_owned(), bytes };
    write_all(vec![pending]).map_err(disk)?;
    Ok(result)
}

fn lock(path: &Path) -> Result<File, EngineError> {
    let locked = read::open_own(path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| EngineError::Disk { path: path.to_owned(), source })
}
