//! Notary's HTTP API, as a client. Source: docs/notary-v1.md sections 11 and 13.

mod sending;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderValue;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use self::sending::Sending;
use super::again::retry_after;
use super::answer::{error_of, is_metadata, is_registry, stranger, upload_error_of};
use super::auth::{Access, CredentialSource, Subject, registry_of};
use super::endpoint::Endpoint;
use super::error::RemoteError;
use super::http::{Answer, Http};
use super::line::ServerLine;
use super::login::{Asking, ServerLogin};
use super::setup::{Learned, Setup};
use super::silence::Silence;
use super::stranger::Stranger;
use super::tries::Tries;
use super::turns::Turns;
use super::upload::{Unconfirmed, multipart};
use crate::tuf::{Gun, PublicKey, Role};

/// A file that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum WantedFile {
    /// `<role>.json`, the latest.
    Current(Role),
    /// `<role>.<sha256>.json`.
    ByHash { role: Role, sha256: String },
    /// `<n>.root.json`.
    Version { role: Role, version: u64 },
}

impl WantedFile {
    fn file(&self) -> String {
        match self {
            Self::Current(role) => format!("{role}.json"),
            Self::ByHash { role, sha256 } => format!("{role}.{sha256}.json"),
            Self::Version { role, version } => format!("{version}.{role}.json"),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Current(role) => role.to_string(),
            Self::ByHash { role, .. } => format!("the {role} that its snapshot names"),
            Self::Version { role, version } => format!("version {version} of {role}"),
        }
    }
}

/// A file that was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The server's clock, from the `Date` header; informative only.
    pub date: Option<jiff::Timestamp>,
}

/// One trust server: kept connections, learned challenges and tokens. Cheap to clone.
#[derive(Clone)]
pub struct NotaryServer {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Endpoint,
    http: Http,
    login: ServerLogin,
    turns: Arc<Turns>,
    line: Option<Arc<ServerLine>>,
    tries: Tries,
    silence: Silence,
    /// What chose its address.
    chosen: String,
    /// Taken alone by requests for server-held keys, shared by uploads: a Notary server with the "local" trust service
    /// has no lock on its key map and crashes when it grows while it is read.
    key_map: RwLock<()>,
    /// Whether a connection failed for its certificates.
    distrusted: AtomicBool,
    /// Hears, once, if the server does not speak HTTP/2 any more.
    mistaken: Mutex<Option<Learned>>,
}

/// Key answers are a few hundred bytes.
const KEY_LIMIT: u64 = 16 * 1024;
/// The answer to an upload or deletion is empty.
const EMPTY_LIMIT: u64 = 8 * 1024;

/// One request.
struct NotaryCall<'a> {
    gun: &'a Gun,
    access: Access,
    method: Method,
    /// Below `/v2/<GUN>/_trust/tuf/`; `None` stands for `/v2/` itself.
    path: Option<&'a str>,
    /// Content type and bytes.
    body: Option<(&'a HeaderValue, &'a [u8])>,
    what: &'a str,
    limit: u64,
}

impl NotaryServer {
    /// Prepares a client; nothing is sent.
    ///
    /// # Errors
    /// [`RemoteError::Setting`], [`RemoteError::Tls`] for unusable certificates.
    pub fn new(endpoint: Endpoint, setup: Setup, credentials: Arc<dyn CredentialSource>) -> Result<Self, RemoteError> {
        let turns = Arc::new(Turns::new(setup.parallel));
        let http = Http::new(&endpoint, &setup, &turns)?;
        let login = ServerLogin::of_trust(credentials, setup.remarks.clone());
        let tries = Tries::new(endpoint.host(), setup.limits, setup.remarks.clone());
        let line = ServerLine::new(&endpoint, http.own(), &setup).map(Arc::new);
        let (chosen, mistaken) = (setup.chosen, setup.learned.filter(|_| setup.speaks_http2));
        let inner = Inner {
            endpoint,
            http,
            login,
            turns,
            line,
            tries,
            silence: Silence::default(),
            chosen,
            key_map: RwLock::new(()),
            distrusted: AtomicBool::new(false),
            mistaken: Mutex::new(mistaken),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The address.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// Whether a connection failed for its certificates: a client with certificates read anew may do better.
    #[must_use]
    pub fn is_distrusted(&self) -> bool {
        self.inner.distrusted.load(Ordering::Relaxed)
    }

    /// Fetches a file of at most `limit` bytes. `access` is [`Access::Push`] when the caller will write, so that one
    /// token serves both.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`] if the server has no such file, [`RemoteError::Cancelled`] after `stop`.
    pub async fn fetch(
        &self,
        gun: &Gun,
        wanted: &WantedFile,
        limit: u64,
        access: Access,
        stop: &CancellationToken,
    ) -> Result<Received, RemoteError> {
        let (path, what) = (wanted.file(), wanted.words());
        let call = NotaryCall { gun, access, method: Method::GET, path: Some(&path), body: None, what: &what, limit };
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(RemoteError::Cancelled),
            answer = self.run(call) => answer?,
        };
        // What has a name by its hash or version is compared with that.
        let is_other = answer.status == 200 && matches!(wanted, WantedFile::Current(_)) && !is_metadata(&answer.body);
        if let Some(stranger) = stranger(&answer).or(is_other.then_some(Stranger::Other)) {
            return Err(self.not_notary(gun, access, stranger).await);
        }
        match answer.status.as_u16() {
            200 => Ok(Received { date: answer.date(), bytes: answer.body }),
            _ => Err(error_of(self.host(), &what, &answer)),
        }
    }

    /// The error for an answer that no trust server gives; asks who it is where that answer does not tell.
    async fn not_notary(&self, gun: &Gun, access: Access, mut what: Stranger) -> RemoteError {
        if what == Stranger::Other {
            let call = NotaryCall {
                gun,
                access,
                method: Method::GET,
                path: None,
                body: None,
                what: "/v2/",
                limit: EMPTY_LIMIT,
            };
            let answer = self.send_once(&call, None).await;
            if answer.is_ok_and(|answer| is_registry(&answer)) {
                what = Stranger::Registry;
            }
        }
        RemoteError::NotNotary { host: self.host().to_owned(), what, chosen: self.chosen().to_owned() }
    }

    /// Tells, once, that the server speaks HTTP/1.1 although it did not before.
    fn unlearn(&self) {
        let mistaken = || self.inner.mistaken.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(learned) = self.inner.http.is_plain().then(mistaken).flatten() {
            learned(false);
        }
    }

    /// Why this server: what chose its address.
    #[must_use]
    pub fn chosen(&self) -> &str {
        &self.inner.chosen
    }

    /// Whether the server answers so fast that asking twice is cheaper than asking for what may not be needed. Waits
    /// a few milliseconds for its connection.
    pub async fn is_near(&self) -> bool {
        self.inner.turns.is_near().await
    }

    /// Uploads role files in one request. `timestamp` is never among them.
    ///
    /// # Errors
    /// [`RemoteError::AnswerLost`] if nothing was answered; whatever was, the server may have stored it.
    pub async fn publish(&self, gun: &Gun, files: &[(Role, Vec<u8>)]) -> Result<(), Unconfirmed> {
        let (content_type, body) = multipart(files).map_err(Unconfirmed::unsent)?;
        let size = body.len();
        let body = Some((&content_type, body.as_slice()));
        let (method, what) = (Method::POST, "its answer to the upload");
        let call = NotaryCall { gun, access: Access::Push, method, path: Some(""), body, what, limit: EMPTY_LIMIT };
        let _shared = self.inner.key_map.read().await;
        self.confirmed(call, |answer| upload_error_of(self.host(), size, answer)).await
    }

    /// Deletes all trust data of a repository.
    ///
    /// # Errors
    /// As [`NotaryServer::publish`].
    pub async fn delete(&self, gun: &Gun) -> Result<(), Unconfirmed> {
        let (method, what) = (Method::DELETE, "its answer to the deletion");
        let call =
            NotaryCall { gun, access: Access::All, method, path: Some(""), body: None, what, limit: EMPTY_LIMIT };
        self.confirmed(call, |answer| error_of(self.host(), "trust data of this repository", answer)).await
    }

    /// Sends what changes something; `refusal` reads any answer that is no success.
    async fn confirmed(
        &self,
        call: NotaryCall<'_>,
        refusal: impl FnOnce(&Answer) -> RemoteError,
    ) -> Result<(), Unconfirmed> {
        let (answer, may_have_arrived) = self.run_watched(call).await;
        let answer = answer.map_err(|error| Unconfirmed { error, may_have_arrived, pause: None })?;
        let error = match answer.status.as_u16() {
            200..=299 => return Ok(()),
            // A gateway that lost its server behind it cannot say what that did.
            status @ (502 | 504) => {
                RemoteError::AnswerLost { host: self.host().to_owned(), why: format!("a gateway answered {status}") }
            }
            _ => refusal(&answer),
        };
        let longest = self.inner.http.limits().longest_pause;
        let pause = retry_after(&answer.headers).filter(|pause| answer.status == 503 && *pause <= longest);
        Err(Unconfirmed { error, may_have_arrived, pause })
    }

    /// Waits as long as the server asks for, and says so.
    pub async fn pause(&self, pause: Duration) {
        self.inner.tries.wait(Some(503), None, pause).await;
    }

    /// The server-held key of `snapshot` or `timestamp`. One such request at a time to one server.
    ///
    /// # Errors
    /// [`RemoteError::BadAnswer`] if the answer is no public key.
    pub async fn server_key(&self, gun: &Gun, role: &Role) -> Result<PublicKey, RemoteError> {
        self.key(gun, role, Method::GET, Access::Push).await
    }

    /// Makes a new server-held key. One such request at a time to one server.
    ///
    /// # Errors
    /// As [`NotaryServer::server_key`].
    pub async fn rotate_server_key(&self, gun: &Gun, role: &Role) -> Result<PublicKey, RemoteError> {
        self.key(gun, role, Method::POST, Access::All).await
    }

    async fn key(&self, gun: &Gun, role: &Role, method: Method, access: Access) -> Result<PublicKey, RemoteError> {
        let (path, what) = (format!("{role}.key"), format!("public key for {role}"));
        let call = NotaryCall { gun, access, method, path: Some(&path), body: None, what: &what, limit: KEY_LIMIT };
        let _alone = self.inner.key_map.write().await;
        let answer = self.run(call).await?;
        if answer.status != 200 {
            return Err(error_of(self.host(), &what, &answer));
        }
        serde_json::from_slice(&answer.body).map_err(|_| RemoteError::BadAnswer {
            host: self.host().to_owned(),
            why: format!("its {what} is not in the form of one"),
        })
    }

    fn host(&self) -> &str {
        self.inner.endpoint.host()
    }

    /// Sends a request, again after a login or a failure that passes.
    async fn run(&self, call: NotaryCall<'_>) -> Result<Answer, RemoteError> {
        self.run_watched(call).await.0
    }

    /// The same; also says whether the server may have acted on the request, whatever was answered or went wrong
    /// afterwards.
    async fn run_watched(&self, call: NotaryCall<'_>) -> (Result<Answer, RemoteError>, bool) {
        let Inner { endpoint, http, login, .. } = &*self.inner;
        let (registry, subject) = (registry_of(call.gun, endpoint), Subject::Repository(call.gun.as_str()));
        let asking = Asking { http, endpoint, registry, subject, access: call.access };
        let sending = Sending::new(self, call);
        let answered = self.inner.tries.logged_in(login, asking, &sending).await;
        let answered = answered.map(|(answer, _)| answer).map_err(|error| self.unreached(error));
        (answered, sending.has_arrived())
    }

    /// Says of a server that is not there what named it.
    fn unreached(&self, error: RemoteError) -> RemoteError {
        match error {
            RemoteError::Network { host, why, .. } if host == self.host() => {
                RemoteError::Network { host, why, chosen: Some(self.chosen().to_owned()) }
            }
            error => error,
        }
    }
}
