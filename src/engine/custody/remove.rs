//! Removing keys: what would be lost with them.

use crate::engine::{BackupRecord, KeyView};
use crate::keys::token::TokenPlace;
use crate::tuf::{Gun, Role};

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
