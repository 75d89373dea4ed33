//! How much of a repository is loaded at most, and how far versions go.

use super::super::canonical::EXACT;

/// Most delegations of a repository that are loaded.
pub const DELEGATIONS: usize = 1024;

/// Most bytes of all delegation files of a repository together.
pub const DELEGATION_BYTES: u64 = 256 << 20;

/// How far a role's version may rise at once above the highest that was verified: people publish less often than that,
/// and whoever has stolen a key can use up the numbers of a role.
pub const LEAP: u64 = 1000;

/// The highest version that can be published: Notary's clients read numbers as 64-bit floats, and one beyond those would
/// be read as another one.
pub const HIGHEST_VERSION: u64 = EXACT - 1;

/// Deepest delegation that is loaded, in segments after `targets`.
pub const DELEGATION_DEPTH: usize = 32;
