//! The forms and questions about the user's own keys, filled with what is known.

use super::offers::{form, path, text};
use super::token_fields;
use crate::engine::custody::backed_up::Removing;
use crate::engine::custody::remove::Removal;
use crate::engine::view::keys::{KeyPlace, KeyState};
use crate::engine::{KeyView, Passphrase};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun};
use crate::tui::dialogs::confirm::{Confirm, Subject};
use crate::tui::dialogs::form::{Field, Form, Input, Purpose};
use crate::tui::dialogs::label::Label;
use crate::tui::kit::field::TextField;
use crate::tui::kit::format::count;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::keywork::KeyWork;
use crate::tui::state::State;

/// Kinds of keys that are made, the usual one first.
pub(in crate::tui) const KINDS: [(&str, Algorithm); 5] = [
    ("ECDSA P-256, as docker makes them", Algorithm::EcdsaP256),
    ("RSA 2048", Algorithm::Rsa(2048)),
    ("RSA 3072", Algorithm::Rsa(3072)),
    ("RSA 4096, takes a while", Algorithm::Rsa(4096)),
    ("Ed25519, targets and snapshot only", Algorithm::Ed25519),
];

/// How a backup is kept.
pub(in crate::tui) const FORMS: [&str; 2] =
    ["one encrypted file (age)", "plain PEM set, each key under its own passphrase"];

/// What is said about a new passphrase.
const NEW: &str = "12 characters or more; several random words are best";
const IN_STORE: &str = "The private key goes into the key store, encrypted. Nothing is sent anywhere.";
const ON_TOKEN: &str = "It is made on the token and never leaves it: no backup is possible. ECDSA P-256.";
/// The field that the kind of a new key stands below.
const KEPT_OR_NAME: [Label; 2] = [Label::Kept, Label::Name];

fn with(mut field: Field, value: &str) -> Field {
    if let Input::Text(typed) | Input::Path(typed) = &mut field.input {
        typed.set(value);
    }
    field
}

fn file(value: &str, hint: &str) -> Field {
    with(Field { label: Label::File, ..path(hint) }, value)
}

fn pick(label: Label, answers: Vec<String>, hint: &str) -> Field {
    Field { label, input: Input::Pick(answers, 0), hint: hint.to_owned() }
}

fn secret(label: Label, hint: &str) -> Field {
    Field { label, input: Input::Secret(Passphrase::new()), hint: hint.to_owned() }
}

fn new_secret(label: Label, hint: &str) -> [Field; 2] {
    let first = Field { label, input: Input::NewSecret(Passphrase::new()), hint: hint.to_owned() };
    [first, secret(Label::Again, "the same once more")]
}

fn kinds() -> Field {
    let kinds = KINDS.iter().map(|(word, _)| (*word).to_owned()).collect();
    pick(Label::Kind, kinds, "space changes it; every client understands the first")
}

/// Asks for a key to make.
pub fn make_key(state: &State) -> Form {
    let here = if state.here.offered_dir == "~/" { "." } else { &state.here.offered_dir };
    let mut fields = vec![
        text(Label::Name, "the signer's name; or root, targets, snapshot"),
        kinds(),
        Field {
            label: Label::PublicTo,
            ..with(path("directory for NAME.pub, which others add; . is where you are"), here)
        },
    ];
    fields.extend(new_secret(Label::Passphrase, NEW));
    if let Some(kept) = token_fields::kept(state) {
        fields.insert(1, kept);
    }
    let note = IN_STORE.to_owned();
    Form { verb: "make it", note, ..form("New key", "A key for whom?".to_owned(), Purpose::MakeKey, fields) }
}

/// Asks for a file with private keys.
pub fn load_keys() -> Form {
    let fields = vec![
        file("", "a PEM file with private keys, mode 0600; tab completes"),
        text(Label::Name, "for keys that do not say: the signer's name; or root"),
    ];
    let note = "What the file holds is loaded, or named with the reason.".to_owned();
    let subject = "Private keys from a file".to_owned();
    Form { verb: "load", note, ..form("Load keys", subject, Purpose::LoadKeys, fields) }
}

/// Asks for a backup to restore.
pub fn restore() -> Form {
    let fields = vec![file("", "a backup, a PEM set, or a tar.gz of the key directory")];
    let note = "First you see what is in it. Nothing here is overwritten.".to_owned();
    let subject = "Keys from a backup".to_owned();
    Form { verb: "open it", note, ..form("Restore keys", subject, Purpose::Restore, fields) }
}

/// Asks for another name for a key.
pub fn label_key(key: &KeyView) -> Form {
    let shown = if key.label == key.role { "" } else { &key.label };
    let fields = vec![with(text(Label::Label, "such as: jeff new laptop; empty takes it away"), shown)];
    let subject = format!("{}  {}", key.id.short(), key.words());
    let note = "A name on this machine only; it is never published.".to_owned();
    Form { verb: "label it", note, ..form("Label a key", subject, Purpose::LabelKey { id: key.id.clone() }, fields) }
}

/// Asks for the old and the new passphrase of a key.
pub fn change_passphrase(key: &KeyView) -> Form {
    let mut fields = Vec::new();
    if key.state != KeyState::Plain {
        fields.push(secret(Label::Old, "the passphrase that the key has now"));
    }
    fields.extend(new_secret(Label::New, "12 characters or more; several random words are best"));
    let note = match &key.backup {
        Some(record) => format!("Its backup of {} keeps the old passphrase.", record.at.strftime("%Y-%m-%d")),
        None if key.state == KeyState::Plain => "The file has no passphrase yet.".to_owned(),
        None => "Nobody can recover it.".to_owned(),
    };
    let subject = format!("{}  {}", key.heading(), key.words());
    let purpose = Purpose::ChangePassphrase { id: key.id.clone() };
    Form { verb: "change it", note, ..form("Change a passphrase", subject, purpose, fields) }
}

/// Own keys that an answer stands for.
type Choices = Vec<(String, Vec<CanonicalKeyId>)>;

fn is_own(key: &&KeyView) -> bool {
    matches!(key.place, KeyPlace::File(_))
}

fn named(state: &State, ids: &[CanonicalKeyId]) -> String {
    match ids {
        [only] => state.keyring.called_with_id(only),
        ids => count(ids.len(), "key", "keys"),
    }
}

/// Asks which keys to export and where to.
pub fn export(state: &State, meant: &[CanonicalKeyId]) -> Option<Form> {
    let own = |id: &&CanonicalKeyId| state.keyring.keys.iter().filter(is_own).any(|k| k.id == **id);
    let meant: Vec<CanonicalKeyId> = meant.iter().filter(own).cloned().collect();
    let mut choices: Choices = vec![(named(state, &meant), meant.clone())];
    let first = state.keyring.find(meant.first()?)?;
    let mut guns: Vec<String> = first.used_in.iter().map(|(gun, _)| gun.to_string()).chain(first.gun.clone()).collect();
    guns.dedup();
    for gun in guns.into_iter().take(6) {
        let of = |k: &&KeyView| k.gun.as_ref() == Some(&gun) || k.used_in.iter().any(|(g, _)| g.as_str() == gun);
        let ids: Vec<CanonicalKeyId> =
            state.keyring.keys.iter().filter(is_own).filter(of).map(|k| k.id.clone()).collect();
        let name = Gun::parse(&gun).map_or_else(|_| gun.clone(), |g| state.name_of(&g));
        choices.push((format!("{} of {}", named_count(&ids), state.short_name(&name)), ids));
    }
    let (answers, choices): (Vec<String>, Vec<Vec<CanonicalKeyId>>) = choices.into_iter().unzip();
    let fields = vec![
        pick(Label::Keys, answers, "space changes it; marked keys are taken together"),
        file(
            &format!("{}keys-{}.pem", state.here.offered_dir, first.id.short()),
            "a new file, made with mode 0600; tab completes",
        ),
    ];
    let note = "For notary key import and docker trust key load. Each key stays under its passphrase.".to_owned();
    let subject = "Private keys to a file".to_owned();
    Some(Form { verb: "export", note, ..form("Export keys", subject, Purpose::ExportKeys { choices }, fields) })
}

fn named_count(ids: &[CanonicalKeyId]) -> String {
    if ids.len() == 1 { "the only key".to_owned() } else { format!("all {} keys", ids.len()) }
}

/// Asks which keys to back up, how and where to; those of `meant` come first.
pub fn back_up(state: &State, meant: &[CanonicalKeyId], marked: bool) -> Option<Form> {
    let own: Vec<&KeyView> = state.keyring.keys.iter().filter(is_own).collect();
    let all: Vec<CanonicalKeyId> = own.iter().map(|k| k.id.clone()).collect();
    let without: Vec<CanonicalKeyId> = own.iter().filter(|k| k.backup.is_none()).map(|k| k.id.clone()).collect();
    let meant: Vec<CanonicalKeyId> = meant.iter().filter(|id| all.contains(id)).cloned().collect();
    let missing = match without.len() {
        1 => "the only key without a tested backup".to_owned(),
        n => format!("all {n} keys without a tested backup"),
    };
    let mut choices: Choices = vec![
        (named(state, &meant), meant),
        (missing, without),
        (format!("all {}", count(all.len(), "key", "keys")), all),
    ];
    if !marked {
        choices.swap(0, 1);
    }
    choices.retain(|(_, ids)| !ids.is_empty());
    let mut seen: Vec<Vec<CanonicalKeyId>> = Vec::new();
    choices.retain(|(_, ids)| {
        let new = !seen.contains(ids);
        seen.push(ids.clone());
        new
    });
    let (answers, choices): (Vec<String>, Vec<Vec<CanonicalKeyId>>) = choices.into_iter().unzip();
    choices.first()?;
    let offered = format!("{}trustdeck-keys-{}", state.here.offered_dir, state.now.strftime("%Y-%m-%d"));
    let mut fields = vec![
        pick(Label::Keys, answers, "space changes it; mark keys with space in the list to choose others"),
        pick(Label::Form, FORMS.map(str::to_owned).to_vec(), "space changes it"),
        file(&format!("{offered}.age"), "a new file, on another device if you can; tab completes"),
    ];
    fields.extend(new_secret(Label::Passphrase, "for the file; not the one of a key"));
    let note = "The file is opened again and every key in it unlocked: only that counts as a backup.".to_owned();
    let purpose = Purpose::BackUp { choices, offered };
    Some(Form { verb: "back up", note, ..form("Back up keys", "A copy that is tested".to_owned(), purpose, fields) })
}

/// Shows the fields that the answers so far ask for.
pub(in crate::tui) fn adapt(form: &mut Form) {
    match &form.purpose {
        Purpose::MakeKey | Purpose::LoadKeys => {
            if form.purpose == Purpose::MakeKey {
                adapt_to_token(form);
            }
            let of_one = matches!(form.text(Label::Name), "targets" | "snapshot");
            let field = text(Label::Repository, "the one that the key belongs to");
            show(form, Label::Name, field, of_one);
        }
        Purpose::BackUp { offered, .. } => {
            let plain = form.picked(Label::Form) == 1;
            let (now, other) = if plain { (".pem", ".age") } else { (".age", ".pem") };
            let (now, other) = (format!("{offered}{now}"), format!("{offered}{other}"));
            if form.text(Label::File) == other
                && let Some(Input::Path(typed)) =
                    form.fields.iter_mut().find(|f| f.label == Label::File).map(|f| &mut f.input)
            {
                typed.set(&now);
            }
            let [first, again] = new_secret(Label::Passphrase, "for the file; not the one of a key");
            show(form, Label::File, first, !plain);
            show(form, Label::Passphrase, again, !plain);
        }
        _ => {}
    }
}

/// A token makes one kind of key, and asks for its PIN in the place of a passphrase.
fn adapt_to_token(form: &mut Form) {
    let on_token = form.picked(Label::Kept) > 0;
    show(form, KEPT_OR_NAME[usize::from(!form.has(Label::Kept))], kinds(), !on_token);
    let [first, again] = new_secret(Label::Passphrase, NEW);
    show(form, Label::PublicTo, first, !on_token);
    show(form, Label::Passphrase, again, !on_token);
    show(form, Label::PublicTo, token_fields::pin(), on_token);
    form.note = if on_token { ON_TOKEN } else { IN_STORE }.to_owned();
}

/// Shows or hides a field below another one.
fn show(form: &mut Form, below: Label, field: Field, shown: bool) {
    let place = form.fields.iter().position(|f| f.label == field.label);
    match (place, shown) {
        (None, true) => {
            let at = form.fields.iter().position(|f| f.label == below).map_or(form.fields.len(), |at| at + 1);
            form.fields.insert(at, field);
            form.focus += usize::from(form.focus >= at);
        }
        (Some(at), false) => {
            form.fields.remove(at);
            form.focus = form.focus.saturating_sub(usize::from(form.focus > at)).min(form.fields.len() - 1);
        }
        _ => {}
    }
}

/// The typed confirmation before the file of a key goes.
pub(in crate::tui) fn confirm_removal(removal: &Removal, backup_is_there: bool, mut sentences: Vec<String>) -> Confirm {
    let key = &removal.key;
    let short = key.id.short();
    let elsewhere = matches!(key.place, KeyPlace::Token(_));
    let (how, expected, last) = match named_backup(removal, backup_is_there) {
        Some(backup) => (Removing::BackedUp, short.to_owned(), backup),
        None => {
            let last = if elsewhere {
                "There is no tested backup: then only the token has it, and cannot give it back."
            } else {
                "There is no tested backup: once removed, the key is lost for good."
            };
            (Removing::Forced, format!("no backup of {short}"), last.to_owned())
        }
    };
    sentences.push(last);
    Confirm {
        subject: Subject::RemoveKey(vec![Effect::Key(KeyWork::Remove(key.id.clone(), how))]),
        title: "Remove a private key".to_owned(),
        name: key.heading(),
        sentences,
        expected,
        typed: TextField::default(),
    }
}

/// The last tested backup, in a sentence.
pub(in crate::tui) fn named_backup(removal: &Removal, is_there: bool) -> Option<String> {
    let record = removal.backup()?;
    let gone = if is_there { "" } else { ", which is not there now" };
    Some(format!("Its tested backup of {} is {}{gone}.", record.at.strftime("%Y-%m-%d"), record.file.display()))
}

pub(in crate::tui) fn lost(state: &State, removal: &Removal) -> Vec<String> {
    const MOST: usize = 4;
    let line = |(gun, role): &(Gun, crate::tuf::Role)| {
        format!("The only key here that can sign {} of {}.", role.short(), state.short_name(&state.name_of(gun)))
    };
    let mut lines: Vec<String> = removal.only_local.iter().take(MOST).map(line).collect();
    let more = removal.only_local.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("And of {}.", count(more, "more role", "more roles")));
    }
    if lines.is_empty() {
        lines.push(if removal.key.used_in.is_empty() {
            "No repository of the list names it.".to_owned()
        } else {
            "Other keys on this machine can sign for the same roles.".to_owned()
        });
    }
    lines
}
