//! What is staged in one place.

use std::collections::BTreeMap;

use crate::engine::draft::change::{Change, EntryId};
use crate::tuf::TargetName;

/// Where changes to one repository are staged: its server, and what stands there already.
pub(super) struct StagedThere {
    pub(super) server: String,
    /// Changes to one tag; those to other tags have nothing to do with them, and there may be thousands. Those that are added
    /// now have no name yet.
    tags: BTreeMap<TargetName, Vec<(Option<EntryId>, Change)>>,
    pub(super) others: Vec<Change>,
}

impl StagedThere {
    pub(super) fn at(server: &str) -> Self {
        Self { server: server.to_owned(), tags: BTreeMap::new(), others: Vec::new() }
    }

    pub(super) fn put(&mut self, entry: Option<EntryId>, change: Change) {
        match change.tag().cloned() {
            Some(tag) => self.tags.entry(tag).or_default().push((entry, change)),
            None => self.others.push(change),
        }
    }

    /// What may be the same as `change`, or go against it.
    pub(super) fn beside(&self, change: &Change) -> impl Iterator<Item = &Change> {
        let same = change.tag().and_then(|tag| self.tags.get(tag));
        let all = change.tag().is_none().then(|| self.tags.values());
        let of_tags = same.into_iter().chain(all.into_iter().flatten()).flatten();
        self.others.iter().chain(of_tags.map(|(_, change)| change))
    }

    /// Takes out what was staged before and whose place `change` takes.
    pub(super) fn take_replaced(
        &mut self,
        change: &Change,
        replaces: impl Fn(&Change, &Change) -> bool,
    ) -> Vec<EntryId> {
        let Some(same) = change.tag().and_then(|tag| self.tags.get_mut(tag)) else { return Vec::new() };
        let taken = same.extract_if(.., |(entry, staged)| entry.is_some() && replaces(change, staged));
        taken.filter_map(|(entry, _)| entry).collect()
    }
}
