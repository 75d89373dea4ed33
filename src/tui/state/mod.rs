//! All that the screen knows. Only `update` writes it, only `render` draws it.

pub mod actions;
pub mod asking;
pub mod binding;
pub mod gate;
pub mod guide;
mod jobs;
pub mod key_task;
pub mod publishing;
mod repositories;
pub mod review;
pub mod rows;
pub mod selected;
pub mod staging;
pub mod tour;
pub mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::dialogs::Dialog;
use super::dialogs::around::Around;
use super::kit::field::TextField;
use super::kit::list::List;
use super::kit::message::{Message, Tone};
use super::kit::pane::Pane;
use super::kit::theme::Theme;
use super::messages::failure::Failure;
use crate::engine::keyring::tokens::TokenFacts;
use crate::engine::wizard::Begun;
use crate::engine::{Freshness, KeyView, Plan, Problem, RepositoryPlan, RepositoryView, Stage};
use crate::tuf::{CanonicalKeyId, Gun, Role};
use gate::Gate;
use guide::Guide;
use key_task::KeyTask;
use publishing::Publishing;
use review::Review;
use rows::{StagedRow, TagRow, TagRows};
use tour::Tour;

pub use jobs::Jobs;
pub use repositories::{Repositories, Repository, Work};

/// What the screen knows.
#[derive(Debug)]
pub struct State {
    pub theme: Theme,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub now: Time,
    pub offline: bool,
    /// Where keys and caches are, for the empty screen.
    pub trust_dir: String,
    /// How long passphrases stay, in words.
    pub idle_lock: String,
    pub listing: Listing,
    pub repositories: Repositories,
    /// The registry that all of them share.
    pub registry: Option<String>,
    pub stage: Stage,
    /// How many changes are staged for each repository.
    pub staged_counts: HashMap<Gun, usize>,
    pub plan: Option<Arc<Plan>>,
    pub keys: Vec<KeyView>,
    pub focus: Pane,
    pub lists: Lists,
    pub screen: Screen,
    /// Open dialogs, the last on top.
    pub dialogs: Vec<Dialog>,
    pub message: Option<Message>,
    /// What happened on the way to the answers that came since the last frame.
    pub notice: Option<String>,
    /// First key of a sequence.
    pub prefix: Option<&'static str>,
    /// The filter that is being typed; letters go there.
    pub filtering: Option<TextField>,
    pub tour: Option<Tour>,
    /// The wizard that is open, also while its review or publish fills the screen.
    pub guide: Option<Guide>,
    /// Wizards that were begun, as far as they were last time anybody looked.
    pub begun: Vec<Begun>,
    pub jobs: Jobs,
    /// Key files that cannot be used.
    pub key_problems: Vec<Problem>,
    /// What offered paths of files begin with: `~/`, or the sandbox's own directory.
    pub offered_dir: String,
    /// In the sandbox: the passphrase of all its keys.
    pub sandbox: Option<String>,
    /// In the sandbox: the command that points a shell at it.
    pub shell: Option<String>,
    /// What the sandbox's scene shows, by repository.
    pub notes: BTreeMap<String, &'static str>,
    /// What is still to be asked before a publish.
    pub gate: Option<Gate>,
    /// Keys for which a variable or the like is set that is wrong, in words, whatever opens them.
    pub wrong_sources: BTreeMap<CanonicalKeyId, String>,
    /// Work on keys of several steps.
    pub key_task: Option<KeyTask>,
    /// Tokens that were plugged in at the last look; `None` before that and without a module.
    pub tokens: Option<Arc<Vec<TokenFacts>>>,
    /// When the next open key is locked.
    pub locks_at: Option<Time>,
    pub touched: Touched,
    pub quit: Option<Quit>,
}

/// Whether the list of repositories was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    Loading,
    Ready,
    Failed(Failure),
}

/// What the user did since data arrived: rows are put in order only when that surprises nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The user chose a repository: by moving, or by acting on the row under the cursor.
    pub chosen: bool,
    /// The order of the repositories is not that of their states.
    pub order: bool,
    /// Ctrl-c was the last key.
    pub interrupted: bool,
    /// What is due was said.
    pub reminded: bool,
    /// Keys of which it was said that they are not bound.
    pub unbound: BTreeSet<String>,
}

/// Why the loop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quit {
    /// The user is done.
    Leave,
    /// The user wants the sandbox.
    Sandbox,
}

/// What fills the screen.
#[derive(Debug)]
pub enum Screen {
    Main,
    Review(Review),
    Publish(Publishing),
    /// The step of the open wizard.
    Wizard,
}

/// Cursor, marks and filter of each pane.
#[derive(Debug, Default)]
pub struct Lists {
    pub repositories: List<Gun>,
    pub roles: List<Role>,
    pub tags: List<TagRow>,
    /// What the tags are listed from.
    pub tag_rows: TagRows,
    pub keys: List<CanonicalKeyId>,
    pub staged: List<StagedRow>,
    /// Whose roles and tags are listed.
    pub shown: Option<Gun>,
    /// Answers came since rows were put in order: that is done once before a frame, however many came.
    pub behind: bool,
}

impl State {
    /// A screen that knows nothing yet.
    #[must_use]
    pub fn new(theme: Theme, size: (u16, u16), now: Time) -> Self {
        Self {
            theme,
            size,
            now,
            offline: false,
            trust_dir: String::new(),
            idle_lock: "15 min".to_owned(),
            listing: Listing::Loading,
            repositories: Repositories::default(),
            registry: None,
            stage: Stage::default(),
            staged_counts: HashMap::new(),
            plan: None,
            keys: Vec::new(),
            focus: Pane::Repositories,
            lists: Lists::default(),
            screen: Screen::Main,
            dialogs: Vec::new(),
            message: None,
            notice: None,
            prefix: None,
            filtering: None,
            tour: None,
            guide: None,
            begun: Vec::new(),
            jobs: Jobs::default(),
            key_problems: Vec::new(),
            offered_dir: "~/".to_owned(),
            sandbox: None,
            shell: None,
            notes: BTreeMap::new(),
            gate: None,
            wrong_sources: BTreeMap::new(),
            key_task: None,
            tokens: None,
            locks_at: None,
            touched: Touched::default(),
            quit: None,
        }
    }

    /// The repository under the cursor.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        self.repositories.get(self.lists.repositories.selected_index()?)
    }

    /// Its view.
    #[must_use]
    pub fn view(&self) -> Option<&RepositoryView> {
        self.repository()?.view.as_deref()
    }

    /// A repository by name.
    #[must_use]
    pub fn find(&self, gun: &Gun) -> Option<&Repository> {
        self.repositories.find(gun)
    }

    /// The same, to write.
    pub fn find_mut(&mut self, gun: &Gun) -> Option<&mut Repository> {
        self.repositories.find_mut(gun)
    }

    /// A name as rows show it: without the registry, if all repositories of the list share one.
    #[must_use]
    pub fn short_name<'a>(&self, name: &'a str) -> &'a str {
        let rest = self.registry.as_deref().and_then(|registry| name.strip_prefix(registry)?.strip_prefix('/'));
        rest.unwrap_or(name)
    }

    /// Finds out whether all repositories share a registry.
    pub fn learn_registry(&mut self) {
        let mut hosts = self.repositories.iter().map(|r| r.entry.name.split_once('/').map(|(host, _)| host));
        let first = hosts.next().flatten().filter(|host| host.contains(['.', ':']));
        let shared = first.filter(|first| hosts.all(|host| host == Some(first)));
        self.registry = shared.map(str::to_owned);
    }

    /// A repository's name as its users write it.
    #[must_use]
    pub fn name_of(&self, gun: &Gun) -> String {
        self.find(gun).map_or_else(|| gun.to_string(), |r| r.entry.name.clone())
    }

    /// What is planned for a repository.
    #[must_use]
    pub fn plan_of(&self, gun: &Gun) -> Option<&RepositoryPlan> {
        self.plan.as_ref()?.repositories.iter().find(|p| p.gun == *gun)
    }

    /// Where a screen that was opened from a wizard or from the panes goes back to.
    #[must_use]
    pub fn home(&self) -> Screen {
        if self.guide.is_some() { Screen::Wizard } else { Screen::Main }
    }

    /// What dialogs are told of the screen.
    #[must_use]
    pub fn around(&self) -> Around<'_> {
        let tour = self.tour.as_ref().map(|tour| tour.passphrase.as_str());
        Around {
            now: self.now,
            size: self.size,
            passphrase: self.sandbox.as_deref().or(tour),
            idle_lock: &self.idle_lock,
            progress: self.key_task.as_ref().and_then(|task| task.progress),
            plan: self.plan.as_deref(),
        }
    }

    /// Rows of the focused list.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self.focus {
            Pane::Repositories => self.lists.repositories.len(),
            Pane::Roles => self.lists.roles.len(),
            Pane::Tags => self.lists.tags.len(),
            Pane::Keys => self.lists.keys.len(),
            Pane::Staged => self.lists.staged.len(),
        }
    }

    /// Whether there is nothing at all to show.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let nothing = self.repositories.is_empty() && self.stage.changes.is_empty();
        self.listing == Listing::Ready && nothing && self.focus != Pane::Keys
    }

    /// Whether the server of the repository under the cursor answered lately.
    #[must_use]
    pub fn is_online(&self) -> Option<bool> {
        if self.offline {
            return Some(false);
        }
        let repository = self.repository()?;
        match (&repository.failure, repository.view.as_ref().map(|v| &v.freshness)) {
            (Some(failure), _) => Some(failure.ask.is_some() || !failure.problem.kind.allows_cache()),
            (None, Some(Freshness::Fresh { .. })) => Some(true),
            (None, Some(Freshness::Cached { reason: Some(_), .. })) => Some(false),
            _ => None,
        }
    }

    /// Shows a message.
    pub fn say(&mut self, tone: Tone, verb: impl Into<String>, object: impl Into<String>) {
        let (verb, object) = (verb.into(), object.into());
        self.message = Some(Message { tone, verb, object, back: None, since: self.now });
    }

    /// Shows a failure until esc is pressed.
    pub fn complain(&mut self, failure: &Failure) {
        let problem = &failure.problem;
        self.say(Tone::Fail, problem.kind.word(), format!("{}: {}", problem.message, problem.hint));
    }
}
