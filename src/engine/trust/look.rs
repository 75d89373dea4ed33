//! Looking at a repository: the server, or what this machine has kept of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use crate::engine::disk::folder::make_private;
use crate::engine::reference::familiar_name;
use crate::engine::{Engine, EngineError, Entry, RepositoryView, Settings};
use crate::tuf::{Gun, KeyId, Role};
use super::cache::Cache;
use super::memory::Memory;
use super::session::{Base, Session};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use crate::engine::view::findings::findings;
use crate::engine::view::roles::{KeyNames, roles};
use crate::engine::view::tags::tags;
use crate::engine::view::{Finding, Health, RepositoryView};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::reference::familiar_name;
use super::judge::{clock_words, judge, refused};
use super::session::{Freshness, Session};
use super::tree::nodes;
use crate::engine::wording::{count, some};
use crate::remote::Access;
use crate::tuf::{Gun, Role, TrustedSet, VerifyError};

impl Engine {
    /// Asks the server, else falls back to what this machine holds.
    pub(in crate::engine) async fn look(
        &self,
        gun: &Gun,
        stop: &CancellationToken,
    ) -> Result<Arc<Session>, EngineError> {
        let error = match self.ask(gun, Access::Pull, stop).await {
            Ok(session) => return self.distrust(gun, session),
            Err(error) => error,
        };
        if !error.kind().allows_cache() {
            return Err(error);
        }
        let Some(held) = self.held(gun).await?.filter(|held| held.set.is_some()) else { return Err(error) };
        let reason = (!self.settings().offline).then(|| error.problem());
        let mut session = Session::clone(&held);
        session.freshness = Freshness::Cached { at: session.verified_at, reason };
        session.skew = None;
        Ok(self.inner.repositories.set_session(gun, session))
    }

    /// What this process holds, else what the cache does.
    async fn held(&self, gun: &Gun) -> Result<Option<Arc<Session>>, EngineError> {
        if let Some(session) = self.inner.repositories.session(gun) {
            return Ok(Some(session));
        }
        let gun = gun.clone();
        self.blocking(move |engine| engine.load_session(&gun)).await
    }

    /// A frozen timestamp or an unsigned targets file is the server's doing, not the state of the repository.
    fn distrust(&self, gun: &Gun, session: Arc<Session>) -> Result<Arc<Session>, EngineError> {
        let Some(set) = &session.set else { return Ok(session) };
        match judge(set, self.now()) {
            Err(source @ (VerifyError::Expired { role: Role::Timestamp, .. } | VerifyError::Threshold { .. })) => {
                Err(refused(gun, source, session.skew))
            }
            _ => Ok(session),
        }
    }
}
