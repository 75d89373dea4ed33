//! Answers of the registry. Source: OCI distribution specification, "Error codes".

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

/// The header with a digest.
pub(super) const DIGEST: &str = "docker-content-digest";
/// The header with an upload's ID.
pub(super) const UPLOAD: &str = "docker-upload-uuid";

/// Why a request is refused.
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

    /// 404.
    pub(super) fn absent(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 400.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The server's own fault.
    pub(super) fn fault(error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", error.to_string())
    }

    pub(super) fn response(&self) -> Response<Body> {
        let body = json!({"errors": [{"code": self.code, "message": self.message, "detail": null}]});
        with(self.status, &[(CONTENT_TYPE.as_str(), "application/json")], body.to_string())
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

/// 201 of what now lies at `location`.
pub(super) fn created(location: &str, digest: &str) -> Response<Body> {
    with(StatusCode::CREATED, &[(LOCATION.as_str(), location), (DIGEST, digest)], Body::empty())
}

/// Where an upload goes on, of which `length` bytes are there.
pub(super) fn uploading(status: StatusCode, path: &str, id: &str, length: u64) -> Response<Body> {
    let location = format!("/v2/{path}/blobs/uploads/{id}");
    // `0-0` for nothing too, as registries have always written it.
    let range = format!("0-{}", length.saturating_sub(1));
    let headers =
        [(LOCATION.as_str(), location.as_str()), ("range", &range), (UPLOAD, id), (CONTENT_LENGTH.as_str(), "0")];
    with(status, &headers, Body::empty())
}
