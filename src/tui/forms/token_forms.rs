//! What is asked before a key is copied onto a token or deleted there.

use super::key_forms::{back_up, confirm_removal, lost, named_backup};
use super::offers::form;
use super::token_fields::{pin, plugged_in, secret, token};
use crate::engine::KeyView;
use crate::engine::custody::backed_up::Removing;
use crate::engine::custody::remove::Removal;
use crate::engine::keyring::tokens::{Dialect, TokenPlace};
use crate::engine::view::keys::{KeyPlace, KeyState};
use crate::tuf::Algorithm;
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::choose::{Choose, Reply};
use crate::tui::dialogs::confirm::{Confirm, Subject};
use crate::tui::dialogs::form::{Form, Purpose};
use crate::tui::dialogs::label::Label;
use crate::tui::kit::field::TextField;
use crate::tui::state::State;
use crate::tui::state::words;

/// Whether a key can go onto a token, and if not, why.
#[must_use]
pub fn no_import(key: Option<&KeyView>) -> Option<&'static str> {
    match key {
        Some(KeyView { place: KeyPlace::Token(_), .. }) => Some("the key is on a token already"),
        Some(KeyView { place: KeyPlace::File(_), algorithm, .. }) => {
            let fits = algorithm.as_ref().is_none_or(|kind| *kind == Algorithm::EcdsaP256);
            (!fits).then_some("tokens take ECDSA keys on P-256 only, as notary uses them")
        }
        _ => Some("the private key is not in the key store of this machine"),
    }
}

/// Offers to copy a stored key onto a token: with a tested backup at once, else only when that is said.
pub fn import(state: &State, key: &KeyView) -> Dialog {
    let subject = key.heading();
    let form = |how| Dialog::Form(import_form(state, key, how));
    if key.backup.is_some() {
        return form(Removing::BackedUp);
    }
    let about = vec![
        "It has no tested backup. What is on a token never comes back: once the file is gone and the token breaks, the \
         key is lost."
            .to_owned(),
    ];
    let mut choices = vec![];
    if let Some(form) = back_up(state, std::slice::from_ref(&key.id), true) {
        choices.push(Reply::leads_to("back it up first", "then m again", Dialog::Form(form)));
    }
    choices.push(Reply::leads_to("go on without", "the file stays for now", form(Removing::Forced)));
    Dialog::Choose(Choose {
        title: "Onto a token".to_owned(),
        subject,
        about,
        replies: choices,
        cursor: 0,
        offset: 0,
        grave: true,
    })
}

fn import_form(state: &State, key: &KeyView, how: Removing) -> Form {
    let mut fields = vec![token(state)];
    if key.state != KeyState::Plain {
        fields.push(secret(Label::Passphrase, "opens the file of the key"));
    }
    fields.push(pin());
    let purpose = Purpose::ImportKey { id: key.id.clone(), how };
    let subject = format!("{}  {}", key.heading(), key.words());
    let note = "From then on the token signs. The file stays until you remove it.".to_owned();
    let focus = usize::from(plugged_in(state).len() < 2);
    Form { verb: "copy it", note, focus, ..form("Onto a token", subject, purpose, fields) }
}

/// What deleting a key from its token takes away, and the words that confirm it; where a file or another token has the
/// key too, the user says which goes.
pub(in crate::tui) fn remove(state: &State, removal: &Removal, place: &TokenPlace, backup_is_there: bool) -> Dialog {
    let key = &removal.key;
    let subject = key.heading();
    let from = |place| Dialog::Confirm(confirm_deletion(state, removal, place, backup_is_there));
    let places: Vec<&TokenPlace> = std::iter::once(place).chain(&removal.also_on).collect();
    let mut choices = vec![];
    if removal.in_file {
        let signs = vec![format!("The token {} signs as before.", place.token)];
        let file = confirm_removal(removal, backup_is_there, signs);
        choices.push(Reply::leads_to("remove the file", "the token keeps it and signs", Dialog::Confirm(file)));
    }
    let others = places.len() > 1;
    let keeps = if others { "another token keeps it and signs" } else { "the file keeps it and signs" };
    choices.extend(places.iter().map(|place| {
        let what = match others {
            true => format!("delete it from token {}", called(place, &places)),
            false => "delete it from the token".to_owned(),
        };
        Reply::leads_to(what, keeps, from(place))
    }));
    if choices.len() < 2 {
        return from(place);
    }
    let mut on: Vec<String> =
        places.iter().map(|place| format!("on token {}, slot {}", called(place, &places), place.slot_name)).collect();
    if removal.in_file {
        on.push("in a file of the key store".to_owned());
    }
    Dialog::Choose(Choose {
        title: "Remove a private key".to_owned(),
        subject,
        about: vec![format!("It is {}.", on.join(", and "))],
        replies: choices,
        cursor: 0,
        offset: 0,
        grave: true,
    })
}

/// The name of a token; of several with one name, with its serial number.
fn called(place: &TokenPlace, all: &[&TokenPlace]) -> String {
    let name = place.token.to_string();
    match all.iter().filter(|other| other.token.to_string() == name).count() {
        0 | 1 => name,
        _ => format!("{name} {}", place.token.serial),
    }
}

fn confirm_deletion(state: &State, removal: &Removal, place: &TokenPlace, backup_is_there: bool) -> Confirm {
    let key = &removal.key;
    let piv = plugged_in(state).iter().any(|t| t.name == place.token && t.dialect == Dialect::Piv);
    let (mut sentences, mut expected) = (vec![], key.id.short().to_owned());
    let backed_up = named_backup(removal, backup_is_there);
    let shown = if let KeyPlace::Token(shown) = &key.place { Some(shown) } else { None };
    let other = shown.into_iter().chain(&removal.also_on).find(|other| *other != place);
    if let Some(other) = other {
        sentences.push(format!("Token {} has it too and signs from then on.", other.token));
    } else if removal.in_file {
        sentences.push("Its file in the key store signs from then on.".to_owned());
    } else {
        sentences.extend(lost(state, removal));
        sentences.push(backed_up.clone().unwrap_or_else(|| {
            expected = format!("no backup of {expected}");
            "It has no backup and none can be made: once deleted, the key is lost for good.".to_owned()
        }));
    }
    if piv {
        sentences.push("A YubiKey forgets the certificate; the key goes when its slot is filled again.".to_owned());
    }
    let how = if backed_up.is_some() { Removing::BackedUp } else { Removing::Forced };
    let purpose = Purpose::RemoveFromToken { id: key.id.clone(), how, serial: place.token.serial.clone() };
    let subject = format!("{}  {}", key.heading(), words::on_token(place));
    let asked = form("Delete from a token", subject, purpose, vec![pin()]);
    let asked = Form { verb: "delete it", note: "Nothing changes on the servers.".to_owned(), ..asked };
    Confirm {
        subject: Subject::ThenAsk(Box::new(asked)),
        title: "Delete a key from its token".to_owned(),
        name: format!("{}  {}", key.heading(), words::on_token(place)),
        sentences,
        expected,
        typed: TextField::default(),
    }
}
