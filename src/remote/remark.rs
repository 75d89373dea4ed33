//! What is worth a word while work goes on: waits, logins that could not be looked up, and what cannot be kept.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

/// Something that happened on the way; texts from outside are drawn as such.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Remark {
    /// A request is sent again later.
    #[error("{}; asking again in {seconds} s", waits(host, *status, cause.as_deref()))]
    Waits {
        /// The server, or the token realm.
        host: String,
        /// What it answered; `None` without an answer.
        status: Option<u16>,
        /// Why there was no answer.
        cause: Option<String>,
        /// How long is waited.
        seconds: u64,
    },
    /// A credential helper could not be asked; work goes on with another login, or reading without one.
    #[error("credential helper {helper}: {why}; going on {}", with(login.as_deref()))]
    Helper {
        /// The program.
        helper: String,
        /// What is wrong with it.
        why: String,
        /// Where the login is from that is used instead.
        login: Option<String>,
    },
    /// A part of a file of authorities cannot be used.
    #[error("{file}: {what}; it is left out")]
    LeftOut {
        /// Its path.
        file: String,
        /// Which part, and why.
        what: String,
    },
    /// A file that is only of comfort could not be read, and was moved aside.
    #[error("{why}; it was moved to {aside}, and nothing of it counts any more")]
    Aside {
        /// What is wrong with it, with its path.
        why: String,
        /// Where it is now.
        aside: String,
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

fn with(login: Option<&str>) -> String {
    login.map_or_else(|| "without a login".to_owned(), |origin| format!("with the login of {origin}"))
}

// The cause stands before the host, which may be long and is cut first.
fn waits(host: &str, status: Option<u16>, cause: Option<&str>) -> String {
    match (status, cause) {
        (Some(status), _) => format!("{host} answers {status}"),
        (None, Some(cause)) => format!("{cause}: {host}"),
        (None, None) => format!("{host} gave no whole answer"),
    }
}

/// Where remarks go; whoever wants to hear them subscribes.
#[derive(Clone, Debug)]
pub struct Remarks {
    sender: broadcast::Sender<Remark>,
    said: Arc<Mutex<HashSet<Remark>>>,
    /// What was said before anybody listened.
    early: Arc<Mutex<Vec<Remark>>>,
}

/// Remarks that wait for a listener; older ones are dropped.
const KEPT: usize = 64;

impl Default for Remarks {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(KEPT), said: Arc::default(), early: Arc::default() }
    }
}

impl Remarks {
    /// Tells whoever listens, or the first who will.
    pub fn say(&self, remark: Remark) {
        if let Err(unheard) = self.sender.send(remark) {
            let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
            early.push(unheard.0);
            early.truncate(KEPT);
        }
    }

    /// Tells it unless it was told before.
    pub fn say_once(&self, remark: Remark) {
        if self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(remark.clone()) {
            self.say(remark);
        }
    }

    /// Hears everything from now on, and what was said before anybody listened.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Remark> {
        let listener = self.sender.subscribe();
        let early = std::mem::take(&mut *self.early.lock().unwrap_or_else(PoisonError::into_inner));
        early.into_iter().for_each(|remark| self.say(remark));
        listener
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_names_its_cause_before_the_host() {
        let (host, cause) = ("notary.example.com:4443".to_owned(), Some("connection refused".to_owned()));
        let told = Remark::Waits { host, status: None, cause, seconds: 2 }.to_string();
        assert_eq!(told, "connection refused: notary.example.com:4443; asking again in 2 s");
    }
}
