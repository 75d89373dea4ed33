//! Effects that run, and whose answers are still wanted.

use std::collections::{BTreeMap, BTreeSet};

use crate::tuf::Gun;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::event::{JobId, Outcome, Source};
use crate::tui::messages::registry::{RegistryFound, RegistryNews, RegistryWork};
use crate::tui::messages::wizard_task::Task;

/// Effects that run.
#[derive(Debug, Default)]
pub struct Jobs {
    next: u64,
    running: BTreeSet<JobId>,
    plan: Option<JobId>,
    /// What the running plan is made from has changed since.
    plan_is_old: bool,
    completion: Option<JobId>,
    key_work: Option<JobId>,
    at_token: Option<JobId>,
    /// What the form of a wizard waits for.
    form: Option<JobId>,
    /// The choice that went to the disk last.
    keep: Option<JobId>,
    /// Registries that are asked for all their tags.
    comparing: BTreeMap<Gun, JobId>,
    verifying: Option<JobId>,
    /// What writes the choice of a wizard. Ctrl-c does not stop it.
    writing: BTreeSet<JobId>,
}

impl Jobs {
    /// Names an effect that begins.
    pub fn begin(&mut self, effect: &Effect) -> JobId {
        self.next += 1;
        let job = JobId(self.next);
        let silent = matches!(
            effect,
            Effect::ChoosePassphrase(..)
                | Effect::StopPublish
                | Effect::Cancel
                | Effect::StopKeyWork
                | Effect::Registry(RegistryWork::StopComparing(_) | RegistryWork::StopVerifying)
        );
        if !silent {
            self.running.insert(job);
        }
        match effect {
            Effect::Plan => self.plan = Some(job),
            Effect::Complete(_) => self.completion = Some(job),
            Effect::Key(_) => self.key_work = Some(job),
            Effect::Registry(work) => self.begin_registry(job, work),
            Effect::Wizard(task) => self.begin_wizard(job, task),
            _ => {}
        }
        job
    }

    fn begin_registry(&mut self, job: JobId, work: &RegistryWork) {
        match work {
            RegistryWork::Compare(gun, _) => {
                let before = self.comparing.insert(gun.clone(), job);
                before.iter().for_each(|job| self.end_silently(*job));
            }
            RegistryWork::StopComparing(gun) => {
                let job = self.comparing.remove(gun);
                job.iter().for_each(|job| self.end_silently(*job));
            }
            RegistryWork::Verify { .. } => {
                let before = self.verifying.replace(job);
                before.iter().for_each(|job| self.end_silently(*job));
            }
            RegistryWork::StopVerifying => {
                let job = self.verifying.take();
                job.iter().for_each(|job| self.end_silently(*job));
            }
            RegistryWork::Look(..) | RegistryWork::LookUp(_) | RegistryWork::Platforms { .. } => {}
        }
    }

    /// What was stopped answers nothing.
    fn end_silently(&mut self, job: JobId) {
        self.running.remove(&job);
    }

    /// Whether news of this job are still wanted.
    #[must_use]
    pub fn is_wanted(&self, job: JobId, news: &RegistryNews) -> bool {
        match news {
            RegistryNews::Heard(gun, _) => self.is_comparing(gun, job),
            _ => self.verifying == Some(job),
        }
    }

    /// Whether the answers of this job about a repository are still wanted.
    #[must_use]
    pub fn is_comparing(&self, gun: &Gun, job: JobId) -> bool {
        self.comparing.get(gun) == Some(&job)
    }

    fn begin_wizard(&mut self, job: JobId, task: &Task) {
        if task.is_at_token() {
            self.at_token = Some(job);
        }
        if task.is_of_form() {
            self.form = Some(job);
        }
        if matches!(task, Task::Keep(_)) {
            self.keep = Some(job);
        }
        if task.writes_choice() {
            self.writing.insert(job);
        }
    }

    /// Ends it. Says whether anybody still wants the answer.
    pub fn end(&mut self, job: JobId, outcome: &Outcome) -> bool {
        if let Outcome::Viewed(_, Source::Cache, _) | Outcome::WrongSources(_) = outcome {
            // The same job goes on, and answers again.
            return self.running.contains(&job);
        }
        let known = self.running.remove(&job);
        self.writing.remove(&job);
        match outcome {
            Outcome::Planned(_) => self.plan == Some(job),
            Outcome::Completed(_) => self.completion == Some(job),
            Outcome::Key(_) => self.key_work == Some(job),
            Outcome::Registry(RegistryFound::Compared(gun, _)) => {
                let wanted = self.is_comparing(gun, job);
                if wanted {
                    self.comparing.remove(gun);
                }
                wanted
            }
            Outcome::Registry(RegistryFound::Verified(_)) => self.verifying == Some(job),
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

    /// Whether the form of a wizard waits for this job, and not for another one.
    #[must_use]
    pub fn is_of_form(&self, job: JobId) -> bool {
        self.form == Some(job)
    }

    /// Whether this job took the last choice to the disk.
    #[must_use]
    pub fn is_keep(&self, job: JobId) -> bool {
        self.keep == Some(job)
    }

    /// Whether the choice of a wizard is being written: what is read of it now may be old in a moment.
    #[must_use]
    pub fn is_writing_choice(&self) -> bool {
        !self.writing.is_empty()
    }

    /// Forgets work on keys, so that its answer is dropped; no form waits for it any more.
    pub fn forget_key_work(&mut self) {
        self.key_work = None;
        self.forget_form();
    }

    /// The form that waited was closed or stopped: neither an answer nor a touch is for the next one.
    pub fn forget_form(&mut self) {
        self.form = None;
        self.at_token = None;
    }

    /// Forgets what runs, so that its answers are dropped.
    pub fn forget(&mut self) {
        self.running.clear();
        self.comparing.clear();
        self.verifying = None;
        self.plan_is_old = false;
    }

    /// Whether a plan is being made; then another one follows it.
    pub fn plans_again(&mut self) -> bool {
        self.plan_is_old = self.plan.is_some_and(|job| self.running.contains(&job));
        self.plan_is_old
    }

    /// Whether another plan is to follow the one that has just ended. Says so once.
    pub fn take_next_plan(&mut self) -> bool {
        std::mem::take(&mut self.plan_is_old)
    }

    /// Whether anything runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }
}
