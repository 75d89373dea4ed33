//! A line for the user.

use jiff::Timestamp as Time;
use ratatui::layout::Rect;

use super::canvas::{Runs, cut, width};
use super::theme::Theme;

/// Fewest cells of what happened, and of what to do about it, that say anything.
const LEAST: usize = 8;

/// A line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub tone: Tone,
    pub verb: String,
    pub object: String,
    /// What to do about it: it is cut only where else nothing of the object would be left.
    pub remedy: Option<String>,
    /// Key and word that take it back.
    pub back: Option<(&'static str, &'static str)>,
    /// Whether the object is quoted, such as what was copied: it is shown as it is.
    pub quotes: bool,
    /// Whether it is among the messages, to be read again.
    pub kept: bool,
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
    Line(MessageLine),
}

/// A line: how it is meant, verb, object, what to do about it, and the keys with their words that take it back or show it.
#[derive(Clone, Debug)]
pub struct MessageLine {
    pub tone: Tone,
    pub verb: String,
    pub object: String,
    pub remedy: Option<String>,
    pub back: Option<(&'static str, &'static str)>,
    /// Key and word that show all of it: said where it is cut.
    pub whole: Option<(&'static str, &'static str)>,
}

impl MessageLine {
    /// Cells of what happened and what to do about it.
    fn width(&self) -> u16 {
        width(&self.object) + self.remedy.as_ref().map_or(0, |remedy| width(remedy) + 2)
    }

    fn object(&self, theme: Theme, room: usize) -> String {
        // What is said without a remedy may end in one, if that is short enough.
        let is_short = |remedy: &str| usize::from(width(remedy)) * 3 <= room * 2;
        let told = self.object.rsplit_once("; ").filter(|(_, remedy)| is_short(remedy));
        let told = told.filter(|_| usize::from(width(&self.object)) > room);
        let (object, remedy, between) = match (&self.remedy, told) {
            (Some(remedy), _) => (self.object.as_str(), remedy.as_str(), ": "),
            (None, Some((object, remedy))) => (object, remedy, "; "),
            (None, None) => return cut(&self.object, room, theme.glyphs.cut),
        };
        let whole = format!("{object}{between}{remedy}");
        if usize::from(width(&whole)) <= room {
            return whole;
        }
        if room < LEAST + 2 + LEAST {
            return cut(remedy, room, theme.glyphs.cut);
        }
        // Where both are cut a third says what failed: the remedy alone could be that of anything.
        let cells = room.saturating_sub(usize::from(width(remedy)) + 2);
        let cells = if cells < LEAST { LEAST.max(room / 3) } else { cells };
        let object = cut(object, cells, theme.glyphs.cut);
        cut(&format!("{object}{between}{remedy}"), room, theme.glyphs.cut)
    }
}

impl Said {
    /// Glyph, verb, object, and the key that takes it back, which is never cut.
    #[must_use]
    pub fn runs(&self, theme: Theme, room: u16) -> Runs {
        let line = match self {
            Self::Nothing => return Runs::new(),
            Self::Prefix(runs) => return runs.clone(),
            Self::Line(line) => line,
        };
        let (glyph, style) = match line.tone {
            Tone::Done => (theme.glyphs.ok, theme.ok()),
            Tone::Note => (theme.glyphs.none, theme.quiet()),
            Tone::Warn => (theme.glyphs.warn, theme.warn()),
            Tone::Fail => (theme.glyphs.fail, theme.fail()),
        };
        let keys = |keys: Option<(&'static str, &'static str)>| {
            let runs =
                keys.map(|(key, word)| Runs::new().gap(3).then(key, theme.key()).gap(1).then(word, theme.quiet()));
            runs.unwrap_or_default()
        };
        let sign = Runs::new().then(glyph, style).gap(1);
        let runs = sign.clone().then(line.verb.clone(), theme.text());
        let runs = if line.object.is_empty() { runs } else { runs.gap(2) };
        let is_whole = runs.width() + line.width() <= room;
        // What failed and what helps need the room more than the class of the failure.
        let is_tight = !is_whole && line.remedy.is_some() && line.whole.is_some();
        let runs = if is_tight { sign } else { runs };
        let back = keys(if line.back.is_none() && !is_whole { line.whole } else { line.back });
        let cells = usize::from(room.saturating_sub(runs.width() + back.width()));
        let mut runs = runs.then(line.object(theme, cells), theme.text());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_is_not_cut_before_what_happened() {
        let line = MessageLine {
            tone: Tone::Fail,
            verb: "network".to_owned(),
            object: "cannot reach https://notary.example.com:4443 for the sixth time".to_owned(),
            remedy: Some("check the proxy".to_owned()),
            back: None,
            whole: Some(("@", "all of it")),
        };
        let said = |room: u16| -> String {
            let runs = Said::Line(line.clone()).runs(Theme::default(), room);
            runs.0.iter().map(|(text, _)| text.as_str()).collect()
        };
        let text = said(60);
        assert!(text.contains("cannot") && text.ends_with(": check the proxy   @ all of it"), "{text}");
        let text = said(42);
        assert!(text.contains(" cannot r…: check the proxy   @ all of it"), "both are said: {text}");
        let long = "put the certificate of its authority into the folder that the server has in docker";
        let line = MessageLine { remedy: Some(long.to_owned()), ..line.clone() };
        for room in [40, 45, 78] {
            let runs = Said::Line(line.clone()).runs(Theme::default(), room);
            let text: String = runs.0.iter().map(|(text, _)| text.as_str()).collect();
            assert!(text.contains(" cannot") && text.contains(": put the ") && runs.width() <= room, "{text}");
        }
        assert!(said(200).ends_with("check the proxy"), "{}", said(200));
    }

    #[test]
    fn what_helps_stays_at_the_end_of_a_sentence_too() {
        let object = "nothing is left; space takes a row in".to_owned();
        let line =
            MessageLine { tone: Tone::Fail, verb: "blocked".to_owned(), object, remedy: None, back: None, whole: None };
        let runs = Said::Line(line).runs(Theme::default(), 42);
        let text: String = runs.0.iter().map(|(text, _)| text.as_str()).collect();
        assert!(text.contains("blocked  nothi") && text.ends_with("; space takes a row in"), "{text}");
    }
}
