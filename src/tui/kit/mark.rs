//! The signs of changes.

use ratatui::style::Style;

use super::theme::Theme;
use crate::engine::draft::applied::Mark;

/// The sign of a change and its colour.
#[must_use]
pub fn sign(theme: Theme, mark: Mark) -> Option<(&'static str, Style)> {
    match mark {
        Mark::Added => Some((theme.glyphs.add, theme.add())),
        Mark::Removed => Some((theme.glyphs.remove, theme.remove())),
        Mark::Resigned => Some((theme.glyphs.resign, theme.add())),
        Mark::Kept => None,
    }
}
