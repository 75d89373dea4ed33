//! What keys and files are called in what commands say.

use std::path::Path;

use crate::cli::Context;
use crate::printable::printable;
use crate::tuf::CanonicalKeyId;

/// What people call a stored key, printable, with its short ID.
pub(super) fn called(context: &Context, id: &CanonicalKeyId) -> String {
    match context.engine.keyring().label(id) {
        Some(label) => format!("{} ({})", printable(&label), id.short()),
        None => id.short().to_owned(),
    }
}

pub(super) fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}
