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
    /// Content of a name or in a form that is not served.
    Unfit,
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
            _ => path.strip_prefix("/v2/").map_or(Self::Unknown, Self::of_repository),
        }
    }

    /// Names may hold what stands between name and reference elsewhere, so that only the end tells.
    fn of_repository(below: &str) -> Self {
        // As clients may write a digest; nothing else in names and references is written so.
        let below = below.replace("%3A", ":").replace("%3a", ":");
        let repository = |name: &str| RepositoryPath::parse(name).ok();
        let Some((before, last)) = below.rsplit_once('/') else { return Self::Unknown };
        let route = if let (Some(name), "list") = (before.strip_suffix("/tags"), last) {
            repository(name).map(Self::Tags)
        } else if let Some(name) = before.strip_suffix("/blobs") {
            repository(name).zip(checkable(last)).map(|(path, digest)| Self::Blob(path, digest))
        } else if let Some(name) = before.strip_suffix("/manifests") {
            repository(name).zip(reference(last)).map(|(path, reference)| Self::Manifest(path, reference))
        } else if below.contains("/blobs/") || below.contains("/manifests/") {
            None
        } else {
            Some(Self::Unknown)
        };
        route.unwrap_or(Self::Unfit)
    }
}

fn reference(text: &str) -> Option<Reference> {
    match text.contains(':') {
        true => checkable(text).map(Reference::Digest),
        false => Tag::parse(text).ok().map(Reference::Tag),
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
        for odd in ["/v2/../x/manifests/1", "/v2/Team/manifests/1", "/v2/a/blobs/sha256:x", "/v2/a/manifests/.."] {
            assert_eq!(find(&Method::GET, odd), Route::Unfit, "{odd}");
        }
        for odd in ["/v2/_catalog", "/v2/a/referrers/sha256:x", "/"] {
            assert_eq!(find(&Method::GET, odd), Route::Unknown, "{odd}");
        }
    }

    #[test]
    fn names_hold_what_stands_before_references_too() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for name in ["team/blobs/app", "team/manifests/app", "blobs/blobs", "team/tags/list"] {
            let path = RepositoryPath::parse(name).unwrap();
            let find = |rest: &str| Route::find(&Method::GET, &format!("/v2/{name}/{rest}"));
            let by_digest = Digest::try_from(digest.as_str()).unwrap();
            assert_eq!(find(&format!("blobs/{digest}")), Route::Blob(path.clone(), by_digest.clone()));
            assert_eq!(find(&format!("blobs/{}", digest.replace(':', "%3A"))), Route::Blob(path.clone(), by_digest));
            let tag = Reference::Tag(Tag::parse("1.0").unwrap());
            assert_eq!(find("manifests/1.0"), Route::Manifest(path.clone(), tag));
            assert_eq!(find("tags/list"), Route::Tags(path));
        }
    }
}
