//! Adding to delegations and taking away from them.

use std::collections::BTreeSet;

use super::Draft;
use super::applied::{Result, refuse};
use super::change::role_word;
use crate::tuf::verify::{DELEGATION_DEPTH, DELEGATIONS};
use crate::tuf::{CanonicalKeyId, Delegation, DelegationName, KeyId, PublicKey, Role, Targets};

impl Draft<'_> {
    /// Adds keys and paths to a delegation, listed if missing. Returns what was really added.
    ///
    /// # Errors
    /// As [`Draft::content_mut`] for the role above; more than is read.
    pub(in crate::engine) fn add_to(
        &mut self,
        name: &DelegationName,
        keys: &[PublicKey],
        paths: &[String],
    ) -> Result<Added> {
        if self.entry(name).is_none() {
            self.check_room(name)?;
        }
        let parent = self.listing_mut(&name.parent())?;
        let listed = parent.delegations.get_or_insert_with(Vec::new);
        let new = !listed.iter().any(|d| d.name == *name);
        if new {
            let entry = Delegation { name: name.clone(), key_ids: Some(Vec::new()), paths: Vec::new(), threshold: 1 };
            listed.push(entry);
        }
        let mut added = Added { role: new, ..Added::default() };
        let Some(entry) = listed.iter_mut().find(|d| d.name == *name) else { return Ok(added) };
        for key in keys {
            let ids = entry.key_ids.get_or_insert_with(Vec::new);
            if !ids.contains(key.id()) {
                ids.push(key.id().clone());
                parent.delegation_keys.insert(key.id().clone(), key.clone());
                added.keys.push(key.canonical_id().clone());
            }
        }
        for path in paths {
            if !entry.paths.contains(path) {
                entry.paths.push(path.clone());
                added.paths.push(path.clone());
            }
        }
        if added.is_something() {
            self.removed.remove(name);
            self.touch(name.parent(), format!("adds to {}", role_word(&Role::Delegation(name.clone()))));
        }
        Ok(added)
    }

    /// Refuses what this program would not read: then nobody could see what was published.
    pub(super) fn check_room(&self, name: &DelegationName) -> Result<()> {
        let role = || Role::Delegation(name.clone());
        if name.depth() > DELEGATION_DEPTH {
            let what = format!("{name} is {} delegations deep, and {DELEGATION_DEPTH} are read at most", name.depth());
            return refuse(role(), what, "list it further up");
        }
        if self.tree().len() >= DELEGATIONS {
            let what = format!("there are {DELEGATIONS} delegations already, and more are not read");
            return refuse(role(), what, "remove one that nobody signs with any more");
        }
        Ok(())
    }

    /// Removes keys from a delegation. Returns those that were there.
    pub(in crate::engine) fn remove_keys(
        &mut self,
        name: &DelegationName,
        keys: &[CanonicalKeyId],
    ) -> Result<Vec<CanonicalKeyId>> {
        let Some(listed) = self.role_keys(&Role::Delegation(name.clone())) else { return Ok(Vec::new()) };
        let gone: Vec<PublicKey> = listed.keys.into_iter().filter(|k| keys.contains(k.canonical_id())).collect();
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        let gone_ids: Vec<&KeyId> = gone.iter().map(PublicKey::id).collect();
        let parent = self.listing_mut(&name.parent())?;
        if let Some(entry) = parent.delegations.iter_mut().flatten().find(|d| d.name == *name) {
            let left: Vec<KeyId> =
                entry.key_ids.take().unwrap_or_default().into_iter().filter(|id| !gone_ids.contains(&id)).collect();
            entry.key_ids = (!left.is_empty()).then_some(left);
        }
        drop_unused_keys(parent);
        self.touch(name.parent(), format!("removes from {}", name.short()));
        Ok(gone.iter().map(|key| key.canonical_id().clone()).collect())
    }

    /// Removes paths from a delegation. Returns those that were there.
    pub(in crate::engine) fn remove_paths(
        &mut self,
        name: &DelegationName,
        chosen: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>> {
        let parent = self.listing_mut(&name.parent())?;
        let entry = parent.delegations.iter_mut().flatten().find(|d| d.name == *name);
        let Some(entry) = entry else { return Ok(Vec::new()) };
        let (gone, left) = entry.paths.drain(..).partition::<Vec<String>, _>(|path| chosen(path));
        entry.paths = left;
        if !gone.is_empty() {
            self.touch(name.parent(), format!("removes from {}", name.short()));
        }
        Ok(gone)
    }

    /// Takes a delegation off the list, with its file and all below it. Returns whether it was listed.
    ///
    /// # Errors
    /// As [`Draft::content_mut`] for the role above.
    pub(in crate::engine) fn remove(&mut self, name: &DelegationName) -> Result<bool> {
        if self.entry(name).is_none() {
            return Ok(false);
        }
        let below = format!("{name}/");
        let gone: Vec<DelegationName> =
            self.tree().into_iter().filter(|n| n == name || n.as_str().starts_with(&below)).collect();
        let parent = self.listing_mut(&name.parent())?;
        let left: Vec<Delegation> =
            parent.delegations.take().unwrap_or_default().into_iter().filter(|d| d.name != *name).collect();
        parent.delegations = (!left.is_empty()).then_some(left);
        drop_unused_keys(parent);
        for child in gone {
            let role = Role::Delegation(child.clone());
            self.files.remove(&role);
            self.adopted.remove(&role);
            if self.touched.remove(&role).is_some() {
                self.reasons.retain(|(of, _)| *of != role);
            }
            self.removed.insert(child);
        }
        self.touch(name.parent(), format!("removes {}", name.short()));
        Ok(true)
    }
}

/// What [`Draft::add_to`] really added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Added {
    pub(in crate::engine) role: bool,
    pub(in crate::engine) keys: Vec<CanonicalKeyId>,
    pub(in crate::engine) paths: Vec<String>,
}

impl Added {
    pub(in crate::engine) fn is_something(&self) -> bool {
        self.role || !self.keys.is_empty() || !self.paths.is_empty()
    }
}

fn drop_unused_keys(file: &mut Targets) {
    let used: BTreeSet<KeyId> =
        file.delegations.iter().flatten().flat_map(|d| d.key_ids.iter().flatten()).cloned().collect();
    file.delegation_keys.retain(|id, _| used.contains(id));
}
