//! How far a publish is, and how it ended.

use super::merged::Merge;
use crate::engine::error::Problem;
use crate::tuf::{Gun, Role};

/// The steps of a publish, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the variants say what their fields are
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
#[allow(missing_docs)] // the variants say what their fields are
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
    /// The server held all of it already; nothing was sent.
    Unchanged,
    /// Not done; everything stays staged.
    Failed(Problem),
    /// Nothing was sent, because the user stopped; everything stays staged.
    Skipped,
}

/// How somebody else was first, so that this failed: reviewed anew it may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overtaken {
    /// What was reviewed would do something else now.
    Plan,
    /// It would do the same, and came too late again and again.
    Upload,
}

/// The result for one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Name.
    pub gun: Gun,
    /// How it ended.
    pub outcome: PublishOutcome,
    /// Whether it failed since somebody else has published meanwhile.
    pub overtaken: Option<Overtaken>,
    /// Versions that were written, or sent where it failed.
    pub versions: Vec<(Role, u64)>,
    /// Tags that a fresh client trusts now.
    pub trusted: usize,
    /// What was checked, in words.
    pub checked: String,
    /// New key files, with the role each is for.
    pub new_keys: Vec<(Role, std::path::PathBuf)>,
    /// Things to know.
    pub notes: Vec<String>,
    /// What others have published since this was reviewed.
    pub merged: Vec<Merge>,
}

impl Published {
    /// The result for a repository whose publish has not ended yet.
    #[must_use]
    pub fn skipped(gun: &Gun) -> Self {
        Self::ended(gun.clone(), PublishOutcome::Skipped)
    }

    /// The result for a repository for which nothing was sent.
    #[must_use]
    pub fn ended(gun: Gun, outcome: PublishOutcome) -> Self {
        Self {
            gun,
            outcome,
            overtaken: None,
            versions: Vec::new(),
            trusted: 0,
            checked: String::new(),
            new_keys: Vec::new(),
            notes: Vec::new(),
            merged: Vec::new(),
        }
    }
}
