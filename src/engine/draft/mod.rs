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
mod begin;
pub mod change;
pub(in crate::engine) mod conflicts;
pub(in crate::engine) mod delegations;
mod listed;
pub mod pulled;
pub(in crate::engine) mod revoke;
pub(in crate::engine) mod rotation;
pub mod signing;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use jiff::Timestamp as Time;

use crate::tuf::{
    CanonicalKeyId, Delegation, DelegationName, Role, RoleKeys, Target, TargetName, Targets, TrustedSet,
    effective_paths,
};
use applied::Result;
use base_roles::BaseRoles;
use change::RootKeyChoice;

/// What changes are applied to, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The verified files; `None` if the server has no trust data.
    pub set: Option<&'a TrustedSet>,
    /// What this machine verified before of a repository that its server does not know any more.
    pub copy: Option<&'a TrustedSet>,
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
pub enum DraftRemark {
    /// A purged key stays in this role, which cannot be signed here.
    PurgeSkipped { role: Role },
    /// A revoked tag stays in this role, which cannot be signed here or was not named.
    StillListed { tag: TargetName, role: Role },
    /// A removed signer's key stays in releases, because another signer holds it.
    KeyKept { key: CanonicalKeyId, signer: DelegationName },
}

impl DraftRemark {
    /// The role that still lists a tag, if this says so.
    fn still_lists(&self, wanted: &TargetName) -> Option<Role> {
        match self {
            Self::StillListed { tag, role } if tag == wanted => Some(role.clone()),
            _ => None,
        }
    }
}

/// The files as they will be, and which of them must be signed.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    ground: Ground<'a>,
    /// Verified content, as on the server until it changes: most drafts change one file or none, and a file may hold
    /// thousands of tags.
    files: BTreeMap<Role, Cow<'a, Targets>>,
    /// Roles whose content on the server is taken although nobody known has signed it.
    adopted: BTreeSet<Role>,
    /// Roles whose last good file is taken in the place of what the server has.
    restored: BTreeSet<Role>,
    touched: BTreeMap<Role, Vec<String>>,
    /// The same reasons, to find one among thousands.
    reasons: HashSet<(Role, String)>,
    /// Forgotten when delegations change.
    signable: OnceLock<Vec<Signable>>,
    removed: BTreeSet<DelegationName>,
    witnessed: BTreeSet<Role>,
    creates: Option<RootKeyChoice>,
    deletes: bool,
    republishes: bool,
    remarks: Vec<DraftRemark>,
    pub(super) base: BaseRoles,
}

impl<'a> Draft<'a> {
    /// Starts from what is on the server.
    #[must_use]
    pub fn new(ground: Ground<'a>) -> Self {
        Self {
            ground,
            files: ground.set.into_iter().flat_map(begin::verified_files).collect(),
            adopted: BTreeSet::new(),
            restored: BTreeSet::new(),
            touched: BTreeMap::new(),
            reasons: HashSet::new(),
            signable: OnceLock::new(),
            removed: BTreeSet::new(),
            witnessed: BTreeSet::new(),
            creates: None,
            deletes: false,
            republishes: false,
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

    /// Whether this machine's copy of a lost repository is sent as it is.
    #[must_use]
    pub fn republishes(&self) -> bool {
        self.republishes
    }

    /// What is on the server once this machine's copy was sent, if it is.
    #[must_use]
    pub fn sent_copy(&self) -> Option<Self> {
        let copy = self.ground.copy.filter(|_| self.republishes)?;
        Some(Self::new(Ground { set: Some(copy), copy: None, ..self.ground }))
    }

    /// What came up.
    #[must_use]
    pub fn remarks(&self) -> &[DraftRemark] {
        &self.remarks
    }

    /// The content of `targets` or of a delegation that has a file and was verified, or taken all the same.
    #[must_use]
    pub fn content(&self, role: &Role) -> Option<&Targets> {
        self.files.get(role).map(Cow::as_ref)
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
        let targets = self.content(&Role::Targets);
        let entries = targets.into_iter().flat_map(|targets| targets.delegations.iter().flatten());
        let listed: Vec<Role> = entries.map(|d| d.name.clone().into()).collect();
        if listed.is_empty() {
            return vec![Signable { role: Role::Targets, paths: vec![String::new()] }];
        }
        let signable = |role: Role| Signable { paths: self.paths(&role), role };
        listed.into_iter().filter(|role| self.can_sign(role)).map(signable).collect()
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
        self.files.entry(Role::Targets).or_insert_with(|| Cow::Owned(Targets::empty()));
        self.touch(Role::Root, "created".to_owned());
        self.touch(Role::Targets, "created".to_owned());
    }

    pub(super) fn republish(&mut self) {
        self.republishes = true;
    }

    pub(super) fn delete(&mut self) {
        self.deletes = true;
    }

    pub(super) fn remark(&mut self, remark: DraftRemark) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// The tags of a role that are about to change; a missing file begins empty.
    ///
    /// # Errors
    /// As [`Draft::content_mut`].
    pub(super) fn tags_mut(&mut self, role: &Role) -> Result<&mut BTreeMap<TargetName, Target>> {
        Ok(&mut self.content_mut(role)?.targets)
    }

    /// The content of a role whose delegations are about to change.
    fn listing_mut(&mut self, role: &Role) -> Result<&mut Targets> {
        self.signable.take();
        self.content_mut(role)
    }
}
