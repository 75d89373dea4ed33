//! Which trust server a repository has, and the one kept client for it.
//!
//! Rules:
//!
//! - The address comes from the strongest of flag, configuration, environment and Notary's configuration; `status` says which.
//! - Logins are Docker's, asked for as Docker does: docs/notary-v1.md section 14.3. A helper that hangs is ended.
//! - A token realm on another host gets a login only once somebody has allowed it.
//! - No repository's name turns the check of certificates off.
//!
//! ```
//!
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, empty: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! engine.servers().accept_realm("auth.example.com")?;
//! assert!(engine.servers().accept_realm("https://auth.example.com/token").is_err());
//! # Ok(())
//! # }
//! ```

pub(in crate::engine) mod certificates;
pub(in crate::engine) mod credentials;
pub(in crate::engine) mod docker_config;
pub(in crate::engine) mod helper;
mod part;
pub(in crate::engine) mod realms;
pub(in crate::engine) mod registries;
mod spoken;

pub use credentials::{Asker, Login};
pub use helper::end_helpers;
pub use part::Servers;
pub(in crate::engine) use part::{endpoint_of, way};
