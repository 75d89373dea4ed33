//! What verification gives: a file that was judged, how it stands, and what this machine has seen of its role.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::envelope::Envelope;
use super::fault::VerifyError;
use super::names::Role;
use super::tally::Tally;

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
/// There is no other way to make one than [`TrustedSet`](super::TrustedSet).
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
