//! All about what is under the cursor, to read where there is no dock for it.

use super::dock;
use crate::tui::dialogs::{Dialog, Page};
use crate::tui::screens::review_page;
use crate::tui::state::{Screen, State};

/// Opens it.
pub(super) fn open(state: &mut State) {
    if matches!(state.screen, Screen::Review(_)) {
        return review_page::open(state);
    }
    let lines = dock::lines(state).into_iter().map(|(label, text)| match label {
        "" => text,
        label => format!("{label}: {text}"),
    });
    let lines = lines.collect();
    state.dialogs.push(Dialog::Page(Page { title: "Details".to_owned(), lines, offset: 0 }));
}
