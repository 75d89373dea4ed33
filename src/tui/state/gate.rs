//! What is still to be asked before a publish.

use std::collections::VecDeque;

use crate::engine::Passphrase;
use crate::engine::publish::job::Approval;
use crate::tuf::{CanonicalKeyId, Gun};
use crate::tui::dialogs::prompt::What;

/// What is still to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub approval: Approval,
    /// Repositories whose name must be typed.
    pub confirms: VecDeque<Gun>,
    pub prompts: VecDeque<What>,
    /// Keys that were asked for.
    pub asked: usize,
    /// What opened the first key, until it was offered for the others.
    pub same: Option<Passphrase>,
}

impl Gate {
    /// Keys that are still to be unlocked.
    #[must_use]
    pub fn locked(&self) -> Vec<CanonicalKeyId> {
        let id = |what: &What| if let What::Unlock { id, .. } = what { Some(id.clone()) } else { None };
        self.prompts.iter().filter_map(id).collect()
    }
}
