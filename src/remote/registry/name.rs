//! Names in a registry, checked where they enter. Source: OCI distribution specification, "Pulling manifests".

use std::fmt;
use std::sync::Arc;

use oci_spec::image::Digest;

use crate::remote::error::RemoteError;
use crate::tuf::Gun;

/// The path of a repository below its registry, such as `library/alpine`.
///
/// Shape: at most 255 bytes; components of lower-case letters and digits, separated by `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryPath(Arc<str>);

impl RepositoryPath {
    /// Parses `text`.
    ///
    /// # Errors
    /// [`RemoteError::Setting`] if no registry could hold it.
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        let fits = text.len() <= 255 && text.split('/').all(is_component);
        let refused = || RemoteError::Setting(format!("{text:?} is not the path of an image repository"));
        fits.then(|| Self(text.into())).ok_or_else(refused)
    }

    /// The path of a collection's images: its name without the registry's host.
    ///
    /// # Errors
    /// As [`RepositoryPath::parse`].
    pub fn of(gun: &Gun) -> Result<Self, RemoteError> {
        let text = gun.as_str();
        let below = gun.host().and_then(|host| text.get(host.len() + 1..));
        Self::parse(below.unwrap_or(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tag.
///
/// Shape: 1 to 128 letters, digits, `_`, `.` and `-`, beginning with none of `.` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// Parses `text`.
    ///
    /// # Errors
    /// [`RemoteError::NotTag`] if no registry could hold it.
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        is_tag(text).then(|| Self(text.into())).ok_or_else(|| RemoteError::NotTag(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a manifest is asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// What the registry says that the tag is.
    Tag(Tag),
    /// These very bytes.
    Digest(Digest),
}

impl fmt::Display for RepositoryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// Whether a part of a path fits: letters and digits, separated by one `.`, one or two `_`, or any number of `-`.
#[must_use]
pub fn is_component(component: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let edges = |c: Option<u8>| c.is_some_and(word);
    let bytes = component.as_bytes();
    let mut separators = component.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    edges(bytes.first().copied())
        && edges(bytes.last().copied())
        && separators.all(|s| matches!(s, "" | "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

/// Whether a text has the shape of a tag.
#[must_use]
pub fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128 && tag.bytes().next().is_some_and(word) && tag.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

/// Whether a text is a digest that can be checked: of SHA-2, in lower case.
#[must_use]
pub fn is_digest(digest: &str) -> bool {
    Digest::try_from(digest).is_ok_and(|digest| super::digest::Hasher::of(digest.algorithm()).is_some())
}
