//! A small OCI registry beside the trust server: push, pull, delete, resumable uploads.
//!
//! Invariant: a blob or manifest is named by a digest only after that was computed over its bytes here; only the scene
//! holds blobs that were changed afterwards, as somebody does who tampers with a registry.

mod answer;
mod blobs;
mod files;
mod manifests;
mod route;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};

pub(super) use files::BlobFiles;
pub(super) use route::{RegistryRoute, Right};

use super::store::Store;
use crate::oci::Refusal;
use crate::remote::registry::{Digest, MANIFEST_LIMIT};
use uploads::Upload;

/// How long a body may stall.
const STALL: Duration = Duration::from_secs(60);
/// How long a manifest may take.
const MANIFEST_TIME: Duration = Duration::from_secs(60);

/// Where images are. Cheap to clone.
#[derive(Clone)]
pub(super) struct Shelf {
    /// What is known of them.
    pub(super) store: Arc<Store>,
    /// The blobs.
    pub(super) files: BlobFiles,
}

/// Runs what waits for the disk on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Refusal::fault(error)))
}

impl Shelf {
    /// Answers a request of somebody who may make it. `may_read` says whether he may also read another repository.
    pub(super) async fn answer(
        &self,
        route: &RegistryRoute,
        head: &Parts,
        body: Body,
        query: Vec<(String, String)>,
        may_read: impl Fn(&str) -> bool,
    ) -> Result<Response<Body>, Refusal> {
        let (method, headers) = (&head.method, &head.headers);
        match route {
            RegistryRoute::Manifest(path, reference) => self.manifest(path, reference, method).await,
            RegistryRoute::PutManifest(path, reference) => {
                let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
                let bytes = read(body).await?;
                self.put_manifest(path, reference, media_type, bytes).await
            }
            RegistryRoute::DeleteManifest(path, reference) => self.delete_manifest(path, reference).await,
            RegistryRoute::Blob(path, digest) => self.blob(path, digest, method, headers).await,
            RegistryRoute::DeleteBlob(path, digest) => self.delete_blob(path, digest).await,
            RegistryRoute::Begin(path) => {
                let mountable = mountable(&query).filter(|(from, _)| may_read(from));
                self.begin(path, &query, mountable, body).await
            }
            RegistryRoute::Progress(path, id) => self.progress(&Upload { path, id }).await,
            RegistryRoute::Append(path, id) => self.append(&Upload { path, id }, headers, body).await,
            RegistryRoute::Finish(path, id) => {
                let digest = query.iter().find(|(name, _)| name == "digest").map(|(_, digest)| digest.as_str());
                self.finish(&Upload { path, id }, digest, headers, body).await
            }
            RegistryRoute::GiveUp(path, id) => self.give_up(&Upload { path, id }).await,
            RegistryRoute::Tags(path) => self.tags(path, &query).await,
            RegistryRoute::Catalog => self.catalog(&query).await,
            RegistryRoute::Wrong => {
                Err(Refusal::bad("NAME_INVALID", "no registry can hold this name, or do this with it"))
            }
        }
    }
}

/// The blob that a push wants to take from another repository, and that repository.
fn mountable(query: &[(String, String)]) -> Option<(String, Digest)> {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    Some((value("from")?.to_owned(), route::checkable(value("mount")?)?))
}

/// Reads a manifest.
async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    let limit = usize::try_from(MANIFEST_LIMIT).unwrap_or(usize::MAX);
    let reading = tokio::time::timeout(MANIFEST_TIME, axum::body::to_bytes(body, limit)).await;
    let too_large = || Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", "the manifest is too large or slow");
    Ok(reading.map_err(|_| too_large())?.map_err(|_| too_large())?.to_vec())
}
