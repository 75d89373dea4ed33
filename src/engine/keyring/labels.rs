//! What the user calls keys: `labels.json` in the state directory, with `{"labels":{KEYID:TEXT}}`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::disk::note::Note;
use crate::engine::disk::state::StateFolder;
use crate::engine::error::EngineError;
use crate::tuf::CanonicalKeyId;

#[derive(Default, Serialize, Deserialize)]
struct Labels {
    labels: BTreeMap<CanonicalKeyId, String>,
}

impl Note for Labels {
    const KIND: &'static str = "labels";
}

const FILE: &str = "labels.json";

/// Labels, by key.
pub(in crate::engine) type ByKey = BTreeMap<CanonicalKeyId, String>;

/// Reads the labels; a missing file is none.
///
/// # Errors
/// `Disk`, and `State` if the file is damaged or of a newer version.
pub(in crate::engine) fn load(state_dir: &Path) -> Result<ByKey, EngineError> {
    let mut labels = StateFolder::new(state_dir).load::<Labels>(FILE)?.labels;
    labels.retain(|_, label| !label.trim().is_empty());
    Ok(labels)
}

/// Moves labels that cannot be read aside: keys have names without them.
///
/// # Errors
/// `OwnDir`, `Exposed`, `BusyLocal`.
pub(in crate::engine) fn set_aside(
    state_dir: &Path,
    now: Timestamp,
) -> Result<Option<(EngineError, PathBuf)>, EngineError> {
    StateFolder::new(state_dir).set_aside::<Labels>(FILE, now)
}

/// Sets labels, an empty one to none; gives all there are then.
///
/// # Errors
/// As [`load`].
pub(in crate::engine) fn set(state_dir: &Path, new: &[(CanonicalKeyId, String)]) -> Result<ByKey, EngineError> {
    StateFolder::new(state_dir).change(FILE, |all: &mut Labels| {
        for (id, label) in new {
            match label.trim() {
                "" => all.labels.remove(id),
                label => all.labels.insert(id.clone(), label.to_owned()),
            };
        }
        all.labels.clone()
    })
}

/// Refuses labels that could be taken for something else.
pub(in crate::engine) fn check(label: &str) -> Result<(), EngineError> {
    let label = label.trim();
    let refuse = |what: &str, hint: &str| {
        Err(EngineError::Input { message: format!("the label {label:?} {what}"), hint: hint.to_owned() })
    };
    if label.chars().count() > 80 {
        return refuse("is longer than 80 characters", "take a few words");
    }
    if label.chars().any(char::is_control) {
        return refuse("holds control characters", "take letters, digits and blanks");
    }
    if label.len() >= 4 && label.bytes().all(|b| b.is_ascii_hexdigit()) {
        return refuse("looks like a key ID", "add a word to it");
    }
    Ok(())
}
