//! When a role ends, in words and as a bar.

use ratatui::style::Style;

use crate::tuf::Role;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::format::{self, Age};
use crate::tui::kit::table::Slot;
use crate::tui::state::State;

/// Text and colour of a time of expiry.
pub(super) fn expiry(state: &State, role: &Role, at: jiff::Timestamp, fine: Style) -> (String, Style) {
    let style = match format::age(state.now, role, at) {
        Age::Expired => state.theme.fail(),
        Age::Short => state.theme.warn_word(),
        Age::Fine => fine,
    };
    (format::expiry(state.now, at), style)
}

/// What is left of a role's life.
pub(super) fn life_bar(
    state: &State,
    canvas: &mut Canvas<'_>,
    slot: Option<Slot>,
    y: u16,
    role: &Role,
    at: jiff::Timestamp,
) {
    let (Some(slot), theme) = (slot, canvas.theme) else { return };
    let cells = slot.end.saturating_sub(slot.start);
    match format::age(state.now, role, at) {
        Age::Expired => canvas.repeat(slot.start, y, cells, theme.glyphs.lost, theme.fail()),
        age => {
            let full = format::life_cells(state.now, role, at, cells);
            let style = if age == Age::Short { theme.warn() } else { theme.quiet() };
            canvas.gauge(slot.start, y, cells, full, (style, theme.quiet()));
        }
    }
}
