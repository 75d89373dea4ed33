//! What keys and files are called in what commands say.

use std::path::{Path, PathBuf};

use crate::cli::Context;
use crate::engine::wording::counted;
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

/// Where keys lie that are not used, if there are any.
pub(super) fn elsewhere(context: &Context) -> Vec<String> {
    let sentence = |(trust_dir, count): &(PathBuf, usize)| {
        let keys = counted(*count, "private key is", "private keys are");
        let (used, why) = (shown(context.engine.keyring().key_dir()), &context.engine.settings().trust_dir_why);
        format!("{keys} in {}; used is {used} ({})", shown(trust_dir), printable(why))
    };
    context.engine.status(None).other_keys.iter().map(sentence).collect()
}
