//! Answers with content, on their way to somebody who may be slow.
//!
//! Rules:
//!
//! - Nothing is kept for long for somebody who takes nothing, neither a manifest nor the registry's connection.
//! - A manifest is at hand whole, and is kept for somebody slow only as long as its size needs.
//! - What is not sent to its end breaks off: nobody takes a part for the whole.
//! - What can be checked whole before the head is sent is refused in words.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::places::Place;
use crate::remote::RemoteError;
use crate::remote::registry::BlobPieces;

/// How long somebody who pulls may take nothing.
const TAKING: Duration = Duration::from_secs(60);
/// How long one piece more of what is at hand whole may take.
const FOR_A_PIECE: Duration = Duration::from_secs(1);
/// Bytes of a piece, and the most of a blob that is checked before it is answered.
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

    /// Whether it was read to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// Its size, if that is known.
    pub(super) fn size(&self) -> Option<u64> {
        let read = self.first.iter().map(|piece| piece.len() as u64).sum();
        self.rest.as_ref().map_or(Some(read), BlobPieces::size)
    }

    /// Passes it on; `passed` hears how much went, or what was wrong.
    pub(super) fn body(self, place: Place, passed: impl Fn(Result<usize, &RemoteError>) + Send + 'static) -> Body {
        let Self { first, rest } = self;
        let Some(rest) = rest else {
            let whole = Bytes::from(first.concat());
            passed(Ok(whole.len()));
            return held(whole, place);
        };
        // Read as it is asked for, so that next to nothing waits: a connection that takes nothing ends, and the body with it.
        let first = first.into_iter();
        Body::from_stream(stream::unfold(Some((first, rest, passed, place)), async |left| {
            let (mut first, mut rest, passed, place) = left?;
            let piece = match first.next() {
                Some(piece) => Ok(Some(piece)),
                None => rest.piece().await,
            };
            match piece {
                Ok(piece) => {
                    let piece = piece?;
                    passed(Ok(piece.len()));
                    Some((Ok(piece), Some((first, rest, passed, place))))
                }
                Err(error) => {
                    passed(Err(&error));
                    Some((Err(io::Error::other(error)), None))
                }
            }
        }))
    }
}

/// Sends what is at hand in copies of its pieces: somebody slow holds no more of it than those.
pub(super) fn of_bytes(bytes: Bytes, place: Option<Place>) -> Body {
    let until = Instant::now() + allowed(bytes.len());
    of_bytes_until(bytes, place, until)
}

/// How long all of an answer may take that is at hand whole.
fn allowed(size: usize) -> Duration {
    TAKING + FOR_A_PIECE.saturating_mul(u32::try_from(size / PIECE).unwrap_or(u32::MAX))
}

fn of_bytes_until(bytes: Bytes, place: Option<Place>, until: Instant) -> Body {
    if bytes.len() <= PIECE {
        return Body::from(bytes);
    }
    let (mut pieces, body) = passage();
    pieces.until = Some(until);
    tokio::spawn(async move {
        let _place = place;
        if pieces.send_copies(&bytes).await.is_ok() {
            pieces.end().await;
        }
    });
    body
}

/// Sends a few bytes whole, in whose place they wait until they were taken.
fn held(bytes: Bytes, place: Place) -> Body {
    Body::from_stream(stream::unfold(Some((bytes, place)), async |left| {
        let (bytes, place) = left?;
        (!bytes.is_empty()).then(|| (Ok::<_, io::Error>(bytes), Some((Bytes::new(), place))))
    }))
}

/// Where pieces go in; nothing is the end.
struct Pieces {
    sender: mpsc::Sender<io::Result<Option<Bytes>>>,
    /// Until when all must have been taken.
    until: Option<Instant>,
}

/// Nobody takes any more.
struct Left;

impl Pieces {
    async fn send(&self, piece: io::Result<Option<Bytes>>) -> Result<(), Left> {
        let left = self.until.map_or(TAKING, |until| until.saturating_duration_since(Instant::now()).min(TAKING));
        if left.is_zero() {
            return Err(Left);
        }
        self.sender.send_timeout(piece, left).await.map_err(|_| Left)
    }

    /// In copies: a part of a longer one would keep all of it.
    async fn send_copies(&self, bytes: &[u8]) -> Result<(), Left> {
        for piece in bytes.chunks(PIECE) {
            self.send(Ok(Some(Bytes::copy_from_slice(piece)))).await?;
        }
        Ok(())
    }

    /// Whoever has left misses nothing.
    async fn end(&self) {
        self.send(Ok(None)).await.unwrap_or(());
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
    (Pieces { sender, until: None }, Body::from_stream(pieces))
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn what_is_not_sent_to_its_end_breaks_off() {
        let (pieces, body) = passage();
        assert!(pieces.send(Ok(Some(Bytes::from_static(b"a part")))).await.is_ok());
        drop(pieces);
        assert!(axum::body::to_bytes(body, usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn what_takes_too_long_in_all_breaks_off() {
        let bytes = Bytes::from(vec![0; 2 * PIECE]);
        assert!(axum::body::to_bytes(of_bytes_until(bytes, None, Instant::now()), usize::MAX).await.is_err());
        assert_eq!([PIECE, 4 << 20].map(|size| allowed(size).as_secs()), [61, 124]);
    }

    #[tokio::test]
    async fn nothing_longer_than_a_piece_waits_for_somebody_slow() {
        let (pieces, body) = passage();
        tokio::spawn(async move {
            if pieces.send_copies(&vec![0; 3 * PIECE + 1]).await.is_ok() {
                pieces.end().await;
            }
        });
        let lengths = body.into_data_stream().map(|piece| piece.map_or(0, |piece| piece.len())).collect::<Vec<_>>();
        assert_eq!(lengths.await, [PIECE, PIECE, PIECE, 1]);
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
