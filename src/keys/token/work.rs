//! Opening tokens, and making, copying and deleting keys on them.

use std::sync::Arc;

use super::entry::NewEntry;
use super::facts::{TokenEntry, TokenFacts};
use super::key::TokenKey;
use super::layout;
use super::pin::{Pin, Pins};
use super::worker::Tokens;
use crate::keys::attendant::Attendant;
use crate::keys::passphrase::Passphrase;
use crate::keys::private::PrivateKey;
use crate::keys::token_error::TokenError;

impl Tokens {
    /// Tries a PIN, once, and gives all keys that it opens.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn open(&self, token: &TokenFacts, pin: Passphrase) -> Result<Vec<PrivateKey>, TokenError> {
        let pin = Pin::new(pin);
        let (name, attempt) = (token.name.clone(), pin.clone());
        self.run(&name.to_string(), &Attendant::default(), {
            let name = name.clone();
            move |card| card.check_pin(&name, &attempt)
        })?;
        Ok(token.keys.iter().filter_map(|entry| self.opened(entry, &pin)).collect())
    }

    /// A key on a token, with its PIN.
    fn opened(&self, entry: &TokenEntry, pin: &Pin) -> Option<PrivateKey> {
        let key = TokenKey {
            tokens: self.clone(),
            place: entry.place.clone(),
            curve: layout::curve_of(&entry.public)?,
            pin: pin.clone(),
            attendant: Attendant::default(),
        };
        Some(PrivateKey::on_token(entry.public.clone(), Box::new(key)))
    }

    /// Makes a P-256 key on a token, with the certificate by which Notary finds it.
    ///
    /// # Errors
    /// [`TokenError`]. A key that got no certificate is deleted as far as the token does that, which PIV does not; one
    /// that nobody waited for any more is left whole.
    pub fn generate(
        &self,
        new: NewEntry,
        pins: Pins,
        attendant: &Attendant,
    ) -> Result<(TokenEntry, PrivateKey), TokenError> {
        let (pin, name) = (pins.user.clone(), new.token.clone().unwrap_or_default());
        let entry = self.run(&name, attendant, move |card| card.generate(&new, &pins))?;
        let key = self.opened(&entry, &pin).ok_or_else(|| unusable(&entry))?;
        Ok((entry, key))
    }

    /// Copies a P-256 key onto a token, with the certificate by which Notary finds it.
    ///
    /// # Errors
    /// [`TokenError`]. What was written by then is deleted as far as the token does that.
    pub fn import(
        &self,
        key: Arc<PrivateKey>,
        new: NewEntry,
        pins: Pins,
        attendant: &Attendant,
    ) -> Result<(TokenEntry, PrivateKey), TokenError> {
        let (pin, name) = (pins.user.clone(), new.token.clone().unwrap_or_default());
        let entry = self.run(&name, attendant, move |card| card.import(&key, &new, &pins))?;
        let key = self.opened(&entry, &pin).ok_or_else(|| unusable(&entry))?;
        Ok((entry, key))
    }

    /// Deletes a key from its token, and does `after`, also if nobody waits for it any more; a YubiKey forgets the
    /// certificate only.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn remove(
        &self,
        entry: TokenEntry,
        pins: Pins,
        attendant: &Attendant,
        after: impl FnOnce() + Send + 'static,
    ) -> Result<(), TokenError> {
        let name = entry.place.token.to_string();
        self.run(&name, attendant, move |card| card.remove(&entry, &pins).map(|()| after()))
    }
}

fn unusable(entry: &TokenEntry) -> TokenError {
    TokenError::Refused { token: entry.place.token.to_string(), what: "made a key of another kind".to_owned() }
}
