//! How a form is drawn: with lines between its fields where there is room, else one line each.

use super::form::{Field, Form, Input, Purpose};
use super::label::Label;
use super::prompt_view::strength;
use super::window::{Lines, Window, keys};
use crate::engine::{Passphrase, Strength};
use crate::tui::kit::canvas::{Canvas, Runs, width, wrap};

/// Cells of a form's window, where there are as many.
const WIDTH: u16 = 74;

impl Form {
    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let mut pairs = vec![("enter", self.verb)];
        match self.fields.get(self.focus).map(|f| &f.input) {
            Some(Input::Path(_)) => pairs.push(("tab", "complete")),
            Some(Input::Pick(..) | Input::Token(..)) => pairs.push(("space", "choose")),
            _ if self.fields.iter().any(|f| matches!(f.input, Input::Path(_))) => pairs.push(("tab", "complete")),
            _ => {}
        }
        if self.fields.len() > 1 {
            pairs.push(("up down", "field"));
        }
        pairs.push(("esc", if self.busy.is_some() { "stop" } else { "back" }));
        let window =
            Window { title: self.title.to_owned(), subject: String::new(), keys: keys(canvas, &pairs), colour: None };
        let inner = WIDTH.min(canvas.area().width.saturating_sub(4)).saturating_sub(6);
        let note = wrap(&self.note, usize::from(inner));
        let against = self.complaint().map_or(0, |said| said.rows(usize::from(inner.saturating_sub(2))));
        let room = usize::from(canvas.area().height.saturating_sub(6));
        // Where there is no room for lines between the fields, there are none.
        let step = if 2 + self.fields.len() * 2 + against.max(3) <= room { 2 } else { 1 };
        // Where fields come while one types, the place for the next is there before: nothing jumps.
        let grows = matches!(self.purpose, Purpose::AddSigner { .. } | Purpose::AddDelegation { .. });
        let more = if grows && !self.has(Label::AnotherFile) { step } else { 0 };
        let rows = 2 + self.fields.len() * step + more + (3 + note.len()).max(against + 1);
        let mut lines = window.open(canvas, WIDTH, u16::try_from(rows).unwrap_or(u16::MAX));
        lines.runs(canvas, &Runs::new().then(self.subject.clone(), theme.strong()));
        lines.blank();
        // The focused field and what is said of it are always seen.
        let about = against.max(2);
        let visible = usize::from(lines.bottom.saturating_sub(lines.y)).saturating_sub(about) / step;
        let first = (self.focus + 1).saturating_sub(visible.max(1));
        for (i, field) in self.fields.iter().enumerate().skip(first).take(visible.max(1)) {
            self.field(canvas, &mut lines, field, (i == self.focus, step == 2));
        }
        if step == 1 && usize::from(lines.y) + about < usize::from(lines.bottom) {
            lines.blank();
        }
        self.below(canvas, &mut lines);
        if self.candidates.is_empty() && self.complaint().is_none() {
            for line in note {
                lines.runs(canvas, &Runs::new().then(line, theme.quiet()));
            }
        }
    }

    fn field(&self, canvas: &mut Canvas<'_>, lines: &mut Lines, field: &Field, (focused, roomy): (bool, bool)) {
        const LABEL: u16 = 12;
        if lines.y >= lines.bottom {
            return;
        }
        let theme = canvas.theme;
        let (x, y, end) = (lines.x + LABEL, lines.y, lines.end);
        canvas.put(lines.x, y, x, field.label.text(), if focused && !roomy { theme.strong() } else { theme.quiet() });
        match &field.input {
            Input::Text(text) | Input::Path(text) => text.render(canvas, (x, y, end), focused),
            Input::Secret(secret) => hidden(canvas, (x, y, end), (secret, focused), &self.attempt(field)),
            Input::NewSecret(secret) => hidden(canvas, (x, y, end), (secret, focused), &strength(secret)),
            Input::Pick(all, at) => {
                answer(canvas, (x, y, end), all.get(*at).map_or("", String::as_str), (*at, all.len()), focused);
            }
            Input::Token(all, at) => {
                let words = all.get(*at).map_or("", |answer| &answer.words);
                answer(canvas, (x, y, end), words, (*at, all.len()), focused);
            }
            Input::Switch(label, on) => {
                let mark = if *on { "[x] " } else { "[ ] " };
                let style = if focused { theme.strong() } else { theme.text() };
                let x = canvas.put(x, y, end, mark, style);
                canvas.put(x, y, end, label, style);
            }
        }
        if focused && roomy && y + 1 < lines.bottom {
            canvas.repeat(x, y + 1, end - x, theme.glyphs.track, theme.quiet());
        }
        lines.y += if roomy { 2 } else { 1 };
    }

    fn attempt(&self, field: &Field) -> String {
        if self.attempts > 0 && field.label == Label::Old {
            format!("attempt {}", self.attempts + 1)
        } else {
            String::new()
        }
    }

    /// What is to be said against the passphrase under the cursor.
    fn remark(&self) -> Option<&'static str> {
        match self.fields.get(self.focus).map(|f| &f.input) {
            Some(Input::NewSecret(secret)) if !secret.is_empty() => Strength::of(secret).remark(),
            _ => None,
        }
    }

    /// What is wrong, the candidates or the hint of the focused field.
    fn below(&self, canvas: &mut Canvas<'_>, lines: &mut Lines) {
        let theme = canvas.theme;
        if let Some(error) = self.complaint() {
            let text = error.lines(lines.width().saturating_sub(2), lines.left(), theme.glyphs.cut);
            for (i, line) in text.into_iter().enumerate() {
                let sign = if i == 0 { theme.glyphs.warn } else { " " };
                lines.runs(canvas, &Runs::new().then(sign, theme.warn()).gap(1).then(line, theme.warn_word()));
            }
        } else if let Some(wait) = self.busy {
            lines.runs(
                canvas,
                &Runs::new().then(theme.glyphs.now, theme.accent()).gap(1).then(wait.words(), theme.text()),
            );
        } else if let Some(remark) = self.remark() {
            for line in wrap(remark, lines.width()) {
                lines.runs(canvas, &Runs::new().then(line, theme.warn_word()));
            }
        } else if !self.candidates.is_empty() {
            let names: Vec<&str> = self.candidates.iter().map(|c| last_segment(c)).collect();
            for line in wrap(&names.join("  "), lines.width()).into_iter().take(3) {
                lines.runs(canvas, &Runs::new().then(line, theme.quiet()));
            }
        } else if let Some(field) = self.fields.get(self.focus) {
            let hint = wrap(&field.hint, lines.width());
            for line in hint.into_iter().take(2) {
                lines.runs(canvas, &Runs::new().then(line, theme.quiet()));
            }
            lines.blank();
        }
    }
}

/// A secret that is being typed: dots, and a word at the right.
fn hidden(canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), (secret, focused): (&Passphrase, bool), word: &str) {
    let theme = canvas.theme;
    let dots = theme.glyphs.hidden.repeat(secret.chars().min(32));
    let x = canvas.put(x, y, end, theme.glyphs.prompt, theme.quiet());
    let x = canvas.put(x + 1, y, end, &dots, theme.text());
    if focused {
        canvas.put(x, y, end, " ", theme.caret());
    }
    canvas.right(x, y, end, word, theme.quiet());
}

fn last_segment(path: &str) -> &str {
    let end = path.trim_end_matches('/');
    let start = end.rfind('/').map_or(0, |i| i + 1);
    path.get(start..).unwrap_or(path)
}

/// The chosen one of some answers, and which it is.
fn answer(
    canvas: &mut Canvas<'_>,
    (x, y, end): (u16, u16, u16),
    words: &str,
    (at, count): (usize, usize),
    focused: bool,
) {
    let theme = canvas.theme;
    let style = if focused { theme.strong() } else { theme.text() };
    let x = canvas.put(x, y, end, theme.glyphs.prompt, theme.quiet());
    let place = if count > 1 { format!("{} of {count}", at + 1) } else { String::new() };
    let room = end.saturating_sub(width(&place) + u16::from(!place.is_empty()) * 2);
    canvas.put(x + 1, y, room, words, style);
    canvas.right(x, y, end, &place, theme.quiet());
}
