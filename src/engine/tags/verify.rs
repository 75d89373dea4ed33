//! Proving that the registry holds what was signed: the manifest, and with [`Depth::Deep`] every part of the image.
//!
//! Invariant: a part is called good only if all its bytes were received and have the digest and size that the part above
//! names, up to the signature. Blobs are never in memory whole.

use super::agree::{agrees, rightly_called};
use super::reading::Reader;
use super::trusted::Trusted;
use super::{Tags, remote};
use crate::engine::error::EngineError;
use crate::remote::registry::{Digest, Reference, RepositoryPath, Tag};
use crate::remote::{Registry, RemoteError};

pub use super::checked::{CheckedPart, Heard, ImagePart, PartFinding, PassedOver, Suspect, Unproven, not_verified};

/// How much is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Depth {
    /// The manifest that is signed.
    Manifest,
    /// Also all that it lists; of an index all platforms, or those that this names, such as `linux/arm64`, which is any
    /// variant of it.
    Deep { platform: Option<String> },
}

impl Depth {
    /// How many images are best checked at the same time: each of them reads several blobs on its own.
    #[must_use]
    pub fn images_at_once(&self) -> usize {
        match self {
            Self::Manifest => 8,
            Self::Deep { .. } => 2,
        }
    }
}

/// An image that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// What is signed.
    pub trusted: Trusted,
    /// What the registry holds under the tag, if it is something else: pulls by tag without content trust get this.
    pub drifted_to: Option<String>,
    /// Parts, from the signed one downwards.
    pub parts: Vec<CheckedPart>,
}

impl Verification {
    /// The first part that is wrong or could not be looked at.
    #[must_use]
    pub fn wrong(&self) -> Option<&CheckedPart> {
        self.parts.iter().find(|checked| checked.fails())
    }
}

impl Tags {
    /// Checks an image against its signature. `heard` is called with each part as it is done, in any order, and with what
    /// is read of blobs.
    ///
    /// # Errors
    /// Only where nothing can be said of any part: no client for the registry. All else is in the findings.
    pub async fn verify(
        &self,
        trusted: Trusted,
        depth: &Depth,
        heard: impl Fn(Heard<'_>) + Send + Sync,
    ) -> Result<Verification, EngineError> {
        let (registry, path) = self.registry(&trusted.gun).await?;
        let digest = Digest::try_from(trusted.digest.as_str())
            .map_err(|error| remote(&trusted.gun)(RemoteError::Setting(error.to_string())))?;
        let drifted_to = drifted_to(&registry, &path, &trusted).await;
        let reader = Reader { registry: &registry, path: &path, heard: &heard };
        let signed = registry.manifest(&path, &Reference::Digest(digest)).await;
        let signed = signed.and_then(|manifest| agrees(&trusted, &manifest).map(|()| manifest));
        let signed = signed.and_then(|manifest| rightly_called(registry.endpoint().host(), manifest));
        let mut parts = vec![reader.told(checked(&trusted, signed.as_ref().err()))];
        if let (Depth::Deep { platform }, Ok(manifest)) = (depth, &signed) {
            parts.extend(reader.below(manifest, platform.as_deref()).await);
        }
        Ok(Verification { trusted, drifted_to, parts })
    }
}

/// What the registry says under the tag, if that is not what is signed. Not knowing it is no fault of the image.
async fn drifted_to(registry: &Registry, path: &RepositoryPath, trusted: &Trusted) -> Option<String> {
    let tag = Tag::parse(&trusted.tag).ok()?;
    let found = registry.resolve(path, &Reference::Tag(tag)).await.ok()?.digest.to_string();
    (found != trusted.digest).then_some(found)
}

fn checked(trusted: &Trusted, error: Option<&RemoteError>) -> CheckedPart {
    let finding = match error {
        None => PartFinding::Good,
        Some(error) => PartFinding::wrong(error.clone()),
    };
    CheckedPart { part: ImagePart::Signed, digest: trusted.digest.clone(), size: trusted.size, finding }
}
