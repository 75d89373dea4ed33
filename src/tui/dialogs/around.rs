//! What dialogs are told of the screen around them.

use jiff::Timestamp as Time;

use crate::engine::{Plan, RepositoryPlan};
use crate::tuf::Gun;

/// What is known around a dialog.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    pub now: Time,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// In the sandbox: the passphrase of all its keys.
    pub passphrase: Option<&'a str>,
    /// How long passphrases stay, in words.
    pub idle_lock: &'a str,
    /// How far the work on keys is.
    pub progress: Option<(usize, usize)>,
    pub plan: Option<&'a Plan>,
}

impl<'a> Around<'a> {
    /// What is planned for a repository.
    #[must_use]
    pub fn plan_of(&self, gun: &Gun) -> Option<&'a RepositoryPlan> {
        self.plan?.repositories.iter().find(|p| p.gun == *gun)
    }
}
