//! Tokens and the keys on them, as they show without a PIN.

use std::fmt;

use super::layout::Dialect;
use crate::tuf::PublicKey;

/// What names a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenName {
    /// Its label, which its owner chose.
    pub label: String,
    /// Its serial number, which its maker chose.
    pub serial: String,
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.label.is_empty() { &self.serial } else { &self.label })
    }
}

/// Where a key is on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPlace {
    /// The token.
    pub token: TokenName,
    /// CKA_ID of the key.
    pub slot: Vec<u8>,
    /// What people call that slot.
    pub slot_name: String,
}

/// How much a PIN may still be mistyped, as far as a token tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinState {
    /// Nothing was said.
    Ready,
    /// It was wrong at least once since it was last right.
    CountLow,
    /// Once more, and it is locked.
    FinalTry,
    /// Only the security officer (PUK) can help.
    Locked,
    /// None was set yet.
    Unset,
}

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
