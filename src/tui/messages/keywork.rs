//! Work on the user's own keys: what is asked of the engine and what comes back.
//!
//! Invariant: key material and passphrases are only ever handed on; nothing here prints, keeps or compares them.

use std::path::PathBuf;
use std::sync::Arc;

use super::failure::Failure;
use super::told::Told;
use crate::engine::custody::backed_up::Removing;
use crate::engine::custody::backup::{Archive, Backup, BackupForm, Restored};
use crate::engine::custody::load::{KeySet, LoadedKey, Naming};
use crate::engine::custody::make::{MadeKey, NewKey};
use crate::engine::custody::remove::Removal;
use crate::engine::keyring::sources::PassphraseSources;
use crate::engine::keyring::tokens::{OnToken, Pin, Pins};
use crate::engine::{NewPassphrase, Passphrase, Problem};
use crate::tuf::CanonicalKeyId;

/// Something that holds keys, in the hands of the screen but closed to it.
pub struct Held<T>(Arc<T>);

impl<T> Held<T> {
    /// Takes hold of it.
    pub fn new(inner: T) -> Self {
        Self(Arc::new(inner))
    }

    /// For the engine, and for facts that are no secret.
    #[must_use]
    pub fn inner(&self) -> &T {
        &self.0
    }
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> std::fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

impl<T> PartialEq for Held<T> {
    /// Whether it is the very same.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Held<T> {}

/// A key that may need a passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// In the key store, with the role header of its file.
    Stored(CanonicalKeyId, String),
    /// In a file that is loaded, by place.
    InFile(Held<KeySet>, usize),
    /// In a backup that is restored, by place.
    InBackup(Held<Archive>, usize),
}

/// What trying passphrases on a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Its passphrase is missing.
    Locked,
    /// It opens, with this passphrase or without one; `known` if the key store has it.
    Open { id: CanonicalKeyId, with: Option<Passphrase>, known: bool },
    /// No passphrase would help.
    Bad(String),
}

impl Look {
    /// Whether the key comes in without a passphrase that the key store takes.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        let Self::Open { with, known: false, .. } = self else { return false };
        with.as_ref().is_none_or(|with| NewPassphrase::new(with.clone()).is_err())
    }
}

/// Work on keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyWork {
    Make(NewKey, NewPassphrase),
    Label(CanonicalKeyId, String),
    ChangePassphrase {
        id: CanonicalKeyId,
        old: Option<Passphrase>,
        new: NewPassphrase,
    },
    Export {
        keys: Vec<CanonicalKeyId>,
        file: PathBuf,
    },
    /// What the removal of a key would mean.
    AskRemoval(CanonicalKeyId),
    Remove(CanonicalKeyId, Removing),
    /// Put a key on a token, or delete it there.
    AtToken(AtToken, TokenWork),
    /// Read the keys of a file.
    ReadFile(PathBuf),
    /// Look whether a backup can be written there.
    CheckPlace(PathBuf),
    /// Try what was typed, else what is known without asking, on keys by number; the first is the one asked for.
    Try {
        keys: Vec<(usize, Closed)>,
        typed: Option<Passphrase>,
    },
    /// Put keys of a file into the store.
    Load {
        set: Held<KeySet>,
        keys: Vec<ToLoad>,
    },
    BackUp {
        keys: Vec<CanonicalKeyId>,
        passphrases: Vec<(CanonicalKeyId, Passphrase)>,
        form: BackupForm,
        file: PathBuf,
    },
    OpenBackup(PathBuf, Option<Passphrase>),
    Restore {
        archive: Held<Archive>,
        keys: Vec<(usize, Option<Passphrase>)>,
    },
    LockAll,
}

/// A key of a file that shall be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToLoad {
    /// Its place in the set.
    pub at: usize,
    /// Name or role.
    pub role: String,
    /// Who says that.
    pub naming: Naming,
    /// Repository, if it is one's.
    pub gun: Option<String>,
    /// What opens it in the file.
    pub opens: Option<Passphrase>,
    /// What it gets in the store, unless it is there.
    pub keeps: Option<NewPassphrase>,
}

/// What work on keys found.
#[derive(Debug)]
pub enum KeyFound {
    Made(Result<MadeKey, Failure>),
    AtToken(Result<TokenDone, Failure>),
    /// Done.
    Said(Result<Told, Failure>),
    /// No key is open any more.
    Locked,
    /// And whether the file of its backup is still there.
    Removal(Result<Box<(Removal, bool)>, Failure>),
    File(Result<Held<KeySet>, Failure>),
    Place(Result<(), Failure>),
    /// What each key came to, and another key that the passphrase opens.
    Tried(Vec<(usize, Look)>, Option<CanonicalKeyId>),
    Loaded(Vec<Result<(CanonicalKeyId, String, LoadedKey), Problem>>),
    BackedUp(Result<Backup, Failure>),
    /// An opened backup.
    Backup(Result<Held<Archive>, Failure>),
    /// The backup has a passphrase of its own.
    Sealed,
    Restored(Vec<(usize, Result<Restored, Problem>)>),
}

/// The token that was chosen, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtToken {
    /// Its serial number.
    pub serial: String,
    /// Typed, and tried once.
    pub pin: Passphrase,
    /// A YubiKey's management key, if the factory's does not fit.
    pub management: Option<Passphrase>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenWork {
    /// Make a key there.
    Make(NewKey),
    /// Copy a stored key there; its passphrase, if it has one.
    Import(CanonicalKeyId, Option<Passphrase>, Removing),
    /// Delete a key there.
    Remove(CanonicalKeyId, Removing),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenDone {
    Made(OnToken),
    Imported(OnToken),
    Removed(CanonicalKeyId),
}

impl AtToken {
    /// What opens the token for writing; a management key that was not typed may be known from the sources.
    #[must_use]
    pub fn pins(&self, sources: &PassphraseSources) -> Pins {
        let management = self.management.clone().or_else(|| sources.management_key());
        Pins { user: Pin::new(self.pin.clone()), management: management.map(Pin::new) }
    }
}
