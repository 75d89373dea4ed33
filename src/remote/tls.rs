//! Certificates, and clients that check and show them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy, Url};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;

use super::endpoint::Endpoint;
use super::error::RemoteError;
use super::fault::innermost;
use super::identity::Identity;
use super::provider::provider;
use super::proxies::{Proxies, Route};
use super::verifier::Verifier;

/// TLS material for one server, already read.
#[derive(Clone, Default)]
pub struct TlsMaterial {
    /// The file in which the server's authority would be looked for first, to be named where it is missing.
    pub place: Option<PathBuf>,
    /// Authorities beside the system's.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Client certificates with their keys; the first is used.
    pub identities: Vec<Identity>,
}

/// Prepares a client that keeps connections, follows no redirect and asks for no encoding.
pub(super) fn client(
    endpoint: &Endpoint,
    verifier: &Arc<Verifier>,
    identity: Option<&Identity>,
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
    let verifier = Verifier::new(provider(), tls.authorities.clone()).map_err(|what| setting(endpoint, what))?;
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
    identity: Option<&Identity>,
) -> Result<ClientConfig, RemoteError> {
    let mut configuration = configuration(endpoint, verifier, identity)?;
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(configuration)
}

fn configuration(
    endpoint: &Endpoint,
    verifier: &Arc<Verifier>,
    identity: Option<&Identity>,
) -> Result<ClientConfig, RemoteError> {
    let wrong = |error: rustls::Error| setting(endpoint, error.to_string());
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let verifier: Arc<Verifier> = Arc::clone(verifier);
    let builder = builder.map_err(wrong)?.dangerous().with_custom_certificate_verifier(verifier);
    let mut configuration = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder.with_client_cert_resolver(identity.resolver()),
    };
    configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(configuration)
}

fn setting(endpoint: &Endpoint, what: String) -> RemoteError {
    RemoteError::Setting(format!("TLS for {}: {what}", endpoint.host()))
}
