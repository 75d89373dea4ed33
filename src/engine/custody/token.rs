//! Keys on tokens: making, importing and removing them.

use std::sync::Arc;

use super::backed_up::Removing;
use super::make::{NewKey, public_pem};
use super::part::Custody;
use crate::engine::disk::new_file::NewFile;
use crate::engine::error::{EngineError, refuse};
use crate::engine::keyring::tokens::{Attendant, OnToken, Pins};
use crate::keys::token::NewEntry;
use crate::keys::{KeyError, Passphrase};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, PublicKey};

impl Custody {
    /// Makes a P-256 key on a token, where it stays for ever, and writes `NAME.pub`. Blocking.
    ///
    /// # Errors
    /// `Input`: a name, kind or repository that does not go together, or `NAME.pub` exists; `Key`: the token.
    pub fn generate_on_token(
        &self,
        new: &NewKey,
        token: Option<&str>,
        pins: Pins,
        attendant: &Attendant,
    ) -> Result<OnToken, EngineError> {
        self.context.check_writable()?;
        self.check_new_key(new)?;
        if new.algorithm != Algorithm::EcdsaP256 {
            let what = "notary signs with ECDSA keys on P-256 only when they are on a token".to_owned();
            return Err(refuse(what, "leave --algorithm out"));
        }
        let public_file = new.dir.join(format!("{}.pub", new.name));
        if public_file.symlink_metadata().is_ok() {
            let what = format!("{} exists already", public_file.display());
            return Err(refuse(what, "choose another name, or another --dir"));
        }
        // First, for a key on a token is not made undone by an error about its file.
        let place = NewFile::create(&public_file)?;
        let (made, public) = self.make_on_token(&new.name, new.gun.as_ref(), token, pins, attendant)?;
        place.write(public_pem(&public, &new.name).as_bytes())?;
        Ok(OnToken { public_file: Some(public_file), ..made })
    }

    /// Makes a P-256 key on a token for `name` (`root`, `targets` or a signer), and keeps it unlocked. Blocking.
    ///
    /// # Errors
    /// `Key`: the token.
    pub fn make_on_token(
        &self,
        name: &str,
        gun: Option<&Gun>,
        token: Option<&str>,
        pins: Pins,
        attendant: &Attendant,
    ) -> Result<(OnToken, PublicKey), EngineError> {
        self.context.check_writable()?;
        let keyring = &self.keyring.held;
        let (wanted, pin) = (self.entry_of(name, gun.map(Gun::as_str), token), pins.user.clone());
        let (entry, key) = keyring.tokens.generate(wanted, pins, attendant).map_err(KeyError::Token)?;
        keyring.tokens.changed();
        let (id, public) = (key.id().clone(), key.public().clone());
        keyring.keep_token_open(key, pin.typed());
        Ok((OnToken { id, place: entry.place, public_file: None }, public))
    }

    /// Copies a stored key onto a token; its file stays. `passphrase` opens it. Blocking.
    ///
    /// # Errors
    /// `Policy` without a tested backup, unless forced: what is on a token never comes back; `Key`.
    pub fn import_to_token(
        &self,
        id: &CanonicalKeyId,
        passphrase: Option<&Passphrase>,
        token: Option<&str>,
        pins: Pins,
        how: Removing,
        attendant: &Attendant,
    ) -> Result<OnToken, EngineError> {
        self.context.check_writable()?;
        self.check_backed_up(id, how)?;
        let keyring = &self.keyring.held;
        let stored = self.keyring.key_store().find(id)?;
        let key = Arc::new(self.keyring.key_store().load(id, passphrase)?);
        let (wanted, pin) = (self.entry_of(&stored.role, stored.gun.as_deref(), token), pins.user.clone());
        let (entry, key) = keyring.tokens.import(key, wanted, pins, attendant).map_err(KeyError::Token)?;
        keyring.tokens.changed();
        // From now on the token signs, not the copy in the file.
        keyring.keep_token_open(key, pin.typed());
        Ok(OnToken { id: id.clone(), place: entry.place, public_file: None })
    }

    /// Deletes a key from the token with this serial number. Blocking.
    ///
    /// # Errors
    /// `Policy` without a tested backup, unless forced; `Key`: that token does not hold it, or does not do it.
    pub fn remove_from_token(
        &self,
        id: &CanonicalKeyId,
        serial: &str,
        pins: Pins,
        how: Removing,
        attendant: &Attendant,
    ) -> Result<(), EngineError> {
        self.context.check_writable()?;
        let entry = self.keyring.token_entries(id).into_iter().find(|entry| entry.place.token.serial == serial);
        let entry = entry.ok_or_else(|| KeyError::NotFound(id.clone()))?;
        self.check_backed_up(id, how)?;
        let (custody, gone) = (self.clone(), id.clone());
        // Also if nobody waits for it any more.
        let after = move || {
            custody.keyring.held.token_notes.forget(custody.context.settings(), &gone);
            custody.keyring.held.forget(&gone);
        };
        self.keyring.held.tokens.remove(entry, pins, attendant, after).map_err(KeyError::Token)?;
        self.keyring.held.tokens.changed();
        Ok(())
    }

    fn entry_of(&self, role: &str, gun: Option<&str>, token: Option<&str>) -> NewEntry {
        NewEntry {
            role: role.to_owned(),
            gun: gun.map(str::to_owned),
            token: token.map(str::to_owned),
            now: self.context.now(),
        }
    }
}
