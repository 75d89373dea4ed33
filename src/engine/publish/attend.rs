//! Keys that want somebody at their token while they sign.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::outcome::Progress;
use super::part::Publisher;
use crate::engine::keyring::tokens::Attendant;
use crate::keys::PrivateKey;
use crate::tuf::{CanonicalKeyId, Gun};

impl Publisher {
    /// An unlocked key for a publish: a key on a token says when it waits for a touch, and stops waiting at `stop`.
    pub(in crate::engine) fn attended_key(
        &self,
        id: &CanonicalKeyId,
        gun: &Gun,
        progress: &mpsc::Sender<Progress>,
        stop: &CancellationToken,
    ) -> Option<Arc<PrivateKey>> {
        let key = self.keyring.signing_key(id)?;
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
