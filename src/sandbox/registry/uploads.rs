//! Uploads of blobs: in one piece, in several, or resumed after a break.

use axum::body::Body;
use axum::http::header::{CONTENT_RANGE, HeaderMap};
use axum::http::{Response, StatusCode};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::answer;
use super::route::checkable;
use super::{STALL, Shelf, blocking};
use crate::oci::{self, Refusal};
use crate::remote::registry::{Digest, RepositoryPath};

/// Largest blob that is taken, in bytes.
const BLOB_LIMIT: u64 = 2 << 30;
/// Uploads that may have begun and not ended.
const MOST_UPLOADS: u64 = 256;

/// An upload that was begun, by name.
pub(super) struct Upload<'a> {
    pub(super) path: &'a RepositoryPath,
    pub(super) id: &'a str,
}

fn unknown() -> Refusal {
    Refusal::absent("BLOB_UPLOAD_UNKNOWN", "there is no such upload")
}

impl Shelf {
    /// Begins an upload; or takes a blob from another repository; or takes it whole with this request.
    pub(super) async fn begin(
        &self,
        path: &RepositoryPath,
        query: &[(String, String)],
        mountable: Option<(String, Digest)>,
        body: Body,
    ) -> Result<Response<Body>, Refusal> {
        if let Some((from, digest)) = mountable
            && let Some(mounted) = self.mount(path, from, digest).await?
        {
            return Ok(mounted);
        }
        let id = new_id()?;
        let shelf = self.clone();
        let (of, name) = (path.to_string(), id.clone());
        blocking(move || {
            if !shelf.store.begin_upload(&name, &of, MOST_UPLOADS).map_err(Refusal::fault)? {
                return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", "too many uploads"));
            }
            shelf.files.begin(&name).map_err(Refusal::fault)
        })
        .await?;
        let upload = Upload { path, id: &id };
        match query.iter().find(|(name, _)| name == "digest") {
            Some((_, digest)) => self.finish(&upload, Some(digest), &HeaderMap::new(), body).await,
            None => Ok(answer::uploading(StatusCode::ACCEPTED, path.as_str(), &id, 0)),
        }
    }

    async fn mount(
        &self,
        path: &RepositoryPath,
        from: String,
        digest: Digest,
    ) -> Result<Option<Response<Body>>, Refusal> {
        let (shelf, of, name) = (self.clone(), path.to_string(), digest.to_string());
        let linked = blocking(move || {
            let Some(size) = shelf.store.blob(&from, &name).map_err(Refusal::fault)? else { return Ok(false) };
            shelf.store.link_blob(&of, &name, size).map_err(Refusal::fault)?;
            Ok(true)
        });
        let location = format!("/v2/{path}/blobs/{digest}");
        Ok(linked.await?.then(|| answer::created(&location, digest.as_ref())))
    }

    /// How far an upload is.
    pub(super) async fn progress(&self, upload: &Upload<'_>) -> Result<Response<Body>, Refusal> {
        let length = self.length(upload).await?;
        Ok(answer::uploading(StatusCode::NO_CONTENT, upload.path.as_str(), upload.id, length))
    }

    /// Takes more of an upload.
    pub(super) async fn append(
        &self,
        upload: &Upload<'_>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<Body>, Refusal> {
        let length = self.write(upload, headers, body).await?;
        Ok(answer::uploading(StatusCode::ACCEPTED, upload.path.as_str(), upload.id, length))
    }

    /// Takes the rest of an upload and keeps it if it has the digest that is stated.
    pub(super) async fn finish(
        &self,
        upload: &Upload<'_>,
        digest: Option<&str>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<Body>, Refusal> {
        let digest = digest.and_then(checkable);
        let digest = digest.ok_or_else(|| Refusal::bad("DIGEST_INVALID", "the upload states no digest of SHA-2"))?;
        self.write(upload, headers, body).await?;
        let (shelf, path, id) = (self.clone(), upload.path.clone(), upload.id.to_owned());
        blocking(move || {
            let kept = shelf.files.keep(&id, &digest).map_err(Refusal::fault)?;
            shelf.store.end_upload(&id).map_err(Refusal::fault)?;
            let size = kept.map_err(|found| {
                Refusal::bad("DIGEST_INVALID", format!("the upload is {found}, which is not what it states"))
            })?;
            shelf.store.link_blob(path.as_str(), digest.as_ref(), size).map_err(Refusal::fault)?;
            Ok(answer::created(&format!("/v2/{path}/blobs/{digest}"), digest.as_ref()))
        })
        .await
    }

    /// Gives an upload up.
    pub(super) async fn give_up(&self, upload: &Upload<'_>) -> Result<Response<Body>, Refusal> {
        self.length(upload).await?;
        let (shelf, id) = (self.clone(), upload.id.to_owned());
        blocking(move || {
            shelf.store.end_upload(&id).map_err(Refusal::fault)?;
            shelf.files.remove(&shelf.files.upload(&id)).map_err(Refusal::fault)?;
            Ok(oci::answer(StatusCode::NO_CONTENT, &[], Body::empty()))
        })
        .await
    }

    async fn length(&self, upload: &Upload<'_>) -> Result<u64, Refusal> {
        let (shelf, path, id) = (self.clone(), upload.path.clone(), upload.id.to_owned());
        blocking(move || {
            let of = shelf.store.upload(&id).map_err(Refusal::fault)?;
            if of.is_none_or(|of| of != path.as_str()) {
                return Err(unknown());
            }
            let facts = std::fs::metadata(shelf.files.upload(&id));
            facts.map(|facts| facts.len()).map_err(|_| unknown())
        })
        .await
    }

    /// Appends a body, which must begin where the upload ends. Gives the length that is there then.
    async fn write(&self, upload: &Upload<'_>, headers: &HeaderMap, body: Body) -> Result<u64, Refusal> {
        let length = self.length(upload).await?;
        if let Some(begin) = begin_of(headers)
            && begin != length
        {
            let message = format!("the upload goes on at {length}, not at {begin}");
            return Err(Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", message));
        }
        let file = std::fs::OpenOptions::new().append(true).open(self.files.upload(upload.id));
        let file = file.map_err(|_| unknown())?;
        // Held until the file is closed: two that write at once would mix.
        if file.try_lock().is_err() {
            let message = "another request is writing to this upload";
            return Err(Refusal::new(StatusCode::CONFLICT, "BLOB_UPLOAD_INVALID", message));
        }
        let mut file = tokio::fs::File::from_std(file);
        let written = self.copy(&mut file, length, body).await;
        file.flush().await.map_err(Refusal::fault)?;
        written
    }

    async fn copy(&self, file: &mut tokio::fs::File, mut length: u64, body: Body) -> Result<u64, Refusal> {
        let mut pieces = body.into_data_stream();
        let broken = |_| Refusal::bad("BLOB_UPLOAD_INVALID", "the upload stalled");
        while let Some(piece) = tokio::time::timeout(STALL, pieces.next()).await.map_err(broken)? {
            let piece = piece.map_err(|_| Refusal::bad("BLOB_UPLOAD_INVALID", "the upload broke"))?;
            length += piece.len() as u64;
            if length > BLOB_LIMIT || !self.files.take_room(piece.len() as u64) {
                return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", "there is no room for this"));
            }
            file.write_all(&piece).await.map_err(Refusal::fault)?;
        }
        Ok(length)
    }
}

/// Where a body begins: `BEGIN-END`, with or without its unit.
fn begin_of(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes ").unwrap_or(text).split('-').next()?.trim().parse().ok()
}

fn new_id() -> Result<String, Refusal> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(Refusal::fault)?;
    Ok(hex::encode(random))
}
