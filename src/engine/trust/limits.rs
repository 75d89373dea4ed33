//! How long a file of trust data may be, in bytes.

/// A root: a few keys and signatures.
pub(in crate::engine) const ROOT: u64 = 1 << 20;
/// A timestamp: the hash of one file.
pub(in crate::engine) const TIMESTAMP: u64 = 64 << 10;
/// Any other file: some hundred thousand tags.
pub(in crate::engine) const FILE: u64 = 64 << 20;
