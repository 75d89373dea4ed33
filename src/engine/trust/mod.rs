//! Repositories as this machine knows them: what was loaded in this process, the list, and the pins.

pub(in crate::engine) mod ask;
pub(in crate::engine) mod cache;
pub(in crate::engine) mod fresh;
pub(in crate::engine) mod judge;
pub(in crate::engine) mod local;
pub(in crate::engine) mod memory;
pub(in crate::engine) mod old_roots;
pub(in crate::engine) mod pin;
pub mod session;
pub(in crate::engine) mod source;
pub mod tree;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::folder::make_private;
use super::reference::familiar_name;
use super::{Engine, EngineError, Entry, RepositoryView, Settings};
use crate::tuf::{Gun, KeyId, Role};
use cache::Cache;
use memory::Memory;
use session::{Base, Session};

/// What was loaded in this process, by repository, and where it is kept.
pub(super) struct Repositories {
    pub(super) cache: Cache,
    pub(super) memory: Memory,
    sessions: Mutex<BTreeMap<Gun, Arc<Session>>>,
    accepted: Mutex<BTreeMap<Gun, Vec<KeyId>>>,
    turns: Mutex<BTreeMap<Gun, Arc<tokio::sync::Mutex<()>>>>,
}

impl Repositories {
    /// Opens the trust directory and the state directory.
    pub(super) fn open(settings: &Settings) -> Result<Self, EngineError> {
        make_private(&settings.state_dir)?;
        let cache = Cache::open(&settings.trust_dir)?;
        Ok(Self {
            memory: Memory::open(&settings.state_dir, &settings.trust_dir)?,
            cache,
            sessions: Mutex::default(),
            accepted: Mutex::default(),
            turns: Mutex::default(),
        })
    }

    /// What this process loaded last.
    pub(super) fn session(&self, gun: &Gun) -> Option<Arc<Session>> {
        hold(&self.sessions).get(gun).cloned()
    }

    /// Repositories that this process has loaded, by name.
    pub(super) fn loaded(&self) -> Vec<Gun> {
        hold(&self.sessions).keys().cloned().collect()
    }

    /// Replaces it.
    pub(super) fn set_session(&self, gun: &Gun, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        hold(&self.sessions).insert(gun.clone(), Arc::clone(&session));
        session
    }

    /// Root keys that the user has accepted and that no refresh has used yet.
    pub(super) fn accepted(&self, gun: &Gun) -> Option<Vec<KeyId>> {
        hold(&self.accepted).get(gun).cloned()
    }

    /// They are pinned now.
    pub(super) fn acceptance_is_used(&self, gun: &Gun) {
        hold(&self.accepted).remove(gun);
    }

    /// One refresh of a repository at a time: the second finds what the first brought.
    pub(super) async fn turn(&self, gun: &Gun) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = Arc::clone(hold(&self.turns).entry(gun.clone()).or_default());
        turn.lock_owned().await
    }

    fn forget(&self, gun: &Gun) {
        hold(&self.sessions).remove(gun);
        hold(&self.accepted).remove(gun);
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The maps are whole between any two statements, so a panic elsewhere does not spoil them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For the rest of the engine.
impl Engine {
    /// What was loaded last, else what the cache holds. Offline. `None` if nothing usable is known about the
    /// repository.
    pub(super) fn base(&self, gun: &Gun) -> Result<Option<Base>, EngineError> {
        let session = match self.inner.repositories.session(gun) {
            Some(session) => Some(session),
            None => self.load_session(gun)?,
        };
        Ok(session.and_then(|session| session.base()))
    }

    /// Asks the server, for somebody who will write: pull and push rights, expired files allowed. Updates what
    /// [`Engine::base`] and [`Engine::view`] give, commits the cache as [`Engine::refresh`] does.
    pub(super) async fn fetch_base(&self, gun: &Gun) -> Result<Base, EngineError> {
        let session = self.ask(gun, crate::remote::Access::Push, &Default::default()).await?;
        let absent = || Base { set: None, verified_at: session.verified_at };
        Ok(session.base().unwrap_or_else(absent))
    }

    /// Stores a root that this machine has just published as the pin of a new repository.
    pub(super) fn pin_created(&self, gun: &Gun, root: &[u8]) -> Result<(), EngineError> {
        let repositories = &self.inner.repositories;
        repositories.memory.forget(gun)?;
        repositories.cache.store(gun, &[(Role::Root, root)])?;
        repositories.memory.keep_root(gun, root)?;
        repositories.forget(gun);
        Ok(())
    }
}

impl Engine {
    /// Repositories added by name and those found in the trust directory, by name.
    pub fn entries(&self) -> Result<Vec<Entry>, EngineError> {
        let repositories = &self.inner.repositories;
        let added = repositories.memory.list()?;
        let mut guns: BTreeMap<Gun, bool> = repositories.cache.guns()?.into_iter().map(|gun| (gun, false)).collect();
        guns.extend(added.into_iter().map(|gun| (gun, true)));
        let entry = |(gun, added): (Gun, bool)| Entry {
            name: familiar_name(&gun),
            server: self.server_address(&gun).map(|(url, _)| url).map_err(|error| error.problem()),
            gun,
            added,
        };
        Ok(guns.into_iter().map(entry).collect())
    }

    /// Adds a repository to the list.
    pub fn add_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        self.inner.repositories.memory.change_list(|list| {
            if !list.contains(gun) {
                list.push(gun.clone());
            }
        })
    }

    /// Takes a repository off the list; its files stay.
    pub fn remove_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        self.inner.repositories.memory.change_list(|list| list.retain(|listed| listed != gun))
    }

    /// The last view of this process, if any; recomputed when keys, labels or the lock changed. Instant.
    #[must_use]
    pub fn view(&self, gun: &Gun) -> Option<RepositoryView> {
        let session = self.inner.repositories.session(gun)?;
        Some(self.view_of_session(gun, &session))
    }

    /// Accepts the root keys that [`EngineError::FirstContact`] named, or replaces a lost pin after both fingerprints
    /// were shown. The next refresh uses it.
    pub fn accept_root(&self, gun: &Gun, roots: &[KeyId]) -> Result<(), EngineError> {
        if roots.is_empty() {
            let message = format!("no root key of {gun} was named");
            let hint = "refresh, and accept the fingerprints that are shown then".to_owned();
            return Err(EngineError::Input { message, hint });
        }
        let repositories = &self.inner.repositories;
        repositories.forget(gun);
        hold(&repositories.accepted).insert(gun.clone(), roots.to_vec());
        Ok(())
    }

    /// Removes this repository's cache (not nested ones) and forgets its pin. Keys stay.
    pub async fn delete_local(&self, gun: &Gun) -> Result<(), EngineError> {
        let _turn = self.inner.repositories.turn(gun).await;
        let gun = gun.clone();
        self.blocking(move |engine| {
            let repositories = &engine.inner.repositories;
            repositories.cache.delete(&gun)?;
            repositories.memory.forget(&gun)?;
            repositories.forget(&gun);
            Ok(())
        })
        .await
    }

    /// Runs work on the disk, or long computing, off the event loop.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let engine = self.clone();
        // It can only fail if the runtime is ending.
        tokio::task::spawn_blocking(move || work(&engine)).await.map_err(|_| EngineError::Cancelled)?
    }
}
