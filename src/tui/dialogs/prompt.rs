//! The passphrase prompt: masked, in our own buffer; it says which key it is and what will be signed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp as Time;

use super::super::canvas::{Canvas, Runs, width};
use super::super::effect::Effect;
use super::super::event::{Ask, Failure};
use super::super::format::count;
use super::super::gate;
use super::super::panes::repositories::spinner;
use super::super::state::State;
use super::window::{Lines, WIDTH, Window, keys};
use super::{Dialog, Next};
use crate::engine::{Kind, Passphrase};
use crate::tuf::{CanonicalKeyId, Role};

/// Shortest passphrase that Notary's clients take for a new key.
const SHORTEST: usize = 8;

/// What a passphrase is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A stored key; `signs` is repository, role, versions.
    Unlock { id: CanonicalKeyId, label: String, role: String, signs: Vec<(String, String, String)> },
    /// A key that the publish makes.
    New { role: Role, names: Vec<String> },
}

/// A prompt that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub what: What,
    number: usize,
    total: usize,
    buffer: Passphrase,
    /// The first of two times that a new passphrase is typed.
    first: Option<Passphrase>,
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

    /// It did not open the key: stays open and says so.
    pub fn refused(&mut self, state: &State, failure: &Failure) {
        self.busy = None;
        self.buffer = Passphrase::new();
        if failure.problem.kind != Kind::Passphrase || self.token.is_some() {
            self.note = Some(Note::Other(failure.problem.message.clone()));
            return;
        }
        self.attempts += 1;
        let label = |id: &CanonicalKeyId| {
            state.keys.iter().find(|k| k.id == *id).map_or_else(|| id.short().to_owned(), |k| k.label.clone())
        };
        let opens =
            failure.ask.as_ref().and_then(|ask| if let Ask::OtherKey(id) = ask { Some(label(id)) } else { None });
        self.note = Some(Note::Wrong { opens });
    }

    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Next {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => {
                state.gate = None;
                return Next::Close(vec![]);
            }
            _ if self.busy.is_some() => {}
            KeyCode::Tab if self.same > 0 => {
                self.same = 0;
                if let Some((ids, passphrase)) = gate::take_same(state) {
                    self.busy = Some(state.now);
                    self.note = None;
                    return Next::Stay(Dialog::Prompt(self), vec![Effect::UnlockAlso(ids, passphrase)]);
                }
            }
            KeyCode::Enter if !self.buffer.is_empty() => return self.enter(state),
            KeyCode::Backspace => self.buffer.pop(),
            KeyCode::Char('u') if ctrl => self.buffer = Passphrase::new(),
            KeyCode::Char(c) if !ctrl => self.buffer.push(c),
            _ => {}
        }
        Next::Stay(Dialog::Prompt(self), vec![])
    }

    fn enter(mut self, state: &mut State) -> Next {
        let typed = std::mem::take(&mut self.buffer);
        match (&self.what, self.first.take()) {
            (What::Unlock { id, .. }, _) => {
                self.busy = Some(state.now);
                self.note = None;
                if self.token.is_none() {
                    gate::remember(state, &typed);
                }
                let effect = Effect::Unlock(id.clone(), typed);
                Next::Stay(Dialog::Prompt(self), vec![effect])
            }
            (What::New { .. }, None) if typed.chars() < SHORTEST => {
                self.note = Some(Note::Other(format!("at least {SHORTEST} letters: notary refuses shorter ones")));
                self.buffer = typed;
                Next::Stay(Dialog::Prompt(self), vec![])
            }
            (What::New { .. }, None) => {
                self.first = Some(typed);
                self.note = None;
                Next::Stay(Dialog::Prompt(self), vec![])
            }
            (What::New { role, .. }, Some(first)) if first == typed => {
                let mut effects = vec![Effect::ChoosePassphrase(role.clone(), typed)];
                effects.extend(gate::answered(state));
                Next::Close(effects)
            }
            (What::New { .. }, Some(_)) => {
                self.note = Some(Note::Other("not the same twice; once more from the start".to_owned()));
                Next::Stay(Dialog::Prompt(self), vec![])
            }
        }
    }

    pub(super) fn render(&self, state: &State, canvas: &mut Canvas<'_>) {
        let act = match (&self.what, &self.first) {
            (What::Unlock { .. }, _) => "unlock",
            (What::New { .. }, None) => "next",
            (What::New { .. }, Some(_)) => "take it",
        };
        let mut pairs = vec![("enter", act), ("ctrl-u", "clear"), ("esc", "back")];
        if self.same > 0 && self.busy.is_none() {
            pairs = vec![("enter", act), ("tab", "same as before"), ("esc", "back")];
        }
        let window = Window {
            title: match (&self.what, &self.token) {
                (What::Unlock { .. }, Some(_)) => "PIN",
                (What::Unlock { .. }, None) => "Passphrase",
                (What::New { .. }, _) => "New passphrase",
            }
            .to_owned(),
            subject: format!("key {} of {}", self.number, self.total),
            keys: keys(canvas, &pairs),
            colour: None,
        };
        let about = match &self.what {
            What::Unlock { signs, .. } => signs.len().clamp(1, 6) + 1,
            What::New { names, .. } => names.len().clamp(1, 6) + 1,
        };
        let mut lines = window.open(canvas, WIDTH, u16::try_from(about).unwrap_or(8) + 8);
        self.about(canvas, &mut lines);
        lines.blank();
        self.field(canvas, &mut lines);
        lines.rule(canvas);
        self.below(state, canvas, &mut lines);
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
                for (i, (name, role, versions)) in signs.iter().take(6).enumerate() {
                    let y = lines.y;
                    let head = if i == 0 { "signs   " } else { "        " };
                    let room = lines.width().saturating_sub(8 + 26);
                    let name = super::super::canvas::cut_path(name, room, theme.glyphs.cut);
                    let runs = Runs::new().then(head, theme.quiet()).then(format!("{name:room$}"), theme.text());
                    lines.runs(canvas, &runs.gap(1).then(role.clone(), theme.text()));
                    let versions = versions.replace('→', theme.glyphs.becomes);
                    canvas.right(lines.x + 30, y, lines.end, &versions, theme.text());
                }
            }
            What::New { role, names } => {
                lines.runs(canvas, &Runs::new().then(format!("a new {role} key"), theme.strong()));
                lines.runs(canvas, &Runs::new().then("made at publish, stored in the key directory", theme.quiet()));
                lines.blank();
                for name in names.iter().take(6) {
                    lines.runs(canvas, &Runs::new().then("for     ", theme.quiet()).then(name.clone(), theme.text()));
                }
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
        let typed = self.buffer.chars();
        let right = match &self.what {
            What::Unlock { .. } if self.attempts > 0 => format!("attempt {}", self.attempts + 1),
            What::New { .. } if typed > 0 && typed < SHORTEST => {
                format!("{} to go", count(SHORTEST - typed, "letter", "letters"))
            }
            What::New { .. } if typed >= SHORTEST => strength(typed).to_owned(),
            _ => String::new(),
        };
        canvas.right(lines.x, y, lines.end, &right, theme.quiet());
    }

    fn below(&self, state: &State, canvas: &mut Canvas<'_>, lines: &mut Lines) {
        let theme = canvas.theme;
        if let Some(since) = self.busy {
            let glyph = spinner(state, since).unwrap_or(theme.glyphs.now);
            lines.runs(canvas, &Runs::new().then(glyph, theme.accent()).then(" unlocking the key", theme.text()));
        } else {
            match &self.note {
                Some(Note::Wrong { opens }) => {
                    let runs =
                        Runs::new().then(theme.glyphs.warn, theme.warn()).then(" not this key", theme.warn_word());
                    let runs = match opens {
                        Some(label) => runs.gap(3).then("it opens ", theme.text()).then(label.clone(), theme.strong()),
                        None => runs,
                    };
                    lines.runs(canvas, &runs);
                }
                Some(Note::Other(text)) => {
                    lines.runs(
                        canvas,
                        &Runs::new().then(theme.glyphs.warn, theme.warn()).gap(1).then(text.clone(), theme.warn_word()),
                    );
                }
                None => lines.blank(),
            }
        }
        lines.blank();
        let tour = state.tour.as_ref().map(|tour| &tour.passphrase);
        let text = match (&self.what, state.sandbox.as_ref().or(tour)) {
            _ if self.same > 0 => {
                format!("tab tries the passphrase you just typed for {}.", count(self.same, "key", "keys"))
            }
            _ if self.token.is_some() => {
                format!("Tried once. A token locks itself after few wrong PINs. Kept for {}.", state.idle_lock)
            }
            (_, Some(passphrase)) => format!("In the sandbox every passphrase is {passphrase}."),
            (What::Unlock { .. }, None) => format!("Stays unlocked for {}, is never stored.", state.idle_lock),
            (What::New { .. }, None) => "Nobody can recover it. Longer is better than stranger.".to_owned(),
        };
        lines.runs(canvas, &Runs::new().then(text, theme.quiet()));
    }
}

fn strength(letters: usize) -> &'static str {
    match letters {
        0..12 => "short",
        12..20 => "fair",
        _ => "long",
    }
}
