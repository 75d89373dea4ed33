//! Verification: who signed, how old, which version, which hash. Reports first, decides afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::envelope::Envelope;
use super::key::PublicKey;
use super::metadata::{FileMeta, RoleKeys, Root, Snapshot, Targets, Timestamp};
use super::names::{CanonicalKeyId, DelegationName, Gun, KeyId, Role};

/// Why metadata is not trusted. One variant for each attack or fault that a caller can tell apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not the shape that the role demands; `at` says where, never the bytes.
    #[error("{role} is not in the form that Notary writes: {at}")]
    Format { role: Role, at: String },
    /// Too big, too deep or too many.
    #[error("{role} is over the limit: {what}")]
    Limit { role: Role, what: String },
    /// Fewer distinct current keys signed than the role needs.
    #[error("{role} is signed by {signed} of {threshold} needed keys")]
    Threshold { role: Role, signed: usize, threshold: u32, expected: Vec<CanonicalKeyId>, found: Vec<KeyId> },
    /// The file has expired.
    #[error("{role} expired at {expired}")]
    Expired { role: Role, expired: Time },
    /// An older version than this machine has seen.
    #[error("{role} is version {got} on the server, this machine has seen {seen}")]
    Rollback { role: Role, seen: u64, got: u64 },
    /// Other bytes under a version that this machine has seen.
    #[error("{role} version {version} has other bytes than this machine has seen under that version")]
    Equivocation { role: Role, version: u64 },
    /// Another hash or length than the file above names.
    #[error("{role} is not the file that {parent} names: {what}")]
    Mix { role: Role, parent: Role, what: String },
    /// The file above does not name this one, although it must.
    #[error("{parent} does not name {role}")]
    Missing { role: Role, parent: Role },
    /// The new root is not signed by the root that this machine trusts.
    #[error("root version {got} is not signed by the root that this machine trusts (version {trusted})")]
    RootChain { trusted: u64, got: u64 },
    /// A root version was skipped.
    #[error("root went from version {trusted} to {got}; each step must be exactly one")]
    RootStep { trusted: u64, got: u64 },
    /// No root key has a usable certificate for this repository.
    #[error("root has no certificate for {gun}: {why}")]
    RootCertificate { gun: Gun, why: String },
    /// The root does not match the configured pin.
    #[error("root does not match trust_pinning for {gun}: {why}")]
    Pin { gun: Gun, why: String },
}

/// Which current keys of a role have signed its file and which have not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Current keys with a valid signature.
    pub signed: Vec<PublicKey>,
    /// Current keys without.
    pub unsigned: Vec<PublicKey>,
    /// IDs on signatures of keys that the role does not list (removed keys, strangers) or that do not verify.
    pub strangers: Vec<KeyId>,
    /// How many distinct bare keys must sign.
    pub threshold: u32,
}

impl Tally {
    /// Distinct bare keys that signed. Stricter than the programs, which count IDs.
    #[must_use]
    pub fn distinct(&self) -> usize {
        todo!()
    }

    /// Whether enough distinct keys signed.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.distinct() >= self.threshold as usize
    }

    /// Whether `docker` and `notary`, which count IDs, would accept what we do not.
    #[must_use]
    pub fn only_by_ids(&self) -> bool {
        !self.is_met() && self.signed.len() >= self.threshold as usize
    }
}

/// Splits a role's keys into those with a valid signature on `envelope` and the rest.
///
/// Walks the keys, not the signatures: a key counts once however often it signed,
/// and a stranger's signature counts for nothing. Source: TUF specification 5.3.4.
#[must_use]
pub fn tally(envelope: &Envelope, role: &RoleKeys) -> Tally {
    let _ = (envelope, role);
    todo!()
}

/// How a verified role file stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Signed by enough current keys and not expired.
    Good,
    /// Signed, but expired.
    Expired,
    /// Too few current keys signed it.
    UnderThreshold,
}

/// A role file that was checked against its keys and the file above it; `standing` says with what result.
///
/// There is no other way to make one than [`TrustedSet`].
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The bytes as received.
    pub envelope: Arc<Envelope>,
    /// What they say.
    pub content: T,
    /// Who signed.
    pub tally: Tally,
    /// Whether it may be trusted.
    pub standing: Standing,
}

/// What this machine has seen of a role: the highest version, and its file's SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seen {
    /// Highest version.
    pub version: u64,
    /// SHA-256 of the file with that version.
    pub sha256: String,
}

/// What this machine has seen, by role name. Empty on first contact.
pub type SeenRoles = BTreeMap<Role, Seen>;

/// Whether expired base roles are an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Reading: nothing expired or under threshold is trusted.
    Trust,
    /// Writing: expired files can be loaded, to renew them. Signatures and hashes must hold all the same.
    Renew,
}

/// What the configuration demands of the first root. Source: notary-v1.md section 9.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Pinning {
    /// `certs`: GUN, or prefix with a trailing `*`, to accepted IDs of root keys.
    pub certs: BTreeMap<String, Vec<String>>,
    /// `ca`: GUN prefix to the PEM text of accepted authorities.
    pub ca: BTreeMap<String, String>,
    /// `disable_tofu`.
    pub disable_tofu: bool,
}

/// Why a delegation's file is not part of the trusted set although the repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetAside {
    /// Signed by too few current keys, or expired; the file is kept to be renewed.
    Invalid(VerifyError),
    /// Listed and seen before, but the new snapshot does not name it.
    Hidden,
}

/// A repository's metadata, verified in TUF order: root, timestamp, snapshot, targets, delegations.
///
/// Each step takes received bytes and either adds a [`Loaded`] file or fails with what is wrong; nothing is stored.
#[derive(Clone, Debug)]
pub struct TrustedSet {
    gun: Gun,
    purpose: Purpose,
    now: Time,
    seen: SeenRoles,
    root: Loaded<Root>,
    timestamp: Option<Loaded<Timestamp>>,
    snapshot: Option<Loaded<Snapshot>>,
    targets: Option<Loaded<Targets>>,
    delegations: BTreeMap<DelegationName, Loaded<Targets>>,
    aside: BTreeMap<DelegationName, SetAside>,
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
        root: &[u8],
        pinning: &Pinning,
        seen: SeenRoles,
        purpose: Purpose,
        now: Time,
    ) -> Result<Self, VerifyError> {
        let _ = (gun, root, pinning, seen, purpose, now);
        todo!()
    }

    /// Takes the next root: exactly one version up, signed by the current root's keys and by its own.
    ///
    /// # Errors
    /// `RootStep`, `RootChain`, `Threshold`, `RootCertificate`, `Equivocation`, `Format`.
    pub fn update_root(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        let _ = bytes;
        todo!()
    }

    /// Ends the walk of roots: the newest must not be expired (unless to renew) nor older than seen.
    ///
    /// # Errors
    /// `Expired`, `Rollback`.
    pub fn finish_root(&mut self) -> Result<(), VerifyError> {
        todo!()
    }

    /// Takes the timestamp. The snapshot version that it leads to may not go back either.
    ///
    /// # Errors
    /// `Format`, `Threshold`, `Rollback`, `Equivocation`, `Expired`.
    pub fn update_timestamp(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        let _ = bytes;
        todo!()
    }

    /// Takes the snapshot that the timestamp names; it must name the current root.
    ///
    /// # Errors
    /// `Mix`, `Format`, `Threshold`, `Rollback`, `Equivocation`, `Expired`, `Missing`.
    pub fn update_snapshot(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        let _ = bytes;
        todo!()
    }

    /// Takes the targets file that the snapshot names.
    ///
    /// # Errors
    /// `Mix`, `Format`, `Threshold`, `Rollback`, `Equivocation`, `Expired`.
    pub fn update_targets(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        let _ = bytes;
        todo!()
    }

    /// Takes the file of a delegation whose parent is loaded. Too few signatures or expiry set it aside (it and what
    /// lies below is not trusted, the rest is); anything else is an error.
    ///
    /// # Errors
    /// `Mix`, `Format`, `Rollback`, `Equivocation`, `Missing`.
    pub fn update_delegation(&mut self, name: &DelegationName, bytes: &[u8]) -> Result<(), VerifyError> {
        let _ = (name, bytes);
        todo!()
    }

    /// Delegations that can be loaded next: listed by a trusted parent, named by the snapshot, not loaded yet. Marks
    /// those that the snapshot hides (listed, seen before, not named) as set aside.
    pub fn pending(&mut self) -> Vec<(DelegationName, FileMeta)> {
        todo!()
    }

    /// The file that the verified chain names for `role`, if it is known by now.
    #[must_use]
    pub fn expected(&self, role: &Role) -> Option<&FileMeta> {
        let _ = role;
        todo!()
    }

    /// What this machine has now seen: the old marks raised by every file that was accepted.
    #[must_use]
    pub fn seen(&self) -> SeenRoles {
        todo!()
    }

    /// The repository's name.
    #[must_use]
    pub fn gun(&self) -> &Gun {
        &self.gun
    }

    /// The time that expiry was judged at.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// What the set was loaded for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &Loaded<Root> {
        &self.root
    }

    /// The timestamp, once loaded.
    #[must_use]
    pub fn timestamp(&self) -> Option<&Loaded<Timestamp>> {
        self.timestamp.as_ref()
    }

    /// The snapshot, once loaded.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Loaded<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// The targets, once loaded.
    #[must_use]
    pub fn targets(&self) -> Option<&Loaded<Targets>> {
        self.targets.as_ref()
    }

    /// All delegation files that were loaded, those set aside as invalid included (`standing` tells).
    #[must_use]
    pub fn delegations(&self) -> &BTreeMap<DelegationName, Loaded<Targets>> {
        &self.delegations
    }

    /// Delegations that are not trusted, and why.
    #[must_use]
    pub fn aside(&self) -> &BTreeMap<DelegationName, SetAside> {
        &self.aside
    }

    /// Keys and threshold of any role that the trusted files list. Includes roles without a file.
    #[must_use]
    pub fn role_keys(&self, role: &Role) -> Option<RoleKeys> {
        let _ = role;
        todo!()
    }
}
