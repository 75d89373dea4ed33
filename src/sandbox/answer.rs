//! Answers in the exact form of notary-server: bodies, headers and error codes.
//!
//! Source: docs/notary-v1.md section 13.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LAST_MODIFIED, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp as Time;
use serde::Serialize;

use crate::tuf::canonical::html_escape;

/// Content type of metadata and keys.
const TEXT: &str = "text/plain; charset=utf-8";
/// Content type of errors.
const JSON: &str = "application/json; charset=utf-8";

/// How long others may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caching {
    /// The latest file of a role.
    Current,
    /// A file named by hash or version, which never changes.
    Consistent,
}

/// Codes that the server answers errors with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    MetadataNotFound,
    NoFilename,
    InvalidRole,
    MalformedJson,
    MalformedUpload,
    InvalidUpdate,
    Version,
    InvalidParameters,
    Unauthorized,
    Updating,
    Unknown,
}

impl Code {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        let (bad, fault) = (StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR);
        match self {
            Self::MetadataNotFound => {
                (StatusCode::NOT_FOUND, "METADATA_NOT_FOUND", "You have requested metadata that does not exist.")
            }
            Self::NoFilename => (bad, "NO_FILENAME", "No file/role name provided."),
            Self::InvalidRole => (bad, "INVALID_ROLE", "The role you are attempting to operate on is invalid."),
            Self::MalformedJson => (bad, "MALFORMED_JSON", "JSON sent by the client could not be parsed by the server"),
            Self::MalformedUpload => (bad, "MALFORMED_UPLOAD", "The body of your request is malformed."),
            Self::InvalidUpdate => (bad, "INVALID_UPDATE", "Update sent by the client is invalid."),
            Self::Version => (bad, "VERSION", "A newer version of metadata is already available."),
            Self::InvalidParameters => (bad, "INVALID_PARAMETERS", "The parameters provided are not valid."),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required"),
            Self::Updating => (fault, "UPDATING", "An error has occurred while updating the metadata"),
            Self::Unknown => (fault, "UNKNOWN", "unknown error"),
        }
    }
}

/// An error answer: a code and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TrustRefusal {
    /// Code, with its status and message.
    pub(super) code: Code,
    /// `detail` as JSON text, since the order of its members is Notary's; left out if there is none.
    pub(super) detail: Option<String>,
    /// The challenge that goes with a 401.
    pub(super) challenge: Option<String>,
}

impl TrustRefusal {
    /// Without detail.
    pub(super) fn new(code: Code) -> Self {
        Self { code, detail: None, challenge: None }
    }

    /// With detail.
    pub(super) fn with(code: Code, detail: &impl Serialize) -> Self {
        Self { detail: serde_json::to_string(detail).ok(), ..Self::new(code) }
    }

    /// With an empty error structure as detail.
    pub(super) fn bare(code: Code) -> Self {
        Self { detail: Some("{}".to_owned()), ..Self::new(code) }
    }

    /// The server's own fault; the cause stays here, as with Notary.
    pub(super) fn fault(_: impl std::error::Error) -> Self {
        Self::new(Code::Unknown)
    }

    /// What goes over the wire.
    pub(super) fn response(&self) -> Response<Body> {
        let (status, code, message) = self.code.parts();
        let detail = self.detail.as_ref().map(|detail| format!(",\"detail\":{detail}")).unwrap_or_default();
        let body = format!("{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"{message}\"{detail}}}]}}\n");
        let body = html_escape(body.as_bytes());
        let mut response = respond(status, JSON, body);
        if let Some(Ok(challenge)) = self.challenge.as_ref().map(|c| HeaderValue::from_str(c)) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// 200 with metadata.
pub(super) fn metadata(bytes: Vec<u8>, at: Time, caching: Caching) -> Response<Body> {
    let mut response = respond(StatusCode::OK, TEXT, bytes);
    let control = match caching {
        Caching::Current => "public, max-age=300, s-maxage=300, must-revalidate",
        Caching::Consistent => "public, max-age=2592000, s-maxage=2592000",
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
    // Notary says UTC where RFC 9110 wants GMT.
    let modified = at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
    if let Ok(value) = HeaderValue::from_str(&modified) {
        headers.insert(LAST_MODIFIED, value);
    }
    response
}

/// 200 with a key, a feed or `{}`.
pub(super) fn text(body: String) -> Response<Body> {
    respond(StatusCode::OK, TEXT, body)
}

/// 200 with JSON that says so.
pub(super) fn json(body: String) -> Response<Body> {
    respond(StatusCode::OK, JSON, body)
}

/// An empty body.
pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
