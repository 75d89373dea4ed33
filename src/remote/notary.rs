//! Notary's HTTP API, as a client. Source: docs/notary-v1.md sections 11 and 13.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use super::RemoteError;
use super::answer::{error_of, upload_error_of};
use super::auth::{Access, CredentialSource, Subject, registry_of};
use super::endpoint::Endpoint;
use super::fault::Fault;
use super::http::{Answer, Http, Limits};
use super::login::{Asking, Authorization, Login};
use super::slots::Slots;
use super::tls::TlsMaterial;
use super::upload::{Upload, lost, multipart};
use crate::tuf::{Gun, PublicKey, Role};

/// A file that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `<role>.json`, the latest.
    Current(Role),
    /// `<role>.<sha256>.json`.
    ByHash { role: Role, sha256: String },
    /// `<n>.root.json`.
    Version { role: Role, version: u64 },
}

impl Wanted {
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
    login: Login,
    slots: Slots,
    /// Taken alone by requests for server-held keys, shared by uploads: a Notary server with the "local" trust service
    /// has no lock on its key map and crashes when it grows while it is read.
    key_map: RwLock<()>,
    /// Whether a connection failed for its certificates.
    distrusted: AtomicBool,
}

/// Key answers are a few hundred bytes.
const KEY_LIMIT: u64 = 16 * 1024;
/// The answer to an upload or deletion is empty.
const EMPTY_LIMIT: u64 = 8 * 1024;

/// One request, which is built anew for each try.
struct Call<'a> {
    gun: &'a Gun,
    access: Access,
    method: Method,
    /// Below `/v2/<GUN>/_trust/tuf/`.
    path: &'a str,
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
    pub fn new(
        endpoint: Endpoint,
        tls: &TlsMaterial,
        limits: Limits,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Self, RemoteError> {
        let http = Http::new(&endpoint, tls, limits)?;
        let login = Login::new(credentials);
        let inner = Inner {
            endpoint,
            http,
            login,
            slots: Slots::default(),
            key_map: RwLock::new(()),
            distrusted: AtomicBool::new(false),
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
        wanted: &Wanted,
        limit: u64,
        access: Access,
        stop: &CancellationToken,
    ) -> Result<Received, RemoteError> {
        let (path, what) = (wanted.file(), wanted.words());
        let call = Call { gun, access, method: Method::GET, path: &path, body: None, what: &what, limit };
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(RemoteError::Cancelled),
            answer = self.run(call) => answer?,
        };
        match answer.status.as_u16() {
            200 => Ok(Received { date: answer.date(), bytes: answer.body }),
            _ => Err(error_of(self.host(), &what, &answer)),
        }
    }

    /// Whether the server answers so fast that asking twice is cheaper than asking for what may not be needed. Waits
    /// a few milliseconds for its first answer.
    pub async fn is_near(&self) -> bool {
        self.inner.slots.is_near().await
    }

    /// Uploads role files in one request. `timestamp` is never among them.
    ///
    /// # Errors
    /// [`RemoteError::AnswerLost`] whenever the body may have been processed.
    pub async fn publish(&self, gun: &Gun, files: &[(Role, Vec<u8>)]) -> Result<(), RemoteError> {
        let (content_type, body) = multipart(files)?;
        let body = Some((&content_type, body.as_slice()));
        let (method, what) = (Method::POST, "its answer to the upload");
        let call = Call { gun, access: Access::Push, method, path: "", body, what, limit: EMPTY_LIMIT };
        let _shared = self.inner.key_map.read().await;
        let answer = self.run(call).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(()),
            // A gateway that lost its server behind it cannot say what that did.
            502 | 504 => Err(RemoteError::AnswerLost {
                host: self.host().to_owned(),
                why: format!("a gateway answered {}", answer.status.as_u16()),
            }),
            _ => Err(upload_error_of(self.host(), &answer)),
        }
    }

    /// Deletes all trust data of a repository.
    ///
    /// # Errors
    /// [`RemoteError::AnswerLost`] whenever the request may have been processed.
    pub async fn delete(&self, gun: &Gun) -> Result<(), RemoteError> {
        let (method, what) = (Method::DELETE, "its answer to the deletion");
        let call = Call { gun, access: Access::All, method, path: "", body: None, what, limit: EMPTY_LIMIT };
        let answer = self.run(call).await?;
        match answer.status.as_u16() {
            200..=299 => Ok(()),
            502 | 504 => Err(RemoteError::AnswerLost {
                host: self.host().to_owned(),
                why: format!("a gateway answered {}", answer.status.as_u16()),
            }),
            _ => Err(error_of(self.host(), "trust data of this repository", &answer)),
        }
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
        let (path, what) = (format!("{role}.key"), format!("the {role} key"));
        let call = Call { gun, access, method, path: &path, body: None, what: &what, limit: KEY_LIMIT };
        let _alone = self.inner.key_map.write().await;
        let answer = self.run(call).await?;
        if answer.status != 200 {
            return Err(error_of(self.host(), &what, &answer));
        }
        serde_json::from_slice(&answer.body).map_err(|_| RemoteError::BadAnswer {
            host: self.host().to_owned(),
            why: format!("{what} is not in the form of a public key"),
        })
    }

    fn host(&self) -> &str {
        self.inner.endpoint.host()
    }

    /// Sends a request, and once more after a login if the server asks for one.
    async fn run(&self, call: Call<'_>) -> Result<Answer, RemoteError> {
        let Inner { endpoint, http, login, .. } = &*self.inner;
        let (registry, subject) = (registry_of(call.gun, endpoint), Subject::Repository(call.gun.as_str()));
        let asking = Asking { http, endpoint, registry, subject, access: call.access };
        let first = login.authorization(asking).await?;
        let answer = self.send(&call, first.as_ref()).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let second = login.after_401(asking, &answer, first.as_ref()).await?;
        let answer = self.send(&call, Some(&second)).await?;
        if answer.status == 401 {
            return Err(login.refusal(asking, &answer, Some(&second)));
        }
        Ok(answer)
    }

    /// Sends a request; a file once more if its connection broke, as one that was kept open for long may.
    async fn send(&self, call: &Call<'_>, authorization: Option<&Authorization>) -> Result<Answer, RemoteError> {
        match self.send_once(call, authorization).await {
            Err(fault) if call.method == Method::GET && fault.broke() => {
                self.send_once(call, authorization).await.map_err(|fault| fault.error)
            }
            outcome => outcome.map_err(|fault| fault.error),
        }
    }

    async fn send_once(&self, call: &Call<'_>, authorization: Option<&Authorization>) -> Result<Answer, Fault> {
        let (inner, host) = (&*self.inner, self.host());
        let url = inner.endpoint.url(&format!("v2/{}/_trust/tuf/{}", call.gun, call.path)).map_err(Fault::plain)?;
        let mut request = Request::new(call.method.clone(), url);
        if let Some(authorization) = authorization {
            authorization.put(request.headers_mut());
        }
        let upload = call.body.map(|(content_type, body)| {
            request.headers_mut().insert(CONTENT_TYPE, content_type.clone());
            Upload::attach(&mut request, body)
        });
        let _slot = inner.slots.take().await;
        let asked = std::time::Instant::now();
        let outcome = inner.http.exchange(host, request, upload.as_ref(), call.what, call.limit).await;
        inner.slots.learn(asked.elapsed());
        if outcome.as_ref().is_err_and(|fault| matches!(fault.error, RemoteError::Tls { .. })) {
            inner.distrusted.store(true, Ordering::Relaxed);
        }
        let changes = call.method == Method::DELETE || upload.as_ref().is_some_and(Upload::is_whole);
        outcome.map_err(|fault| if changes { Fault::plain(lost(fault)) } else { fault })
    }
}
