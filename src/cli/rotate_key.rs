//! The new key of a rotation: from a file, or made.

use std::path::Path;

use super::console::input;
use super::unlock::new_passphrase;
use super::{Context, keyfiles, terminal};
use crate::engine::wizard::{KeyFile, PrivateKey};
use crate::engine::{Kind, Passphrase, Problem};
use crate::tuf::{Gun, PublicKey};

/// A key that is to take another's place.
pub(super) struct NewKey {
    public: PublicKey,
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
        let key = context.engine.make_key()?;
        Ok(Self { public: key.public().clone(), private: Some(Box::new(key)), passphrase: None })
    }

    /// Its public half.
    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its private half, if the file held it.
    pub(super) fn private(&self) -> Option<&PrivateKey> {
        self.private.as_deref()
    }

    /// Stores its private half, under the passphrase that it had or a new one.
    ///
    /// # Errors
    /// `Passphrase` if nobody can be asked for one; as the engine's.
    pub(super) fn store(&self, context: &Context, name: &str, gun: Option<&Gun>) -> Result<(), Problem> {
        let Some(private) = &self.private else { return Ok(()) };
        if context.engine.holds_key(private.id()) {
            return Ok(());
        }
        let passphrase = match &self.passphrase {
            Some(passphrase) => passphrase.clone(),
            None => new_passphrase(context, name)?,
        };
        Ok(context.engine.store_key(private, name, gun, &passphrase)?)
    }
}

/// A key on a token, if it is named by its ID, words or label and there is no such file.
fn on_token(context: &Context, named: &Path) -> Option<PublicKey> {
    let typed = named.to_str().filter(|_| named.symlink_metadata().is_err())?;
    context.engine.token_public_key(&context.engine.find_key(typed).ok()?)
}

/// Reads a key that the user names: a private key, a public key or certificate, or a key on a token.
///
/// # Errors
/// `Keystore` or `Disk`, naming the file; `Passphrase` if it is encrypted and nobody can be asked.
pub(super) fn read_key(context: &Context, file: &Path) -> Result<NewKey, Problem> {
    if let Some(public) = on_token(context, file) {
        return Ok(NewKey { public, private: None, passphrase: None });
    }
    let private =
        |key: Box<PrivateKey>, passphrase| Ok(NewKey { public: key.public().clone(), private: Some(key), passphrase });
    match context.engine.read_key_file(file, None)? {
        KeyFile::Private(key) => return private(key, None),
        KeyFile::Public => {
            let public = keyfiles::public_key(file, context.engine.now())?;
            return Ok(NewKey { public, private: None, passphrase: None });
        }
        KeyFile::Locked | KeyFile::WrongPassphrase => {}
    }
    // The role of a key outside the store says nothing about who chose its passphrase.
    for role in ["root", "targets", "snapshot", "delegation"] {
        for (_, passphrase) in context.sources.candidates(role) {
            if let KeyFile::Private(key) = context.engine.read_key_file(file, Some(&passphrase))? {
                return private(key, Some(passphrase));
            }
        }
    }
    let shown = file.display();
    if !context.console.interactive {
        let hint = "set NOTARY_TARGETS_PASSPHRASE or another of Notary's variables, or give --passphrase-fd";
        let message = format!("{shown} is encrypted, and no passphrase that is known opens it");
        return Err(Problem { kind: Kind::Passphrase, ..input(message, hint) });
    }
    loop {
        let passphrase = terminal::ask_passphrase(&format!("passphrase of {shown}"))?;
        if let KeyFile::Private(key) = context.engine.read_key_file(file, Some(&passphrase))? {
            return private(key, Some(passphrase));
        }
        context.console.note("that passphrase does not open it");
    }
}
