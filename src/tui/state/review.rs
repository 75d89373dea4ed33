//! What was decided in a review.

use std::collections::BTreeSet;

use crate::engine::plan::PlannedChange;
use crate::engine::{Change, EntryId};
use crate::tuf::Gun;
use crate::tui::kit::list::List;

/// What was decided in this review.
#[derive(Clone, Debug, Default)]
pub struct Review {
    pub list: List<ReviewRow>,
    /// Repositories whose dangers were accepted.
    pub accepted: BTreeSet<Gun>,
    /// Repositories that are not published now.
    pub left_out: BTreeSet<Gun>,
    /// The one that was left out last, until anything else is done: undo takes it in again.
    pub just_left: Option<Gun>,
    pub dropped: Vec<(Gun, PlannedChange)>,
    /// Changes in the order in which they were first seen here: rows keep it.
    pub places: Vec<(Gun, Change)>,
    /// What was dropped or kept last, until the cursor is moved: it stays under it.
    pub at: Option<(Gun, Change)>,
}

/// A row that the cursor can stand on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewRow {
    Repository(Gun),
    Change(EntryId),
    /// What comes with a change.
    With(EntryId),
    /// Dropped in this review; can be kept again.
    Dropped(EntryId),
}
