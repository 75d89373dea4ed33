//! A new key of a rotation: from a file, from the key store, or made.

use std::path::{Path, PathBuf};

use crate::cli::console::input;
use crate::cli::unlock::unlock_stored;
use crate::cli::{Context, keyfiles, new_passphrase, terminal};
use crate::engine::wizard::{KeyFile, PrivateKey};
use crate::engine::{Kind, NewPassphrase, Passphrase, Problem};
use crate::tuf::{Gun, PublicKey};

/// A key that is to take another's place.
pub(super) struct NewKey {
    public: PublicKey,
    /// How the user named it.
    source: String,
    private: Option<Box<PrivateKey>>,
    /// What its file was opened with, which it keeps.
    passphrase: Option<Passphrase>,
}

impl NewKey {
    /// Makes one.
    ///
    /// # Errors
    /// As the engine's.
    pub(super) fn make(context: &Context) -> Result<Self, Problem> {
        let key = context.engine.custody().make_key()?;
        Ok(Self { public: key.public().clone(), source: String::new(), private: Some(Box::new(key)), passphrase: None })
    }

    /// Its public half.
    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// How the user named it.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether the file held its private half.
    pub(super) fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// Stores its private half, under the passphrase that it had or a new one.
    ///
    /// # Errors
    /// `Passphrase` if nobody can be asked for one; as the engine's.
    pub(super) fn store(self, context: &Context, name: &str, gun: Option<&Gun>) -> Result<(), Problem> {
        let Some(private) = &self.private else { return Ok(()) };
        if context.engine.custody().holds_key(private.id()) {
            return Ok(());
        }
        // A passphrase that would not be taken for a new key is not kept for a loaded one.
        let passphrase = match self.passphrase.map(NewPassphrase::new) {
            Some(Ok(passphrase)) => passphrase,
            _ => new_passphrase::for_role(context, name)?,
        };
        Ok(context.engine.custody().store_key(private, name, gun, &passphrase)?)
    }
}

/// Finds all keys that the user names: files, or keys of the key store.
///
/// # Errors
/// As [`find`].
pub(super) async fn find_all(context: &Context, named: &[String]) -> Result<Vec<NewKey>, Problem> {
    let mut found: Vec<NewKey> = Vec::new();
    for typed in named {
        let key = find(context, typed).await?;
        if found.iter().any(|other| other.public.canonical_id() == key.public.canonical_id()) {
            return Err(input(format!("{typed} is the same key once more"), "give each key once"));
        }
        found.push(key);
    }
    Ok(found)
}

/// Finds a key that the user names: a file with a private key, a public key or a certificate; or a KEYID.
///
/// # Errors
/// `Keystore`, `Disk` or `Input`, naming it; `Passphrase` if it is encrypted and nobody can be asked.
pub(super) async fn find(context: &Context, typed: &str) -> Result<NewKey, Problem> {
    let path = PathBuf::from(typed);
    if path.exists() || typed.contains(['/', '.']) {
        return tokio::task::block_in_place(|| read(context, &path));
    }
    let id = context.engine.custody().find_key(typed).map_err(|error| {
        let mut problem = error.problem();
        problem.hint = format!("there is no file {typed} either; {}", problem.hint);
        problem
    })?;
    let public = match context.engine.custody().public_half(&id) {
        Some(public) => public,
        // A file of an encrypted key does not tell its public half.
        None => {
            unlock_stored(context, &id).await?;
            let missing = || input(format!("the public half of {} is not known", id.short()), "unlock it first");
            context.engine.custody().public_half(&id).ok_or_else(missing)?
        }
    };
    Ok(NewKey { public, source: typed.to_owned(), private: None, passphrase: None })
}

fn read(context: &Context, file: &Path) -> Result<NewKey, Problem> {
    let source = file.display().to_string();
    let private = |key: Box<PrivateKey>, passphrase| {
        Ok(NewKey { public: key.public().clone(), source: source.clone(), private: Some(key), passphrase })
    };
    match context.engine.custody().read_key_file(file, None)? {
        KeyFile::Private(key) => return private(key, None),
        KeyFile::Public => {
            let public = keyfiles::public_key(file, context.engine.now())?;
            return Ok(NewKey { public, source: source.clone(), private: None, passphrase: None });
        }
        KeyFile::Locked | KeyFile::WrongPassphrase => {}
    }
    // The role of a key outside the store says nothing about who chose its passphrase.
    for role in ["root", "targets", "snapshot", "delegation"] {
        for (_, passphrase) in context.sources.candidates(role) {
            if let KeyFile::Private(key) = context.engine.custody().read_key_file(file, Some(&passphrase))? {
                return private(key, Some(passphrase));
            }
        }
    }
    if !context.console.interactive {
        let hint = "set NOTARY_TARGETS_PASSPHRASE or another of Notary's variables, or give --passphrase-fd";
        let message = format!("{source} is encrypted, and no passphrase that is known opens it");
        return Err(Problem { kind: Kind::Passphrase, ..input(message, hint) });
    }
    loop {
        let passphrase = terminal::ask_passphrase(&format!("passphrase of {source}"))?;
        if let KeyFile::Private(key) = context.engine.custody().read_key_file(file, Some(&passphrase))? {
            return private(key, Some(passphrase));
        }
        context.console.note("that passphrase does not open it");
    }
}
