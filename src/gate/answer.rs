//! Answers, and errors in the form that every client prints. Source: OCI distribution specification, "Error codes".

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::engine::{EngineError, Kind};
use crate::remote::RemoteError;

/// The header with a digest.
pub(super) const DIGEST: &str = "docker-content-digest";

/// Why a request is refused, in words for whoever pulls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// It is there, perhaps, but it is not trusted. Never 404: clients with mirrors would look behind the gate then.
    pub(super) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    /// Of trust data that could not be had.
    pub(super) fn of_trust(error: &EngineError) -> Self {
        let message = error.to_string();
        match error.kind() {
            // What was looked at and is not trusted.
            Kind::Absent => Self::denied(message),
            kind if kind.exit_code() == Kind::Signature.exit_code() => Self::denied(message),
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message),
        }
    }

    /// Of the registry behind the gate.
    pub(super) fn of_upstream(error: &RemoteError, absent: &'static str) -> Self {
        let message = error.to_string();
        match error {
            RemoteError::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, absent, message),
            RemoteError::Altered { .. } | RemoteError::Length { .. } | RemoteError::Malformed { .. } => {
                Self::denied(message)
            }
            RemoteError::Busy { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, "TOOMANYREQUESTS", message),
            _ => Self::new(StatusCode::BAD_GATEWAY, "UNAVAILABLE", message),
        }
    }

    pub(super) fn response(&self) -> Response<Body> {
        let body = json!({"errors": [{"code": self.code, "message": self.message, "detail": null}]});
        let mut response = with(self.status, &[(CONTENT_TYPE.as_str(), "application/json")], body.to_string());
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"trustdeck gate\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// An answer with headers; those that cannot be sent are left out.
pub(super) fn with(status: StatusCode, headers: &[(&'static str, &str)], body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let into = response.headers_mut();
    put(into, "docker-distribution-api-version", "registry/2.0");
    headers.iter().for_each(|(name, value)| put(into, name, value));
    response
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
