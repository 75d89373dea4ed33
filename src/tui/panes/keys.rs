//! Keys: in the store, behind servers, and those of others. What is done with them.

use crate::engine::view::keys::{KeyPlace, KeyState};
use crate::engine::{KeyView, Kind};
use crate::tuf::{CanonicalKeyId, Role};
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::label::Label;
use crate::tui::forms::{key_forms, key_submit, offers, removal, token_forms};
use crate::tui::keywork::{report, task};
use crate::tui::kit::message::Tone;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::keywork::{KeyFound, KeyWork};
use crate::tui::state::binding::{Action as Wanted, Binding, Group, Sort, bind};
use crate::tui::state::{State, actions, selected, words};
use crate::tui::wizard;

pub use super::key_rows::{NAMED, detail, render, summary, used_in};

/// Keys of this pane.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Wanted::Keys(actions::Keys::Show), "all about it", Group::Keys, 22).unless(none),
    bind(&["n"], Wanted::Keys(actions::Keys::Make), "new key", Group::Keys, 24),
    bind(&["b"], Wanted::Keys(actions::Keys::BackUp), "back up", Group::Keys, 26).unless(no_own),
    bind(&["c"], Wanted::Keys(actions::Keys::ChangePassphrase), "passphrase", Group::Keys, 40).unless(not_own),
    bind(&["e"], Wanted::Keys(actions::Keys::Label), "label", Group::Keys, 42).unless(no_label),
    bind(&["a"], Wanted::Keys(actions::Keys::Load), "load a file", Group::Keys, 28),
    bind(&["x"], Wanted::Keys(actions::Keys::Export), "export", Group::Keys, 44).unless(none_meant),
    bind(&["i"], Wanted::Keys(actions::Keys::Restore), "restore", Group::Keys, 46),
    bind(&["m"], Wanted::Keys(actions::Keys::OntoToken), "onto a token", Group::Keys, 47).unless(no_import),
    bind(&["L"], Wanted::Keys(actions::Keys::LockAll), "lock all", Group::Keys, 23).unless(none_open),
    bind(&["t"], Wanted::Rotate, "rotate", Group::Stage, 29).unless(wizard::no_key),
    bind(&["d"], Wanted::Keys(actions::Keys::Remove), "out of roles", Group::Stage, 30).unless(no_delegation),
    bind(&["D"], Wanted::Keys(actions::Keys::Delete), "delete", Group::Danger, 48).unless(not_here),
];

fn none(state: &State) -> Option<&'static str> {
    selected::key(state).is_none().then_some("there is no key here")
}

fn no_own(state: &State) -> Option<&'static str> {
    let own = state.keyring.keys.iter().any(is_own);
    (!own).then_some("this machine has no private key; n makes one")
}

fn not_own(state: &State) -> Option<&'static str> {
    match selected::key(state).map(|key| &key.place) {
        Some(KeyPlace::File(_)) => None,
        Some(KeyPlace::Token(_)) => Some("the key is on a token, which has its own PIN and tools"),
        _ => Some("the private key is not in the key store of this machine"),
    }
}

fn not_here(state: &State) -> Option<&'static str> {
    let on_token = selected::key(state).is_some_and(|key| matches!(key.place, KeyPlace::Token(_)));
    if on_token { None } else { not_own(state) }
}

fn no_import(state: &State) -> Option<&'static str> {
    token_forms::no_import(selected::key(state))
}

fn none_meant(state: &State) -> Option<&'static str> {
    let meant = state.lists.keys.meant();
    let own = state.keyring.keys.iter().any(|k| is_own(k) && meant.contains(&k.id));
    (!own).then_some("the private key is not in the key store of this machine")
}

fn no_label(state: &State) -> Option<&'static str> {
    let of_server = selected::key(state).is_none_or(|k| k.place.is_of_server());
    of_server.then_some("this row stands for keys that are held elsewhere")
}

fn none_open(state: &State) -> Option<&'static str> {
    (!state.keyring.keys.iter().any(|k| k.state == KeyState::Open)).then_some("no key is open")
}

fn no_delegation(state: &State) -> Option<&'static str> {
    let in_roles = selected::key(state).is_some_and(|k| k.used_in.iter().any(|(_, role)| role.delegation().is_some()));
    (!in_roles).then_some("no delegation lists this key")
}

/// Whether its private half is a file of this machine.
fn is_own(key: &KeyView) -> bool {
    matches!(key.place, KeyPlace::File(_))
}

/// Does what the user wants.
pub fn update(state: &mut State, action: actions::Keys) -> Vec<Effect> {
    let key = selected::key(state).cloned();
    let dialog = match action {
        actions::Keys::LockAll => return vec![Effect::Key(KeyWork::LockAll)],
        actions::Keys::Delete => return delete(key),
        actions::Keys::Make | actions::Keys::OntoToken => {
            let dialog = match key.filter(|_| action == actions::Keys::OntoToken) {
                Some(key) => token_forms::import(state, &key),
                None => Dialog::Form(key_forms::make_key(state)),
            };
            state.dialogs.push(dialog);
            return vec![Effect::LookForTokens];
        }
        actions::Keys::BackUp => {
            let (meant, marked) = (state.lists.keys.meant(), !state.lists.keys.marks.is_empty());
            key_forms::back_up(state, &meant, marked).map(Dialog::Form)
        }
        actions::Keys::Export => key_forms::export(state, &state.lists.keys.meant()).map(Dialog::Form),
        actions::Keys::Load => Some(Dialog::Form(key_forms::load_keys())),
        actions::Keys::Restore => Some(Dialog::Form(key_forms::restore())),
        actions::Keys::Show => key.map(|key| Dialog::Report(report::detail(state, &key))),
        actions::Keys::ChangePassphrase => key.map(|key| Dialog::Form(key_forms::change_passphrase(&key))),
        actions::Keys::Label => key.map(|key| Dialog::Form(key_forms::label_key(&key))),
        actions::Keys::Remove => key.map(|key| offers::remove_key(state, &key)),
    };
    state.dialogs.extend(dialog);
    vec![]
}

/// Asks what the removal of a key would mean; on a YubiKey it means less than elsewhere.
fn delete(key: Option<KeyView>) -> Vec<Effect> {
    let on_token = key.as_ref().is_some_and(|key| matches!(key.place, KeyPlace::Token(_)));
    let look = on_token.then_some(Effect::LookForTokens);
    let ask = key.map(|key| Effect::Key(KeyWork::AskRemoval(key.id)));
    look.into_iter().chain(ask).collect()
}

/// Takes what work on keys found.
pub fn worked(state: &mut State, found: KeyFound) -> Vec<Effect> {
    let form =
        if let Some(Dialog::Form(form)) = state.dialogs.pop_if(|d| matches!(d, Dialog::Form(f) if f.busy.is_some())) {
            Some(form)
        } else {
            None
        };
    match (found, form) {
        (KeyFound::Said(Ok(told)), _) => {
            state.say(Tone::Done, told.verb, told.object);
            if let Some(guide) = &mut state.guide {
                guide.stale = true;
            }
        }
        (KeyFound::Locked, _) => {
            state.say(Tone::Done, "locked", "all keys; passphrases are forgotten");
            state.keyring.locks_at = None;
        }
        (KeyFound::Made(Ok(made)), Some(form)) => {
            let report = report::made(state, form.text(Label::Name), &made);
            state.dialogs.push(Dialog::Report(report));
        }
        (KeyFound::AtToken(Ok(done)), Some(form)) => {
            let report = report::at_token(state, &form, &done);
            state.dialogs.push(Dialog::Report(report));
        }
        (KeyFound::Said(Err(failure)), Some(form)) if failure.problem.kind == Kind::Passphrase => {
            let opens = failure.other_key().map(|id| words::key_name(state, id, id.short()));
            state.record(&failure);
            state.dialogs.push(Dialog::Form(form.wrong_passphrase(&failure, opens)));
            return vec![];
        }
        (
            KeyFound::Said(Err(failure))
            | KeyFound::Made(Err(failure))
            | KeyFound::AtToken(Err(failure))
            | KeyFound::File(Err(failure))
            | KeyFound::Place(Err(failure)),
            Some(form),
        ) => {
            state.record(&failure);
            state.dialogs.push(Dialog::Form(form.failed(&state.told(&failure))));
            return vec![];
        }
        (KeyFound::File(Ok(set)), Some(form)) => {
            return key_submit::file_read(form, state, set).unwrap_or_else(|form| {
                state.dialogs.push(Dialog::Form(*form));
                vec![]
            });
        }
        (KeyFound::Place(Ok(())), Some(form)) => return key_submit::place_checked(form, state),
        (KeyFound::Removal(Ok(found)), _) => {
            let dialog = removal::remove(state, &found.0, found.1);
            state.dialogs.push(dialog);
            return vec![];
        }
        (KeyFound::Said(Err(failure)) | KeyFound::Removal(Err(failure)), None) => state.complain(&failure),
        (found, _) => return task::take(state, found),
    }
    vec![Effect::ListKeys, Effect::LockIdle]
}

/// Takes the keys of the engine; those behind servers, of which nobody chooses one, become one row for each role.
pub fn take(state: &mut State, keys: Vec<KeyView>) {
    let mut rows: Vec<KeyView> = Vec::with_capacity(keys.len());
    for key in keys {
        let known = rows.iter_mut().find(|k| k.place == key.place && k.role == key.role);
        match known.filter(|_| key.place.is_of_server()) {
            Some(row) => row.used_in.extend(key.used_in),
            None => rows.push(key),
        }
    }
    state.keyring.keys = rows;
    reindex(state);
}

/// Puts keys in order: by label, ours first and by role before that if that is wanted.
pub fn reindex(state: &mut State) {
    let filter = &state.lists.keys.filter;
    let passes = |k: &KeyView| filter.passes(&format!("{} {} {}", words::key_label(state, k), k.role, k.id));
    let mut order: Vec<(usize, CanonicalKeyId)> =
        state.keyring.keys.iter().enumerate().filter(|(_, k)| passes(k)).map(|(i, k)| (i, k.id.clone())).collect();
    let by_name = state.sort.keys == Sort::Name;
    let ranks = |k: &KeyView| if by_name { (0, 0) } else { (place_rank(&k.place), role_rank(&k.role)) };
    order.sort_by_cached_key(|(i, _)| {
        state.keyring.keys.get(*i).map(|k| (ranks(k), words::key_label(state, k), k.id.clone()))
    });
    state.lists.keys.set(order);
}

fn place_rank(place: &KeyPlace) -> u8 {
    match place {
        KeyPlace::File(_) | KeyPlace::Token(_) => 0,
        KeyPlace::Public => 1,
        KeyPlace::Away | KeyPlace::Server => 2,
    }
}

fn role_rank(role: &str) -> u8 {
    match Role::parse(role) {
        Ok(Role::Root) => 0,
        Ok(Role::Targets) => 1,
        _ => 2,
    }
}
