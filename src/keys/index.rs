//! What was read of key files before, so that a large store lists without opening them.
//!
//! Invariant: holds nothing but what the PEM headers say in the clear, and the kind of the key once it is known.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::stored::StoredKey;
use crate::tuf::{Algorithm, CanonicalKeyId};

/// Coarser than the time stamps of any file system in use: a file that was changed just now may change again unseen.
const SETTLED: Duration = Duration::from_secs(3);

/// Facts of key files, by file name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyIndex {
    files: BTreeMap<String, Fact>,
    #[serde(default)]
    algorithms: BTreeMap<CanonicalKeyId, Algorithm>,
    #[serde(skip)]
    changed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Fact {
    stamp: Stamp,
    role: String,
    gun: Option<String>,
    encrypted: bool,
}

/// Seconds and nanoseconds of the last change of content and of the file, size, inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp(i64, i64, i64, i64, u64, u64);

impl Stamp {
    fn of(facts: &Metadata) -> Self {
        Self(facts.mtime(), facts.mtime_nsec(), facts.ctime(), facts.ctime_nsec(), facts.size(), facts.ino())
    }
}

/// One look at the directory: what was known before, and what is now.
pub(super) struct DirectoryLook {
    before: BTreeMap<String, Fact>,
    now: BTreeMap<String, Fact>,
    changed: bool,
    settled: i64,
}

impl KeyIndex {
    /// Whether it is worth writing. Reset by this.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The kind of a key, if it was seen open once.
    #[must_use]
    pub fn algorithm(&self, id: &CanonicalKeyId) -> Option<&Algorithm> {
        self.algorithms.get(id)
    }

    /// Remembers the kind of a key.
    pub fn learn(&mut self, id: &CanonicalKeyId, algorithm: Algorithm) {
        self.changed |= self.algorithms.insert(id.clone(), algorithm.clone()) != Some(algorithm);
    }

    pub(super) fn look(&mut self) -> DirectoryLook {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let settled = now.saturating_sub(SETTLED).as_secs();
        DirectoryLook {
            before: std::mem::take(&mut self.files),
            now: BTreeMap::new(),
            changed: false,
            settled: i64::try_from(settled).unwrap_or_default(),
        }
    }

    pub(super) fn replace(&mut self, look: DirectoryLook) {
        self.changed |= look.changed || !look.before.is_empty();
        self.files = look.now;
    }
}

impl DirectoryLook {
    /// What the file held, if it is still the same.
    pub(super) fn recall(&mut self, name: &str, facts: &Metadata) -> Option<StoredKey> {
        let fact = self.before.get(name).filter(|fact| fact.stamp == Stamp::of(facts))?;
        Some(StoredKey {
            id: CanonicalKeyId::parse(name.strip_suffix(".key")?).ok()?,
            role: fact.role.clone(),
            gun: fact.gun.clone(),
            path: PathBuf::new(),
            encrypted: fact.encrypted,
            exposure: None,
        })
    }

    /// Remembers a file, unless it was changed just now.
    pub(super) fn note(&mut self, name: &str, facts: &Metadata, key: &StoredKey) {
        let stamp = Stamp::of(facts);
        if facts.ctime().max(facts.mtime()) >= self.settled {
            return;
        }
        match self.before.remove_entry(name) {
            Some((name, fact)) if fact.stamp == stamp => {
                self.now.insert(name, fact);
            }
            _ => {
                let fact = Fact { stamp, role: key.role.clone(), gun: key.gun.clone(), encrypted: key.encrypted };
                self.now.insert(name.to_owned(), fact);
                self.changed = true;
            }
        }
    }
}
