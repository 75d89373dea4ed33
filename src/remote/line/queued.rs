//! A request in line, on its way there and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use zeroize::Zeroizing;

use crate::remote::confided::Confided;
use crate::remote::error::RemoteError;
use crate::remote::fault::{Fault, Reach};
use crate::remote::http::Answer;

/// Why an answer did not come.
pub(super) const CLOSED: &str = "the connection closed before the whole answer was there";

/// A request in line.
pub(super) struct Queued {
    pub(super) written: Written,
    pub(super) awaited: Awaited,
}

/// Why a request was not answered.
pub(in crate::remote) enum Missed {
    /// It was not sent, or the server has said before its turn that it takes up no more: the line has ended.
    Unsent,
    /// It may have been.
    Failed(Fault),
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nobody asked.
    Idle,
    /// The server has ended the connection after an answer: what is behind that it has not taken up. Whether that was
    /// after so few answers that it seems to want no lines.
    Closed {
        is_early: bool,
    },
    Broken,
    /// We read no further, of what the server may still be writing.
    LeftBehind,
}

/// What is written of a request.
pub(super) struct Written {
    /// It may hold a login.
    pub(super) head: Zeroizing<Vec<u8>>,
    pub(super) body: Vec<u8>,
    /// Set when the connection has taken all of it.
    pub(super) is_whole: Arc<AtomicBool>,
}

/// A request whose answer is awaited.
pub(super) struct Awaited {
    pub(super) what: String,
    pub(super) limit: u64,
    pub(super) confided: Confided,
    pub(super) is_written: Arc<AtomicBool>,
    pub(super) answer: oneshot::Sender<Result<Answer, Missed>>,
}

impl Awaited {
    /// Who asked may have given up, which ends nothing.
    pub(super) fn tell(self, outcome: Result<Answer, Missed>) {
        drop(self.answer.send(outcome));
    }

    /// The server has not taken it up, and will not.
    pub(super) fn unsent(self) {
        self.tell(Err(Missed::Unsent));
    }

    pub(super) fn reach(&self) -> Reach {
        if self.is_written.load(Ordering::Relaxed) { Reach::Unknown } else { Reach::Partly }
    }

    /// The line ended before its turn came.
    pub(super) fn broken(self, host: &str, end: End) {
        if matches!(end, End::Closed { .. }) {
            return self.unsent();
        }
        let error = RemoteError::BrokeOff { host: host.to_owned(), why: CLOSED.to_owned() };
        let reach = self.reach();
        self.tell(Err(Missed::Failed(Fault { error, reach })));
    }
}

/// A request that is under way, with its place in the line.
pub(super) type Sent = (Awaited, OwnedSemaphorePermit);
