//! What settings that were typed or written are taken as.

use std::path::{Path, PathBuf};

use crate::engine::EngineError;

/// A path that stays right if the working directory changes.
pub(super) fn absolute(path: &Path) -> PathBuf {
    // Fails for an empty path only, which stays as it is and is refused where it is used.
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// What is wrong with a setting, and what to do about it.
pub(super) fn input(message: &str, hint: &str) -> EngineError {
    EngineError::Input { message: message.to_owned(), hint: hint.to_owned() }
}
