//! Which digests a trusted tag reaches, for a strict gate; and the manifests that passed lately.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, Shared};
use futures_util::{FutureExt, StreamExt, stream};

use crate::engine::RepositoryView;
use crate::engine::tags::trusted::trusted_rows;
use crate::remote::registry::{Content, Digest, Manifest, NESTED, Reference, RepositoryPath};
use crate::remote::{Registry, RemoteError};

/// Manifests that are kept, in bytes.
const KEPT: usize = 32 << 20;
/// Manifests that are fetched at the same time to learn what they list.
const AT_ONCE: usize = 16;

/// Manifests by repository and digest.
type Held = HashMap<(RepositoryPath, String), Arc<Manifest>>;

/// Manifests by repository and digest. What has a digest never changes.
#[derive(Default)]
pub(super) struct Manifests {
    kept: Mutex<(usize, Held)>,
}

impl Manifests {
    /// A manifest by its digest, kept or fetched.
    ///
    /// # Errors
    /// As [`Registry::manifest`].
    pub(super) async fn get(
        &self,
        registry: &Registry,
        path: &RepositoryPath,
        digest: &Digest,
    ) -> Result<Arc<Manifest>, RemoteError> {
        let key = (path.clone(), digest.to_string());
        let found = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.1.get(&key).cloned()
        };
        if let Some(manifest) = found {
            return Ok(manifest);
        }
        let manifest = Arc::new(registry.manifest(path, &Reference::Digest(digest.clone())).await?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 + manifest.bytes.len() > KEPT {
            *kept = Default::default();
        }
        kept.0 += manifest.bytes.len();
        kept.1.insert(key, Arc::clone(&manifest));
        Ok(manifest)
    }
}

/// What trusted tags reach, as far as their manifests could be read.
struct Listing {
    digests: BTreeSet<String>,
    /// Why a manifest could not be read that may list more.
    failed: Option<RemoteError>,
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
        if listing.failed.is_some() {
            self.forget(path, &reading);
        }
        match (listing.digests.contains(digest.as_ref()), &listing.failed) {
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
        if readings.len() >= 1024 {
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

/// All that manifests list, through indexes too. A signed manifest that the registry lost lists nothing.
async fn listed_by(
    manifests: &Manifests,
    registry: &Registry,
    path: &RepositoryPath,
    signed: &BTreeSet<String>,
) -> Listing {
    let mut listing = Listing { digests: BTreeSet::new(), failed: None };
    let mut layer: Vec<Digest> = signed.iter().filter_map(|digest| Digest::try_from(digest.as_str()).ok()).collect();
    // Below the innermost index there are images.
    for _ in 0..=NESTED {
        let get = |digest: Digest| async move { manifests.get(registry, path, &digest).await };
        let fetched: Vec<_> = stream::iter(layer).map(get).buffer_unordered(AT_ONCE).collect().await;
        layer = Vec::new();
        for manifest in fetched {
            let manifest = match manifest {
                Ok(manifest) => manifest,
                Err(RemoteError::NotFound { .. }) => continue,
                Err(error) => {
                    listing.failed.get_or_insert(error);
                    continue;
                }
            };
            if let Content::Image(image) = &manifest.content {
                listing.digests.insert(image.config().digest().to_string());
            }
            let is_index = matches!(manifest.content, Content::Index(_));
            for part in manifest.content.listed() {
                let is_new = listing.digests.insert(part.digest().to_string());
                layer.extend((is_index && is_new).then(|| part.digest().clone()));
            }
        }
        if layer.is_empty() {
            break;
        }
    }
    listing
}
