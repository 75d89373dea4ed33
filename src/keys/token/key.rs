//! A private key on a token, as signing sees it.

use super::attendant::Attendant;
use super::error::TokenError;
use super::facts::TokenPlace;
use super::pin::Pin;
use super::worker::Tokens;
use crate::keys::secret::Curve;

/// A private key on a token, with the PIN that opens it.
#[derive(Clone)]
pub(in crate::keys) struct TokenKey {
    pub(super) tokens: Tokens,
    pub(super) place: TokenPlace,
    pub(in crate::keys) curve: Curve,
    pub(super) pin: Pin,
    pub(super) attendant: Attendant,
}

impl TokenKey {
    /// Raw r‖s over a digest.
    pub(in crate::keys) fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, TokenError> {
        let (place, pin, digest) = (self.place.clone(), self.pin.clone(), digest.to_vec());
        let name = self.place.token.to_string();
        self.tokens.run(&name, &self.attendant, move |card| card.sign(&place, &pin, &digest))
    }

    pub(in crate::keys) fn place(&self) -> &TokenPlace {
        &self.place
    }

    /// The same key, for somebody who is told when to touch the token.
    pub(in crate::keys) fn attended(&self, attendant: Attendant) -> Self {
        Self { attendant, ..self.clone() }
    }
}
