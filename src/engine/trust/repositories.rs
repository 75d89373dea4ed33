//! What was loaded in this process, by repository, and where it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::alike::{Alike, KnownNames};
use super::cache::Cache;
use super::memory::Memory;
use super::session::Session;
use crate::engine::disk::state::StateFolder;
use crate::engine::error::EngineError;
use crate::engine::settings::Settings;
use crate::tuf::{Gun, KeyId};

/// What was loaded in this process, by repository, and where it is kept.
pub(in crate::engine) struct LoadedRepositories {
    pub(in crate::engine) cache: Cache,
    pub(in crate::engine) memory: Memory,
    pub(super) sessions: Mutex<BTreeMap<Gun, Arc<Session>>>,
    pub(super) accepted: Mutex<BTreeMap<Gun, Vec<KeyId>>>,
    /// Added for this process only, because the list cannot be written.
    pub(super) added: Mutex<BTreeSet<Gun>>,
    pub(super) turns: Mutex<BTreeMap<Gun, Arc<tokio::sync::Mutex<()>>>>,
    /// All that are known here, once somebody has met a new one.
    names: Mutex<Option<KnownNames>>,
}

impl LoadedRepositories {
    /// Looks at the state directory; a state that others may write is refused.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        StateFolder::new(&settings.state_dir).check()?;
        Ok(Self {
            memory: Memory::new(&settings.state_dir, &settings.trust_dir),
            cache: Cache::new(&settings.trust_dir),
            sessions: Mutex::default(),
            accepted: Mutex::default(),
            added: Mutex::default(),
            turns: Mutex::default(),
            names: Mutex::default(),
        })
    }

    /// What this process loaded last.
    pub(in crate::engine) fn session(&self, gun: &Gun) -> Option<Arc<Session>> {
        hold(&self.sessions).get(gun).cloned()
    }

    /// Repositories that this process has loaded, by name.
    pub(in crate::engine) fn loaded(&self) -> Vec<Gun> {
        hold(&self.sessions).keys().cloned().collect()
    }

    /// Repositories that were added and that the list could not take.
    pub(in crate::engine) fn added(&self) -> Vec<Gun> {
        hold(&self.added).iter().cloned().collect()
    }

    /// Replaces it.
    pub(in crate::engine) fn set_session(&self, gun: &Gun, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        hold(&self.sessions).insert(gun.clone(), Arc::clone(&session));
        session
    }

    /// Root keys that the user has accepted and that no refresh has used yet.
    pub(in crate::engine) fn accepted(&self, gun: &Gun) -> Option<Vec<KeyId>> {
        hold(&self.accepted).get(gun).cloned()
    }

    /// They are pinned now.
    pub(in crate::engine) fn acceptance_is_used(&self, gun: &Gun) {
        hold(&self.accepted).remove(gun);
    }

    /// One refresh of a repository at a time: the second finds what the first brought.
    pub(in crate::engine) async fn turn(&self, gun: &Gun) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = Arc::clone(hold(&self.turns).entry(gun.clone()).or_default());
        turn.lock_owned().await
    }

    /// What a repository could be taken for, of all that are known here. They are listed once.
    pub(super) fn alike(&self, gun: &Gun) -> Result<Vec<Alike>, EngineError> {
        let mut names = hold(&self.names);
        let names = match &mut *names {
            Some(names) => names,
            none => {
                let listed = self.memory.list()?.repositories;
                none.insert(KnownNames::of(self.cache.guns()?.into_iter().chain(listed)))
            }
        };
        Ok(names.meet(gun))
    }

    pub(super) fn forget(&self, gun: &Gun) {
        hold(&self.sessions).remove(gun);
        hold(&self.accepted).remove(gun);
    }
}

pub(in crate::engine) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The maps are whole between any two statements, so a panic elsewhere does not spoil them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
