//! `key restore`.

use serde::Serialize;

use super::passphrases::{Attempt, Typed, Unlocking, from_descriptor, nobody};
use super::words::shown;
use crate::cli::arguments::key::KeyRestore;
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::cli::{Context, terminal};
use crate::engine::custody::backup::{Archive, BackupFile, KeyStanding, RestoreKey, Restored, Untested};
use crate::engine::{Kind, Passphrase, Problem};
use crate::printable::printable;
use crate::tuf::CanonicalKeyId;

#[derive(Serialize)]
struct RestoredRow {
    #[serde(skip)]
    place: usize,
    id: Option<String>,
    words: Option<String>,
    role: String,
    standing: &'static str,
    result: &'static str,
    may_sign: Vec<(String, String)>,
}

/// Brings keys back.
///
/// # Errors
/// As the engine's, if the backup cannot be opened.
pub(super) fn run(context: &Context, arguments: &KeyRestore) -> Result<Ending, Problem> {
    let archive = open(context, arguments)?;
    let mut ending = Ending::done();
    archive.beside.iter().for_each(|what| context.console.say(&printable(what)));
    for why in &archive.refused {
        let hint = "look at where this backup comes from; the rest of it was read";
        ending.problems.push(Problem { kind: Kind::Keystore, ..input(why.clone(), hint) });
    }
    if archive.keys.is_empty() && ending.problems.is_empty() {
        let hint =
            "give what trustdeck key backup wrote, an archive of a private directory, or a file with private keys";
        return Err(input("there is no private key in it: nothing was restored", hint));
    }
    let mut typed = Typed::default();
    let (mut rows, mut written) = (Vec::new(), Vec::new());
    for key in &archive.keys {
        let mut row = row(key);
        let done = match arguments.dry_run {
            true => context.engine.custody().foresee(key).map_err(Problem::from).map(|(id, standing)| {
                row.name(id.as_ref());
                row.standing = standing_word(&standing);
            }),
            false => one(context, key, arguments.untested, &mut typed).map(|restored| {
                written.extend(restored.written().cloned());
                note(&mut row, &restored);
            }),
        };
        if let Err(problem) = done {
            row.result = "failed";
            ending.problems.push(problem);
        }
        ending.succeeded += usize::from(row.result != "failed");
        rows.push(row);
    }
    if let Some(manifest) = &archive.manifest {
        for (id, label) in context.engine.custody().restore_labels(manifest, &written)? {
            context.console.say(&format!("{} is labelled {} again", id.short(), printable(&label)));
        }
    }
    if context.console.json {
        context.console.result_json(&rows)?;
    } else {
        context.console.result(&rows.iter().map(text).collect::<String>())?;
    }
    Ok(ending)
}

fn open(context: &Context, arguments: &KeyRestore) -> Result<Archive, Problem> {
    let (custody, file) = (context.engine.custody(), BackupFile::read(&arguments.file)?);
    if !file.is_encrypted() {
        return Ok(custody.open_backup(&file, None)?);
    }
    if let Some(descriptor) = arguments.backup_passphrase_fd {
        return Ok(custody.open_backup(&file, Some(&from_descriptor(descriptor)?))?);
    }
    if !context.console.interactive {
        let message = format!("{} needs its passphrase, and nobody can be asked", shown(file.path()));
        return Err(Problem { kind: Kind::Passphrase, ..input(message, "give --backup-passphrase-fd FD") });
    }
    loop {
        let passphrase = terminal::ask_passphrase("passphrase of the backup")?;
        match custody.open_backup(&file, Some(&passphrase)) {
            Err(error) if error.kind() == Kind::Passphrase => context.console.say(&error.to_string()),
            opened => return Ok(opened?),
        }
    }
}

fn one(context: &Context, key: &RestoreKey, untested: bool, typed: &mut Typed) -> Result<Restored, Problem> {
    let engine = &context.engine;
    let accept = if untested { Untested::Accept } else { Untested::Refuse };
    if !key.found.encrypted || matches!(key.standing, KeyStanding::Same | KeyStanding::Conflicting) {
        return Ok(engine.custody().restore_key(key, None, accept)?);
    }
    let role = key.found.role.as_deref().unwrap_or_default();
    let what = match &key.found.claimed {
        Some(id) => format!("key {} ({})", id.short(), printable(role)),
        None => format!("key {} of the backup ({})", key.found.place, printable(role)),
    };
    let attempt = |passphrase: &Passphrase| -> Attempt<Restored> {
        match engine.custody().restore_key(key, Some(passphrase), Untested::Refuse) {
            Ok(restored) => Ok(Some(restored)),
            Err(error) if error.kind() == Kind::Passphrase => Ok(None),
            Err(error) => Err(error.problem()),
        }
    };
    match typed.open(context, role, &what, attempt)? {
        Unlocking::Opened(restored, _) => Ok(restored),
        _ if untested => Ok(engine.custody().restore_key(key, None, accept)?),
        Unlocking::Nobody(wrong) => {
            let problem = nobody(&what, &wrong);
            Err(Problem { hint: format!("{}; or give --untested to restore it as it is", problem.hint), ..problem })
        }
        Unlocking::Skipped => {
            let message = format!("{what} was skipped and is not restored");
            Err(Problem {
                kind: Kind::Passphrase,
                ..input(message, "give --untested to restore it without its passphrase")
            })
        }
    }
}

impl RestoredRow {
    fn name(&mut self, id: Option<&CanonicalKeyId>) {
        self.id = id.map(ToString::to_string);
        self.words = id.map(crate::engine::words);
    }
}

fn standing_word(standing: &KeyStanding) -> &'static str {
    match standing {
        KeyStanding::New => "new",
        KeyStanding::Same => "same",
        KeyStanding::Conflicting => "conflicting",
        KeyStanding::Unnamed => "unnamed",
    }
}

fn row(key: &RestoreKey) -> RestoredRow {
    let mut row = RestoredRow {
        place: key.found.place,
        id: None,
        words: None,
        role: key.found.role.clone().unwrap_or_default(),
        standing: standing_word(&key.standing),
        result: "shown",
        may_sign: key.may_sign.iter().map(|(gun, role)| (gun.to_string(), role.to_string())).collect(),
    };
    row.name(key.found.claimed.as_ref());
    row
}

fn note(row: &mut RestoredRow, restored: &Restored) {
    let (id, result) = match restored {
        Restored::Tested(id, _) => (id, "restored"),
        Restored::Untested(id, _) => (id, "untested"),
        Restored::Kept(id) => (id, "kept"),
    };
    row.name(Some(id));
    row.result = result;
}

fn text(row: &RestoredRow) -> String {
    let name = row.id.clone().unwrap_or_else(|| format!("key {}", row.place));
    let short: String = name.chars().take(8).collect();
    let result = match (row.result, row.standing) {
        ("restored", _) => "restored, and unlocked to test it",
        ("untested", _) => "restored, not tested",
        ("kept", "same") => "same as in the key store",
        ("kept", "conflicting") => "conflicts: the key store has another file for it, which stays",
        ("kept", _) => "in the key store already",
        ("failed", _) => "not restored",
        (_, "new") => "new",
        (_, "same") => "same as in the key store",
        (_, "conflicting") => "conflicts: the key store has another file for it",
        _ => "the backup does not say which key it is: restoring it asks for its passphrase, and tells",
    };
    let words = row.words.as_deref().unwrap_or_default();
    let mut text = format!("{short}  {}  {result}  {words}\n", printable(&row.role));
    for (gun, role) in &row.may_sign {
        text.push_str(&format!("    may sign {role} of {gun}\n"));
    }
    text
}
