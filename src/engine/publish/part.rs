//! Publishing what was approved.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::job::{Approval, Batch, Job, no_passphrase, not_accepted};
use super::outcome::{Progress, Published};
use crate::engine::context::Context;
use crate::engine::draft::applied::Mark;
use crate::engine::error::EngineError;
use crate::engine::keyring::Keyring;
use crate::engine::lanes::blocking;
use crate::engine::plan::{NeededKey, RepositoryPlan, RoleDiff};
use crate::engine::servers::Servers;
use crate::engine::stage::Staging;
use crate::engine::trust::Trust;
use crate::tuf::{CanonicalKeyId, Gun, Role};

/// Repositories that are published at the same time.
pub(in crate::engine) const AT_ONCE: usize = 32;

/// Sends what was approved, and checks it. All clones are one.
#[derive(Clone)]
pub struct Publisher {
    pub(in crate::engine) context: Context,
    pub(in crate::engine) keyring: Keyring,
    pub(in crate::engine) servers: Servers,
    pub(in crate::engine) trust: Trust,
    pub(in crate::engine) stage: Staging,
}

impl Publisher {
    pub(in crate::engine) fn new(stage: &Staging) -> Self {
        let Staging { context, keyring, servers, trust, .. } = stage.clone();
        Self { context, keyring, servers, trust, stage: stage.clone() }
    }
}

impl Publisher {
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
        let batch = Batch { stop: stop.clone(), ..Batch::default() };
        Box::pin(self.publish_batch(approval, batch, progress, stop)).await
    }

    /// [`Publisher::publish`] for somebody who has just read the repositories and asked nobody since: what was verified a
    /// moment ago is not asked for again. The server refuses an upload that somebody has overtaken; then it is.
    ///
    /// # Errors
    /// As `publish`.
    pub async fn publish_at_once(
        &self,
        approval: Approval,
        progress: mpsc::Sender<Progress>,
        stop: CancellationToken,
    ) -> Result<Vec<Published>, EngineError> {
        let batch = Batch { stop: stop.clone(), at_once: true, ..Batch::default() };
        Box::pin(self.publish_batch(approval, batch, progress, stop)).await
    }

    async fn publish_batch(
        &self,
        approval: Approval,
        batch: Batch,
        progress: mpsc::Sender<Progress>,
        stop: CancellationToken,
    ) -> Result<Vec<Published>, EngineError> {
        let jobs = blocking(self, move |publisher| publisher.jobs(&approval, batch)).await?;
        let run = |(place, job)| {
            let run = Box::pin(self.run(job, progress.clone(), &stop));
            async move { (place, run.await) }
        };
        // As they end, so that a slow one keeps no other waiting; told in the order of the plan.
        let runs = stream::iter(jobs.into_iter().enumerate().map(run)).buffer_unordered(AT_ONCE);
        let mut ended: Vec<(usize, Published)> = runs.collect().await;
        ended.sort_by_key(|(place, _)| *place);
        Ok(ended.into_iter().map(|(_, published)| published).collect())
    }

    async fn run(&self, job: Job, progress: mpsc::Sender<Progress>, stop: &CancellationToken) -> Published {
        let published =
            if stop.is_cancelled() { Published::skipped(&job.gun) } else { self.publish_one(&job, &progress).await };
        // Nobody listens any more: the result is returned all the same.
        let _ = progress.send(Progress::Finished(published.clone())).await;
        published
    }

    /// Checks an approval against the stage as it is now.
    fn jobs(&self, approval: &Approval, batch: Batch) -> Result<Vec<Job>, EngineError> {
        self.context.check_writable()?;
        approval.repositories.iter().try_for_each(|gun| self.servers.check_writable(gun))?;
        let plan = self.stage.plan_silently(Some(&approval.repositories))?;
        let mut effects = self.stage.kept.issued(&approval.plan);
        if effects.is_none() && plan.id == approval.plan {
            effects = Some(self.stage.reviewed(&plan));
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
        let batch = Arc::new(Batch { keys: self.stage.store_keys(), ..batch });
        let job = |gun: &Gun| {
            let (reviewed, accepted) = (effects.get(gun)?.clone(), approval.accepted.contains(gun));
            Some(Job { gun: gun.clone(), reviewed, accepted, batch: Arc::clone(&batch) })
        };
        Ok(plan.repositories.iter().filter_map(|p| job(&p.gun)).collect())
    }

    /// Locked keys of roles that cannot be signed with the open ones.
    fn locked(&self, plan: &RepositoryPlan) -> Result<Vec<CanonicalKeyId>, EngineError> {
        let mut by_role: BTreeMap<&Role, (u32, Vec<CanonicalKeyId>)> = BTreeMap::new();
        for key in &plan.keys {
            match key {
                NeededKey::New { role } if self.keyring.chosen_passphrase(role).is_none() => {
                    return Err(no_passphrase(role));
                }
                NeededKey::New { .. } => {}
                NeededKey::Unlock { id, signs, .. } => {
                    let is_open = self.keyring.is_open(id);
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
