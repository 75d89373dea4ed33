//! The trust engine: the only place where keys and servers meet.
//!
//! One method for each thing a user can ask. Screens and commands use nothing else. Writes to one repository run one
//! at a time; nothing is called done before a client with an empty cache has seen it.

pub mod custody;
pub(crate) mod disk;
pub mod draft;
pub mod error;
mod hints;
pub mod keyring;
mod lanes;
pub mod plan;
pub mod publish;
pub mod reference;
mod servers;
pub mod settings;
mod stage;
mod trust;
pub mod view;
pub mod wizard;
pub mod wording;

use std::sync::Arc;

pub use draft::change::{Change, EntryId, NewKeys, RootKeyChoice, SignedTarget, Stage, StagedChange};
pub use error::{EngineError, Kind, Problem};
pub use keyring::backed_up::BackupRecord;
pub use plan::{Plan, PlanId, RepositoryPlan};
pub use publish::{Progress, PublishOutcome, Published, Step};
pub use settings::{FirstContact, Settings};
pub use view::{Entry, Freshness, Health, KeyView, RepositoryView, Status};
pub use wording::natural;

pub use crate::keys::strength::SHORTEST;
pub use crate::keys::words::words;
pub use crate::keys::{KeyError, NewPassphrase, OpenError, Passphrase, Strength, TokenError};
pub use crate::remote::RemoteError;
use crate::tuf::Gun;

/// A clock, so that tests can stand still.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// Staged changes of `notary` found in the trust directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignChanges {
    /// One line each, in order.
    pub lines: Vec<String>,
    /// The same as our changes, or the first thing that cannot be represented.
    pub adoptable: Result<Vec<Change>, Problem>,
}

/// What a user approved: a plan by ID, and what of its dangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The plan that was reviewed.
    pub plan: PlanId,
    /// Repositories to publish; others stay staged.
    pub repositories: Vec<Gun>,
    /// Repositories whose dangers (orphaned tags, deletion) were accepted.
    pub accepted: Vec<Gun>,
}

/// The engine. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    clock: Clock,
    keyring: keyring::Keyring,
    repositories: trust::Repositories,
    servers: servers::Servers,
    staging: stage::Staging,
}

impl Engine {
    /// Opens the trust and state directories, making them if they are missing (0700).
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, EngineError> {
        let inner = Inner {
            keyring: keyring::Keyring::open(&settings)?,
            repositories: trust::Repositories::open(&settings)?,
            servers: servers::Servers::open(&settings)?,
            staging: stage::Staging::open(&settings)?,
            settings,
            clock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        (self.inner.clock)()
    }
}
