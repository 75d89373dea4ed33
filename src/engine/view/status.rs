//! What this machine is set to, in one view.

use std::path::PathBuf;
use std::time::Duration;

use crate::engine::error::Problem;

/// What was chosen at start, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Trust directory and the reason for it.
    pub trust_dir: (PathBuf, String),
    /// State directory.
    pub state_dir: PathBuf,
    /// Configuration file and whether it exists.
    pub config: (PathBuf, bool),
    /// Docker's configuration directory.
    pub docker_config: PathBuf,
    /// The server for a repository (or for Docker Hub if none was named) and the reason for it.
    pub server: Result<(String, String), Problem>,
    /// Where certificate authorities come from.
    pub authorities: Vec<String>,
    /// Private keys in the store.
    pub keys: usize,
    /// Staged changes.
    pub staged: usize,
    /// How long passphrases stay.
    pub idle_lock: Duration,
}
