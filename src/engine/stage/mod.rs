//! The stage: our own journal of changes, kept apart from Notary's changelist.

pub mod foreign;
pub(in crate::engine) mod gather;
pub(in crate::engine) mod journal;
pub(in crate::engine) mod kept;
mod part;
pub(in crate::engine) mod planned;

pub use part::Staging;
