//! The client workflow: each received file is checked against what was verified before it.
//!
//! The rules, in their order; `check` has a function for each:
//!
//! 1. **First root**: one that this machine trusts already, or the first it meets, which the pins of the configuration
//!    must allow. It is signed by its own threshold of keys, in certificates for this repository.
//! 2. **Next roots**: each exactly one version up, signed by the threshold of the root before and by its own.
//! 3. **Every file** has the shape and type of its role and is signed by the threshold of keys that the file above it
//!    lists. Keys are counted without their certificates, and once.
//! 4. **One chain**: the timestamp names the snapshot, and that names root, targets and delegations, by length and
//!    hashes. Other bytes are refused, and so is what nobody names.
//! 5. **Never back**: no version below the highest that was seen of the role, no other bytes under that version. Only a
//!    root that replaces the keys of timestamp or snapshot ends what was seen of these two.
//! 6. **Expiry**: with [`Purpose::Trust`] nothing expired is taken. With [`Purpose::Renew`] it can be loaded, to be signed
//!    again; all other rules hold.
//! 7. **Delegations**, parents first: one with too few signatures or past its expiry is set aside with all below it, and
//!    one that was seen and that the snapshot leaves out is hidden. Anything else is an error.
//! 8. **Bounds**: [`DELEGATIONS`] of them, [`DELEGATION_DEPTH`] deep, [`DELEGATION_BYTES`] together.
//!
//! A step that fails changes nothing, and nothing is stored here.
//!
//! ```
//! use trustdeck::tuf::verify::{Pinning, Purpose, SeenRoles, TrustedSet};
//! use trustdeck::tuf::{Gun, VerifyError};
//!
//! let gun = Gun::parse("registry.example.test/team/app")?;
//! let file = |role: &str| std::fs::read(format!("tests/fixtures/server/{gun}/{role}.json"));
//! let now = "2026-11-25T00:00:00Z".parse()?;
//!
//! let (pins, seen) = (Pinning::default(), SeenRoles::new());
//! let mut set = TrustedSet::start(&gun, file("root")?, &pins, seen, Purpose::Trust, now)?;
//! set.update_timestamp(file("timestamp")?)?;
//! set.update_snapshot(file("snapshot")?)?;
//! // Targets must be the very file that the snapshot names.
//! assert!(matches!(set.update_targets(file("root")?), Err(VerifyError::Mix { .. })));
//! set.update_targets(file("targets")?)?;
//!
//! let targets = set.targets().ok_or("targets were taken")?;
//! assert!(targets.content.targets.keys().any(|tag| tag.as_str() == "v1"));
//! assert_eq!(targets.tally.distinct(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod limits;
mod pending;
mod taken;
mod vouched;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::blob::Blob;
use super::check::{
    CheckedFile, check_equivocation, check_file, check_seen, demand_threshold, expired, limited, standing_at,
    tally_root,
};
use super::count::{tally, tally_knowing};
use super::envelope::Envelope;
use super::fault::VerifyError;
use super::key::PublicKey;
use super::known::KnownSignatures;
use super::loaded::{Loaded, Origin, Purpose, SeenRoles, SetAside, Standing};
use super::metadata::{FileMeta, Metadata, RoleKeys, Root, Snapshot, Targets, Timestamp};
use super::names::{DelegationName, Gun, Role};
use super::pinning::{Pinning, RootKey, root_keys};
use super::prepared::Prepared;
use super::remembered::Remembered;
use super::replaced::forget_replaced;

pub use limits::{DELEGATION_BYTES, DELEGATION_DEPTH, DELEGATIONS, HIGHEST_VERSION, LEAP};

/// A repository's metadata, verified in TUF order: root, timestamp, snapshot, targets, delegations.
///
/// Each step takes received bytes and either adds a [`Loaded`] file or fails with what is wrong; nothing is stored.
#[derive(Clone, Debug)]
pub struct TrustedSet {
    gun: Gun,
    purpose: Purpose,
    now: Time,
    seen: SeenRoles,
    known: Arc<KnownSignatures>,
    remembered: Remembered,
    root: Loaded<Root>,
    root_keys: Vec<RootKey>,
    timestamp: Option<Loaded<Timestamp>>,
    snapshot: Option<Loaded<Snapshot>>,
    targets: Option<Loaded<Targets>>,
    delegations: BTreeMap<DelegationName, Loaded<Targets>>,
    aside: BTreeMap<DelegationName, SetAside>,
    /// Last good files of roles whose file on the server is unknown or hidden.
    recalled: BTreeMap<Role, Loaded<Targets>>,
}

impl TrustedSet {
    /// Starts from a root that this machine already trusts (`trusted`), or from the first one it meets, which
    /// `pinning` must allow. The root must be signed by its own keys, with certificates for `gun`. Its expiry is
    /// judged in [`TrustedSet::finish_root`], after newer roots were tried.
    ///
    /// # Errors
    /// `Format`, `Threshold`, `RootCertificate`, `Pin`.
    pub fn start(
        gun: &Gun,
        root: impl Into<Blob>,
        pinning: &Pinning,
        seen: SeenRoles,
        purpose: Purpose,
        now: Time,
    ) -> Result<Self, VerifyError> {
        let (envelope, content) = Root::open(&Role::Root, root.into())?;
        let root_keys = pinning.admit(gun, root_keys(&content, gun)?, now)?;
        let tally = tally_root(&envelope, &content, &root_keys);
        demand_threshold(&Role::Root, &envelope, &tally)?;
        let standing = standing_at(now, &content);
        let mut remembered = Remembered { files: seen.clone(), ..Remembered::default() };
        remembered.keys.note(&Role::Targets, &content.role_keys(&Role::Targets));
        Ok(Self {
            gun: gun.clone(),
            purpose,
            now,
            seen,
            known: Arc::default(),
            remembered,
            root: Loaded { envelope: Arc::new(envelope), content, tally, standing, origin: Origin::Signed },
            root_keys,
            timestamp: None,
            snapshot: None,
            targets: None,
            delegations: BTreeMap::new(),
            aside: BTreeMap::new(),
            recalled: BTreeMap::new(),
        })
    }

    /// Whether the root, however this machine came to trust it, is one that the configuration allows.
    ///
    /// # Errors
    /// `Pin`.
    pub fn check_pins(&self, pinning: &Pinning) -> Result<(), VerifyError> {
        if !pinning.names(&self.gun) {
            return Ok(());
        }
        pinning.admit(&self.gun, self.root_keys.clone(), self.now).map(drop)
    }

    /// Signatures that need not be verified again in the steps to come.
    #[must_use]
    pub fn knowing(self, known: Arc<KnownSignatures>) -> Self {
        Self { known, ..self }
    }

    /// Takes the next root: exactly one version up, signed by the current root's keys and by its own. Where it replaces
    /// the keys of timestamp or snapshot, their versions may begin anew.
    ///
    /// # Errors
    /// `RootStep`, `RootChain`, `Threshold`, `RootCertificate`, `Equivocation`, `Format`.
    pub fn update_root(&mut self, bytes: impl Into<Blob>) -> Result<(), VerifyError> {
        let (envelope, content) = Root::open(&Role::Root, bytes.into())?;
        let (trusted, got) = (self.root.content.version, content.version);
        if trusted.checked_add(1) != Some(got) {
            return Err(VerifyError::RootStep { trusted, got });
        }
        let before = tally(&envelope, &limited(&self.root.content, &self.root_keys));
        if !before.is_met() {
            return Err(VerifyError::RootChain { trusted, got });
        }
        let root_keys = root_keys(&content, &self.gun)?;
        let tally = tally_root(&envelope, &content, &root_keys);
        demand_threshold(&Role::Root, &envelope, &tally)?;
        check_equivocation(&self.seen, &Role::Root, got, &envelope)?;
        let standing = standing_at(self.now, &content);
        self.remembered.keys.note(&Role::Targets, &content.role_keys(&Role::Targets));
        forget_replaced(&mut self.seen, &self.root.content, &content);
        self.root = Loaded { envelope: Arc::new(envelope), content, tally, standing, origin: Origin::Signed };
        self.root_keys = root_keys;
        self.timestamp = None;
        self.forget_below_timestamp();
        Ok(())
    }

    /// Ends the walk of roots: the newest must not be expired, its certificates neither (unless to renew), nor may it be
    /// older than seen.
    ///
    /// # Errors
    /// `Expired`, `RootCertificate`, `RootNotYet`, `Rollback`.
    pub fn finish_root(&mut self) -> Result<(), VerifyError> {
        let Loaded { envelope, content, .. } = &self.root;
        check_seen(&self.seen, &Role::Root, content.version, envelope)?;
        if self.purpose == Purpose::Trust {
            self.root_certified(self.now)?;
        }
        match (self.root.standing, self.purpose) {
            (Standing::Expired, Purpose::Trust) => Err(expired(&Role::Root, content)),
            _ => Ok(()),
        }
    }

    /// Whether the certificates around the keys that signed root are valid at `now`. Clients refuse a root without;
    /// it can still be renewed.
    ///
    /// # Errors
    /// `RootCertificate`, `RootNotYet`.
    pub fn root_certified(&self, now: Time) -> Result<(), VerifyError> {
        let current =
            |key: &&PublicKey| self.root_keys.iter().any(|root| root.key.id() == key.id() && root.is_current(now));
        let signed: BTreeSet<_> = self.root.tally.signed.iter().filter(current).map(PublicKey::canonical_id).collect();
        if signed.len() >= self.root.tally.threshold as usize {
            return Ok(());
        }
        let gun = self.gun.clone();
        let has_signed = |root: &&RootKey| self.root.tally.signed.iter().any(|key| key.id() == root.key.id());
        Err(match self.root_keys.iter().filter(has_signed).filter_map(|root| root.begins_after(now)).min() {
            Some(begins) => VerifyError::RootNotYet { gun, begins, now },
            None => VerifyError::RootCertificate { gun, why: "the certificate that signed it has ended".to_owned() },
        })
    }

    /// Takes the timestamp. The snapshot version that it leads to may not go back either.
    ///
    /// # Errors
    /// `Format`, `Threshold`, `Rollback`, `Equivocation`, `Expired`.
    pub fn update_timestamp(&mut self, bytes: impl Into<Blob>) -> Result<(), VerifyError> {
        self.finish_root()?;
        let keys = self.root.content.role_keys(&Role::Timestamp);
        let timestamp = self.check(&Role::Timestamp, bytes, &keys)?.accept(|standing| self.may_be_expired(standing))?;
        self.timestamp = Some(timestamp);
        self.forget_below_timestamp();
        Ok(())
    }

    /// Takes the snapshot that the timestamp names; it must name the current root.
    ///
    /// # Errors
    /// `Mix`, `Format`, `Threshold`, `Rollback`, `Equivocation`, `Expired`, `Missing`.
    pub fn update_snapshot(&mut self, bytes: impl Into<Blob>) -> Result<(), VerifyError> {
        let bytes = bytes.into();
        self.check_named(&Role::Snapshot, &bytes)?;
        let keys = self.root.content.role_keys(&Role::Snapshot);
        let checked = self.check::<Snapshot>(&Role::Snapshot, bytes, &keys)?;
        let snapshot = checked.accept(|standing| self.may_be_expired(standing))?;
        check_file(&Role::Root, &Role::Snapshot, snapshot.content.meta.get(&Role::Root), self.root.envelope.bytes())?;
        if !snapshot.content.meta.contains_key(&Role::Targets) {
            return Err(VerifyError::Missing { role: Role::Targets, parent: Role::Snapshot });
        }
        self.forget_below_timestamp();
        self.snapshot = Some(snapshot);
        Ok(())
    }

    /// Takes the targets file that the snapshot names.
    ///
    /// # Errors
    /// `Mix`, `Format`, `Threshold`, `Rollback`, `Equivocation`, `Expired`.
    pub fn update_targets(&mut self, bytes: impl Into<Blob>) -> Result<(), VerifyError> {
        let bytes = bytes.into();
        self.check_named(&Role::Targets, &bytes)?;
        let keys = self.root.content.role_keys(&Role::Targets);
        let checked = self.check(&Role::Targets, bytes, &keys)?;
        // A file that lost its keys can be signed again, so whoever renews it must be able to see it.
        let targets = checked.accept(|_| self.purpose == Purpose::Renew)?;
        self.note_verified(&Role::Targets, &targets);
        self.targets = Some(targets);
        self.delegations.clear();
        self.aside.clear();
        self.recalled.clear();
        Ok(())
    }

    /// Takes the file of a delegation whose parent is loaded. Too few signatures or expiry set it aside (it and what
    /// lies below is not trusted, the rest is); anything else is an error.
    ///
    /// # Errors
    /// `Mix`, `Format`, `Rollback`, `Equivocation`, `Missing`.
    pub fn update_delegation(&mut self, name: &DelegationName, bytes: impl Into<Blob>) -> Result<(), VerifyError> {
        self.take_delegation(name, bytes.into().into())
    }

    /// [`TrustedSet::update_delegation`] for a file that was read ahead.
    ///
    /// # Errors
    /// The same.
    pub fn take_delegation(&mut self, name: &DelegationName, file: Prepared) -> Result<(), VerifyError> {
        let role = Role::Delegation(name.clone());
        let parent = name.parent();
        let keys = self.parent_of(name).and_then(|listing| listing.delegation_role_keys(name));
        let keys = keys.ok_or_else(|| VerifyError::Missing { role: role.clone(), parent })?;
        self.check_named(&role, &file.bytes)?;
        let (envelope, content) = file.open(&role)?;
        let CheckedFile { loaded, fault } = self.judge(&role, envelope, content, &keys)?;
        let below = format!("{name}/");
        self.delegations.retain(|other, _| !other.as_str().starts_with(&below));
        self.aside.retain(|other, _| other != name && !other.as_str().starts_with(&below));
        self.note_verified(&role, &loaded);
        self.delegations.insert(name.clone(), loaded);
        if let Some(fault) = fault {
            self.aside.insert(name.clone(), SetAside::Invalid(fault));
        }
        Ok(())
    }

    /// The file that the verified chain names for `role`, if it is known by now.
    #[must_use]
    pub fn expected(&self, role: &Role) -> Option<&FileMeta> {
        match role {
            Role::Timestamp => None,
            Role::Snapshot => self.timestamp.as_ref().map(|timestamp| &timestamp.content.snapshot),
            _ => self.snapshot.as_ref()?.content.meta.get(role),
        }
    }

    /// The files whose delegations count: targets, and delegations that are good.
    fn listings(&self) -> impl Iterator<Item = &Targets> {
        let good = self.delegations.values().filter(|loaded| loaded.standing == Standing::Good);
        self.targets.iter().chain(good).map(|loaded| &loaded.content)
    }

    /// The file that lists `name`, or would, if that is trusted.
    fn parent_of(&self, name: &DelegationName) -> Option<&Targets> {
        let parent = match name.parent() {
            Role::Delegation(parent) => self.delegations.get(&parent).filter(|p| p.standing == Standing::Good),
            _ => self.targets.as_ref(),
        };
        parent.map(|loaded| &loaded.content)
    }

    /// Whether a trusted file above `name` has dropped it, or what it stood below.
    fn is_delisted(&self, name: &DelegationName) -> bool {
        let above = name.parent().delegation().is_some_and(|parent| self.is_delisted(parent));
        above || self.parent_of(name).is_some_and(|listing| listing.delegation(name).is_none())
    }

    fn may_be_expired(&self, standing: Standing) -> bool {
        standing == Standing::Expired && self.purpose == Purpose::Renew
    }

    fn forget_below_timestamp(&mut self) {
        self.snapshot = None;
        self.targets = None;
        self.delegations.clear();
        self.aside.clear();
        self.recalled.clear();
    }

    /// Parses and judges a file. What no purpose tolerates fails; age and missing signatures are for the caller.
    fn check<T: Metadata>(
        &self,
        role: &Role,
        bytes: impl Into<Blob>,
        keys: &RoleKeys,
    ) -> Result<CheckedFile<T>, VerifyError> {
        let (envelope, content) = T::open(role, bytes.into())?;
        self.judge(role, envelope, content, keys)
    }

    fn judge<T: Metadata>(
        &self,
        role: &Role,
        envelope: Envelope,
        content: T,
        keys: &RoleKeys,
    ) -> Result<CheckedFile<T>, VerifyError> {
        let tally = tally_knowing(&envelope, keys, &self.known);
        let (standing, fault) = match demand_threshold(role, &envelope, &tally) {
            // Nobody vouches for its version, so that is compared with nothing.
            Err(fault) => (Standing::UnderThreshold, Some(fault)),
            Ok(()) => {
                check_seen(&self.seen, role, content.version(), &envelope)?;
                let standing = standing_at(self.now, &content);
                (standing, (standing == Standing::Expired).then(|| expired(role, &content)))
            }
        };
        let origin = self.origin(role, &envelope, content.version(), &tally);
        Ok(CheckedFile { loaded: Loaded { envelope: Arc::new(envelope), content, tally, standing, origin }, fault })
    }

    /// Compares with the file that the verified chain names.
    fn check_named(&self, role: &Role, bytes: &Blob) -> Result<(), VerifyError> {
        let parent = if *role == Role::Snapshot { Role::Timestamp } else { Role::Snapshot };
        check_file(role, &parent, self.expected(role), bytes)
    }
}
