//! A question with a few answers.

use crossterm::event::KeyEvent;

use super::super::binding::key_name;
use super::super::canvas::{Canvas, Runs, width, wrap};
use super::super::effect::Effect;
use super::window::{WIDTH, Window, keys};
use super::{Dialog, Next};

/// A question with a few answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choose {
    pub title: String,
    /// What it is about, bold.
    pub subject: String,
    pub about: Vec<String>,
    pub choices: Vec<Choice>,
    pub cursor: usize,
    /// Red border: something may be lost.
    pub grave: bool,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub word: String,
    pub note: String,
    pub effects: Vec<Effect>,
    /// The dialog that it leads to.
    pub then: Option<Box<Dialog>>,
}

impl Choice {
    /// An answer that has effects.
    #[must_use]
    pub fn new(word: impl Into<String>, note: impl Into<String>, effects: Vec<Effect>) -> Self {
        Self { word: word.into(), note: note.into(), effects, then: None }
    }

    /// An answer that leads to a dialog.
    #[must_use]
    pub fn leads_to(word: impl Into<String>, note: impl Into<String>, dialog: Dialog) -> Self {
        Self { word: word.into(), note: note.into(), effects: vec![], then: Some(Box::new(dialog)) }
    }
}

impl Choose {
    pub(super) fn key(mut self, key: &KeyEvent) -> Next {
        let last = self.choices.len().saturating_sub(1);
        match key_name(key).as_str() {
            "j" | "down" | "tab" => self.cursor = (self.cursor + 1).min(last),
            "k" | "up" | "shift-tab" => self.cursor = self.cursor.saturating_sub(1),
            "enter" if self.cursor < self.choices.len() => {
                let choice = self.choices.swap_remove(self.cursor);
                return match choice.then {
                    Some(dialog) => Next::Stay(*dialog, choice.effects),
                    None => Next::Close(choice.effects),
                };
            }
            "esc" | "q" => return Next::Close(vec![]),
            _ => {}
        }
        Next::Stay(Dialog::Choose(self), vec![])
    }

    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let longest = self.choices.iter().map(|c| width(&c.word) + width(&c.note) + 11).max().unwrap_or(0);
        let long = self.about.iter().any(|l| l.len() > 54);
        let width = if long { 78 } else { WIDTH.max(longest).min(78) };
        let inner = usize::from(width.min(canvas.area().width.saturating_sub(4))).saturating_sub(6);
        let about: Vec<String> = self.about.iter().flat_map(|l| wrap(l, inner)).collect();
        let rows = about.len() + self.choices.len() + 2 + usize::from(!about.is_empty());
        let window = Window {
            title: self.title.clone(),
            subject: String::new(),
            keys: keys(canvas, &[("j k", "choose"), ("enter", "do it"), ("esc", "leave it")]),
            colour: self.grave.then(|| theme.fail()),
        };
        let mut lines = window.open(canvas, width, u16::try_from(rows).unwrap_or(u16::MAX));
        lines.runs(canvas, &Runs::new().then(self.subject.clone(), theme.strong()));
        for line in &about {
            lines.runs(canvas, &Runs::new().then(line.clone(), theme.text()));
        }
        lines.blank();
        for (i, choice) in self.choices.iter().enumerate() {
            let y = lines.y;
            let runs = Runs::new()
                .gap(2)
                .then(choice.word.clone(), if i == self.cursor { theme.strong() } else { theme.text() });
            lines.runs(canvas, &runs.gap(3).then(choice.note.clone(), theme.quiet()));
            if i == self.cursor && lines.y > y {
                canvas.select(lines.x, y, lines.end);
            }
        }
    }
}
