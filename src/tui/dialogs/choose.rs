//! A question with a few replies.

use crossterm::event::KeyEvent;

use super::Dialog;
use super::answer::Answer;
use super::window::{Notes, WIDTH, Window, keys};
use crate::tui::kit::canvas::{Canvas, Runs, Spot, cut, width, wrap};
use crate::tui::kit::list::stepped;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::input;

/// Widest box.
const WIDEST: u16 = 78;
/// Lines of what is asked about that are shown even if there are many answers.
const LEAST: usize = 4;
/// Lines that a key scrolls.
const PAGE: usize = 8;

/// A question with a few replies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choose {
    pub title: String,
    /// What it is about, bold.
    pub subject: String,
    pub about: Vec<String>,
    pub replies: Vec<Reply>,
    pub cursor: usize,
    /// Lines of `about` above those that are shown.
    pub offset: usize,
    /// Red border: something may be lost.
    pub grave: bool,
}

/// A reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub word: String,
    pub note: String,
    pub effects: Vec<Effect>,
    /// The dialog that it leads to.
    pub then: Option<Box<Dialog>>,
}

impl Reply {
    /// A reply that has effects.
    #[must_use]
    pub fn new(word: impl Into<String>, note: impl Into<String>, effects: Vec<Effect>) -> Self {
        Self { word: word.into(), note: note.into(), effects, then: None }
    }

    /// A reply that leads to a dialog.
    #[must_use]
    pub fn leads_to(word: impl Into<String>, note: impl Into<String>, dialog: Dialog) -> Self {
        Self { word: word.into(), note: note.into(), effects: vec![], then: Some(Box::new(dialog)) }
    }
}

/// Breaks a line; a digest begins beside the word that says what it is of.
fn broken(line: &str, cells: usize) -> Vec<String> {
    let digits = line.split_once(' ').map_or("", |(_, rest)| rest);
    if digits.is_empty() || digits.len() > cells.saturating_mul(2) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return wrap(line, cells);
    }
    let chars: Vec<char> = line.chars().collect();
    chars.chunks(cells.max(1)).map(|part| part.iter().collect()).collect()
}

/// How a screen is divided among what is asked about and the answers.
struct Room {
    width: u16,
    /// Cells of the longest answer.
    words: u16,
    /// What is asked about, line by line.
    about: Vec<String>,
    note: Notes,
    /// Answers that are shown.
    answers: usize,
    /// Lines of what is asked about that are shown.
    read: usize,
}

/// Lines that a key scrolls where `read` are shown: the last one only says that there are more.
fn page(read: usize) -> usize {
    PAGE.min(read.saturating_sub(1)).max(1)
}

impl Choose {
    pub(super) fn key(mut self, size: (u16, u16), key: &KeyEvent) -> (Option<Self>, Answer) {
        let last = self.replies.len().saturating_sub(1);
        match input::key_name(key).as_str() {
            "ctrl-d" | "pagedown" => {
                let Room { about, read, .. } = self.room(size);
                self.offset = (self.offset + page(read)).min(about.len() - read);
            }
            "ctrl-u" | "pageup" => self.offset = self.offset.saturating_sub(page(self.room(size).read)),
            "enter" if self.cursor < self.replies.len() => return (Some(self), Answer::Chosen),
            "esc" | "q" => return (None, Answer::Nothing),
            key => self.cursor = stepped(key, self.cursor, last, PAGE).unwrap_or(self.cursor),
        }
        (Some(self), Answer::Nothing)
    }

    /// The reply under the cursor.
    #[must_use]
    pub fn chosen(mut self) -> Option<Reply> {
        (self.cursor < self.replies.len()).then(|| self.replies.swap_remove(self.cursor))
    }

    /// What enter does with the reply under the cursor.
    fn verb(&self) -> &'static str {
        match self.replies.get(self.cursor).map(|reply| reply.then.as_deref()) {
            Some(Some(Dialog::Page(_))) => "read it",
            Some(Some(_)) => "go on",
            _ => "do it",
        }
    }

    /// What of it finds room.
    fn room(&self, (columns, rows): (u16, u16)) -> Room {
        let words = self.replies.iter().map(|c| width(&c.word)).max().unwrap_or(0);
        let longest = self.replies.iter().map(|c| words + width(&c.note) + 11).max().unwrap_or(0);
        let long = self.about.iter().any(|l| l.len() > 54);
        let width = if long { WIDEST } else { WIDTH.max(longest).min(WIDEST) };
        let inner = usize::from(width.min(columns.saturating_sub(4))).saturating_sub(6);
        let about: Vec<String> = self.about.iter().flat_map(|l| broken(l, inner)).collect();
        // The answers are always seen; what is asked about is read page by page where it is longer.
        let note = Notes::of(self.replies.iter().map(|c| (words, c.note.as_str())), inner);
        let room = usize::from(rows.saturating_sub(2 + 4 + 2));
        // What is asked about comes before what is said of the answers.
        let is_tight = about.len() + self.replies.len() + usize::from(note.rows()) > room;
        let note = if is_tight { Notes::Beside } else { note };
        let room = room - usize::from(note.rows()).min(room);
        let answers = self.replies.len().min(room.saturating_sub(about.len().min(LEAST)).max(1));
        let read = about.len().min(room.saturating_sub(answers));
        Room { width, words, about, note, answers, read }
    }

    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let Room { width, words, about, note, answers, read } = self.room((canvas.area().width, canvas.area().height));
        let mut pairs = vec![("j k", "choose"), ("enter", self.verb()), ("esc", "leave it")];
        if read < about.len() {
            pairs.push(("ctrl-d u", "read on"));
        }
        let window = Window {
            title: self.title.clone(),
            subject: String::new(),
            keys: keys(canvas, &pairs),
            colour: self.grave.then(|| theme.fail()),
        };
        let rows = read
            + answers
            + if self.subject.is_empty() { 0 } else { 2 }
            + usize::from(!about.is_empty())
            + usize::from(note.rows());
        let mut lines = window.open(canvas, width, u16::try_from(rows).unwrap_or(u16::MAX));
        if !self.subject.is_empty() {
            lines.runs(canvas, &Runs::new().then(self.subject.clone(), theme.strong()));
        }
        let offset = self.offset.min(about.len() - read);
        for (i, line) in about.iter().enumerate().skip(offset).take(read) {
            let below = about.len() - i;
            let (text, style) = match i + 1 == offset + read && below > 1 {
                true => (format!("{} {below} more lines", theme.glyphs.cut), theme.quiet()),
                false => (line.clone(), theme.text()),
            };
            lines.runs(canvas, &Runs::new().then(text, style));
        }
        if !(self.subject.is_empty() && about.is_empty()) {
            lines.blank();
        }
        let first = (self.cursor + 1).saturating_sub(answers);
        for (i, reply) in self.replies.iter().enumerate().skip(first).take(answers) {
            let y = lines.y;
            let style = if i == self.cursor { theme.strong() } else { theme.text() };
            let word = cut(&reply.word, usize::from(words), theme.glyphs.cut);
            let runs = Runs::new().gap(2).then(format!("{word:<0$}", usize::from(words)), style);
            let beside = if note.are_beside(words, lines.width()) { reply.note.clone() } else { String::new() };
            lines.runs(canvas, &runs.gap(3).then(beside, theme.quiet()));
            canvas.spot(lines.x, y, lines.end, Spot::Line(i));
            if i == self.cursor && lines.y > y {
                canvas.select(lines.x, y, lines.end);
            }
        }
        if let Some(reply) = self.replies.get(self.cursor) {
            note.render(canvas, &mut lines, (words, &reply.note));
        }
    }
}
