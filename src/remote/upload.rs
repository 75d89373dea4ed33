//! Uploads: their form, how far one got, and what its failure means.

use std::time::Duration;

use futures_util::stream;
use reqwest::Request;
use reqwest::header::{CONTENT_LENGTH, HeaderValue};
use tokio::sync::watch;

use super::again::TIMES;
use super::error::RemoteError;
use super::fault::{Fault, Reach};
use crate::tuf::Role;

/// Writes role files as one form, with slashes raw in file names: servers read them as they stand.
pub(super) fn multipart(files: &[(Role, Vec<u8>)]) -> Result<(HeaderValue, Vec<u8>), RemoteError> {
    let mut random = [0; 30];
    getrandom::fill(&mut random).map_err(|e| RemoteError::Setting(format!("no random numbers: {e}")))?;
    let boundary = hex::encode(random);
    let mut body = Vec::with_capacity(files.iter().map(|(_, bytes)| bytes.len() + 256).sum());
    for (role, bytes) in files {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{role}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
    let content_type = content_type.map_err(|e| RemoteError::Setting(e.to_string()))?;
    Ok((content_type, body))
}

/// Pieces in which uploads are handed to the connection, in bytes.
const UPLOAD_PIECE: usize = 16 * 1024;

/// How much of a request's body the connection has taken.
pub(super) struct Upload {
    taken: watch::Receiver<usize>,
    length: usize,
}

impl Upload {
    /// Puts `body` into `request` in pieces whose progress can be watched.
    pub(super) fn attach(request: &mut Request, body: &[u8]) -> Self {
        let (progress, taken) = watch::channel(0);
        let length = body.len();
        let pieces: Vec<Vec<u8>> = body.chunks(UPLOAD_PIECE).map(<[u8]>::to_vec).collect();
        let watched = pieces.into_iter().map(move |piece| {
            progress.send_modify(|taken| *taken += piece.len());
            Ok::<_, std::convert::Infallible>(piece)
        });
        *request.body_mut() = Some(reqwest::Body::wrap_stream(stream::iter(watched)));
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        Self { taken, length }
    }

    /// Bytes taken so far, as they change.
    pub(super) fn progress(&self) -> watch::Receiver<usize> {
        self.taken.clone()
    }

    /// Whether the connection took all of it, so that the server may have acted on it.
    pub(super) fn is_whole(&self) -> bool {
        *self.taken.borrow() == self.length
    }
}

/// Why an upload or a deletion is not known to have been done. Whoever answers is not always whoever has stored: a gateway
/// may refuse what went through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unconfirmed {
    /// What was answered, or why nothing was.
    pub error: RemoteError,
    /// Whether the server may have acted on the request, whatever was answered: it arrived as far as is known, and was not
    /// turned away for want of a login.
    pub may_have_arrived: bool,
    /// The pause that the server asks for.
    pub(super) pause: Option<Duration>,
}

impl Unconfirmed {
    /// A failure before anything was sent.
    pub(super) fn unsent(error: RemoteError) -> Self {
        Self { error, may_have_arrived: false, pause: None }
    }

    /// After how long it may be sent again by whoever has seen that it was not stored and has waited `waited` times.
    #[must_use]
    pub fn again_after(&self, waited: u32) -> Option<Duration> {
        self.pause.filter(|_| waited < TIMES)
    }
}

/// What a failure means once the server may have acted on the request.
pub(super) fn lost(fault: Fault) -> RemoteError {
    let why = fault.error.to_string();
    match fault.error {
        error if fault.reach != Reach::Unknown => error,
        RemoteError::BrokeOff { host, .. }
        | RemoteError::Slow { host, .. }
        | RemoteError::Tls { host, .. }
        | RemoteError::TooBig { host, .. }
        | RemoteError::BadAnswer { host, .. } => RemoteError::AnswerLost { host, why },
        other => other,
    }
}
