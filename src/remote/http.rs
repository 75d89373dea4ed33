//! A client for one server: TLS, proxy, deadlines, caps.

use std::sync::Once;
use std::time::Duration;

use futures_util::stream;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, Identity, Request, Response, StatusCode};
use tokio::sync::watch;
use tokio::time::Instant;

use super::RemoteError;
use super::endpoint::Endpoint;
use super::fault::{Fault, classify};

/// Caps and deadlines. Source: reliability.md section 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// Until the first byte, connecting included.
    pub first_byte: Duration,
    /// Without a byte.
    pub stall: Duration,
    /// A whole file.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(15), first_byte: seconds(20), stall: seconds(20), total: seconds(120) }
    }
}

/// TLS material for one server, as PEM text already read.
#[derive(Clone, Default)]
pub struct TlsMaterial {
    /// Authorities beside the system's.
    pub authorities: Vec<Vec<u8>>,
    /// Client certificates with their keys, PEM; the first is used.
    pub identities: Vec<zeroize::Zeroizing<Vec<u8>>>,
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

/// Error bodies are read up to here, in bytes.
const ERROR_BODY: u64 = 8 * 1024;
/// Pieces in which uploads are handed to the connection, in bytes.
const UPLOAD_PIECE: usize = 16 * 1024;

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// How much of a request's body the connection has taken.
pub(super) struct Upload {
    taken: watch::Receiver<usize>,
    length: usize,
}

impl Upload {
    /// Puts `body` into `request` in pieces whose progress can be watched.
    pub(super) fn attach(request: &mut Request, body: &[u8]) -> Self {
        let (progress, taken) = watch::channel(0);
        let length = body.len();
        let pieces: Vec<Vec<u8>> = body.chunks(UPLOAD_PIECE).map(<[u8]>::to_vec).collect();
        let watched = pieces.into_iter().map(move |piece| {
            progress.send_modify(|taken| *taken += piece.len());
            Ok::<_, std::convert::Infallible>(piece)
        });
        *request.body_mut() = Some(reqwest::Body::wrap_stream(stream::iter(watched)));
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        Self { taken, length }
    }

    /// Whether the connection took all of it, so that the server may have acted on it.
    pub(super) fn is_whole(&self) -> bool {
        *self.taken.borrow() == self.length
    }
}

/// Clients for one server and one set of TLS material.
pub(super) struct Http {
    client: Client,
    /// Without the client certificate: for token realms elsewhere.
    stranger: Client,
    limits: Limits,
}

impl Http {
    /// Prepares the clients; nothing is sent. Slow the first time.
    pub(super) fn new(endpoint: &Endpoint, tls: &TlsMaterial, limits: Limits) -> Result<Self, RemoteError> {
        install_provider();
        let stranger = build(endpoint, tls, None, limits)?;
        let client = match tls.identities.first() {
            Some(identity) => build(endpoint, tls, Some(identity), limits)?,
            None => stranger.clone(),
        };
        Ok(Self { client, stranger, limits })
    }

    /// Sends a request and reads the answer. More than `limit` bytes are an error for a success, and cut for failures.
    pub(super) async fn exchange(
        &self,
        host: &str,
        request: Request,
        upload: Option<&Upload>,
        what: &str,
        limit: u64,
    ) -> Result<Answer, Fault> {
        let whole = self.send_and_read(&self.client, host, request, upload, what, limit);
        let slow = || Fault::plain(self.slow(host, "end its answer", self.limits.total));
        tokio::time::timeout(self.limits.total, whole).await.unwrap_or_else(|_| Err(slow()))
    }

    /// As [`Http::exchange`], to a host that must not see the client certificate.
    pub(super) async fn exchange_elsewhere(
        &self,
        host: &str,
        request: Request,
        what: &str,
        limit: u64,
    ) -> Result<Answer, Fault> {
        let whole = self.send_and_read(&self.stranger, host, request, None, what, limit);
        let slow = || Fault::plain(self.slow(host, "end its answer", self.limits.total));
        tokio::time::timeout(self.limits.total, whole).await.unwrap_or_else(|_| Err(slow()))
    }

    async fn send_and_read(
        &self,
        client: &Client,
        host: &str,
        request: Request,
        upload: Option<&Upload>,
        what: &str,
        limit: u64,
    ) -> Result<Answer, Fault> {
        let response = self.send(client, host, request, upload).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            let why = "its content is encoded, and no encoding was asked for".to_owned();
            return Err(Fault::plain(RemoteError::BadAnswer { host: host.to_owned(), why }));
        }
        let body = if status.is_success() {
            self.read(host, response, what, limit).await?
        } else {
            self.read_some(response).await
        };
        Ok(Answer { status, headers, body })
    }

    async fn send(
        &self,
        client: &Client,
        host: &str,
        request: Request,
        upload: Option<&Upload>,
    ) -> Result<Response, Fault> {
        let mut taken = upload.map(|upload| upload.taken.clone());
        let sending = client.execute(request);
        tokio::pin!(sending);
        let mut deadline = Instant::now() + self.limits.first_byte;
        loop {
            let progress = async {
                let changed = match &mut taken {
                    Some(taken) => taken.changed().await.is_ok(),
                    None => false,
                };
                if !changed {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                sent = &mut sending => return sent.map_err(|error| classify(host, &error, self.limits)),
                () = progress => deadline = Instant::now() + self.limits.first_byte,
                () = tokio::time::sleep_until(deadline) => {
                    return Err(Fault::plain(self.slow(host, "answer", self.limits.first_byte)));
                }
            }
        }
    }

    async fn read(&self, host: &str, mut response: Response, what: &str, limit: u64) -> Result<Vec<u8>, Fault> {
        let too_big = || Fault::plain(RemoteError::TooBig { host: host.to_owned(), what: what.to_owned(), limit });
        let announced = response.content_length().unwrap_or(0);
        if announced > limit {
            return Err(too_big());
        }
        // Announced is not received: room for what is likely, no more.
        let mut body = Vec::with_capacity(usize::try_from(announced.min(1 << 20)).unwrap_or(0));
        loop {
            let piece = tokio::time::timeout(self.limits.stall, response.chunk()).await;
            let piece = piece.map_err(|_| Fault::plain(self.slow(host, "send more", self.limits.stall)))?;
            match piece.map_err(|error| classify(host, &error, self.limits))? {
                Some(piece) if (body.len() + piece.len()) as u64 > limit => return Err(too_big()),
                Some(piece) => body.extend_from_slice(&piece),
                None => return Ok(body),
            }
        }
    }

    /// The beginning of an error's body; what cannot be read is left out, since the status already tells.
    async fn read_some(&self, mut response: Response) -> Vec<u8> {
        let mut body = Vec::new();
        let reading = async {
            while let Ok(Some(piece)) = response.chunk().await {
                let room = (ERROR_BODY as usize).saturating_sub(body.len());
                body.extend(piece.iter().take(room));
                if room <= piece.len() {
                    break;
                }
            }
        };
        // A stall leaves what was read so far.
        let _ = tokio::time::timeout(self.limits.stall, reading).await;
        body
    }

    fn slow(&self, host: &str, what: &'static str, limit: Duration) -> RemoteError {
        RemoteError::Slow { host: host.to_owned(), what, seconds: limit.as_secs() }
    }
}

impl Answer {
    /// Where a redirect leads, cut to 300 characters.
    pub(super) fn location(&self) -> String {
        let location = self.headers.get(LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
        location.unwrap_or_else(|| "an address that it does not name".to_owned()).chars().take(300).collect()
    }

    /// The server's clock.
    pub(super) fn date(&self) -> Option<jiff::Timestamp> {
        let text = self.headers.get(reqwest::header::DATE)?.to_str().ok()?;
        let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(text).ok()?;
        Some(zoned.timestamp())
    }
}

/// Chooses the cryptography of TLS, once for the process; another choice made before stays.
fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only if somebody was first, and then there is a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn build(
    endpoint: &Endpoint,
    tls: &TlsMaterial,
    identity: Option<&zeroize::Zeroizing<Vec<u8>>>,
    limits: Limits,
) -> Result<Client, RemoteError> {
    let setting = |what: String| RemoteError::Setting(format!("TLS for {}: {what}", endpoint.host()));
    let mut builder = Client::builder()
        .user_agent(concat!("trustdeck/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(limits.connect)
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
        let why = super::fault::innermost(&error);
        RemoteError::Tls { host: endpoint.host().to_owned(), why: format!("{why}; name an authority with --ca") }
    })
}
