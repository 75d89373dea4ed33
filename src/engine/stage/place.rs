//! What is staged in one place.

use std::collections::BTreeMap;

use crate::engine::draft::change::Change;
use crate::tuf::TargetName;

/// Where changes to one repository are staged: its server, and what stands there already.
pub(super) struct StagedThere {
    pub(super) server: String,
    /// Changes to one tag; those to other tags have nothing to do with them, and there may be thousands.
    pub(super) tags: BTreeMap<TargetName, Vec<Change>>,
    pub(super) others: Vec<Change>,
}

impl StagedThere {
    pub(super) fn put(&mut self, change: Change) {
        match change.tag().cloned() {
            Some(tag) => self.tags.entry(tag).or_default().push(change),
            None => self.others.push(change),
        }
    }

    /// What may be the same as `change`, or go against it.
    pub(super) fn beside(&self, change: &Change) -> impl Iterator<Item = &Change> {
        let same = change.tag().and_then(|tag| self.tags.get(tag));
        let all = change.tag().is_none().then(|| self.tags.values());
        self.others.iter().chain(same.into_iter().chain(all.into_iter().flatten()).flatten())
    }
}
