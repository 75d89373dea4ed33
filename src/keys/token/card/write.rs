//! Making, copying and deleting keys.

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use zeroize::Zeroize;

use super::super::entry::NewEntry;
use super::super::facts::TokenEntry;
use super::super::layout::{self, Dialect};
use super::super::pin::{Pin, Pins};
use super::{Access, Card, Result, Token, attribute};
use crate::keys::certificate::{subject, token_certificate};
use crate::keys::der::{INTEGER, Reader, SEQUENCE, element};
use crate::keys::error::KeyError;
use crate::keys::private::{PrivateHalf, PrivateKey};
use crate::keys::secret::{Curve, Secret};
use crate::keys::token_error::TokenError;
use crate::tuf::PublicKey;

impl Card {
    /// Makes a key and the certificate that names it.
    pub(crate) fn generate(&mut self, new: &NewEntry, pins: &Pins) -> Result<TokenEntry> {
        self.chosen(new.token.as_deref(), |token| {
            let session = token.session(Access::Write)?;
            let slot = token.free_slot(&session, pins)?;
            let (public_half, private_half) = match token.dialect {
                Dialect::Generic => (token.public_template(new, &slot), token.private_template(new, &slot)),
                // The slot and the curve are all that PIV knows.
                Dialect::Piv => (
                    vec![
                        Attribute::Class(ObjectClass::PUBLIC_KEY),
                        Attribute::KeyType(KeyType::EC),
                        Attribute::EcParams(layout::p256_params()),
                        Attribute::Id(slot.clone()),
                    ],
                    vec![
                        Attribute::Class(ObjectClass::PRIVATE_KEY),
                        Attribute::KeyType(KeyType::EC),
                        Attribute::Id(slot.clone()),
                        key_mode(),
                    ],
                ),
            };
            token.login_to_write(&session, pins)?;
            let made = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public_half, &private_half);
            let (public_half, private_half) = made.map_err(|error| token.refused(&error))?;
            let certified = token.certify_new(&session, public_half, new, &slot, pins);
            if certified.is_err() {
                // A key that no program finds would only fill the slot.
                let _ = session.destroy_object(private_half);
                let _ = session.destroy_object(public_half);
            }
            certified
        })
    }

    /// Copies a key and writes the certificate that names it.
    pub(crate) fn import(&mut self, key: &PrivateKey, new: &NewEntry, pins: &Pins) -> Result<TokenEntry> {
        self.chosen(new.token.as_deref(), |token| {
            let refuse = |what: &str| TokenError::Refused { token: token.name.to_string(), what: what.to_owned() };
            let PrivateHalf::Memory(Secret::Ec(Curve::P256, scalar)) = key.holder() else {
                return Err(refuse("takes ECDSA keys on P-256 only, as Notary does"));
            };
            let session = token.session(Access::Write)?;
            if token.keys(&session)?.iter().any(|entry| entry.public == *key.public()) {
                return Err(refuse("has this key already"));
            }
            let slot = token.free_slot(&session, pins)?;
            let sign = |digest: &[u8]| sign_p256(scalar.as_slice(), digest);
            let certificate = token_certificate(key.public(), Curve::P256, &new.role, new.now, sign);
            let certificate = certificate.map_err(|error| refuse(&error.to_string()))?;
            token.login_to_write(&session, pins)?;
            let mut template = match token.dialect {
                Dialect::Generic => token.private_template(new, &slot),
                Dialect::Piv => vec![Attribute::Id(slot.clone()), key_mode()],
            };
            template.extend([
                Attribute::Class(ObjectClass::PRIVATE_KEY),
                Attribute::KeyType(KeyType::EC),
                Attribute::EcParams(layout::p256_params()),
                Attribute::Value(scalar.as_slice().to_vec()),
            ]);
            let mut written = Vec::new();
            let result = token.write_all(&session, &template, key.public(), &certificate, new, &slot, &mut written);
            if let Some(Attribute::Value(copy)) = template.last_mut() {
                copy.zeroize();
            }
            if let Err(error) = result {
                written.into_iter().for_each(|object| drop(session.destroy_object(object)));
                return Err(error);
            }
            Ok(token.entry(key.public().clone(), new, slot))
        })
    }

    /// Deletes a key: all objects of it, or on a YubiKey, which cannot forget keys, the certificate.
    pub(crate) fn remove(&mut self, entry: &TokenEntry, pins: &Pins) -> Result<()> {
        self.at(&entry.place.token, |token| {
            let session = token.session(Access::Write)?;
            let here = token.keys(&session)?;
            if !here.iter().any(|found| found.public == entry.public && found.place.slot == entry.place.slot) {
                let what = format!("slot {} holds another key now", entry.place.slot_name);
                return Err(TokenError::Refused { token: token.name.to_string(), what });
            }
            token.login_to_write(&session, pins)?;
            let classes = match token.dialect {
                Dialect::Generic => &[ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY, ObjectClass::CERTIFICATE][..],
                Dialect::Piv => &[ObjectClass::CERTIFICATE][..],
            };
            for class in classes {
                let wanted = [Attribute::Class(*class), Attribute::Id(entry.place.slot.clone())];
                for object in token.find(&session, &wanted)? {
                    session.destroy_object(object).map_err(|error| token.refused(&error))?;
                }
            }
            Ok(())
        })
    }

    /// The token that was named, by label or serial number; the only one if none was.
    fn chosen<T>(&mut self, wanted: Option<&str>, act: impl FnOnce(&Token<'_>) -> Result<T>) -> Result<T> {
        self.visit(|tokens| {
            let fits = |token: &&Token<'_>| wanted.is_none_or(|w| token.name.label == w || token.name.serial == w);
            let found: Vec<&Token<'_>> = tokens.iter().map(|(token, _)| token).filter(fits).collect();
            match found.as_slice() {
                [] => Err(TokenError::Absent(wanted.map(str::to_owned))),
                [only] => act(only),
                several => {
                    let name = |token: &&Token<'_>| format!("{} ({})", token.name, token.name.serial);
                    Err(TokenError::Several(several.iter().map(name).collect()))
                }
            }
        })
    }
}

fn key_mode() -> Attribute {
    Attribute::VendorDefined((AttributeType::VendorDefined(VENDOR_DEFINED), vec![layout::KEY_MODE]))
}

/// CKA_VENDOR_DEFINED, in which Notary gives the YubiKey's key mode.
const VENDOR_DEFINED: u64 = 0x8000_0000;

fn sign_p256(scalar: &[u8], digest: &[u8]) -> std::result::Result<Vec<u8>, KeyError> {
    use rsa::signature::hazmat::PrehashSigner;
    let cannot = || KeyError::Unsupported("the key cannot sign".to_owned());
    let key = p256::ecdsa::SigningKey::from_slice(scalar).map_err(|_| cannot())?;
    let signature: p256::ecdsa::Signature = key.sign_prehash(digest).map_err(|_| cannot())?;
    Ok(signature.to_vec())
}

impl Token<'_> {
    /// A free slot. Objects of private keys show only after login.
    fn free_slot(&self, session: &Session, pins: &Pins) -> Result<Vec<u8>> {
        self.login(session, &pins.user)?;
        let objects = self.find(session, &[Attribute::Token(true)])?;
        let taken: Vec<Vec<u8>> =
            objects.into_iter().filter_map(|object| attribute(session, object, AttributeType::Id)).collect();
        self.dialect.free_slot(&taken).ok_or_else(|| TokenError::Full(self.name.to_string()))
    }

    /// Logs in whoever may write: the user, or for PIV the security officer with the management key.
    fn login_to_write(&self, session: &Session, pins: &Pins) -> Result<()> {
        if self.dialect == Dialect::Generic {
            return self.login(session, &pins.user);
        }
        self.logout(session)?;
        let factory;
        let management = match &pins.management {
            Some(pin) => pin.text(),
            None => {
                factory = layout::FACTORY_MANAGEMENT_KEY;
                factory
            }
        };
        match session.login(UserType::So, Some(&AuthPin::from(management))) {
            Ok(()) => Ok(()),
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
                Err(TokenError::WrongManagementKey(self.name.to_string()))
            }
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn login_again(&self, session: &Session, pin: &Pin) -> Result<()> {
        if self.dialect == Dialect::Piv {
            self.logout(session)?;
        }
        self.login(session, pin)
    }

    fn logout(&self, session: &Session) -> Result<()> {
        match session.logout() {
            Ok(()) | Err(Error::Pkcs11(RvError::UserNotLoggedIn, _)) => Ok(()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// Signs and writes the certificate of a key that was just made.
    fn certify_new(
        &self,
        session: &Session,
        public_half: ObjectHandle,
        new: &NewEntry,
        slot: &[u8],
        pins: &Pins,
    ) -> Result<TokenEntry> {
        let refuse = |what: String| TokenError::Refused { token: self.name.to_string(), what };
        let params = attribute(session, public_half, AttributeType::EcParams).unwrap_or_else(layout::p256_params);
        let point = attribute(session, public_half, AttributeType::EcPoint);
        let public = point.and_then(|point| layout::public_key(&params, &point));
        let public = public.ok_or_else(|| refuse("made a key without a public half that can be read".to_owned()))?;
        self.login_again(session, &pins.user)?;
        let mut failed = None;
        let certificate = token_certificate(&public, Curve::P256, &new.role, new.now, |digest| {
            self.sign(session, slot, &pins.user, digest).map_err(|error| {
                failed = Some(error.clone());
                error.into()
            })
        });
        let certificate = certificate.map_err(|error| failed.unwrap_or_else(|| refuse(error.to_string())))?;
        self.login_to_write(session, pins)?;
        self.write_certificate(session, &certificate, new, slot)?;
        Ok(self.entry(public, new, slot.to_vec()))
    }

    /// Writes the objects of a key that is imported; `written` says how far it came.
    #[allow(clippy::too_many_arguments)] // one key, in its parts
    fn write_all(
        &self,
        session: &Session,
        private_half: &[Attribute],
        public: &PublicKey,
        certificate: &[u8],
        new: &NewEntry,
        slot: &[u8],
        written: &mut Vec<ObjectHandle>,
    ) -> Result<()> {
        let create = |template: &[Attribute]| session.create_object(template).map_err(|error| self.refused(&error));
        // PIV has no place for public keys, and wants the certificate first, as Notary writes it.
        if self.dialect == Dialect::Piv {
            written.push(self.write_certificate(session, certificate, new, slot)?);
            written.push(create(private_half)?);
            return Ok(());
        }
        written.push(create(private_half)?);
        let mut public_half = self.public_template(new, slot);
        public_half.push(Attribute::Class(ObjectClass::PUBLIC_KEY));
        public_half.push(Attribute::KeyType(KeyType::EC));
        public_half.extend(layout::ec_point(public).map(Attribute::EcPoint));
        written.push(create(&public_half)?);
        written.push(self.write_certificate(session, certificate, new, slot)?);
        Ok(())
    }

    fn write_certificate(&self, session: &Session, der: &[u8], new: &NewEntry, slot: &[u8]) -> Result<ObjectHandle> {
        let mut template = vec![
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::Value(der.to_vec()),
            Attribute::Id(slot.to_vec()),
        ];
        if self.dialect == Dialect::Generic {
            let name = subject(&new.role).to_vec();
            template.extend([
                Attribute::CertificateType(CertificateType::X_509),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Subject(name.clone()),
                Attribute::Issuer(name),
                Attribute::SerialNumber(serial_number(der).unwrap_or_default()),
                Attribute::Label(layout::label(&new.role, new.gun.as_deref()).into_bytes()),
            ]);
        }
        session.create_object(&template).map_err(|error| self.refused(&error))
    }

    fn private_template(&self, new: &NewEntry, slot: &[u8]) -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Id(slot.to_vec()),
            Attribute::Label(layout::label(&new.role, new.gun.as_deref()).into_bytes()),
        ]
    }

    fn public_template(&self, new: &NewEntry, slot: &[u8]) -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(layout::p256_params()),
            Attribute::Id(slot.to_vec()),
            Attribute::Label(layout::label(&new.role, new.gun.as_deref()).into_bytes()),
        ]
    }

    fn entry(&self, public: PublicKey, new: &NewEntry, slot: Vec<u8>) -> TokenEntry {
        TokenEntry { public, place: self.place(slot), role: new.role.clone(), gun: new.gun.clone() }
    }
}

/// The serial number of a certificate, as the DER that PKCS#11 wants.
fn serial_number(certificate: &[u8]) -> Option<Vec<u8>> {
    let mut content = Reader::new(certificate).enter(SEQUENCE)?.enter(SEQUENCE)?;
    content.expect(0xa0)?;
    Some(element(INTEGER, &[content.expect(INTEGER)?]).to_vec())
}
