//! The passphrase prompt: masked, in our own buffer; it says which key it is and what will be signed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp as Time;

use super::answer::Answer;
use super::around::Around;
use super::window::{Lines, WIDTH, Window, keys};
use crate::engine::{Kind, NewPassphrase, Passphrase, SHORTEST, Strength};
use crate::tuf::{CanonicalKeyId, Role};
use crate::tui::kit::canvas::{Canvas, Runs, width, wrap};
use crate::tui::kit::format::count;
use crate::tui::kit::spinner;
use crate::tui::messages::failure::Failure;

/// Most lines that say what a key is for.
const LISTED: usize = 6;
/// Columns of a note beside its sign.
const NOTE: usize = WIDTH as usize - 8;

/// What a passphrase is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A stored key; `signs` is repository, role, versions.
    Unlock { id: CanonicalKeyId, label: String, role: String, signs: Vec<(String, String, String)> },
    /// A key that the publish makes.
    New { role: Role, names: Vec<String> },
    /// Something that a task on keys needs.
    Ask(Request),
}

/// What a task on keys asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub label: String,
    /// Beside the label: kind and place.
    pub right: String,
    /// Below it.
    pub id: String,
    /// What the key is used in.
    pub about: Vec<String>,
    /// What it is for.
    pub note: String,
    /// Typed twice.
    pub is_new: bool,
    /// It opens a backup file, not a key.
    pub is_of_file: bool,
    /// What tab does, if the task can go on without.
    pub skip: Option<&'static str>,
}

impl What {
    fn is_new(&self) -> bool {
        match self {
            Self::Unlock { .. } => false,
            Self::New { .. } => true,
            Self::Ask(ask) => ask.is_new,
        }
    }

    /// What its passphrase opens.
    fn opened(&self) -> &'static str {
        if matches!(self, Self::Ask(ask) if ask.is_of_file) { "backup" } else { "key" }
    }
}

/// A prompt that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub what: What,
    number: usize,
    total: usize,
    buffer: Passphrase,
    /// The first of two times that a new passphrase is typed.
    first: Option<NewPassphrase>,
    attempts: usize,
    note: Option<Note>,
    /// Since when the key is being unlocked.
    busy: Option<Time>,
    /// For how many keys the passphrase before is offered.
    same: usize,
    /// The token that the key is on: its PIN is asked for.
    token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Note {
    Wrong { opens: Option<String> },
    Other(String),
}

impl Prompt {
    /// Asks for key `number` of `total`.
    #[must_use]
    pub fn new(what: What, number: usize, total: usize) -> Self {
        let buffer = Passphrase::new();
        Self { what, number, total, buffer, first: None, attempts: 0, note: None, busy: None, same: 0, token: None }
    }

    /// Offers the passphrase of the key before for this many keys.
    #[must_use]
    pub fn offering(self, same: usize) -> Self {
        Self { same, ..self }
    }

    /// Asks for the PIN of the token that the key is on; `known` is what its PIN is in for.
    #[must_use]
    pub fn on_token(mut self, token: Option<String>, known: Option<String>) -> Self {
        self.token = token;
        self.note = known.map(Note::Other);
        self
    }

    /// The passphrase of the key before does not open this one, which is now the key of this number.
    pub fn same_failed(&mut self, number: usize) {
        self.busy = None;
        self.number = number;
        self.note = Some(Note::Other("another passphrase than before".to_owned()));
    }

    /// Fills the field with the first line of pasted text; nobody could type the others again.
    pub fn paste(&mut self, text: &str) {
        if self.busy.is_none() {
            text.chars().take_while(|c| !matches!(c, '\n' | '\r')).for_each(|c| self.buffer.push(c));
        }
    }

    /// It did not open the key: stays open and says so, and which other key it opens.
    pub fn refused(&mut self, failure: &Failure, opens: Option<String>) {
        if failure.problem.kind != Kind::Passphrase || self.token.is_some() {
            self.busy = None;
            self.buffer = Passphrase::new();
            self.note = Some(Note::Other(failure.problem.message.clone()));
            return;
        }
        self.wrong(opens);
    }

    /// What was typed for the key before is being tried.
    pub fn wait(&mut self, now: Time) {
        self.busy = Some(now);
        self.note = None;
    }

    /// The passphrase is wrong, or another key's.
    pub fn wrong(&mut self, opens: Option<String>) {
        self.busy = None;
        self.buffer = Passphrase::new();
        self.attempts += 1;
        self.note = Some(Note::Wrong { opens });
    }

    pub(super) fn key(mut self, now: Time, key: &KeyEvent) -> (Option<Self>, Answer) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc if matches!(self.what, What::Ask(_)) => return (None, Answer::Stopped),
            KeyCode::Esc => return (None, Answer::NotPublished),
            _ if self.busy.is_some() => {}
            KeyCode::Tab if self.same > 0 => {
                self.same = 0;
                return (Some(self), Answer::SameAsBefore);
            }
            KeyCode::Tab if self.skip().is_some() => return (None, Answer::Skipped),
            KeyCode::Enter if !self.buffer.is_empty() => return self.enter(now),
            KeyCode::Backspace => self.buffer.pop(),
            KeyCode::Char('u') if ctrl => self.buffer = Passphrase::new(),
            KeyCode::Char(c) if !ctrl => self.buffer.push(c),
            _ => {}
        }
        (Some(self), Answer::Nothing)
    }

    fn skip(&self) -> Option<&'static str> {
        if let What::Ask(ask) = &self.what { ask.skip } else { None }
    }

    fn enter(mut self, now: Time) -> (Option<Self>, Answer) {
        let typed = std::mem::take(&mut self.buffer);
        match (&self.what, self.first.take()) {
            (What::Unlock { id, .. }, _) => {
                let answer = Answer::Unlock { id: id.clone(), typed, is_pin: self.token.is_some() };
                self.wait(now);
                (Some(self), answer)
            }
            (What::Ask(ask), _) if !ask.is_new => {
                self.wait(now);
                (Some(self), Answer::Typed(typed))
            }
            (_, None) => {
                match NewPassphrase::new(typed.clone()) {
                    Ok(first) => (self.first, self.note) = (Some(first), None),
                    Err(_) => {
                        self.note = Some(Note::Other(too_short()));
                        self.buffer = typed;
                    }
                }
                (Some(self), Answer::Nothing)
            }
            (What::New { role, .. }, Some(first)) if *first == typed => (None, Answer::NewFor(role.clone(), first)),
            (What::Ask(_), Some(first)) if *first == typed => (None, Answer::New(first)),
            (_, Some(_)) => {
                self.note = Some(Note::Other("not the same twice; once more from the start".to_owned()));
                (Some(self), Answer::Nothing)
            }
        }
    }

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
        let about = match &self.what {
            What::Unlock { signs, .. } => signs.len().clamp(1, LISTED) + 1,
            What::New { names, .. } => names.len().clamp(1, LISTED) + 1,
            What::Ask(ask) => ask.about.len().min(LISTED) + usize::from(!ask.about.is_empty()),
        };
        let note = match &self.note {
            Some(Note::Other(text)) if self.busy.is_none() => wrap(text, NOTE).len().saturating_sub(1).min(2),
            _ => 0,
        };
        let mut lines = window.open(canvas, WIDTH, u16::try_from(about + note).unwrap_or(8) + 8);
        self.about(canvas, &mut lines);
        lines.blank();
        self.field(canvas, &mut lines);
        lines.rule(canvas);
        self.below(around, canvas, &mut lines);
    }

    fn about(&self, canvas: &mut Canvas<'_>, lines: &mut Lines) {
        let theme = canvas.theme;
        match &self.what {
            What::Unlock { id, label, role, signs } => {
                let y = lines.y;
                lines.runs(canvas, &Runs::new().then(label.clone(), theme.strong()));
                let place = self.token.as_ref().map_or("file".to_owned(), |token| format!("token {token}"));
                canvas.right(lines.x + width(label) + 2, y, lines.end, &format!("{role} key, {place}"), theme.quiet());
                lines.runs(canvas, &Runs::new().then(id.short(), theme.quiet()));
                lines.blank();
                for (i, (name, role, versions)) in signs.iter().take(listed(signs.len())).enumerate() {
                    let y = lines.y;
                    let head = if i == 0 { "signs   " } else { "        " };
                    let room = lines.width().saturating_sub(8 + 26);
                    let name = canvas.fitted(name, room);
                    let runs = Runs::new().then(head, theme.quiet()).then(format!("{name:room$}"), theme.text());
                    lines.runs(canvas, &runs.gap(1).then(role.clone(), theme.text()));
                    let versions = versions.replace('→', theme.glyphs.becomes);
                    canvas.right(lines.x + 30, y, lines.end, &versions, theme.text());
                }
                more(canvas, lines, signs.len());
            }
            What::Ask(ask) => {
                let y = lines.y;
                lines.runs(canvas, &Runs::new().then(ask.label.clone(), theme.strong()));
                canvas.right(lines.x + width(&ask.label) + 2, y, lines.end, &ask.right, theme.quiet());
                lines.runs(canvas, &Runs::new().then(ask.id.clone(), theme.quiet()));
                if !ask.about.is_empty() {
                    lines.blank();
                }
                for (i, line) in ask.about.iter().take(listed(ask.about.len())).enumerate() {
                    let head = if i == 0 { "for     " } else { "        " };
                    lines.runs(canvas, &Runs::new().then(head, theme.quiet()).then(line.clone(), theme.text()));
                }
                more(canvas, lines, ask.about.len());
            }
            What::New { role, names } => {
                lines.runs(canvas, &Runs::new().then(format!("a new {role} key"), theme.strong()));
                lines.runs(canvas, &Runs::new().then("made at publish, stored in the key directory", theme.quiet()));
                lines.blank();
                for name in names.iter().take(listed(names.len())) {
                    lines.runs(canvas, &Runs::new().then("for     ", theme.quiet()).then(name.clone(), theme.text()));
                }
                more(canvas, lines, names.len());
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
                Some(Note::Other(text)) => {
                    for (at, line) in wrap(text, NOTE).into_iter().take(3).enumerate() {
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
fn listed(all: usize) -> usize {
    if all > LISTED { LISTED - 1 } else { all }
}

fn more(canvas: &mut Canvas<'_>, lines: &mut Lines, all: usize) {
    let more = all - listed(all);
    if more > 0 {
        lines.runs(canvas, &Runs::new().gap(8).then(format!("and {more} more"), canvas.theme.quiet()));
    }
}

/// Why a new passphrase is not taken.
#[must_use]
pub fn too_short() -> String {
    format!("at least {SHORTEST} letters: notary refuses shorter ones")
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
