//! How long servers may take.

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
