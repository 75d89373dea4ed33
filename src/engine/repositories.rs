//! Repositories as this machine knows them: the list, the cache, the pins, and refreshing.

use std::sync::Arc;

use super::{Engine, EngineError, Entry, RepositoryView, Settings};
use crate::tuf::{Gun, KeyId, TrustedSet};

/// What was loaded in this process, by repository.
pub(super) struct Repositories {}

impl Repositories {
    /// Reads the list of repositories.
    pub(super) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let _ = settings;
        Ok(Self {})
    }
}

/// Metadata that a plan can be computed from.
#[derive(Clone)]
#[allow(dead_code)]
pub(super) struct Base {
    /// Loaded with [`crate::tuf::verify::Purpose::Renew`], so that expired files can be renewed; `None` if the server
    /// has no trust data.
    pub(super) set: Option<Arc<TrustedSet>>,
    /// When it was last verified against the server.
    pub(super) verified_at: Option<jiff::Timestamp>,
}

/// For the rest of the engine.
#[allow(unused_variables, dead_code)]
impl Engine {
    /// What was loaded last, else what the cache holds. Offline. `None` if nothing is known about the repository.
    pub(super) fn base(&self, gun: &Gun) -> Result<Option<Base>, EngineError> {
        todo!()
    }

    /// Asks the server, for somebody who will write: pull and push rights, expired files allowed. Updates what
    /// [`Engine::base`] and [`Engine::view`] give, commits the cache as [`Engine::refresh`] does.
    pub(super) async fn fetch_base(&self, gun: &Gun) -> Result<Base, EngineError> {
        todo!()
    }

    /// Reads the repository as a client with an empty cache would: nothing is reused or stored, the root must be the
    /// pinned one or descend from it. `None` if the server has no trust data.
    pub(super) async fn read_as_fresh_client(&self, gun: &Gun) -> Result<Option<TrustedSet>, EngineError> {
        todo!()
    }

    /// Stores a root that this machine has just published as the pin of a new repository.
    pub(super) fn pin_created(&self, gun: &Gun, root: &[u8]) -> Result<(), EngineError> {
        todo!()
    }

    /// Turns verified metadata into what screens show. Pure but for labels and keys at hand.
    pub(super) fn view_of(&self, gun: &Gun, set: &TrustedSet) -> RepositoryView {
        todo!()
    }
}

#[allow(unused_variables)]
impl Engine {
    /// Repositories added by name and those found in the trust directory, by name.
    pub fn entries(&self) -> Result<Vec<Entry>, EngineError> {
        todo!()
    }

    /// Adds a repository to the list.
    pub fn add_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        todo!()
    }

    /// Takes a repository off the list; its files stay.
    pub fn remove_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        todo!()
    }

    /// Shows what the cache holds, verified, without asking the network.
    ///
    /// # Errors
    /// `Absent` if there is nothing in the cache; else as `refresh`.
    pub async fn cached(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        todo!()
    }

    /// Asks the server, verifies, commits the cache. Where the server cannot be asked ([`Kind::allows_cache`]), shows
    /// the cache with its age and the reason. A repository without trust data is a view with [`Health::New`].
    pub async fn refresh(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        todo!()
    }

    /// The last view of this process, if any; recomputed when keys, labels or the lock changed. Instant.
    #[must_use]
    pub fn view(&self, gun: &Gun) -> Option<RepositoryView> {
        todo!()
    }

    /// Accepts the root keys that [`EngineError::FirstContact`] named, or replaces a lost pin after both fingerprints
    /// were shown. The next refresh uses it.
    pub fn accept_root(&self, gun: &Gun, roots: &[KeyId]) -> Result<(), EngineError> {
        todo!()
    }

    /// Removes this repository's cache (not nested ones) and forgets its pin. Keys stay.
    pub async fn delete_local(&self, gun: &Gun) -> Result<(), EngineError> {
        todo!()
    }
}
