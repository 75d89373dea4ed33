//! All that the screen knows. Only `update` writes it, only `render` draws it.

pub mod actions;
pub mod asking;
pub mod binding;
mod closed;
pub mod gate;
pub mod guide;
mod here;
mod jobs;
pub mod key_task;
mod keyring;
mod known;
pub mod log;
pub mod publishing;
pub mod registry;
mod repositories;
pub mod review;
pub mod rows;
pub mod selected;
pub mod sort;
pub mod spoken;
mod spot;
pub mod staging;
pub mod tour;
pub mod verifying;
pub mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::dialogs::Dialog;
use super::dialogs::around::Around;
use super::kit::canvas::{cut_name, shared as shared_by};
use super::kit::field::TextField;
use super::kit::layout::{self, Areas};
use super::kit::list::List;
use super::kit::message::{Message, Tone};
use super::kit::pane::Pane;
use super::kit::theme::Theme;
use super::messages::failure::Failure;
use crate::engine::trust::notice::Notice;
use crate::engine::wizard::Begun;
use crate::engine::{Freshness, Plan, RepositoryPlan, RepositoryView, Stage};
use crate::tuf::{CanonicalKeyId, Gun, Role};
use binding::{Keymap, Sorts};
use gate::Gate;
use guide::Guide;
use key_task::KeyTask;
use log::SaidLog;
use publishing::Publishing;
use review::Review;
use rows::{StagedRow, TagRows};
use tour::Tour;
use verifying::Verifying;

pub use here::{Here, PickFor};
pub use jobs::Jobs;
pub use keyring::KeysHere;
pub use known::{Known, Listing, Order, Picked};
pub use repositories::{Repositories, Repository, Work};
pub use spot::PaneSpot;

/// What the screen knows.
#[derive(Debug)]
pub struct State {
    pub theme: Theme,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub now: Time,
    /// Where this runs.
    pub here: Here,
    /// Keys of the user's own.
    pub keymap: Keymap,
    /// What is known of repositories.
    pub known: Known,
    pub stage: Stage,
    /// Why what is staged cannot be read.
    pub unread_stage: Option<Failure>,
    pub plan: Option<Arc<Plan>>,
    /// Keys and what opens them.
    pub keyring: KeysHere,
    pub focus: Pane,
    pub lists: Lists,
    pub screen: Screen,
    /// Open dialogs, the last on top.
    pub dialogs: Vec<Dialog>,
    pub message: Option<Message>,
    /// Everything that was said.
    pub log: SaidLog,
    /// Where one was before the pane that has the focus.
    pub trail: Option<PaneSpot>,
    /// How the panes share the screen.
    pub view_of: Extent,
    /// What lists are sorted by.
    pub sort: Sorts,
    /// The last press of the mouse: when, and at which cell.
    pub clicked: Option<(Time, u16, u16)>,
    /// Keys of which it was said that they are not bound.
    pub unbound: BTreeSet<String>,
    /// The key before, where it counts.
    pub before: Before,
    /// The filter that is being typed; letters go there.
    pub filtering: Option<TextField>,
    pub tour: Option<Tour>,
    /// The wizard that is open, also while its review or publish fills the screen.
    pub guide: Option<Guide>,
    /// Wizards that were begun, as far as they were last time anybody looked.
    pub begun: Vec<Begun>,
    /// Whether it was said what of them is due.
    pub reminder: DueReminder,
    pub jobs: Jobs,
    /// What is still to be asked before a publish.
    pub gate: Option<Gate>,
    /// Work on keys of several steps.
    pub key_task: Option<KeyTask>,
    /// Images that are being verified, or were last.
    pub verifying: Option<Verifying>,
    pub quit: Option<Quit>,
}

/// The key before, where it decides what the next one means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It does not count.
    Other,
    /// The first of a sequence.
    Prefix(&'static str),
    /// Ctrl-c; another one quits.
    Interrupt,
}

/// Whether something that is due was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueReminder {
    Due,
    Said,
}

/// How the panes share the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Shared,
    /// The one with the focus has all of it.
    Whole,
}

/// Why the loop ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quit {
    /// The user is done.
    Leave,
    /// The user wants the sandbox.
    Sandbox,
    /// The user named the trust server of all repositories.
    Server(String),
    /// The user chose what the screen was opened for; a line for each.
    Picked(Vec<String>),
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
    /// The cursor while there is nothing at all.
    pub blank: usize,
    pub repositories: List<Gun>,
    pub picked: Picked,
    pub order: Order,
    pub roles: List<Role>,
    pub tags: List<Arc<str>>,
    /// What the tags are listed from.
    pub tag_rows: TagRows,
    pub keys: List<CanonicalKeyId>,
    pub staged: List<StagedRow>,
    /// Whose roles and tags are listed.
    pub shown: Option<Gun>,
    /// Answers came since rows were put in order: that is done once before a frame, however many came.
    pub behind: bool,
    /// What happened on the way to them.
    pub notice: Option<Notice>,
}

impl State {
    /// A screen that knows nothing yet.
    #[must_use]
    pub fn new(theme: Theme, size: (u16, u16), now: Time) -> Self {
        Self {
            theme,
            size,
            now,
            here: Here::default(),
            keymap: Keymap::default(),
            known: Known::default(),
            stage: Stage::default(),
            unread_stage: None,
            plan: None,
            keyring: KeysHere::default(),
            focus: Pane::Repositories,
            lists: Lists::default(),
            screen: Screen::Main,
            dialogs: Vec::new(),
            message: None,
            log: SaidLog::default(),
            trail: None,
            view_of: Extent::Shared,
            sort: Sorts::default(),
            clicked: None,
            unbound: BTreeSet::new(),
            before: Before::Other,
            filtering: None,
            tour: None,
            guide: None,
            begun: Vec::new(),
            reminder: DueReminder::Due,
            jobs: Jobs::default(),
            gate: None,
            key_task: None,
            verifying: None,
            quit: None,
        }
    }

    /// The repository under the cursor.
    #[must_use]
    pub fn repository(&self) -> Option<&Repository> {
        self.known.repositories.get(self.lists.repositories.selected_index()?)
    }

    /// Its view.
    #[must_use]
    pub fn view(&self) -> Option<&RepositoryView> {
        self.repository()?.view.as_deref()
    }

    /// A repository by name.
    #[must_use]
    pub fn find(&self, gun: &Gun) -> Option<&Repository> {
        self.known.repositories.find(gun)
    }

    /// The same, to write.
    pub fn find_mut(&mut self, gun: &Gun) -> Option<&mut Repository> {
        self.known.repositories.find_mut(gun)
    }

    /// A name as rows show it: without the registry that most repositories of the list are in, unless another is called
    /// what would be left.
    #[must_use]
    pub fn short_name<'a>(&self, name: &'a str) -> &'a str {
        let rest = self.known.registry.as_deref().and_then(|registry| name.strip_prefix(registry)?.strip_prefix('/'));
        rest.filter(|rest| self.known.repositories.named(rest).is_none()).unwrap_or(name)
    }

    /// Finds out which registry more repositories are in than in any other.
    pub fn learn_registry(&mut self) {
        self.known.registry = self.known.common_registry();
        let names: Vec<&str> = self.known.repositories.iter().map(|r| self.short_name(&r.entry.name)).collect();
        let shared = shared_by(&names);
        self.known.repositories.share(shared);
    }

    /// A repository's short name in at most `cells`: what tells it from the others stays.
    #[must_use]
    pub fn fitted(&self, repository: &Repository, cells: usize) -> String {
        cut_name(self.short_name(&repository.entry.name), cells, self.theme.glyphs.cut, repository.shared)
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

    /// The parts of the main screen.
    #[must_use]
    pub fn areas(&self) -> Areas {
        let tour = self.tour.is_some();
        match self.view_of {
            Extent::Shared => layout::areas(self.size, self.focus, tour),
            Extent::Whole => layout::whole(self.size, self.focus, tour),
        }
    }

    /// What dialogs are told of the screen.
    #[must_use]
    pub fn around(&self) -> Around<'_> {
        let tour = self.tour.as_ref().map(|tour| tour.passphrase.as_str());
        Around {
            now: self.now,
            size: self.size,
            passphrase: self.here.sandbox.as_deref().or(tour),
            idle_lock: &self.here.idle_lock,
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
        let nothing = self.known.repositories.is_empty() && self.stage.changes.is_empty();
        self.known.listing == Listing::Ready && nothing && self.focus != Pane::Keys
    }

    /// Whether the server of the repository under the cursor answered lately.
    #[must_use]
    pub fn is_online(&self) -> Option<bool> {
        if self.here.offline {
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
        self.log.add(self.now, tone, &verb, &object, vec![]);
        self.show(tone, verb, object);
        self.message.iter_mut().for_each(|message| message.kept = true);
    }

    /// Shows a failure until esc is pressed.
    pub fn complain(&mut self, failure: &Failure) {
        let problem = &failure.problem;
        self.record(failure);
        let (verb, object) = (words::failed(problem.kind).to_owned(), problem.message.clone());
        let remedy = Some(problem.hint.clone());
        let (back, quotes, kept, since) = (None, false, true, self.now);
        self.message = Some(Message { tone: Tone::Fail, verb, object, remedy, back, quotes, kept, since });
    }

    /// Keeps a failure among what was said, with all that is known of it.
    pub fn record(&mut self, failure: &Failure) {
        let Failure { problem, raw, .. } = failure;
        let mut detail = vec![problem.hint.clone()];
        detail.extend(problem.repository.as_ref().map(|gun| format!("repository {gun}")));
        detail.extend(problem.role.as_ref().map(|role| format!("role {role}")));
        detail.extend(raw.as_deref().map(str::to_owned));
        self.log.add(self.now, Tone::Fail, words::failed(problem.kind), &problem.message, detail);
    }
}
