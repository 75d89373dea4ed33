//! Sending what was approved, with its progress on standard error, until it ends or somebody stops it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Context;
use super::progress::say_progress;
use crate::engine::publish::job::Approval;
use crate::engine::{EngineError, Problem, Progress, PublishOutcome, Published, Step};
use crate::tuf::Gun;

/// How long after a signal a publish may go on without any news.
const SILENCE: Duration = Duration::from_millis(800);

/// Publishes, while progress is written to standard error. After a signal what is being sent may come to its end, as
/// long as there are news of it.
pub(super) async fn send(
    context: &Context,
    approval: Approval,
    names: BTreeMap<Gun, String>,
) -> Result<Vec<Published>, Problem> {
    let (sender, mut news) = mpsc::channel(64);
    let _finishing = context.busy.begin();
    let guns = approval.repositories.clone();
    let publishing = context.engine.publisher().publish_at_once(approval, sender, context.stop.clone());
    tokio::pin!(publishing);
    let mut running = Running::default();
    let silence = tokio::time::sleep(SILENCE);
    tokio::pin!(silence);
    let mut told_stop = false;
    loop {
        tokio::select! {
            results = &mut publishing => return Ok(results?),
            Some(progress) = news.recv() => {
                say_progress(context, &names, &progress);
                running.note(progress);
                silence.as_mut().reset(Instant::now() + SILENCE);
            }
            () = context.stop.cancelled(), if !told_stop => {
                told_stop = true;
                silence.as_mut().reset(Instant::now() + SILENCE);
                context.console.note("stopping: nothing more is sent, what is being sent may come to its end");
            }
            () = &mut silence, if told_stop => return Ok(guns.iter().map(|gun| running.left(gun)).collect()),
        }
    }
}

/// What is known of a publish that is not waited for to its end.
#[derive(Default)]
struct Running {
    sending: BTreeSet<Gun>,
    finished: BTreeMap<Gun, Published>,
}

impl Running {
    fn note(&mut self, progress: Progress) {
        match progress {
            Progress::Step { gun, step: Step::Upload | Step::Check, .. } => drop(self.sending.insert(gun)),
            Progress::Step { gun, .. } => drop(self.sending.remove(&gun)),
            Progress::Finished(published) => drop(self.finished.insert(published.gun.clone(), published)),
            Progress::Touch { .. } => {}
        }
    }

    /// The result for a repository whose publish is left alone now.
    fn left(&mut self, gun: &Gun) -> Published {
        match self.finished.remove(gun) {
            Some(published) => published,
            None if self.sending.contains(gun) => {
                let why = "it was stopped before the answer came; the next publish looks what became of it".to_owned();
                let problem = EngineError::OutcomeUnknown { gun: gun.clone(), why }.problem();
                Published { outcome: PublishOutcome::Failed(problem), ..Published::skipped(gun) }
            }
            None => Published::skipped(gun),
        }
    }
}
