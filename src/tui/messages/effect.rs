//! Work to do, as plain data: `update` returns it, the runner performs it.

use std::path::PathBuf;

use super::keywork::KeyWork;
use super::registry::RegistryWork;
use super::wizard_task::Task;
use crate::engine::publish::job::Approval;
use crate::engine::{Change, EntryId, NewPassphrase, Passphrase};
use crate::tuf::{CanonicalKeyId, Gun, KeyId, Role};

/// Work to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read the list of repositories.
    ListEntries,
    /// Show what the cache holds, then ask the server.
    Open(Gun),
    /// Ask the server.
    Refresh(Gun),
    /// Read the key store.
    ListKeys,
    /// Look which tokens are plugged in.
    LookForTokens,
    /// Read the stage, if it changed.
    ReadStage,
    /// Find out how interrupted publishes ended.
    Resolve,
    /// Stage changes, all or none; `said` is what the message line shows.
    Stage {
        changes: Vec<(Gun, Change)>,
        said: String,
    },
    /// Drop staged changes.
    Drop {
        entries: Vec<EntryId>,
        said: String,
    },
    /// Move the file of staged changes aside, which cannot be read.
    SetStageAside,
    Undo,
    /// The last act that staged only these.
    UndoOnly(Vec<EntryId>),
    Redo,
    /// The act that was taken back last, if it staged only these.
    RedoOnly(Vec<(Gun, Change)>),
    /// Compute what publishing would do.
    Plan,
    /// Unlock a key for this session.
    Unlock(CanonicalKeyId, Passphrase),
    /// Try a passphrase for several keys.
    UnlockAlso(Vec<CanonicalKeyId>, Passphrase),
    /// Work on the user's own keys; one at a time.
    Key(KeyWork),
    /// Stop it.
    StopKeyWork,
    /// Forget keys that were not used for a while.
    LockIdle,
    /// Name the key files that cannot be used.
    CheckKeyFiles,
    /// Set the passphrase of keys that the publish will make.
    ChoosePassphrase(Role, NewPassphrase),
    Publish(Approval),
    /// Start no further repository.
    StopPublish,
    /// Add a repository by the name that was typed.
    AddRepository(String),
    /// Take it off the list.
    RemoveEntry(Gun),
    /// Put back what was taken off it.
    PutBack(Vec<Gun>),
    /// Forget its files and pin.
    DeleteLocal(Gun),
    AcceptRoot(Gun, Vec<KeyId>),
    AcceptRealm(Gun, String),
    LogIn {
        gun: Gun,
        host: String,
        /// `None`: the secret is an identity token.
        user: Option<String>,
        secret: Passphrase,
    },
    /// Put changes that are staged for another address under the one that is used.
    MoveChanges(Gun),
    /// Look at what `notary` has staged.
    ReadForeign(Gun),
    AdoptForeign(Gun),
    DropForeign(Gun),
    /// Ask whether a trust server answers at this address.
    Greet(String),
    /// Read public keys from files.
    ReadKeyFiles(Vec<PathBuf>),
    /// Complete the path typed so far.
    Complete(String),
    /// Work at a registry.
    Registry(RegistryWork),
    /// What a wizard asks for.
    Wizard(Box<Task>),
    /// Send to the terminal's clipboard.
    Copy {
        what: &'static str,
        text: String,
    },
    /// Give the terminal back to the shell until continued.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Let the terminal tell of the mouse, or leave it alone.
    Mouse(bool),
    /// Stop what is running, but a publish.
    Cancel,
}
