//! The calls into a module. Only the worker's thread comes here.
//!
//! Invariant: as with Notary, each visit initialises the module and finalises it again, so that tokens come and go and
//! other programs can use them in between. Source: docs/notary-v1.md section 16.

mod write;

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Instant;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;

use super::facts::{TokenEntry, TokenFacts};
use super::layout::{self, Dialect};
use super::pin::Pin;
use super::signing::Signing;
use crate::keys::pem::Block;
use crate::keys::token_error::{PinState, TokenError};
use crate::keys::token_place::{TokenName, TokenPlace};
use crate::tuf::{KeyType as TufKeyType, PublicKey};
use zeroize::Zeroizing;

type Result<T> = std::result::Result<T, TokenError>;

/// Objects looked at on a token; far more than any has.
const MOST: usize = 1024;

/// A module.
pub(super) struct Card {
    path: PathBuf,
    module: Option<Pkcs11>,
    pub(super) signing: Signing,
    refused: Refused,
}

/// The PIN that a token refused last, while nobody has heard of it.
type Refused = RefCell<Option<(TokenName, Pin)>>;

/// A token during a visit.
struct Token<'a> {
    module: &'a Pkcs11,
    slot: Slot,
    name: TokenName,
    dialect: Dialect,
    signing: &'a Signing,
    refused: &'a Refused,
}

impl Card {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, module: None, signing: Signing::default(), refused: Refused::default() }
    }

    /// Somebody has heard what came of the last job.
    pub(super) fn told(&mut self) {
        self.refused.take();
    }

    /// All tokens and the keys on them. No PIN is needed.
    pub(super) fn look(&mut self) -> Result<Vec<TokenFacts>> {
        self.visit(|tokens| {
            let look = |(token, info): &(Token<'_>, TokenInfo)| {
                Ok(TokenFacts {
                    name: token.name.clone(),
                    model: format!("{} {}", info.manufacturer_id(), info.model()).trim().to_owned(),
                    dialect: token.dialect,
                    pin: pin_state(info),
                    keys: token.keys(&token.session(Access::Read)?)?,
                })
            };
            let (found, failed): (Vec<_>, Vec<_>) = tokens.iter().map(look).partition(|found| found.is_ok());
            // One that is pulled out right now must not hide the others.
            match failed.into_iter().next() {
                Some(error) if found.is_empty() => error.map(|_| Vec::new()),
                _ => found.into_iter().collect(),
            }
        })
    }

    /// Whether a PIN opens a token; tries it once.
    pub(super) fn check_pin(&mut self, name: &TokenName, pin: &Pin) -> Result<()> {
        self.at(name, |token| token.login(&token.session(Access::Read)?, pin))
    }

    /// Raw r‖s over a digest.
    pub(super) fn sign(&mut self, place: &TokenPlace, pin: &Pin, digest: &[u8]) -> Result<Vec<u8>> {
        self.at(&place.token, |token| {
            let session = token.session(Access::Read)?;
            token.login(&session, pin)?;
            token.sign(&session, &place.slot, pin, digest)
        })
    }

    fn at<T>(&mut self, name: &TokenName, act: impl FnOnce(&Token<'_>) -> Result<T>) -> Result<T> {
        self.visit(|tokens| {
            let found = tokens.iter().find(|(token, _)| token.name == *name);
            act(&found.ok_or_else(|| TokenError::Absent(Some(name.to_string())))?.0)
        })
    }

    /// Initialises the module, lets `act` use what tokens there are, and finalises it again.
    fn visit<T>(&mut self, act: impl FnOnce(&[(Token<'_>, TokenInfo)]) -> Result<T>) -> Result<T> {
        let refuse = |path: &PathBuf, error: &Error| TokenError::Module { path: path.clone(), what: words(error) };
        let module = match &self.module {
            Some(module) => module.clone(),
            None => self.module.insert(Pkcs11::new(&self.path).map_err(|e| refuse(&self.path, &e))?).clone(),
        };
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(refuse(&self.path, &error)),
        }
        let result = tokens(&module, (&self.signing, &self.refused))
            .map_err(|e| refuse(&self.path, &e))
            .and_then(|found| act(&found));
        if let Ok(mut signing) = self.signing.lock() {
            *signing = None;
        }
        // What was asked for is done or has failed; the next visit says if the module is beyond help.
        let _ = module.finalize();
        result
    }
}

/// Tokens that are plugged in and set up.
fn tokens<'a>(
    module: &'a Pkcs11,
    (signing, refused): (&'a Signing, &'a Refused),
) -> std::result::Result<Vec<(Token<'a>, TokenInfo)>, Error> {
    let mut found = Vec::new();
    for slot in module.get_slots_with_token()? {
        // A token that is pulled out right now is none.
        let Ok(info) = module.get_token_info(slot) else { continue };
        let dialect = Dialect::of(info.manufacturer_id(), info.model());
        if !info.token_initialized() {
            continue;
        }
        let name = TokenName { label: info.label().trim().to_owned(), serial: info.serial_number().trim().to_owned() };
        found.push((Token { module, slot, name, dialect, signing, refused }, info));
    }
    Ok(found)
}

fn pin_state(info: &TokenInfo) -> PinState {
    if info.user_pin_locked() {
        PinState::Locked
    } else if !info.user_pin_initialized() {
        PinState::Unset
    } else if info.user_pin_final_try() {
        PinState::FinalTry
    } else if info.user_pin_count_low() {
        PinState::CountLow
    } else {
        PinState::Ready
    }
}

/// How a session is opened.
#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
}

impl Token<'_> {
    fn session(&self, access: Access) -> Result<Session> {
        let opened = match access {
            Access::Read => self.module.open_ro_session(self.slot),
            Access::Write => self.module.open_rw_session(self.slot),
        };
        opened.map_err(|error| self.refused(&error))
    }

    /// Logs the user in; a PIN that is refused is never tried again.
    fn login(&self, session: &Session, pin: &Pin) -> Result<()> {
        self.login_as(session, UserType::User, pin)
    }

    fn login_as(&self, session: &Session, who: UserType, pin: &Pin) -> Result<()> {
        let wrong = || TokenError::WrongPin { token: self.name.to_string(), after: self.pin_state() };
        let unheard =
            || self.refused.borrow().as_ref().is_some_and(|(name, other)| *name == self.name && other.is(pin));
        if pin.was_refused() || unheard() {
            return Err(wrong());
        }
        let attempt = session.login(who, Some(&AuthPin::from(pin.text())));
        match attempt {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                pin.refuse();
                self.refused.replace(Some((self.name.clone(), pin.clone())));
                Err(wrong())
            }
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn pin_state(&self) -> PinState {
        self.module.get_token_info(self.slot).map_or(PinState::Ready, |info| pin_state(&info))
    }

    fn sign(&self, session: &Session, slot: &[u8], pin: &Pin, digest: &[u8]) -> Result<Vec<u8>> {
        let wanted =
            [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC), Attribute::Id(slot.to_vec())];
        let key = self.find(session, &wanted)?.into_iter().next().ok_or_else(|| TokenError::Refused {
            token: self.name.to_string(),
            what: format!("there is no private key in slot {} any more", self.dialect.slot_name(slot)),
        })?;
        self.mark(Some(Instant::now()));
        let signature = if wants_pin_each_time(session, key) {
            self.sign_with_pin(session, key, pin, digest)
        } else {
            match session.sign(&Mechanism::Ecdsa, key, digest) {
                // What a module says about a key may be a guess; what it does counts. In a session of its own, for some
                // modules go on with what was begun in this one. The login holds for both.
                Err(Error::Pkcs11(RvError::UserNotLoggedIn, _)) => {
                    self.sign_with_pin(&self.session(Access::Read)?, key, pin, digest)
                }
                signature => signature.map_err(|error| self.refused(&error)),
            }
        };
        self.mark(None);
        signature
    }

    /// Since when the token has been signing, for whoever waits.
    fn mark(&self, since: Option<Instant>) {
        if let Ok(mut signing) = self.signing.lock() {
            *signing = since;
        }
    }

    /// Signs with a key that wants the PIN at each signature: between the beginning of it and the data. In several
    /// parts, for the library does the same in one call only without a login in between.
    fn sign_with_pin(&self, session: &Session, key: ObjectHandle, pin: &Pin, digest: &[u8]) -> Result<Vec<u8>> {
        let refused = |error: Error| self.refused(&error);
        session.sign_init(&Mechanism::Ecdsa, key).map_err(refused)?;
        self.login_as(session, UserType::ContextSpecific, pin)?;
        let signature = session.sign_update(digest).and_then(|()| session.sign_final());
        signature.map_err(|error| match error {
            // The operation was begun a moment ago: the module knows no parts, or none for this mechanism.
            Error::Pkcs11(
                RvError::OperationNotInitialized | RvError::FunctionNotSupported | RvError::MechanismInvalid,
                _,
            )
            | Error::NullFunctionPointer => TokenError::PinEachTime(self.name.to_string()),
            error => refused(error),
        })
    }

    /// Keys, as certificates tell, which is where Notary looks; then as public keys without a certificate do.
    fn keys(&self, session: &Session) -> Result<Vec<TokenEntry>> {
        let mut found: Vec<TokenEntry> = Vec::new();
        let certificates = [Attribute::Token(true), Attribute::Class(ObjectClass::CERTIFICATE)];
        for object in self.find(session, &certificates)? {
            found.extend(self.certificate(session, object));
        }
        let publics =
            [Attribute::Token(true), Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(KeyType::EC)];
        for object in self.find(session, &publics)? {
            let known = |entry: &TokenEntry| found.iter().any(|other| other.place.slot == entry.place.slot);
            found.extend(self.public_key(session, object).filter(|entry| !known(entry)));
        }
        found.sort_by(|a, b| a.place.slot.cmp(&b.place.slot));
        Ok(found)
    }

    fn certificate(&self, session: &Session, object: ObjectHandle) -> Option<TokenEntry> {
        let (slot, label) = self.id_and_label(session, object)?;
        let value = attribute(session, object, AttributeType::Value)?;
        let block = Block { label: "CERTIFICATE".to_owned(), headers: Vec::new(), der: Zeroizing::new(value) };
        let wrapped = PublicKey::new(TufKeyType::EcdsaX509, block.write().as_bytes().to_vec());
        let (facts, public) = (wrapped.certificate()?, wrapped.unwrapped().ok()?);
        layout::curve_of(&public)?;
        let gun = layout::gun_of_label(&facts.common_name, &label);
        Some(TokenEntry { public, place: self.place(slot), role: facts.common_name, gun })
    }

    fn public_key(&self, session: &Session, object: ObjectHandle) -> Option<TokenEntry> {
        let (slot, label) = self.id_and_label(session, object)?;
        let params = attribute(session, object, AttributeType::EcParams)?;
        let point = attribute(session, object, AttributeType::EcPoint)?;
        let public = layout::public_key(&params, &point)?;
        let role = label.split(' ').next().unwrap_or_default().to_owned();
        let gun = layout::gun_of_label(&role, &label);
        Some(TokenEntry { public, place: self.place(slot), role, gun })
    }

    fn id_and_label(&self, session: &Session, object: ObjectHandle) -> Option<(Vec<u8>, String)> {
        let id = attribute(session, object, AttributeType::Id)?;
        let label = attribute(session, object, AttributeType::Label).unwrap_or_default();
        Some((id, String::from_utf8_lossy(&label).into_owned()))
    }

    fn place(&self, slot: Vec<u8>) -> TokenPlace {
        TokenPlace { token: self.name.clone(), slot_name: self.dialect.slot_name(&slot), slot }
    }

    fn find(&self, session: &Session, wanted: &[Attribute]) -> Result<Vec<ObjectHandle>> {
        let objects = session.iter_objects(wanted).map_err(|error| self.refused(&error))?;
        let objects: std::result::Result<Vec<_>, Error> = objects.take(MOST).collect();
        objects.map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &Error) -> TokenError {
        let token = self.name.to_string();
        match error {
            Error::Pkcs11(rv, _) => match rv {
                RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::SlotIdInvalid
                | RvError::SessionHandleInvalid
                | RvError::SessionClosed => TokenError::PulledOut(token),
                RvError::PinLocked => TokenError::PinLocked(token),
                RvError::UserPinNotInitialized => TokenError::PinUnset(token),
                RvError::DeviceMemory => TokenError::Full(token),
                RvError::FunctionCanceled | RvError::Cancel => {
                    TokenError::Refused { token, what: "it was not touched in time".to_owned() }
                }
                _ => TokenError::Refused { token, what: words(error) },
            },
            _ => TokenError::Refused { token, what: words(error) },
        }
    }
}

fn wants_pin_each_time(session: &Session, key: ObjectHandle) -> bool {
    let flag = session.get_attributes(key, &[AttributeType::AlwaysAuthenticate]);
    flag.is_ok_and(|found| found.contains(&Attribute::AlwaysAuthenticate(true)))
}

/// Bytes of an attribute, if the object has it and shows it.
fn attribute(session: &Session, object: ObjectHandle, wanted: AttributeType) -> Option<Vec<u8>> {
    match session.get_attributes(object, &[wanted]).ok()?.into_iter().next()? {
        Attribute::Id(bytes)
        | Attribute::Label(bytes)
        | Attribute::Value(bytes)
        | Attribute::EcParams(bytes)
        | Attribute::EcPoint(bytes) => Some(bytes),
        _ => None,
    }
}

/// What a module says, without the sentences of the library around it.
fn words(error: &Error) -> String {
    match error {
        Error::Pkcs11(rv, function) => format!("{function} says {rv:?}"),
        Error::LibraryLoading(error) => format!("cannot be loaded: {error}"),
        Error::MissingSymbol(symbol) => format!("is no PKCS#11 module, it has no {symbol}"),
        other => other.to_string(),
    }
}
