//! What is asked of registries, and what they answer.

use std::sync::Arc;

use super::failure::Failure;
use crate::engine::tags::ask::{News, TagQuestion};
use crate::engine::tags::candidate::{Candidate, WantedTag};
use crate::engine::tags::platforms::Platform;
use crate::engine::tags::registered::TagAnswer;
use crate::engine::tags::verify::{CheckedPart, Depth, Verification};
use crate::tuf::{Gun, Role};

/// Work at a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryWork {
    /// Ask for all tags of a repository, and what the wanted ones are.
    Compare(Gun, TagQuestion),
    /// Stop that.
    StopComparing(Gun),
    /// Ask what these tags are, which have come on the screen.
    Look(Gun, Vec<Arc<str>>),
    /// Look up what would be signed.
    LookUp(LookUp),
    /// Read an image and what is in it, and compare it with what is signed.
    Verify { gun: Gun, tags: Vec<String>, depth: Depth },
    /// Stop that.
    StopVerifying,
    /// Ask for the platforms of what has this digest, or of what the registry holds under the tag.
    Platforms { gun: Gun, tag: String, digest: Option<String> },
}

/// Tags that are to be signed into these roles, or into those that `docker trust sign` would choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUp {
    pub gun: Gun,
    pub wanted: Vec<WantedTag>,
    pub roles: Vec<Role>,
    /// Whether a form waits for it; if that was closed nothing is signed.
    pub of_form: bool,
}

/// What it tells on the way.
#[derive(Debug)]
pub enum RegistryNews {
    /// An answer to [`RegistryWork::Compare`].
    Heard(Gun, News),
    /// These images are going to be verified.
    Verifying(Gun, Vec<String>),
    /// A part of this image was checked.
    Checked(String, CheckedPart),
    /// So many bytes of blobs were read in all.
    Read(u64),
    /// This image was checked to the end.
    Verified(String, Result<Verification, Failure>),
}

/// What it came to.
#[derive(Debug)]
pub enum RegistryFound {
    /// All tags of a repository were asked about, as far as they were to be.
    Compared(Gun, Result<(), Failure>),
    /// What tags on the screen are, and why of others it is not known.
    Seen(Gun, Vec<TagAnswer>, Result<(), Failure>),
    /// What would be signed.
    LookedUp(LookUp, Vec<(WantedTag, Result<Candidate, Failure>)>),
    /// All images were verified, or why none could be.
    Verified(Result<(), Failure>),
    /// The platforms of a tag's image; none if it is no index. Also what the tag is, if that was asked.
    Platforms { gun: Gun, tag: String, answer: Option<TagAnswer>, found: Result<Vec<Platform>, Failure> },
}
