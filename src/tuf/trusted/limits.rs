//! How much of a repository is loaded at most.

/// Most delegations of a repository that are loaded.
pub const DELEGATIONS: usize = 1024;

/// Most bytes of all delegation files of a repository together.
pub const DELEGATION_BYTES: u64 = 256 << 20;

/// Deepest delegation that is loaded, in segments after `targets`.
pub const DELEGATION_DEPTH: usize = 32;
