//! Owning a key: making, loading, finding, backing up, removing.

pub mod backed_up;
pub mod backup;
pub mod file;
pub(in crate::engine) mod find;
pub mod load;
pub mod make;
pub mod remove;
