//! Requests by path and method; all that is no reading is refused. Source: OCI distribution specification.

use axum::http::Method;

use crate::remote::registry::{Digest, Reference, RepositoryPath, Tag, is_digest};

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Is this a registry?
    Ping,
    /// Counters.
    Metrics,
    /// Is it alive?
    Health,
    /// The list of trusted tags.
    Tags(RepositoryPath),
    /// A manifest.
    Manifest(RepositoryPath, Reference),
    /// A blob.
    Blob(RepositoryPath, Digest),
    /// Any kind of writing.
    Write,
    /// Anything else.
    Unknown,
}

impl Route {
    /// Finds the route of a path.
    pub(super) fn find(method: &Method, path: &str) -> Self {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Self::Write;
        }
        match path {
            "/v2" | "/v2/" => Self::Ping,
            "/metrics" => Self::Metrics,
            "/health" => Self::Health,
            _ => Self::of_repository(path).unwrap_or(Self::Unknown),
        }
    }

    fn of_repository(path: &str) -> Option<Self> {
        let below = path.strip_prefix("/v2/")?;
        let repository = |name: &str| RepositoryPath::parse(name).ok();
        if let Some(name) = below.strip_suffix("/tags/list") {
            return Some(Self::Tags(repository(name)?));
        }
        if let Some((name, digest)) = below.rsplit_once("/blobs/") {
            return Some(Self::Blob(repository(name)?, checkable(digest)?));
        }
        let (name, reference) = below.rsplit_once("/manifests/")?;
        let reference = match reference.contains(':') {
            true => Reference::Digest(checkable(reference)?),
            false => Reference::Tag(Tag::parse(reference).ok()?),
        };
        Some(Self::Manifest(repository(name)?, reference))
    }
}

fn checkable(text: &str) -> Option<Digest> {
    is_digest(text).then(|| Digest::try_from(text).ok()).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reading_is_told_from_writing_and_from_what_is_no_registrys() {
        let digits = "a".repeat(64);
        let find = |method: &Method, path: &str| Route::find(method, path);
        let path = RepositoryPath::parse("team/app").unwrap();
        let tag = Reference::Tag(Tag::parse("1.0").unwrap());
        assert_eq!(find(&Method::GET, "/v2/team/app/manifests/1.0"), Route::Manifest(path.clone(), tag));
        assert_eq!(find(&Method::HEAD, "/v2/team/app/tags/list"), Route::Tags(path.clone()));
        let digest = Digest::try_from(format!("sha256:{digits}")).unwrap();
        assert_eq!(find(&Method::GET, &format!("/v2/team/app/blobs/sha256:{digits}")), Route::Blob(path, digest));
        for method in [Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
            assert_eq!(find(&method, "/v2/team/app/manifests/1.0"), Route::Write);
        }
        for odd in ["/v2/../x/manifests/1", "/v2/Team/manifests/1", "/v2/a/blobs/sha256:x", "/v2/a/manifests/..", "/"] {
            assert_eq!(find(&Method::GET, odd), Route::Unknown, "{odd}");
        }
    }
}
