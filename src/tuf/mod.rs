//! Notary's dialect of TUF, pure: no IO, clock, randomness or async.
//!
//! Invariant: bytes from outside become [`envelope::Envelope`] (parsed, trusted by nobody), and only
//! [`verify`] turns them into [`verify::Loaded`], which says who signed. Time is passed in.

mod bare;
pub mod blob;
pub mod canonical;
mod certificate;
mod check;
pub mod delegation;
pub mod envelope;
pub mod hashes;
mod inside;
pub mod key;
pub mod known;
mod members;
pub mod metadata;
pub mod names;
mod pem;
pub mod pinning;
mod prepared;
mod read;
pub mod trusted;
pub mod verify;
mod write;

pub use blob::Blob;
pub use delegation::{effective_paths, walk};
pub use envelope::{Envelope, Signature};
pub use hashes::Hashes;
pub use key::{Algorithm, KeyType, Method, PublicKey};
pub use known::KnownSignatures;
pub use metadata::{Delegation, FileMeta, Metadata, RoleKeys, Root, Snapshot, Target, Targets, Timestamp};
pub use names::{CanonicalKeyId, DelegationName, Gun, KeyId, NameError, Role, SignerName, TargetName};
pub use prepared::Prepared;
pub use verify::{Loaded, Standing, Tally, TrustedSet, VerifyError};
