//! The keys of a new repository.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::job::{Created, PreparedPublish, no_passphrase};
use super::outcome::Progress;
use super::part::Publisher;
use super::sign::BaseKeys;
use crate::engine::error::EngineError;
use crate::engine::lanes::blocking;
use crate::engine::plan::needs::RootSource;
use crate::engine::servers::Servers;
use crate::keys::{PrivateKey, root_certificate};
use crate::tuf::{Gun, Role};

impl Publisher {
    /// Asks the server for its keys, then makes and stores ours: a key is on disk before anything is sent with it.
    pub(in crate::engine) async fn base_keys(
        &self,
        gun: &Gun,
        root: &RootSource,
        prepared: &PreparedPublish,
        progress: &mpsc::Sender<Progress>,
    ) -> Result<Created, EngineError> {
        let (batch, server) = (&prepared.batch, &prepared.server);
        // Whoever may not push here learns it before a key is made.
        let snapshot = server.server_key(gun, &Role::Snapshot).await.map_err(Servers::remote(gun))?;
        let timestamp = server.server_key(gun, &Role::Timestamp).await.map_err(Servers::remote(gun))?;
        let mut files = Vec::new();
        let root = match root {
            RootSource::Stored(id) => {
                let key = self.attended_key(id, gun, progress, &batch.stop);
                key.ok_or_else(|| EngineError::Locked(vec![id.clone()]))?
            }
            RootSource::Own => self.new_key(Role::Root, gun, &mut files).await?,
            RootSource::Shared => {
                let mut shared = batch.root.lock().await;
                match shared.as_ref() {
                    Some(key) => Arc::clone(key),
                    None => Arc::clone(shared.insert(self.new_key(Role::Root, gun, &mut files).await?)),
                }
            }
        };
        let (signer, name) = (Arc::clone(&root), gun.clone());
        // A token may wait for a finger that never comes, so before another key is made.
        let root_certificate =
            blocking(self, move |publisher| Ok(root_certificate(&signer, &name, publisher.context.now())?)).await?;
        let targets = self.new_key(Role::Targets, gun, &mut files).await?;
        Ok(Created { keys: BaseKeys { root, root_certificate, targets, snapshot, timestamp }, files })
    }

    /// Makes a key and stores it under the passphrase that was chosen for its role.
    async fn new_key(
        &self,
        role: Role,
        gun: &Gun,
        files: &mut Vec<(Role, PathBuf)>,
    ) -> Result<Arc<PrivateKey>, EngineError> {
        let (kind, gun) = (role.clone(), gun.clone());
        let (key, file) = blocking(self, move |publisher| {
            let passphrase = publisher.keyring.chosen_passphrase(&kind).ok_or_else(|| no_passphrase(&kind))?;
            let key = publisher.keyring.new_key(&kind)?;
            let id = key.id().clone();
            let file = publisher.keyring.keep_new_key(key, &kind, &gun, &passphrase)?;
            Ok((publisher.keyring.signing_key(&id).ok_or_else(|| EngineError::Locked(vec![id]))?, file))
        })
        .await?;
        files.push((role, file));
        Ok(key)
    }
}
