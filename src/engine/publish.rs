//! Publishing: fetch, plan again, sign, upload, check as a client with an empty cache.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::error::Problem;
use super::{Approval, Engine, EngineError};
use crate::tuf::{Gun, Role};

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

#[allow(unused_variables)]
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
        todo!()
    }

    /// Finds out how publishes ended that were interrupted (lost reply, SIGKILL): what landed leaves the stage.
    /// Returns one result for each.
    pub async fn resolve_interrupted(&self) -> Result<Vec<Published>, EngineError> {
        todo!()
    }
}
