//! Keys of tasks in words.

use crate::engine::custody::backup::Standing;
use crate::tuf::CanonicalKeyId;
use crate::tui::state::State;

pub(in crate::tui) fn called(state: &State, id: &CanonicalKeyId) -> String {
    state.keys.iter().find(|k| k.id == *id).map_or_else(|| id.short().to_owned(), |k| k.label.clone())
}

/// As in docker, the name in the file counts.
pub(in crate::tui) fn role_of(header: Option<&str>, name: &str) -> String {
    header.filter(|role| !role.is_empty() && *role != "delegation").unwrap_or(name).to_owned()
}

/// Whether the store lacks a key of a backup.
pub(in crate::tui) fn is_missing(standing: &Standing) -> bool {
    matches!(standing, Standing::New | Standing::Unnamed)
}
