//! Why metadata is not trusted.

use jiff::Timestamp as Time;

use super::names::{CanonicalKeyId, Gun, KeyId, Role};

/// Why metadata is not trusted. One variant for each attack or fault that a caller can tell apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the variants say what their fields are
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
    /// A step between the trusted root and the server's is missing there.
    #[error(
        "the server has root version {current}, and this machine trusts version {trusted}; version {missing}, which must \
         lead from one to the other, is missing there"
    )]
    RootGap { trusted: u64, missing: u64, current: u64 },
    /// No root key has a usable certificate for this repository.
    #[error("root has no certificate for {gun}: {why}")]
    RootCertificate { gun: Gun, why: String },
    /// The certificate that signed root begins later than the clock says: the clock is wrong, or the signer's was.
    #[error("the certificate of root for {gun} is valid from {begins:.0} on, and this machine's clock says {now:.0}")]
    RootNotYet { gun: Gun, begins: Time, now: Time },
    /// The configuration allows no root at all: its file is at fault, not the root.
    #[error("trust_pinning allows no root for {gun}: {why}")]
    PinEntry { gun: Gun, why: String },
    /// The root does not match the configured pin.
    #[error("root does not match trust_pinning for {gun}: {why}")]
    Pin { gun: Gun, why: String },
}
