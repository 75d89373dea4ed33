//! A line for the user.

use jiff::Timestamp as Time;
use ratatui::layout::Rect;

use super::canvas::{Runs, cut, width};
use super::theme::Theme;

/// A line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub tone: Tone,
    pub verb: String,
    pub object: String,
    /// Key and word that take it back.
    pub back: Option<(&'static str, &'static str)>,
    /// When it was shown; errors stay.
    pub since: Time,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Done,
    Note,
    Warn,
    Fail,
}

/// What the line for the user says now.
#[derive(Clone, Debug)]
pub enum Said {
    Nothing,
    /// The keys that may follow the one that was pressed.
    Prefix(Runs),
    /// How it is meant, verb, object, and the key and word that take it back.
    Line(Tone, String, String, Option<(&'static str, &'static str)>),
}

impl Said {
    /// Glyph, verb, object, and the key that takes it back, which is never cut.
    #[must_use]
    pub fn runs(&self, theme: Theme, room: u16) -> Runs {
        let (tone, verb, object, back) = match self {
            Self::Nothing => return Runs::new(),
            Self::Prefix(runs) => return runs.clone(),
            Self::Line(tone, verb, object, back) => (tone, verb, object, back),
        };
        let (glyph, style) = match tone {
            Tone::Done => (theme.glyphs.ok, theme.ok()),
            Tone::Note => (theme.glyphs.none, theme.quiet()),
            Tone::Warn => (theme.glyphs.warn, theme.warn()),
            Tone::Fail => (theme.glyphs.fail, theme.fail()),
        };
        let back = back.map(|(key, word)| Runs::new().gap(3).then(key, theme.key()).gap(1).then(word, theme.quiet()));
        let back = back.unwrap_or_default();
        let runs = Runs::new().then(glyph, style).gap(1).then(verb.clone(), theme.text());
        let runs = if object.is_empty() { runs } else { runs.gap(2) };
        let cells = usize::from(room.saturating_sub(runs.width() + back.width()));
        let mut runs = runs.then(cut(object, cells, theme.glyphs.cut), theme.text());
        runs.0.extend(back.0);
        runs
    }

    /// The same in a lower border that also says `position`.
    #[must_use]
    pub fn in_border(&self, theme: Theme, area: Rect, position: &str) -> Runs {
        let beside = if position.is_empty() { 0 } else { width(position) + 4 };
        self.runs(theme, area.width.saturating_sub(5 + beside))
    }
}
