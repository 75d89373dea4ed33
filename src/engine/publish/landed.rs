//! What became of an upload, and what is said of it.

use std::fmt::Display;

use crate::engine::error::EngineError;
use crate::tuf::{Gun, Role};

/// How much of an upload the server holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Landing {
    Whole,
    Nothing,
    /// Servers store an upload whole or not at all; this one has not.
    Partly {
        stored: Vec<Role>,
        missing: Vec<Role>,
    },
}

impl Landing {
    /// Whether all is there, or nothing.
    ///
    /// # Errors
    /// `PartlyStored` for what is neither.
    pub(in crate::engine) fn in_full(self, gun: &Gun) -> Result<bool, EngineError> {
        match self {
            Self::Whole => Ok(true),
            Self::Nothing => Ok(false),
            Self::Partly { stored, missing } => Err(EngineError::PartlyStored { gun: gun.clone(), stored, missing }),
        }
    }
}

/// An upload whose answer was lost and whose outcome could not be read.
pub(super) fn unread(gun: &Gun, why: &dyn Display) -> EngineError {
    EngineError::OutcomeUnknown { gun: gun.clone(), why: format!("what the server holds could not be read: {why}") }
}

/// What is said where this machine could not note what is done on the server, be it published or deleted.
///
/// # Errors
/// Whatever else went wrong.
pub(super) fn unnoted(noted: Result<(), EngineError>) -> Result<Option<String>, EngineError> {
    match noted {
        Err(error) if error.is_unkept() => {
            Ok(Some(format!("it is done on the server; this machine could not note it: {error}: {}", error.hint())))
        }
        noted => noted.map(|()| None),
    }
}
