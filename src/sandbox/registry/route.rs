//! Requests to the registry by path and method. Source: OCI distribution specification, "Endpoints".

use axum::http::Method;

use crate::remote::registry::{Digest, Reference, RepositoryPath, Tag};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum RegistryRoute {
    /// A manifest.
    Manifest(RepositoryPath, Reference),
    /// A manifest is pushed.
    PutManifest(RepositoryPath, Reference),
    /// A manifest or tag is removed.
    DeleteManifest(RepositoryPath, Reference),
    /// A blob.
    Blob(RepositoryPath, Digest),
    /// A blob is removed.
    DeleteBlob(RepositoryPath, Digest),
    /// An upload begins.
    Begin(RepositoryPath),
    /// How far an upload is.
    Progress(RepositoryPath, String),
    /// More of an upload.
    Append(RepositoryPath, String),
    /// The end of an upload.
    Finish(RepositoryPath, String),
    /// An upload is given up.
    GiveUp(RepositoryPath, String),
    /// The list of tags.
    Tags(RepositoryPath),
    /// The list of repositories.
    Catalog,
    /// A name that no registry can hold, or a method that does not fit.
    Wrong,
}

/// Whether a request may only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Right {
    Pull,
    Push,
    Delete,
    Catalog,
}

impl RegistryRoute {
    /// Finds the route of a decoded, clean path; `None` if it is not the registry's.
    pub(in crate::sandbox) fn find(method: &Method, path: &str) -> Option<Self> {
        let below = path.strip_prefix("/v2/")?;
        if below.contains("_trust/") {
            return None;
        }
        if below == "_catalog" {
            return Some(if method == Method::GET { Self::Catalog } else { Self::Wrong });
        }
        // Names may hold what stands between name and reference elsewhere, so that only the end tells.
        let (before, last) = below.rsplit_once('/')?;
        let upload = below.trim_end_matches('/');
        let begun = upload.rsplit_once('/').and_then(|(before, id)| Some((before.strip_suffix("/blobs/uploads")?, id)));
        let route = if let (Some(name), "list") = (before.strip_suffix("/tags"), last) {
            reading(method).then(|| RepositoryPath::parse(name).ok().map(Self::Tags)).flatten()
        } else if let Some((name, id)) = upload.strip_suffix("/blobs/uploads").map(|name| (name, "")).or(begun) {
            Self::upload(method, name, id)
        } else if let Some(name) = before.strip_suffix("/blobs") {
            Self::blob(method, name, last)
        } else if let Some(name) = before.strip_suffix("/manifests") {
            Self::manifest(method, name, last)
        } else if below.contains("/blobs/") || below.contains("/manifests/") {
            None
        } else {
            return None;
        };
        Some(route.unwrap_or(Self::Wrong))
    }

    fn upload(method: &Method, name: &str, id: &str) -> Option<Self> {
        let path = RepositoryPath::parse(name).ok()?;
        let id = id.to_owned();
        match method.as_str() {
            "POST" if id.is_empty() => Some(Self::Begin(path)),
            _ if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) => None,
            "GET" => Some(Self::Progress(path, id)),
            "PATCH" => Some(Self::Append(path, id)),
            "PUT" => Some(Self::Finish(path, id)),
            "DELETE" => Some(Self::GiveUp(path, id)),
            _ => None,
        }
    }

    fn blob(method: &Method, name: &str, digest: &str) -> Option<Self> {
        let path = RepositoryPath::parse(name).ok()?;
        let digest = checkable(digest)?;
        match method.as_str() {
            "GET" | "HEAD" => Some(Self::Blob(path, digest)),
            "DELETE" => Some(Self::DeleteBlob(path, digest)),
            _ => None,
        }
    }

    fn manifest(method: &Method, name: &str, reference: &str) -> Option<Self> {
        let path = RepositoryPath::parse(name).ok()?;
        let reference = match reference.contains(':') {
            true => Reference::Digest(checkable(reference)?),
            false => Reference::Tag(Tag::parse(reference).ok()?),
        };
        match method.as_str() {
            "GET" | "HEAD" => Some(Self::Manifest(path, reference)),
            "PUT" => Some(Self::PutManifest(path, reference)),
            "DELETE" => Some(Self::DeleteManifest(path, reference)),
            _ => None,
        }
    }

    /// The right that it asks for, and in which repository.
    pub(in crate::sandbox) fn right(&self) -> (Right, Option<&RepositoryPath>) {
        match self {
            Self::Manifest(path, _) | Self::Blob(path, _) | Self::Tags(path) => (Right::Pull, Some(path)),
            Self::DeleteManifest(path, _) | Self::DeleteBlob(path, _) => (Right::Delete, Some(path)),
            Self::PutManifest(path, _)
            | Self::Begin(path)
            | Self::Progress(path, _)
            | Self::Append(path, _)
            | Self::Finish(path, _)
            | Self::GiveUp(path, _) => (Right::Push, Some(path)),
            Self::Catalog | Self::Wrong => (Right::Catalog, None),
        }
    }
}

fn reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// A digest that can be computed here, so that its parts can be names of files.
pub(super) fn checkable(text: &str) -> Option<Digest> {
    crate::remote::registry::is_digest(text).then(|| Digest::try_from(text).ok()).flatten()
}
