//! The fields that all forms about tokens share: which token, its PIN, and for a YubiKey whose management key is not the
//! factory's, that.

use crate::engine::Passphrase;
use crate::engine::keyring::tokens::{PinState, TokenFacts, TokenName};
use crate::tui::dialogs::form::{Field, Form, Input, TokenAnswer, Wait};
use crate::tui::dialogs::label::Label;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::keywork::AtToken;
use crate::tui::state::State;

const STORE: &str = "in the key store of this machine";
pub(super) const ON: &str = "on token ";
const NONE: &str = "none is plugged in";

pub(in crate::tui) fn secret(label: Label, hint: &str) -> Field {
    Field { label, input: Input::Secret(Passphrase::new()), hint: hint.to_owned() }
}

/// Asks for the PIN.
pub(in crate::tui) fn pin() -> Field {
    secret(Label::Pin, "tried once: a token locks after few wrong PINs")
}

/// Asks which token.
pub(in crate::tui) fn token(state: &State) -> Field {
    let hint = "the token that it goes to; space changes it".to_owned();
    Field { label: Label::Token, input: Input::Token(or_none(names(state, "")), 0), hint }
}

/// Asks whether a new key goes to a token; only where there is one.
pub(in crate::tui) fn kept(state: &State) -> Option<Field> {
    (!plugged_in(state).is_empty()).then(|| {
        let hint = "space changes it".to_owned();
        Field { label: Label::Kept, input: Input::Token(places(state), 0), hint }
    })
}

/// The key store and the tokens.
pub(super) fn places(state: &State) -> Vec<TokenAnswer> {
    let store = TokenAnswer { words: STORE.to_owned(), token: None };
    std::iter::once(store).chain(names(state, ON)).collect()
}

pub(in crate::tui) fn plugged_in(state: &State) -> &[TokenFacts] {
    state.keyring.tokens.as_deref().map_or(&[], Vec::as_slice)
}

pub(super) fn names(state: &State, before: &str) -> Vec<TokenAnswer> {
    let tokens = plugged_in(state);
    let answer =
        |t: &TokenFacts| TokenAnswer { words: format!("{before}{}", name(t, tokens)), token: Some(t.name.clone()) };
    tokens.iter().map(answer).collect()
}

pub(super) fn or_none(mut answers: Vec<TokenAnswer>) -> Vec<TokenAnswer> {
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

pub(super) fn is_here(state: &State, token: &TokenName) -> bool {
    plugged_in(state).iter().any(|found| found.name.serial == token.serial)
}

/// The token that is chosen, plugged in or not.
pub(super) fn picked(form: &Form) -> Option<&TokenName> {
    let label = if form.has(Label::Kept) { Label::Kept } else { Label::Token };
    match form.fields.iter().find(|f| f.label == label).map(|f| &f.input) {
        Some(Input::Token(answers, at)) => answers.get(*at).and_then(|answer| answer.token.as_ref()),
        _ => None,
    }
}

/// The token of a form and what opens it. `None`: there is none, and it is looked for again.
pub(in crate::tui) fn chosen(form: &mut Form, state: &State) -> Result<AtToken, Vec<Effect>> {
    let Some(token) = picked(form).filter(|token| is_here(state, token)) else {
        form.busy = Some(Wait::Token);
        return Err(vec![Effect::LookForTokens]);
    };
    let serial = token.serial.clone();
    Ok(opened(form, serial))
}

/// What was typed to open a token.
pub(in crate::tui) fn opened(form: &Form, serial: String) -> AtToken {
    let management = form.has(Label::Management).then(|| form.secret(Label::Management));
    AtToken { serial, pin: form.secret(Label::Pin), management }
}
