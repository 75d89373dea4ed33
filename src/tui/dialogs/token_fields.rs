//! The fields that all forms about tokens share: which token, its PIN, and for a YubiKey whose management key is not the
//! factory's, that.

use super::super::effect::Effect;
use super::super::event::{Ask, Failure};
use super::super::keywork::AtToken;
use super::super::state::State;
use super::form::{Field, Form, Input, Purpose};
use crate::engine::Passphrase;
use crate::engine::tokens::{PinState, TokenFacts};

/// Labels of the fields.
pub(in crate::tui) const TOKEN: &str = "token";
pub(in crate::tui) const PIN: &str = "PIN";
const MANAGEMENT: &str = "management";
/// Where a new key is kept: the key store, or a token.
pub(super) const KEPT: &str = "kept";

const STORE: &str = "in the key store of this machine";
const NONE: &str = "none is plugged in";

pub(super) fn secret(label: &'static str, hint: &str) -> Field {
    Field { label, input: Input::Secret(Passphrase::new()), hint: hint.to_owned() }
}

/// Asks for the PIN.
pub(in crate::tui) fn pin() -> Field {
    secret(PIN, "tried once: a token locks after few wrong PINs")
}

/// Asks which token.
pub(in crate::tui) fn token(state: &State) -> Field {
    let hint = "the token that it goes to; space changes it".to_owned();
    Field { label: TOKEN, input: Input::Pick(names(state), 0), hint }
}

/// Asks whether a new key goes to a token; only where there is one.
pub(super) fn kept(state: &State) -> Option<Field> {
    let tokens = plugged_in(state);
    (!tokens.is_empty()).then(|| {
        let hint = "space changes it".to_owned();
        let answers =
            std::iter::once(STORE.to_owned()).chain(tokens.iter().map(|t| format!("on token {}", name(t, tokens))));
        Field { label: KEPT, input: Input::Pick(answers.collect(), 0), hint }
    })
}

pub(super) fn plugged_in(state: &State) -> &[TokenFacts] {
    state.tokens.as_deref().map_or(&[], Vec::as_slice)
}

fn names(state: &State) -> Vec<String> {
    let tokens = plugged_in(state);
    if tokens.is_empty() { vec![NONE.to_owned()] } else { tokens.iter().map(|t| name(t, tokens)).collect() }
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

/// Takes what tokens are plugged in now into a form that is open; the chosen one stays chosen.
pub(in crate::tui) fn learn(form: &mut Form, state: &State) {
    let names = names(state);
    let kept = self::kept(state);
    if let Some(Input::Pick(answers, at)) = form.fields.iter_mut().find(|f| f.label == TOKEN).map(|f| &mut f.input) {
        let chosen = answers.get(*at).cloned();
        *at = names.iter().position(|name| Some(name) == chosen.as_ref()).unwrap_or(0);
        *answers = names;
    }
    if form.purpose == Purpose::MakeKey {
        let place = form.fields.iter().position(|f| f.label == KEPT);
        match (place.and_then(|at| form.fields.get_mut(at)).map(|f| &mut f.input), kept) {
            (Some(Input::Pick(answers, at)), kept) => {
                let chosen = answers.get(*at).cloned();
                let fresh = match kept {
                    Some(Field { input: Input::Pick(fresh, _), .. }) => fresh,
                    _ => vec![STORE.to_owned()],
                };
                *at = fresh.iter().position(|name| Some(name) == chosen.as_ref()).unwrap_or(0);
                *answers = fresh;
            }
            (_, Some(field)) => {
                form.fields.insert(1, field);
                form.focus += usize::from(form.focus >= 1);
            }
            (_, None) => {}
        }
        super::key_forms::adapt(form);
    }
    if form.busy == Some(LOOKING) {
        form.busy = None;
        if plugged_in(state).is_empty() {
            form.error = Some("no token is plugged in; plug it in and press enter again".to_owned());
        }
    }
}

/// What is waited for when enter was pressed without a token.
const LOOKING: &str = "looking for a token";

/// The token of a form and what opens it. `None`: there is none, and it is looked for again.
pub(in crate::tui) fn chosen(form: &mut Form, state: &State) -> Result<AtToken, Vec<Effect>> {
    let at = if form.has(KEPT) { form.picked(KEPT).checked_sub(1) } else { Some(form.picked(TOKEN)) };
    let Some(token) = at.and_then(|at| plugged_in(state).get(at)) else {
        form.busy = Some(LOOKING);
        return Err(vec![Effect::LookForTokens]);
    };
    Ok(opened(form, token.name.serial.clone()))
}

/// What was typed to open a token.
pub(super) fn opened(form: &Form, serial: String) -> AtToken {
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
