//! All about what is under the cursor, to read where there is no dock for it.

use super::dock;
use crate::tui::dialogs::{Dialog, Page};
use crate::tui::state::State;

/// Opens it.
pub(super) fn open(state: &mut State) {
    let lines = dock::lines(state).into_iter().map(|(label, text)| match label {
        "" => text,
        label => format!("{label}: {text}"),
    });
    let lines = lines.collect();
    state.dialogs.push(Dialog::Page(Page { title: "Details".to_owned(), lines, offset: 0 }));
}
