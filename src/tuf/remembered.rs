//! What this machine verified before: which keys verified files listed for roles, and which files those were.
//!
//! A role's file loses its signature when its signers are removed. Whether its content may be signed again then hangs on
//! this alone: whoever answers for the server can put any file in its place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::key::PublicKey;
use super::loaded::{Seen, SeenRoles};
use super::metadata::{RoleKeys, Targets};
use super::names::{KeyId, Role};

/// Most keys that are remembered of one role; the oldest go first.
const KEYS: usize = 64;
/// Most roles whose keys are remembered.
const ROLES: usize = 2048;

/// Keys that verified files list for roles that hold targets, or once listed, and what those of before speak for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedKeys {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    keys: BTreeMap<KeyId, PublicKey>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    roles: BTreeMap<Role, Vec<KeyId>>,
    /// Newest files for which only keys of before speak. They raise no mark of what was seen, or a key that was removed
    /// could use up the versions of its role; an older file in their place is known by them all the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    former: SeenRoles,
    /// Those of them over which an older file was signed again, by somebody who accepted that: they are not missed any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    given_up: SeenRoles,
}

impl ListedKeys {
    /// Remembers the keys that a verified file lists for a role.
    pub fn note(&mut self, role: &Role, listed: &RoleKeys) {
        if self.roles.len() >= ROLES && !self.roles.contains_key(role) {
            return;
        }
        let ids = self.roles.entry(role.clone()).or_default();
        let new = listed.keys.iter().filter(|key| !ids.contains(key.id())).cloned().collect::<Vec<_>>();
        if new.is_empty() {
            return;
        }
        ids.extend(new.iter().map(|key| key.id().clone()));
        let surplus = ids.len().saturating_sub(KEYS);
        ids.drain(..surplus);
        self.keys.extend(new.into_iter().map(|key| (key.id().clone(), key)));
        if surplus > 0 {
            let used = |id: &KeyId| self.roles.values().any(|ids| ids.contains(id));
            let unused: Vec<KeyId> = self.keys.keys().filter(|id| !used(id)).cloned().collect();
            unused.iter().for_each(|id| drop(self.keys.remove(id)));
        }
    }

    /// Remembers a file for which only keys of before speak, unless it was given up.
    pub fn note_former(&mut self, role: &Role, file: Seen) {
        if self.given_up.get(role) == Some(&file) {
            return;
        }
        let is_known = self.former.get(role).is_some_and(|known| known.version >= file.version);
        if !is_known && (self.former.len() < ROLES || self.former.contains_key(role)) {
            self.former.insert(role.clone(), file);
        }
    }

    /// The newest file of a role for which only keys of before spoke.
    #[must_use]
    pub fn former(&self, role: &Role) -> Option<&Seen> {
        self.former.get(role)
    }

    /// Gives up the newest file of a role for which only keys of before spoke.
    pub fn give_up_former(&mut self, role: &Role) {
        if let Some(file) = self.former.remove(role) {
            self.given_up.insert(role.clone(), file);
        }
    }

    /// Remembers the keys of all delegations in a verified file.
    pub fn note_all(&mut self, listing: &Targets) {
        for entry in listing.delegations.iter().flatten() {
            let ids = entry.key_ids.iter().flatten();
            let keys = ids.filter_map(|id| listing.delegation_keys.get(id)).cloned().collect();
            self.note(&Role::Delegation(entry.name.clone()), &RoleKeys { keys, threshold: entry.threshold });
        }
    }

    /// Takes over what another memory holds.
    pub fn extend(&mut self, other: &Self) {
        for role in other.roles.keys() {
            self.note(role, &RoleKeys { keys: other.of(role), threshold: 1 });
        }
        for (role, file) in &other.given_up {
            self.given_up.insert(role.clone(), file.clone());
            if self.former.get(role) == Some(file) {
                self.former.remove(role);
            }
        }
        for (role, file) in &other.former {
            self.note_former(role, file.clone());
        }
    }

    /// The keys of a role, in the order in which they were met.
    #[must_use]
    pub fn of(&self, role: &Role) -> Vec<PublicKey> {
        self.roles.get(role).into_iter().flatten().filter_map(|id| self.keys.get(id)).cloned().collect()
    }
}

/// What this machine verified before of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Keys by role.
    pub keys: ListedKeys,
    /// The newest file of each role.
    pub files: SeenRoles,
}
