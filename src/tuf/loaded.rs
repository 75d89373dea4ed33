//! What verification gives: a file that was judged, how it stands, and what this machine has seen of its role.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::envelope::Envelope;
use super::fault::VerifyError;
use super::key::PublicKey;
use super::metadata::Targets;
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

/// Who speaks for the content of a file, so that it may be the base of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The keys that list it now have signed it to their threshold, however old it is.
    Signed,
    /// Its signers were removed, but this machine has verified these very bytes before.
    Seen,
    /// Its signers were removed: keys that verified files listed for the role before, and of those that still are.
    Former(Vec<PublicKey>),
    /// Nobody that this machine knows of: anybody may have written it.
    Unknown,
}

impl Origin {
    /// Whether somebody with the right to it has signed the content.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        *self != Self::Unknown
    }

    /// Whether it was signed, now or when this machine verified it, by keys that counted.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Signed | Self::Seen)
    }
}

/// Content that an edit may begin with, and its version.
///
/// Only a [`TrustedSet`](super::TrustedSet) makes one: from a file that is signed, or was when this machine saw it.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    pub(super) file: &'a Loaded<Targets>,
}

impl<'a> Verified<'a> {
    /// What it says.
    #[must_use]
    pub fn content(self) -> &'a Targets {
        &self.file.content
    }

    /// The file itself.
    #[must_use]
    pub fn file(self) -> &'a Loaded<Targets> {
        self.file
    }
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
    /// Who speaks for its content.
    pub origin: Origin,
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

/// A version that rose further at once than [`LEAP`](super::verify::LEAP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Leap {
    /// The highest version that was verified before.
    pub from: u64,
    /// The version after it.
    pub to: u64,
}

/// The roles whose last file leapt.
pub type Leaps = BTreeMap<Role, Leap>;

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
