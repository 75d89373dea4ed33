//! `key export`, `key passwd`, `key remove` and `key label`.

use std::io::IsTerminal;
use std::path::Path;

use super::passphrases::{Typed, Unlocking, chosen, nobody};
use super::token;
use super::words::{called, shown};
use crate::cli::Context;
use crate::cli::arguments::key::{Export, Label, Passwd, Remove};
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::engine::custody::backed_up::Removing;
use crate::engine::custody::make::PublicHalf;
use crate::engine::custody::remove::Removal;
use crate::engine::view::keys::{KeyPlace, KeyState};
use crate::engine::wording::count;
use crate::engine::{KeyView, Kind, Passphrase, Problem};
use crate::printable::printable;
use crate::tuf::CanonicalKeyId;

/// `key export`.
///
/// # Errors
/// As the engine's; `Input` if a terminal would show the keys.
pub(super) fn export(context: &Context, arguments: &Export) -> Result<Ending, Problem> {
    if let Some(typed) = &arguments.root {
        let gun = context.repository(typed)?;
        return export_public(context, arguments, &context.engine.custody().export_root(&gun)?);
    }
    let ids = match &arguments.repository {
        Some(typed) => keys_of(context, typed)?,
        None => {
            arguments.keys.iter().map(|typed| context.engine.custody().find_key(typed)).collect::<Result<_, _>>()?
        }
    };
    if arguments.public {
        ids.iter().try_for_each(|id| open_to_see(context, id))?;
        return export_public(context, arguments, &context.engine.custody().export_public(&ids)?);
    }
    let set = context.engine.custody().export_keys(&ids)?;
    let json = context.console.json;
    match file_of(arguments) {
        Some(file) => {
            context.engine.custody().write_export(&set, file)?;
            if json {
                context.console.result_json(&serde_json::json!({ "file": file, "keys": ids }))?;
            }
            let keys = count(ids.len(), "key");
            let under = if ids.len() == 1 { "under its own passphrase" } else { "each under its own passphrase" };
            context.console.note(&format!("{keys} written to {}, {under}", shown(file)));
        }
        None if std::io::stdout().is_terminal() => {
            return Err(input("a terminal keeps what it shows", "give --out FILE, or redirect the output"));
        }
        None if json => context.console.result_json(&serde_json::json!({ "pem": set.as_str(), "keys": ids }))?,
        None => context.console.result(&set)?,
    }
    Ok(Ending::done())
}

/// Opens a key whose public half nothing else tells.
fn open_to_see(context: &Context, id: &CanonicalKeyId) -> Result<(), Problem> {
    if context.engine.custody().public_half(id).is_some() {
        return Ok(());
    }
    let what = format!("key {}", called(context, id));
    let passphrase = match context.engine.custody().opens(id, None)? {
        true => Passphrase::new(),
        false => match Typed::default().open_stored(context, id, &what)? {
            Unlocking::Opened((), passphrase) => passphrase,
            Unlocking::Skipped => return Err(stopped("the public half was not exported", "type the passphrase")),
            Unlocking::Nobody(wrong) => return Err(nobody(&what, &wrong)),
        },
    };
    Ok(context.engine.keyring().unlock(id, &passphrase)?)
}

/// Writes what anybody may see.
/// Where an export goes; `-` is standard output, as without.
fn file_of(arguments: &Export) -> Option<&Path> {
    arguments.out.as_deref().filter(|file| *file != Path::new("-"))
}

fn export_public(context: &Context, arguments: &Export, halves: &[PublicHalf]) -> Result<Ending, Problem> {
    let pem: String = halves.iter().map(|half| half.pem.as_str()).collect();
    if let Some(file) = file_of(arguments) {
        context.engine.custody().write_export(&pem, file)?;
        context.console.note(&format!("written to {}", shown(file)));
    }
    if context.console.json {
        context.console.result_json(&halves)?;
    } else if file_of(arguments).is_none() {
        context.console.result(&pem)?;
    }
    Ok(Ending::done())
}

/// Stored keys of a repository.
fn keys_of(context: &Context, typed: &str) -> Result<Vec<CanonicalKeyId>, Problem> {
    let gun = context.repository(typed)?;
    let keys = context.engine.views().keys()?;
    let of = |view: &&KeyView| {
        matches!(view.place, KeyPlace::File(_) | KeyPlace::Token(_))
            && context.engine.keyring().has_file(&view.id)
            && (view.gun.as_deref() == Some(gun.as_str()) || view.used_in.iter().any(|(used, _)| *used == gun))
    };
    let ids: Vec<CanonicalKeyId> = keys.iter().filter(of).map(|view| view.id.clone()).collect();
    if ids.is_empty() {
        return Err(input(format!("the key store has no key of {gun}"), "trustdeck key list shows the keys there are"));
    }
    Ok(ids)
}

/// `key passwd`.
///
/// # Errors
/// As the engine's.
pub(super) fn passwd(context: &Context, arguments: &Passwd) -> Result<Ending, Problem> {
    let id = context.engine.custody().find_key(&arguments.key)?;
    context.engine.custody().check_in_file(&id)?;
    let removal = context.engine.custody().removal(&id)?;
    let what = format!("key {}", called(context, &id));
    let old = if removal.key.state == KeyState::Plain {
        None
    } else {
        match Typed::default().open_stored(context, &id, &what)? {
            Unlocking::Opened((), passphrase) => Some(passphrase),
            Unlocking::Skipped => {
                return Err(stopped("the passphrase was not changed", "type the old one to change it"));
            }
            Unlocking::Nobody(wrong) => return Err(nobody(&what, &wrong)),
        }
    };
    let new = chosen(context, arguments.new_passphrase_fd, &what, "give --new-passphrase-fd FD")?;
    context.engine.custody().change_passphrase(&id, old.as_ref(), &new)?;
    if context.console.json {
        context.console.result_json(&serde_json::json!({"id": id, "changed": "passphrase"}))?;
    } else {
        context.console.result(&format!("{what} has a new passphrase\n"))?;
    }
    if let Some(record) = removal.backup() {
        context.console.note(&format!("its backup of {} still opens with the old one", record.at.strftime("%Y-%m-%d")));
    }
    Ok(Ending::done())
}

/// `key remove`.
///
/// # Errors
/// As the engine's; `Input` without a terminal and `--force`; `Cancelled` if the answer is not what was asked for.
pub(super) fn remove(context: &Context, arguments: &Remove) -> Result<Ending, Problem> {
    let id = context.engine.custody().find_key(&arguments.key)?;
    let removal = context.engine.custody().removal(&id)?;
    context.console.note(&meaning(&removal));
    let how = if arguments.force { Removing::Forced } else { Removing::BackedUp };
    if how == Removing::BackedUp && removal.backup().is_some() {
        if !context.console.interactive {
            return Err(input("there is no terminal to ask on", "give --force to remove the key without a question"));
        }
        let question = format!("type {} to delete this private key", id.short());
        if !context.console.typed(&question, id.short()) {
            return Err(stopped("the key was not removed", "type the eight digits to remove it"));
        }
    }
    let on_token = matches!(removal.key.place, KeyPlace::Token(_));
    // After an import, the file is what is meant to go.
    if on_token && (arguments.token.is_some() || !removal.in_file) {
        token::remove(context, &id, arguments.token.as_ref().and_then(Option::as_deref), how)?;
    } else if arguments.token.is_some() {
        return Err(input(format!("key {} is on no token", id.short()), "leave --token out"));
    } else {
        context.engine.custody().remove_key(&id, how)?;
    }
    if context.console.json {
        context.console.result_json(&serde_json::json!({"id": id, "removed": true}))?;
    } else {
        context.console.result(&format!("removed the private key {}\n", id.short()))?;
    }
    Ok(Ending::done())
}

fn stopped(message: &str, hint: &str) -> Problem {
    Problem { kind: Kind::Cancelled, ..input(message, hint) }
}

/// What the removal takes away.
fn meaning(removal: &Removal) -> String {
    let key = &removal.key;
    let mut text =
        format!("{} key {} ({}), {}\n", printable(&key.label), key.id.short(), printable(&key.role), key.words());
    if let KeyPlace::Token(place) = &key.place {
        text.push_str(&format!("  on token {}, slot {}\n", printable(&place.token.to_string()), place.slot_name));
    }
    for place in &removal.also_on {
        let token = &place.token;
        text.push_str(&format!("  also on token {} ({})\n", printable(&token.to_string()), printable(&token.serial)));
    }
    for (gun, role) in &removal.only_local {
        text.push_str(&format!("  the only key here that can sign {role} of {gun}\n"));
    }
    match removal.backup() {
        Some(record) => {
            let gone = if record.file.exists() { "" } else { " (not there now)" };
            let day = record.at.strftime("%Y-%m-%d");
            text.push_str(&format!("  tested backup of {day}: {}{gone}\n", shown(&record.file)));
        }
        None => text.push_str("  no tested backup\n"),
    }
    text
}

/// `key label`.
///
/// # Errors
/// As the engine's.
pub(super) fn label(context: &Context, arguments: &Label) -> Result<Ending, Problem> {
    let id = match context.engine.custody().find_key(&arguments.key) {
        Err(_) => context.engine.custody().find_any_key(&arguments.key)?,
        found => found?,
    };
    context.engine.keyring().set_label(&id, &arguments.text)?;
    let label = arguments.text.trim();
    if context.console.json {
        context.console.result_json(&serde_json::json!({"id": id, "label": label}))?;
    } else if label.is_empty() {
        context.console.result(&format!("key {} has no label any more\n", id.short()))?;
    } else {
        context.console.result(&format!("key {} is called {}\n", id.short(), printable(label)))?;
    }
    Ok(Ending::done())
}
