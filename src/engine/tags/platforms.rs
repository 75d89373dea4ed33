//! The platforms of an index.

use super::verify::platform_name;
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
        let platform = |listed: &oci_spec::image::Descriptor| Platform {
            name: platform_name(listed),
            digest: listed.digest().to_string(),
            size: listed.size(),
        };
        Ok(index.manifests().iter().map(platform).collect())
    }
}
