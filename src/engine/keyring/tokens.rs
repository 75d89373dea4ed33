//! Keys on hardware tokens: listed beside those in files, unlocked by a PIN, and sign wherever files do.
//!
//! Invariant: a PIN is tried once. Where both a token and a file hold a key, the token signs, as with Notary.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::part::Keyring;
use crate::engine::error::EngineError;
use crate::keys::token::layout;
use crate::keys::{KeyError, Passphrase};
use crate::tuf::{CanonicalKeyId, PublicKey};

pub use crate::keys::token::{
    Attendant, Dialect, Pin, PinState, Pins, TokenEntry, TokenError, TokenFacts, TokenName, TokenPlace,
};

/// How old a look at the tokens may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum LookAge {
    /// Of any age: nobody waits for it twice.
    Once,
    /// Of some seconds.
    Lately,
}

impl LookAge {
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

impl Keyring {
    pub(in crate::engine) fn token_keys(&self, seen: LookAge) -> Vec<TokenEntry> {
        let tokens = self.held.tokens.look(seen.age());
        let keys: Vec<TokenEntry> = tokens.iter().flat_map(|token| token.keys.iter().cloned()).collect();
        if !keys.is_empty() {
            self.held.token_notes.learn(self.context.settings(), &keys);
        }
        keys
    }

    pub(in crate::engine) fn token_key(&self, id: &CanonicalKeyId) -> Option<TokenEntry> {
        self.held.tokens.entry(id, LookAge::Once.age())
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

    pub(in crate::engine) fn token_entries(&self, id: &CanonicalKeyId) -> Vec<TokenEntry> {
        let mut entries = self.token_keys(LookAge::Once);
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
        let tokens = &self.held.tokens;
        if tokens.module().is_none() {
            let why = if crate::keys::token::SUPPORTED { TokenError::NoModule } else { TokenError::WithoutTokens };
            return Err(KeyError::Token(why).into());
        }
        tokens.changed();
        let found = tokens.look(LookAge::Lately.age());
        tokens.problem().map_or(Ok(found), |problem| Err(KeyError::Token(problem).into()))
    }

    /// The same for a screen, which shows what is wrong with the module elsewhere: `None` if there is no module.
    #[must_use]
    pub fn plugged_in(&self) -> Option<Arc<Vec<TokenFacts>>> {
        let tokens = &self.held.tokens;
        tokens.module()?;
        tokens.changed();
        Some(tokens.look(LookAge::Lately.age()))
    }

    /// What a token says about its PIN.
    #[must_use]
    pub fn pin_state(&self, token: &TokenName) -> PinState {
        let tokens = self.held.tokens.look(LookAge::Once.age());
        tokens.iter().find(|found| found.name == *token).map_or(PinState::Ready, |found| found.pin)
    }

    /// Tries a PIN, once; all keys of the token are open then.
    pub(in crate::engine) fn unlock_token(&self, name: &TokenName, pin: &Passphrase) -> Result<(), EngineError> {
        let keyring = &self.held;
        let tokens = keyring.tokens.look(LookAge::Once.age());
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

impl Keyring {
    /// The token that a key was seen on, if neither that nor a file of the key is here now.
    #[must_use]
    pub fn absent_token(&self, id: &CanonicalKeyId) -> Option<String> {
        let token = self.held.token_notes.token_of(self.context.settings(), id)?;
        (!self.has_file(id) && self.token_of(id).is_none()).then_some(token)
    }

    /// What people call a key in a plan; one that is missing because its token is, says so.
    pub(in crate::engine) fn label_in_plan(&self, id: &CanonicalKeyId) -> Option<String> {
        let label = self.label(id);
        match self.absent_token(id) {
            Some(token) => {
                let label = label.map(|label| format!("{label}, ")).unwrap_or_default();
                Some(format!("{label}on token {token}, which is not plugged in"))
            }
            None => label,
        }
    }
}
