//! Every tag, signed or not, beside what the registry holds.

use std::sync::Arc;

use jiff::Timestamp as Time;

use super::Tags;
use super::ask::Unanswered;
use super::registered::{KnownTag, Registered, TagAnswer};
use crate::engine::error::EngineError;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{RepositoryView, RoleView, TagState, TagView};
use crate::engine::wording::natural;
use crate::remote::registry::Resolved;

/// How a tag stands in both worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagStanding {
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
    /// Released; the registry has not been asked.
    Signed,
    /// Released, and a verification found that the registry's bytes are not what was signed.
    Tampered,
}

impl TagStanding {
    /// How tags can stand once they were compared.
    pub const COMPARED: [Self; 7] =
        [Self::Ok, Self::Drift, Self::Gone, Self::Held, Self::Orphan, Self::Expired, Self::Unsigned];

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
            Self::Signed => "signed",
            Self::Tampered => "tampered",
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
pub struct TagPair {
    /// The tag, raw.
    pub name: Arc<str>,
    /// How it stands.
    pub standing: TagStanding,
    /// Place of what is signed among the tags of the view; a tag has several rows if roles sign different digests.
    pub signed: Option<usize>,
    /// What the registry says that the tag is; of tags that nobody has signed only where somebody looks.
    pub registry: Option<Arc<Resolved>>,
}

/// How many tags the registry and the signatures differ about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Differences {
    /// Another image stands under the tag.
    pub drifted: usize,
    /// The registry has no such tag.
    pub gone: usize,
    /// Nobody has signed the tag.
    pub unsigned: usize,
    /// The bytes are not what was signed.
    pub tampered: usize,
}

impl Differences {
    /// Counts those of rows.
    #[must_use]
    pub fn among<'a>(rows: impl IntoIterator<Item = &'a TagPair>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            match row.standing {
                TagStanding::Drift => counts.drifted += 1,
                TagStanding::Gone => counts.gone += 1,
                TagStanding::Unsigned => counts.unsigned += 1,
                TagStanding::Tampered => counts.tampered += 1,
                _ => {}
            }
        }
        counts
    }
}

/// A repository in both worlds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is signed, with notices and freshness.
    pub view: RepositoryView,
    /// Rows in natural order.
    pub rows: Vec<TagPair>,
    /// Signed tags of which the registry did not say what they are.
    pub unanswered: Vec<Unanswered>,
    /// When the registry was asked.
    pub at: Time,
}

impl Comparison {
    /// What is signed of a row.
    #[must_use]
    pub fn signed(&self, row: &TagPair) -> Option<&TagView> {
        self.view.tags.get(row.signed?)
    }

    /// Whether the registry holds what is signed.
    #[must_use]
    pub fn is_same(&self, row: &TagPair) -> bool {
        self.signed(row).zip(row.registry.as_ref()).is_some_and(|(tag, found)| is_same(tag, found))
    }

    /// The lengths that are signed and found where they alone differ.
    #[must_use]
    pub fn other_length(&self, row: &TagPair) -> Option<(u64, u64)> {
        let (tag, found) = self.signed(row).zip(row.registry.as_ref())?;
        other_length(tag, found)
    }
}

impl Tags {
    /// Asks the registry for its tags, and of the signed ones what they are, and compares.
    ///
    /// # Errors
    /// `Remote` of the registry.
    pub async fn compare(&self, view: RepositoryView) -> Result<Comparison, EngineError> {
        let gun = &view.gun;
        let mut registered = self.list(gun).await?;
        let signed = |name: &str| view.tags.binary_search_by(|tag| natural(&tag.name, name)).is_ok();
        let wanted = registered.names().filter(|name| signed(name)).cloned().collect();
        let heard = |answers: Vec<TagAnswer>| answers.into_iter().for_each(|answer| registered.learn(answer));
        let unanswered = self.ask(gun, wanted, heard).await?;
        let rows = rows(&view, Some(&registered));
        Ok(Comparison { view, rows, unanswered, at: self.context.now() })
    }
}

/// Puts both lists together, in natural order. Without the registry's these are the signed tags.
#[must_use]
pub fn rows(view: &RepositoryView, registered: Option<&Registered>) -> Vec<TagPair> {
    let signed = view.tags.iter().enumerate().map(|(place, tag)| {
        let known = registered.map(|registered| registered.of(&tag.name));
        let registry = if let Some(KnownTag::Is(found)) = known { Some(Arc::clone(found)) } else { None };
        let name = Arc::clone(&tag.name);
        TagPair { name, standing: standing(view, tag, known), signed: Some(place), registry }
    });
    let mut rows: Vec<TagPair> = signed.collect();
    let is_signed = |name: &str| view.tags.binary_search_by(|tag| natural(&tag.name, name)).is_ok();
    let listed = registered.into_iter().flat_map(Registered::names);
    let unsigned = listed.filter(|name| !is_signed(name)).map(|name| TagPair {
        name: Arc::clone(name),
        standing: TagStanding::Unsigned,
        signed: None,
        registry: registered.and_then(|registered| match registered.of(name) {
            KnownTag::Is(found) => Some(Arc::clone(found)),
            _ => None,
        }),
    });
    rows.extend(unsigned);
    if rows.len() > view.tags.len() {
        rows.sort_by(|a, b| natural(&a.name, &b.name));
    }
    rows
}

/// Whether the registry holds what is signed.
#[must_use]
pub fn is_same(tag: &TagView, found: &Resolved) -> bool {
    has_same_digest(tag, found) && found.size == tag.length
}

fn has_same_digest(tag: &TagView, found: &Resolved) -> bool {
    found.digest.as_ref().strip_prefix("sha256:").is_some_and(|digits| digits == tag.digest)
}

/// The lengths that are signed and found where they alone differ: what is signed is no image then, and every pull that checks
/// fails.
#[must_use]
pub fn other_length(tag: &TagView, found: &Resolved) -> Option<(u64, u64)> {
    (has_same_digest(tag, found) && found.size != tag.length).then_some((tag.length, found.size))
}

/// How a signed tag stands, with what is known of the registry if that was asked.
#[must_use]
pub fn standing(view: &RepositoryView, tag: &TagView, known: Option<KnownTag<'_>>) -> TagStanding {
    match (tag.state, known) {
        (TagState::Held, _) => TagStanding::Held,
        (TagState::Orphaned, _) => unpulled(view, tag),
        (TagState::Trusted, None | Some(KnownTag::Listed)) => TagStanding::Signed,
        (TagState::Trusted, Some(KnownTag::Gone)) => TagStanding::Gone,
        (TagState::Trusted, Some(KnownTag::Is(found))) if is_same(tag, found) => TagStanding::Ok,
        (TagState::Trusted, Some(KnownTag::Is(_))) => TagStanding::Drift,
    }
}

/// Why a released tag is not pulled: a role that lists it, or one above, has expired, or its signatures do not count.
fn unpulled(view: &RepositoryView, tag: &TagView) -> TagStanding {
    // Below an expired role nothing counts.
    let counts = |role: &&RoleView| {
        role.role.delegation().is_none() || (tag.roles.contains(&role.role) && role.role.is_released())
    };
    let expired = view.roles.iter().filter(counts).any(|role| role.state == RoleState::Expired);
    if expired { TagStanding::Expired } else { TagStanding::Orphan }
}
