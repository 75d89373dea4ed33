//! What happened while a repository was looked at: no fault, but worth a line.

use std::fmt;

use jiff::Timestamp as Time;

use crate::tuf::KeyId;

/// Something that happened on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The repository is new to this machine, and its root key is trusted from now on.
    FirstContact {
        /// The root keys, as the root file lists them.
        roots: Vec<KeyId>,
        /// Four words for each bare key, to compare by ear.
        words: Vec<String>,
    },
    /// The root that this machine trusts is not one that the configuration allows; why. It was trusted before.
    Unpinned(String),
    /// The root in the cache was not the one that is known; why.
    RootRestored(&'static str),
    /// This machine's clock was ahead when the repository was last verified, at this time; the server says that it is
    /// right now.
    ClockWasAhead(Time),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstContact { roots, words } => {
                let roots: Vec<&str> = roots.iter().map(KeyId::as_str).collect();
                write!(
                    f,
                    "new to this machine; its root key {} is trusted from now on; compare its words with the owner's: {}",
                    roots.join(", "),
                    words.join(", ")
                )
            }
            Self::ClockWasAhead(last) => write!(
                f,
                "this machine's clock was ahead when this was verified at {last:.0}; the server says it is right now, \
                 so that the record is corrected"
            ),
            Self::Unpinned(why) => write!(
                f,
                "{why}; this machine trusted the root before: ask its owner which is right, then mend the entry or forget \
                 the root (trustdeck delete)"
            ),
            Self::RootRestored(why) => write!(f, "the cached root {why}: it was restored from the last good copy"),
        }
    }
}
