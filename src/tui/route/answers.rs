//! Answers of dialogs, handed to whoever asked.

use crate::engine::typed;
use crate::tui::dialogs::answer::Answer;
use crate::tui::dialogs::confirm::Subject;
use crate::tui::dialogs::form::Wait;
use crate::tui::dialogs::label::Label;
use crate::tui::dialogs::{Confirm, Dialog, Form, Purpose};
use crate::tui::forms::{adapt, check, key_forms, key_submit, submit};
use crate::tui::keywork::task;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::event::JobId;
use crate::tui::screens::review;
use crate::tui::state::State;
use crate::tui::{questions, wizard};

/// Takes what a key in the dialog on top came to.
pub(super) fn take(state: &mut State, answer: Answer) -> Vec<Effect> {
    if let Some(Dialog::Form(form)) = state.dialogs.last_mut().filter(|_| !matches!(answer, Answer::Filled)) {
        adapt::adapt(form);
    }
    match answer {
        Answer::Nothing | Answer::InLines(_) => vec![],
        Answer::Work(effects) => effects,
        Answer::Filled => filled(state),
        Answer::FormLeft => {
            state.jobs.forget_form();
            vec![]
        }
        Answer::FormStopped => {
            state.jobs.forget_key_work();
            task::say_stopped(state);
            vec![Effect::StopKeyWork]
        }
        Answer::Chosen => chosen(state),
        Answer::Confirmed => confirmed(state),
        Answer::NotPublished => {
            state.gate = None;
            vec![]
        }
        Answer::Mend => {
            state.gate = None;
            review::fix(state)
        }
        Answer::Unlock { id, typed, is_pin } => {
            if !is_pin {
                questions::remember(state, &typed);
            }
            vec![Effect::Unlock(id, typed)]
        }
        Answer::SameAsBefore => same_as_before(state),
        Answer::NewFor(role, passphrase) => {
            let mut effects = vec![Effect::ChoosePassphrase(role, passphrase)];
            effects.extend(questions::answered(state));
            effects
        }
        Answer::Typed(passphrase) => task::typed(state, passphrase),
        Answer::New(passphrase) => task::chosen(state, passphrase),
        Answer::Skipped => task::skip(state),
        Answer::Stopped => task::cancel(state),
        Answer::Restore => task::restore(state),
        Answer::BackUp(id) => {
            let form = key_forms::back_up(state, &[id], true).map(Dialog::Form);
            state.dialogs.extend(form);
            vec![]
        }
        Answer::Read => {
            state.key_task = None;
            vec![]
        }
        Answer::Opens(opens) => wizard::menu::open(opens, state),
    }
}

/// The form on top is filled in: it goes, or stays and says what it waits for or what is wrong.
fn filled(state: &mut State) -> Vec<Effect> {
    let Some(Dialog::Form(mut form)) = state.dialogs.pop_if(|dialog| matches!(dialog, Dialog::Form(_))) else {
        return vec![];
    };
    match submitted(&mut form, state) {
        Ok(Some(effects)) => {
            // What the stage refuses is put right where it was typed.
            if effects.iter().any(|effect| matches!(effect, Effect::Stage { .. })) {
                form.busy = Some(Wait::Stage);
            }
            if form.busy.is_some() {
                state.dialogs.push(Dialog::Form(form));
            }
            return effects;
        }
        Ok(None) => {}
        Err(error) => form.error = Some(error.into()),
    }
    adapt::adapt(&mut form);
    state.dialogs.push(Dialog::Form(form));
    vec![]
}

fn submitted(form: &mut Form, state: &mut State) -> Result<Option<Vec<Effect>>, String> {
    // Before what is still missing: that would hide it.
    if let Some((label, why)) = check::wrong(form) {
        form.focus_on(label);
        return Err(why);
    }
    match form.purpose {
        Purpose::Wizard(_) => wizard::forms::submit(form, state),
        Purpose::NameServer => server_named(form, state),
        _ if form.is_about_keys() => key_submit::submit(form, state),
        _ => submit::submit(form, state),
    }
}

/// The server is asked before it is kept: any word could be an address.
fn server_named(form: &mut Form, state: &State) -> Result<Option<Vec<Effect>>, String> {
    if !form.is_complete(|_| true)? {
        return Ok(None);
    }
    let server = typed::server(form.text(Label::Server), state.here.insecure_http);
    let server = server.map_err(|error| error.to_string())?;
    form.busy = Some(Wait::Work("asking the server"));
    Ok(Some(vec![Effect::Greet(server)]))
}

fn chosen(state: &mut State) -> Vec<Effect> {
    let Some(Dialog::Choose(choose)) = state.dialogs.pop_if(|dialog| matches!(dialog, Dialog::Choose(_))) else {
        return vec![];
    };
    let Some(reply) = choose.chosen() else { return vec![] };
    state.dialogs.extend(reply.then.map(|dialog| *dialog));
    reply.effects
}

fn confirmed(state: &mut State) -> Vec<Effect> {
    let is_confirm = |dialog: &mut Dialog| matches!(dialog, Dialog::Confirm(_));
    let Some(Dialog::Confirm(Confirm { subject, .. })) = state.dialogs.pop_if(is_confirm) else { return vec![] };
    match subject {
        Subject::Publish(_) => questions::confirmed(state),
        Subject::Delete(_, effects) | Subject::RemoveKey(effects) => effects,
        Subject::ThenAsk(form) => {
            state.dialogs.push(Dialog::Form(*form));
            vec![]
        }
    }
}

fn same_as_before(state: &mut State) -> Vec<Effect> {
    let Some((ids, passphrase)) = questions::take_same(state) else { return vec![] };
    if let Some(Dialog::Prompt(prompt)) = state.dialogs.last_mut() {
        prompt.wait(state.now);
    }
    vec![Effect::UnlockAlso(ids, passphrase)]
}

/// The form on top waits for a finger on the token.
pub(super) fn wait_for_touch(state: &mut State, job: JobId) -> Vec<Effect> {
    if state.jobs.waits_for(job)
        && let Some(Dialog::Form(form)) = state.dialogs.last_mut()
        && form.busy.is_some()
    {
        form.busy = Some(Wait::Touch);
    }
    vec![]
}
