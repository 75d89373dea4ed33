//! Whether tags that were signed as the registry held them still stand for the same.

use futures_util::{StreamExt, stream};

use super::part::Publisher;
use crate::engine::draft::change::{Change, StagedChange};
use crate::engine::error::EngineError;
use crate::engine::servers::Servers;
use crate::remote::RemoteError;
use crate::remote::registry::{Reference, Tag};
use crate::tuf::Gun;

/// Tags that are asked about at the same time.
const AT_ONCE: usize = 32;

impl Publisher {
    /// Asks the registry about every tag whose digest was taken from it. A registry that cannot be asked keeps nobody
    /// from signing what was reviewed; that is said.
    ///
    /// # Errors
    /// `Moved` with the first tag that stands for something else now.
    pub(super) async fn check_unmoved(
        &self,
        gun: &Gun,
        entries: &[StagedChange],
    ) -> Result<Option<String>, EngineError> {
        let taken = entries.iter().filter_map(|entry| match &entry.change {
            Change::Sign { tag, target, .. } if target.from_registry => Some((tag.as_str(), target.sha256.as_str())),
            _ => None,
        });
        // What was staged for a tag last is what counts.
        let taken: std::collections::BTreeMap<&str, &str> = taken.collect();
        if taken.is_empty() {
            return Ok(None);
        }
        let (registry, path) = match self.servers.registry(gun).await {
            Ok(both) => both,
            Err(error) => return Ok(Some(unasked(&error))),
        };
        let ask = |(tag, reviewed): (&str, &str)| {
            let (tag, reviewed, registry, path) = (tag.to_owned(), reviewed.to_owned(), &registry, &path);
            async move {
                let found = match Tag::parse(&tag) {
                    Ok(name) => registry.resolve(path, &Reference::Tag(name)).await,
                    Err(error) => Err(error),
                };
                (tag, reviewed, found)
            }
        };
        let mut answers = stream::iter(taken).map(ask).buffered(AT_ONCE);
        let mut unknown = None;
        while let Some((tag, reviewed, found)) = answers.next().await {
            let now = match found {
                Ok(found) if found.digest.digest() == reviewed => continue,
                Ok(found) => Some(found.digest.digest().to_owned()),
                Err(RemoteError::NotFound { .. }) => None,
                Err(source) => {
                    unknown.get_or_insert_with(|| unasked(&Servers::remote(gun)(source)));
                    continue;
                }
            };
            return Err(EngineError::Moved { gun: gun.clone(), tag, reviewed, now });
        }
        Ok(unknown)
    }
}

fn unasked(error: &EngineError) -> String {
    format!("the registry could not be asked whether the tags still stand for what was reviewed: {error}")
}
