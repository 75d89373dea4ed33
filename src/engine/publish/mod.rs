//! Publishing: fetch, plan again, sign, upload, check as a client with an empty cache.

pub(in crate::engine) mod attempt;
mod attend;
pub(in crate::engine) mod creation;
pub mod job;
pub(in crate::engine) mod landing;
pub mod outcome;
mod part;
pub mod sign;
pub(in crate::engine) mod upload;
pub(in crate::engine) mod versions;

pub use part::Publisher;
