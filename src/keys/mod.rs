//! Private keys: files in Notary's key store, tokens, and what signs with them.
//!
//! Invariant: secrets are zeroised when dropped and have neither `Debug` nor `Display`; key files are created 0600.

pub mod certificate;
pub mod container;
mod der;
mod error;
pub mod hardening;
mod index;
mod legacy;
mod locked;
mod open_error;
pub mod passphrase;
pub mod pem;
pub mod private;
mod secret;
pub mod store;
mod stored;
pub mod strength;
pub mod token;
pub mod words;

pub use certificate::root_certificate;
pub use error::KeyError;
pub use hardening::protect_process;
pub use index::KeyIndex;
pub use open_error::OpenError;
pub use passphrase::Passphrase;
pub use private::PrivateKey;
pub use store::KeyStore;
pub use stored::StoredKey;
pub use strength::Strength;
pub use token::{TokenError, TokenPlace, Tokens};
