//! The trust engine: the only place where keys and servers meet.
//!
//! One method for each thing a user can ask. Screens and commands use nothing else. Writes to one repository run one
//! at a time; nothing is called done before a client with an empty cache has seen it.

pub mod apply;
pub mod backup;
mod backups;
mod base_roles;
mod cache;
mod certificates;
pub mod change;
mod changelist;
mod checks;
mod commit;
mod creation;
mod credentials;
mod diff;
mod disk;
pub mod draft;
pub mod effect;
pub mod error;
pub(crate) mod files;
mod findings;
mod fresh;
mod helper;
mod journal;
mod judge;
mod key_index;
mod key_list;
pub mod key_load;
pub mod key_make;
mod key_names;
mod keyring;
mod labels;
mod landing;
mod lanes;
mod local;
mod names;
mod natural;
mod notes;
mod open_keys;
pub mod passphrases;
mod pin;
pub mod plan;
mod planned;
pub mod planning;
mod problem;
pub mod publish;
mod publishing;
mod realms;
pub mod reference;
mod refresh;
mod remote_problem;
mod repositories;
mod roleviews;
mod rotation;
mod servers;
mod session;
pub mod settings;
pub mod signing;
mod staging;
mod state;
mod tagviews;
mod token_notes;
pub mod tokens;
mod tree;
mod uploading;
mod versions;
pub mod view;
mod views;
mod warnings;
pub mod wizard;

use std::sync::Arc;

pub use backups::BackupRecord;
pub use change::{Change, EntryId, NewKeys, RootKeyChoice, SignedTarget, Stage, StagedChange};
pub use error::{EngineError, Kind, Problem};
pub use natural::natural;
pub use plan::{Plan, PlanId, RepositoryPlan};
pub use publish::{Progress, PublishOutcome, Published, Step};
pub use servers::{Asker, Login};
pub use settings::{FirstContact, Settings};
pub use view::{Entry, Freshness, Health, KeyView, RepositoryView, Status};

pub use crate::keys::words::words;
pub use crate::keys::{KeyError, OpenError, Passphrase, Strength, TokenError};
pub use crate::remote::auth::named_registry;
pub use crate::remote::{Remark, RemoteError};
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
    repositories: repositories::Repositories,
    servers: servers::Servers,
    staging: staging::Staging,
}

impl Engine {
    /// Opens the trust and state directories, making them if they are missing (0700).
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, EngineError> {
        let inner = Inner {
            keyring: keyring::Keyring::open(&settings)?,
            repositories: repositories::Repositories::open(&settings)?,
            servers: servers::Servers::open(&settings)?,
            staging: staging::Staging::open(&settings)?,
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
