//! What is to be signed under a tag, held against the registry before it is staged.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::{Tags, remote};
use crate::engine::draft::change::SignedTarget;
use crate::engine::error::{EngineError, Kind, Problem, refuse};
use crate::remote::registry::{Digest, Reference, Tag};
use crate::remote::{Overdue, RemoteError};
use crate::tuf::{Gun, TargetName};

/// Tags that are looked up at the same time.
const AT_ONCE: usize = 16;
/// How long a registry may take to say whether it has what is signed; it can be signed without that word.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many tags a registry may answer with an error of its own before it is not asked about the others.
const FAILURES: usize = 3;

/// A tag that somebody wants to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedTag {
    /// The tag.
    pub tag: TargetName,
    /// What it shall stand for, with a length of 0 where the registry is to say how long that is; `None` for what the
    /// registry holds under the tag.
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

/// Registries that could not be asked, by host: what failed lately, and how often. They are not asked about each of many
/// tags.
#[derive(Default)]
struct Away(Mutex<BTreeMap<String, (usize, Problem)>>);

impl Away {
    fn of(&self, gun: &Gun) -> Option<Problem> {
        let failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, problem) = failed.get(gun.host()?)?;
        (*count >= FAILURES).then(|| problem.clone())
    }

    fn note(&self, gun: &Gun, problem: &Problem) {
        let Some(host) = gun.host() else { return };
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = failed.entry(host.to_owned()).or_insert_with(|| (0, problem.clone()));
        // What the registry itself answers may be about one tag alone.
        *count += if problem.kind == Kind::Server { 1 } else { FAILURES };
        *last = problem.clone();
    }
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
        let wanted = wanted.into_iter().map(|wanted| (gun.clone(), wanted)).collect();
        self.candidates_each(wanted).await.into_iter().map(|((_, wanted), found)| (wanted, found)).collect()
    }

    /// The same for tags of several repositories.
    ///
    /// # Errors
    /// As [`Tags::candidates`].
    pub async fn candidates_each(
        &self,
        wanted: Vec<(Gun, WantedTag)>,
    ) -> Vec<((Gun, WantedTag), Result<Candidate, EngineError>)> {
        let away = Away::default();
        let one = |(gun, wanted): (Gun, WantedTag)| {
            let away = &away;
            async move {
                let found = self.candidate(&gun, wanted.clone(), away).await;
                ((gun, wanted), found)
            }
        };
        stream::iter(wanted).map(one).buffered(AT_ONCE).collect().await
    }

    async fn candidate(&self, gun: &Gun, wanted: WantedTag, away: &Away) -> Result<Candidate, EngineError> {
        let WantedTag { tag, target } = wanted;
        let Some(target) = target else {
            let target = self.to_sign(gun, tag.as_str()).await?;
            return Ok(Candidate { tag, target, instead: None, unchecked: None });
        };
        if gun.host().is_none() && target.length > 0 {
            // No registry is named that could have it.
            return Ok(Candidate { tag, target, instead: None, unchecked: None });
        }
        if let unchecked @ Some(_) = away.of(gun).filter(|_| target.length > 0) {
            return Ok(Candidate { tag, target, instead: None, unchecked });
        }
        let looked = tokio::time::timeout(PATIENCE, self.look(gun, tag.as_str(), &target)).await;
        match looked.unwrap_or_else(|_| Err(slow(gun))) {
            Ok((held, length)) => {
                let from_registry = held.as_ref() == Some(&target.sha256);
                let instead = held.filter(|_| !from_registry);
                let target = SignedTarget { from_registry, length, ..target };
                Ok(Candidate { tag, target, instead, unchecked: None })
            }
            Err(error) if cannot_be_asked(&error) && target.length > 0 => {
                let problem = error.problem();
                away.note(gun, &problem);
                Ok(Candidate { tag, target, instead: None, unchecked: Some(problem) })
            }
            Err(error) => Err(error),
        }
    }

    /// Looks whether the registry has this very manifest. Gives the digest that it holds under the tag, in hexadecimal, if
    /// it says so, and how long the manifest is.
    async fn look(&self, gun: &Gun, tag: &str, target: &SignedTarget) -> Result<(Option<String>, u64), EngineError> {
        let (registry, path) = self.registry(gun).await?;
        let held = match Tag::parse(tag) {
            Ok(tag) => registry.resolve(&path, &Reference::Tag(tag)).await.ok(),
            Err(_) => None,
        };
        let size = match &held {
            Some(held) if held.digest.digest() == target.sha256 => held.size,
            _ => {
                let digest = Digest::try_from(format!("sha256:{}", target.sha256));
                let digest = digest.map_err(|error| remote(gun)(RemoteError::Setting(error.to_string())))?;
                registry.resolve(&path, &Reference::Digest(digest)).await.map_err(remote(gun))?.size
            }
        };
        if target.length > 0 && size != target.length {
            let message = format!("the registry's manifest of this digest has {size} bytes, not {}", target.length);
            return Err(refuse(message, "leave digest and size empty, and they are taken from the registry"));
        }
        Ok((held.map(|held| held.digest.digest().to_owned()), size))
    }
}

/// Whether nothing is known of what the registry has, be it that none could have a repository of this name.
fn cannot_be_asked(error: &EngineError) -> bool {
    error.kind().allows_cache() || matches!(error, EngineError::Remote { source: RemoteError::Setting(_), .. })
}

fn slow(gun: &Gun) -> EngineError {
    let host = gun.host().unwrap_or_default().to_owned();
    remote(gun)(RemoteError::Slow { host, what: Overdue::Word, seconds: PATIENCE.as_secs() })
}
