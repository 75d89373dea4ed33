//! Tokens that are plugged in or pulled out while forms ask for one.

use std::sync::Arc;

use super::{key_forms, token_fields};
use crate::engine::keyring::tokens::TokenFacts;
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::form::{Form, Input, Purpose, TokenAnswer, Wait};
use crate::tui::dialogs::label::Label;
use crate::tui::state::State;

/// Takes what tokens are plugged in now into the state and into forms that ask for one.
pub fn tokens(state: &mut State, tokens: Option<Arc<Vec<TokenFacts>>>) {
    state.keyring.tokens = tokens;
    let mut open = std::mem::take(&mut state.dialogs);
    open.iter_mut().for_each(|dialog| learn(dialog, state));
    state.dialogs = open;
}

fn learn(dialog: &mut Dialog, state: &State) {
    match dialog {
        Dialog::Form(form) => learn_form(form, state),
        Dialog::Choose(choose) => {
            choose.replies.iter_mut().filter_map(|reply| reply.then.as_mut()).for_each(|next| learn(next, state));
        }
        _ => {}
    }
}

/// Takes what tokens are plugged in now into a form that is open. The chosen one stays chosen, also while it is pulled
/// out: a PIN that was typed for it must not be tried on another.
fn learn_form(form: &mut Form, state: &State) {
    let had_none = form.has(Label::Token) && token_fields::picked(form).is_none();
    if let Some((answers, at)) = answers(form, Label::Token) {
        *at = stay(answers, *at, token_fields::names(state, ""), "");
        *answers = token_fields::or_none(std::mem::take(answers));
    }
    if form.purpose == Purpose::MakeKey {
        match (answers(form, Label::Kept), token_fields::kept(state)) {
            (Some((answers, at)), _) => *at = stay(answers, *at, token_fields::places(state), token_fields::ON),
            (None, Some(field)) => {
                form.fields.insert(1, field);
                form.focus += usize::from(form.focus >= 1);
            }
            (None, None) => {}
        }
        key_forms::adapt(form);
    }
    if form.busy == Some(Wait::Token) {
        form.busy = None;
        let several = token_fields::plugged_in(state).len() > 1;
        let (error, label) = match token_fields::picked(form) {
            Some(_) if had_none && several => ("there are several tokens; choose one".to_owned(), Some(Label::Token)),
            Some(token) if token_fields::is_here(state, token) => return,
            Some(token) if token_fields::plugged_in(state).is_empty() => {
                (format!("{token} is not plugged in; plug it in and press enter again"), None)
            }
            Some(token) => (format!("{token} is not plugged in; plug it in, or choose another"), None),
            None => ("no token is plugged in; plug it in and press enter again".to_owned(), None),
        };
        form.error = Some(error.into());
        label.into_iter().for_each(|label| form.focus_on(label));
    }
}

fn answers(form: &mut Form, label: Label) -> Option<(&mut Vec<TokenAnswer>, &mut usize)> {
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
