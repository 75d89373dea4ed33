//! Boxes: the border is a line of text, its colour says where the focus is.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::{Canvas, Runs, width};

/// What a border says, clockwise from the top left.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Frame {
    /// Top left, bold when focused.
    pub title: String,
    /// After the title, quiet.
    pub subject: String,
    /// Instead of title and subject.
    pub heading: Option<Runs>,
    /// Top right.
    pub summary: Runs,
    /// Bottom right.
    pub position: String,
    /// Bottom left.
    pub footer: Runs,
    /// Colour of lines and title when focused; accent unless set.
    pub colour: Option<Style>,
}

impl Frame {
    /// A frame with a title.
    #[must_use]
    pub(in crate::tui) fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Draws it; the inside is left as it is. Returns the inside.
    pub(in crate::tui) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) -> Rect {
        if area.width < 4 || area.height < 2 {
            return Rect::new(area.x, area.y, 0, 0);
        }
        let theme = canvas.theme;
        let colour = self.colour.unwrap_or_else(|| theme.accent());
        let line = if focused { colour.patch(theme.strong()) } else { self.colour.unwrap_or_else(|| theme.quiet()) };
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        self.lines(canvas, area, focused, line);

        let title = match (focused, self.colour) {
            (true, _) => colour.patch(theme.strong()),
            (false, Some(colour)) => colour.patch(theme.strong()),
            (false, None) => theme.text(),
        };
        let heading = self.heading.clone().unwrap_or_else(|| {
            let runs = Runs::new().then(self.title.clone(), title);
            if self.subject.is_empty() { runs } else { runs.gap(2).then(self.subject.clone(), theme.quiet()) }
        });
        let mut taken = area.x + 2;
        if !heading.is_empty() && heading.width() > 0 {
            taken = gap_text(canvas, area.x + 2, area.y, right, &heading);
        }
        if self.summary.width() > 0 && taken + self.summary.width() + 4 <= right {
            let x = right - 3 - self.summary.width();
            gap_text(canvas, x, area.y, right, &self.summary);
        }
        let mut end = right;
        if !self.position.is_empty() {
            let x = right.saturating_sub(3 + width(&self.position)).max(area.x + 2);
            gap_text(canvas, x, bottom, right, &Runs::new().then(self.position.clone(), theme.quiet()));
            end = x.saturating_sub(1);
        }
        if !self.footer.is_empty() {
            gap_text(canvas, area.x + 2, bottom, end, &self.footer);
        }
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }

    /// Where what is said bottom left begins: corner, line and blank come first.
    #[must_use]
    pub(in crate::tui) fn foot(area: Rect) -> (u16, u16) {
        (area.x + 3, area.bottom().saturating_sub(1))
    }

    fn lines(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool, style: Style) {
        let lines = canvas.theme.borders(focused);
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for y in [area.y, bottom] {
            canvas.repeat(area.x + 1, y, area.width - 2, lines.horizontal, style);
        }
        for y in area.y + 1..bottom {
            canvas.put(area.x, y, area.right(), lines.vertical, style);
            canvas.put(right, y, area.right(), lines.vertical, style);
        }
        canvas.put(area.x, area.y, area.right(), lines.top_left, style);
        canvas.put(right, area.y, area.right(), lines.top_right, style);
        canvas.put(area.x, bottom, area.right(), lines.bottom_left, style);
        canvas.put(right, bottom, area.right(), lines.bottom_right, style);
    }
}

/// Draws text into a border with a blank at both sides. Returns the cell behind the second blank.
fn gap_text(canvas: &mut Canvas<'_>, x: u16, y: u16, end: u16, runs: &Runs) -> u16 {
    let x = canvas.put(x, y, end, " ", Style::reset());
    // The line below must not lend its colour to the text.
    let plain = |(text, style): &(String, Style)| (text.clone(), Style::reset().patch(*style));
    let runs = Runs(runs.0.iter().map(plain).collect());
    let x = canvas.runs(x, y, end.saturating_sub(1), &runs);
    canvas.put(x, y, end, " ", Style::reset())
}

/// A quiet rule inside a pane, inset by one cell.
pub(in crate::tui) fn rule(canvas: &mut Canvas<'_>, inside: Rect, y: u16) {
    let style = canvas.theme.quiet();
    canvas.repeat(inside.x + 1, y, inside.width.saturating_sub(2), canvas.theme.glyphs.track, style);
}
