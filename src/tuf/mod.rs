//! Notary's dialect of TUF, pure: no IO, clock, randomness or async.
//!
//! Invariant: bytes from outside become [`Envelope`] (parsed, trusted by nobody), and only
//! [`TrustedSet`] turns them into [`Loaded`], which says who signed. Time is passed in.

mod algorithm;
mod bare;
pub mod blob;
pub mod canonical;
mod certificate;
mod check;
mod count;
pub mod delegation;
pub mod envelope;
mod fault;
pub mod hashes;
mod inside;
pub mod key;
pub mod known;
mod loaded;
mod members;
pub mod metadata;
pub mod names;
mod pem;
pub mod pinning;
mod prepared;
mod read;
mod signature;
mod tally;
pub mod trusted;
mod write;

pub use algorithm::{Algorithm, KeyType, Method};
pub use blob::Blob;
pub use certificate::CertificateFacts;
pub use delegation::{effective_paths, walk};
pub use envelope::Envelope;
pub use fault::VerifyError;
pub use hashes::Hashes;
pub use key::PublicKey;
pub use known::KnownSignatures;
pub use loaded::{Loaded, Standing};
pub use metadata::{Delegation, FileMeta, Metadata, RoleKeys, Root, Snapshot, Target, Targets, Timestamp};
pub use names::{CanonicalKeyId, DelegationName, Gun, KeyId, NameError, Role, SignerName, TargetName};
pub use prepared::Prepared;
pub use signature::Signature;
pub use tally::Tally;
pub use trusted::TrustedSet;

/// What verification takes and gives.
pub mod verify {
    pub use super::count::{tally, tally_knowing};
    pub use super::fault::VerifyError;
    pub use super::loaded::{Loaded, Purpose, Seen, SeenRoles, SetAside, Standing};
    pub use super::pinning::Pinning;
    pub use super::tally::Tally;
    pub use super::trusted::TrustedSet;
}
