//! Keys that want somebody at their token while they sign.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use crate::engine::custody::backed_up::Removing;
use crate::engine::custody::make::{NewKey, public_pem};
use crate::engine::disk::new_file::NewFile;
use crate::engine::error::refuse;
use crate::engine::{Engine, EngineError, Progress};
use crate::keys::token::{NewEntry, layout};
use crate::keys::{KeyError, Passphrase, PrivateKey};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, PublicKey};

impl Engine {
    /// An unlocked key for a publish: a key on a token says when it waits for a touch, and stops waiting at `stop`.
    pub(in crate::engine) fn attended_key(
        &self,
        id: &CanonicalKeyId,
        gun: &Gun,
        progress: &mpsc::Sender<Progress>,
        stop: &CancellationToken,
    ) -> Option<Arc<PrivateKey>> {
        let key = self.signing_key(id)?;
        let Some(place) = key.token() else { return Some(key) };
        let (progress, gun, name) = (progress.clone(), gun.clone(), place.token.to_string());
        let touch = move |_: &str| {
            let touch = Progress::Touch { gun: gun.clone(), token: name.clone() };
            // A full or closed channel must not hold up signing.
            progress.try_send(touch).unwrap_or_default();
        };
        let attendant = Attendant { touch: Some(Arc::new(touch)), stop: stop.clone() };
        key.attended(attendant).map(Arc::new)
    }
}
