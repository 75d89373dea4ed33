//! Keys at hand: what the store and tokens hold, what is unlocked, and what people call it.
//!
//! Rules:
//!
//! - Nothing here waits for the network, and only `unlock` computes for long.
//! - An open key is forgotten after a while without use, and all at once when asked.
//! - Passphrases for scripts are read once at start, and each source is tried once for each key.
//! - A PIN that a token has refused is not tried there again, nor where that could lock the token.
//!
//! ```
//! use trustdeck::engine::Passphrase;
//! use trustdeck::sandbox::PASSPHRASE;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let keys = engine.views().keys()?;
//! let own = keys.iter().find(|key| key.role == "root").ok_or("the scene has a root key")?;
//! assert!(engine.keyring().unlock(&own.id, &Passphrase::from_text("another one")).is_err());
//! engine.keyring().unlock(&own.id, &Passphrase::from_text(PASSPHRASE))?;
//! engine.keyring().lock_all();
//! # Ok(())
//! # }
//! ```

pub(in crate::engine) mod backed_up;
pub(in crate::engine) mod held;
pub(in crate::engine) mod index;
pub(in crate::engine) mod labels;
pub(in crate::engine) mod open;
pub(in crate::engine) mod other_stores;
mod part;
pub(in crate::engine) mod refused_pins;
pub(in crate::engine) mod seen_tokens;
pub mod sources;
pub mod tokens;
pub mod tried;

pub use part::Keyring;
