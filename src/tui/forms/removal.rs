//! What is asked before a private key is removed.

use super::key_forms::{back_up, confirm_removal, lost};
use super::token_forms;
use crate::engine::custody::remove::Removal;
use crate::engine::view::keys::KeyPlace;
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::choose::{Choose, Reply};
use crate::tui::state::State;

/// What the removal of a private key takes away, and the words that confirm it.
pub fn remove(state: &State, removal: &Removal, backup_is_there: bool) -> Dialog {
    let key = &removal.key;
    if let KeyPlace::Token(place) = &key.place {
        return token_forms::remove(state, removal, place, backup_is_there);
    }
    let confirmed = Dialog::Confirm(confirm_removal(removal, backup_is_there, lost(state, removal)));
    if removal.backup().is_some() {
        return confirmed;
    }
    let mut about = lost(state, removal);
    about.push("It has no tested backup, so it is not removed.".to_owned());
    let mut choices = vec![];
    if let Some(form) = back_up(state, std::slice::from_ref(&key.id), true) {
        choices.push(Reply::leads_to("back it up first", "then remove it", Dialog::Form(form)));
    }
    choices.push(Reply::leads_to("remove it all the same", "asks for more than a key press", confirmed));
    Dialog::Choose(Choose {
        title: "Remove a private key".to_owned(),
        subject: key.heading(),
        about,
        replies: choices,
        grave: true,
        ..Choose::default()
    })
}
