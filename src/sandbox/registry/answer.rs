//! Answers of the registry that only one with uploads gives.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, LOCATION};
use axum::http::{Response, StatusCode};

use crate::oci::{DIGEST, Refusal, answer};

/// The header with an upload's ID.
pub(super) const UPLOAD: &str = "docker-upload-uuid";

impl Refusal {
    /// 404.
    pub(in crate::sandbox) fn absent(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 400.
    pub(in crate::sandbox) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The server's own fault.
    pub(in crate::sandbox) fn fault(error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", error.to_string())
    }
}

/// 201 of what now lies at `location`.
pub(super) fn created(location: &str, digest: &str) -> Response<Body> {
    answer(StatusCode::CREATED, &[(LOCATION.as_str(), location), (DIGEST, digest)], Body::empty())
}

/// Where an upload goes on, of which `length` bytes are there.
pub(super) fn uploading(status: StatusCode, path: &str, id: &str, length: u64) -> Response<Body> {
    let location = format!("/v2/{path}/blobs/uploads/{id}");
    // `0-0` for nothing too, as registries have always written it.
    let range = format!("0-{}", length.saturating_sub(1));
    let headers =
        [(LOCATION.as_str(), location.as_str()), ("range", &range), (UPLOAD, id), (CONTENT_LENGTH.as_str(), "0")];
    answer(status, &headers, Body::empty())
}
