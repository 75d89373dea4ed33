//! Owning a key: making, loading, finding, backing up, removing. Blocking.
//!
//! Rules:
//!
//! - Nothing is skipped in silence: what a file holds is imported or named.
//! - A backup counts once it was opened again and every key unlocked from it; a key without one is not removed unless told so.
//! - No key file is ever overwritten; what comes out of a backup or an archive is hostile until it was checked.
//! - A new passphrase is long enough before a key is made under it.
//!
//! ```
//! use trustdeck::engine::{NewPassphrase, Passphrase};
//! use trustdeck::engine::custody::make::NewKey;
//! use trustdeck::tuf::Algorithm;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, empty: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let dir = sandbox.layout().dir().to_owned();
//! let new = NewKey { name: "jeff".to_owned(), algorithm: Algorithm::EcdsaP256, gun: None, dir };
//! let passphrase = NewPassphrase::new(Passphrase::from_text("several random words"))?;
//! let made = engine.custody().generate_key(&new, &passphrase)?;
//! assert_eq!(engine.custody().not_backed_up()?, [made.id]);
//! # Ok(())
//! # }
//! ```

pub mod backed_up;
pub mod backup;
pub mod file;
pub(in crate::engine) mod find;
pub mod load;
pub mod make;
mod part;
pub mod remove;
mod token;

pub use part::Custody;
