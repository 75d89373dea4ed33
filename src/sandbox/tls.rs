//! The sandbox's own certificate authority and the server's certificate.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::error::SandboxError;
use super::store::Store;

const KEY_NOTE: &str = "authority-key";
const CERTIFICATE_NOTE: &str = "authority-certificate";

/// The authority: made once, kept in the store, so that a kept sandbox stays trusted.
pub(super) struct Authority {
    key: KeyPair,
    /// Its certificate, PEM.
    pub(super) certificate: String,
}

fn failed(error: impl std::fmt::Display) -> SandboxError {
    SandboxError::Tls(error.to_string())
}

impl Authority {
    /// Takes the authority from `store`, or makes one.
    pub(super) fn open(store: &Store, now: jiff::Timestamp) -> Result<Self, SandboxError> {
        let kept = (store.note(KEY_NOTE)?, store.note(CERTIFICATE_NOTE)?);
        if let (Some(key), Some(certificate)) = kept {
            let key = Zeroizing::new(String::from_utf8(key).map_err(failed)?);
            let certificate = String::from_utf8(certificate).map_err(failed)?;
            return Ok(Self { key: KeyPair::from_pem(&key).map_err(failed)?, certificate });
        }
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = parameters(now).self_signed(&key).map_err(failed)?.pem();
        let secret = Zeroizing::new(key.serialize_pem());
        store.set_note(KEY_NOTE, secret.as_bytes())?;
        store.set_note(CERTIFICATE_NOTE, certificate.as_bytes())?;
        Ok(Self { key, certificate })
    }

    /// TLS settings with a fresh certificate for loopback and `address`.
    pub(super) fn server(self, address: IpAddr, now: jiff::Timestamp) -> Result<Arc<ServerConfig>, SandboxError> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).map_err(failed)?;
        let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0_u16, 0, 0, 0, 0, 0, 0, 1])];
        leaf.subject_alt_names.extend(loopback.map(SanType::IpAddress));
        if !address.is_unspecified() && !loopback.contains(&address) {
            leaf.subject_alt_names.push(SanType::IpAddress(address));
        }
        leaf.distinguished_name = named("trustdeck sandbox");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        leaf.not_before = date_time_ymd(year(now) - 1, 1, 1);
        leaf.not_after = date_time_ymd(year(now) + 2, 1, 1);
        let issuer = Issuer::new(parameters(now), self.key);
        let certificate = leaf.signed_by(&key, &issuer).map_err(failed)?;
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .map_err(failed)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn parameters(now: jiff::Timestamp) -> CertificateParams {
    let mut authority = CertificateParams::default();
    authority.distinguished_name = named("trustdeck sandbox authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Last year, for clocks that are behind.
    authority.not_before = date_time_ymd(year(now) - 1, 1, 1);
    authority.not_after = date_time_ymd(year(now) + 10, 1, 1);
    authority
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn year(now: jiff::Timestamp) -> i32 {
    i32::from(now.to_zoned(jiff::tz::TimeZone::UTC).year())
}
