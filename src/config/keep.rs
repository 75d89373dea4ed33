//! A server that was named on the screen, kept for the next time.

use std::io;
use std::path::PathBuf;

use super::Places;
use crate::engine::EngineError;
use crate::engine::disk::new_file;

/// Whether it will be known the next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In this file, which is new.
    In(PathBuf),
    /// This file is the user's own, and is not written to.
    Not(PathBuf),
}

/// Writes a configuration that names the server for all repositories, where there is none yet.
///
/// # Errors
/// `Disk`.
pub fn keep_server(places: &Places, url: &str) -> Result<Kept, EngineError> {
    let file = places.config_dir.join("config.toml");
    let disk = |source: io::Error| EngineError::Disk { path: file.clone(), source };
    if file.try_exists().map_err(disk)? {
        return Ok(Kept::Not(file));
    }
    std::fs::create_dir_all(&places.config_dir).map_err(disk)?;
    new_file::write_new(&file, format!("# Named on the screen.\n[servers]\n\"*\" = {url:?}\n").as_bytes())?;
    Ok(Kept::In(file))
}
