//! Dialogs: they take the keys raw, and the screen behind them is dim.

pub mod choose;
pub mod confirm;
pub mod form;
mod form_view;
pub mod page;
pub mod prompt;
pub mod report;
pub(in crate::tui) mod window;
mod working;

use std::sync::Arc;

use crossterm::event::KeyEvent;

use super::kit::canvas::Canvas;
use super::messages::effect::Effect;
use super::messages::event::JobId;
use super::route::help::Help;
use super::state::State;
use super::wizard::menu::Menu;
use crate::engine::keyring::tokens::TokenFacts;
use crate::tui::forms::token_fields;

pub use choose::{Choice, Choose};
pub use confirm::Confirm;
pub use form::{Form, Purpose};
pub use page::Page;
pub use prompt::Prompt;
pub use report::Report;
pub use working::Working;

/// An open dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    Form(Form),
    Choose(Choose),
    Prompt(Prompt),
    Confirm(Confirm),
    Help(Help),
    Page(Page),
    Wizards(Menu),
    Report(Report),
    Working(Working),
}

/// What a key did to a dialog.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // lives for one key press
pub enum Next {
    /// It stays open.
    Stay(Dialog, Vec<Effect>),
    /// It is closed.
    Close(Vec<Effect>),
}

/// Gives a key to the dialog on top.
pub fn key(state: &mut State, key: &KeyEvent) -> Vec<Effect> {
    let Some(dialog) = state.dialogs.pop() else { return vec![] };
    let depth = state.dialogs.len();
    let next = match dialog {
        Dialog::Form(form) => form.key(state, key),
        Dialog::Choose(choose) => choose.key(key),
        Dialog::Prompt(prompt) => prompt.key(state, key),
        Dialog::Confirm(confirm) => confirm.key(state, key),
        Dialog::Help(help) => help.key(state, key),
        Dialog::Page(page) => page.key(state.size, key),
        Dialog::Wizards(menu) => menu.key(state, key),
        Dialog::Report(report) => report.key(state, key),
        Dialog::Working(working) => working.key(state, key),
    };
    match next {
        Next::Stay(dialog, effects) => {
            // Whatever the key opened lies on top.
            state.dialogs.insert(depth.min(state.dialogs.len()), dialog);
            effects
        }
        Next::Close(effects) => effects,
    }
}

/// Takes what tokens are plugged in now into the state and into forms that ask for one.
pub fn learn_tokens(state: &mut State, tokens: Option<Arc<Vec<TokenFacts>>>) {
    state.tokens = tokens;
    let mut open = std::mem::take(&mut state.dialogs);
    open.iter_mut().for_each(|dialog| learn(dialog, state));
    state.dialogs = open;
}

fn learn(dialog: &mut Dialog, state: &State) {
    match dialog {
        Dialog::Form(form) => token_fields::learn(form, state),
        Dialog::Choose(choose) => {
            choose.choices.iter_mut().filter_map(|c| c.then.as_mut()).for_each(|next| learn(next, state));
        }
        _ => {}
    }
}

/// The form on top waits for a finger on the token.
pub fn wait_for_touch(state: &mut State, job: JobId) -> Vec<Effect> {
    if state.jobs.waits_for(job)
        && let Some(Dialog::Form(form)) = state.dialogs.last_mut()
        && form.busy.is_some()
    {
        form.busy = Some("touch the token now");
    }
    vec![]
}

/// Gives pasted text to the dialog on top; it only ever fills a field.
pub fn paste(state: &mut State, text: &str) {
    let line: String = text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    match state.dialogs.last_mut() {
        Some(Dialog::Form(form)) => form.paste(&line),
        Some(Dialog::Prompt(prompt)) => prompt.paste(&line),
        Some(Dialog::Confirm(confirm)) => confirm.typed.insert_text(&line),
        Some(Dialog::Help(help)) => help.paste(&line),
        Some(Dialog::Choose(_) | Dialog::Page(_) | Dialog::Report(_) | Dialog::Working(_) | Dialog::Wizards(_))
        | None => {}
    }
}

/// Draws the dialog on top, over a dim screen.
pub fn render(state: &State, canvas: &mut Canvas<'_>) {
    let Some(dialog) = state.dialogs.last() else { return };
    canvas.dim();
    match dialog {
        Dialog::Form(form) => form.render(canvas),
        Dialog::Choose(choose) => choose.render(canvas),
        Dialog::Prompt(prompt) => prompt.render(state, canvas),
        Dialog::Confirm(confirm) => confirm.render(state, canvas),
        Dialog::Help(help) => help.render(state, canvas),
        Dialog::Page(page) => page.render(canvas),
        Dialog::Wizards(menu) => menu.render(canvas),
        Dialog::Report(report) => report.render(canvas),
        Dialog::Working(working) => working.render(state, canvas),
    }
}
