//! What is true of repositories: the server asked, the answer verified, and what this machine remembers.
//!
//! Rules:
//!
//! - Guess, then check: files are asked for early, and used only if the verified chain names them.
//! - The cache changes only when the whole chain is good, and what was seen of a role only rises.
//! - A root that this machine remembers is never replaced by one that it has not signed.
//! - Age is judged anew each time: what has expired can be shown and renewed, not believed.
//! - If the server cannot be asked, what is shown from the cache says so; what looks like an attack never falls back to it.
//!
//! ```
//! use trustdeck::tuf::Gun;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, empty: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let gun = Gun::parse("registry.sandbox/team/api")?;
//! engine.trust().add_entry(&gun)?;
//! assert!(engine.views().entries()?.iter().any(|entry| entry.gun == gun && entry.added));
//! # Ok(())
//! # }
//! ```

pub mod alike;
pub(in crate::engine) mod ask;
pub(in crate::engine) mod cache;
mod commit;
pub(in crate::engine) mod fresh;
pub(in crate::engine) mod judge;
pub(in crate::engine) mod limits;
pub(in crate::engine) mod local;
pub(in crate::engine) mod look;
pub(in crate::engine) mod memory;
pub mod notice;
pub(in crate::engine) mod old_roots;
mod part;
pub(in crate::engine) mod pin;
pub(in crate::engine) mod recognise;
pub(in crate::engine) mod repositories;
pub mod session;
pub(in crate::engine) mod source;
pub mod tree;

pub use part::Trust;
