//! The trust engine: the only place where keys and servers meet.
//!
//! One method for each thing a user can ask. Screens and commands use nothing else. Writes to one repository run one
//! at a time; nothing is called done before a client with an empty cache has seen it.

mod context;
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
pub mod stage;
pub mod tags;
pub mod trust;
pub mod view;
pub mod wizard;
pub mod wording;

use std::sync::Arc;

use context::Clock;

pub use draft::change::{Change, EntryId, NewKeys, RootKeyChoice, SignedTarget, Stage, StagedChange};
pub use error::{EngineError, Kind, Problem};
pub use keyring::backed_up::BackupRecord;
pub use plan::{Plan, PlanId, RepositoryPlan};
pub use publish::outcome::{Progress, PublishOutcome, Published, Step};
pub use settings::{FirstContact, Settings};
pub use trust::session::Freshness;
pub use view::keys::KeyView;
pub use view::list::Entry;
pub use view::status::Status;
pub use view::{Health, RepositoryView};
pub use wording::natural;

pub use crate::keys::words::words;
pub use crate::keys::{KeyError, OpenError, Passphrase, Strength, TokenError};
pub use crate::remote::RemoteError;
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
    staging: stage::kept::Staging,
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
            staging: stage::kept::Staging::open(&settings)?,
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
