//! Text to read and scroll, such as the same as commands.

use crossterm::event::KeyEvent;

use super::super::binding::key_name;
use super::super::canvas::{Canvas, Runs, wrap};
use super::super::effect::Effect;
use super::window::{Window, keys};
use super::{Dialog, Next};
use crate::printable::printable;

/// Text to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    pub lines: Vec<String>,
    pub offset: usize,
}

/// Widest page.
const WIDTH: u16 = 78;

impl Page {
    pub(super) fn key(mut self, key: &KeyEvent) -> Next {
        match key_name(key).as_str() {
            "j" | "down" => self.offset = (self.offset + 1).min(self.lines.len().saturating_sub(1)),
            "k" | "up" => self.offset = self.offset.saturating_sub(1),
            "y" => {
                let lines: Vec<String> = self.lines.iter().map(|line| printable(line)).collect();
                let copy = Effect::Copy { what: "text", text: lines.join("\n") };
                return Next::Stay(Dialog::Page(self), vec![copy]);
            }
            "esc" | "q" | "enter" => return Next::Close(vec![]),
            _ => {}
        }
        Next::Stay(Dialog::Page(self), vec![])
    }

    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let window = Window {
            title: self.title.clone(),
            subject: String::new(),
            keys: keys(canvas, &[("j k", "scroll"), ("y", "copy"), ("esc", "close")]),
            colour: None,
        };
        let width = WIDTH.min(canvas.area().width.saturating_sub(4));
        let inner = usize::from(width).saturating_sub(6);
        let text: Vec<String> = self.lines.iter().flat_map(|l| wrap(l, inner)).collect();
        let mut lines = window.open(canvas, WIDTH, u16::try_from(text.len()).unwrap_or(u16::MAX));
        for line in text.into_iter().skip(self.offset) {
            lines.runs(canvas, &Runs::new().then(line, theme.text()));
        }
    }
}
