//! Token realms elsewhere that somebody has allowed, remembered in the state directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::disk::note::Note;
use crate::engine::disk::state::StateFolder;
use crate::engine::error::EngineError;

/// Places that logins may be sent to although another server names them.
pub(in crate::engine) struct Realms {
    state: StateFolder,
    allowed: BTreeSet<String>,
}

/// `HOST`, or `HOST:PORT` where the port is not that of https.
#[derive(Default, Serialize, Deserialize)]
struct Accepted {
    #[serde(default)]
    hosts: BTreeSet<String>,
}

impl Note for Accepted {
    const KIND: &'static str = "realms";
}

const FILE: &str = "realms.json";

/// Moves a list that cannot be read aside: what was accepted is asked for again.
///
/// # Errors
/// `OwnDir`, `Exposed`, `BusyLocal`.
pub(in crate::engine) fn set_aside(
    state_dir: &Path,
    now: Timestamp,
) -> Result<Option<(EngineError, PathBuf)>, EngineError> {
    StateFolder::new(state_dir).set_aside::<Accepted>(FILE, now)
}

impl Realms {
    /// `allowed` holds for this process, beside what was accepted before.
    ///
    /// # Errors
    /// `State`, `Disk`.
    pub(in crate::engine) fn open(state_dir: &Path, allowed: &BTreeSet<String>) -> Result<Self, EngineError> {
        let state = StateFolder::new(state_dir);
        state.load::<Accepted>(FILE)?;
        let allowed = allowed.iter().map(|host| without_https_port(host)).collect();
        Ok(Self { state, allowed })
    }

    /// Whether somebody has allowed `place`. Read anew: another trustdeck may have been told since.
    pub(in crate::engine) fn allow(&self, place: &str) -> bool {
        let remembered = || self.state.load::<Accepted>(FILE).is_ok_and(|all| all.hosts.contains(place));
        self.allowed.contains(place) || remembered()
    }

    /// Remembers a place.
    ///
    /// # Errors
    /// `Input` for a text that is none; `State`, `Disk`.
    pub(in crate::engine) fn accept(&self, place: &str) -> Result<(), EngineError> {
        let place = without_https_port(place);
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'[' | b']' | b':');
        if place.is_empty() || !place.bytes().all(fits) {
            return Err(EngineError::Input {
                message: format!("{place:?} is not a host name"),
                hint: "name the host of the token realm, without https:// and path".to_owned(),
            });
        }
        self.state.change(FILE, |all: &mut Accepted| all.hosts.insert(place)).map(drop)
    }
}

/// As realms are compared: in small letters, and the port of https is not written.
fn without_https_port(place: &str) -> String {
    let place = place.to_ascii_lowercase();
    place.strip_suffix(":443").unwrap_or(&place).to_owned()
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
        assert!(!one.allow("c.test") && !one.allow("a.test:8443"), "another port is another realm");
        one.accept("C.test:443").unwrap();
        assert!(one.allow("c.test"));
        let file = std::fs::metadata(dir.path().join("realms.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        assert!(one.accept("https://a.test/").is_err() && one.accept("").is_err());
    }

    #[test]
    fn lists_of_the_forms_before_are_read() {
        for text in [r#"{"format":1,"hosts":["a.test"]}"#, r#"{"version":1,"hosts":["a.test"]}"#] {
            let dir = tempfile::TempDir::new().unwrap();
            std::fs::write(dir.path().join(FILE), text).unwrap();
            let realms = Realms::open(dir.path(), &BTreeSet::new()).unwrap();
            assert!(realms.allow("a.test"), "{text}");
            realms.accept("b.test").unwrap();
            assert!(realms.allow("a.test") && realms.allow("b.test"));
        }
    }

    #[test]
    fn none_is_lost_when_many_are_accepted_at_once() {
        let dir = tempfile::TempDir::new().unwrap();
        let open = || Realms::open(dir.path(), &BTreeSet::new()).unwrap();
        std::thread::scope(|scope| {
            for number in 0..16 {
                scope.spawn(move || open().accept(&format!("host{number}.test")).unwrap());
            }
        });
        assert!((0..16).all(|number| open().allow(&format!("host{number}.test"))));
    }

    #[test]
    fn lists_of_a_newer_version_and_damaged_ones_are_refused() {
        for text in [r#"{"kind":"realms","version":3,"content":{}}"#, "{", "[]"] {
            let dir = tempfile::TempDir::new().unwrap();
            std::fs::write(dir.path().join("realms.json"), text).unwrap();
            let opened = Realms::open(dir.path(), &BTreeSet::new());
            assert!(matches!(opened, Err(EngineError::State { .. })), "{text}");
        }
    }
}
