//! Answers with content, on their way to somebody who may be slow.
//!
//! Rules:
//!
//! - Nothing is kept for long for somebody who takes nothing, neither a manifest nor the registry's connection.
//! - What is not sent to its end breaks off: nobody takes a part for the whole.
//! - What can be checked whole before the head is sent is refused in words.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::mpsc;

use super::places::Place;
use crate::remote::RemoteError;
use crate::remote::registry::BlobPieces;

/// How long somebody who pulls may take nothing.
const TAKING: Duration = Duration::from_secs(60);
/// Bytes of a piece of what is at hand whole, and the most of a blob that is checked before it is answered.
pub(super) const PIECE: usize = 64 * 1024;

/// A blob that begins to be read: whole, if it is small.
pub(super) struct Begun {
    first: Vec<Bytes>,
    /// The rest; nothing if what is there is all and is what its digest says.
    rest: Option<BlobPieces>,
}

impl Begun {
    /// Reads the first piece, or all that is known to be small.
    ///
    /// # Errors
    /// As [`BlobPieces::piece`].
    pub(super) async fn read(mut blob: BlobPieces) -> Result<Self, RemoteError> {
        let is_small = blob.size().is_some_and(|size| size <= PIECE as u64);
        let mut first = Vec::new();
        while let Some(piece) = blob.piece().await? {
            first.push(piece);
            if !is_small {
                return Ok(Self { first, rest: Some(blob) });
            }
        }
        Ok(Self { first, rest: None })
    }

    /// Its size, if that is known.
    pub(super) fn size(&self) -> Option<u64> {
        let read = self.first.iter().map(|piece| piece.len() as u64).sum();
        self.rest.as_ref().map_or(Some(read), BlobPieces::size)
    }

    /// Passes it on; `passed` hears how much went, or what was wrong.
    pub(super) fn body(self, place: Place, passed: impl Fn(Result<usize, &RemoteError>) + Send + 'static) -> Body {
        let Self { first, rest } = self;
        let Some(mut rest) = rest else {
            let whole = Bytes::from(first.concat());
            passed(Ok(whole.len()));
            return Body::from(whole);
        };
        let (pieces, body) = passage();
        // A task of its own, so that somebody who takes nothing holds neither the registry nor a place.
        tokio::spawn(async move {
            let _place = place;
            for piece in first {
                passed(Ok(piece.len()));
                if pieces.send(Ok(Some(piece))).await.is_err() {
                    return;
                }
            }
            loop {
                let piece = rest.piece().await;
                match &piece {
                    Ok(piece) => passed(Ok(piece.as_ref().map_or(0, Bytes::len))),
                    Err(error) => passed(Err(error)),
                }
                let ends = !matches!(piece, Ok(Some(_)));
                if pieces.send(piece.map_err(io::Error::other)).await.is_err() || ends {
                    return;
                }
            }
        });
        body
    }
}

/// Sends what is at hand in copies of its pieces: somebody slow holds no more of it than those.
pub(super) fn of_bytes(bytes: Bytes, place: Option<Place>) -> Body {
    if bytes.len() <= PIECE {
        return Body::from(bytes);
    }
    let (pieces, body) = passage();
    tokio::spawn(async move {
        let _place = place;
        for piece in bytes.chunks(PIECE) {
            if pieces.send(Ok(Some(Bytes::copy_from_slice(piece)))).await.is_err() {
                return;
            }
        }
        // Whoever has left misses nothing.
        pieces.send(Ok(None)).await.unwrap_or_default();
    });
    body
}

/// Where pieces go in; nothing is the end.
struct Pieces(mpsc::Sender<io::Result<Option<Bytes>>>);

/// Nobody takes any more.
struct Left;

impl Pieces {
    async fn send(&self, piece: io::Result<Option<Bytes>>) -> Result<(), Left> {
        self.0.send_timeout(piece, TAKING).await.map_err(|_| Left)
    }
}

/// Where pieces go in, and the body that they come out of. One without an end breaks off.
fn passage() -> (Pieces, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let pieces = stream::unfold(Some(receiver), async |receiver| {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Ok(piece)) => Some((Ok(piece?), Some(receiver))),
            Some(Err(error)) => Some((Err(error), None)),
            None => Some((Err(io::ErrorKind::TimedOut.into()), None)),
        }
    });
    (Pieces(sender), Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_sent_to_its_end_breaks_off() {
        let (pieces, body) = passage();
        assert!(pieces.send(Ok(Some(Bytes::from_static(b"a part")))).await.is_ok());
        drop(pieces);
        assert!(axum::body::to_bytes(body, usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn what_is_at_hand_comes_whole() {
        for size in [0, 1, PIECE, PIECE + 1, 3 * PIECE] {
            let bytes = Bytes::from((0..size).map(|at| (at % 251) as u8).collect::<Vec<_>>());
            let read = axum::body::to_bytes(of_bytes(bytes.clone(), None), usize::MAX).await;
            assert!(read.is_ok_and(|read| read == bytes), "{size}");
        }
    }
}
