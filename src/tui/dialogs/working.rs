//! Something on keys is being done; it can be left.

use crossterm::event::KeyEvent;
use jiff::Timestamp as Time;

use super::window::{WIDTH, Window, keys};
use super::{Dialog, Next};
use crate::tui::keywork::task;
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::format::seconds_until;
use crate::tui::kit::spinner;
use crate::tui::messages::input;
use crate::tui::state::State;

/// Work that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Working {
    pub title: &'static str,
    /// What is being done.
    pub words: &'static str,
    pub since: Time,
}

impl Working {
    pub(super) fn key(self, state: &mut State, key: &KeyEvent) -> Next {
        if input::key_name(key) == "esc" {
            return Next::Close(task::cancel(state));
        }
        Next::Stay(Dialog::Working(self), vec![])
    }

    pub(super) fn render(&self, state: &State, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let footer = keys(canvas, &[("esc", "stop")]);
        let window = Window { title: self.title.to_owned(), subject: String::new(), keys: footer, colour: None };
        let mut lines = window.open(canvas, WIDTH.max(70), 2);
        let glyph = spinner::turned(state.theme, state.now, self.since).unwrap_or(theme.glyphs.now);
        let y = lines.y;
        lines.runs(canvas, &Runs::new().then(glyph, theme.accent()).gap(1).then(self.words, theme.text()));
        let progress = state.key_task.as_ref().and_then(|task| task.progress).filter(|(_, total)| *total > 1);
        let seconds = seconds_until(self.since, state.now);
        let right = match progress {
            Some((done, total)) => format!("{done} of {total}"),
            None if seconds > 1 => format!("{seconds} s"),
            None => String::new(),
        };
        canvas.right(lines.x, y, lines.end, &right, theme.quiet());
    }
}
