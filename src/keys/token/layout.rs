//! How Notary lays keys out on a token, so that each program finds the other's.
//!
//! Invariant: pure. Source: docs/notary-v1.md section 16.

use std::path::{Path, PathBuf};

use crate::keys::der::{OCTET_STRING, OID, Reader, SEQUENCE, bits, element};
use crate::keys::secret::Curve;
use crate::tuf::{KeyType, PublicKey};

/// Where Notary looks for the YubiKey's module; the first that exists is taken.
pub const MODULES: [&str; 8] = [
    "/usr/lib/libykcs11.so",
    "/usr/lib/libykcs11.so.1",
    "/usr/lib64/libykcs11.so",
    "/usr/lib64/libykcs11.so.1",
    "/usr/lib/x86_64-linux-gnu/libykcs11.so",
    "/usr/local/lib/libykcs11.so",
    "/usr/local/lib/libykcs11.dylib",
    "/opt/homebrew/lib/libykcs11.dylib",
];

/// The management key that a YubiKey leaves the factory with. Nothing counts wrong ones.
pub const FACTORY_MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

/// Touch, and the PIN once: how Notary imports keys into a YubiKey.
pub const KEY_MODE: u8 = 0b11;

/// The order in which Notary fills a YubiKey: 9c, 9e, 9d, 9a.
const PIV_SLOTS: [u8; 4] = [2, 1, 3, 0];

/// What a token understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Whole PKCS#11, with the user's PIN for everything.
    Generic,
    /// A YubiKey's PIV: four slots; its management key is the security officer's PIN and needed to write.
    Piv,
}

impl Dialect {
    /// Judges by what the token says about itself.
    #[must_use]
    pub fn of(manufacturer: &str, model: &str) -> Self {
        let yubico = manufacturer.to_ascii_lowercase().contains("yubico");
        if yubico || model.to_ascii_lowercase().contains("yubikey") { Self::Piv } else { Self::Generic }
    }

    /// The first free slot, as a CKA_ID: first where Notary puts keys, then, if the token has more, one byte upwards.
    #[must_use]
    pub fn free_slot(self, taken: &[Vec<u8>]) -> Option<Vec<u8>> {
        let more = (4..=u8::MAX).filter(|_| self == Self::Generic);
        PIV_SLOTS.into_iter().chain(more).map(|id| vec![id]).find(|id| !taken.contains(id))
    }

    /// What people call a slot.
    #[must_use]
    pub fn slot_name(self, id: &[u8]) -> String {
        match (self, id) {
            (Self::Piv, [0]) => "9a".to_owned(),
            (Self::Piv, [1]) => "9e".to_owned(),
            (Self::Piv, [2]) => "9c".to_owned(),
            (Self::Piv, [3]) => "9d".to_owned(),
            _ => hex::encode(id),
        }
    }
}

/// The module to load: the one that was named, else the first of Notary's that `exists`.
#[must_use]
pub fn module_path(named: Option<&Path>, exists: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let known = || MODULES.iter().map(PathBuf::from).find(|path| exists(path));
    named.map(Path::to_owned).or_else(known)
}

/// The label of what belongs to a key: its role, and its repository if it has one.
#[must_use]
pub fn label(role: &str, gun: Option<&str>) -> String {
    gun.map_or_else(|| role.to_owned(), |gun| format!("{role} {gun}"))
}

/// The repository that a label of [`label`] names.
#[must_use]
pub fn gun_of_label(role: &str, label: &str) -> Option<String> {
    let gun = label.strip_prefix(role)?.strip_prefix(' ')?;
    (!gun.is_empty()).then(|| gun.to_owned())
}

/// CKA_EC_PARAMS of P-256, what Notary takes on a token.
#[must_use]
pub fn p256_params() -> Vec<u8> {
    element(OID, &[Curve::P256.oid()]).to_vec()
}

/// CKA_EC_POINT for a public key; `None` unless it is a bare elliptic curve key.
#[must_use]
pub fn ec_point(public: &PublicKey) -> Option<Vec<u8>> {
    let spki = (*public.key_type() == KeyType::Ecdsa).then(|| Reader::new(public.public()).enter(SEQUENCE))??;
    let mut spki = spki;
    spki.expect(SEQUENCE)?;
    let point = spki.expect(crate::keys::der::BIT_STRING)?.strip_prefix(&[0])?;
    Some(element(OCTET_STRING, &[point]).to_vec())
}

/// The public key behind CKA_EC_PARAMS and CKA_EC_POINT; some modules leave out the OCTET STRING around the point.
#[must_use]
pub fn public_key(params: &[u8], point: &[u8]) -> Option<PublicKey> {
    const UNCOMPRESSED: u8 = 0x04;
    let mut outer = Reader::new(point);
    let inner = outer.expect(OCTET_STRING).filter(|_| outer.is_empty());
    let point = inner.unwrap_or(point);
    (point.first() == Some(&UNCOMPRESSED)).then_some(())?;
    let algorithm = element(SEQUENCE, &[&element(OID, &[crate::keys::secret::EC_PUBLIC_KEY]), params]);
    PublicKey::from_spki(&element(SEQUENCE, &[&algorithm, &bits(point)])).ok()
}

/// The curve of a bare elliptic curve key.
pub(in crate::keys) fn curve_of(public: &PublicKey) -> Option<Curve> {
    use crate::tuf::Algorithm;
    match public.algorithm() {
        Algorithm::EcdsaP256 => Some(Curve::P256),
        Algorithm::EcdsaP384 => Some(Curve::P384),
        Algorithm::EcdsaP521 => Some(Curve::P521),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::keys::PrivateKey;
    use crate::tuf::Algorithm;

    #[test]
    fn slots_are_filled_in_notarys_order() {
        let mut taken: Vec<Vec<u8>> = Vec::new();
        let mut names = Vec::new();
        while let Some(slot) = Dialect::Piv.free_slot(&taken) {
            names.push(Dialect::Piv.slot_name(&slot));
            taken.push(slot);
        }
        assert_eq!(names, ["9c", "9e", "9d", "9a"]);
        assert_eq!(Dialect::Generic.free_slot(&taken), Some(vec![4]));
        taken.retain(|slot| slot != &[1]);
        assert_eq!(Dialect::Generic.free_slot(&taken), Some(vec![1]));
        assert_eq!(Dialect::Generic.free_slot(&(0..=255).map(|id| vec![id]).collect::<Vec<_>>()), None);
    }

    #[test]
    fn a_yubikey_is_known_by_its_maker() {
        assert_eq!(Dialect::of("Yubico (www.yubico.com)", "YubiKey YK5"), Dialect::Piv);
        assert_eq!(Dialect::of("SoftHSM project", "SoftHSM v2"), Dialect::Generic);
        assert_eq!(Dialect::Generic.slot_name(&[2, 171]), "02ab");
    }

    #[test]
    fn a_named_module_comes_before_notarys() {
        let named = Path::new("/opt/module.so");
        assert_eq!(module_path(Some(named), |_| true).as_deref(), Some(named));
        let second = Path::new("/usr/lib/libykcs11.so.1");
        assert_eq!(module_path(None, |path| path == second).as_deref(), Some(second));
        assert_eq!(module_path(None, |_| false), None);
    }

    #[test]
    fn labels_hold_role_and_repository() {
        let written = label("targets", Some("docker.io/acme/web"));
        assert_eq!(gun_of_label("targets", &written).as_deref(), Some("docker.io/acme/web"));
        assert_eq!(gun_of_label("root", &label("root", None)), None);
        assert_eq!(gun_of_label("root", "rooted x"), None);
    }

    #[test]
    fn a_public_key_survives_the_token() {
        let key = PrivateKey::generate(&Algorithm::EcdsaP256).unwrap();
        let point = ec_point(key.public()).unwrap();
        assert_eq!((point.len(), &point[..3]), (67, &[4, 65, 4][..]));
        assert_eq!(public_key(&p256_params(), &point).as_ref(), Some(key.public()));
        // Without the OCTET STRING around it, and damaged.
        assert_eq!(public_key(&p256_params(), &point[2..]).as_ref(), Some(key.public()));
        assert_eq!(public_key(&p256_params(), &point[..66]), None);
        assert_eq!(public_key(&[], &point), None);
        let other = PrivateKey::generate(&Algorithm::Ed25519).unwrap();
        assert_eq!(ec_point(other.public()), None);
    }
}
