//! The forms of wizards: a new key, its backup, a repository to set up.

use std::path::PathBuf;

use super::task::{KeySource, Task};
use super::{Guide, words};
use crate::engine::{Passphrase, RootKeyChoice};
use crate::tuf::{CanonicalKeyId, SignerName};
use crate::tui::dialogs::field::TextField;
use crate::tui::dialogs::form::{Field, Form, Input, Purpose};
use crate::tui::effect::Effect;
use crate::tui::state::State;

/// What a wizard's form asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    Make,
    Load,
    Colleague,
    Unlock(CanonicalKeyId),
    BackUp,
    SetUp,
}

/// Shortest passphrase that Notary's clients take for a new key.
const SHORTEST: usize = 8;

fn text(label: &'static str, value: &str, hint: &str) -> Field {
    Field { label, input: Input::Text(TextField::with(value)), hint: hint.to_owned() }
}

fn path(label: &'static str, value: &str, hint: &str) -> Field {
    Field { label, input: Input::Path(TextField::with(value)), hint: hint.to_owned() }
}

fn secret(label: &'static str, hint: &str) -> Field {
    Field { label, input: Input::Secret(Passphrase::new()), hint: hint.to_owned() }
}

fn form(state: &State, ask: Ask, title: &'static str, subject: String, verb: &'static str, fields: Vec<Field>) -> Form {
    let passphrase = state.sandbox.as_ref().or(state.tour.as_ref().map(|tour| &tour.passphrase));
    let asks = fields.iter().any(|f| matches!(f.input, Input::Secret(_)));
    let note = match passphrase {
        Some(passphrase) if asks => format!("In the sandbox every passphrase is {passphrase}."),
        _ if asks => "Nobody can recover a passphrase. Longer is better than stranger.".to_owned(),
        _ => String::new(),
    };
    Form {
        title,
        subject,
        purpose: Purpose::Wizard(ask),
        fields,
        focus: 0,
        error: None,
        busy: false,
        candidates: vec![],
        verb,
        note,
    }
}

fn subject(guide: &Guide) -> String {
    format!("for {}", guide.choice().wizard.key_name())
}

/// Asks under which passphrase a new key is stored.
pub(super) fn make(state: &State, guide: &Guide) -> Form {
    let fields = vec![
        secret("passphrase", "at least 8 letters; it is asked for whenever the key signs"),
        secret("again", "the same once more"),
        text("label", "", "what you call it, on this machine only; may be empty"),
    ];
    form(state, Ask::Make, "Make a new key", subject(guide), "make it", fields)
}

/// Asks for the file of a private key.
pub(super) fn load(state: &State, guide: &Guide) -> Form {
    let fields = vec![
        path("key file", "", "a private key in PEM form; tab completes"),
        secret("passphrase", "of the file; it keeps it in the key store"),
    ];
    form(state, Ask::Load, "Load a key", subject(guide), "load it", fields)
}

/// Asks for the public half of a colleague's key.
pub(super) fn colleague(state: &State, guide: &Guide) -> Form {
    let fields = vec![path("key file", "", "a public key or certificate that your colleague sent; tab completes")];
    let form = form(state, Ask::Colleague, "A colleague's key", subject(guide), "take it", fields);
    Form { note: "Your colleague makes it with: docker trust key generate NAME".to_owned(), ..form }
}

/// Asks for the passphrase of a stored key that becomes the new one.
pub(super) fn unlock(state: &State, guide: &Guide, id: CanonicalKeyId) -> Form {
    let about = format!("{}  {}", words::key(state, &id), subject(guide));
    let fields = vec![secret("passphrase", "it stays under this one")];
    form(state, Ask::Unlock(id), "Take a key of the store", about, "take it", fields)
}

/// Asks where the backup goes.
pub(super) fn back_up(state: &State, guide: &Guide) -> Form {
    let ids = words::new_keys(guide);
    let name = ids.first().map_or("key", |id| id.short());
    let file = format!("~/{}-{name}.backup", guide.choice().wizard.key_name());
    let mut fields = vec![
        path("file", &file, "better on another device than this one"),
        secret("passphrase", "of the backup, in the age format; empty: a PEM set, each key under its own"),
    ];
    if guide.passphrase.is_none() {
        fields.push(secret("key's own", "the key is unlocked from the file, to prove it"));
    }
    let keys: Vec<String> = ids.iter().map(|id| words::key(state, id)).collect();
    form(state, Ask::BackUp, "Back it up", keys.join(", "), "back up", fields)
}

/// Asks which repository to set up, and for its first signer.
pub(super) fn set_up(state: &State, name: &str) -> Form {
    let fields = vec![
        text("repository", name, "as docker writes it, such as registry.example.com/team/app"),
        text("signer", "", "the first one who signs tags: letters, digits, - and _"),
        Field {
            label: "",
            input: Input::Switch("a root key of its own, not the one in the key store".to_owned(), false),
            hint: "space changes it; without one in the store, it is made".to_owned(),
        },
    ];
    let note = "Trust data is made on the server at publish, not before.".to_owned();
    let form = form(state, Ask::SetUp, "Set up a repository", "Its first trust data".to_owned(), "go on", fields);
    Form { note, focus: usize::from(!name.is_empty()), ..form }
}

/// Whether a field must be filled in.
#[must_use]
pub fn must(ask: &Ask, label: &str) -> bool {
    match ask {
        Ask::Make => matches!(label, "passphrase" | "again"),
        Ask::BackUp => matches!(label, "file" | "key's own"),
        Ask::Load => label == "key file",
        Ask::Colleague | Ask::Unlock(_) | Ask::SetUp => true,
    }
}

/// Checks a form that is filled in.
///
/// # Errors
/// What is wrong, in a sentence.
pub fn submit(form: &mut Form, ask: &Ask, state: &State) -> Result<Vec<Effect>, String> {
    let guide = state.guide.as_ref();
    let choice = || guide.map(|guide| guide.choice().clone()).ok_or_else(|| "the wizard was closed".to_owned());
    let file = |form: &Form| PathBuf::from(form.paths().first().copied().unwrap_or_default());
    let task = match ask {
        Ask::Make => {
            let passphrase = form.secret("passphrase");
            if passphrase.chars() < SHORTEST {
                return Err(format!("at least {SHORTEST} letters: notary refuses shorter ones"));
            }
            if passphrase != form.secret("again") {
                return Err("the two passphrases differ".to_owned());
            }
            Task::Key(choice()?, KeySource::New { passphrase, label: form.text("label").to_owned() })
        }
        Ask::Load => {
            let source = KeySource::File { path: file(form), passphrase: form.secret("passphrase") };
            Task::Key(choice()?, source)
        }
        Ask::Colleague => Task::Key(choice()?, KeySource::Colleague(file(form))),
        Ask::Unlock(id) => Task::Key(choice()?, KeySource::Stored(id.clone(), Some(form.secret("passphrase")))),
        Ask::BackUp => {
            let seal = form.secret("passphrase");
            if !seal.is_empty() && seal.chars() < SHORTEST {
                return Err(format!("at least {SHORTEST} letters, or none for a PEM set"));
            }
            let known = guide.and_then(|guide| guide.passphrase.clone());
            let own = known.unwrap_or_else(|| form.secret("key's own"));
            Task::BackUp { choice: choice()?, file: file(form), seal, own }
        }
        Ask::SetUp => {
            let signer = SignerName::parse(form.text("signer")).map_err(|e| e.to_string())?;
            let root_key = match form.switches().first() {
                Some(true) => RootKeyChoice::New,
                _ => RootKeyChoice::Auto,
            };
            Task::SetUp { name: form.text("repository").to_owned(), signer, root_key }
        }
    };
    form.busy = true;
    form.error = None;
    Ok(vec![Effect::Wizard(task)])
}

/// The passphrase of a new key, as it was typed in its form.
#[must_use]
pub(super) fn typed(form: &Form) -> Option<Passphrase> {
    let of_key = matches!(form.purpose, Purpose::Wizard(Ask::Make | Ask::Load | Ask::Unlock(_)));
    of_key.then(|| form.secret("passphrase"))
}
