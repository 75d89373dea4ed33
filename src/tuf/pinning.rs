//! Which root keys count for a repository: their certificates, and what the configuration demands of the first root.
//!
//! Source: Notary `trustpinning`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp as Time;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::certificate::Certificate;
use super::fault::VerifyError;
use super::key::PublicKey;
use super::metadata::Root;
use super::names::{Gun, KeyId, Role};
use super::pem;

/// What the configuration demands of the first root. Source: docs/notary-v1.md section 9.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Pinning {
    /// `certs`: GUN, or prefix with a trailing `*`, to accepted IDs of root keys as root files list them, in their
    /// certificates. Without any, all are refused.
    pub certs: BTreeMap<String, Vec<String>>,
    /// `ca`: GUN prefix to the PEM text of accepted authorities, or why there is none: only what is below the prefix
    /// is refused for it.
    pub ca: BTreeMap<String, Result<String, String>>,
    /// `disable_tofu`.
    pub disable_tofu: bool,
}

/// A root key with a certificate that Notary accepts for the repository.
#[derive(Clone, Debug)]
pub(super) struct RootKey {
    pub(super) key: PublicKey,
    bundle: Vec<Certificate>,
}

impl RootKey {
    /// Whether the leaf certificate is valid at `now`.
    pub(super) fn is_current(&self, now: Time) -> bool {
        self.bundle.first().is_some_and(|leaf| leaf.is_current(now))
    }

    /// When the leaf certificate begins, if that is later than Notary allows at `now`.
    pub(super) fn begins_after(&self, now: Time) -> Option<Time> {
        self.bundle.first().and_then(|leaf| leaf.begins_after(now))
    }

    fn parse(key: &PublicKey, gun: &Gun) -> Result<Self, String> {
        let bundle = match key.certificate() {
            Some(_) => Certificate::root_bundle(key.public())?,
            None => return Err("is not in a certificate".to_owned()),
        };
        let leaf = bundle.first().ok_or("holds no certificate")?;
        leaf.check_form()?;
        let name = leaf.facts().common_name;
        if !names_gun(&name, gun) {
            return Err("has the common name of another repository".to_owned());
        }
        Ok(Self { key: key.clone(), bundle })
    }
}

/// The common name is the GUN, or ends in `*` and the GUN begins with the rest.
fn names_gun(common_name: &str, gun: &Gun) -> bool {
    let prefix = common_name.trim_end_matches('*');
    if prefix.len() == common_name.len() { common_name == gun.as_str() } else { gun.as_str().starts_with(prefix) }
}

/// The keys of `root` that may sign it for `gun`, whenever their certificates are valid.
pub(super) fn root_keys(root: &Root, gun: &Gun) -> Result<Vec<RootKey>, VerifyError> {
    let listed = root.role_keys(&Role::Root).keys;
    let parsed = listed.iter().map(|key| (key, RootKey::parse(key, gun)));
    let (mut usable, mut faults) = (Vec::new(), Vec::new());
    for (key, result) in parsed {
        match result {
            Ok(key) => usable.push(key),
            Err(why) => faults.push(format!("key {} {why}", key.id().short())),
        }
    }
    if usable.is_empty() {
        let why = if faults.is_empty() { "no key is listed".to_owned() } else { faults.join(", ") };
        return Err(VerifyError::RootCertificate { gun: gun.clone(), why });
    }
    Ok(usable)
}

impl Pinning {
    /// Keeps the keys that the configuration allows for a first root. One rule applies: an exact entry of `certs`,
    /// else its longest prefix, else the longest prefix of `ca`, else trust on first use.
    pub(super) fn admit(&self, gun: &Gun, keys: Vec<RootKey>, now: Time) -> Result<Vec<RootKey>, VerifyError> {
        let entry = |why: &str| VerifyError::PinEntry { gun: gun.clone(), why: why.to_owned() };
        let admitted: Vec<RootKey> = if let Some(ids) = self.pinned_ids(gun) {
            let is_named = |root: &RootKey| ids.iter().any(|id| id == root.key.id().as_str());
            let (named, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(is_named);
            if named.is_empty() {
                check_entry(ids, &others).map_err(|why| entry(&why))?;
            }
            named
        } else if let Some(pem) = self.pinned_authorities(gun) {
            let pem = pem.as_ref().map_err(|why| entry(why))?;
            let authorities: Vec<CertificateDer<'_>> = pem::blocks(pem.as_bytes())
                .filter(|block| block.label == "CERTIFICATE")
                .filter_map(|block| block.der.map(CertificateDer::from))
                .filter(|ca| anchor_from_trusted_cert(ca).is_ok())
                .collect();
            if authorities.is_empty() {
                return Err(entry("the file of authorities holds no certificate"));
            }
            keys.into_iter().filter(|root| is_issued_by(&authorities, &root.bundle, now)).collect()
        } else if self.disable_tofu {
            return Err(entry("no entry names it, and trust on first use is disabled"));
        } else {
            keys
        };
        if admitted.is_empty() {
            let why = "no root key is among those that are allowed".to_owned();
            return Err(VerifyError::Pin { gun: gun.clone(), why });
        }
        Ok(admitted)
    }

    /// Whether an entry says which root this repository must have.
    #[must_use]
    pub fn names(&self, gun: &Gun) -> bool {
        self.pinned_ids(gun).is_some() || self.pinned_authorities(gun).is_some()
    }

    fn pinned_ids(&self, gun: &Gun) -> Option<&[String]> {
        let exact = self.certs.get(gun.as_str());
        let prefixes = self.certs.iter().filter_map(|(name, ids)| Some((name.strip_suffix('*')?, ids)));
        let matching = prefixes.filter(|(prefix, _)| gun.as_str().starts_with(prefix));
        let longest = matching.max_by_key(|(prefix, _)| prefix.len()).map(|(_, ids)| ids);
        exact.or(longest).map(Vec::as_slice)
    }

    fn pinned_authorities(&self, gun: &Gun) -> Option<&Result<String, String>> {
        let matching = self.ca.iter().filter(|(prefix, _)| gun.as_str().starts_with(prefix.as_str()));
        matching.max_by_key(|(prefix, _)| prefix.len()).map(|(_, pem)| pem)
    }
}

/// Says why none of `keys` could be among these IDs.
fn check_entry(ids: &[String], keys: &[RootKey]) -> Result<(), String> {
    let bare = keys.iter().find(|root| ids.iter().any(|id| id == root.key.canonical_id().as_str()));
    match bare {
        Some(root) => Err(format!(
            "its entry names the key {}, and certs wants the ID of the certificate: that of this key is {}",
            root.key.canonical_id(),
            root.key.id()
        )),
        None if !ids.iter().any(|id| KeyId::parse(id).is_ok()) => {
            Err("its entry names no ID of a certificate, which has 64 hexadecimal digits".to_owned())
        }
        None => Ok(()),
    }
}

/// Whether the leaf chains up to one of `authorities` now. As in Notary, a leaf that is limited to another use than
/// server authentication does not.
fn is_issued_by(authorities: &[CertificateDer<'_>], bundle: &[Certificate], now: Time) -> bool {
    let Some((leaf, intermediates)) = bundle.split_first() else { return false };
    let anchors: Vec<_> = authorities.iter().filter_map(|ca| anchor_from_trusted_cert(ca).ok()).collect();
    let leaf = CertificateDer::from(leaf.der());
    let intermediates: Vec<_> = intermediates.iter().map(|ca| CertificateDer::from(ca.der())).collect();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.as_second().unsigned_abs()));
    let usage = KeyUsage::server_auth();
    EndEntityCert::try_from(&leaf).is_ok_and(|leaf| {
        let algorithms = webpki::ALL_VERIFICATION_ALGS;
        leaf.verify_for_usage(algorithms, &anchors, &intermediates, now, usage, None, None).is_ok()
    })
}
