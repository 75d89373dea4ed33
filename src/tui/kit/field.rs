//! A line of text that is being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, DataCursor, TextArea};

use super::canvas::{Canvas, width};

/// Longest text, in characters.
const LONGEST: usize = 4096;

/// Text, cursor and what can be undone: a text area that never gets a second line.
///
/// Never for a secret, since it remembers what was deleted.
#[derive(Clone, Debug, Default)]
pub struct TextField(Box<TextArea<'static>>);

impl PartialEq for TextField {
    /// What is seen counts, not how it was typed.
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() && self.cursor() == other.cursor()
    }
}

impl Eq for TextField {}

impl TextField {
    /// A field that holds `text`, with the cursor behind it.
    #[must_use]
    pub fn with(text: &str) -> Self {
        let mut field = Self(Box::new(TextArea::new(vec![one_line(text)])));
        field.0.move_cursor(CursorMove::End);
        field
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.lines().first().map_or("", String::as_str)
    }

    /// What was typed, without blanks at the ends.
    #[must_use]
    pub fn trimmed(&self) -> &str {
        self.text().trim()
    }

    /// In characters.
    fn cursor(&self) -> usize {
        let DataCursor(_, column) = self.0.cursor();
        column
    }

    fn length(&self) -> usize {
        self.text().chars().count()
    }

    /// Replaces everything; undo brings it back.
    pub fn set(&mut self, text: &str) {
        self.0.move_cursor(CursorMove::End);
        self.0.delete_line_by_head();
        self.insert_text(text);
    }

    /// Types the first line of a text, without control characters.
    pub fn insert_text(&mut self, text: &str) {
        let line = one_line(text);
        if self.length() + line.chars().count() <= LONGEST {
            self.0.insert_str(line);
        }
    }

    /// Takes a key; says whether it was one for a field.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('u') if ctrl => {
                self.0.delete_line_by_head();
            }
            // Terminals send ctrl-_ as ctrl-7.
            KeyCode::Char('_' | '7') if ctrl => {
                self.0.undo();
            }
            // These are line ends, and what a terminal without bracketed paste sends for them.
            KeyCode::Char('m' | 'j') if ctrl => return false,
            KeyCode::Char(c) if !ctrl && !alt => {
                if c.is_control() || self.length() >= LONGEST {
                    return false;
                }
                self.0.insert_char(c);
            }
            KeyCode::Char(_)
            | KeyCode::Backspace
            | KeyCode::Delete
            | KeyCode::Left
            | KeyCode::Right
            | KeyCode::Home
            | KeyCode::End => {
                // Without shift: a selection would not be seen.
                let modifiers = key.modifiers.difference(KeyModifiers::SHIFT);
                self.0.input(KeyEvent::new(key.code, modifiers));
            }
            _ => return false,
        }
        true
    }

    /// Draws `› text` with the cursor if it has the focus. A long text is shown where the cursor is, its end at first,
    /// with a mark for what is left out at either side.
    pub fn render(&self, canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), focused: bool) {
        let theme = canvas.theme;
        let x = canvas.put(x, y, end, theme.glyphs.prompt, theme.quiet()) + 1;
        let room = usize::from(end.saturating_sub(x + 1)).max(1);
        let cursor = self.cursor();
        let skip = cursor.saturating_sub(room);
        let mut shown: Vec<char> = self.text().chars().skip(skip).take(room).collect();
        let ends = skip + shown.len() == self.length();
        // The cursor's cell is not marked over.
        let last = shown.len().saturating_sub(1);
        if let Some(mark) = theme.glyphs.cut.chars().next() {
            shown.first_mut().filter(|_| skip > 0).into_iter().for_each(|first| *first = mark);
            let is_under = focused && skip + last == cursor;
            shown.last_mut().filter(|_| !ends && !is_under).into_iter().for_each(|last| *last = mark);
        }
        let shown: String = shown.into_iter().collect();
        canvas.put(x, y, end, &shown, theme.text());
        if focused {
            let before: String = self.text().chars().skip(skip).take(cursor - skip).collect();
            canvas.put(x + width(&before), y, end, &self.under(), theme.caret());
        }
    }

    /// The character under the cursor, a blank at the end.
    fn under(&self) -> String {
        self.text().chars().nth(self.cursor()).unwrap_or(' ').to_string()
    }

    /// Text before the cursor, the character under it, and the rest.
    #[must_use]
    pub fn split(&self) -> (String, String, String) {
        let cursor = self.cursor();
        (self.text().chars().take(cursor).collect(), self.under(), self.text().chars().skip(cursor + 1).collect())
    }
}

fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[KeyEvent]) -> String {
        let mut field = TextField::with("certs/jeff");
        for key in keys {
            field.key(key);
        }
        field.text().to_owned()
    }

    fn ctrl(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    fn alt(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT)
    }

    fn plain(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn drawn(field: &TextField, cells: u16) -> String {
        use crate::tui::kit::theme::Theme;
        let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, cells, 1));
        field.render(&mut Canvas::new(&mut buffer, Theme::default()), (0, 0, cells), true);
        (0..cells).filter_map(|x| buffer.cell((x, 0))).map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn a_long_path_shows_its_end_and_a_mark_for_what_is_left_out() {
        let mut field = TextField::with("/home/jeff/keys/jeff.pub");
        assert_eq!(drawn(&field, 16), "› …eys/jeff.pub ");
        field.key(&plain(KeyCode::Home));
        assert_eq!(drawn(&field, 16), "› /home/jeff/k… ");
        assert_eq!(drawn(&field, 40).trim_end(), "› /home/jeff/keys/jeff.pub");
    }

    #[test]
    fn a_word_of_a_path_is_removed_up_to_the_slash() {
        assert_eq!(typed(&[ctrl('w')]), "certs/");
        assert_eq!(typed(&[ctrl('u')]), "");
        assert_eq!(typed(&[ctrl('a'), plain(KeyCode::Char('x'))]), "xcerts/jeff");
        assert_eq!(typed(&[plain(KeyCode::Home), plain(KeyCode::Backspace)]), "certs/jeff");
        assert_eq!(typed(&[plain(KeyCode::Home), plain(KeyCode::Delete)]), "erts/jeff");
    }

    #[test]
    fn the_cursor_goes_by_words_and_deletions_are_undone() {
        assert_eq!(typed(&[alt('b'), plain(KeyCode::Char('x'))]), "certs/xjeff");
        assert_eq!(typed(&[ctrl('w'), ctrl('7')]), "certs/jeff");
        assert_eq!(typed(&[ctrl('u'), ctrl('7')]), "certs/jeff");
        assert_eq!(typed(&[ctrl('a'), ctrl('k'), plain(KeyCode::Char('x'))]), "x");
    }

    #[test]
    fn a_shifted_motion_selects_nothing_that_the_next_letter_would_replace() {
        let home = KeyEvent::new(KeyCode::Home, KeyModifiers::SHIFT);
        assert_eq!(typed(&[home, plain(KeyCode::Char('x'))]), "xcerts/jeff");
    }

    #[test]
    fn no_key_and_no_text_makes_a_second_line_or_leaves_a_control_character() {
        for key in [ctrl('j'), ctrl('m'), plain(KeyCode::Enter), plain(KeyCode::Char('\n')), plain(KeyCode::Tab)] {
            assert_eq!(typed(&[key]), "certs/jeff");
        }
        let mut field = TextField::with("a\nb");
        field.insert_text("\u{1b}[31mc\td\r\ne");
        assert_eq!((field.text(), field.0.lines().len()), ("a[31mcd", 1));
        field.insert_text(&"x".repeat(LONGEST));
        assert_eq!(field.text(), "a[31mcd");
    }
}
