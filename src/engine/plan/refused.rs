//! A change that cannot be applied, as a failure.

use crate::engine::draft::applied::Refusal;
use crate::engine::error::EngineError;
use crate::engine::reference::in_command;
use crate::tuf::Gun;

/// Tells what was asked for wrongly from what the server has wrongly.
pub(in crate::engine) fn refused(gun: &Gun, refusal: Refusal) -> EngineError {
    let (gun, Refusal { role, what, hint, suspicious, .. }) = (gun.clone(), refusal);
    let hint = hint.of(&in_command(&gun));
    match suspicious {
        true => EngineError::Unvouched { gun, role, what, hint },
        false => EngineError::Change { gun, role, what, hint },
    }
}
