//! Everything that was said, to read.

use crate::tui::dialogs::{Dialog, Page};
use crate::tui::kit::format::clock;
use crate::tui::state::State;
use crate::tui::state::log::Entry;

/// Opens it, newest first.
pub(super) fn open(state: &mut State) {
    let mut lines: Vec<String> = state.log.newest().flat_map(lines_of).collect();
    if lines.is_empty() {
        lines.push("nothing was said yet".to_owned());
    }
    if !state.log.file.is_empty() {
        lines.extend([String::new(), format!("also in {}", state.log.file)]);
    }
    state.dialogs.push(Dialog::Page(Page { title: Page::MESSAGES.to_owned(), lines, offset: 0 }));
}

fn lines_of(entry: &Entry) -> Vec<String> {
    let head = format!("{}  {}  {}", clock(entry.at), entry.level(), entry.text);
    let below = entry.detail.iter().filter(|detail| !detail.is_empty()).map(|detail| format!("       {detail}"));
    [head].into_iter().chain(below).collect()
}
