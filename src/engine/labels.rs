//! What the user calls keys: `labels.json` in the state directory, `{"version":1,"labels":{KEYID:TEXT}}`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::EngineError;
use crate::tuf::CanonicalKeyId;

const VERSION: u64 = 1;

#[derive(Deserialize)]
struct Head {
    version: u64,
}

#[derive(Deserialize)]
struct Labels {
    labels: BTreeMap<CanonicalKeyId, String>,
}

/// Reads the labels; a missing file is none.
///
/// # Errors
/// `Disk`, and `State` if the file is damaged or of a newer version.
pub(super) fn load(state_dir: &Path) -> Result<BTreeMap<CanonicalKeyId, String>, EngineError> {
    let path = state_dir.join("labels.json");
    let state = |what: String| EngineError::State { path: path.clone(), what };
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(EngineError::Disk { path, source }),
    };
    let damaged = |error: serde_json::Error| state(format!("is damaged at line {}", error.line()));
    // The version first: a newer file may have any other members.
    let Head { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if version != VERSION {
        return Err(state(format!("is of version {version}, expected {VERSION}")));
    }
    let Labels { mut labels } = serde_json::from_slice(&bytes).map_err(damaged)?;
    labels.retain(|_, label| !label.trim().is_empty());
    Ok(labels)
}
