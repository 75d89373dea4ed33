//! Reading back: what a client with an empty cache sees now.

use tokio_util::sync::CancellationToken;

use super::local::Shelf;
use super::pin::{self, Pin};
use super::refresh::Source;
use super::{Engine, EngineError};
use crate::remote::{Access, RemoteError};
use crate::tuf::verify::{Pinning, Purpose, SeenRoles};
use crate::tuf::{Gun, Role, TrustedSet};

impl Engine {
    /// Reads the repository as a client with an empty cache would: nothing is reused or stored, the root must be the
    /// pinned one or descend from it. `None` if the server has no trust data.
    pub(super) async fn read_as_fresh_client(&self, gun: &Gun) -> Result<Option<TrustedSet>, EngineError> {
        let server = self.server(gun).await?;
        let stop = CancellationToken::new();
        // The writer's token is at hand, so that no second one is asked for.
        let mut source = Source { server: &server, gun, access: Access::Push, stop: &stop, date: None };
        let mut shelf = Shelf::default();
        let guess = match source.guess(&mut shelf).await {
            Err(EngineError::Remote { source: RemoteError::NotFound { .. }, .. }) => return Ok(None),
            other => other?,
        };
        let repositories = &self.inner.repositories;
        let pin = pin::resolve(repositories.cache.read(gun, &Role::Root)?, repositories.memory.root(gun)?);
        let (root, pinning) = match pin {
            Pin::None => (guess.root, &self.settings().pinning),
            Pin::Known { root, .. } => (root, &Pinning::default()),
            Pin::Lost { what, known, found } => {
                return Err(EngineError::PinLost { gun: gun.clone(), what, known, found });
            }
        };
        let set = TrustedSet::start(gun, &root, pinning, SeenRoles::new(), Purpose::Trust, self.now());
        let set = set.map_err(source.wrong())?;
        source.climb(set, guess.timestamp, &mut shelf).await.map(Some)
    }
}
