//! Verification: who signed, how old, which version, which hash. Reports first, decides afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::envelope::{Envelope, Signature};
use super::key::PublicKey;
use super::known::KnownSignatures;
use super::metadata::RoleKeys;
use super::names::{CanonicalKeyId, Gun, KeyId, Role};

pub use super::pinning::Pinning;
pub use super::trusted::TrustedSet;

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
        self.signed.iter().map(PublicKey::canonical_id).collect::<BTreeSet<_>>().len()
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
    tally_knowing(envelope, role, &KnownSignatures::default())
}

/// [`tally`] that does not verify again what is known.
#[must_use]
pub fn tally_knowing(envelope: &Envelope, role: &RoleKeys, known: &KnownSignatures) -> Tally {
    let message = envelope.canonical();
    let verifies = |key: &PublicKey| envelope.signatures().iter().any(|signature| key.verifies(message, signature));
    let by_key = |key: &PublicKey| known.vouch(envelope, key) || verifies(key);
    let (signed, unsigned): (Vec<PublicKey>, Vec<PublicKey>) = role.keys.iter().cloned().partition(by_key);
    let current = |signature: &&Signature| signed.iter().any(|key| *key.id() == signature.key);
    let strangers = envelope.signatures().iter().filter(|s| !current(s)).map(|s| s.key.clone()).collect();
    Tally { signed, unsigned, strangers, threshold: role.threshold }
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

/// Why a delegation's file is not part of the trusted set although the repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetAside {
    /// Signed by too few current keys, or expired; the file is kept to be renewed.
    Invalid(VerifyError),
    /// Listed and seen before, but the new snapshot does not name it.
    Hidden,
}
