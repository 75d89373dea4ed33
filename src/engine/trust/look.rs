//! Looking at a repository: the server, or what this machine has kept of it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::judge::{judge, refused};
use super::part::Trust;
use super::session::{Freshness, Session};
use crate::engine::error::EngineError;
use crate::engine::lanes::blocking;
use crate::remote::Access;
use crate::tuf::{Gun, Role, VerifyError};

impl Trust {
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
        let reason = (!self.context.settings().offline).then(|| error.problem());
        let mut session = Session::clone(&held);
        session.freshness = Freshness::Cached { at: session.verified_at, reason };
        session.skew = None;
        Ok(self.repositories.set_session(gun, session))
    }

    /// What this process holds, else what the cache does.
    pub(in crate::engine) async fn held(&self, gun: &Gun) -> Result<Option<Arc<Session>>, EngineError> {
        if let Some(session) = self.repositories.session(gun) {
            return Ok(Some(session));
        }
        let gun = gun.clone();
        blocking(self, move |trust| trust.load_session(&gun)).await
    }

    /// A frozen timestamp or an unsigned targets file is the server's doing, not the state of the repository, and by a
    /// clock that is far behind nothing can be told.
    fn distrust(&self, gun: &Gun, session: Arc<Session>) -> Result<Arc<Session>, EngineError> {
        let Some(set) = &session.set else { return Ok(session) };
        match judge(set, self.context.now()) {
            Err(
                source @ (VerifyError::Expired { role: Role::Timestamp, .. }
                | VerifyError::Threshold { .. }
                | VerifyError::RootNotYet { .. }),
            ) => Err(refused(gun, source, session.skew)),
            _ => Ok(session),
        }
    }
}
