//! The fields that all forms about tokens share: which token, its PIN, and for a YubiKey whose management key is not the
//! factory's, that.

use crate::engine::Passphrase;
use crate::engine::keyring::tokens::{PinState, TokenFacts, TokenName};
use crate::tui::dialogs::form::{Field, Form, Input, Purpose, TokenAnswer};
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::{Ask, Failure};
use crate::tui::messages::keywork::AtToken;
use crate::tui::state::State;

/// Labels of the fields.
pub(in crate::tui) const TOKEN: &str = "token";
pub(in crate::tui) const PIN: &str = "PIN";
const MANAGEMENT: &str = "management";
/// Where a new key is kept: the key store, or a token.
pub(in crate::tui) const KEPT: &str = "kept";

const STORE: &str = "in the key store of this machine";
const ON: &str = "on token ";
const NONE: &str = "none is plugged in";

pub(in crate::tui) fn secret(label: &'static str, hint: &str) -> Field {
    Field { label, input: Input::Secret(Passphrase::new()), hint: hint.to_owned() }
}

/// Asks for the PIN.
pub(in crate::tui) fn pin() -> Field {
    secret(PIN, "tried once: a token locks after few wrong PINs")
}

/// Asks which token.
pub(in crate::tui) fn token(state: &State) -> Field {
    let hint = "the token that it goes to; space changes it".to_owned();
    Field { label: TOKEN, input: Input::Token(or_none(names(state, "")), 0), hint }
}

/// Asks whether a new key goes to a token; only where there is one.
pub(in crate::tui) fn kept(state: &State) -> Option<Field> {
    (!plugged_in(state).is_empty()).then(|| {
        let hint = "space changes it".to_owned();
        Field { label: KEPT, input: Input::Token(places(state), 0), hint }
    })
}

/// The key store and the tokens.
fn places(state: &State) -> Vec<TokenAnswer> {
    let store = TokenAnswer { words: STORE.to_owned(), token: None };
    std::iter::once(store).chain(names(state, ON)).collect()
}

pub(in crate::tui) fn plugged_in(state: &State) -> &[TokenFacts] {
    state.tokens.as_deref().map_or(&[], Vec::as_slice)
}

fn names(state: &State, before: &str) -> Vec<TokenAnswer> {
    let tokens = plugged_in(state);
    let answer =
        |t: &TokenFacts| TokenAnswer { words: format!("{before}{}", name(t, tokens)), token: Some(t.name.clone()) };
    tokens.iter().map(answer).collect()
}

fn or_none(mut answers: Vec<TokenAnswer>) -> Vec<TokenAnswer> {
    if answers.is_empty() {
        answers.push(TokenAnswer { words: NONE.to_owned(), token: None });
    }
    answers
}

/// A token as its owner knows it; those of one name are told apart by their serial numbers.
fn name(token: &TokenFacts, all: &[TokenFacts]) -> String {
    let twins = all.iter().filter(|other| other.name.to_string() == token.name.to_string()).count();
    let mut words = token.name.to_string();
    if twins > 1 {
        words.push_str(&format!(" {}", token.name.serial));
    }
    let pin = match token.pin {
        PinState::Ready => String::new(),
        PinState::CountLow => ", few PIN tries left".to_owned(),
        PinState::FinalTry => ", one PIN try left".to_owned(),
        PinState::Locked => ", its PIN is locked".to_owned(),
        PinState::Unset => ", it has no PIN yet".to_owned(),
    };
    format!("{words}{pin}, {}", token.model)
}

/// Takes what tokens are plugged in now into a form that is open. The chosen one stays chosen, also while it is pulled
/// out: a PIN that was typed for it must not be tried on another.
pub(in crate::tui) fn learn(form: &mut Form, state: &State) {
    let had_none = form.has(TOKEN) && picked(form).is_none();
    if let Some((answers, at)) = answers(form, TOKEN) {
        *at = stay(answers, *at, names(state, ""), "");
        *answers = or_none(std::mem::take(answers));
    }
    if form.purpose == Purpose::MakeKey {
        match (answers(form, KEPT), kept(state)) {
            (Some((answers, at)), _) => *at = stay(answers, *at, places(state), ON),
            (None, Some(field)) => {
                form.fields.insert(1, field);
                form.focus += usize::from(form.focus >= 1);
            }
            (None, None) => {}
        }
        super::key_forms::adapt(form);
    }
    if form.busy == Some(LOOKING) {
        form.busy = None;
        let several = plugged_in(state).len() > 1;
        let (error, label) = match picked(form) {
            Some(_) if had_none && several => ("there are several tokens; choose one".to_owned(), Some(TOKEN)),
            Some(token) if is_here(state, token) => return,
            Some(token) if plugged_in(state).is_empty() => {
                (format!("{token} is not plugged in; plug it in and press enter again"), None)
            }
            Some(token) => (format!("{token} is not plugged in; plug it in, or choose another"), None),
            None => ("no token is plugged in; plug it in and press enter again".to_owned(), None),
        };
        form.error = Some(error);
        label.into_iter().for_each(|label| form.focus_on(label));
    }
}

fn answers<'a>(form: &'a mut Form, label: &str) -> Option<(&'a mut Vec<TokenAnswer>, &'a mut usize)> {
    match form.fields.iter_mut().find(|f| f.label == label).map(|f| &mut f.input) {
        Some(Input::Token(answers, at)) => Some((answers, at)),
        _ => None,
    }
}

/// Takes new answers; says where the chosen one is among them. Tokens are known by their serial numbers, for what else
/// is said of them changes.
fn stay(answers: &mut Vec<TokenAnswer>, at: usize, fresh: Vec<TokenAnswer>, before: &str) -> usize {
    let chosen = answers.get(at).and_then(|answer| answer.token.clone());
    *answers = fresh;
    let Some(chosen) = chosen else { return 0 };
    let same = |answer: &TokenAnswer| answer.token.as_ref().is_some_and(|token| token.serial == chosen.serial);
    answers.iter().position(same).unwrap_or_else(|| {
        let words = format!("{before}{chosen}, which is not plugged in");
        answers.push(TokenAnswer { words, token: Some(chosen) });
        answers.len() - 1
    })
}

fn is_here(state: &State, token: &TokenName) -> bool {
    plugged_in(state).iter().any(|found| found.name.serial == token.serial)
}

/// The token that is chosen, plugged in or not.
fn picked(form: &Form) -> Option<&TokenName> {
    let label = if form.has(KEPT) { KEPT } else { TOKEN };
    match form.fields.iter().find(|f| f.label == label).map(|f| &f.input) {
        Some(Input::Token(answers, at)) => answers.get(*at).and_then(|answer| answer.token.as_ref()),
        _ => None,
    }
}

/// What is waited for when enter was pressed without a token.
const LOOKING: &str = "looking for a token";

/// The token of a form and what opens it. `None`: there is none, and it is looked for again.
pub(in crate::tui) fn chosen(form: &mut Form, state: &State) -> Result<AtToken, Vec<Effect>> {
    let Some(token) = picked(form).filter(|token| is_here(state, token)) else {
        form.busy = Some(LOOKING);
        return Err(vec![Effect::LookForTokens]);
    };
    let serial = token.serial.clone();
    Ok(opened(form, serial))
}

/// What was typed to open a token.
pub(in crate::tui) fn opened(form: &Form, serial: String) -> AtToken {
    let management = form.has(MANAGEMENT).then(|| form.secret(MANAGEMENT));
    AtToken { serial, pin: form.secret(PIN), management }
}

/// Asks for the management key too once the token has refused the factory's; the cursor goes to what was refused.
pub(in crate::tui) fn refused(form: &mut Form, failure: &Failure) -> Option<&'static str> {
    match failure.ask {
        Some(Ask::Pin) => Some(PIN),
        Some(Ask::ManagementKey) => {
            if !form.has(MANAGEMENT) {
                let at = form.fields.iter().position(|f| f.label == PIN).map_or(form.fields.len(), |at| at + 1);
                form.fields.insert(at, secret(MANAGEMENT, "the management key that was set: 48 hexadecimal digits"));
            }
            Some(MANAGEMENT)
        }
        _ => None,
    }
}
