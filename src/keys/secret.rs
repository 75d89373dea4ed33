//! The bare private numbers of a key, and the structures that hold them.

use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::traits::PublicKeyParts;
use zeroize::Zeroizing;

use super::der::{BIT_STRING, NULL, OCTET_STRING, OID, Reader, SEQUENCE, bits, element, unsigned};
use super::locked::LockedBytes;
use crate::tuf::KeyType;

pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.3.6.1.4.1.11591.15.1, which Notary uses for Ed25519.
const NOTARY_ED25519: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];
/// RFC 8410, which Notary does not read.
const RFC8410_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The largest RSA key that can verify anywhere in trustdeck, in bits.
const MAX_RSA_BITS: u32 = 8192;

/// An elliptic curve that Notary signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        }
    }

    /// The curve that a parameter names; `None` where there is something else than a curve.
    fn from_parameter((tag, content): Element<'_>) -> Result<Option<Self>, Unusable> {
        match tag {
            OID => Self::from_oid(content).map(Some),
            SEQUENCE => Err(Unusable::WrittenOut),
            _ => Ok(None),
        }
    }

    fn from_oid(oid: &[u8]) -> Result<Self, Unusable> {
        let known = [Self::P256, Self::P384, Self::P521];
        let found = known.into_iter().find(|curve| curve.oid() == oid);
        found.ok_or(Unusable::Algorithm("an elliptic curve other than P-256, P-384 and P-521"))
    }

    /// Runs the same code for the key type of each curve.
    fn public_point(self, scalar: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Self::P256 => p256::SecretKey::from_slice(scalar).ok()?.public_key().to_sec1_bytes().to_vec(),
            Self::P384 => p384::SecretKey::from_slice(scalar).ok()?.public_key().to_sec1_bytes().to_vec(),
            Self::P521 => p521::SecretKey::from_slice(scalar).ok()?.public_key().to_sec1_bytes().to_vec(),
        })
    }

    /// Length of a private number, in bytes.
    fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// Why a structure is no key that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The outer structure is not there: damaged, or decrypted with a wrong passphrase.
    Structure,
    /// A key of an algorithm that Notary or trustdeck cannot use.
    Algorithm(&'static str),
    /// A key on a curve that is written out, number by number, instead of named.
    WrittenOut,
    /// The right structure with impossible content.
    Content(&'static str),
}

/// What signs.
pub(super) enum Secret {
    /// The private number, as long as the curve's field.
    Ec(Curve, LockedBytes),
    /// PKCS#1 `RSAPrivateKey`.
    Rsa(LockedBytes),
    /// The 32-byte seed.
    Ed25519(LockedBytes),
}

impl Secret {
    pub(super) fn ec(curve: Curve, scalar: &[u8]) -> Result<Self, Unusable> {
        let zeros = scalar.len().saturating_sub(curve.size());
        let (high, low) = scalar.split_at_checked(zeros).ok_or(Unusable::Structure)?;
        if high.iter().any(|b| *b != 0) {
            return Err(Unusable::Content("an elliptic curve key whose number is too large"));
        }
        // Old tools leave leading zeros out.
        let mut padded = Zeroizing::new(vec![0; curve.size()]);
        let start = curve.size() - low.len();
        padded.get_mut(start..).ok_or(Unusable::Structure)?.copy_from_slice(low);
        curve.public_point(&padded).ok_or(Unusable::Content("an elliptic curve key whose number is out of range"))?;
        LockedBytes::new(&padded).map(|bytes| Self::Ec(curve, bytes)).ok_or(Unusable::Structure)
    }

    /// Takes PKCS#1 `RSAPrivateKey`, checked for consistency.
    pub(super) fn rsa(pkcs1: &[u8]) -> Result<Self, Unusable> {
        let numbers = rsa_numbers(pkcs1).ok_or(Unusable::Structure)?;
        if numbers.modulus_bits > MAX_RSA_BITS {
            return Err(Unusable::Algorithm("an RSA key of more than 8192 bits"));
        }
        if !numbers.plausible {
            return Err(Unusable::Content("an RSA key whose numbers do not fit together"));
        }
        let wrong = Unusable::Content("an RSA key whose numbers do not fit together");
        rsa::RsaPrivateKey::from_pkcs1_der(pkcs1).map_err(|_| wrong)?;
        LockedBytes::new(pkcs1).map(Self::Rsa).ok_or(Unusable::Structure)
    }

    pub(super) fn ed25519(seed: &[u8]) -> Result<Self, Unusable> {
        let fits = seed.len() == ed25519_dalek::SECRET_KEY_LENGTH;
        let seed = fits.then(|| LockedBytes::new(seed)).flatten();
        seed.map(Self::Ed25519).ok_or(Unusable::Content("an Ed25519 key that has not 32 bytes"))
    }

    /// Takes SEC1 `ECPrivateKey`; `outer` is the curve that the structure around it names.
    pub(super) fn from_sec1(der: &[u8], outer: Option<Curve>) -> Result<Self, Unusable> {
        let (scalar, inner, point) = sec1_parts(der).ok_or(Unusable::Structure)?;
        let inner = inner.map(Curve::from_parameter).transpose()?.flatten();
        let curve = match (outer, inner) {
            (Some(outer), Some(inner)) if outer != inner => {
                return Err(Unusable::Content("an elliptic curve key that names two curves"));
            }
            (outer, inner) => outer.or(inner).ok_or(Unusable::Content("an elliptic curve key that names no curve"))?,
        };
        let secret = Self::ec(curve, scalar)?;
        match (point, &secret) {
            // A compressed point cannot be compared this way, and Go would not read it either.
            (Some(point), Self::Ec(_, scalar)) if curve.public_point(scalar.as_slice()).as_deref() != Some(point) => {
                Err(Unusable::Content("an elliptic curve key whose public half is another key's"))
            }
            _ => Ok(secret),
        }
    }

    /// Takes the 96 bytes of Notary's own Ed25519 form: public key, seed, public key.
    pub(super) fn from_notary_ed25519(bytes: &[u8]) -> Result<Self, Unusable> {
        let (public, private) = bytes.split_at_checked(32).ok_or(Unusable::Structure)?;
        let (seed, again) = private.split_at_checked(32).ok_or(Unusable::Structure)?;
        if again.len() != 32 || public != again {
            return Err(Unusable::Structure);
        }
        let secret = Self::ed25519(seed)?;
        if secret.public() != (KeyType::Ed25519, public.to_vec()) {
            return Err(Unusable::Content("an Ed25519 key whose public half is another key's"));
        }
        Ok(secret)
    }

    /// Takes PKCS#8 `PrivateKeyInfo`, in Notary's form or the standard's.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, Unusable> {
        let (algorithm, parameter, key) = pkcs8_parts(der).ok_or(Unusable::Structure)?;
        match algorithm {
            EC_PUBLIC_KEY => Self::from_sec1(key, parameter.map(Curve::from_parameter).transpose()?.flatten()),
            RSA_ENCRYPTION => Self::rsa(key),
            NOTARY_ED25519 => Self::from_notary_ed25519(key),
            RFC8410_ED25519 => {
                let mut inner = Reader::new(key);
                let seed = inner.expect(OCTET_STRING).filter(|_| inner.is_empty());
                Self::ed25519(seed.ok_or(Unusable::Structure)?)
            }
            _ => Err(Unusable::Algorithm("a key that is neither ECDSA, RSA nor Ed25519")),
        }
    }

    /// PKCS#8 `PrivateKeyInfo`, byte for byte as Notary writes it.
    pub(super) fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let oid = |bytes| element(OID, &[bytes]);
        let info = |version: u8, algorithm: &[&[u8]], key: &[u8]| {
            let algorithm = element(SEQUENCE, algorithm);
            element(SEQUENCE, &[&unsigned(&[version]), &algorithm, &element(OCTET_STRING, &[key])])
        };
        match self {
            Self::Ec(curve, _) => info(1, &[&oid(EC_PUBLIC_KEY), &oid(curve.oid())], &self.to_sec1()),
            Self::Rsa(pkcs1) => info(0, &[&oid(RSA_ENCRYPTION)], pkcs1.as_slice()),
            Self::Ed25519(seed) => {
                let (_, public) = self.public();
                let mut key = Zeroizing::new(Vec::with_capacity(96));
                [&public, seed.as_slice(), &public].iter().for_each(|part| key.extend_from_slice(part));
                info(0, &[&oid(NOTARY_ED25519)], &key)
            }
        }
    }

    fn to_sec1(&self) -> Zeroizing<Vec<u8>> {
        let Self::Ec(curve, scalar) = self else { return Zeroizing::default() };
        let point = curve.public_point(scalar.as_slice()).unwrap_or_default();
        let number = element(OCTET_STRING, &[scalar.as_slice()]);
        let named = element(0xa0, &[&element(OID, &[curve.oid()])]);
        element(SEQUENCE, &[&unsigned(&[1]), &number, &named, &element(0xa1, &[&bits(&point)])])
    }

    /// The public half as metadata spells it.
    pub(super) fn public(&self) -> (KeyType, Vec<u8>) {
        let spki = |algorithm: &[&[u8]], key: &[u8]| element(SEQUENCE, &[&element(SEQUENCE, algorithm), &bits(key)]);
        match self {
            Self::Ec(curve, scalar) => {
                let point = curve.public_point(scalar.as_slice()).unwrap_or_default();
                let names = [element(OID, &[EC_PUBLIC_KEY]), element(OID, &[curve.oid()])];
                (KeyType::Ecdsa, spki(&[&names[0], &names[1]], &point).to_vec())
            }
            Self::Rsa(pkcs1) => {
                // Parsed when it was made; an empty key, which has no valid ID, cannot come out.
                let public = rsa_public(pkcs1.as_slice()).unwrap_or_default();
                let names = [element(OID, &[RSA_ENCRYPTION]), element(NULL, &[])];
                (KeyType::Rsa, spki(&[&names[0], &names[1]], &public).to_vec())
            }
            Self::Ed25519(seed) => {
                let seed = Zeroizing::new(seed.as_slice().try_into().unwrap_or_default());
                let key = ed25519_dalek::SigningKey::from_bytes(&seed);
                (KeyType::Ed25519, key.verifying_key().to_bytes().to_vec())
            }
        }
    }
}

fn rsa_public(pkcs1: &[u8]) -> Option<Vec<u8>> {
    let key = rsa::RsaPrivateKey::from_pkcs1_der(pkcs1).ok()?;
    debug_assert!(key.n().bits() <= MAX_RSA_BITS);
    key.to_public_key().to_pkcs1_der().ok().map(|der| der.as_bytes().to_vec())
}

/// Tag and content.
type Element<'a> = (u8, &'a [u8]);

/// Algorithm, its parameter, and the inner key.
type Pkcs8Parts<'a> = (&'a [u8], Option<Element<'a>>, &'a [u8]);

fn pkcs8_parts(der: &[u8]) -> Option<Pkcs8Parts<'_>> {
    let mut outer = Reader::new(der);
    let mut info = outer.enter(SEQUENCE).filter(|_| outer.is_empty())?;
    let _version = info.small().filter(|version| *version <= 1)?;
    let mut algorithm = info.enter(SEQUENCE)?;
    let name = algorithm.expect(OID)?;
    let parameter = algorithm.next();
    let key = info.expect(OCTET_STRING)?;
    // Attributes and a public key may follow.
    while !info.is_empty() {
        info.next()?;
    }
    Some((name, parameter, key))
}

/// The private number, the curve as a parameter and the public point.
type Sec1Parts<'a> = (&'a [u8], Option<Element<'a>>, Option<&'a [u8]>);

fn sec1_parts(der: &[u8]) -> Option<Sec1Parts<'_>> {
    let mut outer = Reader::new(der);
    let mut key = outer.enter(SEQUENCE).filter(|_| outer.is_empty())?;
    let _version = key.small().filter(|version| *version == 1)?;
    let scalar = key.expect(OCTET_STRING)?;
    let curve = match key.enter(0xa0) {
        Some(mut named) => Some(named.next().filter(|(tag, _)| matches!(*tag, OID | SEQUENCE))?),
        None => None,
    };
    let point = match key.enter(0xa1) {
        Some(mut public) => Some(public.expect(BIT_STRING)?.strip_prefix(&[0])?),
        None => None,
    };
    Some((scalar, curve, point))
}

struct RsaNumbers {
    modulus_bits: u32,
    /// Whether modulus and primes are odd and large, so that the arithmetic behind is defined.
    plausible: bool,
}

fn rsa_numbers(pkcs1: &[u8]) -> Option<RsaNumbers> {
    let mut outer = Reader::new(pkcs1);
    let mut key = outer.enter(SEQUENCE).filter(|_| outer.is_empty())?;
    let _version = key.small().filter(|version| *version == 0)?;
    let mut number = || {
        let digits = key.expect(super::der::INTEGER)?;
        let zeros = digits.iter().take_while(|b| **b == 0).count();
        digits.get(zeros..)
    };
    let (modulus, exponent, private) = (number()?, number()?, number()?);
    let (p, q) = (number()?, number()?);
    let bits = |digits: &[u8]| match digits.first() {
        Some(first) => (digits.len() as u32) * 8 - first.leading_zeros(),
        None => 0,
    };
    let odd = |digits: &[u8]| digits.last().is_some_and(|last| last & 1 == 1);
    let plausible = [modulus, exponent, p, q].into_iter().all(odd)
        && bits(modulus) >= 512
        && (2..=64).contains(&bits(exponent))
        && !private.is_empty()
        && private.len() <= modulus.len()
        && [p, q].into_iter().all(|prime| bits(prime) > 2 && prime.len() < modulus.len());
    Some(RsaNumbers { modulus_bits: bits(modulus), plausible })
}
