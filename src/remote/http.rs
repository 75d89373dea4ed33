//! Requests and answers with deadlines and caps.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, LOCATION};
use reqwest::{Request, Response, StatusCode, Url, Version};
use rustls::ClientConfig;
use tokio::time::Instant;

use super::confided::Confided;
use super::endpoint::Endpoint;
use super::error::RemoteError;
use super::fault::{Addressee, Fault, classify};
use super::limits::{Limits, Overdue};
use super::proxies::{Proxies, Route};
use super::proxy_answer::explain;
use super::rate::{Rate, crumbs};
use super::setup::Setup;
use super::timed::Timed;
use super::tls::{built, client, own_configuration, verifier};
use super::turns::Turns;
use super::upload::Upload;

/// Error bodies are read up to here, in bytes.
pub(super) const ERROR_BODY: u64 = 8 * 1024;

/// An answer, read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// How long its beginning took, and whether on a connection that had been used before.
    pub(super) began: (Duration, bool),
}

/// An answer whose body is still on its way, if it is a success.
pub(super) enum Opened {
    /// 2xx.
    Success(Response),
    /// Anything else, with the beginning of its body.
    Refused(Answer),
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
    /// The server's host, and where it listens there.
    name: String,
    port: Option<u16>,
    limits: Limits,
    proxies: Arc<Proxies>,
    place: Option<PathBuf>,
    /// What connections of our own are made with; `None` for plain HTTP.
    own: Option<Arc<ClientConfig>>,
    /// Whether the server spoke HTTP/1.1 last, and to us without a proxy; `None` before it spoke.
    is_plain: Mutex<Option<bool>>,
    /// Our ends of connections that were used.
    used: Mutex<HashSet<SocketAddr>>,
}

/// Connections that are remembered at once.
const REMEMBERED: usize = 1024;

impl Http {
    /// Prepares the clients; nothing is sent. `turns` learn how long connections take.
    pub(super) fn new(endpoint: &Endpoint, setup: &Setup, turns: &Arc<Turns>) -> Result<Self, RemoteError> {
        let (tls, limits) = (&setup.tls, setup.limits);
        let verifier = verifier(endpoint, tls)?;
        let proxies = Arc::new(setup.proxies.clone());
        let prepared = |identity| client(endpoint, &verifier, identity, &proxies, limits.connect);
        let own = match endpoint.base().starts_with("https:") {
            true => Some(Arc::new(own_configuration(endpoint, &verifier, tls.identities.first())?)),
            false => None,
        };
        let timed = Timed::new(Arc::clone(turns), endpoint.base().starts_with("https:"));
        Ok(Self {
            client: built(endpoint, prepared(tls.identities.first())?.connector_layer(timed))?,
            stranger: built(endpoint, prepared(None)?)?,
            name: endpoint.name().to_owned(),
            port: Url::parse(endpoint.base()).ok().and_then(|url| url.port_or_known_default()),
            limits,
            proxies,
            place: tls.place.clone(),
            own,
            is_plain: Mutex::default(),
            used: Mutex::default(),
        })
    }

    /// The deadlines.
    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// What connections of our own to the server are made with; `None` for plain HTTP.
    pub(super) fn own(&self) -> Option<Arc<ClientConfig>> {
        self.own.clone()
    }

    /// Whether the server spoke HTTP/1.1 last, and to us without a proxy.
    pub(super) fn is_plain(&self) -> bool {
        self.spoken() == Some(true)
    }

    /// Whether it may, as far as is known.
    pub(super) fn may_be_plain(&self, url: &Url) -> bool {
        self.spoken().unwrap_or_else(|| matches!(self.proxies.route(url), Route::Direct(_)))
    }

    fn spoken(&self) -> Option<bool> {
        *self.is_plain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request without a body and waits for the head of its answer.
    pub(super) async fn open(&self, client: Client, host: &str, request: Request) -> Result<Opened, Fault> {
        let client = match client {
            Client::Own => &self.client,
            Client::Stranger => &self.stranger,
        };
        let url = request.url().clone();
        let route = self.proxies.route(&url);
        let sent = self.send(client, self.way(host, &route), request, None).await;
        let response = match sent {
            Ok(response) => response,
            Err(fault) => return Err(explain(fault, &route, &url).await),
        };
        check_encoding(host, response.headers())?;
        if response.status().is_success() {
            return Ok(Opened::Success(response));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let (began, body) = ((Duration::ZERO, false), self.read_some(response).await);
        Ok(Opened::Refused(Answer { status, headers, body, began }))
    }

    /// Bounds the time of a whole exchange.
    pub(super) async fn in_time<T>(
        &self,
        host: &str,
        whole: impl Future<Output = Result<T, RemoteError>>,
    ) -> Result<T, RemoteError> {
        let slow = |_| self.slow(host, Overdue::End, self.limits.total);
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
        let url = request.url().clone();
        let is_own = url.host_str() == Some(self.name.as_str());
        let client = if is_own { &self.client } else { &self.stranger };
        let route = self.proxies.route(&url);
        let way = self.way(host, &route);
        let confided = Confided::in_request(&request);
        let whole = async {
            let asked = Instant::now();
            let response = self.send(client, way, request, upload).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let began = (asked.elapsed(), self.is_used(&response));
            if is_own && url.port_or_known_default() == self.port {
                let is_plain = response.version() == Version::HTTP_11 && matches!(way.route, Route::Direct(_));
                *self.is_plain.lock().unwrap_or_else(PoisonError::into_inner) = Some(is_plain);
            }
            check_encoding(host, &headers)?;
            let body = if status.is_success() {
                self.read(host, response, what, limit).await?
            } else {
                confided.kept_out_of(self.read_some(response).await)
            };
            Ok(Answer { status, headers, body, began })
        };
        let slow = || Fault::plain(self.slow(host, Overdue::End, self.limits.total));
        let outcome = tokio::time::timeout(self.limits.total, whole).await.unwrap_or_else(|_| Err(slow()));
        match outcome {
            Err(fault) => Err(explain(fault, &route, &url).await),
            answered => answered,
        }
    }

    fn way<'a>(&'a self, host: &'a str, route: &'a Route<'a>) -> Addressee<'a> {
        Addressee { host, limits: self.limits, place: self.place.as_ref(), route }
    }

    /// Whether an answer came on a connection that has brought others.
    fn is_used(&self, response: &Response) -> bool {
        let Some(connection) = response.extensions().get::<HttpInfo>().map(HttpInfo::local_addr) else { return false };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= REMEMBERED {
            used.clear();
        }
        !used.insert(connection)
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        way: Addressee<'_>,
        request: Request,
        upload: Option<&Upload>,
    ) -> Result<Response, Fault> {
        if let Route::Through(proxy) = way.route {
            proxy.check(way.host).map_err(Fault::unsent)?;
        }
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
                sent = &mut sending => return sent.map_err(|error| classify(way, &error)),
                () = progress => deadline = Instant::now() + self.limits.first_byte,
                () = tokio::time::sleep_until(deadline) => {
                    return Err(Fault::plain(self.slow(way.host, Overdue::Answer, self.limits.first_byte)));
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
        let mut rate = Rate::new(self.limits.stall);
        loop {
            let piece = match tokio::time::timeout_at(rate.until(), response.chunk()).await {
                Ok(piece) => piece.map_err(|error| classify(self.way(host, &Route::Direct(None)), &error))?,
                Err(_) if rate.goes_on() => continue,
                Err(_) => return Err(Fault::plain(self.slow(host, rate.lacks(), self.limits.stall))),
            };
            match piece {
                Some(piece) if (body.len() + piece.len()) as u64 > limit => return Err(too_big()),
                Some(piece) => {
                    body.extend_from_slice(&piece);
                    rate.count(piece.len());
                    if rate.is_crumbs() {
                        return Err(Fault::plain(crumbs(host)));
                    }
                }
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

    fn slow(&self, host: &str, what: Overdue, limit: Duration) -> RemoteError {
        RemoteError::Slow { host: host.to_owned(), what, seconds: limit.as_secs() }
    }
}

/// Refuses an encoding: bytes must be those that the server was asked for.
pub(super) fn check_encoding(host: &str, headers: &HeaderMap) -> Result<(), Fault> {
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
