//! The platforms of an index.

use oci_spec::image::Descriptor;
use serde::Deserialize;

use super::{Tags, remote};
use crate::engine::error::EngineError;
use crate::remote::RemoteError;
use crate::remote::registry::{Content, Digest, Reference};
use crate::tuf::Gun;

/// An image of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Such as `linux/arm64/v8`; may be anything, since others wrote it.
    pub name: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Size of its manifest, in bytes.
    pub size: u64,
}

impl Tags {
    /// The platforms of what has this digest, as the manifest of that digest lists them; none if it is no index.
    ///
    /// # Errors
    /// `Remote`.
    pub async fn platforms(&self, gun: &Gun, digest: &str) -> Result<Vec<Platform>, EngineError> {
        let (registry, path) = self.registry(gun).await?;
        let digest = Digest::try_from(digest);
        let digest = digest.map_err(|error| remote(gun)(RemoteError::Setting(error.to_string())))?;
        let manifest = registry.manifest(&path, &Reference::Digest(digest)).await.map_err(remote(gun))?;
        let Content::Index(index) = manifest.content else { return Ok(Vec::new()) };
        let platform = |listed: &Descriptor| Platform {
            name: platform_name(listed).unwrap_or_else(no_platform),
            digest: listed.digest().to_string(),
            size: listed.size(),
        };
        Ok(index.manifests().iter().map(platform).collect())
    }
}

/// `linux/arm64/v8`, if the index names one.
pub(super) fn platform_name(listed: &Descriptor) -> Option<String> {
    let platform = listed.platform().as_ref()?;
    let variant = platform.variant().as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
    Some(format!("{}/{}{variant}", platform.os(), platform.architecture()))
}

/// The same of an image, as its configuration says.
pub(super) fn platform_of(configuration: &[u8]) -> Option<String> {
    let Configuration { os, architecture, variant } = serde_json::from_slice(configuration).ok()?;
    let variant = variant.map(|variant| format!("/{variant}")).unwrap_or_default();
    Some(format!("{os}/{architecture}{variant}"))
}

/// What a configuration says of a platform.
#[derive(Deserialize)]
struct Configuration {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

/// In the place of a name.
pub(super) fn no_platform() -> String {
    "no platform".to_owned()
}

/// Whether an image for `platform` is one for what somebody asked for: any variant where none was named.
pub(super) fn is_for(asked: &str, platform: &str) -> bool {
    let (named, of) = (parts(asked), parts(platform));
    (named.0, named.1) == (of.0, of.1) && (named.2.is_none() || variant(named) == variant(of))
}

/// System, architecture, variant.
type Parts<'a> = (&'a str, &'a str, Option<&'a str>);

fn parts(platform: &str) -> Parts<'_> {
    let mut words = platform.splitn(3, '/');
    (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next())
}

/// The variant, or the one that is meant where none is named.
fn variant<'a>((_, architecture, named): Parts<'a>) -> Option<&'a str> {
    match architecture {
        "arm64" => named.or(Some("v8")),
        "arm" => named.or(Some("v7")),
        _ => named,
    }
}

#[cfg(test)]
mod tests {
    use super::is_for;

    #[test]
    fn a_platform_without_a_variant_stands_for_all_of_them() {
        for (asked, platform, fits) in [
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm64", "linux/arm64", true),
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm/v6", "linux/arm/v7", false),
            ("linux/arm/v6", "linux/arm", false),
            ("linux/arm", "linux/arm64", false),
            ("windows/amd64", "linux/amd64", false),
            ("amd64", "linux/amd64", false),
            ("linux", "linux/amd64", false),
            ("", "no platform", false),
        ] {
            assert_eq!(is_for(asked, platform), fits, "{asked} {platform}");
        }
    }
}
