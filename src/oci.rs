//! Answers of registries, and their errors in the form that every client prints.
//!
//! Source: OCI distribution specification, "Error codes".

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

/// The header with a digest.
pub(crate) const DIGEST: &str = "docker-content-digest";

/// Why a request is refused, in words for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let body = json!({"errors": [{"code": self.code, "message": self.message, "detail": null}]});
        answer(self.status, &[(CONTENT_TYPE.as_str(), "application/json")], body.to_string())
    }
}

/// An answer with headers; those that cannot be sent are left out.
pub(crate) fn answer(status: StatusCode, headers: &[(&'static str, &str)], body: impl Into<Body>) -> Response<Body> {
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
