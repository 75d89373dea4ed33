//! A repository's files while changes are applied to them, and the changes themselves: plain data.
//!
//! Rules:
//!
//! - Pure: no IO, no clock, no key.
//! - A change is applied whole, is found to change nothing, or is refused with the way out.
//! - Contents are edited exactly as Notary's client edits them (`keyids: null` after the last key, `roles: null` after the last
//!   delegation, unused keys dropped, order of creation kept): docs/notary-v1.md sections 5.3, 10 and 12.
//! - Versions and expiry are set only when a file is signed.
//!
//! ```
//! use trustdeck::engine::Change;
//! use trustdeck::tuf::Role;
//!
//! // The journal's form.
//! let witness = Change::Witness { role: Role::Targets };
//! assert_eq!(serde_json::to_string(&witness)?, r#"{"kind":"witness","role":"targets"}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod applied;
pub mod apply;
pub(in crate::engine) mod base_roles;
pub mod change;
pub(in crate::engine) mod conflicts;
pub(in crate::engine) mod delegations;
pub mod pulled;
pub(in crate::engine) mod rotation;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use jiff::Timestamp as Time;

use crate::tuf::verify::{SeenRoles, Tally, tally};
use crate::tuf::{
    CanonicalKeyId, Delegation, DelegationName, Loaded, Metadata, PublicKey, Role, RoleKeys, Standing, Target,
    TargetName, Targets, TrustedSet, effective_paths,
};
use base_roles::BaseRoles;
use change::RootKeyChoice;

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

/// A role that can sign tags here, and the prefixes of those.
#[derive(Clone, Debug)]
struct Signable {
    role: Role,
    paths: Vec<String>,
}

/// Something that came up while applying and that the plan has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
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
    /// As on the server until they change: most drafts change one file or none, and a file may hold thousands of tags.
    targets: Cow<'a, Targets>,
    delegations: BTreeMap<DelegationName, Cow<'a, Targets>>,
    touched: BTreeMap<Role, Vec<String>>,
    /// The same reasons, to find one among thousands.
    reasons: HashSet<(Role, String)>,
    /// Forgotten when delegations change.
    signable: OnceLock<Vec<Signable>>,
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
        let targets = ground.set.and_then(TrustedSet::targets);
        let files = ground.set.into_iter().flat_map(|set| set.delegations());
        Self {
            ground,
            targets: targets.map_or_else(|| Cow::Owned(Targets::empty()), |file| Cow::Borrowed(&file.content)),
            delegations: files.map(|(name, file)| (name.clone(), Cow::Borrowed(&file.content))).collect(),
            touched: BTreeMap::new(),
            reasons: HashSet::new(),
            signable: OnceLock::new(),
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
            Role::Delegation(name) => self.delegations.get(name).map(Cow::as_ref),
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
        tag.is_within(&self.paths(role))
    }

    /// The delegations right below targets, or targets itself if there are none, that may sign a tag and have enough
    /// keys in the store.
    pub(super) fn signable(&self, tag: &TargetName) -> Vec<Role> {
        let may = |role: &&Signable| tag.is_within(&role.paths);
        self.signable.get_or_init(|| self.all_signable()).iter().filter(may).map(|role| role.role.clone()).collect()
    }

    fn all_signable(&self) -> Vec<Signable> {
        let listed: Vec<Role> = self.targets.delegations.iter().flatten().map(|d| d.name.clone().into()).collect();
        if listed.is_empty() {
            return vec![Signable { role: Role::Targets, paths: vec![String::new()] }];
        }
        let signable = |role: Role| Signable { paths: self.paths(&role), role };
        listed.into_iter().filter(|role| self.can_sign(role)).map(signable).collect()
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

    /// Which keys have signed a role's file on the server.
    #[must_use]
    pub fn last_signed(&self, role: &Role) -> Option<&'a Tally> {
        let set = self.ground.set?;
        match role {
            Role::Root => Some(&set.root().tally),
            Role::Snapshot => set.snapshot().map(|file| &file.tally),
            Role::Timestamp => set.timestamp().map(|file| &file.tally),
            Role::Targets | Role::Delegation(_) => self.loaded(role).map(|file| &file.tally),
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
        if self.reasons.insert((role.clone(), why.clone())) {
            self.touched.entry(role).or_default().push(why);
        }
    }

    pub(super) fn witness(&mut self, role: Role) {
        self.touch(role.clone(), "re-signed on request".to_owned());
        self.witnessed.insert(role);
    }

    pub(super) fn create(&mut self, root_key: RootKeyChoice) {
        self.creates = Some(root_key);
        self.signable.take();
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

    /// The tags of a role that are about to change; a missing file begins empty.
    pub(super) fn tags_mut(&mut self, role: &Role) -> &mut BTreeMap<TargetName, Target> {
        &mut self.content_mut(role).targets
    }

    /// The content of a role whose delegations are about to change.
    fn listing_mut(&mut self, role: &Role) -> &mut Targets {
        self.signable.take();
        self.content_mut(role)
    }

    fn content_mut(&mut self, role: &Role) -> &mut Targets {
        match role {
            Role::Delegation(name) => {
                self.delegations.entry(name.clone()).or_insert_with(|| Cow::Owned(Targets::empty())).to_mut()
            }
            _ => self.targets.to_mut(),
        }
    }
}
