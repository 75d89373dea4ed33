//! The keys of a new repository.

use std::path::PathBuf;
use std::sync::Arc;

use super::signing::BaseKeys;
use super::{Engine, EngineError};
use crate::keys::{PrivateKey, root_certificate};
use crate::remote::NotaryServer;
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, PublicKey, Role};

/// Keys that were made or chosen, and the files of those that were made.
#[derive(Clone)]
pub(super) struct Created {
    pub(super) keys: BaseKeys,
    pub(super) files: Vec<(Role, PathBuf)>,
}

impl Engine {
    /// Asks the server for its keys, then makes and stores ours: a key is on disk before anything is sent with it.
    pub(super) async fn base_keys(
        &self,
        gun: &Gun,
        root_key: Option<CanonicalKeyId>,
        server: &NotaryServer,
    ) -> Result<Created, EngineError> {
        // Whoever may not push here learns it before a key is made.
        let snapshot = server.server_key(gun, &Role::Snapshot).await.map_err(Self::remote(gun))?;
        let timestamp = server.server_key(gun, &Role::Timestamp).await.map_err(Self::remote(gun))?;
        let (engine, gun) = (self.clone(), gun.clone());
        let work = move || engine.make_keys(&gun, root_key.as_ref(), snapshot, timestamp);
        super::publish::blocking(work).await
    }

    fn make_keys(
        &self,
        gun: &Gun,
        root_key: Option<&CanonicalKeyId>,
        snapshot: PublicKey,
        timestamp: PublicKey,
    ) -> Result<Created, EngineError> {
        let mut files = Vec::new();
        let root = match root_key {
            Some(id) => self.signing_key(id).ok_or_else(|| EngineError::Locked(vec![id.clone()]))?,
            None => self.make_key(&Role::Root, gun, &mut files)?,
        };
        let targets = self.make_key(&Role::Targets, gun, &mut files)?;
        let root_certificate = root_certificate(&root, gun, self.now())?;
        Ok(Created { keys: BaseKeys { root, root_certificate, targets, snapshot, timestamp }, files })
    }

    fn make_key(
        &self,
        role: &Role,
        gun: &Gun,
        files: &mut Vec<(Role, PathBuf)>,
    ) -> Result<Arc<PrivateKey>, EngineError> {
        let passphrase = self.chosen_passphrase(role).ok_or_else(|| no_passphrase(role))?;
        let key = PrivateKey::generate(&Algorithm::EcdsaP256)?;
        let id = key.id().clone();
        files.push((role.clone(), self.keep_new_key(key, role, gun, &passphrase)?));
        self.signing_key(&id).ok_or_else(|| EngineError::Locked(vec![id]))
    }
}

/// A new key has no passphrase yet.
pub(super) fn no_passphrase(role: &Role) -> EngineError {
    EngineError::Input {
        message: format!("the new {role} key needs a passphrase"),
        hint: format!("choose one; without a terminal, set NOTARY_{}_PASSPHRASE", role.as_str().to_uppercase()),
    }
}
