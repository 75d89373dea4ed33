//! A private key on a token, as signing sees it.

use super::pin::Pin;
use super::worker::Tokens;
use crate::keys::attendant::Attendant;
use crate::keys::private::TokenHalf;
use crate::keys::secret::Curve;
use crate::keys::token_error::TokenError;
use crate::keys::token_place::TokenPlace;

/// A private key on a token, with the PIN that opens it.
#[derive(Clone)]
pub(super) struct TokenKey {
    pub(super) tokens: Tokens,
    pub(super) place: TokenPlace,
    pub(super) curve: Curve,
    pub(super) pin: Pin,
    pub(super) attendant: Attendant,
}

impl TokenHalf for TokenKey {
    fn place(&self) -> &TokenPlace {
        &self.place
    }

    fn curve(&self) -> Curve {
        self.curve
    }

    fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, TokenError> {
        let (place, pin, digest) = (self.place.clone(), self.pin.clone(), digest.to_vec());
        let name = self.place.token.to_string();
        self.tokens.run(&name, &self.attendant, move |card| card.sign(&place, &pin, &digest))
    }

    fn attended(&self, attendant: Attendant) -> Box<dyn TokenHalf> {
        Box::new(Self { attendant, ..self.clone() })
    }
}
