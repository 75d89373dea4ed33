//! Rows that lists are made of.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::engine::view::{TagState, TagView};
use crate::engine::{EntryId, RepositoryView};
use crate::tuf::Gun;
use crate::tui::kit::filter::{Filter, Searched};

/// A row of the pane: a repository, or a change below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StagedRow {
    Repository(Gun),
    Change(EntryId),
}

/// A tag of a view, named without a copy of its name: there may be a hundred thousand.
#[derive(Clone, Debug)]
pub struct TagRow {
    view: Arc<RepositoryView>,
    index: usize,
}

impl TagRow {
    /// The tag.
    #[must_use]
    pub fn name(&self) -> &str {
        self.view.tags.get(self.index).map_or("", |tag| &tag.name)
    }
}

impl PartialEq for TagRow {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for TagRow {}

impl PartialOrd for TagRow {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TagRow {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

/// The tags of a view as the list takes them, worst first, made once for a view.
#[derive(Debug, Default)]
pub struct TagRows {
    of: Option<Arc<RepositoryView>>,
    /// Places in the view.
    order: Vec<usize>,
    /// What each is found by, in the same order; made when something is looked for.
    texts: Vec<Searched>,
    /// What they were filtered by last.
    pub filter: Filter,
}

impl TagRows {
    /// Those of a view.
    #[must_use]
    pub fn new(view: Arc<RepositoryView>, filter: Filter) -> Self {
        let of_state = |state: TagState| {
            let tags = view.tags.iter().enumerate().filter(move |(_, tag)| tag.state == state);
            tags.map(|(index, _)| index)
        };
        let order = [TagState::Orphaned, TagState::Held, TagState::Trusted].into_iter().flat_map(of_state).collect();
        Self { of: Some(view), order, texts: Vec::new(), filter }
    }

    /// Whether they are of this very view.
    #[must_use]
    pub fn is_of(&self, view: &Arc<RepositoryView>) -> bool {
        self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, view))
    }

    /// Index and name of those that pass the filter.
    #[must_use]
    pub fn shown(&mut self) -> Vec<(usize, TagRow)> {
        let Some(view) = &self.of else { return vec![] };
        let row = |index: usize| (index, TagRow { view: Arc::clone(view), index });
        if self.filter.is_empty() {
            return self.order.iter().map(|index| row(*index)).collect();
        }
        if self.texts.is_empty() {
            let tags = self.order.iter().filter_map(|index| view.tags.get(*index));
            self.texts = tags.map(|tag| Searched::new(searched(tag))).collect();
        }
        let found = self.order.iter().zip(&self.texts).filter(|(_, text)| self.filter.finds(text));
        found.map(|(index, _)| row(*index)).collect()
    }
}

fn searched(tag: &TagView) -> String {
    format!("{} {} {} {}", tag.name, tag_state(tag.state), tag.digest, tag.signers.join(" "))
}

/// How a tag stands.
#[must_use]
pub fn tag_state(state: TagState) -> &'static str {
    match state {
        TagState::Orphaned => "orphan",
        TagState::Held => "held",
        TagState::Trusted => "ok",
    }
}
