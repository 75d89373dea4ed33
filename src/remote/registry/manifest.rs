//! Manifests: what an image or an index of images consists of.
//!
//! Invariant: the bytes have the digest that is stated beside them. Source: OCI image specification; Docker's image
//! manifest version 2, schema 2.

use oci_spec::image::{Descriptor, Digest, ImageIndex, ImageManifest};
use serde::Deserialize;

/// Media types of an image's manifest.
const IMAGES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
/// Media types of an index of manifests.
const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// Every kind of manifest that is understood, as a request names them. Without it, registries answer in older forms.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";

/// How deep indexes are followed that list each other.
pub const NESTED: usize = 8;
/// Manifests that are read below one.
pub const MANIFESTS: usize = 4096;
/// Manifests and descriptors that one manifest may list.
const LISTED: usize = 4096;

/// A manifest as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The bytes.
    pub bytes: bytes::Bytes,
    /// Their digest, computed here: by the algorithm of the digest that was asked for, else SHA-256.
    pub digest: Digest,
    /// What the registry calls them.
    pub media_type: String,
    /// What they call themselves, if they do: signed with them, which the registry's word is not.
    pub own_type: Option<String>,
    /// What they say.
    pub content: Content,
}

impl Manifest {
    /// The media type to read it by: its own, else the registry's.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.own_type.as_deref().unwrap_or(&self.media_type)
    }
}

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An image for one platform.
    Image(Box<ImageManifest>),
    /// Images for several platforms.
    Index(Box<ImageIndex>),
    /// A form that is not understood here.
    Other,
}

/// What tells the forms apart, without reading all of them.
#[derive(Deserialize)]
struct Form {
    #[serde(default, rename = "schemaVersion")]
    schema: Option<u64>,
    #[serde(default, rename = "mediaType")]
    media_type: Option<String>,
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    layers: Option<serde::de::IgnoredAny>,
}

/// What `bytes` that a registry calls `media_type` call themselves. The OCI's forms need not: they are told by their members
/// where the registry names no form that is understood.
pub(super) fn own_type(media_type: &str, bytes: &[u8]) -> Option<String> {
    let form: Form = serde_json::from_slice(bytes).ok()?;
    let [image, index] = [IMAGES[0], INDEXES[0]].map(str::to_owned);
    match form {
        Form { media_type: own @ Some(_), .. } => own.filter(|own| own.len() <= 255),
        _ if is_understood(media_type) || form.schema != Some(2) => None,
        Form { layers: Some(_), .. } => Some(image),
        Form { manifests: Some(_), .. } => Some(index),
        _ => None,
    }
}

fn is_understood(media_type: &str) -> bool {
    IMAGES.contains(&media_type) || INDEXES.contains(&media_type)
}

impl Content {
    /// Reads `bytes` that a registry calls `media_type`. Where that is no form that is understood, what they call themselves
    /// counts.
    ///
    /// # Errors
    /// Says what is wrong: another form than the registry states, or one that can be read in two ways.
    pub fn read(media_type: &str, bytes: &[u8]) -> Result<Self, String> {
        let own = own_type(media_type, bytes).filter(|own| is_understood(own));
        let media_type = if is_understood(media_type) { media_type } else { own.as_deref().unwrap_or_default() };
        let (is_image, is_index) = (IMAGES.contains(&media_type), INDEXES.contains(&media_type));
        if !is_image && !is_index {
            return Ok(Self::Other);
        }
        let form: Form = serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?;
        if let Some(inside) = form.media_type.as_deref().filter(|inside| *inside != media_type) {
            return Err(format!("the registry calls it {media_type}, its bytes say {inside}"));
        }
        // One that lists layers and manifests is another image for each reader. Source: CVE-2021-41190.
        if form.manifests.is_some() && form.layers.is_some() {
            return Err("it is an image and an index at once".to_owned());
        }
        let content = if is_image {
            Self::Image(Box::new(serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?))
        } else {
            Self::Index(Box::new(serde_json::from_slice(bytes).map_err(|error| unreadable(&error))?))
        };
        if content.listed().len() > LISTED { Err(format!("it lists more than {LISTED} parts")) } else { Ok(content) }
    }

    /// What is listed beside the configuration: layers of an image, manifests of an index.
    #[must_use]
    pub fn listed(&self) -> &[Descriptor] {
        match self {
            Self::Image(image) => image.layers(),
            Self::Index(index) => index.manifests(),
            Self::Other => &[],
        }
    }
}

/// Where it cannot be read; never the text itself, which is a stranger's.
fn unreadable(error: &serde_json::Error) -> String {
    format!("it is not as its media type demands, at line {}, column {}", error.line(), error.column())
}
