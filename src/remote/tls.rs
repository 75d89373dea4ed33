//! Certificates, and clients that check and show them.

use std::path::PathBuf;
use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Identity, Proxy, Url};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::endpoint::Endpoint;
use super::error::RemoteError;
use super::fault::innermost;
use super::proxies::{Proxies, Route};
use super::verifier::Verifier;

/// TLS material for one server, as PEM text already read.
#[derive(Clone, Default)]
pub struct TlsMaterial {
    /// The file in which the server's authority would be looked for first, to be named where it is missing.
    pub place: Option<PathBuf>,
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

/// Prepares a client that keeps connections, follows no redirect and asks for no encoding.
pub(super) fn client(
    endpoint: &Endpoint,
    verifier: &Arc<Verifier>,
    identity: Option<&Zeroizing<Vec<u8>>>,
    proxies: &Arc<Proxies>,
    connect: Duration,
) -> Result<ClientBuilder, RemoteError> {
    let proxies = Arc::clone(proxies);
    let proxy = move |url: &Url| match proxies.route(url) {
        Route::Direct(_) => None,
        Route::Through(proxy) => Some(proxy.url().clone()),
    };
    Ok(Client::builder()
        .user_agent(concat!("trustdeck/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(connect)
        .pool_max_idle_per_host(32)
        .tcp_nodelay(true)
        .https_only(endpoint.base().starts_with("https:") && !endpoint.is_loopback())
        .proxy(Proxy::custom(proxy))
        .tls_backend_preconfigured(configuration(endpoint, verifier, identity)?))
}

/// Builds what was prepared.
pub(super) fn built(endpoint: &Endpoint, client: ClientBuilder) -> Result<Client, RemoteError> {
    client.build().map_err(|error| setting(endpoint, innermost(&error)))
}

/// Who may vouch for a server: the authorities in `tls` and the system's.
pub(super) fn verifier(endpoint: &Endpoint, tls: &TlsMaterial) -> Result<Arc<Verifier>, RemoteError> {
    let mut authorities = Vec::new();
    for pem in &tls.authorities {
        count_authorities(pem).map_err(|what| setting(endpoint, format!("an authority file {what}")))?;
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        authorities.extend(read.map_err(|error| setting(endpoint, error.to_string()))?);
    }
    let verifier = Verifier::new(provider(), authorities).map_err(|what| setting(endpoint, what))?;
    let verifier = Arc::new(verifier);
    if endpoint.base().starts_with("https:") {
        verifier.prepare();
    }
    Ok(verifier)
}

/// For connections of our own, which serve if the server chooses HTTP/1.1. It is offered what others offer: it may have
/// better.
pub(super) fn own_configuration(
    endpoint: &Endpoint,
    verifier: &Arc<Verifier>,
    identity: Option<&Zeroizing<Vec<u8>>>,
) -> Result<ClientConfig, RemoteError> {
    let mut configuration = configuration(endpoint, verifier, identity)?;
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(configuration)
}

fn configuration(
    endpoint: &Endpoint,
    verifier: &Arc<Verifier>,
    identity: Option<&Zeroizing<Vec<u8>>>,
) -> Result<ClientConfig, RemoteError> {
    let wrong = |error: rustls::Error| setting(endpoint, error.to_string());
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let verifier: Arc<Verifier> = Arc::clone(verifier);
    let builder = builder.map_err(wrong)?.dangerous().with_custom_certificate_verifier(verifier);
    let mut configuration = match identity {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let unusable = |error: String| setting(endpoint, format!("the client certificate is unusable: {error}"));
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            // The library's words quote the line where it stopped, which may be the key's.
            let chain = chain.map_err(|_| unusable("it holds a damaged PEM block".to_owned()))?;
            let key = PrivateKeyDer::from_pem_slice(pem);
            let key = key.map_err(|_| unusable("it holds no unencrypted key in PEM".to_owned()))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| unusable(error.to_string()))?
        }
    };
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(configuration)
}

fn setting(endpoint: &Endpoint, what: String) -> RemoteError {
    RemoteError::Setting(format!("TLS for {}: {what}", endpoint.host()))
}

/// The cryptography of TLS: what the process chose before, else ours.
fn provider() -> Arc<CryptoProvider> {
    static CHOICE: Once = Once::new();
    // Fails only if somebody was first, and then there is a provider.
    CHOICE.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
    let ours = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    CryptoProvider::get_default().map_or_else(ours, Arc::clone)
}
