//! Something on keys is being done; it can be left.

use crossterm::event::KeyEvent;
use jiff::Timestamp as Time;

use super::answer::Answer;
use super::around::Around;
use super::window::{WIDTH, Window, keys};
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::format::seconds_until;
use crate::tui::kit::spinner;
use crate::tui::messages::input;

/// Work that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Working {
    pub title: &'static str,
    /// What is being done.
    pub words: &'static str,
    pub since: Time,
}

impl Working {
    pub(super) fn key(self, key: &KeyEvent) -> (Option<Self>, Answer) {
        if input::key_name(key) == "esc" {
            return (None, Answer::Stopped);
        }
        (Some(self), Answer::Nothing)
    }

    pub(super) fn render(&self, around: &Around<'_>, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let footer = keys(canvas, &[("esc", "stop")]);
        let window = Window { title: self.title.to_owned(), subject: String::new(), keys: footer, colour: None };
        let mut lines = window.open(canvas, WIDTH.max(70), 2);
        let glyph = spinner::turned(theme, around.now, self.since).unwrap_or(theme.glyphs.now);
        let y = lines.y;
        lines.runs(canvas, &Runs::new().then(glyph, theme.accent()).gap(1).then(self.words, theme.text()));
        let progress = around.progress.filter(|(_, total)| *total > 1);
        let seconds = seconds_until(self.since, around.now);
        let right = match progress {
            Some((done, total)) => format!("{done} of {total}"),
            None if seconds > 1 => format!("{seconds} s"),
            None => String::new(),
        };
        canvas.right(lines.x, y, lines.end, &right, theme.quiet());
    }
}
