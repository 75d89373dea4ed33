//! What a filled-in form about keys comes to.

use std::path::PathBuf;

use super::key_forms::KINDS;
use super::token_fields;
use crate::engine::custody::backup::BackupForm;
use crate::engine::custody::load::KeySet;
use crate::engine::custody::make::NewKey;
use crate::engine::reference::parse_bare;
use crate::engine::{NewPassphrase, Passphrase, Strength};
use crate::tuf::{CanonicalKeyId, Gun};
use crate::tui::dialogs::form::{Form, Input, Purpose, Wait};
use crate::tui::dialogs::label::Label;
use crate::tui::keywork::task;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::keywork::{Closed, Held, KeyWork, TokenWork};
use crate::tui::state::State;
use crate::tui::state::key_task::Aim;

type Submitted = Result<Option<Vec<Effect>>, String>;

/// Checks a form. `None`: something is missing, and the cursor was put there.
///
/// # Errors
/// What is wrong, in a sentence.
pub(in crate::tui) fn submit(form: &mut Form, state: &mut State) -> Submitted {
    let purpose = form.purpose.clone();
    if !form.is_complete(|label| must(&purpose, label))? {
        return Ok(None);
    }
    let file = PathBuf::from(form.text(Label::File));
    match purpose {
        Purpose::MakeKey => make(form, state),
        Purpose::LoadKeys => Ok(Some(wait(form, "reading the file", KeyWork::ReadFile(file)))),
        Purpose::ExportKeys { choices } => {
            let keys = choices.get(form.picked(Label::Keys)).cloned().unwrap_or_default();
            Ok(Some(wait(form, "writing the file", KeyWork::Export { keys, file })))
        }
        Purpose::BackUp { .. } => {
            if form.picked(Label::Form) == 0 {
                chosen(form, Label::Passphrase)?;
            }
            Ok(Some(wait(form, "looking at the place", KeyWork::CheckPlace(file))))
        }
        Purpose::Restore => Ok(Some(task::begin(state, form.clone(), Aim::OpenBackup(file), vec![]))),
        Purpose::ChangePassphrase { id } => {
            let new = chosen(form, Label::New)?;
            let old = form.has(Label::Old).then(|| form.secret(Label::Old));
            Ok(Some(wait(form, "changing the passphrase", KeyWork::ChangePassphrase { id, old, new })))
        }
        Purpose::ImportKey { id, how } => {
            let passphrase = form.has(Label::Passphrase).then(|| form.secret(Label::Passphrase));
            let work = TokenWork::Import(id, passphrase, how);
            Ok(Some(at_token(form, state, "copying the key onto the token", work)))
        }
        Purpose::RemoveFromToken { id, how, serial } => {
            let at = token_fields::opened(form, serial);
            Ok(Some(wait(form, "deleting the key", KeyWork::AtToken(at, TokenWork::Remove(id, how)))))
        }
        Purpose::LabelKey { id } => {
            Ok(Some(wait(form, "writing the label", KeyWork::Label(id, form.text(Label::Label).to_owned()))))
        }
        _ => Ok(None),
    }
}

/// Whether a field must be filled in.
fn must(purpose: &Purpose, label: Label) -> bool {
    match purpose {
        Purpose::LabelKey { .. } => false,
        Purpose::LoadKeys => label == Label::File,
        _ => true,
    }
}

fn wait(form: &mut Form, words: &'static str, work: KeyWork) -> Vec<Effect> {
    form.busy = Some(Wait::Work(words));
    vec![Effect::Key(work)]
}

/// Work at the token that was chosen; without one, tokens are looked for again.
fn at_token(form: &mut Form, state: &State, words: &'static str, work: TokenWork) -> Vec<Effect> {
    match token_fields::chosen(form, state) {
        Ok(at) => wait(form, words, KeyWork::AtToken(at, work)),
        Err(effects) => effects,
    }
}

/// A new passphrase that was typed twice.
fn chosen(form: &mut Form, label: Label) -> Result<NewPassphrase, String> {
    let Ok(first) = NewPassphrase::new(form.secret(label)) else {
        form.focus_on(label);
        return Err(Strength::TooShort.remark().unwrap_or_default().to_owned());
    };
    if form.secret(Label::Again) != *first {
        form.focus_on(Label::Again);
        if let Some(Input::Secret(again)) = form.fields.get_mut(form.focus).map(|f| &mut f.input) {
            *again = Passphrase::new();
        }
        return Err("not the same twice; type it again".to_owned());
    }
    Ok(first)
}

fn make(form: &mut Form, state: &State) -> Submitted {
    let algorithm = KINDS.get(form.picked(Label::Kind)).map(|(_, kind)| kind.clone()).unwrap_or(KINDS[0].1.clone());
    let gun = repository(form, state)?;
    let new = NewKey {
        name: form.text(Label::Name).to_owned(),
        algorithm,
        gun,
        dir: PathBuf::from(form.text(Label::PublicTo)),
    };
    new.check().map_err(|error| {
        let problem = error.problem();
        format!("{}; {}", problem.message, problem.hint)
    })?;
    if form.picked(Label::Kept) > 0 {
        return Ok(Some(at_token(form, state, "making the key on the token", TokenWork::Make(new))));
    }
    let passphrase = chosen(form, Label::Passphrase)?;
    Ok(Some(wait(form, "making the key", KeyWork::Make(new, passphrase))))
}

/// The repository that was typed, as the list or docker writes it.
fn repository(form: &Form, state: &State) -> Result<Option<Gun>, String> {
    let typed = form.text(Label::Repository);
    if typed.is_empty() {
        return Ok(None);
    }
    let fits = |name: &str| name == typed || state.short_name(name) == typed;
    if let Some(known) = state.known.repositories.iter().find(|r| fits(&r.entry.name) || r.entry.gun.as_str() == typed)
    {
        return Ok(Some(known.entry.gun.clone()));
    }
    parse_bare(typed, false).map(Some).map_err(|error| error.to_string())
}

/// Goes on with a form once the file of private keys was read.
///
/// # Errors
/// The form again, saying what is missing.
pub fn file_read(mut form: Form, state: &mut State, set: Held<KeySet>) -> Result<Vec<Effect>, Box<Form>> {
    match repository(&form, state) {
        Ok(gun) => {
            form.busy = None;
            task::begin_load(state, form, set, gun.map(|gun| gun.to_string()))
        }
        Err(error) => Err(Box::new(form.refused(error, Label::Repository))),
    }
}

/// Goes on with a form once it is known that the backup can be written there.
pub fn place_checked(mut form: Form, state: &mut State) -> Vec<Effect> {
    let Purpose::BackUp { choices, .. } = &form.purpose else { return vec![] };
    let keys: Vec<CanonicalKeyId> = choices.get(form.picked(Label::Keys)).cloned().unwrap_or_default();
    form.busy = None;
    let kept = match (form.picked(Label::Form), NewPassphrase::new(form.secret(Label::Passphrase))) {
        (0, Ok(passphrase)) => BackupForm::Encrypted(passphrase),
        // Was refused before the place was looked at.
        (0, Err(_)) => return vec![],
        _ => BackupForm::Plain,
    };
    let role = |id: &CanonicalKeyId| state.keyring.find(id).map_or(String::new(), |k| k.role.clone());
    let closed = keys.iter().map(|id| Closed::Stored(id.clone(), role(id))).collect();
    let file = PathBuf::from(form.text(Label::File));
    task::begin(state, form, Aim::BackUp { keys, form: kept, file }, closed)
}
