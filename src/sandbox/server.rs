//! The trust server: each request in, one answer out. No state but the store.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::{Caching, Code, TrustRefusal};
use super::auth::Gate;
use super::held::HeldKeys;
use super::registry::Shelf;
use super::route::Route;
use super::sign::SignError;
use super::store::{Store, Stored};
use super::store_error::StoreError;
use super::validate::Judge;
use super::{Clock, answer, feed, registry, route, sign, upload, validate};
use crate::tuf::{Metadata, PublicKey, Role, Root, Snapshot};

/// Largest request body taken, in bytes. Notary has no limit; this is far above any upload.
const BODY_LIMIT: usize = 128 * 1024 * 1024;
/// Largest body of any other request: the form of the token service.
const FORM_LIMIT: usize = 64 * 1024;
/// Room for the bodies of all requests together, in KiB; whoever comes when it is taken waits before he is read.
const ROOM: u32 = 2 * (BODY_LIMIT / KIB) as u32;
const KIB: usize = 1024;
/// How long a body may take, with the wait for room.
const BODY_TIME: Duration = Duration::from_secs(120);

/// Everything that answers requests.
pub(super) struct Server {
    /// Stored files.
    pub(super) store: Arc<Store>,
    /// Keys held.
    pub(super) keys: HeldKeys,
    /// Who may do what.
    pub(super) gate: Gate,
    /// Images.
    pub(super) shelf: Shelf,
    /// The time.
    pub(super) clock: Clock,
    /// What is left for bodies.
    pub(super) room: Room,
}

/// How much memory request bodies may still take.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Room {
    /// All of it.
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM as usize)))
    }

    /// Waits for so many KiB. `None` if nothing is needed.
    async fn take(&self, needed: u32) -> Option<OwnedSemaphorePermit> {
        if needed == 0 {
            return None;
        }
        // Nothing closes it.
        Arc::clone(&self.0).acquire_many_owned(needed).await.ok()
    }
}

/// What `body` says that it needs, in KiB; `limit` if it does not say.
fn needed(body: &Body, limit: usize) -> u32 {
    let stated = HttpBody::size_hint(body).upper().and_then(|bytes| usize::try_from(bytes).ok());
    u32::try_from(stated.unwrap_or(limit).min(limit).div_ceil(KIB)).unwrap_or(ROOM)
}

/// Takes a request off the network and answers it on a thread that may wait for the disk.
pub(super) async fn handle(State(server): State<Arc<Server>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = route::decoded(head.uri.path()).unwrap_or_default();
    if let Some(route) = registry::RegistryRoute::find(&head.method, &path) {
        return server.images(&route, &head, body).await;
    }
    // Before the body is read: who may not upload must not fill this machine's memory.
    let route = match server.admit(&head) {
        Ok(route) => route,
        Err(response) => return *response,
    };
    let limit = if matches!(route, Route::Publish(_)) { BODY_LIMIT } else { FORM_LIMIT };
    let needed = needed(&body, limit);
    // Those who have room are done with it in time, so this is not for long.
    let taken = server.room.take(needed).await;
    let reading = axum::body::to_bytes(body, limit);
    let Ok(Ok(body)) = tokio::time::timeout(BODY_TIME, reading).await else {
        return TrustRefusal::new(Code::MalformedUpload).response();
    };
    let perform = move || {
        let response = server.perform(&route, &head, &body).unwrap_or_else(|refusal| refusal.response());
        drop((body, taken));
        response
    };
    let answered = tokio::task::spawn_blocking(perform).await;
    answered.unwrap_or_else(|error| TrustRefusal::fault(error).response())
}

impl Server {
    /// What a request is for, if whoever sends it may do that; else the answer.
    fn admit(&self, head: &Parts) -> Result<Route, Box<Response<Body>>> {
        let served = [Method::GET, Method::POST, Method::PUT, Method::HEAD, Method::DELETE];
        if !served.contains(&head.method) {
            return Err(Box::new(answer::empty(StatusCode::METHOD_NOT_ALLOWED)));
        }
        let refused = |refusal: TrustRefusal| Box::new(refusal.response());
        let path = route::decoded(head.uri.path()).ok_or_else(|| refused(TrustRefusal::new(Code::MetadataNotFound)))?;
        if let Some(clean) = route::cleaned(&path) {
            return Err(Box::new(moved(&clean, head.uri.query())));
        }
        let route = Route::find(&head.method, &path);
        if !matches!(route, Route::Health | Route::Metrics | Route::Token) {
            self.gate.check(&route, header(head, &AUTHORIZATION), (self.clock)()).map_err(refused)?;
        }
        Ok(route)
    }

    /// Answers for the registry, whose bodies are never in memory whole.
    async fn images(&self, route: &registry::RegistryRoute, head: &Parts, body: Body) -> Response<Body> {
        let (authorization, now) = (header(head, &AUTHORIZATION), (self.clock)());
        if let Err(refusal) = self.gate.check_image(route, authorization, now) {
            return refusal.response();
        }
        let may_read = |path: &str| self.gate.may_read(path, authorization, now);
        let query = parameters(head.uri.query().unwrap_or_default());
        let answered = self.shelf.answer(route, head, body, query, may_read).await;
        answered.unwrap_or_else(|refusal| refusal.response())
    }

    fn perform(&self, route: &Route, head: &Parts, body: &[u8]) -> Result<Response<Body>, TrustRefusal> {
        let query = parameters(head.uri.query().unwrap_or_default());
        match route {
            Route::Health => Ok(answer::json("{}".to_owned())),
            Route::Metrics => self.metrics(),
            Route::Token => self.token(head, query, body),
            Route::Ping => Ok(answer::text("{}".to_owned())),
            Route::Current(gun, role) => found(self.current(gun, role)?, Caching::Current),
            Route::ByHash(gun, role, sha256) => {
                found(self.store.by_hash(gun, role, sha256).map_err(TrustRefusal::fault)?, Caching::Consistent)
            }
            Route::Version(gun, role, version) => {
                found(self.store.version(gun, role, *version).map_err(TrustRefusal::fault)?, Caching::Consistent)
            }
            Route::Publish(gun) => self.publish(gun, header(head, &CONTENT_TYPE), body),
            Route::Delete(gun) => {
                self.store.delete(gun, (self.clock)()).map_err(TrustRefusal::fault)?;
                Ok(answer::empty(StatusCode::OK))
            }
            Route::Key(gun, role) => {
                let root = self.root(gun)?;
                key(&self.keys.get(gun, role, root.as_ref()).map_err(TrustRefusal::fault)?)
            }
            Route::RotateKey(gun, role) => key(&self.keys.create(gun, role).map_err(TrustRefusal::fault)?),
            Route::Feed(gun) => {
                let changes = self.store.feed().map_err(TrustRefusal::fault)?;
                feed::page(changes, gun.as_deref(), &query).map(answer::text)
            }
            Route::Absent(_) => Err(TrustRefusal::bare(Code::MetadataNotFound)),
            _ => Err(TrustRefusal::new(Code::MetadataNotFound)),
        }
    }

    fn judge<'a>(&'a self, gun: &'a str) -> Judge<'a> {
        Judge { store: &self.store, keys: &self.keys, gun, now: (self.clock)() }
    }

    fn publish(&self, gun: &str, content_type: Option<&str>, body: &[u8]) -> Result<Response<Body>, TrustRefusal> {
        let uploaded = upload::parse(content_type, body)?;
        let judge = self.judge(gun);
        let updates = judge.validate(uploaded)?;
        self.store.publish(gun, &updates, judge.now).map_err(|error| match error {
            StoreError::OldVersion => TrustRefusal::bare(Code::Version),
            _ => TrustRefusal::new(Code::Updating),
        })?;
        Ok(answer::empty(StatusCode::OK))
    }

    fn root(&self, gun: &str) -> Result<Option<Root>, TrustRefusal> {
        let stored = self.store.current(gun, &Role::Root).map_err(TrustRefusal::fault)?;
        let read = |stored: Stored| validate::read::<Root>(&Role::Root, &stored.bytes);
        stored
            .map(read)
            .transpose()
            .map(|root| root.map(|(_, root)| root))
            .map_err(|_| TrustRefusal::new(Code::Unknown))
    }

    /// The latest file; timestamps and snapshots that have expired are signed again before they are served.
    fn current(&self, gun: &str, role: &Role) -> Result<Option<Stored>, TrustRefusal> {
        if matches!(role, Role::Snapshot | Role::Timestamp) {
            self.renew(gun)?;
        }
        self.store.current(gun, role).map_err(TrustRefusal::fault)
    }

    fn renew(&self, gun: &str) -> Result<(), TrustRefusal> {
        let judge = self.judge(gun);
        let stored = |role: &Role| self.store.current(gun, role).map_err(TrustRefusal::fault);
        let (Some(snapshot), Some(timestamp)) = (stored(&Role::Snapshot)?, stored(&Role::Timestamp)?) else {
            return Ok(());
        };
        let fault = |_| TrustRefusal::new(Code::Unknown);
        let (_, old) = validate::read::<Snapshot>(&Role::Snapshot, &snapshot.bytes).map_err(fault)?;
        let (_, stamp) = validate::read::<crate::tuf::Timestamp>(&Role::Timestamp, &timestamp.bytes).map_err(fault)?;
        let stale = old.expires() < judge.now;
        if !stale && stamp.expires() >= judge.now {
            return Ok(());
        }
        let Some(root) = self.root(gun)? else { return Ok(()) };
        let unsigned = |_: SignError| TrustRefusal::new(Code::Unknown);
        let renewed = stale.then(|| sign::next_snapshot(judge, &root, Some(old), &Default::default()));
        let mut updates = Vec::from_iter(renewed.transpose().map_err(unsigned)?);
        let named = updates.first().map_or(&snapshot.bytes, |update| &update.bytes);
        updates.push(sign::next_timestamp(judge, &root, timestamp.version, named).map_err(unsigned)?);
        match self.store.publish(gun, &updates, judge.now) {
            // Somebody else renewed them or published meanwhile.
            Ok(()) | Err(StoreError::OldVersion) => Ok(()),
            Err(error) => Err(TrustRefusal::fault(error)),
        }
    }

    fn token(&self, head: &Parts, query: Vec<(String, String)>, body: &[u8]) -> Result<Response<Body>, TrustRefusal> {
        let form = String::from_utf8_lossy(body);
        let given = if head.method == Method::POST { parameters(&form) } else { query };
        self.gate.issue(&given, header(head, &AUTHORIZATION), (self.clock)()).map(answer::json)
    }

    fn metrics(&self) -> Result<Response<Body>, TrustRefusal> {
        let count = self.store.guns().map_err(TrustRefusal::fault)?.len();
        let help = "# HELP trustdeck_sandbox_repositories Repositories with trust data.";
        let kind = "# TYPE trustdeck_sandbox_repositories gauge";
        Ok(answer::text(format!("{help}\n{kind}\ntrustdeck_sandbox_repositories {count}\n")))
    }
}

fn found(stored: Option<Stored>, caching: Caching) -> Result<Response<Body>, TrustRefusal> {
    let stored = stored.ok_or_else(|| TrustRefusal::bare(Code::MetadataNotFound))?;
    Ok(answer::metadata(stored.bytes, stored.at, caching))
}

/// A key as Go's plain encoder prints it: `public` before `private`.
fn key(key: &PublicKey) -> Result<Response<Body>, TrustRefusal> {
    let written = serde_json::Value::from(key.clone());
    let (kind, public) = (&written["keytype"], &written["keyval"]["public"]);
    Ok(answer::text(format!("{{\"keytype\":{kind},\"keyval\":{{\"public\":{public},\"private\":null}}}}")))
}

fn moved(path: &str, query: Option<&str>) -> Response<Body> {
    let mut response = answer::empty(StatusCode::MOVED_PERMANENTLY);
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    if let Ok(target) = HeaderValue::from_str(&target) {
        response.headers_mut().insert(LOCATION, target);
    }
    response
}

fn header<'a>(head: &'a Parts, name: &axum::http::HeaderName) -> Option<&'a str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

/// Reads a query or form.
fn parameters(text: &str) -> Vec<(String, String)> {
    let decoded = |part: &str| route::decoded(&part.replace('+', " ")).unwrap_or_default();
    let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (decoded(key), decoded(value)));
    text.split('&').filter_map(pair).collect()
}

#[cfg(test)]
mod tests;
