//! What is to be signed under a tag, held against the registry before it is staged.

use futures_util::{StreamExt, stream};

use super::{Tags, remote};
use crate::engine::draft::change::SignedTarget;
use crate::engine::error::{EngineError, Problem, refuse};
use crate::remote::RemoteError;
use crate::remote::registry::{Digest, Reference, Tag};
use crate::tuf::{Gun, TargetName};

/// Tags that are looked up at the same time.
const AT_ONCE: usize = 16;

/// A tag that somebody wants to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedTag {
    /// The tag.
    pub tag: TargetName,
    /// What it shall stand for; `None` for what the registry holds under it.
    pub target: Option<SignedTarget>,
}

/// What would be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The tag.
    pub tag: TargetName,
    /// What it would stand for.
    pub target: SignedTarget,
    /// What the registry holds under the tag instead, in hexadecimal.
    pub instead: Option<String>,
    /// Why the registry could not be asked whether it has this.
    pub unchecked: Option<Problem>,
}

impl Tags {
    /// Looks up side by side what would be signed, in the order of asking.
    ///
    /// # Errors
    /// For each: `Remote` if the registry has no such tag or manifest, `Input` if it has another size. A registry that
    /// cannot be asked is an error only where it must say what to sign.
    pub async fn candidates(
        &self,
        gun: &Gun,
        wanted: Vec<WantedTag>,
    ) -> Vec<(WantedTag, Result<Candidate, EngineError>)> {
        let one = |wanted: WantedTag| async move {
            let found = self.candidate(gun, wanted.clone()).await;
            (wanted, found)
        };
        stream::iter(wanted).map(one).buffered(AT_ONCE).collect().await
    }

    async fn candidate(&self, gun: &Gun, wanted: WantedTag) -> Result<Candidate, EngineError> {
        let WantedTag { tag, target } = wanted;
        let Some(target) = target else {
            let target = self.to_sign(gun, tag.as_str()).await?;
            return Ok(Candidate { tag, target, instead: None, unchecked: None });
        };
        match self.has(gun, &target).await {
            Ok(()) => {
                let held = self.held(gun, tag.as_str()).await;
                let from_registry = held.as_ref() == Some(&target.sha256);
                let instead = held.filter(|_| !from_registry);
                Ok(Candidate { tag, target: SignedTarget { from_registry, ..target }, instead, unchecked: None })
            }
            Err(error) if error.kind().allows_cache() => {
                Ok(Candidate { tag, target, instead: None, unchecked: Some(error.problem()) })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the registry has this very manifest.
    async fn has(&self, gun: &Gun, target: &SignedTarget) -> Result<(), EngineError> {
        let (registry, path) = self.registry(gun).await?;
        let digest = Digest::try_from(format!("sha256:{}", target.sha256));
        let digest = digest.map_err(|error| remote(gun)(RemoteError::Setting(error.to_string())))?;
        let found = registry.resolve(&path, &Reference::Digest(digest)).await.map_err(remote(gun))?;
        if found.size == target.length {
            return Ok(());
        }
        let message = format!("the registry's manifest of this digest has {} bytes, not {}", found.size, target.length);
        Err(refuse(message, "leave digest and size empty, and they are taken from the registry"))
    }

    /// The digest that the registry holds under a tag, in hexadecimal, if it says so.
    async fn held(&self, gun: &Gun, tag: &str) -> Option<String> {
        let (registry, path) = self.registry(gun).await.ok()?;
        let found = registry.resolve(&path, &Reference::Tag(Tag::parse(tag).ok()?)).await.ok()?;
        Some(found.digest.digest().to_owned())
    }
}
