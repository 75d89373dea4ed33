//! What a plan is made from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp as Time;

use crate::engine::draft::Draft;
use crate::engine::draft::change::{RootKeyChoice, StagedChange};
use crate::tuf::{CanonicalKeyId, Gun, Role, TrustedSet};

/// A private key in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAtHand {
    /// `role` header of its file.
    pub role: String,
    /// Whether its passphrase is still needed.
    pub locked: bool,
}

/// What is known about a repository on its server.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// Nothing; it was never read.
    Nothing,
    /// The server has no trust data for it.
    Absent,
    /// Its verified files.
    Files(&'a TrustedSet),
}

/// All that a plan for one repository is computed from.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Name.
    pub gun: &'a Gun,
    /// Name as Docker's users write it.
    pub name: &'a str,
    /// Base URL of the server.
    pub server: &'a str,
    /// What is there.
    pub known: Known<'a>,
    /// When that was verified.
    pub verified_at: Option<Time>,
    /// The staged changes, in order.
    pub changes: &'a [StagedChange],
    /// Private keys in the store.
    pub keys: &'a BTreeMap<CanonicalKeyId, KeyAtHand>,
    /// The same, IDs only.
    pub at_hand: &'a BTreeSet<CanonicalKeyId>,
    /// What the user calls keys.
    pub labels: &'a (dyn Fn(&CanonicalKeyId) -> Option<String> + Sync),
    /// The time.
    pub now: Time,
}

/// The stored key that becomes the root key of a new repository; `None` if one will be made.
pub(in crate::engine) fn root_key(facts: &Facts<'_>, draft: &Draft<'_>) -> Option<CanonicalKeyId> {
    match draft.creates()? {
        RootKeyChoice::New => None,
        RootKeyChoice::Stored(id) => Some(id.clone()),
        RootKeyChoice::Auto => {
            facts.keys.iter().find(|(_, key)| key.role == Role::Root.as_str()).map(|(id, _)| id.clone())
        }
    }
}

/// The keys in the store, in the two forms that plans take.
#[derive(Default)]
pub(in crate::engine) struct Keys {
    pub(in crate::engine) keys: BTreeMap<CanonicalKeyId, KeyAtHand>,
    pub(in crate::engine) ids: BTreeSet<CanonicalKeyId>,
}
