//! Removing keys: what would be lost with them.

use super::backed_up::Removing;
use super::part::Custody;
use crate::engine::error::EngineError;
use crate::engine::keyring::backed_up::BackupRecord;
use crate::engine::view::keys::KeyView;
use crate::keys::KeyError;
use crate::keys::token::TokenPlace;
use crate::tuf::{CanonicalKeyId, Gun, Role};

/// What removing a key would mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The key.
    pub key: KeyView,
    /// Roles for which this machine has no other key.
    pub only_local: Vec<(Gun, Role)>,
    /// Whether it is in a file of the key store, perhaps beside a token.
    pub in_file: bool,
    /// Other tokens that are plugged in and hold it too.
    pub also_on: Vec<TokenPlace>,
}

impl Removal {
    /// The last tested backup.
    #[must_use]
    pub fn backup(&self) -> Option<&BackupRecord> {
        self.key.backup.as_ref()
    }
}

impl Custody {
    /// What removing a key would mean, to be shown before.
    ///
    /// # Errors
    /// `Key` if it is not in the store; those of [`Views::keys`](crate::engine::view::Views::keys).
    pub fn removal(&self, id: &CanonicalKeyId) -> Result<Removal, EngineError> {
        let views = self.views.keys()?;
        use crate::engine::view::keys::KeyPlace;
        let own = |view: &&KeyView| matches!(view.place, KeyPlace::File(_) | KeyPlace::Token(_));
        let Some(key) = views.iter().filter(own).find(|view| view.id == *id) else {
            return Err(KeyError::NotFound(id.clone()).into());
        };
        let elsewhere = |used: &&(Gun, Role)| {
            let mut others = views.iter().filter(own).filter(|view| view.id != *id);
            others.any(|view| view.used_in.contains(*used))
        };
        let only_local = key.used_in.iter().filter(|used| !elsewhere(used)).cloned().collect();
        let mut also_on = self.keyring.places_of(id);
        also_on.retain(|place| !matches!(&key.place, KeyPlace::Token(shown) if shown == place));
        Ok(Removal { key: key.clone(), only_local, in_file: self.keyring.has_file(id), also_on })
    }

    /// Deletes a private key from the store.
    ///
    /// # Errors
    /// `Policy` without a tested backup, unless forced; `Key`.
    pub fn remove_key(&self, id: &CanonicalKeyId, how: Removing) -> Result<(), EngineError> {
        self.context.check_writable()?;
        self.check_backed_up(id, how)?;
        self.keyring.key_store().remove(id)?;
        self.keyring.held.changed();
        self.keyring.held.forget(id);
        Ok(())
    }
}
