//! How the passphrase prompt is drawn.

use super::around::Around;
use super::prompt::{Note, Prompt, What};
use super::window::{Lines, WIDTH, Window, keys};
use crate::engine::{Passphrase, SHORTEST, Strength};
use crate::tui::kit::canvas::{Canvas, Runs, width, wrap};
use crate::tui::kit::format::count;
use crate::tui::kit::spinner;

/// Most lines that say what a key is for.
const LISTED: usize = 6;
/// Lines beside these and what is said below: the key and its ID, the field and its rule, a blank before both.
const FIXED: usize = 6;

impl Prompt {
    pub(super) fn render(&self, around: &Around<'_>, canvas: &mut Canvas<'_>) {
        let is_new = self.what.is_new();
        let act = match (is_new, &self.first) {
            (false, _) => "unlock",
            (true, None) => "next",
            (true, Some(_)) => "take it",
        };
        let mut pairs = vec![("enter", act), ("ctrl-u", "clear"), ("esc", "back")];
        if self.same > 0 && self.busy.is_none() {
            pairs = vec![("enter", act), ("tab", "same as before"), ("esc", "back")];
        }
        if let Some(word) = self.skip() {
            pairs = vec![("enter", act), ("tab", word), ("esc", "back")];
        }
        let window = Window {
            title: match (is_new, &self.token) {
                (true, _) => "New passphrase",
                (false, Some(_)) => "PIN",
                (false, None) => "Passphrase",
            }
            .to_owned(),
            subject: format!("key {} of {}", self.number, self.total),
            keys: keys(canvas, &pairs),
            colour: None,
        };
        let all = match &self.what {
            What::Unlock { signs, .. } => signs.len().max(1),
            What::New { names, .. } => names.len().max(1),
            What::Ask(ask) => ask.about.len(),
        };
        let cells = usize::from(WIDTH.min(canvas.area().width.saturating_sub(4))).saturating_sub(8);
        let said = match &self.note {
            Some(Note::Other(said)) if self.busy.is_none() => said.rows(cells),
            _ => 0,
        };
        // What was said of the last try is read before all that the key is for.
        let below = if said == 0 { 3 } else { said };
        let room = usize::from(canvas.area().height.saturating_sub(5));
        let most = all.min(LISTED).min(room.saturating_sub(FIXED + below));
        let rows = most + usize::from(most > 0) + said.saturating_sub(1) + 8;
        let mut lines = window.open(canvas, WIDTH, u16::try_from(rows).unwrap_or(u16::MAX));
        self.about(canvas, &mut lines, most);
        if most > 0 || all == 0 {
            lines.blank();
        }
        self.field(canvas, &mut lines);
        lines.rule(canvas);
        self.below(around, canvas, &mut lines);
    }

    /// Which key it is, and in at most so many lines what it is for.
    fn about(&self, canvas: &mut Canvas<'_>, lines: &mut Lines, most: usize) {
        let theme = canvas.theme;
        match &self.what {
            What::Unlock { id, label, role, signs } => {
                let y = lines.y;
                lines.runs(canvas, &Runs::new().then(label.clone(), theme.strong()));
                let place = self.token.as_ref().map_or("file".to_owned(), |token| format!("token {token}"));
                canvas.right(lines.x + width(label) + 2, y, lines.end, &format!("{role} key, {place}"), theme.quiet());
                lines.runs(canvas, &Runs::new().then(id.short(), theme.quiet()));
                if most > 0 {
                    lines.blank();
                }
                for (i, (name, role, versions)) in signs.iter().take(listed(signs.len(), most)).enumerate() {
                    let y = lines.y;
                    let head = if i == 0 { "signs   " } else { "        " };
                    let room = lines.width().saturating_sub(8 + 26);
                    let name = canvas.fitted(name, room);
                    let runs = Runs::new().then(head, theme.quiet()).then(format!("{name:room$}"), theme.text());
                    lines.runs(canvas, &runs.gap(1).then(role.clone(), theme.text()));
                    let versions = versions.replace('→', theme.glyphs.becomes);
                    canvas.right(lines.x + 30, y, lines.end, &versions, theme.text());
                }
                more(canvas, lines, signs.len(), most);
            }
            What::Ask(ask) => {
                let y = lines.y;
                lines.runs(canvas, &Runs::new().then(ask.label.clone(), theme.strong()));
                canvas.right(lines.x + width(&ask.label) + 2, y, lines.end, &ask.right, theme.quiet());
                lines.runs(canvas, &Runs::new().then(ask.id.clone(), theme.quiet()));
                if most > 0 {
                    lines.blank();
                }
                for (i, line) in ask.about.iter().take(listed(ask.about.len(), most)).enumerate() {
                    let head = if i == 0 { "for     " } else { "        " };
                    lines.runs(canvas, &Runs::new().then(head, theme.quiet()).then(line.clone(), theme.text()));
                }
                more(canvas, lines, ask.about.len(), most);
            }
            What::New { role, names } => {
                lines.runs(canvas, &Runs::new().then(format!("a new {role} key"), theme.strong()));
                lines.runs(canvas, &Runs::new().then("made at publish, stored in the key directory", theme.quiet()));
                if most > 0 {
                    lines.blank();
                }
                for name in names.iter().take(listed(names.len(), most)) {
                    lines.runs(canvas, &Runs::new().then("for     ", theme.quiet()).then(name.clone(), theme.text()));
                }
                more(canvas, lines, names.len(), most);
            }
        }
    }

    fn field(&self, canvas: &mut Canvas<'_>, lines: &mut Lines) {
        let theme = canvas.theme;
        let y = lines.y;
        let label = if self.first.is_some() { "again " } else { "" };
        let dots = theme.glyphs.hidden.repeat(self.buffer.chars().min(32));
        let runs = Runs::new().then(format!("{} {label}", theme.glyphs.prompt), theme.quiet()).then(dots, theme.text());
        lines.runs(canvas, &runs);
        if self.busy.is_none() {
            canvas.put(lines.x + runs.width(), y, lines.end, " ", theme.caret());
        }
        let right = match self.what.is_new() {
            false if self.attempts > 0 => format!("attempt {}", self.attempts + 1),
            true if self.first.is_none() => strength(&self.buffer),
            _ => String::new(),
        };
        canvas.right(lines.x, y, lines.end, &right, theme.quiet());
    }

    fn below(&self, around: &Around<'_>, canvas: &mut Canvas<'_>, lines: &mut Lines) {
        let theme = canvas.theme;
        let remark = self.first.is_none() && self.what.is_new() && !self.buffer.is_empty();
        let remark = if remark { Strength::of(&self.buffer).remark() } else { None };
        if let Some(since) = self.busy {
            let glyph = spinner::turned(theme, around.now, since).unwrap_or(theme.glyphs.now);
            let words = format!(" unlocking the {}", self.what.opened());
            lines.runs(canvas, &Runs::new().then(glyph, theme.accent()).then(words, theme.text()));
        } else {
            match &self.note {
                Some(Note::Wrong { opens }) => {
                    let runs = Runs::new()
                        .then(theme.glyphs.warn, theme.warn())
                        .then(format!(" does not open this {}", self.what.opened()), theme.warn_word());
                    let runs = match opens {
                        Some(label) => runs.gap(3).then("it opens ", theme.text()).then(label.clone(), theme.strong()),
                        None => runs,
                    };
                    lines.runs(canvas, &runs);
                }
                Some(Note::Other(said)) => {
                    let text = said.lines(lines.width().saturating_sub(2), lines.left(), theme.glyphs.cut);
                    for (at, line) in text.into_iter().enumerate() {
                        let sign = if at == 0 { theme.glyphs.warn } else { " " };
                        lines.runs(canvas, &Runs::new().then(sign, theme.warn()).gap(1).then(line, theme.warn_word()));
                    }
                }
                None if remark.is_some() => {
                    for line in wrap(remark.unwrap_or_default(), lines.width()) {
                        lines.runs(canvas, &Runs::new().then(line, theme.warn_word()));
                    }
                    return;
                }
                None => lines.blank(),
            }
        }
        lines.blank();
        let text = match (&self.what, around.passphrase) {
            _ if self.same > 0 => {
                format!("tab tries the passphrase you just typed for {}.", count(self.same, "key", "keys"))
            }
            _ if self.token.is_some() => {
                format!("Tried once. A token locks itself after few wrong PINs. Kept for {}.", around.idle_lock)
            }
            (_, Some(passphrase)) => format!("In the sandbox every passphrase is {passphrase}."),
            (What::Ask(ask), None) => ask.note.clone(),
            (What::Unlock { .. }, None) => format!("Stays unlocked for {}, is never stored.", around.idle_lock),
            (What::New { .. }, None) => "Nobody can recover it. Longer is better than stranger.".to_owned(),
        };
        for line in wrap(&text, lines.width()) {
            lines.runs(canvas, &Runs::new().then(line, theme.quiet()));
        }
    }
}

/// How many of so many things are named: the last line counts those that find no room.
fn listed(all: usize, most: usize) -> usize {
    if all > most { most.saturating_sub(1) } else { all }
}

fn more(canvas: &mut Canvas<'_>, lines: &mut Lines, all: usize, most: usize) {
    let more = all - listed(all, most);
    if more > 0 && most > 0 {
        lines.runs(canvas, &Runs::new().gap(8).then(format!("and {more} more"), canvas.theme.quiet()));
    }
}

/// How good a new passphrase is, in a word.
pub(super) fn strength(typed: &Passphrase) -> String {
    match Strength::of(typed) {
        Strength::TooShort if typed.is_empty() => String::new(),
        Strength::TooShort => {
            format!("{} to go", count(SHORTEST.saturating_sub(typed.chars()).max(1), "letter", "letters"))
        }
        Strength::Common => "well known".to_owned(),
        Strength::Weak => "short".to_owned(),
        Strength::Fair => "fair".to_owned(),
        Strength::Strong => "good".to_owned(),
    }
}
