//! A form of a few fields.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Dialog, Next};
use crate::engine::Passphrase;
use crate::engine::custody::backed_up::Removing;
use crate::engine::keyring::tokens::TokenName;
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey};
use crate::tui::forms::{key_forms, key_submit, submit, token_fields};
use crate::tui::keywork::task;
use crate::tui::kit::field::TextField;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::{Ask, Failure};
use crate::tui::state::State;
use crate::tui::wizard::forms::WizardForm;

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
    Wizard(WizardForm),
    MakeKey,
    LoadKeys,
    /// The keys behind each answer of the first field.
    ExportKeys {
        choices: Vec<Vec<CanonicalKeyId>>,
    },
    /// The same, and the place that was offered.
    BackUp {
        choices: Vec<Vec<CanonicalKeyId>>,
        offered: String,
    },
    Restore,
    ChangePassphrase {
        id: CanonicalKeyId,
    },
    /// A stored key onto a token.
    ImportKey {
        id: CanonicalKeyId,
        how: Removing,
    },
    /// The PIN of the token with this serial number, from which a key is deleted.
    RemoveFromToken {
        id: CanonicalKeyId,
        how: Removing,
        serial: String,
    },
    LabelKey {
        id: CanonicalKeyId,
    },
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

/// A form that is being filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub title: &'static str,
    pub subject: String,
    pub purpose: Purpose,
    pub fields: Vec<Field>,
    pub focus: usize,
    pub error: Option<String>,
    /// What is being waited for.
    pub busy: Option<&'static str>,
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
            Some(Input::Secret(secret) | Input::NewSecret(secret)) => secret.clone(),
            _ => Passphrase::new(),
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
    pub fn picked(&self, label: &str) -> usize {
        let field = self.fields.iter().find(|f| f.label == label);
        if let Some(Input::Pick(_, at) | Input::Token(_, at)) = field.map(|f| &f.input) { *at } else { 0 }
    }

    /// Whether it has a field with this label.
    #[must_use]
    pub fn has(&self, label: &str) -> bool {
        self.fields.iter().any(|f| f.label == label)
    }

    /// Puts the cursor on a field.
    pub fn focus_on(&mut self, label: &str) {
        self.focus = self.fields.iter().position(|f| f.label == label).unwrap_or(self.focus);
    }

    /// Empties a secret that was refused, and puts the cursor there.
    pub fn clear_secret(&mut self, label: &str) {
        self.focus_on(label);
        if let Some(Input::Secret(secret)) = self.fields.get_mut(self.focus).map(|f| &mut f.input) {
            *secret = Passphrase::new();
        }
    }

    /// The same form, saying what is wrong with a field.
    #[must_use]
    pub fn refused(mut self, error: String, label: &str) -> Self {
        self.busy = None;
        self.error = Some(error);
        self.focus_on(label);
        self
    }

    /// The same form, saying why what it asked for failed.
    #[must_use]
    pub fn failed(mut self, failure: &Failure) -> Self {
        self.busy = None;
        let problem = &failure.problem;
        self.error = Some(format!("{}; {}", problem.message, problem.hint));
        let mut wrong = token_fields::refused(&mut self, failure);
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
    pub fn wrong_passphrase(self, state: &State, failure: &Failure) -> Self {
        let mut form = self.failed(failure);
        let label = |id: &CanonicalKeyId| {
            state.keys.iter().find(|k| k.id == *id).map_or_else(|| id.short().to_owned(), |k| k.label.clone())
        };
        form.error = Some(match &failure.ask {
            Some(Ask::OtherKey(id)) => format!("not this key; it opens {}", label(id)),
            _ => "not this key".to_owned(),
        });
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
        self.adapt();
    }

    pub(super) fn key(mut self, state: &mut State, key: &KeyEvent) -> Next {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let last = self.fields.len().saturating_sub(1);
        let about_keys = self.is_about_keys();
        let can_stop = about_keys || self.purpose == Purpose::Wizard(WizardForm::MakeOnToken);
        let mut effects = vec![];
        let turned = self.busy.is_none() && self.fields.get_mut(self.focus).is_some_and(|f| f.input.turn(key.code));
        match (key.code, self.fields.get_mut(self.focus).map(|f| &mut f.input)) {
            (KeyCode::Esc, _) if self.busy.is_some() && can_stop => {
                self.busy = None;
                state.jobs.forget_key_work();
                task::say_stopped(state);
                return Next::Stay(Dialog::Form(self), vec![Effect::StopKeyWork]);
            }
            (KeyCode::Esc, _) => {
                if matches!(self.purpose, Purpose::Wizard(_)) {
                    state.jobs.forget_form();
                }
                return Next::Close(vec![]);
            }
            _ if self.busy.is_some() => {}
            (KeyCode::Enter, _) => {
                self.error = None;
                let submitted =
                    if about_keys { key_submit::submit(&mut self, state) } else { submit::submit(&mut self, state) };
                match submitted {
                    Ok(Some(effects)) if self.busy.is_some() => return Next::Stay(Dialog::Form(self), effects),
                    Ok(Some(effects)) => return Next::Close(effects),
                    Ok(None) => {}
                    Err(error) => self.error = Some(error),
                }
            }
            (KeyCode::Tab, Some(Input::Path(path))) if !path.text().is_empty() => {
                effects.push(Effect::Complete(path.text().to_owned()));
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
        self.adapt();
        Next::Stay(Dialog::Form(self), effects)
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

    /// Shows the fields that the answers so far ask for.
    fn adapt(&mut self) {
        if self.is_about_keys() { key_forms::adapt(self) } else { self.grow() }
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
        self.busy = None;
        match keys.and_then(|keys| submit::with_keys(&self, state, keys)) {
            Ok(effects) => Next::Close(effects),
            Err(error) => {
                self.error = Some(error);
                Next::Stay(Dialog::Form(self), vec![])
            }
        }
    }
}

fn common_prefix(texts: &[String]) -> String {
    let Some((first, rest)) = texts.split_first() else { return String::new() };
    let shared =
        |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x).collect::<String>();
    rest.iter().fold(first.clone(), |common, text| shared(&common, text))
}
