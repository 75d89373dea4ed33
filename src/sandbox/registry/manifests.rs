//! Manifests, tags and lists.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, LINK};
use axum::http::{Method, Response, StatusCode};
use serde_json::json;

use super::answer;
use super::{Shelf, blocking};
use crate::oci::{self, DIGEST, Refusal};
use crate::remote::registry::digest::{digest_like, sha256};
use crate::remote::registry::{Content, Digest, Reference, RepositoryPath};
use crate::sandbox::store::images::StoredManifest;

/// Entries of a list that are given at once.
const PAGE: usize = 1000;

impl Shelf {
    /// A manifest by tag or digest.
    pub(super) async fn manifest(
        &self,
        path: &RepositoryPath,
        reference: &Reference,
        method: &Method,
    ) -> Result<Response<Body>, Refusal> {
        let (shelf, of, asked) = (self.clone(), path.clone(), reference.clone());
        let found = blocking(move || {
            let digest = match &asked {
                Reference::Digest(digest) => Some(digest.to_string()),
                Reference::Tag(tag) => shelf.store.tagged(of.as_str(), tag.as_str()).map_err(Refusal::fault)?,
            };
            let Some(digest) = digest else { return Ok(None) };
            shelf.store.manifest(of.as_str(), &digest).map_err(Refusal::fault)
        });
        let unknown = || Refusal::absent("MANIFEST_UNKNOWN", format!("{path} has no manifest {reference}"));
        let manifest = found.await?.ok_or_else(unknown)?;
        let (length, tag) = (manifest.bytes.len().to_string(), format!("\"{}\"", manifest.digest));
        let head = [
            (CONTENT_TYPE.as_str(), manifest.media_type.as_str()),
            (CONTENT_LENGTH.as_str(), &length),
            (DIGEST, &manifest.digest),
            (ETAG.as_str(), &tag),
        ];
        let body = if method == Method::HEAD { Body::empty() } else { Body::from(manifest.bytes) };
        Ok(oci::answer(StatusCode::OK, &head, body))
    }

    /// Keeps a manifest whose parts are all here.
    pub(super) async fn put_manifest(
        &self,
        path: &RepositoryPath,
        reference: &Reference,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<Response<Body>, Refusal> {
        let invalid = |why: String| Refusal::bad("MANIFEST_INVALID", why);
        let content = Content::read(media_type, &bytes).map_err(invalid)?;
        if content == Content::Other {
            return Err(invalid(format!("{media_type:?} is no manifest of an image or index")));
        }
        let digest = match reference {
            Reference::Tag(_) => sha256(&bytes),
            Reference::Digest(stated) => digest_like(stated, &bytes).unwrap_or_default(),
        };
        if let Reference::Digest(stated) = reference
            && stated.as_ref() != digest
        {
            return Err(Refusal::bad("DIGEST_INVALID", format!("the manifest is {digest}, not {stated}")));
        }
        if !self.files.take_room(bytes.len() as u64) {
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", "there is no room for this"));
        }
        let manifest = StoredManifest { digest: digest.clone(), media_type: media_type.to_owned(), bytes };
        let (shelf, of, asked) = (self.clone(), path.clone(), reference.clone());
        blocking(move || {
            shelf.check_parts(&of, &content)?;
            let tag = match &asked {
                Reference::Tag(tag) => Some(tag.as_str()),
                Reference::Digest(_) => None,
            };
            shelf.store.put_manifest(of.as_str(), &manifest, tag).map_err(Refusal::fault)
        })
        .await?;
        Ok(answer::created(&format!("/v2/{path}/manifests/{digest}"), &digest))
    }

    fn check_parts(&self, path: &RepositoryPath, content: &Content) -> Result<(), Refusal> {
        let missing = |digest: &Digest| {
            Refusal::bad("MANIFEST_BLOB_UNKNOWN", format!("{path} does not hold {digest}, which the manifest lists"))
        };
        let fault = Refusal::fault;
        let config = match content {
            Content::Image(image) => Some(image.config()),
            _ => None,
        };
        for part in config.into_iter().chain(content.listed()) {
            let digest = part.digest();
            let is_here = match content {
                Content::Index(_) => self.store.manifest(path.as_str(), digest.as_ref()).map_err(fault)?.is_some(),
                // What lies elsewhere says where.
                _ => {
                    part.urls().as_ref().is_some_and(|urls| !urls.is_empty())
                        || self.store.blob(path.as_str(), digest.as_ref()).map_err(fault)?.is_some()
                }
            };
            if !is_here {
                return Err(missing(digest));
            }
        }
        Ok(())
    }

    /// Removes a manifest with its tags, or a tag alone.
    pub(super) async fn delete_manifest(
        &self,
        path: &RepositoryPath,
        reference: &Reference,
    ) -> Result<Response<Body>, Refusal> {
        let (shelf, of, asked) = (self.clone(), path.clone(), reference.clone());
        let removed = blocking(move || {
            match &asked {
                Reference::Digest(digest) => shelf.store.delete_manifest(of.as_str(), digest.as_ref()),
                Reference::Tag(tag) => shelf.store.delete_tag(of.as_str(), tag.as_str()),
            }
            .map_err(Refusal::fault)
        });
        match removed.await? {
            true => Ok(oci::answer(StatusCode::ACCEPTED, &[], Body::empty())),
            false => Err(Refusal::absent("MANIFEST_UNKNOWN", format!("{path} has no manifest {reference}"))),
        }
    }

    /// A page of tags.
    pub(super) async fn tags(
        &self,
        path: &RepositoryPath,
        query: &[(String, String)],
    ) -> Result<Response<Body>, Refusal> {
        let (count, last) = page(query);
        let (shelf, of, after) = (self.clone(), path.clone(), last);
        // One more than fits, to know whether there are more.
        let found = blocking(move || shelf.store.tags(of.as_str(), &after, count + 1).map_err(Refusal::fault)).await?;
        let mut tags =
            found.ok_or_else(|| Refusal::absent("NAME_UNKNOWN", format!("there is no repository {path}")))?;
        let link = next(&format!("/v2/{path}/tags/list"), &mut tags, count);
        Ok(listed(link.as_deref(), &json!({"name": path.as_str(), "tags": tags})))
    }

    /// A page of repositories.
    pub(super) async fn catalog(&self, query: &[(String, String)]) -> Result<Response<Body>, Refusal> {
        let (count, last) = page(query);
        let shelf = self.clone();
        let mut names = blocking(move || shelf.store.image_repositories().map_err(Refusal::fault)).await?;
        names.retain(|name| *name > last);
        let link = next("/v2/_catalog", &mut names, count);
        Ok(listed(link.as_deref(), &json!({"repositories": names})))
    }
}

fn listed(link: Option<&str>, body: &serde_json::Value) -> Response<Body> {
    let mut head = vec![(CONTENT_TYPE.as_str(), "application/json")];
    head.extend(link.map(|link| (LINK.as_str(), link)));
    oci::answer(StatusCode::OK, &head, body.to_string())
}

/// How many entries, after which one.
fn page(query: &[(String, String)]) -> (usize, String) {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let count = value("n").and_then(|n| n.parse().ok()).unwrap_or(PAGE).min(PAGE);
    (count, value("last").unwrap_or_default().to_owned())
}

/// Cuts a list to a page; if more follows, gives the link to it.
fn next(route: &str, entries: &mut Vec<String>, count: usize) -> Option<String> {
    if entries.len() <= count {
        return None;
    }
    entries.truncate(count);
    let last = entries.last()?;
    Some(format!("<{route}?last={last}&n={count}>; rel=\"next\""))
}
