//! The box of a dialog.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::frame::Frame;

/// Usual width of a dialog.
pub(in crate::tui) const WIDTH: u16 = 60;

/// What a dialog's border says.
pub(in crate::tui) struct Window {
    pub(in crate::tui) title: String,
    pub(in crate::tui) subject: String,
    /// Keys and words.
    pub(in crate::tui) keys: Runs,
    /// Red to destroy; accent unless set.
    pub(in crate::tui) colour: Option<Style>,
}

/// A place for one line after the other.
pub(in crate::tui) struct Lines {
    pub(in crate::tui) x: u16,
    pub(in crate::tui) y: u16,
    pub(in crate::tui) end: u16,
    pub(in crate::tui) bottom: u16,
}

impl Lines {
    /// Draws a line, if there is room.
    pub(in crate::tui) fn runs(&mut self, canvas: &mut Canvas<'_>, runs: &Runs) {
        if self.y < self.bottom {
            canvas.runs(self.x, self.y, self.end, runs);
            self.y += 1;
        }
    }

    /// Leaves a line blank.
    pub(in crate::tui) fn blank(&mut self) {
        self.y += 1;
    }

    /// Draws a quiet rule.
    pub(in crate::tui) fn rule(&mut self, canvas: &mut Canvas<'_>) {
        if self.y < self.bottom {
            let style = canvas.theme.quiet();
            canvas.repeat(self.x, self.y, self.end - self.x, canvas.theme.glyphs.track, style);
            self.y += 1;
        }
    }

    /// Width, in cells.
    pub(in crate::tui) fn width(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }
}

impl Window {
    /// Opens a centred box for `rows` lines of `width` cells and gives the place for them.
    pub(in crate::tui) fn open(&self, canvas: &mut Canvas<'_>, width: u16, rows: u16) -> Lines {
        let screen = canvas.area();
        let width = width.min(screen.width.saturating_sub(4));
        let height = (rows + 4).min(screen.height.saturating_sub(2));
        let x = screen.width.saturating_sub(width) / 2;
        let y = screen.height.saturating_sub(height) / 2;
        let area = Rect::new(x, y, width, height);
        canvas.clear(Rect::new(x.saturating_sub(2), y, width + 4, height));
        let frame = Frame {
            title: self.title.clone(),
            subject: self.subject.clone(),
            footer: self.keys.clone(),
            colour: self.colour,
            ..Frame::default()
        };
        let inside = frame.draw(canvas, area, true);
        Lines { x: inside.x + 2, y: inside.y + 1, end: inside.right().saturating_sub(2), bottom: inside.bottom() }
    }
}

/// Keys and words for a bottom border.
pub(in crate::tui) fn keys(canvas: &Canvas<'_>, pairs: &[(&str, &str)]) -> Runs {
    let theme = canvas.theme;
    let mut runs = Runs::new();
    for (i, (key, word)) in pairs.iter().enumerate() {
        if i > 0 {
            runs = runs.gap(3);
        }
        runs = runs.then(*key, theme.key()).gap(1).then(*word, theme.quiet());
    }
    runs
}
