//! The OCI distribution API, as a client that reads.
//!
//! Source: OCI distribution specification.
//!
//! - What is called a manifest or blob of a digest has that digest, computed over the bytes received.
//! - Logins go to the registry and its token realm, never to where blobs are redirected.
//! - Pages, manifests and blobs are bounded; a next page is of the same registry.

mod blob;
mod call;
pub mod digest;
mod listing;
mod manifest;
mod name;

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};

pub use blob::{BlobPieces, Expected};
pub use manifest::{Content, MANIFESTS, Manifest, NESTED};
pub use name::{Reference, RepositoryPath, Tag, is_component, is_digest, is_tag};
pub use oci_spec::image::Digest;

use super::answer::{error_of, is_registry, no_registry};
use super::auth::{CredentialSource, Subject};
use super::endpoint::Endpoint;
use super::error::RemoteError;
use super::http::{Answer, Http};
use super::login::ServerLogin;
use super::setup::Setup;
use super::silence::Silence;
use super::slots::Slots;
use super::tries::Tries;
use super::turns::Turns;
use call::Call;

/// Where Docker Hub's images are.
pub const HUB: &str = "https://registry-1.docker.io";
/// Largest manifest that is taken, in bytes; the limit of registries themselves.
pub const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;
/// The header with a manifest's digest, as the registry states it.
const STATED_DIGEST: &str = "docker-content-digest";

/// What a registry says that a reference is now. Nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The manifest's digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
}

/// One registry: kept connections, learned challenges and tokens. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Endpoint,
    /// Whose login is used, as Docker's configuration names it.
    registry: String,
    http: Http,
    login: ServerLogin,
    slots: Slots,
    silence: Silence,
    tries: Tries,
}

impl Registry {
    /// Prepares a client; nothing is sent. `registry` names the login: the host in images' names, or Docker Hub's.
    ///
    /// # Errors
    /// [`RemoteError::Setting`], [`RemoteError::Tls`] for unusable certificates.
    pub fn new(
        endpoint: Endpoint,
        registry: &str,
        setup: &Setup,
        credentials: Arc<dyn CredentialSource>,
    ) -> Result<Self, RemoteError> {
        let http = Http::new(&endpoint, setup, &Arc::new(Turns::new(None)))?;
        let login = ServerLogin::new(credentials, setup.remarks.clone());
        let (slots, silence) = (Slots::default(), Silence::default());
        let tries = Tries::new(endpoint.host(), setup.limits, setup.remarks.clone());
        let registry = registry.to_owned();
        Ok(Self { inner: Arc::new(Inner { endpoint, registry, http, login, slots, silence, tries }) })
    }

    /// The address.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// Whether a registry answers at all; a login may be wanted.
    ///
    /// # Errors
    /// As for any request; [`RemoteError::Server`] if something else answers.
    pub async fn ping(&self) -> Result<(), RemoteError> {
        match self.ping_status().await? {
            answer if matches!(answer.status.as_u16(), 200 | 401) => Ok(()),
            answer => Err(self.failed("the registry's API", &answer)),
        }
    }

    /// What the registry says that a reference is. Where it does not say so by headers, its manifest is fetched.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`] if it holds no such manifest.
    pub async fn resolve(&self, path: &RepositoryPath, reference: &Reference) -> Result<Resolved, RemoteError> {
        let what = what(path, reference);
        let route = format!("{path}/manifests/{reference}");
        let get = Call::get(&route, Subject::Repository(path.as_str()));
        let head = Call { method: &Method::HEAD, accept: Some(manifest::ACCEPT), what: &what, ..get };
        let answer = self.run(&Call { limit: MANIFEST_LIMIT, ..head }).await?;
        let stated = stated(&answer.headers);
        match (answer.status.as_u16(), stated) {
            (200, Some(resolved)) => self.as_asked(reference, resolved, what),
            // Those who know no HEAD, or say less than is needed: also of who it is that does not have it.
            (200 | 400 | 405 | 501, _) => self.read_to_resolve(path, reference).await,
            (404, _) if !is_registry(&answer) => self.read_to_resolve(path, reference).await,
            _ => Err(self.failed(&what, &answer)),
        }
    }

    /// The same from the manifest itself.
    async fn read_to_resolve(&self, path: &RepositoryPath, reference: &Reference) -> Result<Resolved, RemoteError> {
        let manifest = self.manifest(path, reference).await?;
        let (size, digest) = (manifest.bytes.len() as u64, manifest.digest);
        Ok(Resolved { digest, size, media_type: manifest.media_type })
    }

    /// A manifest, whose digest is computed here and is the one that was asked for or that the registry states.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`], [`RemoteError::Altered`], [`RemoteError::Malformed`].
    pub async fn manifest(&self, path: &RepositoryPath, reference: &Reference) -> Result<Manifest, RemoteError> {
        let what = what(path, reference);
        let route = format!("{path}/manifests/{reference}");
        let get = Call::get(&route, Subject::Repository(path.as_str()));
        let call = Call { accept: Some(manifest::ACCEPT), what: &what, limit: MANIFEST_LIMIT, ..get };
        let answer = self.run(&call).await?;
        if answer.status != 200 || no_registry(&answer).is_some() {
            return Err(self.failed(&what, &answer));
        }
        self.checked(reference, answer, what)
    }

    /// Opens a blob; nothing of it is in memory but the piece at hand.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`], [`RemoteError::Length`] if another size is announced.
    pub async fn blob(&self, path: &RepositoryPath, expected: Expected) -> Result<BlobPieces, RemoteError> {
        let what = format!("blob {} of {path}", expected.digest);
        let route = format!("{path}/blobs/{}", expected.digest);
        let call = Call { what: &what, ..Call::get(&route, Subject::Repository(path.as_str())) };
        let (response, host) = self.open_blob(&call).await?;
        BlobPieces::begin(&host, what, expected, response, self.inner.http.limits())
    }

    /// Checks an answer to a request for a manifest.
    fn checked(&self, reference: &Reference, answer: Answer, what: String) -> Result<Manifest, RemoteError> {
        let host = self.host().to_owned();
        let media_type = media_type(&answer.headers);
        let header = stated_digest(&answer.headers);
        let expected = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Tag(_) => header,
        };
        let unknown = |digest: &Digest| RemoteError::Malformed {
            host: host.clone(),
            what: what.clone(),
            why: format!("its digest is of a kind that cannot be checked here: {}", digest.algorithm()),
        };
        let found = match &expected {
            Some(digest) => digest::digest_like(digest, &answer.body).ok_or_else(|| unknown(digest))?,
            None => digest::sha256(&answer.body),
        };
        if let Some(expected) = expected.filter(|expected| expected.as_ref() != found) {
            return Err(RemoteError::Altered { host, what, expected: expected.to_string(), found });
        }
        let digest = Digest::try_from(found).map_err(|error| RemoteError::Setting(error.to_string()))?;
        let content = Content::read(&media_type, &answer.body);
        let content = content.map_err(|why| RemoteError::Malformed { host, what, why })?;
        let own_type = manifest::own_type(&media_type, &answer.body);
        Ok(Manifest { bytes: answer.body.into(), digest, media_type, own_type, content })
    }

    /// Refuses a registry that answers for another digest than it was asked for.
    fn as_asked(&self, reference: &Reference, resolved: Resolved, what: String) -> Result<Resolved, RemoteError> {
        match reference {
            Reference::Digest(asked)
                if asked.algorithm() == resolved.digest.algorithm() && *asked != resolved.digest =>
            {
                let (expected, found) = (asked.to_string(), resolved.digest.to_string());
                Err(RemoteError::Altered { host: self.host().to_owned(), what, expected, found })
            }
            _ => Ok(resolved),
        }
    }

    /// The class of an answer of the registry itself that is no success: only a registry can say that it has not something.
    fn failed(&self, what: &str, answer: &Answer) -> RemoteError {
        match no_registry(answer) {
            Some(what) => RemoteError::NotRegistry { host: self.host().to_owned(), what },
            None => error_of(self.host(), what, answer),
        }
    }

    fn bad_answer(&self, why: &str) -> RemoteError {
        RemoteError::BadAnswer { host: self.host().to_owned(), why: why.to_owned() }
    }

    fn host(&self) -> &str {
        self.inner.endpoint.host()
    }
}

/// A manifest in the words of errors, as images are written.
fn what(path: &RepositoryPath, reference: &Reference) -> String {
    match reference {
        Reference::Tag(tag) => format!("image {path}:{tag}"),
        Reference::Digest(digest) => format!("manifest {path}@{digest}"),
    }
}

/// What headers say of a manifest, if they say all.
fn stated(headers: &HeaderMap) -> Option<Resolved> {
    let size = headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    Some(Resolved { digest: stated_digest(headers)?, size, media_type: media_type(headers) })
}

fn stated_digest(headers: &HeaderMap) -> Option<Digest> {
    Digest::try_from(headers.get(STATED_DIGEST)?.to_str().ok()?).ok()
}

/// The media type without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let stated = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    stated.split(';').next().unwrap_or_default().trim().chars().take(255).collect()
}
