//! The forms of wizards: a new key, its backup, a repository to set up.

use std::path::PathBuf;

use super::words;
use crate::engine::wizard::Choice;
use crate::engine::{NewPassphrase, Passphrase, SHORTEST};
use crate::tuf::{CanonicalKeyId, SignerName};
use crate::tui::dialogs::form::{Field, Form, Input, Purpose, Wait, WizardForm};
use crate::tui::dialogs::label::Label;
use crate::tui::dialogs::prompt::too_short;
use crate::tui::forms::offers;
use crate::tui::forms::submit::signed_target;
use crate::tui::forms::token_fields;
use crate::tui::kit::field::TextField;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::wizard_task::{KeySource, Task};
use crate::tui::state::State;
use crate::tui::state::guide::Guide;

fn text(label: Label, value: &str, hint: &str) -> Field {
    Field { label, input: Input::Text(TextField::with(value)), hint: hint.to_owned() }
}

fn path(label: Label, value: &str, hint: &str) -> Field {
    Field { label, input: Input::Path(TextField::with(value)), hint: hint.to_owned() }
}

fn secret(label: Label, hint: &str) -> Field {
    Field { label, input: Input::Secret(Passphrase::new()), hint: hint.to_owned() }
}

fn form(
    state: &State,
    ask: WizardForm,
    title: &'static str,
    subject: String,
    verb: &'static str,
    fields: Vec<Field>,
) -> Form {
    let passphrase = state.here.sandbox.as_ref().or(state.tour.as_ref().map(|tour| &tour.passphrase));
    let asks = fields.iter().any(|f| matches!(f.input, Input::Secret(_)));
    let note = match passphrase {
        Some(passphrase) if asks => format!("In the sandbox every passphrase is {passphrase}."),
        _ if asks => "Nobody can recover a passphrase. Longer is better than stranger.".to_owned(),
        _ => String::new(),
    };
    Form { verb, note, ..offers::form(title, subject, Purpose::Wizard(ask), fields) }
}

fn subject(guide: &Guide) -> String {
    format!("for {}", guide.choice().wizard.key_name())
}

/// Asks under which passphrase a new key is stored.
pub(super) fn make(state: &State, guide: &Guide) -> Form {
    let fields = vec![
        secret(Label::Passphrase, "at least 8 letters; it is asked for whenever the key signs"),
        secret(Label::Again, "the same once more"),
        text(Label::Label, "", "what you call it, on this machine only; may be empty"),
    ];
    form(state, WizardForm::Make, "Make a new key", subject(guide), "make it", fields)
}

/// Asks on which token a new key is made.
pub(super) fn make_on_token(state: &State, guide: &Guide) -> Form {
    let label = text(Label::Label, "", "what you call it, on this machine only; may be empty");
    let fields = vec![token_fields::token(state), token_fields::pin(), label];
    let title = "Make a new key on a token";
    let focus = usize::from(state.keyring.tokens.as_deref().is_some_and(|tokens| tokens.len() == 1));
    let form = form(state, WizardForm::MakeOnToken, title, subject(guide), "make it", fields);
    Form { focus, note: "It never leaves the token, so it cannot be backed up.".to_owned(), ..form }
}

/// Asks for the file of a private key.
pub(super) fn load(state: &State, guide: &Guide) -> Form {
    let fields = vec![
        path(Label::KeyFile, "", "a private key in PEM form; tab completes"),
        secret(Label::Passphrase, "of the file; it keeps it in the key store"),
    ];
    form(state, WizardForm::Load, "Load a key", subject(guide), "load it", fields)
}

/// Asks for the public half of a colleague's key.
pub(super) fn colleague(state: &State, guide: &Guide) -> Form {
    let fields = vec![path(Label::KeyFile, "", "a public key or certificate that your colleague sent; tab completes")];
    let form = form(state, WizardForm::Colleague, "A colleague's key", subject(guide), "take it", fields);
    Form { note: "Your colleague makes it with: docker trust key generate NAME".to_owned(), ..form }
}

/// Asks for the passphrase of a stored key that becomes the new one.
pub(super) fn unlock(state: &State, guide: &Guide, id: CanonicalKeyId) -> Form {
    let about = format!("{}  {}", state.keyring.called_with_id(&id), subject(guide));
    let fields = vec![secret(Label::Passphrase, "it stays under this one")];
    form(state, WizardForm::Unlock(id), "Take a key of the store", about, "take it", fields)
}

/// Fields for the passphrases of keys that are backed up.
const OWN: [Label; 3] = [Label::OfKey, Label::OfSecondKey, Label::OfThirdKey];

/// Asks where the backup goes.
pub(super) fn back_up(state: &State, guide: &Guide) -> Form {
    let ids = words::to_back_up(guide);
    let name = ids.first().map_or("key", |id| id.short());
    let signers = &guide.choice().first.signers;
    let signer = signers.iter().find(|(_, keys)| keys.iter().any(|key| ids.contains(key.canonical_id())));
    let kind = match (ids.len(), signer) {
        (1, Some((name, _))) => name.to_string(),
        (1, None) => guide.choice().wizard.key_name(),
        _ => "keys".to_owned(),
    };
    let file = format!("{}{kind}-{name}.backup", state.here.offered_dir);
    let mut fields = vec![
        path(Label::File, &file, "better on another device than this one"),
        secret(Label::OfBackup, "passphrase of the backup (age); empty: a PEM set, each key under its own"),
    ];
    let is_known = guide.passphrase.is_some() && ids.len() == 1;
    for (label, id) in OWN.iter().zip(&ids).filter(|_| !is_known) {
        fields.push(secret(
            *label,
            &format!("passphrase of {}: it is unlocked from the file", state.keyring.called_with_id(id)),
        ));
    }
    let keys: Vec<String> = ids.iter().map(|id| state.keyring.called_with_id(id)).collect();
    let form = form(state, WizardForm::BackUp(ids), "Back it up", keys.join(", "), "back up", fields);
    Form { focus: 1, ..form }
}

fn signer_name() -> Field {
    text(Label::Signer, "", "letters, digits, - and _")
}

/// Asks for a first signer whose key is made.
pub(super) fn make_signer(state: &State, _: &Guide) -> Form {
    let fields = vec![
        signer_name(),
        secret(Label::Passphrase, "of the new key, at least 8 letters"),
        secret(Label::Again, "the same once more"),
    ];
    form(state, WizardForm::MakeSigner, "A first signer", "Who signs tags here?".to_owned(), "make the key", fields)
}

/// Asks for a first signer whose key is made on a token.
pub(super) fn make_signer_on_token(state: &State, _: &Guide) -> Form {
    let fields = vec![signer_name(), token_fields::token(state), token_fields::pin()];
    let subject = "Who signs tags here?".to_owned();
    let form = form(state, WizardForm::MakeSignerOnToken, "A first signer", subject, "make the key", fields);
    Form { note: "The key never leaves the token, so it cannot be backed up.".to_owned(), ..form }
}

/// Asks for a first signer who has a key.
pub(super) fn colleague_signer(state: &State, _: &Guide) -> Form {
    let fields =
        vec![signer_name(), path(Label::KeyFile, "", "a public key or certificate in PEM form; tab completes")];
    form(state, WizardForm::ColleagueSigner, "A first signer", "Who signs tags here?".to_owned(), "take it", fields)
}

/// Asks for a first tag.
pub(super) fn sign_tag(state: &State, guide: &Guide) -> Form {
    let names: Vec<String> = guide.guns().iter().map(|gun| state.name_of(gun)).collect();
    let fields = vec![
        text(Label::Tag, "", "such as 1.0"),
        text(Label::Digest, "", "sha256: and 64 digits, as docker push prints it"),
        text(Label::Size, "", "of the manifest, in bytes, as docker push prints it"),
    ];
    form(state, WizardForm::SignTag, "A first tag", names.join(", "), "take it", fields)
}

/// Asks where the hand-over file goes.
pub(super) fn hand_over(state: &State, guide: &Guide) -> Form {
    let name = format!("{}-hand-over.json", guide.choice().wizard.key_name());
    let file = format!("{}{name}", state.here.offered_dir);
    let fields = vec![path(Label::File, &file, "send it to your colleague; it holds no secret")];
    let form = form(state, WizardForm::HandOver, "Hand over", subject(guide), "write it", fields);
    let note =
        format!("Your colleague presses W, take over a key, and names it; or: trustdeck rotate take-over {name}");
    Form { note, ..form }
}

/// Asks which repository to set up.
pub(super) fn set_up(state: &State) -> Form {
    let fields = vec![text(Label::Repository, "", "as docker writes it, such as registry.example.com/team/app")];
    let note = "Trust data is made on the server at publish, not before.".to_owned();
    let form =
        form(state, WizardForm::SetUp, "Set up a repository", "Its first trust data".to_owned(), "go on", fields);
    Form { note, ..form }
}

/// Asks for the file that a colleague sent.
pub(super) fn take_over(state: &State) -> Form {
    let fields = vec![path(Label::File, "", "the hand-over file; tab completes")];
    let subject = "Sign with the key that you made".to_owned();
    let note = "What it says is compared with the server; nothing in it is run.".to_owned();
    Form { note, ..form(state, WizardForm::TakeOver, "Take over a key", subject, "read it", fields) }
}

/// Whether a field must be filled in.
fn must(ask: &WizardForm, label: Label) -> bool {
    match ask {
        WizardForm::Make | WizardForm::MakeOnToken => label != Label::Label,
        WizardForm::BackUp(_) => matches!(label, Label::File | Label::OfKey),
        WizardForm::Load => label == Label::KeyFile,
        _ => true,
    }
}

/// Checks a form. `None`: something is missing, and the cursor was put there.
///
/// # Errors
/// What is wrong, in a sentence.
pub fn submit(form: &mut Form, state: &State) -> Result<Option<Vec<Effect>>, String> {
    let Purpose::Wizard(asked) = form.purpose.clone() else { return Ok(None) };
    if !form.is_complete(|label| must(&asked, label))? {
        return Ok(None);
    }
    filled(form, &asked, state).map(Some)
}

/// Checks a form that is filled in.
///
/// # Errors
/// What is wrong, in a sentence.
fn filled(form: &mut Form, ask: &WizardForm, state: &State) -> Result<Vec<Effect>, String> {
    let guide = state.guide.as_ref();
    let choice = || guide.map(|guide| guide.choice().clone()).ok_or_else(|| "the wizard was closed".to_owned());
    let file = |form: &Form| PathBuf::from(form.paths().first().copied().unwrap_or_default());
    let task = match ask {
        WizardForm::Make => {
            let source =
                KeySource::New { passphrase: new_passphrase(form)?, label: form.text(Label::Label).to_owned() };
            Task::Key(choice()?, source)
        }
        WizardForm::MakeOnToken => match token_fields::chosen(form, state) {
            Ok(at) => Task::Key(choice()?, KeySource::OnToken { at, label: form.text(Label::Label).to_owned() }),
            Err(effects) => return Ok(effects),
        },
        WizardForm::Load => {
            let source = KeySource::File { path: file(form), passphrase: form.secret(Label::Passphrase) };
            Task::Key(choice()?, source)
        }
        WizardForm::Colleague => Task::Key(choice()?, KeySource::Colleague(file(form))),
        WizardForm::Unlock(id) => {
            Task::Key(choice()?, KeySource::Stored(id.clone(), Some(form.secret(Label::Passphrase))))
        }
        WizardForm::BackUp(keys) => {
            let seal = form.secret(Label::OfBackup);
            let seal = match NewPassphrase::new(seal.clone()) {
                Ok(seal) => Some(seal),
                Err(_) if seal.is_empty() => None,
                Err(_) => return Err(format!("at least {SHORTEST} letters, or none for a PEM set")),
            };
            let typed = OWN.iter().map(|label| form.secret(*label)).filter(|own| !own.is_empty());
            let own = guide.and_then(|guide| guide.passphrase.clone()).into_iter().chain(typed).collect();
            Task::BackUp { choice: choice()?, keys: keys.clone(), file: file(form), seal, own }
        }
        WizardForm::MakeSigner => {
            let source = KeySource::New { passphrase: new_passphrase(form)?, label: String::new() };
            Task::Signer(choice()?, signer(form)?, source)
        }
        WizardForm::MakeSignerOnToken => {
            let name = signer(form)?;
            match token_fields::chosen(form, state) {
                Ok(at) => Task::Signer(choice()?, name, KeySource::OnToken { at, label: String::new() }),
                Err(effects) => return Ok(effects),
            }
        }
        WizardForm::ColleagueSigner => Task::Signer(choice()?, signer(form)?, KeySource::Colleague(file(form))),
        WizardForm::SignTag => Task::Keep(with_tag(form, choice()?)?),
        WizardForm::HandOver => Task::HandOver(choice()?, file(form)),
        WizardForm::SetUp => Task::SetUp(form.text(Label::Repository).to_owned()),
        WizardForm::TakeOver => Task::TakeOver(file(form)),
    };
    form.busy = Some(Wait::Work(doing(&form.purpose)));
    form.error = None;
    Ok(vec![task.effect()])
}

fn new_passphrase(form: &Form) -> Result<NewPassphrase, String> {
    let passphrase = NewPassphrase::new(form.secret(Label::Passphrase)).map_err(|_| too_short())?;
    if *passphrase != form.secret(Label::Again) {
        return Err("the two passphrases differ".to_owned());
    }
    Ok(passphrase)
}

fn signer(form: &mut Form) -> Result<SignerName, String> {
    let parsed = SignerName::parse(form.text(Label::Signer)).map_err(|e| e.to_string());
    parsed.inspect_err(|_| form.focus_on(Label::Signer))
}

fn with_tag(form: &Form, mut choice: Choice) -> Result<Choice, String> {
    let (tag, target) = signed_target(form)?;
    choice.first.without_tags = false;
    for gun in &choice.repositories {
        choice.first.tags.entry(gun.clone()).or_default().insert(tag.clone(), target.clone());
    }
    Ok(choice)
}

/// The passphrase of a new key, as it was typed in its form.
#[must_use]
pub(super) fn typed(form: &Form) -> Option<Passphrase> {
    let of_key = matches!(
        form.purpose,
        Purpose::Wizard(WizardForm::Make | WizardForm::MakeSigner | WizardForm::Load | WizardForm::Unlock(_))
    );
    of_key.then(|| form.secret(Label::Passphrase))
}

/// What is being waited for.
fn doing(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Wizard(WizardForm::SetUp | WizardForm::TakeOver) => "asking the servers",
        Purpose::Wizard(WizardForm::MakeOnToken | WizardForm::MakeSignerOnToken) => "making the key on the token",
        Purpose::Wizard(WizardForm::BackUp(_)) => "writing, opening it again, unlocking",
        _ => "deriving the key from the passphrase",
    }
}
