//! Each request in, one answer out.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LINK, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use serde_json::json;

use super::answer::is_forged;
use super::login::GateLogin;
use super::passing::{Begun, PIECE, of_bytes};
use super::places::{Place, Places};
use super::reach::{Manifests, Reach};
use super::route::Route;
use super::trust::Trust;
use super::{Log, Options};
use crate::connections::Peer;
use crate::engine::tags::Tags;
use crate::engine::tags::agree::agrees;
use crate::engine::tags::trusted::{trusted_in, trusted_rows};
use crate::engine::{EngineError, RepositoryView};
use crate::oci::{DIGEST, Refusal, answer};
use crate::printable::printable;
use crate::remote::registry::{Digest, Expected, Reference, RepositoryPath, is_tag};
use crate::remote::{Registry, RemoteError};
use crate::tuf::Gun;

/// Largest blob that passes, in bytes.
const BLOB_LIMIT: u64 = 1 << 40;
/// Blobs and long manifests that pass at the same time; who comes later waits a while.
const PASSING: usize = 256;
/// Blobs that begin to be read at the same time.
const READING: usize = 64;
/// Small blobs that wait at the same time to be taken.
const SMALL: usize = 512;
/// Seconds after which somebody who found no place may come again.
const COME_AGAIN: &str = "5";
/// Tags in one answer.
const PAGE: usize = 1000;

/// Everything that answers requests.
pub(super) struct Server {
    upstream: String,
    strict: bool,
    login: Option<GateLogin>,
    tags: Tags,
    trust: Trust,
    manifests: Arc<Manifests>,
    reach: Reach,
    reading: Places,
    small: Places,
    passing: Places,
    counts: Counts,
    log: Log,
}

/// What happened so far.
#[derive(Default)]
struct Counts {
    tags: AtomicU64,
    digests: AtomicU64,
    blobs: AtomicU64,
    refused: AtomicU64,
    wrong: Arc<AtomicU64>,
    away: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Server {
    pub(super) fn new(options: &Options, tags: Tags, trust: Trust, log: Log) -> Self {
        Self {
            upstream: options.upstream.clone(),
            strict: options.strict,
            login: options.login.clone(),
            tags,
            trust,
            manifests: Arc::default(),
            reach: Reach::default(),
            reading: Places::new(READING),
            small: Places::new(SMALL),
            passing: Places::new(PASSING),
            counts: Counts::default(),
            log,
        }
    }

    async fn perform(&self, head: &Parts) -> Result<Response<Body>, Refusal> {
        let method = &head.method;
        let route = Route::find(method, head.uri.path());
        let authorization = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if self.login.as_ref().is_some_and(|login| !login.admits(authorization)) && route != Route::Health {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "log in to this gate first"));
        }
        match route {
            Route::Ping => Ok(answer(StatusCode::OK, &[(CONTENT_TYPE.as_str(), "application/json")], "{}")),
            Route::Health => Ok(answer(StatusCode::OK, &[], "ok\n")),
            Route::Metrics => Ok(self.metrics()),
            Route::Tags(path) => self.list(&path, head.uri.query().unwrap_or_default()).await,
            Route::Manifest(path, reference) => self.manifest(&path, &reference, head).await,
            Route::Blob(path, digest) => self.blob(&path, &digest, head).await,
            Route::Write => {
                let message = format!("this gate shows signed tags only; push to {}", self.upstream);
                Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message))
            }
            Route::Unfit => Err(Refusal::denied(
                "this gate serves tags and digests of SHA-2, of repositories that a registry can hold",
            )),
            Route::Unknown => {
                Err(Refusal::new(StatusCode::NOT_FOUND, "UNSUPPORTED", "this gate serves tags, manifests and blobs"))
            }
        }
    }

    fn gun(&self, path: &RepositoryPath) -> Result<Gun, Refusal> {
        Gun::parse(&format!("{}/{path}", self.upstream)).map_err(|error| Refusal::denied(error.to_string()))
    }

    async fn view(&self, path: &RepositoryPath) -> Result<Arc<RepositoryView>, Refusal> {
        let gun = self.gun(path)?;
        self.trust.of(&gun).await.map_err(|error| match &*error {
            EngineError::Absent { .. } => Refusal::denied(format!("{gun} has no trust data: nothing in it is signed")),
            other => Refusal::of_trust(other),
        })
    }

    async fn registry(&self, path: &RepositoryPath) -> Result<Registry, Refusal> {
        let client = self.tags.registry(&self.gun(path)?).await;
        Ok(client.map_err(|error| Refusal::new(StatusCode::BAD_GATEWAY, "UNAVAILABLE", error.to_string()))?.0)
    }

    /// Trusted tags, in pages.
    async fn list(&self, path: &RepositoryPath, query: &str) -> Result<Response<Body>, Refusal> {
        let view = self.view(path).await?;
        let value = |name: &str| query.split('&').filter_map(|p| p.split_once('=')).find(|(key, _)| *key == name);
        let count = value("n").and_then(|(_, n)| n.parse().ok()).unwrap_or(PAGE).min(PAGE);
        let last = value("last").map(|(_, last)| last).unwrap_or_default();
        let trusted = trusted_rows(&view).filter(|tag| is_tag(&tag.name));
        let mut names: Vec<&str> = trusted.map(|tag| &*tag.name).filter(|name| *name > last).collect();
        names.sort_unstable();
        let more = names.len() > count;
        names.truncate(count);
        let link = names
            .last()
            .filter(|_| more)
            .map(|last| format!("</v2/{path}/tags/list?last={last}&n={count}>; rel=\"next\""));
        let mut head = vec![(CONTENT_TYPE.as_str(), "application/json")];
        head.extend(link.as_deref().map(|link| (LINK.as_str(), link)));
        Ok(answer(StatusCode::OK, &head, json!({"name": path.as_str(), "tags": names}).to_string()))
    }

    async fn manifest(
        &self,
        path: &RepositoryPath,
        reference: &Reference,
        asked: &Parts,
    ) -> Result<Response<Body>, Refusal> {
        let (digest, trusted) = match reference {
            Reference::Tag(tag) => {
                count(&self.counts.tags);
                let view = self.view(path).await?;
                let trusted = trusted_in(&view, tag.as_str());
                let trusted = trusted.map_err(|why| Refusal::denied(format!("{tag} {why}")))?;
                let digest = Digest::try_from(trusted.digest.as_str());
                (digest.map_err(|error| Refusal::denied(error.to_string()))?, Some(trusted))
            }
            Reference::Digest(digest) => {
                count(&self.counts.digests);
                self.admit(path, digest).await?;
                (digest.clone(), None)
            }
        };
        let registry = self.registry(path).await?;
        let wrong = |error| self.wrong(path, error, "MANIFEST_UNKNOWN");
        let manifest =
            self.manifests.get(&registry, path, &digest).await.map_err(|error| match (reference, &error) {
                // Not 404: whoever is sent on by that asks the registry itself.
                (Reference::Tag(tag), RemoteError::NotFound { host, .. }) => {
                    Refusal::denied(format!("{tag} is signed, but {host} does not have it"))
                }
                _ => wrong(error),
            })?;
        trusted.map_or(Ok(()), |trusted| agrees(&trusted, &manifest)).map_err(wrong)?;
        let (length, tag) = (manifest.bytes.len().to_string(), format!("\"{digest}\""));
        let head = [
            (CONTENT_TYPE.as_str(), manifest.kind()),
            (CONTENT_LENGTH.as_str(), &length),
            (DIGEST, digest.as_ref()),
            (ETAG.as_str(), &tag),
        ];
        let body = match asked.method == Method::HEAD {
            true => Body::empty(),
            false => {
                let place =
                    if manifest.bytes.len() > PIECE { Some(self.place(&self.passing, asked).await?) } else { None };
                of_bytes(manifest.bytes.clone(), place)
            }
        };
        Ok(answer(StatusCode::OK, &head, body))
    }

    /// A strict gate serves by digest only what a trusted tag reaches.
    async fn admit(&self, path: &RepositoryPath, digest: &Digest) -> Result<(), Refusal> {
        if !self.strict {
            return Ok(());
        }
        let view = self.view(path).await?;
        let registry = self.registry(path).await?;
        match self.reach.reaches(&self.manifests, &registry, path, &view, digest).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::denied(format!("no signed tag of {path} reaches {digest}"))),
            Err(error) => Err(self.wrong(path, error, "MANIFEST_UNKNOWN")),
        }
    }

    async fn blob(&self, path: &RepositoryPath, digest: &Digest, asked: &Parts) -> Result<Response<Body>, Refusal> {
        count(&self.counts.blobs);
        self.admit(path, digest).await?;
        let registry = self.registry(path).await?;
        // Nobody who reads slowly holds it.
        let _reading = self.place(&self.reading, asked).await?;
        let expected = Expected { digest: digest.clone(), size: None, limit: BLOB_LIMIT };
        let begun = async { Begun::read(registry.blob(path, expected).await?).await }.await;
        let blob = begun.map_err(|error| self.wrong(path, error, "BLOB_UNKNOWN"))?;
        let (length, tag) = (blob.size().map(|size| size.to_string()), format!("\"{digest}\""));
        let mut head = vec![
            (CONTENT_TYPE.as_str(), "application/octet-stream"),
            (DIGEST, digest.as_ref()),
            (ETAG.as_str(), tag.as_str()),
        ];
        head.extend(length.as_deref().map(|length| (CONTENT_LENGTH.as_str(), length)));
        let body = match asked.method == Method::HEAD {
            true => Body::empty(),
            false => {
                let places = if blob.is_whole() { &self.small } else { &self.passing };
                let place = self.place(places, asked).await?;
                self.pass(path, blob, place)
            }
        };
        Ok(answer(StatusCode::OK, &head, body))
    }

    /// A place for what passes.
    async fn place(&self, places: &Places, asked: &Parts) -> Result<Place, Refusal> {
        let address = asked.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        places.take(address).await.map_err(|full| {
            if full.is_news {
                (self.log)(&printable(&format!("{address} waits in vain: too many blobs pass at the same time")));
            }
            let message = "too many blobs pass through this gate at the same time";
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", message)
        })
    }

    /// Passes a blob on, piece by piece; a wrong one breaks the connection before its end.
    fn pass(&self, path: &RepositoryPath, blob: Begun, place: Place) -> Body {
        let (log, path) = (Arc::clone(&self.log), path.clone());
        let [bytes, wrong, away] = [&self.counts.bytes, &self.counts.wrong, &self.counts.away].map(Arc::clone);
        blob.body(place, move |passed| match passed {
            Ok(length) => drop(bytes.fetch_add(length as u64, Ordering::Relaxed)),
            Err(error) => {
                count(if is_forged(error) { &wrong } else { &away });
                log(&printable(&format!("{path}: {error}")));
            }
        })
    }

    /// What the registry did wrong, for the log too.
    fn wrong(&self, path: &RepositoryPath, error: RemoteError, absent: &'static str) -> Refusal {
        if !matches!(error, RemoteError::NotFound { .. }) {
            count(if is_forged(&error) { &self.counts.wrong } else { &self.counts.away });
            (self.log)(&printable(&format!("{path}: {error}")));
        }
        Refusal::of_upstream(&error, absent)
    }

    fn metrics(&self) -> Response<Body> {
        let Counts { tags, digests, blobs, refused, wrong, away, bytes } = &self.counts;
        let rows = [
            ("manifests_by_tag_total", "Manifests asked for by tag.", tags),
            ("manifests_by_digest_total", "Manifests asked for by digest.", digests),
            ("blobs_total", "Blobs asked for.", blobs),
            ("blob_bytes_total", "Bytes of blobs that passed.", bytes),
            ("refused_total", "Requests that were refused.", refused),
            ("wrong_total", "Manifests and blobs that were not what their digest says.", wrong),
            ("upstream_failures_total", "Manifests and blobs that the registry could not be asked for.", away),
            ("trust_failures_total", "Times that no fresh trust data could be had.", &self.trust.stale),
        ];
        let text = rows.iter().map(|(name, help, value)| {
            let (name, value) = (format!("trustdeck_gate_{name}"), value.load(Ordering::Relaxed));
            format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n")
        });
        let kind = [(CONTENT_TYPE.as_str(), "text/plain; version=0.0.4")];
        answer(StatusCode::OK, &kind, text.collect::<String>())
    }
}

/// Answers a request; what is refused is logged with its reason.
pub(super) async fn handle(State(server): State<Arc<Server>>, request: Request) -> Response<Body> {
    // Nothing that is sent along is read.
    let (head, _) = request.into_parts();
    match server.perform(&head).await {
        Ok(response) => response,
        Err(refusal) => {
            // Clients ask without a login first, to learn that one is wanted.
            let is_asked_first =
                refusal.status == StatusCode::UNAUTHORIZED && !head.headers.contains_key(AUTHORIZATION);
            if !is_asked_first {
                count(&server.counts.refused);
                let line = format!("refused {} {}: {}", head.method, head.uri.path(), refusal.message);
                (server.log)(&printable(&line));
            }
            let mut response = refusal.response();
            if refusal.status == StatusCode::UNAUTHORIZED {
                let challenge = HeaderValue::from_static("Basic realm=\"trustdeck gate\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            if matches!(refusal.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(COME_AGAIN));
            }
            response
        }
    }
}
