//! What stands in a list without rows.

use ratatui::layout::Rect;

use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::table::MARGIN;
use crate::tui::state::{State, words as shared};

/// Why nothing is known of the repository that is shown: unknown is not empty.
pub(super) fn unread(state: &State) -> Option<Runs> {
    let repository = state.repository().filter(|repository| repository.view.is_none())?;
    let failure = repository.failure.as_ref()?;
    let theme = state.theme;
    let words = Runs::new().then(format!("not read: {}   ", failure.problem.message), theme.quiet());
    Some(match &failure.ask {
        Some(ask) => words.then("1 i", theme.key()).gap(1).then(shared::question(ask), theme.quiet()),
        None => words.then("r", theme.key()).then(" try again", theme.quiet()),
    })
}

/// One quiet line where a list is empty.
pub(super) fn line(canvas: &mut Canvas<'_>, inner: Rect, y: u16, filter: &str, words: &Runs) {
    let theme = canvas.theme;
    let (x, end) = (inner.x + MARGIN, inner.right().saturating_sub(1));
    if filter.is_empty() {
        canvas.runs(x, y, end, words);
    } else {
        let runs = Runs::new()
            .then(format!("nothing matches \"{filter}\""), theme.quiet())
            .gap(3)
            .then("esc", theme.key())
            .then(" clear", theme.quiet());
        canvas.runs(x, y, end, &runs);
    }
}
