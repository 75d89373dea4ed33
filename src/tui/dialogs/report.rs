//! What became of something: a line for each part, facts, and what can be done next.

use crossterm::event::KeyEvent;

use super::answer::Answer;
use super::window::{Window, keys as shown_keys};
use crate::tuf::CanonicalKeyId;
use crate::tui::kit::canvas::{Canvas, Runs, width, wrap};
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::input;

/// Lines that a key scrolls.
const PAGE: usize = 8;

/// A report to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub title: String,
    /// The outcome in a few words.
    pub subject: String,
    pub parts: Vec<Part>,
    /// Label and value.
    pub facts: Vec<(&'static str, String)>,
    pub notes: Vec<String>,
    /// Key, word, and what it does.
    pub go: Vec<(&'static str, &'static str, Go)>,
    /// The task on keys ends with it.
    pub is_of_task: bool,
    /// What closing it does, such as stopping what it tells of.
    pub on_close: Vec<Effect>,
    pub offset: usize,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub tone: Tone,
    pub head: String,
    /// At the right.
    pub word: String,
    /// Below it, quiet.
    pub below: String,
}

/// What can be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Go {
    /// Restore what the backup has and the store has not.
    Restore,
    /// Back up this key.
    BackUp(CanonicalKeyId),
}

impl Part {
    /// A part with a word at its right.
    #[must_use]
    pub fn new(tone: Tone, head: String, word: &str) -> Self {
        Self { tone, head, word: word.to_owned(), below: String::new() }
    }

    /// Adds a quiet line below.
    #[must_use]
    pub fn with(self, below: String) -> Self {
        Self { below, ..self }
    }
}

impl Report {
    pub(super) fn key(mut self, key: &KeyEvent) -> (Option<Self>, Answer) {
        let name = input::key_name(key);
        if let Some((_, _, go)) = self.go.iter().find(|(key, _, _)| *key == name) {
            let answer = match go.clone() {
                Go::Restore => Answer::Restore,
                Go::BackUp(id) => Answer::BackUp(id),
            };
            return (None, answer);
        }
        match name.as_str() {
            "j" | "down" => self.offset += 1,
            "k" | "up" => self.offset = self.offset.saturating_sub(1),
            "ctrl-d" | "pagedown" => self.offset += PAGE,
            "ctrl-u" | "pageup" => self.offset = self.offset.saturating_sub(PAGE),
            "g" | "home" => self.offset = 0,
            "esc" | "q" | "enter" if self.is_of_task => return (None, Answer::Read),
            "esc" | "q" | "enter" => return (None, Answer::Work(self.on_close)),
            _ => {}
        }
        (Some(self), Answer::Nothing)
    }

    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        const WIDTH: u16 = 76;
        let theme = canvas.theme;
        let inner = usize::from(WIDTH.min(canvas.area().width.saturating_sub(4))).saturating_sub(6);
        let body = self.body(canvas, inner);
        let mut lines_needed = body.len() + 2;
        let notes: Vec<String> = self.notes.iter().flat_map(|n| wrap(n, inner)).collect();
        lines_needed += notes.len() + usize::from(!notes.is_empty());
        let room = usize::from(canvas.area().height.saturating_sub(6));
        let mut pairs: Vec<(&str, &str)> = self.go.iter().map(|(key, word, _)| (*key, *word)).collect();
        if lines_needed > room {
            pairs.push(("j k", "scroll"));
        }
        pairs.push(("esc", if self.on_close.is_empty() { "close" } else { "stop" }));
        let footer = shown_keys(canvas, &pairs);
        let window = Window { title: self.title.clone(), subject: String::new(), keys: footer, colour: None };
        let mut lines = window.open(canvas, WIDTH, u16::try_from(lines_needed).unwrap_or(u16::MAX));
        lines.runs(canvas, &Runs::new().then(self.subject.clone(), theme.strong()));
        lines.blank();
        let reserved = notes.len() + usize::from(!notes.is_empty());
        let visible = usize::from(lines.bottom.saturating_sub(lines.y)).saturating_sub(reserved);
        let offset = self.offset.min(body.len().saturating_sub(visible));
        for (left, right) in body.iter().skip(offset).take(visible) {
            let y = lines.y;
            lines.runs(canvas, left);
            canvas.runs_right(lines.x + left.width() + 1, y, lines.end, right);
        }
        if !notes.is_empty() {
            lines.blank();
        }
        for note in notes {
            lines.runs(canvas, &Runs::new().then(note, theme.quiet()));
        }
    }

    /// Rows, then facts, each line with what stands at its right.
    fn body(&self, canvas: &Canvas<'_>, inner: usize) -> Vec<(Runs, Runs)> {
        let theme = canvas.theme;
        let mut body = Vec::new();
        let facts = self.facts(canvas, inner);
        if self.parts.is_empty() {
            return facts;
        }
        let facts_first = self.go.is_empty() && !self.is_of_task;
        if facts_first {
            body.extend(facts.clone());
            body.push((Runs::new(), Runs::new()));
        }
        for part in &self.parts {
            let (glyph, style, word) = match part.tone {
                Tone::Done => (theme.glyphs.ok, theme.ok(), theme.ok()),
                Tone::Note => (theme.glyphs.none, theme.quiet(), theme.quiet()),
                Tone::Warn => (theme.glyphs.warn, theme.warn(), theme.warn_word()),
                Tone::Fail => (theme.glyphs.fail, theme.fail(), theme.fail()),
            };
            let room = inner.saturating_sub(3 + usize::from(width(&part.word)));
            for (i, line) in wrap(&part.head, room.max(12)).into_iter().enumerate() {
                let left = Runs::new().then(if i == 0 { glyph } else { " " }, style).gap(1).then(line, theme.text());
                let right = if i == 0 { part.word.as_str() } else { "" };
                body.push((left, Runs::new().then(right, word)));
            }
            for line in wrap(&part.below, inner.saturating_sub(2)).into_iter().filter(|l| !l.is_empty()) {
                body.push((Runs::new().gap(2).then(line, theme.quiet()), Runs::new()));
            }
        }
        if !facts_first && !facts.is_empty() {
            body.push((Runs::new(), Runs::new()));
            body.extend(facts);
        }
        body
    }

    fn facts(&self, canvas: &Canvas<'_>, inner: usize) -> Vec<(Runs, Runs)> {
        let theme = canvas.theme;
        let label_width = self.facts.iter().map(|(label, _)| label.len()).max().unwrap_or(0) + 2;
        let mut lines = Vec::new();
        for (label, value) in &self.facts {
            for (i, text) in wrap(value, inner.saturating_sub(label_width).max(8)).into_iter().enumerate() {
                let label = if i == 0 { label } else { "" };
                let runs = Runs::new().then(format!("{label:label_width$}"), theme.quiet()).then(text, theme.text());
                lines.push((runs, Runs::new()));
            }
        }
        lines
    }
}
