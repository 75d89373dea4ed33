//! `key load`.

use serde::Serialize;

use super::passphrases::{Attempt, Typed, Unlocking, for_new_key, nobody};
use crate::cli::Context;
use crate::cli::arguments::key::Load;
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::engine::custody::load::{FoundKey, KeySet, LoadedKey, Naming, OpenedKey, check_given, way_on};
use crate::engine::{Kind, NewPassphrase, OpenError, Passphrase, Problem};
use crate::printable::printable;

#[derive(Serialize)]
struct LoadedRow {
    id: String,
    words: String,
    role: String,
    result: &'static str,
    file: Option<std::path::PathBuf>,
}

/// Takes keys into the store; each one that cannot be taken is named.
///
/// # Errors
/// As the engine's, if the file cannot be read.
pub(super) fn run(context: &Context, arguments: &Load) -> Result<Ending, Problem> {
    let gun = arguments.repository.as_deref().map(|typed| context.repository(typed)).transpose()?;
    arguments.name.as_deref().map_or(Ok(()), check_given)?;
    let set = KeySet::read(&arguments.file)?;
    let count = set.keys.len() + set.refused.len();
    let mut typed = Typed::default();
    let (mut rows, mut ending) = (Vec::new(), Ending::done());
    set.beside.iter().for_each(|what| context.console.say(what));
    for key in &set.keys {
        let what = if count > 1 { format!("key {} of the file", key.place) } else { "the key".to_owned() };
        let gun = key.gun.as_deref().or(gun.as_ref().map(crate::tuf::Gun::as_str));
        // As in docker.
        let name = set.name_of(key, arguments.name.as_deref()).unwrap_or(("signer", Naming::File));
        match one(context, key, name, gun, &what, &mut typed) {
            Ok(row) => rows.push(row),
            Err(problem) if problem.kind == Kind::Keystore => {
                let message = format!("{}: {}", arguments.file.display(), problem.message);
                ending.problems.push(Problem { message, ..problem });
            }
            Err(problem) => ending.problems.push(problem),
        }
    }
    let hint = "everything else in the file was taken, or is named above";
    ending.problems.extend(set.refused.iter().map(|why| Problem { kind: Kind::Keystore, ..input(why.clone(), hint) }));
    ending.succeeded = rows.len();
    if context.console.json {
        context.console.result_json(&rows)?;
    } else {
        context.console.result(&rows.iter().map(text).collect::<String>())?;
    }
    Ok(ending)
}

fn one(
    context: &Context,
    key: &FoundKey,
    (role, naming): (&str, Naming),
    gun: Option<&str>,
    what: &str,
    typed: &mut Typed,
) -> Result<LoadedRow, Problem> {
    let (opened, passphrase) = open(context, key, role, what, typed)?;
    let id = opened.id().clone();
    // A passphrase that would not be taken for a new key is not kept for a loaded one.
    let passphrase = match passphrase.map(NewPassphrase::new) {
        Some(Ok(passphrase)) => Some(passphrase),
        _ if context.engine.custody().find_key(id.as_str()).is_ok() => None,
        _ => Some(for_new_key(context, role, &format!("key {} ({})", id.short(), printable(role)))?),
    };
    let loaded = context.engine.custody().load_key(opened, (role, naming), gun, passphrase.as_ref())?;
    let (result, role, file) = match loaded {
        LoadedKey::Renamed => ("renamed", role.to_owned(), None),
        LoadedKey::New(path) => ("loaded", role.to_owned(), Some(path)),
        LoadedKey::Known(role) => ("known", role, None),
    };
    Ok(LoadedRow { id: id.to_string(), words: crate::engine::words(&id), role, result, file })
}

/// Opens a key, and gives the passphrase that did it, if it took one.
fn open(
    context: &Context,
    key: &FoundKey,
    role: &str,
    what: &str,
    typed: &mut Typed,
) -> Result<(OpenedKey, Option<Passphrase>), Problem> {
    let refused =
        |error: OpenError| Problem { kind: Kind::Keystore, ..input(format!("{what}: {error}"), way_on(&error)) };
    if !key.encrypted {
        return key.open(None).map(|opened| (opened, None)).map_err(refused);
    }
    let attempt = |passphrase: &Passphrase| -> Attempt<OpenedKey> {
        match key.open(Some(passphrase)) {
            Ok(opened) => Ok(Some(opened)),
            Err(OpenError::WrongPassphrase) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    };
    match typed.open(context, role, &format!("{what} ({})", printable(role)), attempt)? {
        Unlocking::Opened(opened, passphrase) => Ok((opened, Some(passphrase))),
        Unlocking::Skipped => Err(nobody(what, &[])),
        Unlocking::Nobody(wrong) => Err(nobody(what, &wrong)),
    }
}

fn text(row: &LoadedRow) -> String {
    let short: String = row.id.chars().take(8).collect();
    let what = match row.result {
        "loaded" => format!("loaded {short} as {}", printable(&row.role)),
        "renamed" => format!("{short} was in the key store already, and is called {} now", printable(&row.role)),
        _ => format!("{short} is in the key store already, as {}", printable(&row.role)),
    };
    format!("{what} ({})\n", row.words)
}
