//! What a part of the frame stands for, for the mouse.

use crossterm::event::KeyCode;

use super::canvas::{Canvas, Runs, width};
use super::pane::Pane;

/// What a part of the frame stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A tab.
    Tab(Pane),
    /// A key of the line of hints, by place.
    Hint(usize),
    /// The help beside them.
    Help,
    /// A line that a cursor can be on, by place.
    Line(usize),
    /// The same in a list of the main screen.
    Row(usize),
    /// One of what needs a person, by place.
    Need(usize),
    /// A key that is named there.
    Key(KeyCode),
}

impl Canvas<'_> {
    /// Makes keys in a line of keys and words, drawn from `x` on, do what they say when they are pressed there.
    pub fn key_spots(&mut self, (x, y): (u16, u16), runs: &Runs) {
        let style = self.theme.key();
        let (mut x, mut of) = (x, None);
        for (text, by) in &runs.0 {
            let end = x.saturating_add(width(text));
            if *by == style {
                of = code(text);
            } else if text.chars().count() > 1 && text.trim().is_empty() {
                // Behind a wide gap another one begins.
                of = None;
            }
            if let Some(code) = of {
                self.spot(x, y, end, Spot::Key(code));
            }
            x = end;
        }
    }
}

/// The key of a name, if it is one key.
fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    match (name, chars.next(), chars.next()) {
        ("enter", ..) => Some(KeyCode::Enter),
        ("esc", ..) => Some(KeyCode::Esc),
        ("tab", ..) => Some(KeyCode::Tab),
        ("space", ..) => Some(KeyCode::Char(' ')),
        (_, Some(only), None) => Some(KeyCode::Char(only)),
        _ => None,
    }
}
