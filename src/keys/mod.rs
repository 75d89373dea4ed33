//! Private keys: files in Notary's key store, tokens, and what signs with them.
//!
//! Rules:
//!
//! - Secrets are wiped when dropped, lie on locked pages where the system allows it, and have neither `Debug` nor `Display`.
//! - Key files are made with mode 0600, whole or not at all, and never overwritten.
//! - A key file is hostile: its size, its rounds and its memory are bounded before anything is computed.
//! - What is written is what Notary can read: docs/notary-v1.md section 2. What is read is more than that.
//! - A key signs only in the name of a public key that is its own. RSA is signed by AWS-LC.
//! - A key on a token never leaves it, and a PIN is tried once.
//!
//! ```
//! use trustdeck::keys::{Passphrase, PrivateKey};
//!
//! let file = std::fs::read("tests/fixtures/keyfiles/ec-pkcs8-pbes2-sha1-aes256.pem")?;
//! assert!(PrivateKey::from_pem(&file, Some(&Passphrase::from_text("another one"))).is_err());
//! let key = PrivateKey::from_pem(&file, Some(&Passphrase::from_text("repopass1")))?;
//! let signature = key.sign(key.public(), b"message")?;
//! assert!(key.public().verifies(b"message", &signature));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs)]

mod attendant;
pub mod certificate;
pub mod container;
mod der;
mod error;
pub mod files;
pub mod hardening;
mod index;
mod legacy;
mod locked;
pub mod old_names;
mod open_error;
pub mod passphrase;
pub mod pem;
pub mod private;
mod secret;
pub mod store;
mod stored;
pub mod strength;
pub mod token;
mod token_error;
mod token_place;
pub mod words;

pub use certificate::root_certificate;
pub use error::KeyError;
pub use hardening::protect_process;
pub use index::KeyIndex;
pub use open_error::OpenError;
pub use passphrase::Passphrase;
pub use private::PrivateKey;
pub use store::KeyStore;
pub use stored::{Exposure, StoredKey};
pub use strength::{NewPassphrase, Strength, TooShort};
pub use token::Tokens;
pub use token_error::TokenError;
pub use token_place::TokenPlace;
