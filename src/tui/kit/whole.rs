//! Texts that found no room on a frame: who reads lines gets them whole.

/// A text that found no room, and the cells of a row that are drawn of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    pub y: u16,
    pub from: u16,
    /// Exclusive; where it is `from`, nothing of it is drawn.
    pub to: u16,
    pub text: String,
}

impl Whole {
    /// What should stand in a row.
    pub(super) fn new(y: u16, (from, to): (u16, u16), text: impl Into<String>) -> Self {
        Self { y, from, to, text: text.into() }
    }
}
