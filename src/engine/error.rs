//! Everything that can go wrong, with one class, one cause and one next step each.

mod kind;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::other_root::OtherRoot;
use crate::keys::{KeyError, TooShort};
use crate::printable::system_words;
use crate::remote::RemoteError;
use crate::tuf::content::about_file;
use crate::tuf::{CanonicalKeyId, Gun, KeyId, NameError, Role, VerifyError};

pub use kind::Kind;

/// A failure as plain data: what JSON output prints and what a screen holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Class.
    pub kind: Kind,
    /// One sentence of cause, lower case, without full stop; may hold outside text.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// The repository it is about.
    pub repository: Option<Gun>,
    /// The role it is about.
    pub role: Option<Role>,
    /// The tags it is about, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Box<ToldTags>>,
    /// What would make the server let in.
    #[serde(skip)]
    pub admission: Option<Box<Admission>>,
}

/// Names of tags; text from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToldTags(pub Vec<String>);

/// What a person can give so that a server lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A login for `registry`, another one than that of `user`, who was refused.
    Login {
        /// As Docker's configuration names it.
        registry: String,
        /// Who was refused because of the password; a right that is missing names nobody.
        user: Option<String>,
    },
    /// The consent that logins go to `realm`, where `host` sends them.
    Realm {
        /// The trust server or registry.
        host: String,
        /// `HOST` or `HOST:PORT`.
        realm: String,
    },
}

impl Admission {
    /// Whether both are given at once: a login for the same registry, or the same realm allowed.
    #[must_use]
    pub fn is_for(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Login { registry: one, .. }, Self::Login { registry: other, .. })
            | (Self::Realm { realm: one, .. }, Self::Realm { realm: other, .. }) => one == other,
            _ => false,
        }
    }
}

impl Problem {
    /// What two failures share that have one cause.
    #[must_use]
    pub fn cause(&self) -> (Kind, &str, &str) {
        (self.kind, &self.message, &self.hint)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a tag is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Untrusted {
    /// Nobody has signed it. The roles that pulls look at are named.
    Unsigned { looked_in: Vec<Role> },
    /// Signed, but in no role that pulls look at.
    Held { roles: Vec<Role>, looked_in: Vec<Role> },
    /// A role that pulls look at lists it, but the role's file is not trusted.
    Orphaned { roles: Vec<Role> },
    /// A role that pulls look at first does not count, so what it says of the tag is not known. Why, and what helps.
    Uncounted { cause: Box<Problem> },
    /// It is listed without a digest that can be pulled by.
    NoDigest,
}

impl std::fmt::Display for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = |roles: &[Role], between: &str| roles.iter().map(Role::as_str).collect::<Vec<_>>().join(between);
        match self {
            Self::Unsigned { looked_in } => write!(f, "is not signed in {}", names(looked_in, " or ")),
            Self::Held { roles, looked_in } => {
                write!(f, "is signed in {}, but not released in {}", names(roles, " and "), names(looked_in, " or "))
            }
            Self::Orphaned { roles } => {
                write!(f, "is listed in {}, whose file is not signed by its keys or has expired", names(roles, " and "))
            }
            Self::Uncounted { cause } => write!(f, "is not trusted: {}", cause.message),
            Self::NoDigest => f.write_str("is signed without a SHA-256 digest"),
        }
    }
}

/// What the engine's methods fail with.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum EngineError {
    /// A name that was typed or read is not acceptable.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Anything else about what was typed: sentence and hint.
    #[error("{message}")]
    Input { message: String, hint: String },
    /// Metadata is not trusted.
    #[error("{source}")]
    Verify { gun: Gun, source: VerifyError },
    /// This machine's clock cannot be right, so nothing can be said about expiry.
    #[error("{what}")]
    Clock { gun: Gun, what: String },
    /// The server could not be asked, or refused.
    #[error("{source}")]
    Remote { gun: Option<Gun>, source: RemoteError },
    /// The server refuses this machine's copy of what it has lost.
    #[error("{source}")]
    CopyRefused { gun: Gun, source: Box<RemoteError>, hint: String },
    /// The server has no trust data for the repository.
    #[error("{server} has no trust data for {gun}")]
    Absent { gun: Gun, server: String },
    /// The same, but this machine has verified some before; `copy` says whether it still has all of it.
    #[error(
        "{server} has no trust data for {gun}, which this machine has verified before: it has lost it, or this is another \
         server"
    )]
    Lost { gun: Gun, server: String, copy: bool },
    /// Pulls would not trust a tag.
    #[error("{tag:?} {why}")]
    Untrusted { gun: Gun, tag: String, why: Untrusted },
    /// A key file or passphrase.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The repository is met for the first time and nobody has said yet that its root is right.
    #[error("{gun} is new to this machine; its root key is {}", short_list(.roots))]
    FirstContact { gun: Gun, roots: Vec<KeyId>, keys: Vec<CanonicalKeyId> },
    /// The pin that this machine had is gone or other than remembered.
    #[error("the trusted root of {gun} is {what}")]
    PinLost { gun: Gun, what: String, known: Vec<KeyId>, found: Vec<KeyId> },
    /// The server has a root that does not descend from the one that this machine trusts.
    #[error("{0}")]
    OtherRoot(Box<OtherRoot>),
    /// Keys that must sign are locked.
    #[error("{} must be unlocked first", short_list(.0))]
    Locked(Vec<CanonicalKeyId>),
    /// Somebody published in the meantime, and the plan would now do something else.
    #[error("somebody published {gun} in the meantime: {what}")]
    PlanChanged { gun: Gun, what: String },
    /// The registry holds something else under a tag than when it was reviewed; `now` in hexadecimal, `None` for nothing.
    #[error(
        "{tag} moved in the registry since it was staged: sha256:{reviewed} was to be signed, and {} is there now",
        .now.as_ref().map_or_else(|| "nothing".to_owned(), |digest| format!("sha256:{digest}"))
    )]
    Moved { gun: Gun, tag: String, reviewed: String, now: Option<String> },
    /// Somebody published in the meantime, again and again.
    #[error("somebody else keeps publishing {gun}")]
    Conflict { gun: Gun },
    /// The upload was sent, but whether it landed could not be found out.
    #[error("whether this was published is not known: {why}")]
    OutcomeUnknown { gun: Gun, why: String },
    /// The server said yes, but reading back says no.
    #[error("the server accepted the change, but reading back shows {what}")]
    NotStored { gun: Gun, what: String },
    /// The server has kept some files of an upload and not the others.
    #[error("the server has stored only a part of the upload: {}, and not {}", roles(.stored), roles(.missing))]
    PartlyStored { gun: Gun, stored: Vec<Role>, missing: Vec<Role> },
    /// Blocked without an explicit acceptance.
    #[error("{what}")]
    Policy { gun: Option<Gun>, what: String, hint: String },
    /// Stopped by the user.
    #[error("stopped before anything was sent")]
    Cancelled,
    /// A staged change cannot be applied to the repository.
    #[error("{what}")]
    Change { gun: Gun, role: Option<Role>, what: String, hint: String },
    /// What the server has of a role is nothing that an edit may begin with.
    #[error("{what}")]
    Unvouched { gun: Gun, role: Option<Role>, what: String, hint: String },
    /// The file system.
    #[error("{}", about_file(&system_words(.source), .path))]
    Disk { path: PathBuf, source: std::io::Error },
    /// A directory of the program's own, or a file in it, cannot be used.
    #[error("{}: {}", system_words(.source), .path.display())]
    OwnDir { dir: OwnDir, path: PathBuf, source: std::io::Error },
    /// Others may write the state directory.
    #[error("{} {what}", .path.display())]
    Exposed { path: PathBuf, what: String, is_own: bool },
    /// Another process holds the lock.
    #[error("{} has locked {}", .holder.as_ref().map_or_else(|| "another program".to_owned(), ToString::to_string), .path.display())]
    BusyLocal { path: PathBuf, holder: Option<LockHolder> },
    /// A file of the state directory is damaged, or of a newer version.
    #[error("{}: {what}", .path.display())]
    State { path: PathBuf, what: String, is_newer: bool },
    /// What is staged cannot be read; whatever needs nothing of it goes on.
    #[error("{}: {what}, so that what is staged cannot be read", .path.display())]
    Stage { path: PathBuf, what: String },
}

impl EngineError {
    /// Nothing may be changed: at all, or for the server of this repository.
    #[must_use]
    pub fn read_only(gun: Option<&Gun>) -> Self {
        let change = "change read_only in trustdeck's configuration";
        let (what, hint) = match gun {
            Some(gun) => (format!("for {gun}"), format!("{change}, below [servers]")),
            None => ("at all".to_owned(), format!("start without --read-only, or {change}")),
        };
        let what = format!("read-only: nothing is staged, made or published {what}");
        Self::Policy { gun: gun.cloned(), what, hint }
    }

    /// Whether it says only that something could not be written down, or not be read back later.
    pub(in crate::engine) fn is_unkept(&self) -> bool {
        matches!(self, Self::Disk { .. } | Self::OwnDir { .. } | Self::BusyLocal { .. })
    }
}

/// A directory of the program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnDir {
    /// What trustdeck remembers.
    State,
    /// Keys and cache, shared with docker and notary.
    Trust,
}

impl OwnDir {
    /// How another one is named.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::State => "XDG_STATE_HOME",
            Self::Trust => "--trust-dir",
        }
    }
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    /// Number of the process.
    pub pid: u32,
    /// What it runs, if that can be seen.
    pub program: Option<String>,
    /// Whether it was stopped, and so will not let go by itself.
    pub is_stopped: bool,
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {}", self.pid)?;
        let program = self.program.iter().map(String::as_str);
        let facts: Vec<&str> = program.chain(self.is_stopped.then_some("stopped")).collect();
        if facts.is_empty() { Ok(()) } else { write!(f, " ({})", facts.join(", ")) }
    }
}

impl From<OtherRoot> for EngineError {
    fn from(other: OtherRoot) -> Self {
        Self::OtherRoot(Box::new(other))
    }
}

impl From<TooShort> for EngineError {
    fn from(error: TooShort) -> Self {
        let hint = "take at least 8 characters, better 12 or more".to_owned();
        Self::Input { message: error.to_string(), hint }
    }
}

fn short_list<T: std::fmt::Display>(ids: &[T]) -> String {
    let shorts: Vec<String> = ids.iter().map(|id| id.to_string().chars().take(8).collect()).collect();
    shorts.join(", ")
}

fn roles(roles: &[Role]) -> String {
    roles.iter().map(Role::as_str).collect::<Vec<_>>().join(", ")
}

/// A refusal of what was typed or chosen, with the way out.
pub fn refuse(message: impl Into<String>, hint: &str) -> EngineError {
    EngineError::Input { message: message.into(), hint: hint.to_owned() }
}
