//! In the place of `card.rs` in a program that was built without PKCS#11: nothing is ever loaded.

use std::path::PathBuf;

use super::entry::NewEntry;
use super::facts::{TokenEntry, TokenFacts};
use super::pin::{Pin, Pins};
use super::signing::Signing;
use crate::keys::private::PrivateKey;
use crate::keys::token_error::TokenError;
use crate::keys::token_place::{TokenName, TokenPlace};

#[derive(Default)]
pub(super) struct Card {
    pub(super) signing: Signing,
}

const NONE: TokenError = TokenError::WithoutTokens;

impl Card {
    pub(super) fn new(_: PathBuf) -> Self {
        Self::default()
    }

    pub(super) fn told(&mut self) {}

    pub(super) fn look(&mut self) -> Result<Vec<TokenFacts>, TokenError> {
        Err(NONE)
    }

    pub(super) fn check_pin(&mut self, _: &TokenName, _: &Pin) -> Result<(), TokenError> {
        Err(NONE)
    }

    pub(super) fn sign(&mut self, _: &TokenPlace, _: &Pin, _: &[u8]) -> Result<Vec<u8>, TokenError> {
        Err(NONE)
    }

    pub(super) fn generate(&mut self, _: &NewEntry, _: &Pins) -> Result<TokenEntry, TokenError> {
        Err(NONE)
    }

    pub(super) fn import(&mut self, _: &PrivateKey, _: &NewEntry, _: &Pins) -> Result<TokenEntry, TokenError> {
        Err(NONE)
    }

    pub(super) fn remove(&mut self, _: &TokenEntry, _: &Pins) -> Result<(), TokenError> {
        Err(NONE)
    }
}
