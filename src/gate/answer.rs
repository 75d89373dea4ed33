//! Why the gate refuses, by what went wrong.

use axum::http::StatusCode;

use crate::engine::{EngineError, Kind};
use crate::oci::Refusal;
use crate::remote::RemoteError;

impl Refusal {
    /// It is there, perhaps, but it is not trusted. Never 404: clients with mirrors would look behind the gate then.
    pub(in crate::gate) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// Of trust data that could not be had.
    pub(in crate::gate) fn of_trust(error: &EngineError) -> Self {
        let message = error.to_string();
        match error.kind() {
            // What was looked at and is not trusted.
            Kind::Absent => Self::denied(message),
            kind if kind.exit_code() == Kind::Signature.exit_code() => Self::denied(message),
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message),
        }
    }

    /// Of the registry behind the gate.
    pub(in crate::gate) fn of_upstream(error: &RemoteError, absent: &'static str) -> Self {
        let message = error.to_string();
        match error {
            RemoteError::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, absent, message),
            error if is_forged(error) => Self::denied(message),
            RemoteError::Busy { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, "TOOMANYREQUESTS", message),
            _ => Self::new(StatusCode::BAD_GATEWAY, "UNAVAILABLE", message),
        }
    }
}

/// Whether the registry sent something else than was asked for; else it could not be asked.
pub(in crate::gate) fn is_forged(error: &RemoteError) -> bool {
    matches!(error, RemoteError::Altered { .. } | RemoteError::Length { .. } | RemoteError::Malformed { .. })
}
