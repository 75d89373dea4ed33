//! Where one is, and back to it.

use std::sync::Arc;

use super::State;
use super::rows::StagedRow;
use crate::tuf::{CanonicalKeyId, Gun, Role};
use crate::tui::kit::pane::Pane;

/// A pane, the repository that was under the cursor, and the row in the pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaneSpot {
    pub pane: Pane,
    pub repository: Option<Gun>,
    row: Option<SpotRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum SpotRow {
    Role(Role),
    Tag(Arc<str>),
    Key(CanonicalKeyId),
    Staged(StagedRow),
}

impl State {
    /// Where one is.
    #[must_use]
    pub fn spot(&self) -> PaneSpot {
        let lists = &self.lists;
        let row = match self.focus {
            Pane::Repositories => None,
            Pane::Roles => lists.roles.selected().cloned().map(SpotRow::Role),
            Pane::Tags => lists.tags.selected().cloned().map(SpotRow::Tag),
            Pane::Keys => lists.keys.selected().cloned().map(SpotRow::Key),
            Pane::Staged => lists.staged.selected().cloned().map(SpotRow::Staged),
        };
        PaneSpot { pane: self.focus, repository: lists.repositories.selected().cloned(), row }
    }

    /// Puts the cursor of the pane on the row where it was, if that is still there.
    pub fn select_row_of(&mut self, spot: &PaneSpot) {
        let lists = &mut self.lists;
        match &spot.row {
            None => {}
            Some(SpotRow::Role(role)) => lists.roles.select(role),
            Some(SpotRow::Tag(tag)) => lists.tags.select(tag),
            Some(SpotRow::Key(id)) => lists.keys.select(id),
            Some(SpotRow::Staged(row)) => lists.staged.select(row),
        }
    }
}
