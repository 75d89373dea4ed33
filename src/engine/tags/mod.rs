//! Tags in both worlds: what is signed beside what the registry holds.
//!
//! Invariant: a digest that is called trusted comes from verified metadata that has not expired; what the registry says
//! is shown beside it and never taken for it.

pub mod compare;
pub mod pushed;
pub mod trusted;
pub mod verify;

use std::sync::Arc;

use super::{Engine, EngineError, RepositoryView};
use crate::remote::registry::RepositoryPath;
use crate::remote::{Registry, RemoteError};
use crate::tuf::Gun;

/// What is known and asked of tags. Cheap to clone.
#[derive(Clone)]
pub struct Tags {
    engine: Engine,
}

impl Engine {
    /// Tags: signed ones beside those of the registry.
    #[must_use]
    pub fn tags(&self) -> Tags {
        Tags { engine: self.clone() }
    }
}

impl Tags {
    /// The registry of a repository and its path there.
    ///
    /// # Errors
    /// `Input` for a name without a registry, `Remote`.
    pub async fn registry(&self, gun: &Gun) -> Result<(Registry, RepositoryPath), EngineError> {
        let servers = &self.engine.inner.servers;
        let credentials = Arc::clone(&servers.credentials);
        servers.registries.client(self.engine.settings(), credentials, gun).await
    }

    /// The repository as somebody sees it who relies on its tags.
    async fn relied_on(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        self.engine.inspect(gun).await
    }

    /// The repository as it stands, expired or not.
    async fn looked_at(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        self.engine.refresh(gun).await
    }
}

/// Wraps an error of the registry for a repository.
fn remote(gun: &Gun) -> impl Fn(RemoteError) -> EngineError {
    let gun = gun.clone();
    move |source| EngineError::Remote { gun: Some(gun.clone()), source }
}
