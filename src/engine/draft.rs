//! A repository's files while changes are applied to them.
//!
//! Invariant: pure. Contents are edited exactly as Notary's client edits them (`keyids: null` after the last key,
//! `roles: null` after the last delegation, unused keys dropped, order of creation kept); versions and expiry are set
//! only when a file is signed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp as Time;

use super::base_roles::BaseRoles;
use super::change::{RootKeyChoice, role_word};
use crate::tuf::verify::{SeenRoles, tally};
use crate::tuf::{
    CanonicalKeyId, Delegation, DelegationName, KeyId, Loaded, Metadata, PublicKey, Role, RoleKeys, Standing,
    TargetName, Targets, TrustedSet, effective_paths,
};

/// What changes are applied to, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The verified files; `None` if the server has no trust data.
    pub set: Option<&'a TrustedSet>,
    /// Private keys in the store.
    pub at_hand: &'a BTreeSet<CanonicalKeyId>,
    /// The time.
    pub now: Time,
}

/// Something that came up while applying and that the plan has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A purged key stays in this role, which cannot be signed here.
    PurgeSkipped { role: Role },
    /// A revoked tag stays in this role, which cannot be signed here or was not named.
    StillListed { tag: TargetName, role: Role },
    /// A removed signer's key stays in releases, because another signer holds it.
    KeyKept { key: CanonicalKeyId, signer: DelegationName },
}

/// The files as they will be, and which of them must be signed.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    ground: Ground<'a>,
    targets: Targets,
    delegations: BTreeMap<DelegationName, Targets>,
    touched: BTreeMap<Role, Vec<String>>,
    removed: BTreeSet<DelegationName>,
    witnessed: BTreeSet<Role>,
    creates: Option<RootKeyChoice>,
    deletes: bool,
    remarks: Vec<Remark>,
    pub(super) base: BaseRoles,
}

impl<'a> Draft<'a> {
    /// Starts from what is on the server.
    #[must_use]
    pub fn new(ground: Ground<'a>) -> Self {
        let targets = ground.set.and_then(TrustedSet::targets).map_or_else(Targets::empty, |t| t.content.clone());
        let files = ground.set.into_iter().flat_map(|set| set.delegations());
        Self {
            ground,
            targets,
            delegations: files.map(|(name, file)| (name.clone(), file.content.clone())).collect(),
            touched: BTreeMap::new(),
            removed: BTreeSet::new(),
            witnessed: BTreeSet::new(),
            creates: None,
            deletes: false,
            remarks: Vec::new(),
            base: BaseRoles::of(ground.set),
        }
    }

    /// What it started from.
    #[must_use]
    pub fn ground(&self) -> Ground<'a> {
        self.ground
    }

    /// Roles whose files must be signed, each with the reasons.
    #[must_use]
    pub fn touched(&self) -> &BTreeMap<Role, Vec<String>> {
        &self.touched
    }

    /// Delegations that are no longer listed.
    #[must_use]
    pub fn removed(&self) -> &BTreeSet<DelegationName> {
        &self.removed
    }

    /// Roles that somebody asked to sign again as they are.
    #[must_use]
    pub fn witnessed(&self) -> &BTreeSet<Role> {
        &self.witnessed
    }

    /// Set if the repository is created, with where its root key comes from.
    #[must_use]
    pub fn creates(&self) -> Option<&RootKeyChoice> {
        self.creates.as_ref()
    }

    /// Whether all trust data is deleted.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.deletes
    }

    /// What came up.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The content of `targets` or of a delegation that has a file.
    #[must_use]
    pub fn content(&self, role: &Role) -> Option<&Targets> {
        match role {
            Role::Targets => Some(&self.targets),
            Role::Delegation(name) => self.delegations.get(name),
            _ => None,
        }
    }

    /// The entry of a delegation in the role above.
    #[must_use]
    pub fn entry(&self, name: &DelegationName) -> Option<&Delegation> {
        self.content(&name.parent())?.delegation(name)
    }

    /// All listed delegations, depth first in order of creation.
    #[must_use]
    pub fn tree(&self) -> Vec<DelegationName> {
        fn below(draft: &Draft<'_>, role: &Role, found: &mut Vec<DelegationName>) {
            for child in draft.content(role).into_iter().flat_map(|t| t.delegations.iter().flatten()) {
                found.push(child.name.clone());
                below(draft, &Role::Delegation(child.name.clone()), found);
            }
        }
        let mut found = Vec::new();
        below(self, &Role::Targets, &mut found);
        found
    }

    /// Keys and threshold of a role; `None` if it is not listed, or not made yet.
    #[must_use]
    pub fn role_keys(&self, role: &Role) -> Option<RoleKeys> {
        match role {
            Role::Delegation(name) => self.content(&name.parent())?.delegation_role_keys(name),
            base => Some(self.base.root()?.role_keys(base)),
        }
    }

    /// Prefixes that a role may sign.
    #[must_use]
    pub fn paths(&self, role: &Role) -> Vec<String> {
        match role {
            Role::Targets => vec![String::new()],
            Role::Delegation(name) => match self.entry(name) {
                Some(entry) => effective_paths(&self.paths(&name.parent()), &entry.paths),
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Whether a role may sign a tag.
    #[must_use]
    pub fn allows(&self, role: &Role, tag: &TargetName) -> bool {
        self.paths(role).iter().any(|path| tag.as_str().starts_with(path.as_str()))
    }

    /// The listed keys of a role that are in the store: those that sign. A new root is signed by the old keys too.
    #[must_use]
    pub fn signers(&self, role: &Role) -> Vec<PublicKey> {
        let mut signers: Vec<PublicKey> = Vec::new();
        let legacy = self.base.legacy().iter().filter(|_| *role == Role::Root).cloned();
        for key in self.listings(role).into_iter().flat_map(|listing| listing.keys).chain(legacy) {
            if self.ground.at_hand.contains(key.canonical_id()) && !signers.contains(&key) {
                signers.push(key);
            }
        }
        signers
    }

    /// What a file of a role is checked against: each listing must be met. The file above; for root, itself and the
    /// root before.
    #[must_use]
    pub fn listings(&self, role: &Role) -> Vec<RoleKeys> {
        let before = self.ground.set.filter(|_| *role == Role::Root).map(|set| set.root().content.role_keys(role));
        let mut listings: Vec<RoleKeys> = self.role_keys(role).into_iter().collect();
        listings.extend(before.filter(|before| !listings.contains(before)));
        listings
    }

    /// Whether enough keys of a role are in the store. The keys of a new repository are made on the way.
    #[must_use]
    pub fn can_sign(&self, role: &Role) -> bool {
        if self.creates.is_some() && !matches!(role, Role::Delegation(_)) {
            return true;
        }
        let listings = self.listings(role);
        let is_met = |listing: &RoleKeys| {
            let ids = listing.keys.iter().map(PublicKey::canonical_id);
            let here: BTreeSet<_> = ids.filter(|id| self.ground.at_hand.contains(*id)).collect();
            here.len() >= listing.threshold as usize
        };
        !listings.is_empty() && listings.iter().all(is_met)
    }

    /// The verified file of a role on the server.
    #[must_use]
    pub fn loaded(&self, role: &Role) -> Option<&'a Loaded<Targets>> {
        match role {
            Role::Targets => self.ground.set?.targets(),
            Role::Delegation(name) => self.ground.set?.delegations().get(name),
            _ => None,
        }
    }

    /// Whether the file on the server is trusted under the keys listed in this draft.
    #[must_use]
    pub fn stands(&self, role: &Role) -> bool {
        let Some(file) = self.loaded(role) else { return false };
        let Some(keys) = self.role_keys(role) else { return false };
        if self.ground.set.and_then(|set| set.role_keys(role)).is_some_and(|before| before == keys) {
            return file.standing == Standing::Good;
        }
        file.content.expires() > self.ground.now && tally(&file.envelope, &keys).is_met()
    }

    /// The version that the next file of a role gets: one above every version known of it. `found` are versions that
    /// were met elsewhere, such as the file of a role that had been removed.
    #[must_use]
    pub fn next_version(&self, role: &Role, found: &SeenRoles) -> u64 {
        if self.creates.is_some() {
            // Notary's client signs targets once when it initialises and once more when it publishes.
            return if *role == Role::Targets { 2 } else { 1 };
        }
        let seen = |marks: &SeenRoles| marks.get(role).map_or(0, |mark| mark.version);
        let base = match (role, self.ground.set) {
            (Role::Root, Some(set)) => set.root().content.version(),
            (Role::Snapshot, Some(set)) => set.snapshot().map_or(0, |s| s.content.version()),
            _ => self.loaded(role).map_or(0, |file| file.content.version()),
        };
        let remembered = self.ground.set.map_or(0, |set| seen(&set.seen()));
        base.max(remembered).max(seen(found)).saturating_add(1)
    }

    pub(super) fn touch(&mut self, role: Role, why: String) {
        let reasons = self.touched.entry(role).or_default();
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }

    pub(super) fn witness(&mut self, role: Role) {
        self.touch(role.clone(), "re-signed on request".to_owned());
        self.witnessed.insert(role);
    }

    pub(super) fn create(&mut self, root_key: RootKeyChoice) {
        self.creates = Some(root_key);
        self.touch(Role::Root, "created".to_owned());
        self.touch(Role::Targets, "created".to_owned());
    }

    pub(super) fn delete(&mut self) {
        self.deletes = true;
    }

    pub(super) fn remark(&mut self, remark: Remark) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// The content of a role that is about to change; a missing file begins empty.
    pub(super) fn content_mut(&mut self, role: &Role) -> &mut Targets {
        match role {
            Role::Delegation(name) => self.delegations.entry(name.clone()).or_insert_with(Targets::empty),
            _ => &mut self.targets,
        }
    }

    /// Adds keys and paths to a delegation, listed if missing. Returns what was really added.
    pub(super) fn add_to(&mut self, name: &DelegationName, keys: &[PublicKey], paths: &[String]) -> Added {
        let parent = self.content_mut(&name.parent());
        let listed = parent.delegations.get_or_insert_with(Vec::new);
        let new = !listed.iter().any(|d| d.name == *name);
        if new {
            let entry = Delegation { name: name.clone(), key_ids: Some(Vec::new()), paths: Vec::new(), threshold: 1 };
            listed.push(entry);
        }
        let mut added = Added { role: new, ..Added::default() };
        let Some(entry) = listed.iter_mut().find(|d| d.name == *name) else { return added };
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
        added
    }

    /// Removes keys from a delegation. Returns those that were there.
    pub(super) fn remove_keys(&mut self, name: &DelegationName, keys: &[CanonicalKeyId]) -> Vec<CanonicalKeyId> {
        let Some(listed) = self.role_keys(&Role::Delegation(name.clone())) else { return Vec::new() };
        let gone: Vec<PublicKey> = listed.keys.into_iter().filter(|k| keys.contains(k.canonical_id())).collect();
        if gone.is_empty() {
            return Vec::new();
        }
        let gone_ids: Vec<&KeyId> = gone.iter().map(PublicKey::id).collect();
        let parent = self.content_mut(&name.parent());
        if let Some(entry) = parent.delegations.iter_mut().flatten().find(|d| d.name == *name) {
            let left: Vec<KeyId> =
                entry.key_ids.take().unwrap_or_default().into_iter().filter(|id| !gone_ids.contains(&id)).collect();
            entry.key_ids = (!left.is_empty()).then_some(left);
        }
        drop_unused_keys(parent);
        self.touch(name.parent(), format!("removes from {}", name.short()));
        gone.iter().map(|key| key.canonical_id().clone()).collect()
    }

    /// Removes paths from a delegation. Returns those that were there.
    pub(super) fn remove_paths(&mut self, name: &DelegationName, chosen: impl Fn(&str) -> bool) -> Vec<String> {
        let parent = self.content_mut(&name.parent());
        let entry = parent.delegations.iter_mut().flatten().find(|d| d.name == *name);
        let Some(entry) = entry else { return Vec::new() };
        let (gone, left) = entry.paths.drain(..).partition::<Vec<String>, _>(|path| chosen(path));
        entry.paths = left;
        if !gone.is_empty() {
            self.touch(name.parent(), format!("removes from {}", name.short()));
        }
        gone
    }

    /// Takes a delegation off the list, with its file and all below it. Returns whether it was listed.
    pub(super) fn remove(&mut self, name: &DelegationName) -> bool {
        if self.entry(name).is_none() {
            return false;
        }
        let below = format!("{name}/");
        let gone: Vec<DelegationName> =
            self.tree().into_iter().filter(|n| n == name || n.as_str().starts_with(&below)).collect();
        let parent = self.content_mut(&name.parent());
        let left: Vec<Delegation> =
            parent.delegations.take().unwrap_or_default().into_iter().filter(|d| d.name != *name).collect();
        parent.delegations = (!left.is_empty()).then_some(left);
        drop_unused_keys(parent);
        for child in gone {
            self.delegations.remove(&child);
            self.touched.remove(&Role::Delegation(child.clone()));
            self.removed.insert(child);
        }
        self.touch(name.parent(), format!("removes {}", name.short()));
        true
    }
}

/// What [`Draft::add_to`] really added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Added {
    pub(super) role: bool,
    pub(super) keys: Vec<CanonicalKeyId>,
    pub(super) paths: Vec<String>,
}

impl Added {
    pub(super) fn is_something(&self) -> bool {
        self.role || !self.keys.is_empty() || !self.paths.is_empty()
    }
}

fn drop_unused_keys(file: &mut Targets) {
    let used: BTreeSet<KeyId> =
        file.delegations.iter().flatten().flat_map(|d| d.key_ids.iter().flatten()).cloned().collect();
    file.delegation_keys.retain(|id, _| used.contains(id));
}
