//! Blobs on their way out: streamed from their files as they are, whole or in part.

use std::io::SeekFrom;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, RANGE};
use axum::http::{Method, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{Shelf, blocking};
use crate::oci::{self, DIGEST, Refusal};
use crate::remote::registry::{Digest, RepositoryPath};

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;

fn unknown() -> Refusal {
    Refusal::absent("BLOB_UNKNOWN", "this repository holds no such blob")
}

impl Shelf {
    /// A blob, or the part that is asked for.
    pub(super) async fn blob(
        &self,
        path: &RepositoryPath,
        digest: &Digest,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response<Body>, Refusal> {
        let (shelf, of, name) = (self.clone(), path.clone(), digest.to_string());
        let linked = blocking(move || shelf.store.blob(of.as_str(), &name).map_err(Refusal::fault));
        linked.await?.ok_or_else(unknown)?;
        let mut file = tokio::fs::File::open(self.files.blob(digest)).await.map_err(|_| unknown())?;
        // What lies there counts, also where it is not what it should be: checking is the client's part.
        let length = file.metadata().await.map_err(Refusal::fault)?.len();
        let part = wanted(headers, length)?;
        let (begin, end) = part.unwrap_or((0, length));
        let (size, range) = ((end - begin).to_string(), format!("bytes {begin}-{}/{length}", end.saturating_sub(1)));
        let tag = format!("\"{digest}\"");
        let mut head = vec![
            (CONTENT_TYPE.as_str(), "application/octet-stream"),
            (CONTENT_LENGTH.as_str(), size.as_str()),
            (ACCEPT_RANGES.as_str(), "bytes"),
            (ETAG.as_str(), tag.as_str()),
            (DIGEST, digest.as_ref()),
        ];
        let status = if part.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        if part.is_some() {
            head.push((CONTENT_RANGE.as_str(), range.as_str()));
        }
        if method == Method::HEAD {
            return Ok(oci::answer(status, &head, Body::empty()));
        }
        file.seek(SeekFrom::Start(begin)).await.map_err(Refusal::fault)?;
        let stream = ReaderStream::with_capacity(file.take(end - begin), PIECE);
        Ok(oci::answer(status, &head, Body::from_stream(stream)))
    }

    /// Takes a blob from a repository; its file goes with the last one that held it.
    pub(super) async fn delete_blob(&self, path: &RepositoryPath, digest: &Digest) -> Result<Response<Body>, Refusal> {
        let (shelf, path, digest) = (self.clone(), path.clone(), digest.clone());
        blocking(move || {
            let (was_there, elsewhere) =
                shelf.store.unlink_blob(path.as_str(), digest.as_ref()).map_err(Refusal::fault)?;
            if was_there && !elsewhere {
                shelf.files.remove(&shelf.files.blob(&digest)).map_err(Refusal::fault)?;
            }
            let accepted = || oci::answer(StatusCode::ACCEPTED, &[], Body::empty());
            if was_there { Ok(accepted()) } else { Err(unknown()) }
        })
        .await
    }
}

/// The part that a request wants, from the first byte to before the last; one part only.
fn wanted(headers: &HeaderMap, length: u64) -> Result<Option<(u64, u64)>, Refusal> {
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok()).and_then(|r| r.strip_prefix("bytes="));
    let Some((first, last)) = range.filter(|r| !r.contains(',')).and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let part = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => (first, last.saturating_add(1).min(length)),
        (Ok(first), Err(_)) if last.is_empty() => (first, length),
        (Err(_), Ok(count)) if first.is_empty() => (length.saturating_sub(count), length),
        _ => return Ok(None),
    };
    let (begin, end) = part;
    if begin >= end {
        let message = format!("the blob has {length} bytes");
        return Err(Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID", message));
    }
    Ok(Some(part))
}
