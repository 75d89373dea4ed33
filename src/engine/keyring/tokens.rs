//! Keys on hardware tokens: listed beside those in files, unlocked by a PIN, and sign wherever files do.
//!
//! Invariant: a PIN is tried once. Where both a token and a file hold a key, the token signs, as with Notary.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::custody::backed_up::Removing;
use crate::engine::custody::make::{NewKey, public_pem};
use crate::engine::disk::new_file::NewFile;
use crate::engine::error::refuse;
use crate::engine::{Engine, EngineError, Progress};
use crate::keys::token::{NewEntry, layout};
use crate::keys::{KeyError, Passphrase, PrivateKey};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, PublicKey};

pub use crate::keys::token::{
    Attendant, Dialect, Pin, PinState, Pins, TokenEntry, TokenError, TokenFacts, TokenName, TokenPlace,
};

/// How old a look at the tokens may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Seen {
    /// Of any age: nobody waits for it twice.
    Once,
    /// Of some seconds.
    Lately,
}

impl Seen {
    fn age(self) -> Duration {
        match self {
            Self::Once => Duration::MAX,
            Self::Lately => Duration::from_secs(2),
        }
    }
}

/// A key that was put on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnToken {
    /// Its ID.
    pub id: CanonicalKeyId,
    /// Where it is.
    pub place: TokenPlace,
    /// The file of its public half, if one was written.
    pub public_file: Option<PathBuf>,
}

/// The module to load: the one that the user names, else a YubiKey's where Notary looks for it.
#[must_use]
pub fn module_path(named: Option<&Path>) -> Option<PathBuf> {
    layout::module_path(named, Path::exists)
}

impl Engine {
    pub(in crate::engine) fn token_keys(&self, seen: Seen) -> Vec<TokenEntry> {
        let tokens = self.inner.keyring.tokens.look(seen.age());
        let keys: Vec<TokenEntry> = tokens.iter().flat_map(|token| token.keys.iter().cloned()).collect();
        if !keys.is_empty() {
            self.inner.keyring.token_notes.learn(self.settings(), &keys);
        }
        keys
    }

    pub(in crate::engine) fn token_key(&self, id: &CanonicalKeyId) -> Option<TokenEntry> {
        self.inner.keyring.tokens.entry(id, Seen::Once.age())
    }

    /// Where a key is, if on a token that is plugged in.
    #[must_use]
    pub fn token_of(&self, id: &CanonicalKeyId) -> Option<TokenPlace> {
        self.token_key(id).map(|entry| entry.place)
    }

    /// Where a key is on all tokens that are plugged in.
    pub(in crate::engine) fn places_of(&self, id: &CanonicalKeyId) -> Vec<TokenPlace> {
        self.token_entries(id).into_iter().map(|entry| entry.place).collect()
    }

    fn token_entries(&self, id: &CanonicalKeyId) -> Vec<TokenEntry> {
        let mut entries = self.token_keys(Seen::Once);
        entries.retain(|entry| entry.public.canonical_id() == id);
        entries
    }

    /// The token that holds a key, by its label or serial number; the only one if none is named.
    ///
    /// # Errors
    /// `Key`: none holds it, or several do.
    pub fn find_token_with(&self, id: &CanonicalKeyId, wanted: Option<&str>) -> Result<TokenFacts, EngineError> {
        let fits = |place: &&TokenPlace| wanted.is_none_or(|w| place.token.label == w || place.token.serial == w);
        let places = self.places_of(id);
        match places.iter().filter(fits).collect::<Vec<_>>().as_slice() {
            [] => Err(KeyError::NotFound(id.clone()).into()),
            [only] => self.find_token(Some(&only.token.serial)),
            several => {
                let name = |place: &&TokenPlace| format!("{} ({})", place.token, place.token.serial);
                Err(KeyError::Token(TokenError::Several(several.iter().map(name).collect())).into())
            }
        }
    }

    /// Whether there is a file of a key in the key store.
    #[must_use]
    pub fn has_file(&self, id: &CanonicalKeyId) -> bool {
        self.key_store().holds(id)
    }

    /// Finds a token by its label or serial number; the only one if none is named.
    ///
    /// # Errors
    /// `Key`: there is none, or there are several.
    pub fn find_token(&self, wanted: Option<&str>) -> Result<TokenFacts, EngineError> {
        let tokens = self.tokens()?;
        let fits = |token: &&TokenFacts| wanted.is_none_or(|w| token.name.label == w || token.name.serial == w);
        let found: Vec<&TokenFacts> = tokens.iter().filter(fits).collect();
        match found.as_slice() {
            [only] => Ok((*only).clone()),
            [] => Err(KeyError::Token(TokenError::Absent(wanted.map(str::to_owned))).into()),
            several => {
                let name = |token: &&TokenFacts| format!("{} ({})", token.name, token.name.serial);
                Err(KeyError::Token(TokenError::Several(several.iter().map(name).collect())).into())
            }
        }
    }

    /// The public half of a key on a token, for which no PIN is needed.
    #[must_use]
    pub fn token_public_key(&self, id: &CanonicalKeyId) -> Option<PublicKey> {
        self.token_key(id).map(|entry| entry.public)
    }

    /// Tokens that are plugged in, as they are now. Blocking.
    ///
    /// # Errors
    /// `Key`: there is no module, or it does not work.
    pub fn tokens(&self) -> Result<Arc<Vec<TokenFacts>>, EngineError> {
        let tokens = &self.inner.keyring.tokens;
        if tokens.module().is_none() {
            let why = if crate::keys::token::SUPPORTED { TokenError::NoModule } else { TokenError::WithoutTokens };
            return Err(KeyError::Token(why).into());
        }
        tokens.changed();
        let found = tokens.look(Seen::Lately.age());
        tokens.problem().map_or(Ok(found), |problem| Err(KeyError::Token(problem).into()))
    }

    /// The same for a screen, which shows what is wrong with the module elsewhere: `None` if there is no module.
    #[must_use]
    pub fn plugged_in(&self) -> Option<Arc<Vec<TokenFacts>>> {
        let tokens = &self.inner.keyring.tokens;
        tokens.module()?;
        tokens.changed();
        Some(tokens.look(Seen::Lately.age()))
    }

    /// What a token says about its PIN.
    #[must_use]
    pub fn pin_state(&self, token: &TokenName) -> PinState {
        let tokens = self.inner.keyring.tokens.look(Seen::Once.age());
        tokens.iter().find(|found| found.name == *token).map_or(PinState::Ready, |found| found.pin)
    }

    pub(in crate::engine) fn pin_warning(&self, token: &TokenName) -> Option<String> {
        pin_words(self.pin_state(token)).map(str::to_owned)
    }

    /// Tries a PIN, once; all keys of the token are open then.
    pub(in crate::engine) fn unlock_token(&self, name: &TokenName, pin: &Passphrase) -> Result<(), EngineError> {
        let keyring = &self.inner.keyring;
        let tokens = keyring.tokens.look(Seen::Once.age());
        let absent = || TokenError::Absent(Some(name.to_string()));
        let token = tokens.iter().find(|token| token.name == *name).ok_or_else(absent).map_err(KeyError::Token)?;
        match token.pin {
            // Another try could only do harm.
            PinState::Locked => return Err(KeyError::Token(TokenError::PinLocked(name.to_string())).into()),
            PinState::Unset => return Err(KeyError::Token(TokenError::PinUnset(name.to_string())).into()),
            PinState::Ready | PinState::CountLow | PinState::FinalTry => {}
        }
        let keys = keyring.tokens.open(token, pin.clone()).map_err(KeyError::Token)?;
        keys.into_iter().for_each(|key| keyring.keep_token_open(key, pin));
        Ok(())
    }

    /// An unlocked key for a publish: a key on a token says when it waits for a touch, and stops waiting at `stop`.
    pub(in crate::engine) fn attended_key(
        &self,
        id: &CanonicalKeyId,
        gun: &Gun,
        progress: &mpsc::Sender<Progress>,
        stop: &CancellationToken,
    ) -> Option<Arc<PrivateKey>> {
        let key = self.signing_key(id)?;
        let Some(place) = key.token() else { return Some(key) };
        let (progress, gun, name) = (progress.clone(), gun.clone(), place.token.to_string());
        let touch = move |_: &str| {
            let touch = Progress::Touch { gun: gun.clone(), token: name.clone() };
            // A full or closed channel must not hold up signing.
            progress.try_send(touch).unwrap_or_default();
        };
        let attendant = Attendant { touch: Some(Arc::new(touch)), stop: stop.clone() };
        key.attended(attendant).map(Arc::new)
    }

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
        let keyring = &self.inner.keyring;
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
        self.check_backed_up(id, how)?;
        let keyring = &self.inner.keyring;
        let stored = self.key_store().find(id)?;
        let key = Arc::new(self.key_store().load(id, passphrase)?);
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
        let entry = self.token_entries(id).into_iter().find(|entry| entry.place.token.serial == serial);
        let entry = entry.ok_or_else(|| KeyError::NotFound(id.clone()))?;
        self.check_backed_up(id, how)?;
        let (engine, gone) = (self.clone(), id.clone());
        // Also if nobody waits for it any more.
        let after = move || {
            engine.inner.keyring.token_notes.forget(engine.settings(), &gone);
            engine.inner.keyring.forget(&gone);
        };
        self.inner.keyring.tokens.remove(entry, pins, attendant, after).map_err(KeyError::Token)?;
        self.inner.keyring.tokens.changed();
        Ok(())
    }

    /// Refuses without a tested backup, before anybody is asked for a PIN.
    ///
    /// # Errors
    /// `Policy`.
    pub fn check_backed_up(&self, id: &CanonicalKeyId, how: Removing) -> Result<(), EngineError> {
        if how == Removing::Forced || self.backups()?.contains_key(id) {
            return Ok(());
        }
        let hint = match self.key_store().holds(id) {
            true => format!("back it up first: trustdeck key backup --out FILE {}; or give --force", id.short()),
            false => "a key on a token cannot be backed up; give --force if no repository needs it".to_owned(),
        };
        let what = format!("key {} has no tested backup", id.short());
        Err(EngineError::Policy { gun: None, what, hint })
    }

    fn entry_of(&self, role: &str, gun: Option<&str>, token: Option<&str>) -> NewEntry {
        NewEntry {
            role: role.to_owned(),
            gun: gun.map(str::to_owned),
            token: token.map(str::to_owned),
            now: self.now(),
        }
    }
}

/// What to know about a PIN before it is typed.
#[must_use]
pub fn pin_words(state: PinState) -> Option<&'static str> {
    match state {
        PinState::Ready => None,
        PinState::CountLow => Some("the PIN was wrong before; few tries are left"),
        PinState::FinalTry => Some("one more wrong PIN locks the token"),
        PinState::Locked => Some("the PIN is locked"),
        PinState::Unset => Some("the token has no PIN yet"),
    }
}
