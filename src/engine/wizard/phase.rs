//! How far the roles of a repository are with a change of keys.

use std::collections::BTreeSet;

use super::facts::RoleFacts;
use crate::engine::draft::change::Change;
use crate::tuf::{CanonicalKeyId, PublicKey, Role};

/// How far a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing can be done yet, and why.
    Blocked(String),
    /// These changes lead on.
    ToDo(Vec<Change>),
    /// The new key is listed; these roles wait for a signature of a key that stays.
    Waiting(Vec<Role>),
    /// The new key is listed and, if a colleague has it, he has signed with it; the old one stays until the user says
    /// so.
    Added,
    /// Nothing is left to change.
    Done,
}

pub(in crate::engine) fn ids(keys: &[PublicKey]) -> BTreeSet<CanonicalKeyId> {
    keys.iter().map(|key| key.canonical_id().clone()).collect()
}

/// Whether a role lists all of some keys.
pub(in crate::engine) fn lists_all(role: Option<&RoleFacts>, keys: &[PublicKey]) -> bool {
    role.is_some_and(|role| ids(keys).is_subset(&role.ids()))
}

pub(in crate::engine) fn lists(role: Option<&RoleFacts>, key: &CanonicalKeyId) -> bool {
    role.is_some_and(|role| role.keys.iter().any(|listed| listed.canonical_id() == key))
}
