//! Blobs: streamed, and checked before their last piece is handed over.

use std::time::Duration;

use bytes::Bytes;
use oci_spec::image::Digest;
use reqwest::Response;
use tokio::time::Instant;

use super::super::fault::{Addressee, classify};
use super::super::limits::{Limits, Overdue};
use super::super::proxies::Route;
use super::digest::Hasher;
use crate::remote::error::RemoteError;

/// A blob may take this long for each MiB beside the time of any answer: slower than any line that is in use.
const PER_MIB: Duration = Duration::from_secs(60);

/// What a blob is expected to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes, if a manifest names it.
    pub size: Option<u64>,
    /// The most that is taken of one whose size is not known, in bytes.
    pub limit: u64,
}

/// A blob on its way.
///
/// Invariant: the last piece is given only if all pieces have the digest and size that were asked for, so that whoever
/// passes them on never completes a wrong one.
pub struct BlobPieces {
    host: String,
    what: String,
    expected: Expected,
    announced: Option<u64>,
    hasher: Option<Hasher>,
    response: Response,
    limits: Limits,
    deadline: Instant,
    received: u64,
    held: Option<Bytes>,
}

impl BlobPieces {
    /// Begins to read.
    ///
    /// # Errors
    /// [`RemoteError::Length`] if another size than the expected one is announced.
    pub(super) fn begin(
        host: &str,
        what: String,
        expected: Expected,
        response: Response,
        limits: Limits,
    ) -> Result<Self, RemoteError> {
        let (host, announced) = (host.to_owned(), response.content_length());
        let Some(hasher) = Hasher::of(expected.digest.algorithm()) else {
            let why = format!("its digest is of a kind that cannot be checked here: {}", expected.digest.algorithm());
            return Err(RemoteError::Malformed { host, what, why });
        };
        if let (Some(expected), Some(found)) = (expected.size, announced)
            && expected != found
        {
            return Err(RemoteError::Length { host, what, expected, found });
        }
        let size = expected.size.or(announced).unwrap_or(expected.limit).min(expected.limit);
        if announced.is_some_and(|announced| announced > expected.limit) {
            return Err(RemoteError::TooBig { host, what, limit: expected.limit });
        }
        let mib = u32::try_from(size >> 20).unwrap_or(u32::MAX);
        let deadline = Instant::now() + limits.total + PER_MIB.saturating_mul(mib).min(Duration::from_secs(86_400));
        let hasher = Some(hasher);
        Ok(Self { host, what, expected, announced, hasher, response, limits, deadline, received: 0, held: None })
    }

    /// Its size in bytes, if the manifest or the registry names it.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.expected.size.or(self.announced)
    }

    /// Bytes received so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The next piece, `None` after the last.
    ///
    /// # Errors
    /// [`RemoteError::Altered`] or [`RemoteError::Length`] in place of the last piece of a wrong blob.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, RemoteError> {
        while let Some(piece) = self.next().await? {
            // HTTP/2 ends with one: the piece that is held would be the last that has bytes.
            if piece.is_empty() {
                continue;
            }
            self.received += piece.len() as u64;
            self.check_length(self.received, |received, expected| received > expected)?;
            if self.received > self.expected.limit {
                let (host, what) = (self.host.clone(), self.what.clone());
                return Err(RemoteError::TooBig { host, what, limit: self.expected.limit });
            }
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&piece);
            }
            if let Some(before) = self.held.replace(piece) {
                return Ok(Some(before));
            }
        }
        self.check_end()?;
        Ok(self.held.take())
    }

    async fn next(&mut self) -> Result<Option<Bytes>, RemoteError> {
        if self.hasher.is_none() {
            return Ok(None);
        }
        let until = self.deadline.min(Instant::now() + self.limits.stall);
        let piece = tokio::time::timeout_at(until, self.response.chunk()).await;
        let slow = |_| RemoteError::Slow {
            host: self.host.clone(),
            what: Overdue::More,
            seconds: self.limits.stall.as_secs(),
        };
        let way = Addressee { host: &self.host, limits: self.limits, place: None, route: &Route::Direct(None) };
        piece.map_err(slow)?.map_err(|error| classify(way, &error).error)
    }

    /// Checks all that was received; only once, since the digest is used up.
    fn check_end(&mut self) -> Result<(), RemoteError> {
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        self.check_length(self.received, |received, expected| received != expected)?;
        let found = hasher.finish();
        if found == self.expected.digest.as_ref() {
            return Ok(());
        }
        // A caller that asks again gets nothing.
        self.held = None;
        let expected = self.expected.digest.to_string();
        Err(RemoteError::Altered { host: self.host.clone(), what: self.what.clone(), expected, found })
    }

    fn check_length(&self, found: u64, wrong: impl Fn(u64, u64) -> bool) -> Result<(), RemoteError> {
        match self.expected.size {
            Some(expected) if wrong(found, expected) => {
                Err(RemoteError::Length { host: self.host.clone(), what: self.what.clone(), expected, found })
            }
            _ => Ok(()),
        }
    }
}
