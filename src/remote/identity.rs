//! The certificate that a server is shown: read leniently, since judging it is the server's work.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::distrust::TlsFault;
use super::provider::provider;
use super::shown::Shown;
use crate::tuf::armour::spans;
use crate::tuf::foreign::Foreign;

/// A client certificate with its key.
#[derive(Clone, Debug)]
pub struct Identity(Arc<CertifiedKey>);

/// Why two files are no client certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFault {
    /// What is wrong with the certificate.
    #[error("{0}")]
    Certificate(String),
    /// What is wrong with the key.
    #[error("{0}")]
    Key(String),
    /// Each is good alone.
    #[error("is not the certificate of that key")]
    Strangers,
}

impl Identity {
    /// Reads a certificate, with those above it, and its key.
    ///
    /// # Errors
    /// Says of which file, and never with its content.
    pub fn read(certificate: &[u8], key: &[u8]) -> Result<Self, IdentityFault> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.map_err(|_| IdentityFault::Certificate("holds a damaged PEM block".to_owned()))?;
        let Some(leaf) = chain.first() else {
            return Err(IdentityFault::Certificate(absent(certificate, "CERTIFICATE")));
        };
        let shown = Shown::read(leaf).ok_or_else(|| IdentityFault::Certificate("holds no X.509".to_owned()))?;
        let key = private(key).map_err(IdentityFault::Key)?;
        if let Some(bits) = shown.refused_length() {
            let fault = TlsFault::RsaLength { whose: "the certificate".to_owned(), bits };
            return Err(IdentityFault::Certificate(format!("{fault}; ask for one with a longer key")));
        }
        let signing = provider().key_provider.load_private_key(key).map_err(|_| {
            let kinds = "ECDSA on P-256, P-384 or P-521, RSA of 2048 to 8192 bits, or Ed25519";
            IdentityFault::Key(format!("is damaged, or of a kind that is not used here; expected {kinds}"))
        })?;
        if !fits(&shown, signing.as_ref()) {
            return Err(IdentityFault::Strangers);
        }
        Ok(Self(Arc::new(CertifiedKey::new(chain, signing))))
    }

    /// Shows it to whoever asks for one.
    pub(super) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}

fn private(file: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let is_encrypted = spans(file).any(|span| {
        let words = b"ENCRYPTED";
        span.label == "ENCRYPTED PRIVATE KEY"
            || (span.label.ends_with("PRIVATE KEY") && span.body.windows(words.len()).any(|part| part == words))
    });
    if is_encrypted {
        let way = "decrypt it with: openssl pkey -in FILE -out client.key";
        return Err(format!("is encrypted, and Docker's clients ask for no passphrase here; {way}"));
    }
    PrivateKeyDer::from_pem_slice(file).map_err(|_| absent(file, "PRIVATE KEY"))
}

fn absent(file: &[u8], label: &str) -> String {
    let nothing = || format!("holds no PEM block {label}");
    Foreign::of(file).filter(|_| spans(file).next().is_none()).map_or_else(nothing, |foreign| foreign.to_string())
}

/// Whether a certificate is for a key. The library asks the same, and knows certificates of version 3 only.
fn fits(shown: &Shown, key: &dyn SigningKey) -> bool {
    let Some(own) = key.public_key() else { return true };
    SubjectPublicKeyInfoRef::from_der(&own).is_ok_and(|own| own.subject_public_key.raw_bytes() == shown.public_key())
}
