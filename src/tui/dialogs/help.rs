//! The open help; its lines are the key tables, which the route knows.

use crate::tui::kit::field::TextField;

/// The open help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// Where the keys hold.
    pub subject: String,
    /// The filter.
    pub typed: TextField,
    pub cursor: usize,
}

impl Help {
    /// Help for what is on the screen.
    #[must_use]
    pub fn new(subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..Self::default() }
    }

    /// Fills the filter.
    pub fn paste(&mut self, text: &str) {
        self.typed.insert_text(text);
        self.cursor = 0;
    }
}
