//! Publishing: fetch, plan again, sign, upload, check as a client with an empty cache.

pub(in crate::engine) mod attempt;
pub(in crate::engine) mod creation;
pub(in crate::engine) mod landing;
pub mod sign;
pub(in crate::engine) mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::Problem;
use super::plan::{Mark, NeededKey, RepositoryPlan, RoleDiff, Weight};
use super::stage::Keys;
use super::{Approval, Engine, EngineError};
use crate::keys::PrivateKey;
use crate::tuf::{CanonicalKeyId, Gun, Role};
use creation::no_passphrase;

/// Repositories that are published at the same time.
const AT_ONCE: usize = 8;

/// The steps of a publish, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Asking the server what it holds now.
    Fetch,
    /// Planning again on that.
    Plan,
    /// Signing; `done` of `total` role files.
    Sign { done: usize, total: usize },
    /// One request.
    Upload,
    /// Reading back as a client with an empty cache.
    Check,
}

/// News about a running publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step of this repository has begun.
    Step { gun: Gun, step: Step, note: Option<String> },
    /// A token waits for a finger before it signs for this repository.
    Touch { gun: Gun, token: String },
    /// This repository is finished.
    Finished(Published),
}

/// How a repository's publish ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// On the server, read back by a client with an empty cache.
    Done,
    /// Not done; everything stays staged.
    Failed(Problem),
    /// Not begun, because the user stopped; everything stays staged.
    Skipped,
}

/// The result for one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Name.
    pub gun: Gun,
    /// How it ended.
    pub outcome: PublishOutcome,
    /// Versions that were written.
    pub versions: Vec<(Role, u64)>,
    /// Tags that a fresh client trusts now.
    pub trusted: usize,
    /// What was checked, in words.
    pub checked: String,
    /// New key files, with the role each is for.
    pub new_keys: Vec<(Role, std::path::PathBuf)>,
    /// Things to know.
    pub notes: Vec<String>,
}

impl Published {
    /// The result for a repository whose publish has not ended yet.
    pub(super) fn skipped(gun: &Gun) -> Self {
        Self {
            gun: gun.clone(),
            outcome: PublishOutcome::Skipped,
            versions: Vec::new(),
            trusted: 0,
            checked: String::new(),
            new_keys: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// What was approved for one repository.
#[derive(Clone)]
pub(super) struct Job {
    pub(super) gun: Gun,
    /// The effect that was reviewed.
    pub(super) effect: String,
    /// Whether its dangers were accepted.
    pub(super) accepted: bool,
    /// What it shares with the others of the same publish.
    pub(super) batch: Arc<Batch>,
}

/// What the repositories of one publish share.
#[derive(Default)]
pub(super) struct Batch {
    /// The keys in the store when it began: keys made on the way must not change what was approved.
    pub(super) keys: Keys,
    /// The root key that was made for the first new repository, and serves the others too, as with `docker trust`.
    pub(super) root: tokio::sync::Mutex<Option<Arc<PrivateKey>>>,
    /// Ends the waiting for a token; what was begun without one is finished.
    pub(super) stop: CancellationToken,
}

impl Engine {
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
        let waiting = stop.clone();
        let jobs = self.blocking(move |engine| engine.jobs(&approval, waiting)).await?;
        let runs = jobs.into_iter().map(|job| self.run(job, progress.clone(), &stop));
        Ok(stream::iter(runs).buffered(AT_ONCE).collect().await)
    }

    async fn run(&self, job: Job, progress: mpsc::Sender<Progress>, stop: &CancellationToken) -> Published {
        let published =
            if stop.is_cancelled() { Published::skipped(&job.gun) } else { self.publish_one(&job, &progress).await };
        // Nobody listens any more: the result is returned all the same.
        let _ = progress.send(Progress::Finished(published.clone())).await;
        published
    }

    /// Checks an approval against the stage as it is now.
    fn jobs(&self, approval: &Approval, stop: CancellationToken) -> Result<Vec<Job>, EngineError> {
        let plan = self.plan_silently(Some(&approval.repositories))?;
        let mut effects = self.inner.staging.issued(&approval.plan);
        if effects.is_none() && plan.id == approval.plan {
            effects = Some(plan.repositories.iter().map(|p| (p.gun.clone(), p.effect.clone())).collect());
        }
        let Some(effects) = effects else {
            return Err(EngineError::Policy {
                gun: None,
                what: format!("plan {} is not the plan of what is staged now, which is {}", approval.plan.0, plan.id.0),
                hint: "look at the new plan and approve that".to_owned(),
            });
        };
        let mut locked = Vec::new();
        for repository in plan.repositories.iter().filter(|p| !p.is_blocked()) {
            if repository.is_dangerous() && !approval.accepted.contains(&repository.gun) {
                return Err(not_accepted(repository));
            }
            locked.extend(self.locked(repository)?);
        }
        if !locked.is_empty() {
            locked.dedup();
            return Err(EngineError::Locked(locked));
        }
        let batch = Arc::new(Batch { keys: self.store_keys(), stop, ..Batch::default() });
        let job = |gun: &Gun| {
            let (effect, accepted) = (effects.get(gun)?.clone(), approval.accepted.contains(gun));
            Some(Job { gun: gun.clone(), effect, accepted, batch: Arc::clone(&batch) })
        };
        Ok(plan.repositories.iter().filter_map(|p| job(&p.gun)).collect())
    }

    /// Locked keys of roles that cannot be signed with the open ones.
    fn locked(&self, plan: &RepositoryPlan) -> Result<Vec<CanonicalKeyId>, EngineError> {
        let mut by_role: BTreeMap<&Role, (u32, Vec<CanonicalKeyId>)> = BTreeMap::new();
        for key in &plan.keys {
            match key {
                NeededKey::New { role } if self.chosen_passphrase(role).is_none() => return Err(no_passphrase(role)),
                NeededKey::New { .. } => {}
                NeededKey::Unlock { id, signs, .. } => {
                    let is_open = self.is_open(id);
                    for role in signs {
                        let (open, shut) = by_role.entry(role).or_default();
                        if is_open { *open += 1 } else { shut.push(id.clone()) }
                    }
                }
            }
        }
        let threshold = |role: &Role| {
            let diff = plan.roles.iter().find(|diff| diff.role == *role);
            let is_new_root = |diff: &&RoleDiff| *role == Role::Root && diff.keys.iter().any(|k| k.mark == Mark::Added);
            if diff.filter(is_new_root).is_some() {
                // The old keys sign it as well as the new ones.
                return u32::MAX;
            }
            diff.and_then(|diff| diff.threshold.1).unwrap_or(1)
        };
        let short = by_role.into_iter().filter(|(role, (open, shut))| !shut.is_empty() && *open < threshold(role));
        let mut locked: Vec<CanonicalKeyId> = short.flat_map(|(_, (_, shut))| shut).collect();
        locked.sort();
        locked.dedup();
        Ok(locked)
    }
}

pub(super) fn not_accepted(plan: &RepositoryPlan) -> EngineError {
    let danger = plan.warnings.iter().find(|w| w.weight == Weight::Danger);
    let what = danger.map(|w| w.headline.clone()).unwrap_or_default();
    let mend = match danger.and_then(|w| w.fix.as_ref()) {
        Some((_, words)) => format!("{words}, or accept it"),
        None => "accept it if that is meant".to_owned(),
    };
    EngineError::Policy { gun: Some(plan.gun.clone()), what: format!("{}: {what}", plan.name), hint: mend }
}
