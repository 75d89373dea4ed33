//! Keys on hardware tokens, behind PKCS#11.
//!
//! Invariant: a module is foreign code and is called from one thread of its own, never from a task; a private key never
//! leaves its token; a PIN that was refused is not tried a second time.

#[cfg(feature = "pkcs11")]
mod card;
#[cfg(not(feature = "pkcs11"))]
#[path = "without.rs"]
mod card;
pub mod layout;
mod module;
mod worker;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
#[cfg(feature = "pkcs11")]
use std::sync::atomic::Ordering;

use tokio_util::sync::CancellationToken;

pub use layout::Dialect;
pub use worker::Tokens;

use super::secret::Curve;
use super::{KeyError, Passphrase, PrivateKey};
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

/// Why a token does not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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

/// A PIN, once refused never tried again.
#[derive(Clone)]
pub struct Pin(Arc<(Passphrase, AtomicBool)>);

impl Pin {
    /// One that nobody has tried yet.
    #[must_use]
    pub fn new(pin: Passphrase) -> Self {
        Self(Arc::new((pin, AtomicBool::new(false))))
    }

    /// What was typed.
    #[must_use]
    pub fn typed(&self) -> &Passphrase {
        &self.0.0
    }
}

#[cfg(feature = "pkcs11")]
impl Pin {
    fn text(&self) -> &str {
        std::str::from_utf8(self.0.0.bytes()).unwrap_or_default()
    }

    /// Whether it is the same text.
    fn is(&self, other: &Self) -> bool {
        self.text() == other.text()
    }

    fn was_refused(&self) -> bool {
        self.0.1.load(Ordering::SeqCst)
    }

    fn refuse(&self) {
        self.0.1.store(true, Ordering::SeqCst);
    }
}

/// What is done when a token waits for a touch.
pub type Touch = Arc<dyn Fn(&str) + Send + Sync>;

/// Who waits for a token: hears when a finger is wanted, and may lose patience.
#[derive(Clone, Default)]
pub struct Attendant {
    /// Told the token's name when an answer takes so long that it must be waiting for a touch.
    pub touch: Option<Touch>,
    /// Ends the waiting; the token itself cannot be interrupted.
    pub stop: CancellationToken,
}

/// A private key on a token, with the PIN that opens it.
#[derive(Clone)]
pub(super) struct TokenKey {
    tokens: Tokens,
    place: TokenPlace,
    pub(super) curve: Curve,
    pin: Pin,
    attendant: Attendant,
}

impl TokenKey {
    /// Raw r‖s over a digest.
    pub(super) fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (place, pin, digest) = (self.place.clone(), self.pin.clone(), digest.to_vec());
        let name = self.place.token.to_string();
        Ok(self.tokens.run(&name, &self.attendant, move |card| card.sign(&place, &pin, &digest))?)
    }

    pub(super) fn place(&self) -> &TokenPlace {
        &self.place
    }

    /// The same key, for somebody who is told when to touch the token.
    pub(super) fn attended(&self, attendant: Attendant) -> Self {
        Self { attendant, ..self.clone() }
    }
}

/// A key to be put on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Common name of its certificate.
    pub role: String,
    /// Repository of a targets or snapshot key.
    pub gun: Option<String>,
    /// Token, by label or serial number; `None` if there is only one.
    pub token: Option<String>,
    /// When it begins to be valid.
    pub now: jiff::Timestamp,
}

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
        Some(PrivateKey::on_token(entry.public.clone(), key))
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

/// What opens a token for writing.
#[derive(Clone)]
pub struct Pins {
    /// The user's PIN.
    pub user: Pin,
    /// A YubiKey's management key; the factory's if none is given.
    pub management: Option<Pin>,
}

fn unusable(entry: &TokenEntry) -> TokenError {
    TokenError::Refused { token: entry.place.token.to_string(), what: "made a key of another kind".to_owned() }
}

/// Whether this program can use tokens at all.
pub const SUPPORTED: bool = cfg!(feature = "pkcs11");

/// Refuses a module that somebody else could have put there or changed: loading it runs it.
///
/// # Errors
/// [`TokenError::Module`].
pub fn check_module(path: &Path) -> Result<PathBuf, TokenError> {
    module::check(path)
}
