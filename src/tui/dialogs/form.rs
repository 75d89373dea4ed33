//! A form of a few fields.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::answer::Answer;
use super::complaint::Complaint;
use super::label::Label;
use crate::engine::Passphrase;
use crate::engine::keyring::tokens::TokenName;
use crate::tui::kit::field::TextField;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::{Ask, Failure};

pub use super::purpose::{Purpose, WizardForm};

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub label: Label,
    pub input: Input,
    /// Said below while the field has the focus.
    pub hint: String,
}

impl Field {
    /// A secret that is not there yet.
    #[must_use]
    pub fn secret(label: Label, hint: &str) -> Self {
        Self { label, input: Input::Secret(Passphrase::new()), hint: hint.to_owned() }
    }

    /// Whether nothing was filled in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.input {
            Input::Text(text) | Input::Path(text) => text.trimmed().is_empty(),
            Input::Secret(secret) | Input::NewSecret(secret) => secret.is_empty(),
            Input::Switch(..) | Input::Pick(..) | Input::Token(..) => false,
        }
    }
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Text(TextField),
    Path(TextField),
    Secret(Passphrase),
    /// A new secret, whose strength is remarked on.
    NewSecret(Passphrase),
    /// Answers, and which of them is chosen.
    Pick(Vec<String>, usize),
    /// Tokens, and which of them is chosen.
    Token(Vec<TokenAnswer>, usize),
    /// A label and whether it is chosen.
    Switch(String, bool),
}

/// A token among the answers, or none: the key store, or that nothing is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenAnswer {
    pub words: String,
    pub token: Option<TokenName>,
}

/// What a form that was filled in waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A token that is plugged in.
    Token,
    /// A finger on it.
    Touch,
    /// The stage, which may refuse what was filled in.
    Stage,
    /// Work, in words.
    Work(&'static str),
}

impl Wait {
    /// For the user.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Token => "looking for a token",
            Self::Touch => "touch the token now",
            Self::Stage => "staging",
            Self::Work(words) => words,
        }
    }
}

/// A form that is being filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub title: &'static str,
    pub subject: String,
    pub purpose: Purpose,
    pub fields: Vec<Field>,
    pub focus: usize,
    /// Why it was not taken.
    pub error: Option<Complaint>,
    /// Why it will not be taken as it is filled in now.
    pub wrong: Option<Complaint>,
    /// What is being waited for.
    pub busy: Option<Wait>,
    /// How often a passphrase was refused.
    pub attempts: usize,
    /// Ways to complete the path.
    pub candidates: Vec<String>,
    /// What enter does.
    pub verb: &'static str,
    /// What will happen, in a sentence.
    pub note: String,
}

impl Input {
    /// Goes to the answer before or behind, if that is what the key means here.
    fn turn(&mut self, code: KeyCode) -> bool {
        let (at, count) = match self {
            Self::Pick(all, at) => (at, all.len().max(1)),
            Self::Token(all, at) => (at, all.len().max(1)),
            _ => return false,
        };
        *at = match code {
            KeyCode::Char(' ' | 'l') | KeyCode::Right => (*at + 1) % count,
            KeyCode::Char('h') | KeyCode::Left => (*at + count - 1) % count,
            _ => return false,
        };
        true
    }
}

/// Most key files that one form takes.
const MOST_FILES: usize = 8;

impl Form {
    /// Text of the field with this label.
    #[must_use]
    pub fn text(&self, label: Label) -> &str {
        let field = self.fields.iter().find(|f| f.label == label);
        match field.map(|f| &f.input) {
            Some(Input::Text(text) | Input::Path(text)) => text.trimmed(),
            _ => "",
        }
    }

    /// What is to be said against it: why it was not taken, else why it will not be.
    #[must_use]
    pub fn complaint(&self) -> Option<&Complaint> {
        self.error.as_ref().or(self.wrong.as_ref().filter(|_| self.busy.is_none() && self.candidates.is_empty()))
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
    pub fn secret(&self, label: Label) -> Passphrase {
        let field = self.fields.iter().find(|f| f.label == label);
        match field.map(|f| &f.input) {
            Some(Input::Secret(secret) | Input::NewSecret(secret)) => secret.clone(),
            _ => Passphrase::new(),
        }
    }

    /// Whether every field is filled in that must be; the cursor is put on the first one that is not.
    ///
    /// # Errors
    /// If the cursor was there already: says which it is.
    pub fn is_complete(&mut self, must: impl Fn(Label) -> bool) -> Result<bool, String> {
        let empty = self.fields.iter().position(|field| field.is_empty() && must(field.label));
        match empty.and_then(|at| Some((at, self.fields.get(at)?))) {
            Some((at, field)) if self.focus == at => Err(format!("{} is still empty", field.label.text())),
            Some((at, _)) => {
                self.focus = at;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// Switches in order.
    #[must_use]
    pub fn switches(&self) -> Vec<bool> {
        let switch = |f: &Field| if let Input::Switch(_, on) = f.input { Some(on) } else { None };
        self.fields.iter().filter_map(switch).collect()
    }

    /// What was chosen in the field with this label.
    #[must_use]
    pub fn picked(&self, label: Label) -> usize {
        let field = self.fields.iter().find(|f| f.label == label);
        if let Some(Input::Pick(_, at) | Input::Token(_, at)) = field.map(|f| &f.input) { *at } else { 0 }
    }

    /// Whether it has a field with this label.
    #[must_use]
    pub fn has(&self, label: Label) -> bool {
        self.fields.iter().any(|f| f.label == label)
    }

    /// Writes into the fields that ask for this.
    pub fn fill(&mut self, label: Label, value: &str) {
        for field in self.fields.iter_mut().filter(|field| field.label == label) {
            if let Input::Text(typed) | Input::Path(typed) = &mut field.input {
                typed.set(value);
            }
        }
    }

    /// Puts the cursor into the first field that asks for this.
    pub fn focus_on(&mut self, label: Label) {
        self.focus = self.fields.iter().position(|f| f.label == label).unwrap_or(self.focus);
    }

    /// Empties a secret that was refused, and puts the cursor there.
    pub fn clear_secret(&mut self, label: Label) {
        self.focus_on(label);
        if let Some(Input::Secret(secret)) = self.fields.get_mut(self.focus).map(|f| &mut f.input) {
            *secret = Passphrase::new();
        }
    }

    /// The same form, saying what is wrong with a field.
    #[must_use]
    pub fn refused(mut self, error: String, label: Label) -> Self {
        self.busy = None;
        self.error = Some(error.into());
        self.focus_on(label);
        self
    }

    /// The same form, saying why what it asked for failed.
    #[must_use]
    pub fn failed(mut self, failure: &Failure) -> Self {
        self.busy = None;
        let problem = &failure.problem;
        self.error = Some(problem.into());
        let mut wrong = refused_by_token(&mut self, failure);
        if problem.kind == crate::engine::Kind::Passphrase {
            self.attempts += 1;
            // The new passphrase behind it was typed twice already and stays. A wizard's form may ask for several.
            let secret =
                |f: &&Field| matches!(f.input, Input::Secret(_)) && !matches!(self.purpose, Purpose::Wizard(_));
            wrong = wrong.or(self.fields.iter().find(secret).map(|f| f.label));
        }
        wrong.into_iter().for_each(|label| self.clear_secret(label));
        self
    }

    /// The old passphrase does not open the key; says which other key it opens.
    #[must_use]
    pub fn wrong_passphrase(self, failure: &Failure, opens: Option<String>) -> Self {
        let mut form = self.failed(failure);
        let opens = opens.map(|other| format!("; it opens {other}")).unwrap_or_default();
        form.error = Some(format!("the passphrase does not open this key{opens}").into());
        form
    }

    /// Fills the focused field with pasted text.
    pub fn paste(&mut self, text: &str) {
        if self.busy.is_some() {
            return;
        }
        match self.fields.get_mut(self.focus).map(|f| &mut f.input) {
            Some(Input::Text(field) | Input::Path(field)) => field.insert_text(text.trim()),
            Some(Input::Secret(secret) | Input::NewSecret(secret)) => text.chars().for_each(|c| secret.push(c)),
            Some(Input::Switch(..) | Input::Pick(..) | Input::Token(..)) | None => {}
        }
    }

    pub(super) fn key(mut self, key: &KeyEvent) -> (Option<Self>, Answer) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let last = self.fields.len().saturating_sub(1);
        let can_stop = self.is_about_keys() || self.purpose == Purpose::Wizard(WizardForm::MakeOnToken);
        let mut answer = Answer::Nothing;
        let turned = self.busy.is_none() && self.fields.get_mut(self.focus).is_some_and(|f| f.input.turn(key.code));
        match (key.code, self.fields.get_mut(self.focus).map(|f| &mut f.input)) {
            (KeyCode::Esc, _) if self.busy.is_some() && can_stop => {
                self.busy = None;
                return (Some(self), Answer::FormStopped);
            }
            (KeyCode::Esc, _) if matches!(self.purpose, Purpose::Wizard(_)) => return (None, Answer::FormLeft),
            (KeyCode::Esc, _) => return (None, Answer::Nothing),
            _ if self.busy.is_some() => {}
            (KeyCode::Enter, _) => {
                self.error = None;
                return (Some(self), Answer::Filled);
            }
            (KeyCode::Tab, Some(Input::Path(path))) if !path.text().is_empty() => {
                answer = Answer::Work(vec![Effect::Complete(path.text().to_owned())]);
            }
            (KeyCode::Tab | KeyCode::Down, _) => self.focus = (self.focus + 1).min(last),
            (KeyCode::BackTab | KeyCode::Up, _) => self.focus = self.focus.saturating_sub(1),
            (KeyCode::Char(' '), Some(Input::Switch(_, on))) => *on = !*on,
            _ if turned => {}
            (KeyCode::Backspace, Some(Input::Secret(secret) | Input::NewSecret(secret))) => secret.pop(),
            (KeyCode::Char('u'), Some(Input::Secret(secret) | Input::NewSecret(secret))) if ctrl => {
                *secret = Passphrase::new();
            }
            (KeyCode::Char(c), Some(Input::Secret(secret) | Input::NewSecret(secret))) if !ctrl => {
                secret.push(c);
                self.error = None;
            }
            (_, Some(Input::Text(field) | Input::Path(field))) => {
                field.key(key);
                self.error = None;
                self.candidates.clear();
            }
            _ => {}
        }
        (Some(self), answer)
    }

    /// Whether it asks for work on the user's own keys.
    #[must_use]
    pub fn is_about_keys(&self) -> bool {
        matches!(
            self.purpose,
            Purpose::MakeKey
                | Purpose::LoadKeys
                | Purpose::ExportKeys { .. }
                | Purpose::BackUp { .. }
                | Purpose::Restore
                | Purpose::ChangePassphrase { .. }
                | Purpose::ImportKey { .. }
                | Purpose::RemoveFromToken { .. }
                | Purpose::LabelKey { .. }
        )
    }

    /// Keeps one empty path field behind the last one that was filled in.
    pub fn grow(&mut self) {
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
            self.fields
                .insert(place + 1, Field { label: Label::AnotherFile, input: Input::Path(TextField::default()), hint });
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
}

/// Asks for the management key too once the token has refused the factory's; the cursor goes to what was refused.
fn refused_by_token(form: &mut Form, failure: &Failure) -> Option<Label> {
    match failure.ask {
        Some(Ask::Pin) => Some(Label::Pin),
        Some(Ask::ManagementKey) => {
            if !form.has(Label::Management) {
                let at = form.fields.iter().position(|f| f.label == Label::Pin).map_or(form.fields.len(), |at| at + 1);
                form.fields.insert(
                    at,
                    Field::secret(Label::Management, "the management key that was set: 48 hexadecimal digits"),
                );
            }
            Some(Label::Management)
        }
        _ => None,
    }
}

fn common_prefix(texts: &[String]) -> String {
    let Some((first, rest)) = texts.split_first() else { return String::new() };
    let shared =
        |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x).collect::<String>();
    rest.iter().fold(first.clone(), |common, text| shared(&common, text))
}
