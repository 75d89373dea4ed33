//! Notary's dialect of TUF, pure: no IO, clock, randomness or async. Time is passed in.
//!
//! Rules:
//!
//! - Bytes from outside become an [`Envelope`]: parsed strictly, trusted by nobody.
//! - Only [`TrustedSet`] turns them into [`Loaded`] files, in TUF's order; [`trusted`] lists what it demands.
//! - A signature is checked in one place, `bare`; the key decides the algorithm, and each key counts once, however it is
//!   wrapped.
//! - Names ([`Gun`], [`Role`], [`TargetName`] …) are checked where they enter and trusted afterwards.
//! - What is written is what Notary's programs would write, to the byte: docs/notary-v1.md section 4.
//!
//! ```
//! use trustdeck::tuf::{Envelope, Gun, Metadata, Role, Targets};
//!
//! let gun = Gun::parse("registry.example.test/team/app")?;
//! let bytes = std::fs::read(format!("tests/fixtures/server/{gun}/targets.json"))?;
//! // Parsed, and no more than that: who signed it nobody has asked yet.
//! let (envelope, content) = Targets::open(&Role::Targets, bytes.into())?;
//! assert_eq!((content.version, envelope.signatures().len()), (4, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs)]

mod algorithm;
pub mod armour;
mod bare;
pub mod blob;
mod budget;
pub mod canonical;
mod certificate;
mod check;
pub mod content;
mod count;
mod custom;
pub mod delegation;
pub mod envelope;
mod fault;
pub mod foreign;
pub mod hashes;
mod inside;
pub mod key;
pub mod known;
mod loaded;
mod look;
mod message;
pub mod metadata;
pub mod names;
pub(crate) mod pem;
pub mod pinning;
mod prepared;
mod read;
mod remembered;
mod replaced;
mod shape;
mod signature;
mod tally;
mod time;
pub mod trusted;
pub(crate) mod wrapped;
mod write;

pub use algorithm::{Algorithm, KeyType, Method};
pub use blob::Blob;
pub use certificate::CertificateFacts;
pub use custom::Custom;
pub use delegation::{effective_paths, walk};
pub use envelope::Envelope;
pub use fault::VerifyError;
pub use hashes::Hashes;
pub use key::PublicKey;
pub use known::KnownSignatures;
pub use loaded::{Loaded, Origin, Standing, Verified};
pub use metadata::{Delegation, FileMeta, Metadata, RoleKeys, Root, Snapshot, Target, Targets, Timestamp};
pub use names::{CanonicalKeyId, DelegationName, Gun, KeyId, NameError, Role, SignerName, TargetName};
pub use prepared::Prepared;
pub use remembered::{ListedKeys, Remembered};
pub use signature::Signature;
pub use tally::Tally;
pub use trusted::TrustedSet;

/// What verification takes and gives.
pub mod verify {
    pub use super::count::{tally, tally_knowing};
    pub use super::fault::VerifyError;
    pub use super::loaded::{Leap, Leaps, Loaded, Origin, Purpose, Seen, SeenRoles, SetAside, Standing, Verified};
    pub use super::pinning::Pinning;
    pub use super::replaced::forget_replaced;
    pub use super::tally::Tally;
    pub use super::trusted::{DELEGATION_DEPTH, DELEGATIONS, HIGHEST_VERSION, LEAP, TrustedSet};
}
