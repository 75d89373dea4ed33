//! What happened: keys, time, and the answers of the engine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use jiff::Timestamp as Time;

use super::failure::Failure;
use super::keywork::KeyFound;
use super::registry::{RegistryFound, RegistryNews};
use super::told::Told;
use super::wizard_task::Learned;
use crate::engine::keyring::tokens::TokenFacts;
use crate::engine::stage::foreign::ForeignChanges;
use crate::engine::{KeyView, ListedRepository, Plan, Problem, Progress, Published, Remark, RepositoryView, Stage};
use crate::tuf::{CanonicalKeyId, Gun, PublicKey};

/// Names a running effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was used.
    Mouse(Mouse),
    /// Text was pasted; it never triggers an action.
    Paste(String),
    /// The terminal has this size now.
    Resize(u16, u16),
    /// It is this late. Comes before each frame too.
    Tick(Time),
    /// An effect came to its end.
    Done(JobId, Outcome),
    /// A running publish tells how far it is.
    News(Progress),
    /// A server keeps everybody waiting, or a login could not be looked up.
    Remark(Remark),
    /// Something about this machine that was found out beside the screen.
    Learned(String),
    /// What a form asked for waits until somebody touches the token.
    Touch(JobId),
    /// Work at a registry tells what it found so far.
    Registry(JobId, RegistryNews),
    /// Work on keys tells how far it is.
    Counted(JobId, usize, usize),
}

/// The mouse was used at this cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    pub act: MouseAct,
    pub column: u16,
    pub row: u16,
}

/// What was done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAct {
    Press,
    WheelUp,
    WheelDown,
}

/// Where a view came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The files of this machine.
    Cache,
    /// The server was asked.
    Server,
}

/// What an effect found.
#[derive(Debug)]
pub enum Outcome {
    Entries(Result<Vec<ListedRepository>, Failure>),
    Viewed(Gun, Source, Result<Arc<RepositoryView>, Failure>),
    /// The stage after a change of it; `said` is for the message line.
    Staged {
        said: Option<Told>,
        result: Result<Stage, Failure>,
    },
    Planned(Result<Arc<Plan>, Failure>),
    /// Before that: keys for which something is set that is wrong, each with the words that name it.
    WrongSources(BTreeMap<CanonicalKeyId, String>),
    Keys(Result<Vec<KeyView>, Failure>),
    /// Tokens that are plugged in; `None` if no module for them is known.
    Tokens(Option<Arc<Vec<TokenFacts>>>),
    /// Key files that cannot be used.
    KeyProblems(Vec<Problem>),
    Unlocked(CanonicalKeyId, Result<(), Failure>),
    /// Those that a passphrase opened of the keys it was tried for.
    AlsoUnlocked(Vec<CanonicalKeyId>),
    /// What work on keys found.
    Key(KeyFound),
    /// How long the next open key stays so, if any is open.
    Locks(Option<Duration>),
    Published(Result<Vec<Published>, Failure>),
    /// Publishes of an earlier run whose end was looked up.
    Resolved(Vec<Published>),
    Foreign(Gun, Result<Option<ForeignChanges>, Failure>),
    ForeignAdopted(Gun, Result<Stage, Failure>),
    ForeignDropped(Gun, Result<PathBuf, Failure>),
    /// Whether a trust server answers at this address.
    Greeted(String, Result<(), Failure>),
    /// Public keys read from files for a form; the error names the file.
    KeyFiles(Result<Vec<PublicKey>, String>),
    /// Ways to complete a path.
    Completed(Vec<String>),
    /// A small act on one repository came to its end.
    Acted(Option<Gun>, Result<Told, Failure>),
    /// What work at a registry came to.
    Registry(RegistryFound),
    /// What a wizard asked for.
    Wizard(Result<Learned, Failure>),
}
