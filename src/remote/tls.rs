//! Certificates, and clients that check and show them.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Certificate, Client, Identity};
use zeroize::Zeroizing;

use super::RemoteError;
use super::endpoint::Endpoint;
use super::fault::innermost;

/// TLS material for one server, as PEM text already read.
#[derive(Clone, Default)]
pub struct TlsMaterial {
    /// Authorities beside the system's.
    pub authorities: Vec<Vec<u8>>,
    /// Client certificates with their keys, PEM; the first is used.
    pub identities: Vec<Zeroizing<Vec<u8>>>,
}

/// Counts the certificates in a PEM file.
///
/// # Errors
/// Says what is wrong with the file.
pub fn count_authorities(pem: &[u8]) -> Result<usize, String> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if certificates.is_empty() => Err("holds no PEM block CERTIFICATE".to_owned()),
        Ok(certificates) => Ok(certificates.len()),
        Err(_) => Err("holds a damaged PEM block".to_owned()),
    }
}

/// Checks a client certificate with its key.
///
/// # Errors
/// Says what is expected.
pub fn check_identity(pem: &[u8]) -> Result<(), String> {
    let expected = "expected PEM: a certificate and its unencrypted key (PKCS#8, PKCS#1 or SEC1)";
    Identity::from_pem(pem).map(drop).map_err(|_| expected.to_owned())
}

/// A client that keeps connections, follows no redirect and asks for no encoding.
pub(super) fn client(
    endpoint: &Endpoint,
    tls: &TlsMaterial,
    identity: Option<&Zeroizing<Vec<u8>>>,
    connect: Duration,
) -> Result<Client, RemoteError> {
    install_provider();
    let setting = |what: String| RemoteError::Setting(format!("TLS for {}: {what}", endpoint.host()));
    let mut builder = Client::builder()
        .user_agent(concat!("trustdeck/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(connect)
        .pool_max_idle_per_host(32)
        .tcp_nodelay(true)
        .https_only(endpoint.base().starts_with("https:") && !endpoint.is_loopback());
    if endpoint.is_loopback() {
        builder = builder.no_proxy();
    }
    let mut authorities = Vec::new();
    for pem in &tls.authorities {
        count_authorities(pem).map_err(|what| setting(format!("an authority file {what}")))?;
        authorities.extend(Certificate::from_pem_bundle(pem).map_err(|e| setting(e.to_string()))?);
    }
    if !authorities.is_empty() {
        builder = builder.tls_certs_merge(authorities);
    }
    if let Some(pem) = identity {
        let identity =
            Identity::from_pem(pem).map_err(|e| setting(format!("the client certificate is unusable: {e}")))?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| {
        let why = innermost(&error);
        RemoteError::Tls { host: endpoint.host().to_owned(), why: format!("{why}; name an authority with --ca") }
    })
}

/// Chooses the cryptography of TLS, once for the process; another choice made before stays.
fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only if somebody was first, and then there is a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
