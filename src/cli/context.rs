//! What every command needs, and how repositories are read for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp as Time;
use tokio_util::sync::CancellationToken;

use super::Globals;
use super::console::{Console, broken};
use super::signals::Busy;
use crate::engine::keyring::sources::PassphraseSources;
use crate::engine::reference::{RepositoryRef, parse_bare, parse_repository};
use crate::engine::{Engine, Health, Problem, RepositoryView};
use crate::tuf::Gun;

/// Repositories that are asked about at the same time; the engine bounds requests on its own.
pub(super) const AT_ONCE: usize = 64;

/// What every command needs.
pub(super) struct Context {
    pub(super) engine: Engine,
    pub(super) console: Console,
    pub(super) globals: Globals,
    /// Passphrases known before anybody is asked.
    pub(super) sources: Arc<PassphraseSources>,
    /// Cancelled when the user wants to stop.
    pub(super) stop: CancellationToken,
    /// Set while a signal must not end the program at once.
    pub(super) busy: Busy,
}

impl Context {
    /// Reads a name where only a repository is meant.
    pub(super) fn repository(&self, typed: &str) -> Result<Gun, Problem> {
        Ok(parse_bare(typed, self.globals.gun)?)
    }

    /// Reads a name that may hold a tag.
    pub(super) fn target(&self, typed: &str) -> Result<RepositoryRef, Problem> {
        Ok(parse_repository(typed, self.globals.gun)?)
    }

    /// Asks the server about one repository, or with `--offline` the cache.
    pub(super) async fn view(&self, gun: &Gun) -> Result<RepositoryView, Problem> {
        let view = view(&self.engine, gun, Reading::Look).await?;
        self.say_notices(&view);
        Ok(view)
    }

    /// Says on standard error what happened while a repository was read, such as that its root is trusted from now on.
    pub(super) fn say_notices(&self, view: &RepositoryView) {
        view.notices.iter().for_each(|notice| self.console.say(&format!("{}: {notice}", view.name)));
    }

    /// Whether there is anything to speak of.
    ///
    /// # Errors
    /// Says that the server has nothing of it, or has lost what this machine knows.
    pub(super) fn has_trust_data(&self, view: &RepositoryView) -> Result<(), Problem> {
        match view.health == Health::New || view.lost {
            true => Err(self.engine.trust().nothing_there(&view.gun).problem()),
            false => Ok(()),
        }
    }

    /// Asks the servers about repositories, or with `--offline` the cache.
    pub(super) async fn views(&self, guns: &[Gun]) -> BTreeMap<Gun, Result<RepositoryView, Problem>> {
        self.views_for(guns, Reading::Look).await
    }

    /// What may be staged on without asking: what was verified a few minutes ago, and what something is staged on already.
    pub(super) async fn read_lately(&self, guns: &[Gun]) -> Vec<(Gun, RepositoryView)> {
        let staged = self.engine.stage().staged().map(|stage| stage.changes).unwrap_or_default();
        let mut found = Vec::new();
        for gun in guns {
            // What was there a moment ago is not now.
            if self.engine.trust().found_lost(gun).is_some() {
                continue;
            }
            let is_staged = staged.iter().any(|change| change.gun == *gun);
            let view = self.engine.views().verified_lately(gun, is_staged).await;
            found.extend(view.map(|view| (gun.clone(), view)));
        }
        found
    }

    /// The same for somebody who relies on the tags: expired metadata is an error.
    pub(super) async fn inspections(&self, guns: &[Gun]) -> BTreeMap<Gun, Result<RepositoryView, Problem>> {
        self.views_for(guns, Reading::Rely).await
    }

    /// One repository for somebody who relies on its tags.
    pub(super) async fn relied_on(&self, gun: &Gun) -> Result<RepositoryView, Problem> {
        let view = view(&self.engine, gun, Reading::Rely).await?;
        self.say_notices(&view);
        Ok(view)
    }

    async fn views_for(&self, guns: &[Gun], reading: Reading) -> BTreeMap<Gun, Result<RepositoryView, Problem>> {
        let distinct: std::collections::BTreeSet<Gun> = guns.iter().cloned().collect();
        let one = |gun: Gun| {
            let engine = self.engine.clone();
            async move {
                let asked = gun.clone();
                // A task each, so that verification uses all processors.
                let task = tokio::spawn(async move { view(&engine, &asked, reading).await });
                let view = task.await.unwrap_or_else(|e| Err(broken(&e.to_string())));
                (gun, view)
            }
        };
        let views: BTreeMap<_, _> = stream::iter(distinct).map(one).buffer_unordered(AT_ONCE).collect().await;
        views.values().flatten().for_each(|view| self.say_notices(view));
        views
    }
}

/// What a view is wanted for.
#[derive(Clone, Copy)]
enum Reading {
    Look,
    Rely,
}

async fn view(engine: &Engine, gun: &Gun, reading: Reading) -> Result<RepositoryView, Problem> {
    let view = match reading {
        Reading::Rely => engine.views().inspect(gun).await,
        Reading::Look if engine.settings().offline => engine.views().cached(gun).await,
        Reading::Look => engine.views().refresh(gun).await,
    };
    view.map_err(|error| {
        let mut problem = error.problem();
        problem.repository.get_or_insert_with(|| gun.clone());
        problem
    })
}

/// How long ago something was, in the largest fitting unit.
pub(super) fn age(now: Time, at: Time) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}
