//! Proving that the registry holds what was signed: the manifest, and with [`Depth::Deep`] every part of the image.
//!
//! Invariant: a part is called good only if all its bytes were received and have the digest and size that the part above
//! names, up to the signature. Blobs are never in memory whole.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use oci_spec::image::Descriptor;

use super::agree::{SIGNATURE, agrees, embedded, fits, rightly_called};
use super::trusted::Trusted;
use super::{Tags, remote};
use crate::engine::error::EngineError;
use crate::remote::registry::{Content, Digest, Expected, Manifest, Reference, RepositoryPath, Tag};
use crate::remote::{Registry, RemoteError};

/// Blobs that are read at the same time.
const AT_ONCE: usize = 4;
/// Largest blob that is read, in bytes.
const BLOB_LIMIT: u64 = 1 << 40;

/// How much is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum Depth {
    /// The manifest that is signed.
    Manifest,
    /// Also all that it lists; of an index all platforms, or those that this names, such as `linux/arm64`.
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

/// Which part of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum ImagePart {
    /// What is signed: an image's manifest, or an index.
    Signed,
    /// The manifest for a platform of an index.
    Platform(String),
    /// An image's configuration.
    Config(Option<String>),
    /// A layer, from 1.
    Layer { number: usize, of: usize, platform: Option<String> },
}

impl std::fmt::Display for ImagePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on = |platform: &Option<String>| platform.as_ref().map(|p| format!(" for {p}")).unwrap_or_default();
        match self {
            Self::Signed => f.write_str("manifest"),
            Self::Platform(platform) => write!(f, "manifest for {platform}"),
            Self::Config(platform) => write!(f, "configuration{}", on(platform)),
            Self::Layer { number, of, platform } => write!(f, "layer {number} of {of}{}", on(platform)),
        }
    }
}

/// Who is to be distrusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspect {
    /// The registry, or the way to it.
    Registry,
    /// Whoever signed: what is signed contradicts itself.
    Signature,
    /// Nobody yet: it could not be asked, or has nothing.
    Nobody,
}

/// What was found of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum PartFinding {
    /// It is what the part above names.
    Good,
    /// It was not looked at, and why.
    Skipped(&'static str),
    /// It is not.
    Wrong { suspect: Suspect, error: RemoteError },
}

/// A part with what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPart {
    /// Which part.
    pub part: ImagePart,
    /// The digest that it should have.
    pub digest: String,
    /// The size that it should have, in bytes.
    pub size: u64,
    /// What was found.
    pub finding: PartFinding,
}

impl CheckedPart {
    /// Whether it is what the part above names.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.finding == PartFinding::Good
    }

    /// Whether the registry says that it does not have it.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(&self.finding, PartFinding::Wrong { error: RemoteError::NotFound { .. }, .. })
    }

    /// Whether it was read and is something else: what could not be asked for proves nothing.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        matches!(&self.finding, PartFinding::Wrong { suspect, .. } if *suspect != Suspect::Nobody)
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
    /// The first part that is wrong.
    #[must_use]
    pub fn wrong(&self) -> Option<&CheckedPart> {
        self.parts.iter().find(|checked| matches!(checked.finding, PartFinding::Wrong { .. }))
    }
}

/// What is heard while an image is checked.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// A part was checked.
    Checked(&'a CheckedPart),
    /// So many more bytes of a blob were read.
    Read(u64),
}

/// A part that is still to be read.
struct UnreadPart {
    part: ImagePart,
    descriptor: Descriptor,
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
        Some(error) => wrong(error.clone()),
    };
    CheckedPart { part: ImagePart::Signed, digest: trusted.digest.clone(), size: trusted.size, finding }
}

fn wrong(error: RemoteError) -> PartFinding {
    let suspect = match &error {
        RemoteError::Length { host, .. } | RemoteError::Altered { host, .. } | RemoteError::Malformed { host, .. }
            if host == SIGNATURE =>
        {
            Suspect::Signature
        }
        RemoteError::Altered { .. }
        | RemoteError::Length { .. }
        | RemoteError::Malformed { .. }
        | RemoteError::TooBig { .. } => Suspect::Registry,
        _ => Suspect::Nobody,
    };
    PartFinding::Wrong { suspect, error }
}

/// Reads what manifests list.
struct Reader<'a, F: Fn(Heard<'_>) + Send + Sync> {
    registry: &'a Registry,
    path: &'a RepositoryPath,
    heard: &'a F,
}

impl<F: Fn(Heard<'_>) + Send + Sync> Reader<'_, F> {
    fn told(&self, checked: CheckedPart) -> CheckedPart {
        (self.heard)(Heard::Checked(&checked));
        checked
    }

    /// All parts below a manifest.
    async fn below(&self, manifest: &Manifest, platform: Option<&str>) -> Vec<CheckedPart> {
        let mut parts = Vec::new();
        let images = match &manifest.content {
            Content::Index(index) => {
                let mut images = Vec::new();
                for listed in index.manifests() {
                    let (checked, image) = self.platform(listed, platform).await;
                    parts.push(checked);
                    images.extend(image);
                }
                images
            }
            _ => vec![(None, manifest.content.clone())],
        };
        let wanted = images.iter().flat_map(|(platform, content)| wanted(platform.as_deref(), content));
        // What several platforms share is read once.
        let mut seen = BTreeSet::new();
        let wanted: Vec<UnreadPart> = wanted.filter(|w| seen.insert(w.descriptor.digest().to_string())).collect();
        let read = |(at, wanted): (usize, UnreadPart)| async move { (at, self.blob(wanted).await) };
        let mut blobs: Vec<(usize, CheckedPart)> =
            stream::iter(wanted.into_iter().enumerate()).map(read).buffer_unordered(AT_ONCE).collect().await;
        blobs.sort_by_key(|(at, _)| *at);
        parts.extend(blobs.into_iter().map(|(_, checked)| checked));
        parts
    }

    /// Reads the manifest for a platform of an index, if it is wanted.
    async fn platform(
        &self,
        listed: &Descriptor,
        only: Option<&str>,
    ) -> (CheckedPart, Option<(Option<String>, Content)>) {
        let name = platform_name(listed);
        let checked = |finding| CheckedPart {
            part: ImagePart::Platform(name.clone()),
            digest: listed.digest().to_string(),
            size: listed.size(),
            finding,
        };
        if only.is_some_and(|only| only != name) {
            return (self.told(checked(PartFinding::Skipped("another platform"))), None);
        }
        let read = self.registry.manifest(self.path, &Reference::Digest(listed.digest().clone())).await;
        let read = read.and_then(|manifest| fits(listed, manifest));
        let read = read.and_then(|manifest| rightly_called(self.registry.endpoint().host(), manifest));
        let read = read.and_then(|manifest| embedded(listed).map(|()| manifest));
        match read {
            Ok(manifest) => (self.told(checked(PartFinding::Good)), Some((Some(name), manifest.content))),
            Err(error) => (self.told(checked(wrong(error))), None),
        }
    }

    async fn blob(&self, wanted: UnreadPart) -> CheckedPart {
        let UnreadPart { part, descriptor } = wanted;
        let (digest, size) = (descriptor.digest().clone(), descriptor.size());
        let elsewhere = descriptor.urls().as_ref().is_some_and(|urls| !urls.is_empty());
        let expected = Expected { digest: digest.clone(), size: Some(size), limit: BLOB_LIMIT };
        let finding = match embedded(&descriptor) {
            Err(error) => wrong(error),
            Ok(()) if elsewhere => PartFinding::Skipped("it lies elsewhere than in the registry"),
            Ok(()) => self.read(expected).await.map_or_else(wrong, |()| PartFinding::Good),
        };
        self.told(CheckedPart { part, digest: digest.to_string(), size, finding })
    }

    async fn read(&self, expected: Expected) -> Result<(), RemoteError> {
        let mut blob = self.registry.blob(self.path, expected).await?;
        while let Some(piece) = blob.piece().await? {
            (self.heard)(Heard::Read(piece.len() as u64));
        }
        Ok(())
    }
}

/// `linux/arm64/v8`.
pub(super) fn platform_name(listed: &Descriptor) -> String {
    let Some(platform) = listed.platform() else { return "no platform".to_owned() };
    let variant = platform.variant().as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
    format!("{}/{}{variant}", platform.os(), platform.architecture())
}

/// Configuration and layers of an image.
fn wanted(platform: Option<&str>, content: &Content) -> Vec<UnreadPart> {
    let Content::Image(image) = content else { return Vec::new() };
    let (platform, of) = (platform.map(str::to_owned), image.layers().len());
    let config = UnreadPart { part: ImagePart::Config(platform.clone()), descriptor: image.config().clone() };
    let layer = |(at, descriptor): (usize, &Descriptor)| UnreadPart {
        part: ImagePart::Layer { number: at + 1, of, platform: platform.clone() },
        descriptor: descriptor.clone(),
    };
    std::iter::once(config).chain(image.layers().iter().enumerate().map(layer)).collect()
}
