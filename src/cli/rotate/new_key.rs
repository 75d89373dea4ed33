//! A new key of a rotation: from a file, from the key store, or made.

use std::path::{Path, PathBuf};

use crate::cli::console::input;
use crate::cli::unlock::unlock_stored;
use crate::cli::{Context, new_passphrase, terminal};
use crate::engine::wizard::KeyFile;
use crate::engine::wizard::new_keys::ChosenKey;
use crate::engine::{Kind, Problem};
use crate::tuf::content::is_no_name;

/// A key that the user names, to take another's place.
pub(super) struct Named {
    /// How the user named it.
    pub(super) source: String,
    /// The key.
    pub(super) key: ChosenKey,
}

impl Named {
    /// Asks for the passphrase that it needs to be stored as that of `name`.
    ///
    /// # Errors
    /// `Passphrase` if nobody can be asked for one.
    pub(super) fn complete(&mut self, context: &Context, name: &str) -> Result<(), Problem> {
        // A passphrase that would not be taken for a new key is not kept for a loaded one.
        if self.key.lacks_passphrase(context.engine.custody())
            && let ChosenKey::Private(_, passphrase) = &mut self.key
        {
            *passphrase = Some((*new_passphrase::for_role(context, name)?).clone());
        }
        Ok(())
    }
}

/// Finds all keys that the user names: files, or keys of the key store.
///
/// # Errors
/// As [`find`].
pub(super) async fn find_all(context: &Context, named: &[String]) -> Result<Vec<Named>, Problem> {
    let mut found: Vec<Named> = Vec::new();
    for typed in named {
        let named = find(context, typed).await?;
        if found.iter().any(|other| other.key.public().canonical_id() == named.key.public().canonical_id()) {
            return Err(input(format!("{typed} is the same key once more"), "give each key once"));
        }
        found.push(named);
    }
    Ok(found)
}

/// Finds a key that the user names: a file with a private key, a public key or a certificate; or a KEYID.
///
/// # Errors
/// `Keystore`, `Disk` or `Input`, naming it; `Passphrase` if it is encrypted and nobody can be asked.
pub(super) async fn find(context: &Context, typed: &str) -> Result<Named, Problem> {
    let path = PathBuf::from(typed);
    if path.exists() || typed.contains(['/', '.']) {
        return tokio::task::block_in_place(|| read(context, &path));
    }
    let id = context.engine.custody().find_key(typed).map_err(|error| {
        let mut problem = error.problem();
        if !is_no_name(typed) {
            problem.hint = format!("there is no file {typed} either; {}", problem.hint);
        }
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
    Ok(Named { source: typed.to_owned(), key: ChosenKey::Public(public) })
}

fn read(context: &Context, file: &Path) -> Result<Named, Problem> {
    let source = file.display().to_string();
    let private = |key, passphrase| Ok(Named { source: source.clone(), key: ChosenKey::Private(key, passphrase) });
    match context.engine.custody().read_key_file(file, None)? {
        KeyFile::Private(key) => return private(key, None),
        KeyFile::Public(public) => return Ok(Named { source, key: ChosenKey::Public(*public) }),
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
