//! A form of a few fields.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::canvas::{Canvas, Runs, wrap};
use super::super::effect::Effect;
use super::super::state::State;
use super::super::wizard::forms::Ask;
use super::field::TextField;
use super::submit;
use super::window::{Lines, Window, keys};
use super::{Dialog, Next};
use crate::engine::Passphrase;
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey};

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    AddRepository,
    AddSigner {
        guns: Vec<Gun>,
    },
    AddDelegation {
        gun: Gun,
    },
    EditDelegation {
        gun: Gun,
        role: DelegationName,
        keys: Vec<CanonicalKeyId>,
    },
    SignTag {
        gun: Gun,
    },
    LogIn {
        gun: Gun,
        host: String,
    },
    /// What a wizard asks.
    Wizard(Ask),
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub label: &'static str,
    pub input: Input,
    /// Said below while the field has the focus.
    pub hint: String,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Text(TextField),
    Path(TextField),
    Secret(Passphrase),
    /// A label and whether it is chosen.
    Switch(String, bool),
}

/// A form that is being filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub title: &'static str,
    pub subject: String,
    pub purpose: Purpose,
    pub fields: Vec<Field>,
    pub focus: usize,
    pub error: Option<String>,
    /// Key files are being read.
    pub busy: bool,
    /// Ways to complete the path.
    pub candidates: Vec<String>,
    /// What enter does.
    pub verb: &'static str,
    /// What will happen, in a sentence.
    pub note: String,
}

/// Most key files that one form takes.
const MOST_FILES: usize = 8;

impl Form {
    /// Text of the field with this label.
    #[must_use]
    pub fn text(&self, label: &str) -> &str {
        let field = self.fields.iter().find(|f| f.label == label);
        match field.map(|f| &f.input) {
            Some(Input::Text(text) | Input::Path(text)) => text.trimmed(),
            _ => "",
        }
    }

    /// Paths that were typed.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        let paths = self.fields.iter().filter_map(|f| match &f.input {
            Input::Path(text) => Some(text.trimmed()),
            _ => None,
        });
        paths.filter(|p| !p.is_empty()).collect()
    }

    /// What was typed into the secret field with this label.
    #[must_use]
    pub fn secret(&self, label: &str) -> Passphrase {
        let field = self.fields.iter().find(|f| f.label == label);
        match field.map(|f| &f.input) {
            Some(Input::Secret(secret)) => secret.clone(),
            _ => Passphrase::new(),
        }
    }

    /// Switches in order.
    #[must_use]
    pub fn switches(&self) -> Vec<bool> {
        let switch = |f: &Field| if let Input::Switch(_, on) = f.input { Some(on) } else { None };
        self.fields.iter().filter_map(switch).collect()
    }

    /// Fills the focused field with pasted text.
    pub fn paste(&mut self, text: &str) {
        if self.busy {
            return;
        }
        match self.fields.get_mut(self.focus).map(|f| &mut f.input) {
            Some(Input::Text(field) | Input::Path(field)) => field.insert_text(text.trim()),
            Some(Input::Secret(secret)) => text.chars().for_each(|c| secret.push(c)),
            Some(Input::Switch(..)) | None => {}
        }
        self.grow();
    }

    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Next {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let last = self.fields.len().saturating_sub(1);
        let mut effects = vec![];
        match (key.code, self.fields.get_mut(self.focus).map(|f| &mut f.input)) {
            (KeyCode::Esc, _) => return Next::Close(vec![]),
            _ if self.busy => {}
            (KeyCode::Enter, _) => match submit::submit(&mut self, state) {
                Ok(Some(effects)) if self.busy => return Next::Stay(Dialog::Form(self), effects),
                Ok(Some(effects)) => return Next::Close(effects),
                Ok(None) => {}
                Err(error) => self.error = Some(error),
            },
            (KeyCode::Tab, Some(Input::Path(path))) if !path.text().is_empty() => {
                effects.push(Effect::Complete(path.text().to_owned()));
            }
            (KeyCode::Tab | KeyCode::Down, _) => self.focus = (self.focus + 1).min(last),
            (KeyCode::BackTab | KeyCode::Up, _) => self.focus = self.focus.saturating_sub(1),
            (KeyCode::Char(' '), Some(Input::Switch(_, on))) => *on = !*on,
            (KeyCode::Backspace, Some(Input::Secret(secret))) => secret.pop(),
            (KeyCode::Char('u'), Some(Input::Secret(secret))) if ctrl => *secret = Passphrase::new(),
            (KeyCode::Char(c), Some(Input::Secret(secret))) if !ctrl => secret.push(c),
            (_, Some(Input::Text(field) | Input::Path(field))) => {
                field.key(key);
                self.error = None;
                self.candidates.clear();
            }
            _ => {}
        }
        self.grow();
        Next::Stay(Dialog::Form(self), effects)
    }

    /// Keeps one empty path field behind the last one that was filled in.
    fn grow(&mut self) {
        if matches!(self.purpose, Purpose::Wizard(_)) {
            return;
        }
        let Some(place) = self.fields.iter().rposition(|f| matches!(f.input, Input::Path(_))) else { return };
        let files = self.fields.iter().filter(|f| matches!(f.input, Input::Path(_))).count();
        if let Some(Field { input: Input::Path(text), .. }) = self.fields.get(place)
            && !text.trimmed().is_empty()
            && files < MOST_FILES
        {
            let hint = "another key of the same signer, or empty".to_owned();
            self.fields.insert(place + 1, Field { label: "", input: Input::Path(TextField::default()), hint });
        }
    }

    /// Takes the ways to complete the path; goes on to the next field if there is nothing to choose.
    pub fn completed(&mut self, candidates: Vec<String>) {
        let last = self.fields.len().saturating_sub(1);
        let Some(Input::Path(path)) = self.fields.get_mut(self.focus).map(|f| &mut f.input) else { return };
        let common = common_prefix(&candidates);
        if common.len() > path.text().len() {
            path.set(&common);
            self.candidates = if candidates.len() > 1 { candidates } else { vec![] };
        } else if candidates.len() > 1 {
            self.candidates = candidates;
        } else {
            self.focus = (self.focus + 1).min(last);
        }
    }

    /// Takes the public keys that the files hold.
    pub fn files_read(mut self, state: &State, keys: Result<Vec<PublicKey>, String>) -> Next {
        self.busy = false;
        match keys.and_then(|keys| submit::with_keys(&self, state, keys)) {
            Ok(effects) => Next::Close(effects),
            Err(error) => {
                self.error = Some(error);
                Next::Stay(Dialog::Form(self), vec![])
            }
        }
    }

    pub(super) fn render(&self, canvas: &mut Canvas<'_>) {
        let theme = canvas.theme;
        let mut pairs = vec![("enter", self.verb)];
        if self.fields.iter().any(|f| matches!(f.input, Input::Path(_))) {
            pairs.push(("tab", "complete"));
        }
        if self.fields.len() > 1 {
            pairs.push(("up down", "field"));
        }
        pairs.push(("esc", "back"));
        let window =
            Window { title: self.title.to_owned(), subject: String::new(), keys: keys(canvas, &pairs), colour: None };
        let note = wrap(&self.note, 68);
        let rows = 2 + self.fields.len() * 2 + 3 + note.len();
        let mut lines = window.open(canvas, 74, u16::try_from(rows).unwrap_or(u16::MAX));
        lines.runs(canvas, &Runs::new().then(self.subject.clone(), theme.strong()));
        lines.blank();
        for (i, field) in self.fields.iter().enumerate() {
            self.field(canvas, &mut lines, field, i == self.focus);
        }
        self.below(canvas, &mut lines);
        if self.candidates.is_empty() && self.error.is_none() {
            for line in note {
                lines.runs(canvas, &Runs::new().then(line, theme.quiet()));
            }
        }
    }

    fn doing(&self) -> &'static str {
        match self.purpose {
            Purpose::Wizard(Ask::SetUp | Ask::TakeOver) => " asking the servers",
            Purpose::Wizard(Ask::BackUp(_)) => " writing, opening it again, unlocking",
            Purpose::Wizard(_) => " deriving the key from the passphrase",
            _ => " reading the key files",
        }
    }

    fn field(&self, canvas: &mut Canvas<'_>, lines: &mut Lines, field: &Field, focused: bool) {
        const LABEL: u16 = 12;
        if lines.y >= lines.bottom {
            return;
        }
        let theme = canvas.theme;
        let (x, y, end) = (lines.x + LABEL, lines.y, lines.end);
        canvas.put(lines.x, y, x, field.label, theme.quiet());
        match &field.input {
            Input::Text(text) | Input::Path(text) => text.render(canvas, (x, y, end), focused),
            Input::Secret(secret) => {
                let dots = theme.glyphs.hidden.repeat(secret.chars().min(40));
                let x = canvas.put(x, y, end, theme.glyphs.prompt, theme.quiet());
                let x = canvas.put(x + 1, y, end, &dots, theme.text());
                if focused {
                    canvas.put(x, y, end, " ", theme.caret());
                }
            }
            Input::Switch(label, on) => {
                let mark = if *on { "[x] " } else { "[ ] " };
                let style = if focused { theme.strong() } else { theme.text() };
                let x = canvas.put(x, y, end, mark, style);
                canvas.put(x, y, end, label, style);
            }
        }
        if focused && y + 1 < lines.bottom {
            canvas.repeat(x, y + 1, end - x, theme.glyphs.track, theme.quiet());
        }
        lines.y += 2;
    }

    /// The error, the candidates or the hint of the focused field.
    fn below(&self, canvas: &mut Canvas<'_>, lines: &mut Lines) {
        let theme = canvas.theme;
        if let Some(error) = &self.error {
            for (i, line) in wrap(error, lines.width().saturating_sub(2)).into_iter().enumerate() {
                let sign = if i == 0 { theme.glyphs.warn } else { " " };
                lines.runs(canvas, &Runs::new().then(sign, theme.warn()).gap(1).then(line, theme.warn_word()));
            }
        } else if self.busy {
            lines.runs(canvas, &Runs::new().then(theme.glyphs.now, theme.accent()).then(self.doing(), theme.text()));
        } else if !self.candidates.is_empty() {
            let names: Vec<&str> = self.candidates.iter().map(|c| last_segment(c)).collect();
            for line in wrap(&names.join("  "), lines.width()).into_iter().take(3) {
                lines.runs(canvas, &Runs::new().then(line, theme.quiet()));
            }
        } else if let Some(field) = self.fields.get(self.focus) {
            lines.runs(canvas, &Runs::new().then(field.hint.clone(), theme.quiet()));
            lines.blank();
        }
    }
}

fn last_segment(path: &str) -> &str {
    let end = path.trim_end_matches('/');
    let start = end.rfind('/').map_or(0, |i| i + 1);
    path.get(start..).unwrap_or(path)
}

fn common_prefix(texts: &[String]) -> String {
    let Some((first, rest)) = texts.split_first() else { return String::new() };
    let shared =
        |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x).collect::<String>();
    rest.iter().fold(first.clone(), |common, text| shared(&common, text))
}
