//! A root that does not descend from the one that this machine trusts: what of it is another.

use std::fmt;

use crate::keys::words::words;
use crate::tuf::{CanonicalKeyId, Gun, KeyId, Role, Root};

/// The keys of the root that the server has beside those of the one that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherRoot {
    /// The repository.
    pub gun: Gun,
    /// When this machine first trusted its root, if it remembers.
    pub since: Option<jiff::Timestamp>,
    /// Root keys that are trusted.
    pub known: Vec<RootKeyId>,
    /// Root keys of the server's root.
    pub found: Vec<RootKeyId>,
    /// Roles below root that have other keys there.
    below: Vec<Below>,
}

/// A root key as metadata lists it, in its certificate, and without.
pub type RootKeyId = (KeyId, CanonicalKeyId);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Below {
    role: Role,
    known: Vec<CanonicalKeyId>,
    found: Vec<CanonicalKeyId>,
}

impl OtherRoot {
    /// Compares two roots of a repository.
    pub(in crate::engine) fn new(gun: Gun, known: &Root, found: &Root) -> Self {
        let bare = |root: &Root, role: &Role| {
            let keys = root.role_keys(role).keys;
            keys.iter().map(|key| key.canonical_id().clone()).collect::<Vec<_>>()
        };
        let below = [Role::Targets, Role::Snapshot, Role::Timestamp].into_iter().filter_map(|role| {
            let (known, found) = (bare(known, &role), bare(found, &role));
            (known != found).then_some(Below { role, known, found })
        });
        let ids = |root: &Root| {
            let keys = root.role_keys(&Role::Root).keys;
            keys.iter().map(|key| (key.id().clone(), key.canonical_id().clone())).collect()
        };
        Self { below: below.collect(), since: None, known: ids(known), found: ids(found), gun }
    }

    /// Whether the same keys stand behind both, so that to compare root keys tells nothing.
    #[must_use]
    pub fn has_same_keys(&self) -> bool {
        let bare = |keys: &[RootKeyId]| {
            let mut keys: Vec<_> = keys.iter().map(|(_, bare)| bare.clone()).collect();
            keys.sort();
            keys
        };
        !self.known.is_empty() && bare(&self.known) == bare(&self.found)
    }

    /// What is another where the root keys are the same: certificates, and keys of the roles below.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let certificates = |keys: &[RootKeyId]| list(keys.iter().map(|(id, _)| id.short()), "none");
        let (there, trusted) = (certificates(&self.found), certificates(&self.known));
        let certificate = (there != trusted).then(|| format!("root's certificate there {there}, trusted {trusted}"));
        let keys =
            |keys: &[CanonicalKeyId]| list(keys.iter().map(|id| format!("{} ({})", id.short(), words(id))), "none");
        let below = self.below.iter().map(|below| {
            let noun = if below.found.len() == 1 { "key" } else { "keys" };
            format!("{} {noun} there {}, trusted {}", below.role, keys(&below.found), keys(&below.known))
        });
        let all: Vec<String> = certificate.into_iter().chain(below).collect();
        if all.is_empty() { vec!["the same keys in all roles, in another file".to_owned()] } else { all }
    }

    /// What to do next; `way_on` is what takes the new root, and how.
    #[must_use]
    pub fn hint(&self, way_on: &str) -> String {
        let seen = "an attack looks like this, and so does a repository that was deleted and set up again";
        if !self.has_same_keys() {
            return format!(
                "{seen}: ask its owner, by another way than this server, whether the root key now has these words; {way_on}"
            );
        }
        format!(
            "{seen} with the same root key, which signed both: that the root key is right proves nothing. Ask its owner, by \
             another way than this server, whether it was set up again and has these other keys now; {way_on}"
        )
    }
}

impl fmt::Display for OtherRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.map(|at| format!(" since {}", at.strftime("%Y-%m-%d"))).unwrap_or_default();
        write!(f, "the server has another root of {} than this machine trusts{since}: ", self.gun)?;
        let bare = |keys: &[RootKeyId]| list(keys.iter().map(|(_, bare)| words(bare)), "");
        if self.has_same_keys() {
            return write!(f, "of the same root key ({}), but {}", bare(&self.known), self.differences().join("; "));
        }
        let keys = |keys: &[RootKeyId]| {
            list(
                keys.iter().map(|(id, bare)| format!("root key {} ({})", id.short(), words(bare))),
                "no usable root key",
            )
        };
        write!(f, "there {}, trusted {}", keys(&self.found), keys(&self.known))
    }
}

fn list(items: impl Iterator<Item = impl Into<String>>, none: &str) -> String {
    let items: Vec<String> = items.map(Into::into).collect();
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}
