//! Which digests a trusted tag reaches, for a strict gate; and the manifests that passed lately.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, Shared};
use futures_util::{FutureExt, StreamExt, stream};
use sha2::{Digest as _, Sha256};

use crate::engine::RepositoryView;
use crate::engine::tags::trusted::trusted_rows;
use crate::remote::registry::{Content, Digest, MANIFESTS, Manifest, NESTED, Reference, RepositoryPath};
use crate::remote::{Registry, RemoteError};

/// Manifests that are kept, in bytes of memory.
const KEPT: usize = 64 << 20;
/// Bytes of memory for a byte of a manifest, which is kept as received and as read.
const WEIGHT: usize = 4;
/// Tags whose manifests are read at the same time to learn what they list.
const TAGS_AT_ONCE: usize = 4;
/// Manifests that are read at the same time for one of them.
const AT_ONCE: usize = 4;
/// Digests that one tag may reach.
const OF_A_TAG: usize = 1 << 16;
/// Digests that are kept, and that the tags of one repository may reach.
const DIGESTS: usize = 1 << 22;
/// Repositories whose digests are kept.
const REPOSITORIES: usize = 1024;
/// How long it counts that a manifest says too much or what cannot be understood.
const SETTLED: Duration = Duration::from_secs(60);

/// A manifest's repository and digest.
type Key = (RepositoryPath, String);
/// A manifest that is being fetched, for all that wait for it.
type Fetching = Shared<BoxFuture<'static, Result<Arc<Manifest>, RemoteError>>>;

/// Manifests by repository and digest. What has a digest never changes.
#[derive(Default)]
pub(super) struct Manifests {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    weight: usize,
    kept: HashMap<Key, Arc<Manifest>>,
    fetching: HashMap<Key, Fetching>,
}

impl Manifests {
    /// A manifest by its digest, kept or fetched; who wants one that is being fetched waits for that.
    ///
    /// # Errors
    /// As [`Registry::manifest`].
    pub(super) async fn get(
        self: &Arc<Self>,
        registry: &Registry,
        path: &RepositoryPath,
        digest: &Digest,
    ) -> Result<Arc<Manifest>, RemoteError> {
        let key = (path.clone(), digest.to_string());
        let fetching = {
            let mut held = self.held();
            if let Some(manifest) = held.kept.get(&key) {
                return Ok(Arc::clone(manifest));
            }
            match held.fetching.get(&key) {
                Some(fetching) => fetching.clone(),
                None => {
                    let fetching = self.fetch(registry.clone(), key.clone(), digest.clone());
                    held.fetching.insert(key, fetching.clone());
                    fetching
                }
            }
        };
        fetching.await
    }

    /// Fetches one in a task, so that it ends also when nobody waits for it any more.
    fn fetch(self: &Arc<Self>, registry: Registry, key: Key, digest: Digest) -> Fetching {
        let manifests = Arc::clone(self);
        let fetching = tokio::spawn(async move {
            let mut under_way = UnderWay { manifests, key, fetched: None };
            let fetched = registry.manifest(&under_way.key.0, &Reference::Digest(digest)).await.map(Arc::new);
            under_way.fetched = fetched.as_ref().ok().map(Arc::clone);
            fetched
        });
        async { fetching.await.unwrap_or(Err(RemoteError::Cancelled)) }.boxed().shared()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch, which ends however its task does.
struct UnderWay {
    manifests: Arc<Manifests>,
    key: Key,
    fetched: Option<Arc<Manifest>>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.manifests.held().end(&self.key, self.fetched.as_ref());
    }
}

impl Held {
    /// Keeps what was fetched; what failed is fetched again.
    fn end(&mut self, key: &Key, fetched: Option<&Arc<Manifest>>) {
        self.fetching.remove(key);
        let Some(manifest) = fetched else { return };
        let weight = manifest.bytes.len() * WEIGHT;
        if self.weight + weight > KEPT {
            self.kept.clear();
            self.weight = 0;
        }
        self.weight += weight;
        self.kept.insert(key.clone(), Arc::clone(manifest));
    }
}

/// What trusted tags reach, as far as their manifests could be read.
#[derive(Default)]
struct Listing {
    digests: BTreeSet<[u8; 32]>,
    /// Why a manifest could not be read that may list more.
    failed: Option<RemoteError>,
    /// Whether it may be read when it is tried again.
    may_pass: bool,
    /// When all was read.
    ended: Option<Instant>,
}

impl Listing {
    fn lists(&self, digest: &Digest) -> bool {
        self.digests.contains(&short(digest))
    }

    /// Adds a digest; says whether it is new.
    fn add(&mut self, digest: &Digest) -> bool {
        self.digests.insert(short(digest))
    }

    /// Whether it is to be read anew.
    fn is_over(&self) -> bool {
        let is_old = self.ended.is_none_or(|ended| ended.elapsed() > SETTLED);
        self.failed.is_some() && (self.may_pass || is_old)
    }

    fn fail(&mut self, error: RemoteError) {
        self.may_pass |= !matches!(error, RemoteError::Malformed { .. });
        self.failed.get_or_insert(error);
    }
}

/// A digest of any kind in few bytes.
fn short(digest: &Digest) -> [u8; 32] {
    Sha256::digest(digest.as_ref()).into()
}

/// The reading of what the trusted tags of one repository reach, shared by all that wait for it.
#[derive(Clone)]
struct Reading {
    /// The trust data that it is read from.
    signed: Arc<BTreeSet<String>>,
    listing: Shared<BoxFuture<'static, Arc<Listing>>>,
}

/// What is reached, by repository.
#[derive(Default)]
pub(super) struct Reach {
    readings: Mutex<HashMap<RepositoryPath, Reading>>,
}

impl Reach {
    /// Whether a trusted tag reaches a digest: as its manifest, or listed by it or by a platform's.
    ///
    /// # Errors
    /// If no manifest lists it that can be read, and one cannot.
    pub(super) async fn reaches(
        &self,
        manifests: &Arc<Manifests>,
        registry: &Registry,
        path: &RepositoryPath,
        view: &RepositoryView,
        digest: &Digest,
    ) -> Result<bool, RemoteError> {
        let signed = signed(view);
        if signed.contains(digest.as_ref()) {
            return Ok(true);
        }
        let reading = self.reading(manifests, registry, path, signed);
        let listing = reading.listing.clone().await;
        if listing.is_over() {
            self.forget(path, &reading);
        }
        match (listing.lists(digest), &listing.failed) {
            (true, _) => Ok(true),
            (false, None) => Ok(false),
            (false, Some(error)) => Err(error.clone()),
        }
    }

    /// The reading that is known or under way, else a new one.
    fn reading(
        &self,
        manifests: &Arc<Manifests>,
        registry: &Registry,
        path: &RepositoryPath,
        signed: BTreeSet<String>,
    ) -> Reading {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = readings.get(path).filter(|known| *known.signed == signed) {
            return known.clone();
        }
        let ended = readings.values().filter_map(|known| known.listing.peek());
        if readings.len() >= REPOSITORIES || ended.map(|listing| listing.digests.len()).sum::<usize>() > DIGESTS {
            readings.clear();
        }
        let (signed, manifests) = (Arc::new(signed), Arc::clone(manifests));
        let (registry, of, from) = (registry.clone(), path.clone(), Arc::clone(&signed));
        let listing = async move { Arc::new(listed_by(&manifests, &registry, &of, &from).await) };
        let reading = Reading { signed, listing: listing.boxed().shared() };
        readings.insert(path.clone(), reading.clone());
        reading
    }

    /// Reads anew next time.
    fn forget(&self, path: &RepositoryPath, reading: &Reading) {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if readings.get(path).is_some_and(|known| Arc::ptr_eq(&known.signed, &reading.signed)) {
            readings.remove(path);
        }
    }
}

/// Digests of all trusted tags.
fn signed(view: &RepositoryView) -> BTreeSet<String> {
    trusted_rows(view).map(|tag| format!("sha256:{}", tag.digest)).collect()
}

/// All that the manifests of trusted tags list.
async fn listed_by(
    manifests: &Arc<Manifests>,
    registry: &Registry,
    path: &RepositoryPath,
    signed: &BTreeSet<String>,
) -> Listing {
    let walk = Walk { manifests, registry, path, signed, listing: Mutex::default() };
    let tags = signed.iter().filter_map(|digest| Digest::try_from(digest.as_str()).ok());
    stream::iter(tags).for_each_concurrent(TAGS_AT_ONCE, |tag| walk.below(tag)).await;
    let listing = walk.listing.into_inner().unwrap_or_else(PoisonError::into_inner);
    Listing { ended: Some(Instant::now()), ..listing }
}

/// From the manifests of trusted tags to all that they list.
struct Walk<'a> {
    manifests: &'a Arc<Manifests>,
    registry: &'a Registry,
    path: &'a RepositoryPath,
    signed: &'a BTreeSet<String>,
    listing: Mutex<Listing>,
}

impl Walk<'_> {
    /// Adds what a signed manifest lists, through indexes too.
    async fn below(&self, tag: Digest) {
        let endless = |of: &str| RemoteError::Malformed {
            host: self.registry.endpoint().host().to_owned(),
            what: format!("manifest {tag} of {}", self.path),
            why: of.to_owned(),
        };
        let (mut level, mut read, mut listed) = (vec![tag.clone()], 0, 0);
        // Below the innermost index there are images.
        for _ in 0..=NESTED {
            let get = |digest: Digest| async move { self.manifests.get(self.registry, self.path, &digest).await };
            let mut fetched = stream::iter(std::mem::take(&mut level)).map(get).buffer_unordered(AT_ONCE);
            while let Some(manifest) = fetched.next().await {
                match manifest {
                    Ok(manifest) => level.extend(self.add(&manifest, &mut listed)),
                    // A signed manifest that the registry lost lists nothing.
                    Err(RemoteError::NotFound { .. }) => {}
                    Err(error) => self.listing().fail(error),
                }
                read += 1;
                if read + level.len() > MANIFESTS {
                    return self.listing().fail(endless("it leads to too many manifests"));
                }
                if listed > OF_A_TAG || self.listing().digests.len() > DIGESTS {
                    return self.listing().fail(endless("it leads to too many blobs"));
                }
            }
            if level.is_empty() {
                return;
            }
        }
        self.listing().fail(endless("its indexes list each other without end"));
    }

    /// Adds what a manifest lists, and gives what of it may list more.
    fn add(&self, manifest: &Manifest, listed: &mut usize) -> Vec<Digest> {
        let mut listing = self.listing();
        if let Content::Image(image) = &manifest.content {
            listing.add(image.config().digest());
        }
        let parts = manifest.content.listed().iter().map(|part| part.digest());
        *listed += parts.len();
        let new = parts.filter(|digest| listing.add(digest));
        if !matches!(manifest.content, Content::Index(_)) {
            new.for_each(drop);
            return Vec::new();
        }
        // What is signed itself is read as that.
        new.filter(|digest| !self.signed.contains(digest.as_ref())).cloned().collect()
    }

    fn listing(&self) -> MutexGuard<'_, Listing> {
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fetch_that_fails_in_any_way_is_begun_anew() {
        let manifests = Arc::<Manifests>::default();
        let key = (RepositoryPath::parse("team/app").unwrap(), "sha256:0".to_owned());
        let fetching = async { Err(RemoteError::Cancelled) }.boxed().shared();
        manifests.held().fetching.insert(key.clone(), fetching);
        let under_way = UnderWay { manifests: Arc::clone(&manifests), key, fetched: None };
        let task = tokio::spawn(async move {
            let _under_way = under_way;
            std::future::pending::<()>().await;
        });
        task.abort();
        assert!(task.await.is_err());
        assert!(manifests.held().fetching.is_empty());
    }

    #[test]
    fn what_says_too_much_counts_for_a_while_from_when_it_was_read() {
        let ended = |ago| Listing { failed: Some(RemoteError::Cancelled), ended: ago, ..Listing::default() };
        assert!(!ended(Some(Instant::now())).is_over());
        assert!(ended(Instant::now().checked_sub(2 * SETTLED)).is_over());
        assert!(!Listing { failed: None, ..ended(None) }.is_over());
    }
}
