//! The trust engine: the only place where keys and servers meet.
//!
//! One method for each thing a user can ask. Screens and commands use nothing else. Writes to one repository run one
//! at a time; nothing is called done before a client with an empty cache has seen it.

pub mod change;
pub mod error;
pub mod plan;
pub mod publish;
pub mod settings;
pub mod view;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use change::{Change, EntryId, RootKeyChoice, SignedTarget, Stage, StagedChange};
pub use error::{EngineError, Kind, Problem};
pub use plan::{Plan, PlanId, RepositoryPlan};
pub use publish::{Progress, PublishOutcome, Published, Step};
pub use settings::{FirstContact, Settings};
pub use view::{Entry, Freshness, Health, KeyView, RepositoryView, Status};

pub use crate::keys::Passphrase;
use crate::tuf::{CanonicalKeyId, Gun, KeyId, Role};

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
}

#[allow(unused_variables)]
impl Engine {
    /// Opens the trust and state directories, making them if they are missing (0700).
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, EngineError> {
        Ok(Self { inner: Arc::new(Inner { settings, clock }) })
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

    /// What was chosen and why; `gun` for the server's sake. Never asks the network.
    #[must_use]
    pub fn status(&self, gun: Option<&Gun>) -> Status {
        todo!()
    }

    // --- repositories -----------------------------------------------------------------------------------------

    /// Repositories added by name and those found in the trust directory, by name.
    pub fn entries(&self) -> Result<Vec<Entry>, EngineError> {
        todo!()
    }

    /// Adds a repository to the list.
    pub fn add_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        todo!()
    }

    /// Takes a repository off the list; its files stay.
    pub fn remove_entry(&self, gun: &Gun) -> Result<(), EngineError> {
        todo!()
    }

    /// Shows what the cache holds, verified, without asking the network.
    ///
    /// # Errors
    /// `Absent` if there is nothing in the cache; else as `refresh`.
    pub async fn cached(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        todo!()
    }

    /// Asks the server, verifies, commits the cache. Where the server cannot be asked ([`Kind::allows_cache`]), shows
    /// the cache with its age and the reason. A repository without trust data is a view with [`Health::New`].
    pub async fn refresh(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        todo!()
    }

    /// The last view of this process, if any; recomputed when keys, labels or the lock changed. Instant.
    #[must_use]
    pub fn view(&self, gun: &Gun) -> Option<RepositoryView> {
        todo!()
    }

    /// Accepts the root keys that [`EngineError::FirstContact`] named, or replaces a lost pin after both fingerprints
    /// were shown. The next refresh uses it.
    pub fn accept_root(&self, gun: &Gun, roots: &[KeyId]) -> Result<(), EngineError> {
        todo!()
    }

    /// Remembers that credentials may go to this token realm.
    pub fn accept_realm(&self, host: &str) -> Result<(), EngineError> {
        todo!()
    }

    /// Credentials for a registry host, for this process only.
    pub fn log_in(&self, host: &str, user: &str, password: Passphrase) {
        todo!()
    }

    /// Removes this repository's cache (not nested ones) and forgets its pin. Keys stay.
    pub async fn delete_local(&self, gun: &Gun) -> Result<(), EngineError> {
        todo!()
    }

    // --- keys -------------------------------------------------------------------------------------------------

    /// All keys: in the store, behind servers, and public ones of loaded repositories.
    pub fn keys(&self) -> Result<Vec<KeyView>, EngineError> {
        todo!()
    }

    /// Unlocks a stored key for this session. Blocking (key derivation): call it on a blocking thread.
    ///
    /// # Errors
    /// [`crate::keys::KeyError::WrongPassphrase`], naming another key that it opens, if any.
    pub fn unlock(&self, key: &CanonicalKeyId, passphrase: &Passphrase) -> Result<(), EngineError> {
        todo!()
    }

    /// Sets the passphrase for keys that the next publish makes (`root`, `targets`).
    pub fn choose_passphrase(&self, role: &Role, passphrase: Passphrase) {
        todo!()
    }

    /// Forgets all unlocked keys.
    pub fn lock_all(&self) {
        todo!()
    }

    // --- stage ------------------------------------------------------------------------------------------------

    /// All staged changes, also those of other processes.
    pub fn staged(&self) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Stages changes, all or none. Refuses what contradicts other changes or cannot work, with the way out.
    /// One undo step.
    pub fn stage(&self, changes: Vec<(Gun, Change)>) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Drops staged changes. One undo step.
    pub fn drop_changes(&self, entries: &[EntryId]) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Takes the last act of staging back.
    pub fn undo(&self) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Does it again.
    pub fn redo(&self) -> Result<Stage, EngineError> {
        todo!()
    }

    /// What publishing would do, for these repositories or all. Offline; uses what was loaded last, or the cache.
    pub fn plan(&self, only: Option<&[Gun]>) -> Result<Plan, EngineError> {
        todo!()
    }

    /// Changes that `notary` staged in the shared trust directory.
    pub fn foreign_changes(&self, gun: &Gun) -> Result<Option<ForeignChanges>, EngineError> {
        todo!()
    }

    /// Takes them over into our stage and moves the files aside.
    pub fn adopt_foreign(&self, gun: &Gun) -> Result<Stage, EngineError> {
        todo!()
    }

    /// Moves them aside. Returns where.
    pub fn drop_foreign(&self, gun: &Gun) -> Result<std::path::PathBuf, EngineError> {
        todo!()
    }

    // --- publish ----------------------------------------------------------------------------------------------

    /// Publishes an approved plan, up to 8 repositories at once. All keys must be unlocked and passphrases for new
    /// ones chosen. Cancelling starts no new repository and lets running ones finish.
    ///
    /// # Errors
    /// Only for what concerns all: the plan is not the one approved, dangers not accepted, keys locked. Nothing was
    /// sent then. What concerns one repository is in its [`Published`].
    pub async fn publish(
        &self,
        approval: Approval,
        progress: mpsc::Sender<Progress>,
        stop: CancellationToken,
    ) -> Result<Vec<Published>, EngineError> {
        todo!()
    }

    /// Finds out how publishes ended that were interrupted (lost reply, SIGKILL): what landed leaves the stage.
    /// Returns one result for each.
    pub async fn resolve_interrupted(&self) -> Result<Vec<Published>, EngineError> {
        todo!()
    }
}
