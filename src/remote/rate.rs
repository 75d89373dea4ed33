//! How fast a body comes, and in how large pieces.

use std::time::Duration;

use tokio::time::Instant;

use super::error::RemoteError;
use super::limits::Overdue;

/// A slower answer is none: so many bytes in the time that a server may be silent.
const LEAST: usize = 1024;

/// How fast a body comes.
pub(super) struct Rate {
    stall: Duration,
    /// Bytes since the time that is counted from.
    counted: usize,
    since: Instant,
    last: Instant,
    /// Pieces in all, and their bytes.
    pieces: (usize, usize),
}

/// So many pieces, of fewer bytes than this each, are no answer: what one costs is paid for each byte then, and the
/// slowest lines bring hundreds at once.
const CRUMBS: usize = 4096;
const CRUMB: usize = 64;

/// Says that an answer comes in such pieces.
pub(super) fn crumbs(host: &str) -> RemoteError {
    let why = format!("it comes in pieces of fewer than {CRUMB} bytes, and thousands of them");
    RemoteError::BadAnswer { host: host.to_owned(), why }
}

impl Rate {
    pub(super) fn new(stall: Duration) -> Self {
        let now = Instant::now();
        Self { stall, counted: 0, since: now, last: now, pieces: (0, 0) }
    }

    pub(super) fn count(&mut self, bytes: usize) {
        self.counted += bytes;
        self.last = Instant::now();
        self.piece(bytes);
    }

    /// Counts a piece as the server cut it.
    pub(super) fn piece(&mut self, bytes: usize) {
        let (pieces, all) = &mut self.pieces;
        (*pieces, *all) = (*pieces + 1, all.saturating_add(bytes));
    }

    /// Whether the pieces are too small to go on.
    pub(super) fn is_crumbs(&self) -> bool {
        let (pieces, bytes) = self.pieces;
        pieces >= CRUMBS && bytes / pieces < CRUMB
    }

    /// When it must be looked at, if nothing comes before.
    pub(super) fn until(&self) -> Instant {
        self.since.min(self.last) + self.stall
    }

    /// Begins to count anew, if enough came.
    pub(super) fn goes_on(&mut self) -> bool {
        let enough = self.counted >= LEAST;
        (self.counted, self.since) = (0, self.since + self.stall);
        enough
    }

    /// What did not come.
    pub(super) fn lacks(&self) -> Overdue {
        if self.last + self.stall <= Instant::now() { Overdue::More } else { Overdue::Enough }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_of_crumbs_is_none_and_one_of_small_segments_is() {
        let mut rate = Rate::new(Duration::from_secs(1));
        (1..CRUMBS).for_each(|_| rate.count(1));
        assert!(!rate.is_crumbs(), "a short one may come as it likes");
        rate.count(1);
        assert!(rate.is_crumbs());
        let mut rate = Rate::new(Duration::from_secs(1));
        (0..CRUMBS * 4).for_each(|_| rate.count(536));
        assert!(!rate.is_crumbs());
    }
}
