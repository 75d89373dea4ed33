//! Repositories as this machine knows them: what was loaded in this process, the list, and the pins.

pub(in crate::engine) mod ask;
pub(in crate::engine) mod cache;
pub(in crate::engine) mod fresh;
pub(in crate::engine) mod judge;
pub(in crate::engine) mod local;
pub(in crate::engine) mod look;
pub(in crate::engine) mod memory;
pub(in crate::engine) mod old_roots;
mod part;
pub(in crate::engine) mod pin;
pub(in crate::engine) mod repositories;
pub mod session;
pub(in crate::engine) mod source;
pub mod tree;

pub use part::Trust;
