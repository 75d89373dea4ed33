//! What every list row begins with: cursor bar, gutter, blank.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::draft::applied::Mark;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::layout::Inside;
use crate::tui::kit::list::{List, RowName};
use crate::tui::kit::mark;
use crate::tui::kit::table::Slot;
use crate::tui::kit::theme::Theme;

/// A row that is being drawn.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub inner: Rect,
    pub y: u16,
    /// Whether the cursor is on it.
    pub cursor: bool,
    /// Whether its pane has the focus.
    pub focused: bool,
}

/// Draws the visible rows of a list: what all rows have, and between that what `draw` adds for the row of an index. `staged`
/// says what the stage does to a row.
pub fn each<K: RowName>(
    canvas: &mut Canvas<'_>,
    list: &List<K>,
    (inner, inside, focused): (Rect, Inside, bool),
    staged: impl Fn(usize, &K) -> Option<Mark>,
    mut draw: impl FnMut(&mut Canvas<'_>, Row, usize, &K),
) {
    for (y, (place, index, key)) in (inside.head + 1..).zip(list.window(usize::from(inside.rows))) {
        let row = Row { inner, y, cursor: place == list.cursor(), focused };
        row.gutter(canvas, list.marks.contains(key), staged(index, key));
        draw(canvas, row, index, key);
        row.finish(canvas);
    }
}

impl Row {
    /// Draws the gutter: `●` if marked, else what the stage does to this row.
    pub fn gutter(self, canvas: &mut Canvas<'_>, marked: bool, staged: Option<Mark>) {
        let theme = canvas.theme;
        let sign =
            if marked { Some((theme.glyphs.marked, theme.warn())) } else { staged.and_then(|m| mark::sign(theme, m)) };
        if let Some((glyph, style)) = sign {
            canvas.put(self.inner.x + 1, self.y, self.inner.right(), glyph, style);
        }
    }

    /// Lays the cursor over what was drawn.
    pub fn finish(self, canvas: &mut Canvas<'_>) {
        if !self.cursor {
            return;
        }
        if self.focused {
            canvas.select(self.inner.x, self.y, self.inner.right());
        } else {
            let (glyph, quiet) = (canvas.theme.glyphs.cursor, canvas.theme.quiet());
            canvas.put(self.inner.x, self.y, self.inner.right(), glyph, quiet);
        }
    }

    /// The style of the name: bold under the cursor.
    #[must_use]
    pub fn name_style(self, theme: Theme) -> Style {
        if self.cursor && self.focused { theme.strong() } else { theme.text() }
    }
}

/// Draws glyph and word of a state.
pub fn state_cell(canvas: &mut Canvas<'_>, slot: Option<Slot>, y: u16, glyph: (&str, Style), word: (&str, Style)) {
    if let Some(slot) = slot {
        let x = canvas.put(slot.start, y, slot.end, glyph.0, glyph.1);
        canvas.put(x + 1, y, slot.end, word.0, word.1);
    }
}

/// Draws text in a column.
pub fn cell(canvas: &mut Canvas<'_>, slot: Option<Slot>, y: u16, text: &str, style: Style) {
    if let Some(slot) = slot {
        canvas.put(slot.start, y, slot.end, text, style);
    }
}

/// Draws a number in a column.
pub fn number(canvas: &mut Canvas<'_>, slot: Option<Slot>, y: u16, text: &str, style: Style) {
    if let Some(slot) = slot {
        canvas.right(slot.start, y, slot.end, text, style);
    }
}
