//! Reading all that a manifest lists: of an index its images, of an image its configuration and layers.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use oci_spec::image::Descriptor;

use super::agree::{embedded, fits, rightly_called};
use super::checked::{CheckedPart, Heard, ImagePart, PartFinding, PassedOver, Unproven};
use super::platforms::{is_for, no_platform, platform_name, platform_of};
use crate::remote::registry::{Content, Expected, MANIFESTS, Manifest, NESTED, Reference, RepositoryPath};
use crate::remote::{Registry, RemoteError};

/// Blobs that are read at the same time.
const AT_ONCE: usize = 4;
/// Largest blob that is read, in bytes.
const BLOB_LIMIT: u64 = 1 << 40;
/// Largest configuration that is read for the platform that it names, in bytes.
const CONFIGURATION: u64 = 8 << 20;

/// Reads what manifests list.
pub(super) struct Reader<'a, F: Fn(Heard<'_>) + Send + Sync> {
    pub(super) registry: &'a Registry,
    pub(super) path: &'a RepositoryPath,
    pub(super) heard: &'a F,
}

/// A manifest that was read, with the platform that it is listed for.
struct ReadManifest {
    platform: Option<String>,
    manifest: Manifest,
}

/// A part that is still to be read.
struct UnreadPart {
    part: ImagePart,
    descriptor: Descriptor,
}

impl<F: Fn(Heard<'_>) + Send + Sync> Reader<'_, F> {
    pub(super) fn told(&self, checked: CheckedPart) -> CheckedPart {
        (self.heard)(Heard::Checked(&checked));
        checked
    }

    /// All parts below a manifest; of an index of the platform alone that is asked for, if one is. An image that is none
    /// must be for it.
    pub(super) async fn below(&self, signed: &Manifest, asked: Option<&str>) -> Vec<CheckedPart> {
        let mut config = match (asked, &signed.content) {
            (Some(asked), Content::Image(image)) => match self.for_platform(signed, image.config(), asked).await {
                Ok(found) => Some(found),
                Err(unproven) => return vec![unproven],
            },
            _ => None,
        };
        let (mut parts, images) = match &signed.content {
            Content::Index(_) => self.images(signed, asked).await,
            _ => (Vec::new(), vec![ReadManifest { platform: None, manifest: signed.clone() }]),
        };
        for ReadManifest { platform, manifest } in &images {
            if manifest.content == Content::Other {
                let why = Unproven::Form(manifest.kind().to_owned());
                parts.push(self.unproven(platform.clone(), manifest, why));
            }
        }
        let (mut blobs, mut to_read) = (Vec::new(), BTreeMap::<_, Vec<(usize, UnreadPart)>>::new());
        for (at, part) in images.iter().flat_map(wanted).enumerate() {
            // It was read for its platform.
            let found = if matches!(part.part, ImagePart::Config(_)) { config.take() } else { None };
            match found.or_else(|| unread_finding(&part.descriptor)) {
                Some(finding) => blobs.push((at, self.told(part.found(finding)))),
                // What several parts or platforms share is read once.
                None => to_read.entry(part.content()).or_default().push((at, part)),
            }
        }
        // In the order of the parts.
        let mut to_read: Vec<Vec<(usize, UnreadPart)>> = to_read.into_values().collect();
        to_read.sort_by_key(|parts| parts.first().map(|(at, _)| *at));
        let mut read = stream::iter(to_read).map(|parts| self.blob(parts)).buffer_unordered(AT_ONCE);
        while let Some(found) = read.next().await {
            blobs.extend(found);
        }
        blobs.sort_by_key(|(at, _)| *at);
        parts.extend(blobs.into_iter().map(|(_, checked)| checked));
        parts
    }

    /// Of an image that is no index, what is found of its configuration, which must name the platform; else what keeps it from
    /// being proven.
    async fn for_platform(
        &self,
        manifest: &Manifest,
        config: &Descriptor,
        asked: &str,
    ) -> Result<PartFinding, CheckedPart> {
        let unproven = |why| self.unproven(None, manifest, why);
        match unread_finding(config) {
            Some(PartFinding::Skipped(_)) => return Err(unproven(Unproven::NoConfiguration)),
            Some(wrong) => return Ok(wrong),
            None if config.size() > CONFIGURATION => return Err(unproven(Unproven::NoConfiguration)),
            None => {}
        }
        let expected = Expected { digest: config.digest().clone(), size: Some(config.size()), limit: CONFIGURATION };
        let mut bytes = Vec::new();
        if let Err(error) = self.read(expected, |piece| bytes.extend_from_slice(piece)).await {
            return Ok(PartFinding::wrong(error));
        }
        let there = platform_of(&bytes);
        if there.as_ref().is_some_and(|there| is_for(asked, there)) {
            return Ok(PartFinding::Good);
        }
        Err(unproven(Unproven::NoPlatform { asked: asked.to_owned(), there: there.into_iter().collect() }))
    }

    /// The images that an index lists, through other indexes too, with what was found of their manifests.
    async fn images(&self, index: &Manifest, asked: Option<&str>) -> (Vec<CheckedPart>, Vec<ReadManifest>) {
        let (mut parts, mut images, mut read) = (Vec::new(), Vec::new(), 0);
        let (mut passed_over, mut is_there) = (BTreeSet::new(), asked.is_none());
        let mut level: Vec<(Option<String>, Descriptor)> = unread(None, index);
        for _ in 0..NESTED {
            for (above, listed) in std::mem::take(&mut level) {
                let platform = platform_name(&listed).or(above);
                if let (Some(asked), Some(platform)) = (asked, &platform)
                    && !is_for(asked, platform)
                {
                    passed_over.insert(platform.clone());
                    let skipped = PartFinding::Skipped(PassedOver::OtherPlatform);
                    parts.push(self.told(of_platform(Some(platform.as_str()), &listed, skipped)));
                    continue;
                }
                read += 1;
                if read > MANIFESTS {
                    parts.push(self.unproven(None, index, Unproven::Endless));
                    return (parts, images);
                }
                let (checked, manifest) = self.manifest(platform.as_deref(), &listed).await;
                parts.push(checked);
                match manifest {
                    Some(manifest) if matches!(manifest.content, Content::Index(_)) => {
                        level.extend(unread(platform.as_ref(), &manifest));
                    }
                    Some(manifest) => {
                        is_there = true;
                        images.push(ReadManifest { platform: Some(platform.unwrap_or_else(no_platform)), manifest });
                    }
                    // What is wrong with it is said.
                    None => is_there = true,
                }
            }
            if level.is_empty() {
                break;
            }
        }
        if !level.is_empty() {
            parts.push(self.unproven(None, index, Unproven::Endless));
        } else if let (false, Some(asked)) = (is_there, asked) {
            let why = Unproven::NoPlatform { asked: asked.to_owned(), there: passed_over.into_iter().collect() };
            parts.push(self.unproven(None, index, why));
        }
        (parts, images)
    }

    /// Reads a manifest that an index lists.
    async fn manifest(&self, platform: Option<&str>, listed: &Descriptor) -> (CheckedPart, Option<Manifest>) {
        let read = self.registry.manifest(self.path, &Reference::Digest(listed.digest().clone())).await;
        let read = read.and_then(|manifest| fits(listed, manifest));
        let read = read.and_then(|manifest| rightly_called(self.registry.endpoint().host(), manifest));
        let read = read.and_then(|manifest| embedded(listed).map(|()| manifest));
        let (finding, manifest) = match read {
            Ok(manifest) => (PartFinding::Good, Some(manifest)),
            Err(error) => (PartFinding::wrong(error), None),
        };
        (self.told(of_platform(platform, listed, finding)), manifest)
    }

    fn unproven(&self, platform: Option<String>, manifest: &Manifest, why: Unproven) -> CheckedPart {
        let (digest, size) = (manifest.digest.to_string(), manifest.bytes.len() as u64);
        self.told(CheckedPart { part: ImagePart::Listed(platform), digest, size, finding: PartFinding::Unproven(why) })
    }

    /// Reads a blob once for all parts that are it.
    async fn blob(&self, parts: Vec<(usize, UnreadPart)>) -> Vec<(usize, CheckedPart)> {
        let Some((_, UnreadPart { descriptor, .. })) = parts.first() else { return Vec::new() };
        let expected =
            Expected { digest: descriptor.digest().clone(), size: Some(descriptor.size()), limit: BLOB_LIMIT };
        let finding = self.read(expected, |_| {}).await.map_or_else(PartFinding::wrong, |()| PartFinding::Good);
        parts.into_iter().map(|(at, part)| (at, self.told(part.found(finding.clone())))).collect()
    }

    async fn read(&self, expected: Expected, mut keep: impl FnMut(&[u8])) -> Result<(), RemoteError> {
        let mut blob = self.registry.blob(self.path, expected).await?;
        while let Some(piece) = blob.piece().await? {
            keep(&piece);
            (self.heard)(Heard::Read(piece.len() as u64));
        }
        Ok(())
    }
}

impl UnreadPart {
    /// What makes two parts the same bytes.
    fn content(&self) -> (String, u64) {
        (self.descriptor.digest().to_string(), self.descriptor.size())
    }

    fn found(self, finding: PartFinding) -> CheckedPart {
        let (digest, size) = self.content();
        CheckedPart { part: self.part, digest, size, finding }
    }
}

/// What is found of a part without reading it.
fn unread_finding(descriptor: &Descriptor) -> Option<PartFinding> {
    let elsewhere = descriptor.urls().as_ref().is_some_and(|urls| !urls.is_empty());
    match embedded(descriptor) {
        Err(error) => Some(PartFinding::wrong(error)),
        Ok(()) => elsewhere.then_some(PartFinding::Skipped(PassedOver::Elsewhere)),
    }
}

/// What an index lists that is listed for a platform itself, or for none.
fn unread(platform: Option<&String>, index: &Manifest) -> Vec<(Option<String>, Descriptor)> {
    index.content.listed().iter().map(|listed| (platform.cloned(), listed.clone())).collect()
}

fn of_platform(platform: Option<&str>, listed: &Descriptor, finding: PartFinding) -> CheckedPart {
    let part = ImagePart::Platform(platform.map_or_else(no_platform, str::to_owned));
    CheckedPart { part, digest: listed.digest().to_string(), size: listed.size(), finding }
}

/// Configuration and layers of an image.
fn wanted(image: &ReadManifest) -> Vec<UnreadPart> {
    let ReadManifest { platform, manifest } = image;
    let Content::Image(image) = &manifest.content else { return Vec::new() };
    let of = image.layers().len();
    let config = UnreadPart { part: ImagePart::Config(platform.clone()), descriptor: image.config().clone() };
    let layer = |(at, descriptor): (usize, &Descriptor)| UnreadPart {
        part: ImagePart::Layer { number: at + 1, of, platform: platform.clone() },
        descriptor: descriptor.clone(),
    };
    std::iter::once(config).chain(image.layers().iter().enumerate().map(layer)).collect()
}
