//! Tags in both worlds: what is signed beside what the registry holds.
//!
//! Rules:
//!
//! - A digest that is called trusted comes from verified metadata that has not expired.
//! - What the registry says is shown beside it and never taken for it.
//! - Every manifest and blob that is checked is hashed here; who is to be distrusted is said with the fault.
//!
//! ```
//! use trustdeck::engine::tags::trusted::trusted_in;
//! use trustdeck::tuf::Gun;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! # let sandbox = trustdeck::sandbox::start(trustdeck::sandbox::Options { http: true, ..Default::default() }).await?;
//! # let engine = trustdeck::engine::Engine::open(sandbox.settings(), std::sync::Arc::new(jiff::Timestamp::now))?;
//! let gun = Gun::parse("registry.sandbox/team/api")?;
//! let view = engine.tags().relied_on(&gun).await?;
//! let latest = trusted_in(&view, "latest").map_err(|why| format!("{why:?}"))?;
//! println!("docker pull {gun}@{}", latest.digest);
//! assert!(trusted_in(&view, "no-such-tag").is_err());
//! # Ok(())
//! # }
//! ```

pub(crate) mod agree;
pub mod ask;
pub mod candidate;
mod checked;
pub mod compare;
pub mod platforms;
pub mod pushed;
mod reading;
pub mod registered;
pub mod trusted;
pub mod verify;

use super::context::Context;
use super::error::EngineError;
use super::servers::Servers;
use super::view::{RepositoryView, Views};
use crate::remote::registry::RepositoryPath;
use crate::remote::{Registry, RemoteError};
use crate::tuf::Gun;

/// What is known and asked of tags. All clones are one.
#[derive(Clone)]
pub struct Tags {
    context: Context,
    servers: Servers,
    views: Views,
}

impl Tags {
    pub(in crate::engine) fn new(views: &Views) -> Self {
        Self { context: views.context.clone(), servers: views.servers.clone(), views: views.clone() }
    }

    /// The registry of a repository and its path there.
    ///
    /// # Errors
    /// `Input` for a name without a registry, `Remote`.
    pub async fn registry(&self, gun: &Gun) -> Result<(Registry, RepositoryPath), EngineError> {
        self.servers.registry(gun).await
    }

    /// The repository as somebody sees it who relies on its tags: with the server away as the cache has it, until that
    /// expires.
    ///
    /// # Errors
    /// As [`Views::inspect`].
    pub async fn relied_on(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        self.views.inspect(gun).await
    }
}

/// Wraps an error of the registry for a repository.
fn remote(gun: &Gun) -> impl Fn(RemoteError) -> EngineError {
    let gun = gun.clone();
    move |source| EngineError::Remote { gun: Some(gun.clone()), source }
}
