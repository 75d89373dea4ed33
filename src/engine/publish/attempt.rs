//! One repository's publish, from asking the server to seeing the result as a stranger would.

use std::collections::btree_map::Entry;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::job::{Job, PreparedPublish, Run, TryEnd, not_accepted};
use super::landed::{unnoted, unread};
use super::landing::ExpectedEnd;
use super::merged::{Merge, merges};
use super::outcome::{Overtaken, Progress, PublishOutcome, Published, Step};
use super::part::Publisher;
use super::sign::{MadeKeys, SignedFile, SigningError, sign};
use super::upload::{Uploaded, copy_refused, without_snapshot_key};
use crate::engine::called;
use crate::engine::draft::Draft;
use crate::engine::draft::change::StagedChange;
use crate::engine::draft::pulled::{Pulled, pulled};
use crate::engine::error::{EngineError, Problem};
use crate::engine::lanes::{blocking, waiting};
use crate::engine::plan::compute::draft;
use crate::engine::plan::{RepositoryPlan, Weight};
use crate::engine::servers::Servers;
use crate::engine::stage::journal::{PublishTurn, Sent, SentFile};
use crate::engine::trust::session::Base;
use crate::remote::NotaryServer;
use crate::tuf::{CanonicalKeyId, Gun, Role};

/// How often somebody else may publish in between.
const TRIES: usize = 3;
/// How often it is looked whether another trustdeck has finished, and how long between: two minutes in all.
const TURN_LOOKS: u32 = 1200;
const TURN_PAUSE: Duration = Duration::from_millis(100);

impl Publisher {
    /// Publishes one repository; failures are in the result.
    pub(in crate::engine) async fn publish_one(&self, job: &Job, progress: &mpsc::Sender<Progress>) -> Published {
        let turn = {
            let mut writing = self.stage.kept.writing.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(writing.entry(job.gun.clone()).or_default())
        };
        let _turn = turn.lock().await;
        let mut run = Run::default();
        let outcome = self.tries(job, &mut run, progress).await;
        let mut published = outcome.unwrap_or_else(|error| Published {
            overtaken: overtaken(&error),
            merged: std::mem::take(&mut run.merged),
            ..Published::ended(job.gun.clone(), PublishOutcome::Failed(of_repository(&job.gun, &error)))
        });
        published.notes.append(&mut run.notes);
        published.new_keys = run.created.map(|created| created.files).unwrap_or_default();
        published
    }

    async fn tries(
        &self,
        job: &Job,
        run: &mut Run,
        progress: &mpsc::Sender<Progress>,
    ) -> Result<Published, EngineError> {
        let _alone = self.turn(job, progress).await?;
        for tried in 0..TRIES {
            let again = (tried > 0).then(|| "somebody else published first".to_owned());
            if let TryEnd::Done(published) = self.attempt(job, run, progress, again).await? {
                return Ok(*published);
            }
        }
        Err(EngineError::Conflict { gun: job.gun.clone() })
    }

    /// Waits until no other trustdeck publishes the repository, as long as one upload may take.
    async fn turn(&self, job: &Job, progress: &mpsc::Sender<Progress>) -> Result<PublishTurn, EngineError> {
        let mut looks = 0;
        loop {
            let gun = job.gun.clone();
            let taken = blocking(self, move |publisher| publisher.stage.kept.journal.publishing(&gun)).await;
            let holder = match &taken {
                Err(EngineError::BusyLocal { holder, .. }) => holder.as_ref(),
                _ => return taken,
            };
            let is_stopped = holder.is_some_and(|holder| holder.is_stopped);
            if looks == TURN_LOOKS || is_stopped || job.batch.stop.is_cancelled() {
                return taken;
            }
            if looks == 0 {
                let note = Some("another trustdeck is publishing it: waiting".to_owned());
                let step = Progress::Step { gun: job.gun.clone(), step: Step::Fetch, note };
                // Whoever has stopped listening still gets the result.
                progress.send(step).await.unwrap_or_default();
            }
            looks += 1;
            // Ends early for whoever wants to stop; the next look says why nothing was sent.
            let _ = tokio::time::timeout(TURN_PAUSE, job.batch.stop.cancelled()).await;
        }
    }

    async fn attempt(
        &self,
        job: &Job,
        run: &mut Run,
        progress: &mpsc::Sender<Progress>,
        note: Option<String>,
    ) -> Result<TryEnd, EngineError> {
        let gun = &job.gun;
        let may_rely = job.batch.at_once && note.is_none();
        let say = |step, note| {
            let (progress, gun) = (progress.clone(), gun.clone());
            // Whoever has stopped listening still gets the result.
            async move { progress.send(Progress::Step { gun, step, note }).await.unwrap_or_default() }
        };
        say(Step::Fetch, note).await;
        let server = self.servers.server(gun).await?;
        // The server refuses what others have overtaken since a moment ago; then it is asked.
        let lately = if may_rely { self.trust.base_of_a_moment_ago(gun) } else { None };
        let base = match lately {
            Some(base) => base,
            None => Box::pin(self.trust.fetch_base(gun)).await?,
        };
        say(Step::Plan, None).await;
        let prepared = self.prepare(job, server, base).await?.map_err(|(error, merged)| {
            run.merged = merged;
            error
        })?;
        let skipped = || Ok(TryEnd::Done(Box::new(Published::skipped(gun))));
        if prepared.plan.deletes {
            if prepared.batch.stop.is_cancelled() {
                return skipped();
            }
            say(Step::Upload, None).await;
            return Box::pin(self.delete_remote(gun, &prepared)).await.map(|done| TryEnd::Done(Box::new(done)));
        }
        // What is signed and recorded meanwhile takes as long as a connection.
        prepared.server.expect_some();
        run.notes = self.check_unmoved(gun, &prepared.entries).await?.into_iter().collect();
        run.notes.extend(prepared.needs.unreleased.iter().cloned());
        self.find_versions(gun, &prepared, run).await?;
        if let Some(root) = prepared.needs.root.as_ref().filter(|_| run.created.is_none()) {
            run.created = Some(self.base_keys(gun, root, &prepared, progress).await?);
        }
        self.new_server_keys(gun, &prepared, run).await?;
        let (files, expected, prepared) = Box::pin(self.sign_all(gun, prepared, run, progress)).await?;
        if files.is_empty() {
            let notes = unnoted(self.forget_published(gun, &prepared.entries).await)?.into_iter().collect();
            let done = Published { outcome: PublishOutcome::Unchanged, notes, ..Published::skipped(gun) };
            let done = Published { trusted: expected.len(), merged: prepared.merged, ..done };
            return Ok(TryEnd::Done(Box::new(done)));
        }
        // The last moment: from here on it is sent, and the server may have it.
        if prepared.batch.stop.is_cancelled() {
            return skipped();
        }
        say(Step::Upload, None).await;
        let sent = self.record(gun, &prepared, &files).await?;
        let uploaded = Box::pin(self.upload(gun, &prepared, &files, &sent, run)).await;
        match uploaded.map_err(|error| copy_refused(&prepared, without_snapshot_key(&prepared, error)))? {
            Uploaded::Stored => {}
            Uploaded::Overtaken => return Ok(TryEnd::Overtaken),
        }
        say(Step::Check, None).await;
        // What is dangerous and was not accepted has ended before.
        let accepted = prepared.plan.is_dangerous();
        let planned = ExpectedEnd { before: prepared.base.set.as_deref(), tags: &expected, accepted };
        let checked = Box::pin(self.check(&sent, &prepared.server, Some(&planned))).await;
        match checked {
            Err(error @ EngineError::NotStored { .. }) => {
                self.forget_sent(gun).await?;
                Err(error)
            }
            // The server said yes and cannot be asked any more: the record stays, to be resolved later.
            Err(EngineError::Remote { source, .. }) => Err(unread(gun, &source)),
            // It says itself what became of the upload; the record stays too.
            Err(error @ EngineError::Unvouched { .. }) => {
                let outcome = PublishOutcome::Failed(of_repository(gun, &error));
                let sent = Published { outcome, versions: sent.versions(), ..Published::skipped(gun) };
                Ok(TryEnd::Done(Box::new(sent)))
            }
            // The same where what it shows since is not to be trusted, or not to be read here.
            Err(error) => Err(unread(gun, &error)),
            other => Ok(TryEnd::Done(Box::new(Published { merged: prepared.merged, ..other? }))),
        }
    }

    /// Plans again on what the server holds now, and compares with what was approved. Where that would do something else
    /// now, what others have published is told beside it.
    async fn prepare(
        &self,
        job: &Job,
        server: NotaryServer,
        base: Base,
    ) -> Result<Result<PreparedPublish, (EngineError, Vec<Merge>)>, EngineError> {
        let job = job.clone();
        blocking(self, move |publisher| {
            let address = server.endpoint().base().to_owned();
            let content = publisher.stage.kept.journal.read()?;
            let ours = content.entries.iter().filter(|entry| entry.gun == job.gun && entry.server == address);
            let entries: Vec<StagedChange> = ours.cloned().collect();
            let staged = (&job.gun, address.as_str(), entries.as_slice());
            let (plan, needs) = publisher.stage.plan_with_needs(staged, &job.batch.keys, Some(&base));
            let merged = publisher.merges(&job, &base, &plan);
            if plan.effect != job.reviewed.effect {
                let what = changed(&plan, &merged);
                return Ok(Err((EngineError::PlanChanged { gun: job.gun.clone(), what }, merged)));
            }
            if let Some(problem) = &plan.failed {
                let (what, hint) = (problem.message.clone(), problem.hint.clone());
                return Err(EngineError::Change { gun: job.gun.clone(), role: problem.role.clone(), what, hint });
            }
            if let Some(block) = plan.warnings.iter().find(|w| w.weight == Weight::Block) {
                let what = format!("{}: {}", plan.name, block.headline);
                return Err(EngineError::Policy { gun: Some(job.gun.clone()), what, hint: block.detail.clone() });
            }
            if plan.is_dangerous() && !job.accepted {
                return Err(not_accepted(&plan));
            }
            Ok(Ok(PreparedPublish { server, entries, batch: Arc::clone(&job.batch), base, plan, needs, merged }))
        })
        .await
    }

    /// What others have published since the plan was reviewed.
    fn merges(&self, job: &Job, base: &Base, plan: &RepositoryPlan) -> Vec<Merge> {
        let label = |id: &CanonicalKeyId| called::or_id(self.keyring.label_in_plan(id), id);
        merges(job.reviewed.set.as_deref(), base.set.as_deref(), &plan.changes, &label)
    }

    /// Applies the prepared changes and uses the draft.
    fn with_draft<T>(
        &self,
        prepared: &PreparedPublish,
        use_draft: impl FnOnce(&Draft<'_>) -> T,
    ) -> Result<T, EngineError> {
        let PreparedPublish { plan, entries, batch, base, .. } = prepared;
        self.stage.with_facts((&plan.gun, &plan.server, entries), &batch.keys, Some(base), |facts| {
            let (draft, _) = draft(facts)?;
            Ok(use_draft(&draft))
        })
    }

    /// Lets the server make the keys that it takes over or replaces. It signs nothing with them until root lists them.
    async fn new_server_keys(&self, gun: &Gun, prepared: &PreparedPublish, run: &mut Run) -> Result<(), EngineError> {
        for role in &prepared.needs.server_keys {
            if let Entry::Vacant(place) = run.server_keys.entry(role.clone()) {
                let key = prepared.server.rotate_server_key(gun, place.key()).await;
                place.insert(key.map_err(Servers::remote(gun))?);
            }
        }
        Ok(())
    }

    /// Signs on a thread of its own: a token may wait for a touch.
    async fn sign_all(
        &self,
        gun: &Gun,
        prepared: PreparedPublish,
        run: &Run,
        progress: &mpsc::Sender<Progress>,
    ) -> Result<(Vec<SignedFile>, Pulled, PreparedPublish), EngineError> {
        let (gun, progress) = (gun.clone(), progress.clone());
        let created = run.created.as_ref().map(|c| c.keys.clone());
        let (made, found) = (MadeKeys { created, server: run.server_keys.clone() }, run.found.clone());
        let publisher = self.clone();
        let signing = waiting(move || {
            let open = |id: &CanonicalKeyId| publisher.attended_key(id, &gun, &progress, &prepared.batch.stop);
            let step = |done, total| {
                let step = Step::Sign { done, total };
                // A full or closed channel must not hold up signing.
                progress.try_send(Progress::Step { gun: gun.clone(), step, note: None }).unwrap_or_default();
            };
            let signed = publisher
                .with_draft(&prepared, |draft| Ok((sign(draft, &open, &made, &found, &step)?, expected(draft))))?;
            let (files, expected) = signed.map_err(|error| match error {
                SigningError::Locked { missing, .. } => EngineError::Locked(missing),
                SigningError::Key(error) => EngineError::Key(error),
                SigningError::TooMuch(source) => EngineError::Policy {
                    gun: Some(gun.clone()),
                    what: format!("{source}, so that nobody could read it; nothing was sent"),
                    hint: "drop some of what is staged, and publish it afterwards".to_owned(),
                },
                SigningError::Version { ref role, .. } | SigningError::Jump { ref role, .. } => {
                    EngineError::Unvouched {
                        gun: gun.clone(),
                        role: Some(role.clone()),
                        what: error.to_string(),
                        hint: "a false version is on the server: ask whoever runs it to remove that file".to_owned(),
                    }
                }
            })?;
            Ok((files, expected, prepared))
        });
        signing.await.unwrap_or(Err(EngineError::Cancelled))
    }

    /// Writes down what is about to be sent.
    async fn record(&self, gun: &Gun, prepared: &PreparedPublish, files: &[SignedFile]) -> Result<Sent, EngineError> {
        let sent = Sent {
            gun: gun.clone(),
            server: prepared.plan.server.clone(),
            at: self.context.now(),
            entries: prepared.entries.iter().map(|entry| entry.id).collect(),
            files: files.iter().map(SentFile::of).collect(),
            created_root: (prepared.plan.creates || prepared.plan.republishes).then(|| root_text(files)).flatten(),
        };
        let record = sent.clone();
        blocking(self, move |publisher| publisher.stage.kept.journal.record(record)).await?;
        Ok(sent)
    }

    async fn delete_remote(&self, gun: &Gun, prepared: &PreparedPublish) -> Result<Published, EngineError> {
        let sent = self.record(gun, prepared, &[]).await?;
        if let Err(failed) = prepared.server.delete(gun).await
            && !Self::landed_after(&failed, &sent, &prepared.server).await?
        {
            return Err(self.not_done(gun, failed.error).await);
        }
        let landed = Self::landed(&sent, &prepared.server).await;
        let is_gone = landed.map_err(|why| unread(gun, &why))?.in_full(gun)?;
        if !is_gone {
            self.forget_sent(gun).await?;
            let what = "that its trust data is still there".to_owned();
            return Err(EngineError::NotStored { gun: gun.clone(), what });
        }
        let noted = self.forget_published(gun, &prepared.entries).await.and(self.trust.delete_local(gun).await);
        let notes = unnoted(noted)?.into_iter().collect();
        let checked = "the server has no trust data any more".to_owned();
        Ok(Published { outcome: PublishOutcome::Done, checked, notes, ..Published::skipped(gun) })
    }
}

/// The tags that Docker pulls once a draft is on the server.
fn expected(draft: &Draft<'_>) -> Pulled {
    draft.sent_copy().map_or_else(|| pulled(draft), |copy| pulled(&copy))
}

/// Why a plan is not the one that was approved.
fn changed(plan: &RepositoryPlan, merged: &[Merge]) -> String {
    if let (None, false) = (&plan.failed, merged.is_empty()) {
        return merged.iter().map(Merge::sentence).collect::<Vec<_>>().join("; ");
    }
    let heaviest = plan.warnings.iter().find(|warning| warning.weight <= Weight::Danger);
    match (&plan.failed, heaviest) {
        (Some(problem), _) => problem.message.clone(),
        (None, Some(warning)) => format!("publishing would now come to: {}", warning.headline),
        (None, None) => "publishing would now do something else than was reviewed".to_owned(),
    }
}

fn overtaken(error: &EngineError) -> Option<Overtaken> {
    match error {
        EngineError::PlanChanged { .. } => Some(Overtaken::Plan),
        EngineError::Conflict { .. } => Some(Overtaken::Upload),
        _ => None,
    }
}

/// The error as plain data that names the repository.
fn of_repository(gun: &Gun, error: &EngineError) -> Problem {
    let problem = error.problem();
    Problem { repository: Some(problem.repository.unwrap_or_else(|| gun.clone())), ..problem }
}

fn root_text(files: &[SignedFile]) -> Option<String> {
    let root = files.iter().find(|file| file.role == Role::Root)?;
    String::from_utf8(root.bytes.clone()).ok()
}
