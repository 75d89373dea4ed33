//! Keys of tasks in words.

use crate::engine::custody::backup::KeyStanding;
use crate::engine::custody::load::{FoundKey, KeySet, Naming};

/// What a key of a file is called, empty if nobody says, and who says so.
pub(in crate::tui) fn role_of(set: &KeySet, key: &FoundKey, typed: &str) -> (String, Naming) {
    let (role, naming) = set.name_of(key, Some(typed).filter(|name| !name.is_empty())).unwrap_or(("", Naming::File));
    (role.to_owned(), naming)
}

/// Whether the store lacks a key of a backup.
pub(in crate::tui) fn is_missing(standing: &KeyStanding) -> bool {
    matches!(standing, KeyStanding::New | KeyStanding::Unnamed)
}
