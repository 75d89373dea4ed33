//! What it means that the journal's file cannot be read.

use std::io::ErrorKind;

use crate::engine::error::EngineError;

/// Tells a file that is no journal, whose place can be cleared, from what may be read another time.
pub(super) fn unreadable(error: EngineError) -> EngineError {
    match error {
        EngineError::State { path, what, is_newer: false } => EngineError::Stage { path, what },
        EngineError::OwnDir { path, source, .. }
            if matches!(source.kind(), ErrorKind::Other | ErrorKind::FileTooLarge | ErrorKind::IsADirectory) =>
        {
            EngineError::Stage { path, what: source.to_string() }
        }
        other => other,
    }
}
