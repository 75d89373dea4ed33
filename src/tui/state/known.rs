//! What is known of repositories.

use std::collections::{BTreeMap, HashMap};

use super::repositories::Repositories;
use crate::tuf::Gun;
use crate::tui::messages::failure::Failure;

/// What is known of repositories.
#[derive(Debug, Default)]
pub struct Known {
    pub listing: Listing,
    pub repositories: Repositories,
    /// How many changes are staged for each.
    pub staged: HashMap<Gun, usize>,
    /// The registry that most of them are in.
    pub registry: Option<String>,
    /// Taken off the list since anything was staged, act by act: undo brings them back, the last first.
    pub taken_off: Vec<Vec<Gun>>,
}

impl Known {
    /// What is on the list is nothing that undo brings back.
    pub fn are_listed(&mut self, guns: &[Gun]) {
        self.taken_off.iter_mut().for_each(|act| act.retain(|gun| !guns.contains(gun)));
        self.taken_off.retain(|act| !act.is_empty());
    }

    /// The registry that more of them are in than in any other, or in none.
    #[must_use]
    pub fn common_registry(&self) -> Option<String> {
        let mut hosts: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for repository in self.repositories.iter() {
            let host = repository.entry.name.split_once('/').map(|(host, _)| host);
            *hosts.entry(host.filter(|host| host.contains(['.', ':']))).or_default() += 1;
        }
        let most = hosts.values().copied().max()?;
        let mut common = hosts.into_iter().filter(|(_, repositories)| *repositories == most);
        let (host, _) = common.next()?;
        host.filter(|_| common.next().is_none()).map(str::to_owned)
    }
}

/// Whether the list of repositories was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    #[default]
    Loading,
    Ready,
    Failed(Box<Failure>),
}

/// How the cursor came to the repository it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Picked {
    /// Nobody chose one: the worst is shown.
    #[default]
    Worst,
    /// It was named at the start: rows are put in order around it until the first key.
    AtStart,
    /// By moving, or by acting on the row under it.
    ByUser,
}

/// The order of the repositories: rows move only when that surprises nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Worst first.
    #[default]
    ByState,
    /// As it was on the screen when states changed, until the next key.
    AsShown,
}
