//! Forms that wait for what was read or staged for them.

use crate::engine::Kind;
use crate::tuf::PublicKey;
use crate::tui::dialogs::form::Wait;
use crate::tui::dialogs::{Dialog, Form, Purpose};
use crate::tui::forms::submit;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::state::{Quit, State};

/// Takes the public keys that a form waits for.
pub(super) fn key_files(state: &mut State, result: Result<Vec<PublicKey>, String>) -> Vec<Effect> {
    let Some(Dialog::Form(form)) = state.dialogs.pop_if(|dialog| matches!(dialog, Dialog::Form(_))) else {
        return vec![];
    };
    let mut filled = form.clone();
    match submit::files_read(form, state, result) {
        Ok(effects) => {
            filled.busy = Some(Wait::Stage);
            state.dialogs.push(Dialog::Form(filled));
            effects
        }
        Err(form) => {
            state.dialogs.push(Dialog::Form(*form));
            vec![]
        }
    }
}

/// The screen opens anew on a server that answers, since all that is known is of another one.
pub(super) fn greeted(state: &mut State, url: String, result: Result<(), Failure>) {
    let waits =
        |dialog: &mut Dialog| matches!(dialog, Dialog::Form(f) if f.purpose == Purpose::NameServer && f.busy.is_some());
    let Some(Dialog::Form(form)) = state.dialogs.pop_if(waits) else { return };
    match result {
        Ok(()) => state.quit = Some(Quit::Server(url)),
        Err(mut failure) => {
            if failure.problem.kind != Kind::Tls {
                failure.problem.hint = "mend the address, or start the server and press enter again".to_owned();
            }
            state.dialogs.push(Dialog::Form(form.failed(&failure)));
        }
    }
}

/// Takes the form on top that waits for the stage.
pub(super) fn of_stage(state: &mut State) -> Option<Form> {
    let waits = |dialog: &mut Dialog| matches!(dialog, Dialog::Form(form) if form.busy == Some(Wait::Stage));
    match state.dialogs.pop_if(waits) {
        Some(Dialog::Form(form)) => Some(form),
        _ => None,
    }
}
