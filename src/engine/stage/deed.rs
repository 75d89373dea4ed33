//! What a publish wants noted in the journal.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::journal::{JournalContent, Sent};
use crate::engine::draft::change::EntryId;
use crate::tuf::Gun;

/// What must be on the disk before a change of the journal is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lasting {
    /// The old state or the new one, as after the end of a publish, which is found out again from the old one.
    Either,
    /// The new state: it says what somebody staged, or what is about to be sent.
    New,
}

/// A note of a publish.
#[derive(Clone)]
pub(super) enum Deed {
    /// Is about to be sent.
    Sent(Sent),
    /// Is published, or will not be.
    Finished(Gun, Vec<EntryId>),
}

impl Deed {
    pub(super) fn lasting(&self) -> Lasting {
        match self {
            Self::Sent(_) => Lasting::New,
            Self::Finished(..) => Lasting::Either,
        }
    }

    pub(super) fn apply(self, content: &mut JournalContent) {
        match self {
            Self::Sent(sent) => {
                content.sent.retain(|old| old.gun != sent.gun);
                content.sent.push(sent);
            }
            Self::Finished(gun, published) => {
                content.published(&gun, &published);
                content.sent.retain(|sent| sent.gun != gun);
            }
        }
    }
}

/// A note that waits to be written.
pub(super) struct Waiting {
    pub(super) deed: Deed,
    /// Set once it is written.
    pub(super) written: Arc<AtomicBool>,
}
