//! Every tag, signed or not, beside what the registry holds.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::Timestamp as Time;

use super::{Tags, remote};
use crate::engine::error::EngineError;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{RepositoryView, RoleView, TagState, TagView};
use crate::engine::wording::natural;
use crate::remote::registry::{Reference, Resolved, Tag};
use crate::remote::{Registry, RemoteError};
use crate::tuf::Gun;

/// Tags that are asked about at the same time; the client bounds requests on its own.
const AT_ONCE: usize = 64;

/// How a tag stands in both worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Pulls get what is signed, and the registry holds the same under the tag.
    Ok,
    /// The registry holds something else under the tag than what is signed.
    Drift,
    /// Signed, and the registry has no such tag.
    Gone,
    /// Signed, but not released: nobody pulls it.
    Held,
    /// Released by a role whose file is not signed by its keys.
    Orphan,
    /// Released by a role whose file has expired.
    Expired,
    /// The registry holds it, and nobody has signed it.
    Unsigned,
    /// The registry has not been asked.
    Unknown,
}

impl Standing {
    /// The word in lists and filters.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Drift => "drift",
            Self::Gone => "gone",
            Self::Held => "held",
            Self::Orphan => "orphan",
            Self::Expired => "expired",
            Self::Unsigned => "unsigned",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the registry moved away from what is signed.
    #[must_use]
    pub fn is_drift(self) -> bool {
        matches!(self, Self::Drift | Self::Gone)
    }
}

/// One tag with what is signed and what the registry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The tag, raw.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// What is signed; a tag has several rows if roles sign different digests.
    pub signed: Option<TagView>,
    /// What the registry says that the tag is.
    pub registry: Option<Resolved>,
}

impl Row {
    /// Whether the registry holds what is signed.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let signed = self.signed.as_ref().map(|tag| format!("sha256:{}", tag.digest));
        signed.is_some() && signed == self.registry.as_ref().map(|found| found.digest.to_string())
    }
}

/// A repository in both worlds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is signed, with notices and freshness.
    pub view: RepositoryView,
    /// Rows in natural order.
    pub rows: Vec<Row>,
    /// When the registry was asked.
    pub at: Time,
}

/// Which tags the registry is asked about one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All.
    All,
    /// Signed ones; of the others only their names are asked for.
    Signed,
}

impl Tags {
    /// Asks both servers and compares. `progress` hears how many tags of how many were asked about.
    ///
    /// # Errors
    /// As [`crate::engine::view::Views::refresh`]; `Remote` of the registry.
    pub async fn compare(
        &self,
        gun: &Gun,
        extent: Extent,
        progress: impl Fn(usize, usize) + Send,
    ) -> Result<Comparison, EngineError> {
        let view = self.views.refresh(gun).await?;
        let (registry, path) = self.registry(gun).await?;
        let listed: BTreeSet<Tag> = match registry.tags(&path).await {
            Ok(tags) => tags.into_iter().collect(),
            // Nothing was ever pushed, or everything was removed.
            Err(RemoteError::NotFound { .. }) => BTreeSet::new(),
            Err(source) => return Err(remote(gun)(source)),
        };
        let signed: BTreeSet<&str> = view.tags.iter().map(|tag| tag.name.as_str()).collect();
        let wanted = listed.iter().filter(|tag| extent == Extent::All || signed.contains(tag.as_str()));
        let wanted: Vec<Tag> = wanted.cloned().collect();
        let found = resolve_all(&registry, &path, wanted, progress).await.map_err(remote(gun))?;
        let rows = rows(&view, &listed, &found);
        Ok(Comparison { view, rows, at: self.context.now() })
    }
}

/// Asks about tags side by side. One that was removed meanwhile is left out.
async fn resolve_all(
    registry: &Registry,
    path: &crate::remote::registry::RepositoryPath,
    tags: Vec<Tag>,
    progress: impl Fn(usize, usize) + Send,
) -> Result<BTreeMap<String, Resolved>, RemoteError> {
    let (all, mut found) = (tags.len(), BTreeMap::new());
    let ask = |tag: Tag| async move {
        let resolved = registry.resolve(path, &Reference::Tag(tag.clone())).await;
        (tag, resolved)
    };
    let mut answers = stream::iter(tags).map(ask).buffer_unordered(AT_ONCE).enumerate();
    while let Some((number, (tag, answer))) = answers.next().await {
        match answer {
            Ok(resolved) => {
                found.insert(tag.to_string(), resolved);
            }
            Err(RemoteError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        progress(number + 1, all);
    }
    Ok(found)
}

/// Puts both lists together.
fn rows(view: &RepositoryView, listed: &BTreeSet<Tag>, found: &BTreeMap<String, Resolved>) -> Vec<Row> {
    let signed = view.tags.iter().map(|tag| {
        let registry = found.get(&tag.name).cloned();
        Row {
            name: tag.name.clone(),
            standing: standing(view, tag, registry.as_ref()),
            signed: Some(tag.clone()),
            registry,
        }
    });
    let names: BTreeSet<&str> = view.tags.iter().map(|tag| tag.name.as_str()).collect();
    let unsigned = listed.iter().filter(|tag| !names.contains(tag.as_str())).map(|tag| Row {
        name: tag.to_string(),
        standing: Standing::Unsigned,
        signed: None,
        registry: found.get(tag.as_str()).cloned(),
    });
    let mut rows: Vec<Row> = signed.chain(unsigned).collect();
    rows.sort_by(|a, b| natural(&a.name, &b.name));
    rows
}

fn standing(view: &RepositoryView, tag: &TagView, registry: Option<&Resolved>) -> Standing {
    match (tag.state, registry) {
        (TagState::Held, _) => Standing::Held,
        (TagState::Orphaned, _) => unpulled(view, tag),
        (TagState::Trusted, None) => Standing::Gone,
        (TagState::Trusted, Some(found)) if found.digest.as_ref() == format!("sha256:{}", tag.digest) => Standing::Ok,
        (TagState::Trusted, Some(_)) => Standing::Drift,
    }
}

/// Why a released tag is not pulled: a role that lists it, or one above, has expired, or its signatures do not count.
fn unpulled(view: &RepositoryView, tag: &TagView) -> Standing {
    // Below an expired role nothing counts.
    let counts = |role: &&RoleView| {
        role.role.delegation().is_none() || (tag.roles.contains(&role.role) && role.role.is_released())
    };
    let expired = view.roles.iter().filter(counts).any(|role| role.state == RoleState::Expired);
    if expired { Standing::Expired } else { Standing::Orphan }
}
