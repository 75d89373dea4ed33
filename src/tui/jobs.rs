//! Effects that run, and whose answers are still wanted.

use std::collections::BTreeSet;

use super::effect::Effect;
use super::event::{JobId, Outcome, Source};

/// Effects that run.
#[derive(Debug, Default)]
pub struct Jobs {
    next: u64,
    running: BTreeSet<JobId>,
    plan: Option<JobId>,
    completion: Option<JobId>,
    key_work: Option<JobId>,
    at_token: Option<JobId>,
}

impl Jobs {
    /// Names an effect that begins.
    pub fn begin(&mut self, effect: &Effect) -> JobId {
        self.next += 1;
        let job = JobId(self.next);
        let silent =
            matches!(effect, Effect::ChoosePassphrase(..) | Effect::StopPublish | Effect::Cancel | Effect::StopKeyWork);
        if !silent {
            self.running.insert(job);
        }
        match effect {
            Effect::Plan => self.plan = Some(job),
            Effect::Complete(_) => self.completion = Some(job),
            Effect::Key(_) => self.key_work = Some(job),
            Effect::Wizard(task) if task.is_at_token() => self.at_token = Some(job),
            _ => {}
        }
        job
    }

    /// Ends it. Says whether anybody still wants the answer.
    pub fn end(&mut self, job: JobId, outcome: &Outcome) -> bool {
        if let Outcome::Viewed(_, Source::Cache, _) = outcome {
            // The same job asks the server next, and answers again.
            return self.running.contains(&job);
        }
        let known = self.running.remove(&job);
        match outcome {
            Outcome::Planned(_) => self.plan == Some(job),
            Outcome::Completed(_) => self.completion == Some(job),
            Outcome::Key(_) => self.key_work == Some(job),
            // Whatever was written is true, asked for or not.
            Outcome::Staged { .. } | Outcome::ForeignAdopted(..) | Outcome::Published(_) | Outcome::Wizard(_) => true,
            _ => known,
        }
    }

    /// Whether work on keys still wants to be heard of.
    #[must_use]
    pub fn is_key_work(&self, job: JobId) -> bool {
        self.key_work == Some(job)
    }

    /// Whether this job runs and somebody wants its answer.
    #[must_use]
    pub fn waits_for(&self, job: JobId) -> bool {
        self.running.contains(&job) && (self.key_work == Some(job) || self.at_token == Some(job))
    }

    /// Forgets work on keys, so that its answer is dropped.
    pub fn forget_key_work(&mut self) {
        self.key_work = None;
    }

    /// Forgets what runs, so that its answers are dropped.
    pub fn forget(&mut self) {
        self.running.clear();
    }

    /// Whether anything runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }
}
