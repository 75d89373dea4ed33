//! Tokens and the keys on them, as they show without a PIN.

use super::layout::Dialect;
use crate::keys::token_error::PinState;
use crate::keys::token_place::{TokenName, TokenPlace};
use crate::tuf::PublicKey;

/// A key that was found on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEntry {
    /// Its public half, bare.
    pub public: PublicKey,
    /// Where.
    pub place: TokenPlace,
    /// Common name of its certificate, else its label: a role or a signer's name.
    pub role: String,
    /// Repository, if the token says.
    pub gun: Option<String>,
}

/// A token that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// Its name.
    pub name: TokenName,
    /// Maker and model.
    pub model: String,
    /// What it understands.
    pub dialect: Dialect,
    /// Its PIN.
    pub pin: PinState,
    /// Keys on it, as its certificates and public keys tell.
    pub keys: Vec<TokenEntry>,
}
