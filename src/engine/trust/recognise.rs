//! Whether another address leads to the repository that this machine knows.

use tokio_util::sync::CancellationToken;

use super::part::Trust;
use super::pin::{self, RootPin};
use super::source::ServerSource;
use crate::engine::error::EngineError;
use crate::remote::{Access, NotaryServer, RemoteError};
use crate::tuf::verify::{Pinning, Purpose, SeenRoles};
use crate::tuf::{Gun, Role, TrustedSet};

impl Trust {
    /// Checks that `server` shows the trusted root of a repository, or one that descends from it step by step; or, for one
    /// that is still to be `created`, that nothing is there. Nothing is stored.
    ///
    /// # Errors
    /// `Input` if this machine does not know the repository, or the server shows another root; `PinLost`, `Remote`, `Verify`.
    pub(in crate::engine) async fn recognise(
        &self,
        gun: &Gun,
        server: &NotaryServer,
        created: bool,
        stop: &CancellationToken,
    ) -> Result<(), EngineError> {
        let repositories = &self.repositories;
        let source = ServerSource::new(server, gun, Access::Pull, stop);
        let known = match pin::resolve(repositories.cache.read(gun, &Role::Root)?, repositories.memory.root(gun)?) {
            RootPin::Known { root, .. } => root,
            RootPin::None if created => return is_free(&source).await,
            RootPin::None => {
                return Err(EngineError::Input {
                    message: format!(
                        "this machine does not know the root of {gun} yet, so it cannot recognise it there"
                    ),
                    hint: "read it first from the server that it was staged for".to_owned(),
                });
            }
            RootPin::Lost { what, known, found } => {
                return Err(EngineError::PinLost { gun: gun.clone(), what, known, found });
            }
        };
        let found = source.root().await?;
        if found == known {
            return Ok(());
        }
        let start =
            TrustedSet::start(gun, &known, &Pinning::default(), SeenRoles::new(), Purpose::Renew, self.context.now());
        let mut set = start.map_err(source.wrong())?;
        source.walk_roots(&mut set).await?;
        if set.root().envelope.bytes().as_ref() == found.as_slice() {
            return Ok(());
        }
        Err(EngineError::Input {
            message: format!(
                "{} shows another root for {gun} than the one that this machine trusts",
                server.endpoint().base()
            ),
            hint: "this is another repository of the same name; stage the changes for it anew".to_owned(),
        })
    }
}

/// Passes where a repository can be created.
async fn is_free(source: &ServerSource<'_>) -> Result<(), EngineError> {
    match source.root().await {
        Err(EngineError::Remote { source: RemoteError::NotFound { .. }, .. }) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => {
            let (gun, base) = (source.gun, source.server.endpoint().base());
            Err(EngineError::Input {
                message: format!("{base} has trust data of {gun} already, and what is staged would create it"),
                hint: format!("drop what is staged with trustdeck reset, and stage it anew with --server {base}"),
            })
        }
    }
}
