//! The passphrase prompt: masked, in our own buffer; it says which key it is and what will be signed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp as Time;

use super::answer::Answer;
use super::complaint::Complaint;
use crate::engine::{Kind, NewPassphrase, Passphrase, SHORTEST};
use crate::tuf::{CanonicalKeyId, Role};
use crate::tui::messages::failure::Failure;

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
    pub(super) fn is_new(&self) -> bool {
        match self {
            Self::Unlock { .. } => false,
            Self::New { .. } => true,
            Self::Ask(ask) => ask.is_new,
        }
    }

    /// What its passphrase opens.
    pub(super) fn opened(&self) -> &'static str {
        if matches!(self, Self::Ask(ask) if ask.is_of_file) { "backup" } else { "key" }
    }
}

/// A prompt that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub what: What,
    pub(super) number: usize,
    pub(super) total: usize,
    pub(super) buffer: Passphrase,
    /// The first of two times that a new passphrase is typed.
    pub(super) first: Option<NewPassphrase>,
    pub(super) attempts: usize,
    pub(super) note: Option<Note>,
    /// Since when the key is being unlocked.
    pub(super) busy: Option<Time>,
    /// For how many keys the passphrase before is offered.
    pub(super) same: usize,
    /// The token that the key is on: its PIN is asked for.
    pub(super) token: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    Wrong { opens: Option<String> },
    Other(Complaint),
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
        self.note = known.map(|known| Note::Other(known.into()));
        self
    }

    /// The passphrase of the key before does not open this one, which is now the key of this number.
    pub fn same_failed(&mut self, number: usize) {
        self.busy = None;
        self.number = number;
        self.note = Some(Note::Other("another passphrase than before".to_owned().into()));
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
            self.note = Some(Note::Other((&failure.problem).into()));
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

    pub(super) fn skip(&self) -> Option<&'static str> {
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
                        self.note = Some(Note::Other(too_short().into()));
                        self.buffer = typed;
                    }
                }
                (Some(self), Answer::Nothing)
            }
            (What::New { role, .. }, Some(first)) if *first == typed => (None, Answer::NewFor(role.clone(), first)),
            (What::Ask(_), Some(first)) if *first == typed => (None, Answer::New(first)),
            (_, Some(_)) => {
                self.note = Some(Note::Other("not the same twice; once more from the start".to_owned().into()));
                (Some(self), Answer::Nothing)
            }
        }
    }
}

/// Why a new passphrase is not taken.
#[must_use]
pub fn too_short() -> String {
    format!("at least {SHORTEST} letters: notary refuses shorter ones")
}
