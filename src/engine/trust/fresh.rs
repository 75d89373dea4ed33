//! Reading back: what a client with an empty cache sees now.

use tokio_util::sync::CancellationToken;

use super::judge::judge;
use super::local::FilesAtHand;
use super::part::Trust;
use super::pin;
use super::pin::RootPin;
use super::source::ServerSource;
use crate::engine::error::EngineError;
use crate::remote::Access;
use crate::remote::RemoteError;
use crate::tuf::verify::{Pinning, Purpose, SeenRoles};
use crate::tuf::{Gun, Role, TrustedSet};

impl Trust {
    /// Reads the repository as a client with an empty cache would: nothing is reused or stored, the root must be the
    /// pinned one or descend from it, nothing expired is trusted. `None` if the server has no trust data. `likely` are
    /// the SHA-256 of files that the server probably names: they are asked for at once with the others.
    pub(in crate::engine) async fn read_as_fresh_client(
        &self,
        gun: &Gun,
        likely: Vec<(Role, String)>,
    ) -> Result<Option<TrustedSet>, EngineError> {
        let server = self.servers.server(gun).await?;
        let stop = CancellationToken::new();
        // The writer's token is at hand, so that no second one is asked for; without, what anybody may read is read.
        let mut source = ServerSource::new(&server, gun, Access::Push, &stop);
        let mut shelf = FilesAtHand::default();
        let mut guess = Box::pin(source.guess_by_hash(likely.clone(), &mut shelf)).await;
        if matches!(&guess, Err(EngineError::Remote { source, .. }) if source.is_of_login()) {
            source.access = Access::Public;
            guess = Box::pin(source.guess_by_hash(likely, &mut shelf)).await;
        }
        let guess = match guess {
            Err(EngineError::Remote { source: RemoteError::NotFound { .. }, .. }) => return Ok(None),
            other => other?,
        };
        let repositories = &self.repositories;
        let pin = pin::resolve(repositories.cache.read(gun, &Role::Root)?, repositories.memory.root(gun)?);
        let (root, pinning) = match pin {
            RootPin::None => (guess.root, &self.context.settings().pinning),
            RootPin::Known { root, .. } => (root, &Pinning::default()),
            RootPin::Lost { what, known, found } => {
                return Err(EngineError::PinLost { gun: gun.clone(), what, known, found });
            }
        };
        // Loaded so that it can be written to next, judged as for reading.
        let set = TrustedSet::start(gun, &root, pinning, SeenRoles::new(), Purpose::Renew, self.context.now());
        let remembered = repositories.memory.record(gun)?.remembered();
        let set = set.map_err(source.wrong())?.remembering(&remembered);
        let set = source.climb(set, guess.timestamp, &mut shelf).await?;
        judge(&set, self.context.now()).map_err(source.wrong())?;
        Ok(Some(set))
    }
}
