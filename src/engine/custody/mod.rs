//! Owning a key: making, loading, finding, backing up, removing.

pub mod backed_up;
pub mod backup;
pub(in crate::engine) mod file;
pub(in crate::engine) mod find;
pub mod load;
pub mod make;
mod part;
pub mod remove;
mod token;

pub use part::Custody;
