//! Token realms on other hosts that somebody has allowed, remembered in the state directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::engine::disk::folder::{make_private, write_one};
use crate::engine::disk::read;
use crate::engine::error::EngineError;

/// Version of the file's form.
const FORMAT: u32 = 1;

/// Hosts that logins may be sent to although another server names them.
pub(in crate::engine) struct Realms {
    path: PathBuf,
    allowed: BTreeSet<String>,
    remembered: Mutex<BTreeSet<String>>,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    #[serde(default)]
    hosts: BTreeSet<String>,
}

impl Realms {
    /// Reads what was accepted before; `allowed` holds for this process only.
    pub(in crate::engine) fn open(state_dir: &Path, allowed: &BTreeSet<String>) -> Result<Self, EngineError> {
        let path = state_dir.join("realms.json");
        let allowed = allowed.iter().map(|host| host.to_ascii_lowercase()).collect();
        let remembered = Mutex::new(load(&path)?);
        Ok(Self { path, allowed, remembered })
    }

    pub(in crate::engine) fn allow(&self, host: &str) -> bool {
        let known = || self.remembered.lock().unwrap_or_else(PoisonError::into_inner).contains(host);
        // Another trustdeck may have been told since.
        self.allowed.contains(host) || known() || load(&self.path).is_ok_and(|hosts| hosts.contains(host))
    }

    pub(in crate::engine) fn accept(&self, host: &str) -> Result<(), EngineError> {
        let host = host.to_ascii_lowercase();
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':');
        if host.is_empty() || !host.bytes().all(fits) {
            return Err(EngineError::Input {
                message: format!("{host:?} is not a host name"),
                hint: "name the host of the token realm, without https:// and path".to_owned(),
            });
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.extend(load(&self.path)?);
        remembered.insert(host);
        let disk = |source| EngineError::Disk { path: self.path.clone(), source };
        let bytes = serde_json::to_vec_pretty(&File { format: FORMAT, hosts: remembered.clone() });
        let bytes = bytes.map_err(|error| disk(error.into()))?;
        make_private(self.path.parent().unwrap_or(Path::new(".")))?;
        write_one(&self.path, &bytes).map_err(disk)
    }
}

fn load(path: &Path) -> Result<BTreeSet<String>, EngineError> {
    let state = |what: &str| EngineError::State { path: path.to_owned(), what: what.to_owned() };
    let bytes = match read::read_own(path, read::OWN) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(BTreeSet::new()),
        Err(source) => return Err(EngineError::Disk { path: path.to_owned(), source }),
    };
    let file: File = serde_json::from_slice(&bytes).map_err(|_| state("the list of accepted realms is damaged"))?;
    if file.format > FORMAT {
        return Err(state("it was written by a newer trustdeck"));
    }
    Ok(file.hosts)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn accepted_realms_are_remembered_and_seen_by_others() {
        let dir = tempfile::TempDir::new().unwrap();
        let (one, other) = (Realms::open(dir.path(), &BTreeSet::new()), Realms::open(dir.path(), &BTreeSet::new()));
        let (one, other) = (one.unwrap(), other.unwrap());
        one.accept("a.test").unwrap();
        other.accept("b.test").unwrap();
        assert!(one.allow("a.test") && one.allow("b.test") && other.allow("a.test"));
        assert!(!one.allow("c.test"));
        let file = std::fs::metadata(dir.path().join("realms.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        assert!(one.accept("https://a.test/").is_err() && one.accept("").is_err());
    }

    #[test]
    fn lists_of_a_newer_version_and_damaged_ones_are_refused() {
        for text in [r#"{"format":2,"hosts":["a.test"]}"#, "{", "[]"] {
            let dir = tempfile::TempDir::new().unwrap();
            std::fs::write(dir.path().join("realms.json"), text).unwrap();
            let opened = Realms::open(dir.path(), &BTreeSet::new());
            assert!(matches!(opened, Err(EngineError::State { .. })), "{text}");
        }
    }
}
