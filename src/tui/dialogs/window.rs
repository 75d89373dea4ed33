//! The box of a dialog.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::kit::canvas::{Canvas, Runs, width, wrap};
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

    /// How many find room yet.
    pub(in crate::tui) fn left(&self) -> usize {
        usize::from(self.bottom.saturating_sub(self.y))
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
        canvas.key_spots(Frame::foot(area), &self.keys);
        Lines { x: inside.x + 2, y: inside.y + 1, end: inside.right().saturating_sub(2), bottom: inside.bottom() }
    }
}

/// Notes about choices stand beside them; where one finds no room there, the chosen one's stands below, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Notes {
    Beside,
    BelowToo,
}

impl Notes {
    /// Finds out for words of a width with their notes, in lines of `cells`.
    pub(in crate::tui) fn of<'a>(mut all: impl Iterator<Item = (u16, &'a str)>, cells: usize) -> Self {
        if all.all(|(words, note)| usize::from(words + width(note)) + 5 <= cells) {
            Self::Beside
        } else {
            Self::BelowToo
        }
    }

    /// Whether they stand beside words of this width too: crumbs say nothing, and the chosen one's stands below.
    pub(in crate::tui) fn are_beside(self, words: u16, cells: usize) -> bool {
        /// Cells of a note that say anything.
        const LEAST: usize = 12;
        self == Self::Beside || usize::from(words) + 5 + LEAST <= cells
    }

    /// Lines that it takes below the choices.
    pub(in crate::tui) fn rows(self) -> u16 {
        if self == Self::BelowToo { 3 } else { 0 }
    }

    /// Draws that of the chosen one, beside a word of this width, if it stands below.
    pub(in crate::tui) fn render(self, canvas: &mut Canvas<'_>, lines: &mut Lines, (words, note): (u16, &str)) {
        if self == Self::Beside {
            return;
        }
        lines.blank();
        let (style, end) = (canvas.theme.quiet(), lines.y + self.rows() - 1);
        let is_cut = usize::from(words + width(note)) + 5 > lines.width() || !self.are_beside(words, lines.width());
        let wrapped = wrap(note, lines.width().saturating_sub(2));
        for line in wrapped.into_iter().take(if is_cut { 2 } else { 0 }) {
            lines.runs(canvas, &Runs::new().gap(2).then(line, style));
        }
        lines.y = end;
    }
}

/// Keys and words for a bottom border.
pub(in crate::tui) fn keys(canvas: &Canvas<'_>, pairs: &[(&str, &str)]) -> Runs {
    let theme = canvas.theme;
    let mut runs = Runs::new();
    let mut pairs = pairs.to_vec();
    // The first does it and the last leaves: what lies between makes room.
    let cells = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, word)| width(key) + width(word) + 4).sum::<u16>();
    while cells(&pairs) > canvas.area().width.saturating_sub(6) && pairs.len() > 2 {
        pairs.remove(pairs.len() - 2);
    }
    for (i, (key, word)) in pairs.iter().enumerate() {
        if i > 0 {
            runs = runs.gap(3);
        }
        runs = runs.then(*key, theme.key()).gap(1).then(*word, theme.quiet());
    }
    runs
}
