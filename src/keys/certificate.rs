//! The self-signed certificate that wraps a root key for one repository.
//!
//! Written by hand: certificate builders enforce the 64 characters of RFC 5280 for a common name, and Notary does not.

#[cfg(feature = "pkcs11")]
use jiff::ToSpan;
use jiff::{SignedDuration, Timestamp as Time, tz};
use rsa::pkcs1::DecodeRsaPrivateKey;
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::der::{NULL, OCTET_STRING, OID, SEQUENCE, SET, bits, element, unsigned};
use super::error::KeyError;
use super::pem::Block;
use super::private::{PrivateHalf, PrivateKey, SigningKind};
use super::secret::{Curve, Secret};
use crate::tuf::{Gun, KeyType, Method, PublicKey, Signature};

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];

const BOOLEAN: u8 = 0x01;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Ten years of 365 days, as Notary counts them.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 365 * 10);

type Der = Zeroizing<Vec<u8>>;

/// Makes the root certificate that Notary's tools make (docs/notary-v1.md section 3): CN is the GUN, ten years of 365
/// days.
///
/// # Errors
/// [`KeyError::Unsupported`] for keys that Notary cannot use as root; [`KeyError::Token`].
pub fn root_certificate(key: &PrivateKey, gun: &Gun, now: Time) -> Result<PublicKey, KeyError> {
    let key_type = match key.kind() {
        SigningKind::Ec(_) => KeyType::EcdsaX509,
        SigningKind::Rsa => KeyType::RsaX509,
        SigningKind::Ed25519 => {
            return Err(unsupported("an Ed25519 key cannot be a root key: Notary has no certificates for it"));
        }
    };
    let end = now.checked_add(LIFETIME).ok();
    let der = certify(key.public(), key.kind(), gun.as_str(), (now, end), |content| sign(key, content))?;
    let block = Block { label: "CERTIFICATE".to_owned(), headers: Vec::new(), der };
    Ok(PublicKey::new(key_type, block.write().as_bytes().to_vec()))
}

/// Makes the certificate by which Notary finds a key on a token: CN is the role, ten calendar years. DER; `sign` gives
/// raw r‖s over a digest.
///
/// # Errors
/// Those of `sign`; [`KeyError::Unsupported`].
#[cfg(feature = "pkcs11")]
pub(super) fn token_certificate(
    public: &PublicKey,
    curve: Curve,
    role: &str,
    now: Time,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, KeyError>,
) -> Result<Der, KeyError> {
    let end = now.to_zoned(tz::TimeZone::UTC).checked_add(10.years()).ok().map(|end| end.timestamp());
    certify(public, SigningKind::Ec(curve), role, (now, end), |content| ecdsa_der(&sign(&digest(curve, content))?))
}

/// What [`token_certificate`] names as issuer and subject.
#[cfg(feature = "pkcs11")]
pub(super) fn subject(common_name: &str) -> Der {
    name(common_name)
}

fn certify(
    public: &PublicKey,
    kind: SigningKind,
    common_name: &str,
    valid: (Time, Option<Time>),
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, KeyError>,
) -> Result<Der, KeyError> {
    let mut serial = [0; 16];
    getrandom::fill(&mut serial).map_err(|_| unsupported("the system gave no random numbers"))?;
    let content = valid.1.and_then(|end| to_be_signed(public, kind, common_name, (valid.0, end), serial));
    let content = content.ok_or_else(|| unsupported("the clock is out of range"))?;
    let signature = sign(&content)?;
    Ok(element(SEQUENCE, &[&content, &algorithm(kind), &bits(&signature)]))
}

fn unsupported(what: &str) -> KeyError {
    KeyError::Unsupported(what.to_owned())
}

fn to_be_signed(
    public: &PublicKey,
    kind: SigningKind,
    common_name: &str,
    valid: (Time, Time),
    serial: [u8; 16],
) -> Option<Der> {
    let version = element(0xa0, &[&unsigned(&[2])]);
    let name = name(common_name);
    let validity = element(SEQUENCE, &[&time(valid.0)?, &time(valid.1)?]);
    // For bare ECDSA and RSA keys this is the SubjectPublicKeyInfo.
    let public = public.public();
    let parts: &[&[u8]] =
        &[&version, &unsigned(&serial), &algorithm(kind), &name, &validity, &name, public, &extensions()];
    Some(element(SEQUENCE, parts))
}

/// The algorithm that Go picks for a key of this kind.
fn algorithm(kind: SigningKind) -> Der {
    let oid = |bytes: &[u8]| element(OID, &[bytes]);
    let ecdsa_with = |hash: u8| oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, hash]);
    match kind {
        SigningKind::Ec(Curve::P256) => element(SEQUENCE, &[&ecdsa_with(2)]),
        SigningKind::Ec(Curve::P384) => element(SEQUENCE, &[&ecdsa_with(3)]),
        SigningKind::Ec(Curve::P521) => element(SEQUENCE, &[&ecdsa_with(4)]),
        SigningKind::Rsa | SigningKind::Ed25519 => {
            let sha256_with_rsa = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]);
            element(SEQUENCE, &[&sha256_with_rsa, &element(NULL, &[])])
        }
    }
}

/// The digest that the algorithm of a certificate takes.
fn digest(curve: Curve, content: &[u8]) -> Vec<u8> {
    match curve {
        Curve::P256 => Sha256::digest(content).to_vec(),
        Curve::P384 => Sha384::digest(content).to_vec(),
        Curve::P521 => Sha512::digest(content).to_vec(),
    }
}

/// Raw r‖s as the SEQUENCE of two numbers that certificates hold.
fn ecdsa_der(raw: &[u8]) -> Result<Vec<u8>, KeyError> {
    let halves =
        (raw.len().is_multiple_of(2) && !raw.is_empty()).then(|| raw.split_at_checked(raw.len() / 2)).flatten();
    let (r, s) = halves.ok_or_else(|| unsupported("a signature has an odd length"))?;
    Ok(element(SEQUENCE, &[&unsigned(r), &unsigned(s)]).to_vec())
}

fn sign(key: &PrivateKey, content: &[u8]) -> Result<Vec<u8>, KeyError> {
    match key.holder() {
        PrivateHalf::Token(token) => {
            let raw = token.sign_digest(&digest(token.curve(), content))?;
            let signature = Signature { key: key.public().id().clone(), method: Method::Ecdsa, bytes: raw };
            // The slot may hold another key than its certificate says. P-256 alone pairs with the hash of metadata.
            if token.curve() == Curve::P256 && !key.public().verifies(content, &signature) {
                return Err(unsupported("the token signs with another key than its certificate names"));
            }
            ecdsa_der(&signature.bytes)
        }
        PrivateHalf::Memory(secret) => {
            sign_here(secret, content).ok_or_else(|| unsupported("the root key cannot sign"))
        }
    }
}

fn sign_here(secret: &Secret, content: &[u8]) -> Option<Vec<u8>> {
    use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
    match secret {
        Secret::Ec(Curve::P256, scalar) => {
            let key = p256::ecdsa::SigningKey::from_slice(scalar.as_slice()).ok()?;
            let signature: p256::ecdsa::DerSignature = key.try_sign(content).ok()?;
            Some(signature.to_vec())
        }
        Secret::Ec(Curve::P384, scalar) => {
            let key = p384::ecdsa::SigningKey::from_slice(scalar.as_slice()).ok()?;
            let signature: p384::ecdsa::DerSignature = key.try_sign(content).ok()?;
            Some(signature.to_vec())
        }
        Secret::Ec(Curve::P521, scalar) => {
            let key = p521::ecdsa::SigningKey::from_slice(scalar.as_slice()).ok()?;
            let signature: p521::ecdsa::DerSignature = key.try_sign(content).ok()?;
            Some(signature.to_vec())
        }
        Secret::Rsa(pkcs1) => {
            let key = rsa::RsaPrivateKey::from_pkcs1_der(pkcs1.as_slice()).ok()?;
            let signer = rsa::pkcs1v15::SigningKey::<Sha256>::new(key);
            Some(signer.try_sign_with_rng(&mut getrandom::SysRng, content).ok()?.to_vec())
        }
        Secret::Ed25519(_) => None,
    }
}

/// A name with nothing but a common name, of the string type that Go chooses.
fn name(common_name: &str) -> Der {
    let printable = |b: u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b);
    let tag = if common_name.bytes().all(printable) { PRINTABLE_STRING } else { UTF8_STRING };
    let attribute = element(SEQUENCE, &[&element(OID, &[COMMON_NAME]), &element(tag, &[common_name.as_bytes()])]);
    element(SEQUENCE, &[&element(SET, &[&attribute])])
}

/// Whole seconds in UTC, with two digits of the year until 2049 (RFC 5280, 4.1.2.5).
fn time(time: Time) -> Option<Der> {
    let utc = time.to_zoned(tz::TimeZone::UTC);
    let (tag, format) = match utc.year() {
        1950..=2049 => (UTC_TIME, "%y%m%d%H%M%SZ"),
        _ => (GENERALIZED_TIME, "%Y%m%d%H%M%SZ"),
    };
    let text = jiff::fmt::strtime::format(format, &utc).ok()?;
    Some(element(tag, &[text.as_bytes()]))
}

fn extensions() -> Der {
    let critical = element(BOOLEAN, &[&[0xff]]);
    let extension = |oid: &[u8], critical: &[u8], value: &[u8]| {
        element(SEQUENCE, &[&element(OID, &[oid]), critical, &element(OCTET_STRING, &[value])])
    };
    // digitalSignature and keyEncipherment: bits 0 and 2, five bits unused.
    let usage = extension(KEY_USAGE, &critical, &element(super::der::BIT_STRING, &[&[5, 0xa0]]));
    let extended = extension(EXTENDED_KEY_USAGE, &[], &element(SEQUENCE, &[&element(OID, &[CODE_SIGNING])]));
    // No authority: CA:FALSE is the default, and DER leaves defaults out.
    let constraints = extension(BASIC_CONSTRAINTS, &critical, &element(SEQUENCE, &[]));
    element(0xa3, &[&element(SEQUENCE, &[&usage, &extended, &constraints])])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::keys::Passphrase;

    fn fixture(path: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    /// Everything but the random signature is what Notary wrote for the same key, name, time and serial number.
    #[test]
    fn notarys_own_certificate_comes_out_byte_for_byte() {
        let id = "5e9c127565855430f36973ae8da7fc2be274157dc54ea6fbac7dabd95373949f";
        let file = fixture(&format!("trust/private/{id}.key"));
        let key = PrivateKey::from_pem(&file, Some(&Passphrase::from_text("rootpass1"))).unwrap();
        let gun = Gun::parse("localhost:5000/fixture/web").unwrap();
        let serial = 0x2a6e_139c_4def_59c2_0a26_6121_2493_35ca_u128.to_be_bytes();
        let now: Time = "2026-11-22T16:30:46.7Z".parse().unwrap();
        let valid = (now, now.checked_add(LIFETIME).unwrap());
        let content = to_be_signed(key.public(), key.kind(), gun.as_str(), valid, serial).unwrap();
        let original = Block::read(&fixture("root-certificate.pem")).unwrap();
        let start = super::super::der::Reader::new(&original.der).enter(SEQUENCE).unwrap().expect(SEQUENCE).unwrap();
        assert_eq!(*content, *element(SEQUENCE, &[start]));
    }
}
