//! A line of text that is being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::canvas::{Canvas, width};

/// Text and cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextField {
    text: String,
    /// In characters.
    cursor: usize,
}

impl TextField {
    /// A field that holds `text`, with the cursor behind it.
    #[must_use]
    pub fn with(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.chars().count() }
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was typed, without blanks at the ends.
    #[must_use]
    pub fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// Replaces everything.
    pub fn set(&mut self, text: &str) {
        *self = Self::with(text);
    }

    /// Types a text.
    pub fn insert_text(&mut self, text: &str) {
        text.chars().for_each(|c| self.insert(c));
    }

    fn byte(&self, place: usize) -> usize {
        self.text.char_indices().nth(place).map_or(self.text.len(), |(i, _)| i)
    }

    fn insert(&mut self, c: char) {
        if self.text.len() < 4096 {
            self.text.insert(self.byte(self.cursor), c);
            self.cursor += 1;
        }
    }

    fn remove_from(&mut self, start: usize) {
        let range = self.byte(start)..self.byte(self.cursor);
        self.text.replace_range(range, "");
        self.cursor = start;
    }

    /// Takes a key; says whether it was one for a field.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let length = self.text.chars().count();
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = length,
            KeyCode::Char('u') if ctrl => self.remove_from(0),
            KeyCode::Char('w') if ctrl => {
                let before: Vec<char> = self.text.chars().take(self.cursor).collect();
                let trimmed = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |i| i + 1);
                let word = before.iter().take(trimmed).rposition(|c| c.is_whitespace() || *c == '/');
                let from = word.map_or(0, |i| i + 1);
                self.remove_from(if from == trimmed { trimmed.saturating_sub(1) } else { from });
            }
            KeyCode::Char(c) if !ctrl => self.insert(c),
            KeyCode::Backspace => self.remove_from(self.cursor.saturating_sub(1)),
            KeyCode::Delete => {
                if self.cursor < length {
                    self.cursor += 1;
                    self.remove_from(self.cursor - 1);
                }
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(length),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = length,
            _ => return false,
        }
        true
    }

    /// Draws `› text` with the cursor if it has the focus; a long text shows its end.
    pub fn render(&self, canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16), focused: bool) {
        let theme = canvas.theme;
        let x = canvas.put(x, y, end, theme.glyphs.prompt, theme.quiet()) + 1;
        let room = usize::from(end.saturating_sub(x + 1)).max(1);
        let skip = self.cursor.saturating_sub(room);
        let shown: String = self.text.chars().skip(skip).take(room).collect();
        canvas.put(x, y, end, &shown, theme.text());
        if focused {
            let before: String = self.text.chars().skip(skip).take(self.cursor - skip).collect();
            let under: String = self.text.chars().nth(self.cursor).unwrap_or(' ').to_string();
            canvas.put(x + width(&before), y, end, &under, theme.caret());
        }
    }
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

    fn plain(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn a_word_of_a_path_is_removed_up_to_the_slash() {
        assert_eq!(typed(&[ctrl('w')]), "certs/");
        assert_eq!(typed(&[ctrl('u')]), "");
        assert_eq!(typed(&[ctrl('a'), plain(KeyCode::Char('x'))]), "xcerts/jeff");
        assert_eq!(typed(&[plain(KeyCode::Home), plain(KeyCode::Backspace)]), "certs/jeff");
        assert_eq!(typed(&[plain(KeyCode::Home), plain(KeyCode::Delete)]), "erts/jeff");
    }
}
