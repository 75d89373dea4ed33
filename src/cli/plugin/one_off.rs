//! A publish without a review, as Docker publishes: of changes that are staged for it alone.
//!
//! Invariant: nothing of it stays staged, unless its outcome is unknown; nothing that was staged before is touched.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::docker::Docker;
use super::failure::Failure;
use crate::cli::publish::obstacle;
use crate::cli::{signals::Finishing, terminal};
use crate::engine::plan::{PlanWarning, Weight};
use crate::engine::publish::job::Approval;
use crate::engine::servers::end_helpers;
use crate::engine::{
    Change, Engine, EntryId, Kind, Plan, Problem, Progress, PublishOutcome, Published, RepositoryPlan,
};
use crate::tuf::Gun;

/// How often it is planned anew because somebody published meanwhile.
const ROUNDS: usize = 5;

/// What may be lost by a publish.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nothing: a plan that would orphan tags is refused.
    Refused,
    /// What somebody was asked about.
    Asked,
    /// Anything, unasked.
    Forced,
}

/// Changes to one repository, on their way.
pub(super) struct OneOff<'d> {
    docker: &'d Docker,
    gun: Gun,
    staged: Arc<OneOffStage>,
    /// Headlines of warnings that were shown.
    told: Mutex<BTreeSet<String>>,
    /// Takes the changes back when the user stops it at a question.
    watch: JoinHandle<()>,
    _finishing: Finishing,
}

struct OneOffStage {
    engine: Engine,
    entries: Mutex<Vec<EntryId>>,
}

impl OneOffStage {
    fn take_back(&self) {
        let entries = std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        if !entries.is_empty() {
            // What stays staged is named by the next command.
            let _ = self.engine.stage().drop_changes(&entries);
        }
    }

    fn keep(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for OneOff<'_> {
    fn drop(&mut self) {
        self.watch.abort();
        self.staged.take_back();
    }
}

impl<'d> OneOff<'d> {
    /// Begins one.
    ///
    /// # Errors
    /// If something else is staged for the repository: it would be published on the way.
    pub(super) async fn begin(docker: &'d Docker, gun: &Gun) -> Result<Self, Failure> {
        let engine = docker.context.engine.clone();
        engine.publisher().resolve_interrupted().await?;
        if engine.stage().staged()?.changes.iter().any(|staged| staged.gun == *gun) {
            return Err(Failure::new(format!(
                "trustdeck has staged changes for {gun}\n  send them with trustdeck publish {gun}, or drop them with \
                 trustdeck reset {gun}"
            )));
        }
        let staged = Arc::new(OneOffStage { engine, entries: Mutex::default() });
        let (stop, watched) = (docker.context.stop.clone(), Arc::clone(&staged));
        let finishing = docker.context.busy.begin();
        let watch = tokio::spawn(async move {
            stop.cancelled().await;
            watched.take_back();
            terminal::restore();
            end_helpers();
            std::process::exit(130);
        });
        Ok(Self { docker, gun: gun.clone(), staged, told: Mutex::default(), watch, _finishing: finishing })
    }

    /// Adds changes.
    pub(super) fn stage(&self, changes: Vec<Change>) -> Result<(), Failure> {
        let engine = &self.staged.engine;
        let before: Vec<EntryId> = engine.stage().staged()?.changes.iter().map(|staged| staged.id).collect();
        let stage = engine.stage().stage(changes.into_iter().map(|change| (self.gun.clone(), change)).collect())?;
        let added = stage.changes.iter().filter(|staged| staged.gun == self.gun && !before.contains(&staged.id));
        let mut entries = self.staged.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.extend(added.map(|staged| staged.id));
        Ok(())
    }

    /// What publishing them would do.
    pub(super) fn plan(&self) -> Result<(Plan, RepositoryPlan), Failure> {
        let plan = self.staged.engine.stage().plan(Some(std::slice::from_ref(&self.gun)))?;
        let repository = plan.repositories.first().cloned();
        let repository = repository.ok_or_else(|| Failure::new("nothing is staged any more"))?;
        let entries = self.staged.entries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if repository.changes.iter().any(|change| !entries.contains(&change.entry)) {
            return Err(Failure::new(format!("trustdeck has just staged other changes for {}", self.gun)));
        }
        match obstacle(&repository) {
            Some(problem) => Err(problem.into()),
            None => Ok((plan, repository)),
        }
    }

    /// Shows on standard error what looks like an attack, and what is lost that nobody was asked about; each once.
    pub(super) fn warn(&self, plan: &RepositoryPlan, loss: Loss) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unasked = |warning: &PlanWarning| warning.weight == Weight::Danger && loss == Loss::Forced;
        for warning in plan.warnings.iter().filter(|warning| warning.is_attack || is_unasked(warning)) {
            if told.insert(warning.headline.clone()) {
                self.docker.context.console.say(&format!("WARNING: {}. {}", warning.headline, warning.detail));
            }
        }
    }

    /// Publishes them. Asks for what is locked.
    pub(super) async fn publish(self, loss: Loss) -> Result<(), Failure> {
        for _ in 0..ROUNDS {
            let (plan, repository) = self.plan()?;
            let is_dangerous = repository.is_dangerous();
            if is_dangerous && loss == Loss::Refused {
                return Err(refused(&repository));
            }
            self.warn(&repository, loss);
            self.docker.unlock(&plan).await?;
            let repositories = vec![self.gun.clone()];
            let accepted = if is_dangerous { repositories.clone() } else { Vec::new() };
            let published = self.send(Approval { plan: plan.id.clone(), repositories, accepted }).await?;
            match published.outcome {
                PublishOutcome::Done | PublishOutcome::Unchanged => return Ok(()),
                PublishOutcome::Skipped => return Err(Failure { text: String::new(), code: 130 }),
                PublishOutcome::Failed(_) if published.overtaken.is_some() => {
                    self.docker.context.view(&self.gun).await?;
                }
                PublishOutcome::Failed(problem) => return Err(self.failed(problem)),
            }
        }
        Err(Failure::new(format!("somebody else publishes to {} again and again", self.gun)))
    }

    fn failed(&self, problem: Problem) -> Failure {
        if problem.kind == Kind::OutcomeUnknown {
            // Whether it arrived is asked before the next command of trustdeck's.
            self.staged.keep();
        }
        problem.into()
    }

    async fn send(&self, approval: Approval) -> Result<Published, Failure> {
        let context = &self.docker.context;
        let (sender, mut news) = mpsc::channel(64);
        // From here on a signal lets what was begun end.
        self.watch.abort();
        let publishing = self.staged.engine.publisher().publish(approval, sender, context.stop.clone());
        tokio::pin!(publishing);
        let results = loop {
            tokio::select! {
                results = &mut publishing => break results?,
                Some(progress) = news.recv() => if let Progress::Touch { token, .. } = progress {
                    context.console.say(&format!("touch token {token} now"));
                },
            }
        };
        let result = results.into_iter().find(|result| result.gun == self.gun);
        Ok(result.unwrap_or_else(|| Published::skipped(&self.gun)))
    }
}

/// Why a plan is not published unseen.
fn refused(plan: &RepositoryPlan) -> Failure {
    let danger = plan.warnings.iter().find(|warning| warning.weight == Weight::Danger);
    let (headline, detail) =
        danger.map(|danger| (danger.headline.as_str(), danger.detail.as_str())).unwrap_or_default();
    Failure::new(format!("nothing was sent: {headline}\n  {detail} trustdeck shows it before it is published"))
}
