//! What a registry is known to hold of a repository: the names of its tags, and what those are that were asked about.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::remote::registry::Resolved;

/// What the registry said of a tag; `None` if it was removed since it was listed.
pub type TagAnswer = (Arc<str>, Option<Arc<Resolved>>);

/// What a registry is known to hold of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Registered {
    tags: BTreeMap<Arc<str>, Option<Arc<Resolved>>>,
}

/// What is known of one tag in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownTag<'a> {
    /// The registry has no such tag.
    Gone,
    /// It has one, and was not asked what it is.
    Listed,
    /// It is this.
    Is(&'a Arc<Resolved>),
}

impl Registered {
    /// The tags that the registry lists, of which nothing else is known yet.
    pub fn listed(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self { tags: names.into_iter().map(|name| (name, None)).collect() }
    }

    /// What is known of a tag.
    #[must_use]
    pub fn of(&self, tag: &str) -> KnownTag<'_> {
        match self.tags.get(tag) {
            None => KnownTag::Gone,
            Some(None) => KnownTag::Listed,
            Some(Some(resolved)) => KnownTag::Is(resolved),
        }
    }

    /// Takes an answer about a tag that was listed.
    pub fn learn(&mut self, (name, found): TagAnswer) {
        match found {
            Some(found) => drop(self.tags.insert(name, Some(found))),
            None => drop(self.tags.remove(&name)),
        }
    }

    /// Takes over what was known before of the tags that are listed.
    pub fn remember(&mut self, before: Self) {
        for (name, found) in before.tags {
            if let Some(known @ None) = self.tags.get_mut(&name) {
                *known = found;
            }
        }
    }

    /// Names of all tags, in the order of their bytes.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.tags.keys()
    }

    /// How many tags there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }
}
