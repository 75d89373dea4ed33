//! Keys at hand: what the store holds, what is unlocked, and what people call it.
//!
//! Invariant: nothing here waits for the network, and only [`Keyring::unlock`] computes for long.

pub(in crate::engine) mod backed_up;
pub(in crate::engine) mod held;
pub(in crate::engine) mod index;
pub(in crate::engine) mod labels;
pub(in crate::engine) mod names;
pub(in crate::engine) mod open;
mod part;
pub(in crate::engine) mod refused_pins;
pub(in crate::engine) mod seen_tokens;
pub mod sources;
pub mod tokens;
pub mod tried;

pub use part::Keyring;
