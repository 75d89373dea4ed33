//! `key backup`.

use std::collections::BTreeMap;
use std::path::Path;

use super::passphrases::{Typed, Unlocking, chosen, nobody};
use super::words::{called, elsewhere, shown};
use crate::cli::Context;
use crate::cli::arguments::key::Backup;
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::engine::custody::backup::BackupForm;
use crate::engine::{EngineError, Passphrase, Problem};
use crate::tuf::CanonicalKeyId;

/// Writes a backup and proves it.
///
/// # Errors
/// As the engine's; `Passphrase` if a key cannot be unlocked and nobody can be asked: nothing is written then.
pub(super) fn run(context: &Context, arguments: &Backup) -> Result<Ending, Problem> {
    if arguments.out == Path::new("-") {
        let hint = "name a file on the medium that keeps it; ./- is a file with that name";
        return Err(input("a backup is read again once it is written, which standard output cannot be", hint));
    }
    let keys = chosen_keys(context, &arguments.keys)?;
    if keys.is_empty() && context.engine.status(None).keys == 0 {
        let hint = match elsewhere(context).as_slice() {
            [] => "make one with trustdeck key generate, or bring one with trustdeck key load".to_owned(),
            places => format!("{}; name another with --trust-dir", places.join("; ")),
        };
        return Err(input("there is no key in the key store", hint));
    }
    if keys.is_empty() {
        context.console.note("every key has a tested backup; name keys to back them up again");
        context.console.result(if context.console.json { "null\n" } else { "" })?;
        return Ok(Ending::done());
    }
    let passphrases = passphrases(context, &keys)?;
    let form = if arguments.plain {
        BackupForm::Plain
    } else {
        let hint = "give --backup-passphrase-fd FD, or --plain for a PEM set";
        BackupForm::Encrypted(chosen(context, arguments.backup_passphrase_fd, "the backup", hint)?)
    };
    // A file that was not tested is not left behind.
    let _finishing = context.busy.begin();
    let stopped = || context.stop.is_cancelled();
    let backup = match context.engine.custody().back_up_until(&keys, &passphrases, &form, &arguments.out, stopped) {
        Err(EngineError::Cancelled) if stopped() => {
            context.console.say("stopped before the backup was tested: nothing of it is kept");
            return Ok(Ending { interrupted: true, ..Ending::done() });
        }
        outcome => outcome?,
    };
    if context.console.json {
        context.console.result_json(&serde_json::json!({
            "file": backup.file, "manifest": backup.manifest, "tested": backup.tested, "untested": backup.untested,
        }))?;
        return Ok(Ending::done());
    }
    let mut text = String::new();
    for id in &backup.tested {
        text.push_str(&format!("{}: unlocked from the backup\n", called(context, id)));
    }
    for id in &backup.untested {
        text.push_str(&format!(
            "{}: in the backup, not tested, because its passphrase was not given\n",
            called(context, id)
        ));
    }
    text.push_str(&format!("backup:   {}\nmanifest: {}\n", shown(&backup.file), shown(&backup.manifest)));
    context.console.result(&text)?;
    context.console.note("keep it on another device than this one; its passphrases are not in it");
    Ok(Ending::done())
}

fn chosen_keys(context: &Context, typed: &[String]) -> Result<Vec<CanonicalKeyId>, Problem> {
    if typed.is_empty() {
        return Ok(context.engine.custody().not_backed_up()?);
    }
    let mut keys = Vec::new();
    for typed in typed {
        let id = context.engine.custody().find_key(typed)?;
        context.engine.custody().check_in_file(&id)?;
        if !keys.contains(&id) {
            keys.push(id);
        }
    }
    Ok(keys)
}

/// The passphrases that will prove the backup. Keys without one need none; skipped ones stay untested.
fn passphrases(context: &Context, keys: &[CanonicalKeyId]) -> Result<BTreeMap<CanonicalKeyId, Passphrase>, Problem> {
    let mut found = BTreeMap::new();
    let mut typed = Typed::default();
    for id in keys {
        if context.engine.custody().opens(id, None)? {
            continue;
        }
        let what = format!("key {}", called(context, id));
        match typed.open_stored(context, id, &what)? {
            Unlocking::Opened((), passphrase) => {
                found.insert(id.clone(), passphrase);
            }
            Unlocking::Skipped => {}
            Unlocking::Nobody(wrong) => return Err(nobody(&what, &wrong)),
        }
    }
    Ok(found)
}
