//! What the terminal sends becomes events; answers to questions that were asked of it never become keys.

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::event::{Event, Mouse, MouseAct};

/// Most columns and rows that are drawn: a terminal may claim so many that no memory would hold them.
pub(in crate::tui) const WIDEST: u16 = 1600;
/// As [`WIDEST`].
pub(in crate::tui) const TALLEST: u16 = 600;

/// Longest answer of a terminal that is swallowed, in characters.
const ANSWER: usize = 64;

/// Turns input into events.
#[derive(Debug, Default)]
pub struct InputLines {
    /// Characters of a late answer (`ESC ] 11 ; …`) that are still to be swallowed.
    answer: usize,
}

impl InputLines {
    /// The event for an input, if it is one.
    pub fn event(&mut self, input: Input) -> Option<Event> {
        match input {
            Input::Key(key) if key.kind == KeyEventKind::Release || self.swallows(&key) => None,
            Input::Key(key) => Some(Event::Key(key)),
            Input::Paste(text) => Some(Event::Paste(text)),
            Input::Resize(width, height) => Some(Event::Resize(width.min(WIDEST), height.min(TALLEST))),
            Input::Mouse(used) => mouse(&used).map(Event::Mouse),
            Input::FocusGained | Input::FocusLost => None,
        }
    }

    fn swallows(&mut self, key: &KeyEvent) -> bool {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        if self.answer > 0 {
            let bell = key.code == KeyCode::Char('g') && key.modifiers.contains(KeyModifiers::CONTROL);
            let end = bell || (alt && key.code == KeyCode::Char('\\'));
            let KeyCode::Char(c) = key.code else { return self.was_none() };
            let is_first = self.answer == ANSWER;
            // `11;rgb:1515/1818/1e1e`: whoever pressed alt-] by hand goes on with something else.
            let fits = key.modifiers.is_empty() && if is_first { c.is_ascii_digit() } else { is_of_answer(c) };
            if !end && !fits {
                return self.was_none();
            }
            self.answer = if end { 0 } else { self.answer - 1 };
            return true;
        }
        if alt && key.code == KeyCode::Char(']') {
            self.answer = ANSWER;
            return true;
        }
        false
    }

    /// What looked like an answer was none: the key counts.
    fn was_none(&mut self) -> bool {
        self.answer = 0;
        false
    }
}

/// With shift the terminal selects text by itself; where it tells of it all the same, nothing happens.
fn mouse(used: &MouseEvent) -> Option<Mouse> {
    let act = match used.kind {
        _ if used.modifiers.contains(KeyModifiers::SHIFT) => return None,
        MouseEventKind::Down(MouseButton::Left) => MouseAct::Press,
        MouseEventKind::ScrollUp => MouseAct::WheelUp,
        MouseEventKind::ScrollDown => MouseAct::WheelDown,
        _ => return None,
    };
    Some(Mouse { act, column: used.column, row: used.row })
}

fn is_of_answer(c: char) -> bool {
    c.is_ascii_hexdigit() || ";:/?#rg".contains(c)
}

/// The name of a key as the tables spell it.
#[must_use]
pub fn key_name(key: &KeyEvent) -> String {
    let name = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "enter".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::Tab => "tab".to_owned(),
        KeyCode::BackTab => "shift-tab".to_owned(),
        KeyCode::Backspace => "backspace".to_owned(),
        KeyCode::Delete => "delete".to_owned(),
        KeyCode::Up => "up".to_owned(),
        KeyCode::Down => "down".to_owned(),
        KeyCode::Left => "left".to_owned(),
        KeyCode::Right => "right".to_owned(),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::PageUp => "pageup".to_owned(),
        KeyCode::PageDown => "pagedown".to_owned(),
        KeyCode::F(n) => format!("f{n}"),
        _ => return String::new(),
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) { format!("ctrl-{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: char, modifiers: KeyModifiers) -> Input {
        Input::Key(KeyEvent::new(KeyCode::Char(code), modifiers))
    }

    #[test]
    fn a_late_answer_of_the_terminal_presses_no_key() {
        let mut lines = InputLines::default();
        let mut answer = vec![key(']', KeyModifiers::ALT)];
        answer.extend("11;rgb:15/18/1e".chars().map(|c| key(c, KeyModifiers::NONE)));
        answer.push(key('\\', KeyModifiers::ALT));
        assert!(answer.into_iter().all(|input| lines.event(input).is_none()));
        assert!(lines.event(key('q', KeyModifiers::NONE)).is_some());
    }

    #[test]
    fn keys_after_a_bracket_that_somebody_pressed_count() {
        for next in [key('q', KeyModifiers::NONE), key('c', KeyModifiers::CONTROL), key('d', KeyModifiers::NONE)] {
            let mut lines = InputLines::default();
            assert!(lines.event(key(']', KeyModifiers::ALT)).is_none());
            assert!(lines.event(next).is_some());
        }
        let mut lines = InputLines::default();
        let answer = [key(']', KeyModifiers::ALT), key('1', KeyModifiers::NONE)];
        assert!(answer.into_iter().all(|input| lines.event(input).is_none()));
        assert!(lines.event(key('c', KeyModifiers::CONTROL)).is_some());
    }
}
