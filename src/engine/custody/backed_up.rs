//! What may be removed without a tested backup, and what not.

use super::part::Custody;
use crate::engine::error::EngineError;
use crate::tuf::CanonicalKeyId;

/// What the user knows when a key is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removing {
    /// Refuse without a tested backup.
    BackedUp,
    /// Remove it in any case.
    Forced,
}

impl Custody {
    /// Refuses without a tested backup, before anybody is asked for a PIN.
    ///
    /// # Errors
    /// `Policy`.
    pub fn check_backed_up(&self, id: &CanonicalKeyId, how: Removing) -> Result<(), EngineError> {
        if how == Removing::Forced || self.keyring.backups()?.contains_key(id) {
            return Ok(());
        }
        let hint = match self.keyring.key_store().holds(id) {
            true => format!("back it up first: trustdeck key backup --out FILE {}; or give --force", id.short()),
            false => "a key on a token cannot be backed up; give --force if no repository needs it".to_owned(),
        };
        let what = format!("key {} has no tested backup", id.short());
        Err(EngineError::Policy { gun: None, what, hint })
    }
}
