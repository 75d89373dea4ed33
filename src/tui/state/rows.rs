//! Rows that lists are made of.

use std::sync::Arc;

use crate::engine::view::TagState;
use crate::engine::{EntryId, RepositoryView};
use crate::tuf::Gun;
use crate::tui::kit::filter::{Filter, Searched};

/// A row of the pane: a repository, or a change below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StagedRow {
    Repository(Gun),
    Change(EntryId),
}

/// The tags of a view as the list takes them, worst first, made once for a view.
#[derive(Debug, Default)]
pub struct TagRows {
    of: Option<Arc<RepositoryView>>,
    rows: Vec<TagRow>,
    /// What they were filtered by last.
    pub filter: Filter,
}

impl TagRows {
    /// Those of a view.
    #[must_use]
    pub fn new(view: Arc<RepositoryView>, filter: Filter) -> Self {
        let mut rows = Vec::with_capacity(view.tags.len());
        for state in [TagState::Orphaned, TagState::Held, TagState::Trusted] {
            let tags = view.tags.iter().enumerate().filter(|(_, tag)| tag.state == state);
            rows.extend(tags.map(|(index, tag)| {
                let text = format!("{} {} {} {}", tag.name, tag_state(tag.state), tag.digest, tag.signers.join(" "));
                TagRow { index, name: Arc::from(tag.name.as_str()), text: Searched::new(text) }
            }));
        }
        Self { of: Some(view), rows, filter }
    }

    /// Whether they are of this very view.
    #[must_use]
    pub fn is_of(&self, view: &Arc<RepositoryView>) -> bool {
        self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, view))
    }

    /// Index and name of those that pass the filter.
    #[must_use]
    pub fn shown(&self) -> Vec<(usize, Arc<str>)> {
        let rows = self.rows.iter().filter(|row| self.filter.finds(&row.text));
        rows.map(|row| (row.index, Arc::clone(&row.name))).collect()
    }
}

#[derive(Debug)]
pub(in crate::tui) struct TagRow {
    index: usize,
    name: Arc<str>,
    text: Searched,
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
