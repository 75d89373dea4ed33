//! What is known of repositories.

use std::sync::Arc;

use jiff::Timestamp as Time;

use super::registry::Compared;
use crate::engine::{Entry, Freshness, Health, Kind, RepositoryView, named_registry};
use crate::tui::messages::failure::{Ask, Failure};

/// What is known of repositories.
#[derive(Debug, Default)]
pub struct Known {
    pub listing: Listing,
    pub repositories: Vec<Repository>,
    /// The registry that all of them share.
    pub registry: Option<String>,
}

/// Whether the list of repositories was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    #[default]
    Loading,
    Ready,
    Failed(Failure),
}

/// How the cursor came to the repository it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picked {
    /// Nobody chose one: the worst is shown.
    #[default]
    Worst,
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

/// A repository of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub entry: Entry,
    pub view: Option<Arc<RepositoryView>>,
    pub work: Work,
    /// Why the last try gave nothing.
    pub failure: Option<Failure>,
    /// The user has just given a login for it.
    pub is_logging_in: bool,
    /// What its registry holds.
    pub registry: Compared,
}

/// What is being done about a repository, since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Idle,
    Asking(Time),
}

impl Repository {
    /// A repository of which nothing is known yet.
    #[must_use]
    pub fn new(entry: Entry) -> Self {
        Self { entry, view: None, work: Work::Idle, failure: None, is_logging_in: false, registry: Compared::default() }
    }

    /// What it asks: why it could not be read, or the login that would show more than the cache.
    #[must_use]
    pub fn question(&self) -> Option<Ask> {
        if let Some(failure) = &self.failure {
            return failure.ask.clone();
        }
        let Freshness::Cached { reason: Some(problem), .. } = &self.view.as_ref()?.freshness else { return None };
        let wants_login = matches!(problem.kind, Kind::Auth | Kind::Forbidden);
        let registry = named_registry(&self.entry.gun).filter(|_| wants_login)?.to_owned();
        Some(Ask::Login { registry, user: None })
    }

    /// How it stands.
    #[must_use]
    pub fn health(&self) -> Health {
        match (&self.failure, &self.view) {
            (Some(failure), _) if failure.ask.is_some() => Health::Warn,
            (Some(failure), Some(view)) if failure.problem.kind.allows_cache() => view.health.min(Health::Cached),
            (Some(_), _) => Health::Fail,
            (None, Some(view)) => view.health,
            (None, None) => Health::Loading,
        }
    }
}
