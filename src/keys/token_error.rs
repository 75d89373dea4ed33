//! Why a token does not do what it should.

use std::path::PathBuf;

/// Why a token does not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum TokenError {
    /// The module cannot be used.
    #[error("{}: {what}", .path.display())]
    Module { path: PathBuf, what: String },
    /// There is no module.
    #[error("no PKCS#11 module is known: neither a YubiKey's is installed nor one is named")]
    NoModule,
    /// This program cannot use tokens.
    #[error("this trustdeck was built without PKCS#11")]
    WithoutTokens,
    /// No token at all, or not this one.
    #[error("{}", absent(.0.as_deref()))]
    Absent(Option<String>),
    /// It was there a moment ago.
    #[error("token {0} was pulled out")]
    PulledOut(String),
    /// Several tokens, and none was named.
    #[error("there are {} tokens: {}", .0.len(), .0.join(", "))]
    Several(Vec<String>),
    /// A wrong PIN, and what the token says about further ones.
    #[error("wrong PIN for token {token}{}", tries(.after))]
    WrongPin { token: String, after: PinState },
    /// Too many wrong PINs.
    #[error("the PIN of token {0} is locked after too many wrong ones")]
    PinLocked(String),
    /// No PIN was ever set.
    #[error("token {0} has no PIN yet")]
    PinUnset(String),
    /// The security officer's PIN (a YubiKey's management key) is another one.
    #[error("wrong management key for token {0}")]
    WrongManagementKey(String),
    /// A key that wants the PIN at each signature, behind a module that cannot be given it then.
    #[error("token {0} wants its PIN at each signature with this key, and its module takes it only within one call")]
    PinEachTime(String),
    /// No free slot.
    #[error("token {0} has no free slot for a key")]
    Full(String),
    /// Anything else that it says.
    #[error("token {token}: {what}")]
    Refused { token: String, what: String },
    /// The user did not want to wait.
    #[error("stopped waiting for the token")]
    Cancelled,
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

fn absent(token: Option<&str>) -> String {
    match token {
        Some(token) => format!("token {token} is not plugged in"),
        None => "no token is plugged in".to_owned(),
    }
}

fn tries(after: &PinState) -> &'static str {
    match after {
        PinState::FinalTry => "; one try is left before it locks",
        PinState::CountLow => "; few tries are left before it locks",
        PinState::Locked => "; it is locked now",
        PinState::Ready | PinState::Unset => "",
    }
}
