//! Requests and answers with deadlines and caps.

use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, HeaderMap, LOCATION};
use reqwest::{Request, Response, StatusCode};
use tokio::time::Instant;

use super::RemoteError;
use super::endpoint::Endpoint;
use super::fault::{Fault, classify};
use super::tls::{TlsMaterial, client, verifier};
use super::upload::Upload;

/// Caps and deadlines. Source: docs/reliability.md section 5.
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

/// Error bodies are read up to here, in bytes.
const ERROR_BODY: u64 = 8 * 1024;

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// An answer whose body is still on its way, if it is a success.
pub(super) enum Opened {
    /// 2xx.
    Success(Response),
    /// Anything else, with the beginning of its body.
    Refused(Answer),
}

impl Opened {
    /// The answer, if a login is asked for.
    pub(super) fn unauthorized(&self) -> Option<&Answer> {
        match self {
            Self::Refused(answer) if answer.status == 401 => Some(answer),
            _ => None,
        }
    }
}

/// As whom a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// To the server, with the client certificate.
    Own,
    /// To another host.
    Stranger,
}

/// Clients for one server and one set of TLS material.
pub(super) struct Http {
    client: reqwest::Client,
    /// Without the client certificate: for other hosts, which are token realms.
    stranger: reqwest::Client,
    /// The server's host.
    name: String,
    limits: Limits,
}

impl Http {
    /// Prepares the clients; nothing is sent.
    pub(super) fn new(endpoint: &Endpoint, tls: &TlsMaterial, limits: Limits) -> Result<Self, RemoteError> {
        let verifier = verifier(endpoint, tls)?;
        let stranger = client(endpoint, &verifier, None, limits.connect)?;
        let client = match tls.identities.first() {
            Some(identity) => client(endpoint, &verifier, Some(identity), limits.connect)?,
            None => stranger.clone(),
        };
        Ok(Self { client, stranger, name: endpoint.name().to_owned(), limits })
    }

    /// The deadlines.
    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends a request without a body and waits for the head of its answer.
    pub(super) async fn open(&self, client: Client, host: &str, request: Request) -> Result<Opened, Fault> {
        let client = match client {
            Client::Own => &self.client,
            Client::Stranger => &self.stranger,
        };
        let response = self.send(client, host, request, None).await?;
        check_encoding(host, response.headers())?;
        if response.status().is_success() {
            return Ok(Opened::Success(response));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Opened::Refused(Answer { status, headers, body: self.read_some(response).await }))
    }

    /// Bounds the time of a whole exchange.
    pub(super) async fn in_time<T>(
        &self,
        host: &str,
        whole: impl Future<Output = Result<T, RemoteError>>,
    ) -> Result<T, RemoteError> {
        let slow = |_| self.slow(host, "end its answer", self.limits.total);
        tokio::time::timeout(self.limits.total, whole).await.map_err(slow)?
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
        let own = request.url().host_str() == Some(self.name.as_str());
        let client = if own { &self.client } else { &self.stranger };
        let whole = async {
            let response = self.send(client, host, request, upload).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            check_encoding(host, &headers)?;
            let body = if status.is_success() {
                self.read(host, response, what, limit).await?
            } else {
                self.read_some(response).await
            };
            Ok(Answer { status, headers, body })
        };
        let slow = || Fault::plain(self.slow(host, "end its answer", self.limits.total));
        tokio::time::timeout(self.limits.total, whole).await.unwrap_or_else(|_| Err(slow()))
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        host: &str,
        request: Request,
        upload: Option<&Upload>,
    ) -> Result<Response, Fault> {
        let mut taken = upload.map(Upload::progress);
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

    /// Reads the body of a success, of at most `limit` bytes.
    pub(super) async fn read(
        &self,
        host: &str,
        mut response: Response,
        what: &str,
        limit: u64,
    ) -> Result<Vec<u8>, Fault> {
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

/// Refuses an encoding: bytes must be those that the server was asked for.
fn check_encoding(host: &str, headers: &HeaderMap) -> Result<(), Fault> {
    if headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity") {
        return Ok(());
    }
    let why = "its content is encoded, and no encoding was asked for".to_owned();
    Err(Fault::plain(RemoteError::BadAnswer { host: host.to_owned(), why }))
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
