//! Which digests a trusted tag reaches, for a strict gate; and the manifests that passed lately.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, stream};

use crate::engine::RepositoryView;
use crate::engine::tags::trusted::trusted_rows;
use crate::remote::registry::{Content, Digest, Manifest, Reference, RepositoryPath};
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

/// What the trusted tags of one repository reach, and the trust data that this was learned from.
#[derive(Default)]
struct Learned {
    signed: BTreeSet<String>,
    digests: BTreeSet<String>,
}

/// What is reached, by repository.
#[derive(Default)]
pub(super) struct Reach {
    learned: Mutex<HashMap<RepositoryPath, Arc<Learned>>>,
}

impl Reach {
    /// Whether a trusted tag reaches a digest: as its manifest, or listed by it or by a platform's.
    ///
    /// # Errors
    /// If a manifest cannot be read that might list it.
    pub(super) async fn reaches(
        &self,
        manifests: &Manifests,
        registry: &Registry,
        path: &RepositoryPath,
        view: &RepositoryView,
        digest: &Digest,
    ) -> Result<bool, RemoteError> {
        let signed = signed(view);
        if signed.contains(digest.as_ref()) {
            return Ok(true);
        }
        let known = {
            let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
            learned.get(path).cloned()
        };
        if let Some(known) = known.filter(|known| known.signed == signed) {
            return Ok(known.digests.contains(digest.as_ref()));
        }
        let digests = listed_by(manifests, registry, path, &signed).await?;
        let is_reached = digests.contains(digest.as_ref());
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        if learned.len() >= 1024 {
            learned.clear();
        }
        learned.insert(path.clone(), Arc::new(Learned { signed, digests }));
        Ok(is_reached)
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
) -> Result<BTreeSet<String>, RemoteError> {
    let mut digests = BTreeSet::new();
    let mut layer: Vec<Digest> = signed.iter().filter_map(|digest| Digest::try_from(digest.as_str()).ok()).collect();
    // An index lists images, which list blobs; nothing lies deeper.
    for _ in 0..2 {
        let get = |digest: Digest| async move { manifests.get(registry, path, &digest).await };
        let fetched: Vec<_> = stream::iter(layer).map(get).buffer_unordered(AT_ONCE).collect().await;
        layer = Vec::new();
        for manifest in fetched {
            let manifest = match manifest {
                Ok(manifest) => manifest,
                Err(RemoteError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let listed = manifest.content.listed().iter().map(|part| part.digest().clone());
            match &manifest.content {
                Content::Index(_) => layer.extend(listed.clone()),
                Content::Image(image) => digests.extend([image.config().digest().to_string()]),
                Content::Other => {}
            }
            digests.extend(listed.map(|digest| digest.to_string()));
        }
    }
    Ok(digests)
}
