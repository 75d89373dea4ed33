//! The trust engine: the only place where keys and servers meet. Screens and commands use nothing else.
//!
//! Rules:
//!
//! - [`Engine`] opens its parts once; each part lives in its room and holds the parts that it uses, so that every dependency
//!   is an import. All clones of a part are one.
//! - What screen and commands share stands here, once.
//! - Writes to one repository run one at a time; nothing is called done before a client with an empty cache has seen it.
//! - Each failure has one class, one cause and one next step: [`Problem`].
//! - Decisions are made on types, never on sentences.
//!
//! In reading order, each room uses only those above it:
//!
//! | room | what it is | may use |
//! |---|---|---|
//! | `other_root` | what of a root is another than this machine trusts | nothing |
//! | `error` | what goes wrong, by kind | `other_root` |
//! | `wording` | names in their natural order, counts, words of a shell | nothing |
//! | `reference` | what people call a repository | `error`, `wording` |
//! | `hints` | what to do next about it | `error`, `reference` |
//! | `called` | what a key is called | nothing |
//! | `settings` | what the engine is opened with | nothing |
//! | `context` | settings and time, for every part | `error`, `settings` |
//! | `lanes` | blocking work, side by side and apart | `error` |
//! | `draft` | a repository's files while changes are applied; pure | nothing |
//! | `typed` | what people type where a role or a manifest is meant | `error`, `draft` |
//! | `disk` | whole writes, bounded reads, folders and notes of our own | `error` |
//! | `told` | sentences that are said once | `context`, `disk` |
//! | `plan` | what publishing would do; pure | `error`, `wording`, `reference`, `called`, `draft` |
//! | `keyring` | keys at hand | `error`, `called`, `settings`, `context`, `disk` |
//! | `servers` | which server, and its client | `error`, `settings`, `context`, `lanes`, `disk` |
//! | `trust` | what is true of a repository | `other_root`, `error`, `wording`, `settings`, `context`, `lanes`, `disk`, `servers` |
//! | `view` | what is shown of it | `error`, `called`, `settings`, `wording`, `context`, `reference`, `draft`, `keyring`, `servers`, `trust` |
//! | `stage` | what is wanted | `error`, `wording`, `settings`, `context`, `lanes`, `reference`, `draft`, `disk`, `plan`, `keyring`, `servers`, `trust` |
//! | `custody` | owning keys | `error`, `called`, `reference`, `context`, `disk`, `keyring`, `trust`, `view` |
//! | `publish` | sending and checking | `error`, `wording`, `called`, `context`, `lanes`, `reference`, `draft`, `plan`, `keyring`, `servers`, `trust`, `stage` |
//! | `tags` | signed tags beside a registry's | `error`, `wording`, `context`, `draft`, `servers`, `trust`, `view` |
//! | `wizard` | what to do next | `error`, `wording`, `context`, `reference`, `draft`, `disk`, `plan`, `keyring`, `servers`, `trust`, `view`, `stage`, `custody` |
//!
//! ```
//! use std::sync::Arc;
//!
//! use trustdeck::engine::Engine;
//! use trustdeck::sandbox;
//! use trustdeck::tuf::Gun;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
//! let sandbox = sandbox::start(sandbox::Options { http: true, ..sandbox::Options::default() }).await?;
//! let engine = Engine::open(sandbox.settings(), Arc::new(jiff::Timestamp::now))?;
//! let view = engine.views().refresh(&Gun::parse("registry.sandbox/team/api")?).await?;
//! assert!(view.tags.iter().any(|tag| &*tag.name == "latest"));
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

pub mod called;
mod context;
pub mod custody;
pub(crate) mod disk;
pub mod draft;
pub mod error;
mod hints;
pub mod keyring;
mod lanes;
pub mod other_root;
pub mod plan;
pub mod publish;
pub mod reference;
pub mod servers;
pub mod settings;
pub mod stage;
pub mod tags;
mod told;
pub mod trust;
pub mod typed;
pub mod view;
pub mod wizard;
pub mod wording;

use crate::tuf::Gun;
use context::Context;
use custody::Custody;
use keyring::Keyring;
use publish::Publisher;
use servers::Servers;
use stage::Staging;
use tags::Tags;
use trust::Trust;
use view::Views;
use wizard::Wizards;

pub use context::Clock;
pub use disk::log::Log;
pub use draft::change::{Change, EntryId, NewKeys, RootKeyChoice, SignedTarget, Stage, StagedAct, StagedChange};
pub use error::{Admission, EngineError, Kind, Problem};
pub use keyring::backed_up::BackupRecord;
pub use lanes::waiting;
pub use plan::{Plan, PlanId, RepositoryPlan};
pub use publish::outcome::{Overtaken, Progress, PublishOutcome, Published, Step};
pub use servers::{Asker, Login};
pub use settings::{FirstContact, Settings};
pub use trust::notice::Notice;
pub use trust::session::Freshness;
pub use view::keys::KeyView;
pub use view::list::ListedRepository;
pub use view::status::Status;
pub use view::{Health, RepositoryView};
pub use wording::natural;

pub use crate::keys::strength::SHORTEST;
pub use crate::keys::words::words;
pub use crate::keys::{KeyError, NewPassphrase, OpenError, Passphrase, Strength, TokenError};
pub use crate::remote::Remark;
pub use crate::remote::RemoteError;
pub use crate::remote::auth::named_registry;
/// How often this process has waited for a disk: for tests and benches.
#[must_use]
pub fn disk_waits() -> usize {
    disk::commit::syncs()
}

/// The engine: its parts, opened once. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Engine {
    context: Context,
    keyring: Keyring,
    servers: Servers,
    trust: Trust,
    views: Views,
    stage: Staging,
    custody: Custody,
    publisher: Publisher,
    tags: Tags,
    wizards: Wizards,
}

impl Engine {
    /// Opens the trust and state directories; what is missing is made (0700) when something is written there first.
    ///
    /// # Errors
    /// `OwnDir`, `State`; `Exposed` for a state directory that others may write.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, EngineError> {
        let context = Context::new(settings, clock);
        let (state_dir, now) = (&context.settings().state_dir, context.now());
        let aside = [keyring::labels::set_aside(state_dir, now)?, servers::realms::set_aside(state_dir, now)?];
        let keyring = Keyring::open(&context)?;
        let servers = Servers::open(&context)?;
        aside.iter().flatten().for_each(|moved| servers.say_aside(moved));
        let trust = Trust::open(&context, &servers)?;
        let stage = Staging::open(&keyring, &trust)?;
        let views = Views::new(&keyring, &trust);
        let custody = Custody::new(&views);
        let publisher = Publisher::new(&stage);
        let tags = Tags::new(&views);
        let wizards = Wizards::new(&custody, &stage);
        Ok(Self { context, keyring, servers, trust, views, stage, custody, publisher, tags, wizards })
    }

    /// Keys at hand.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Which server a repository has.
    #[must_use]
    pub fn servers(&self) -> &Servers {
        &self.servers
    }

    /// What is true of repositories.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What is shown of them.
    #[must_use]
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// What is wanted: staged changes and plans.
    #[must_use]
    pub fn stage(&self) -> &Staging {
        &self.stage
    }

    /// Own keys: making, loading, backing up.
    #[must_use]
    pub fn custody(&self) -> &Custody {
        &self.custody
    }

    /// Sends what was approved, and checks it.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Tags: signed ones beside those of the registry.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// What to do next, guided.
    #[must_use]
    pub fn wizards(&self) -> &Wizards {
        &self.wizards
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.context.settings()
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.context.now()
    }

    /// Whether a sentence was never said on this machine; from now on it was.
    #[must_use]
    pub fn is_news(&self, sentence: &str) -> bool {
        told::is_news(&self.context, sentence)
    }

    /// All repositories that a list shows: also those for which changes are staged and of which nothing is known here.
    ///
    /// # Errors
    /// As the trust directory and the list. A stage that cannot be read adds nothing.
    pub fn listed(&self) -> Result<Vec<ListedRepository>, EngineError> {
        let staged = self.stage.staged().map(|stage| stage.changes).unwrap_or_default();
        self.views.entries_and(staged.into_iter().map(|change| change.gun))
    }

    /// What was chosen and why; `gun` for the server's sake. Never asks the network.
    #[must_use]
    pub fn status(&self, gun: Option<&Gun>) -> Status {
        let keys = self.keyring.keys_at_hand().len();
        let staged = self.stage.staged().map_or(0, |stage| stage.changes.len());
        self.views.status(gun, keys, staged)
    }
}
