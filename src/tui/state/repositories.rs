//! The repositories of the list, found by name, and how many of them are being asked.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::registry::Compared;
use crate::engine::{Admission, Freshness, Health, ListedRepository, Problem, RepositoryView};
use crate::tuf::Gun;
use crate::tui::messages::failure::{Ask, Failure};

/// A repository of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub entry: ListedRepository,
    pub view: Option<Arc<RepositoryView>>,
    work: Work,
    /// Why the last try gave nothing.
    pub failure: Option<Failure>,
    /// The user has just given a login for it.
    pub is_logging_in: bool,
    /// How many characters its short name begins and ends with as those most like it do.
    pub shared: (usize, usize),
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
    pub fn new(entry: ListedRepository) -> Self {
        Self {
            entry,
            view: None,
            work: Work::Idle,
            failure: None,
            is_logging_in: false,
            shared: (0, 0),
            registry: Compared::default(),
        }
    }

    /// Whether its server is being asked.
    #[must_use]
    pub fn work(&self) -> Work {
        self.work
    }

    /// What it asks: why it could not be read, or what would show more than the cache.
    #[must_use]
    pub fn question(&self) -> Option<Ask> {
        match &self.failure {
            Some(failure) => failure.ask.clone(),
            None => self.admission().cloned().map(Ask::Admission),
        }
    }

    /// What would make its server let in.
    #[must_use]
    pub fn admission(&self) -> Option<&Admission> {
        self.refusal()?.admission.as_deref()
    }

    /// That its server did not let in, also where the cache is shown instead, or else its registry.
    #[must_use]
    pub fn refusal(&self) -> Option<&Problem> {
        let cached = || match &self.view.as_ref()?.freshness {
            Freshness::Cached { reason, .. } => reason.as_ref(),
            Freshness::Fresh { .. } => None,
        };
        let of_server = self.failure.as_ref().map(|failure| &failure.problem).or_else(cached);
        let of_registry = self.registry.failure.as_ref().map(|failure| &failure.problem);
        [of_server, of_registry].into_iter().flatten().find(|problem| problem.admission.is_some())
    }

    /// How it stands.
    #[must_use]
    pub fn health(&self) -> Health {
        match (&self.failure, &self.view) {
            (Some(failure), _) if failure.ask.is_some() => Health::Warn,
            (Some(failure), Some(view)) if failure.problem.kind.allows_cache() => view.health.min(Health::Cached),
            (Some(_), _) => Health::Fail,
            (None, Some(_)) if self.registry.differences.tampered > 0 => Health::Fail,
            (None, Some(view)) => view.health,
            (None, None) => Health::Loading,
        }
    }
}

/// All of them, in the order in which the engine lists them. Thousands of answers come, each for one.
#[derive(Debug, Default)]
pub struct Repositories {
    rows: Vec<Repository>,
    places: HashMap<Gun, usize>,
    /// The same by the names that are shown.
    named: HashMap<String, usize>,
    /// Those that were taken off the list, for when they come back.
    off: HashMap<Gun, Repository>,
    asked: usize,
}

impl Deref for Repositories {
    type Target = [Repository];

    fn deref(&self) -> &[Repository] {
        &self.rows
    }
}

impl Repositories {
    /// Takes a new list; what is known of those that stay is kept. Gives the names that are new on it.
    pub fn list(&mut self, entries: Vec<ListedRepository>) -> Vec<Gun> {
        let mut old: HashMap<Gun, Repository> =
            std::mem::take(&mut self.rows).into_iter().map(|r| (r.entry.gun.clone(), r)).collect();
        let mut fresh = Vec::new();
        for entry in entries {
            let repository = match old.remove(&entry.gun) {
                Some(known) => Repository { entry, ..known },
                None => {
                    fresh.push(entry.gun.clone());
                    match self.off.remove(&entry.gun) {
                        Some(known) => Repository { entry, work: Work::Idle, ..known },
                        None => Repository::new(entry),
                    }
                }
            };
            self.rows.push(repository);
        }
        self.off.extend(old);
        self.places = self.rows.iter().enumerate().map(|(place, r)| (r.entry.gun.clone(), place)).collect();
        self.named = self.rows.iter().enumerate().rev().map(|(place, r)| (r.entry.name.clone(), place)).collect();
        self.asked = self.rows.iter().filter(|r| r.work != Work::Idle).count();
        fresh
    }

    /// Notes how far each name, in their order, is like others.
    pub fn share(&mut self, shared: Vec<(usize, usize)>) {
        for (repository, shared) in self.rows.iter_mut().zip(shared) {
            repository.shared = shared;
        }
    }

    /// One by name.
    #[must_use]
    pub fn find(&self, gun: &Gun) -> Option<&Repository> {
        self.rows.get(*self.places.get(gun)?)
    }

    /// The same, to write.
    pub fn find_mut(&mut self, gun: &Gun) -> Option<&mut Repository> {
        self.rows.get_mut(*self.places.get(gun)?)
    }

    /// The first one of a name, whole as it is shown.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Repository> {
        self.rows.get(*self.named.get(name)?)
    }

    /// Notes that its server is asked from now on; `false` if it is already, or not on the list.
    pub fn ask(&mut self, gun: &Gun, now: Time) -> bool {
        let idle = self.find_mut(gun).filter(|repository| repository.work == Work::Idle);
        let begins = idle.map(|repository| repository.work = Work::Asking(now)).is_some();
        self.asked += usize::from(begins);
        begins
    }

    /// Notes that its server has answered.
    pub fn answered(&mut self, gun: &Gun) {
        let asked = self.find_mut(gun).filter(|repository| repository.work != Work::Idle);
        let ends = asked.map(|repository| repository.work = Work::Idle).is_some();
        self.asked -= usize::from(ends);
    }

    /// Notes that no answer is waited for any more.
    pub fn stop_asking(&mut self) {
        for repository in &mut self.rows {
            repository.work = Work::Idle;
            repository.registry.stop();
        }
        self.asked = 0;
    }

    /// Whether any server is being asked.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.asked > 0
    }
}
