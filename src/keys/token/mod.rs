//! Keys on hardware tokens, behind PKCS#11.
//!
//! Rules:
//!
//! - A module is foreign code: it is called from one thread of its own, never from a task.
//! - A private key never leaves its token.
//! - A PIN that was refused is not tried a second time; one try that could lock the token is a person's.

#[cfg(feature = "pkcs11")]
mod card;
#[cfg(not(feature = "pkcs11"))]
#[path = "without.rs"]
mod card;
mod entry;
mod facts;
mod key;
pub mod layout;
mod module;
mod pin;
mod signing;
mod work;
mod worker;

pub use entry::NewEntry;
pub use facts::{TokenEntry, TokenFacts};
pub use layout::Dialect;
pub use module::{SUPPORTED, check as check_module};
pub use pin::{Pin, Pins};
pub use worker::Tokens;

pub use super::attendant::{Attendant, Touch};
pub use super::token_error::{PinState, TokenError};
pub use super::token_place::{TokenName, TokenPlace};
