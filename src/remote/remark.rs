//! What is worth a word while work goes on: waits, logins that could not be looked up, and what cannot be kept.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

/// Something that happened on the way; texts from outside are drawn as such.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Remark {
    /// A request is sent again later.
    #[error("{host} {}; asking again in {seconds} s", what(*status))]
    Waits {
        /// The server, or the token realm.
        host: String,
        /// What it answered; `None` without an answer.
        status: Option<u16>,
        /// How long is waited.
        seconds: u64,
    },
    /// A credential helper could not be asked; reading goes on without a login.
    #[error("credential helper {helper}: {why}; going on without a login")]
    Helper {
        /// The program.
        helper: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was verified holds for this run, but cannot be remembered.
    #[error("{why}; what was verified is not remembered: {mend}")]
    Unkept {
        /// What is in the way, with its path.
        why: String,
        /// What to do about it.
        mend: String,
    },
}

fn what(status: Option<u16>) -> String {
    match status {
        Some(status) => format!("answers {status}"),
        None => "gave no whole answer".to_owned(),
    }
}

/// Where remarks go; whoever wants to hear them subscribes.
#[derive(Clone, Debug)]
pub struct Remarks {
    sender: broadcast::Sender<Remark>,
    said: Arc<Mutex<HashSet<Remark>>>,
}

/// Remarks that wait for a listener; older ones are dropped.
const KEPT: usize = 64;

impl Default for Remarks {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(KEPT), said: Arc::default() }
    }
}

impl Remarks {
    /// Tells whoever listens.
    pub fn say(&self, remark: Remark) {
        // Fails when nobody listens.
        let _ = self.sender.send(remark);
    }

    /// Tells it unless it was told before.
    pub fn say_once(&self, remark: Remark) {
        if self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(remark.clone()) {
            self.say(remark);
        }
    }

    /// Hears everything from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Remark> {
        self.sender.subscribe()
    }
}
