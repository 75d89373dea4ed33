//! How long servers may take.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// Caps and deadlines. Source: docs/reliability.md section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// Until the first byte, connecting included.
    pub first_byte: Duration,
    /// Without a byte.
    pub stall: Duration,
    /// A whole file.
    pub total: Duration,
    /// Before a failed request is sent again for the first time; later pauses are longer.
    pub pause: Duration,
    /// The longest pause that a server may ask for.
    pub longest_pause: Duration,
}

/// What a server did not do in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// Be connected to.
    Connection,
    /// Begin to answer.
    Answer,
    /// Send anything more of an answer that it has begun.
    More,
    /// Send that as fast as it must.
    Enough,
    /// Send the whole of it.
    End,
    /// Say whether it holds an image, while somebody waits at the screen.
    Word,
}

impl Overdue {
    /// Whether the next request would find the server as silent.
    pub(super) fn is_silence(self) -> bool {
        !matches!(self, Self::End | Self::Word)
    }
}

impl Display for Overdue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "connect",
            Self::Answer => "answer",
            Self::More => "send more",
            Self::Enough => "send 1 KiB",
            Self::End => "end its answer",
            Self::Word => "say whether it has this",
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(15),
            first_byte: seconds(20),
            stall: seconds(20),
            total: seconds(120),
            pause: Duration::from_millis(250),
            longest_pause: seconds(30),
        }
    }
}

impl Limits {
    /// Deadlines for servers and networks that need another time: as many seconds as a server may be silent, the others
    /// in proportion.
    #[must_use]
    pub fn with_timeout(seconds: u32) -> Self {
        let usual = Self::default();
        let scale = |limit: Duration| limit * seconds / 20;
        Self {
            connect: scale(usual.connect),
            first_byte: scale(usual.first_byte),
            stall: scale(usual.stall),
            total: scale(usual.total),
            ..usual
        }
    }
}
