//! What became of work on keys, as reports to read.

use std::collections::BTreeMap;
use std::path::Path;

use super::words;
use crate::engine::custody::backup::{Archive, Backup, KeyStanding, Restored};
use crate::engine::custody::load::{KeySet, LoadedKey};
use crate::engine::custody::make::MadeKey;
use crate::engine::keyring::tokens::OnToken;
use crate::engine::view::keys::{KeyPlace, KeyState};
use crate::engine::{KeyView, Problem, words};
use crate::tuf::{CanonicalKeyId, Gun, Role};
use crate::tui::dialogs::Form;
use crate::tui::dialogs::label::Label;
use crate::tui::dialogs::report::{Go, Part, Report};
use crate::tui::kit::format::count;
use crate::tui::kit::message::Tone;
use crate::tui::messages::keywork::{Look, TokenDone};
use crate::tui::state::{State, words as in_words};

/// Repositories with the roles that a key has there, at most `most` lines.
pub(super) fn uses(state: &State, used: &[(Gun, Role)], most: usize) -> Vec<String> {
    let mut by_gun: BTreeMap<&Gun, Vec<&str>> = BTreeMap::new();
    for (gun, role) in used {
        by_gun.entry(gun).or_default().push(role.short());
    }
    let more = by_gun.len().saturating_sub(most);
    let line =
        |(gun, roles): (&&Gun, &Vec<&str>)| format!("{} ({})", state.short_name(&state.name_of(gun)), roles.join(", "));
    let mut lines: Vec<String> = by_gun.iter().take(most).map(line).collect();
    if let (Some(last), true) = (lines.last_mut(), more > 0) {
        last.push_str(&format!(" and {more} more"));
    }
    lines
}

/// A key that was made.
pub fn made(state: &State, name: &str, made: &MadeKey) -> Report {
    let mut facts = vec![
        ("id", in_words::grouped(made.id.as_str())),
        ("words", words(&made.id)),
        ("private", made.file.display().to_string()),
    ];
    match &made.public_file {
        Some(file) => facts.push(("public", format!("{}, for docker trust signer add", file.display()))),
        None => facts.push(("public", "no file: notary has no form for this kind".to_owned())),
    }
    let notes = vec![
        "Nobody else has this key: back it up now.".to_owned(),
        format!("It is unlocked for {}.", state.here.idle_lock),
    ];
    Report {
        title: "New key".to_owned(),
        subject: name.to_owned(),
        facts,
        notes,
        go: vec![("b", "back it up", Go::BackUp(made.id.clone()))],
        ..Report::default()
    }
}

/// A key that was put on a token, or deleted there.
#[must_use]
pub fn at_token(state: &State, form: &Form, done: &TokenDone) -> Report {
    let subject = |id: &CanonicalKeyId| in_words::key_name(state, id, form.text(Label::Name));
    let facts = |on: &OnToken| {
        let mut facts = vec![
            ("id", in_words::grouped(on.id.as_str())),
            ("words", words(&on.id)),
            ("private", in_words::on_token(&on.place)),
        ];
        let public = on.public_file.iter().map(|file| format!("{}, for docker trust signer add", file.display()));
        facts.extend(public.map(|file| ("public", file)));
        facts
    };
    let (title, on, notes) = match done {
        TokenDone::Made(on) => {
            let lost = "It cannot be backed up: if the token is lost, breaks or locks itself, so is the key.";
            ("New key on a token", on, vec![lost.to_owned()])
        }
        TokenDone::Imported(on) => {
            let left = "The token signs from now on. The file is still in the key store; D takes it away.";
            ("Copied onto the token", on, vec![left.to_owned()])
        }
        TokenDone::Removed(id) => {
            let notes = vec!["Repositories that list it still do: t rotates, d takes it out of roles.".to_owned()];
            let facts = vec![("id", in_words::grouped(id.as_str()))];
            let title = "Deleted from its token".to_owned();
            return Report { title, subject: subject(id), facts, notes, ..Report::default() };
        }
    };
    Report { title: title.to_owned(), subject: subject(&on.id), facts: facts(on), notes, ..Report::default() }
}

/// Keys that were loaded, known already, or refused.
pub(super) fn loaded(
    state: &State,
    set: &KeySet,
    looks: &BTreeMap<usize, Look>,
    all: &[Result<(CanonicalKeyId, String, LoadedKey), Problem>],
) -> Report {
    let row = |result: &Result<(CanonicalKeyId, String, LoadedKey), Problem>| match result {
        Ok((id, role, LoadedKey::New(_))) => {
            Part::new(Tone::Done, format!("{}  {role}", id.short()), "loaded").with(words(id))
        }
        Ok((id, role, LoadedKey::Renamed)) => {
            Part::new(Tone::Done, format!("{}  {role}", id.short()), "renamed").with(words(id))
        }
        Ok((id, _, LoadedKey::Known(role))) => {
            Part::new(Tone::Note, format!("{}  {role}", id.short()), "was here already").with(words(id))
        }
        Err(problem) => Part::new(Tone::Fail, problem.message.clone(), "").with(problem.hint.clone()),
    };
    let mut parts: Vec<Part> = all.iter().map(row).collect();
    for (at, look) in looks {
        let place = set.keys.get(*at).map_or(at + 1, |key| key.place);
        match look {
            Look::Locked => parts.push(Part::new(Tone::Warn, format!("block {place}"), "left out, locked")),
            Look::Bad(why) => parts.push(Part::new(Tone::Fail, format!("block {place} {why}"), "")),
            Look::Open { .. } => {}
        }
    }
    parts.extend(set.beside.iter().map(|what| Part::new(Tone::Note, what.clone(), "")));
    parts.extend(set.refused.iter().map(|why| Part::new(Tone::Fail, why.clone(), "")));
    let new = all.iter().filter(|r| matches!(r, Ok((_, _, LoadedKey::New(_))))).count();
    let subject = format!("{} loaded", count(new, "key", "keys"));
    let notes = if new > 0 { vec![format!("Open for {}, then locked.", state.here.idle_lock)] } else { vec![] };
    Report { title: "Loaded keys".to_owned(), subject, parts, notes, is_of_task: true, ..Report::default() }
}

/// The manifest of a backup.
pub(super) fn backed_up(state: &State, backup: &Backup) -> Report {
    let row = |id: &CanonicalKeyId, tested: bool| {
        let head = format!("{}  {}", id.short(), in_words::key_name(state, id, ""));
        let row = if tested {
            Part::new(Tone::Done, head, "unlocked from the backup")
        } else {
            Part::new(Tone::Warn, head, "not tested")
        };
        row.with(words(id))
    };
    let tested = backup.tested.iter().map(|id| row(id, true));
    let parts = tested.chain(backup.untested.iter().map(|id| row(id, false))).collect();
    let subject = match backup.untested.len() {
        0 => format!("{} backed up and tested", count(backup.tested.len(), "key", "keys")),
        n => format!("{} backed up and tested, {n} not tested", count(backup.tested.len(), "key", "keys")),
    };
    Report {
        title: "Backup".to_owned(),
        subject,
        parts,
        facts: vec![
            ("file", backup.file.display().to_string()),
            ("manifest", format!("{}, no secret in it", backup.manifest.display())),
        ],
        notes: vec!["Keep it on another device. The passphrases are not in it.".to_owned()],
        is_of_task: true,
        ..Report::default()
    }
}

/// What a key of a backup is called.
pub(super) fn label_in(state: &State, archive: &Archive, at: usize) -> String {
    let Some(key) = archive.keys.get(at) else { return String::new() };
    let named = |id: &CanonicalKeyId| {
        let entry = archive.manifest.as_ref()?.keys.iter().find(|entry| entry.id == *id)?;
        Some(entry.label.clone())
    };
    let claimed = key.found.claimed.as_ref();
    let label = claimed.and_then(named).or_else(|| key.found.role.clone()).unwrap_or_else(|| format!("key {}", at + 1));
    let guns = key.may_sign.iter().map(|(gun, _)| gun.to_string()).collect();
    let label = in_words::label_of(state, &label, key.found.role.as_deref().unwrap_or_default(), &guns);
    claimed.map_or_else(|| label.clone(), |id| in_words::key_name(state, id, &label))
}

/// What a backup holds, beside the key store.
pub(super) fn contents(state: &State, archive: &Archive, file: &Path) -> Report {
    let row = |(at, key): (usize, &crate::engine::custody::backup::RestoreKey)| {
        let short = key.found.claimed.as_ref().map_or("no ID   ", CanonicalKeyId::short);
        let (tone, word) = match key.standing {
            KeyStanding::New => (Tone::Done, "new"),
            KeyStanding::Same => (Tone::Note, "same as here"),
            KeyStanding::Conflicting => (Tone::Warn, "another file here, which stays"),
            KeyStanding::Unnamed => (Tone::Done, "its passphrase tells which"),
        };
        let row = Part::new(tone, format!("{short}  {}", label_in(state, archive, at)), word);
        let may = uses(state, &key.may_sign, 2);
        if may.is_empty() { row } else { row.with(format!("may sign {}", may.join("; "))) }
    };
    let mut parts: Vec<Part> = archive.keys.iter().enumerate().map(row).collect();
    parts.extend(archive.beside.iter().map(|what| Part::new(Tone::Note, what.clone(), "")));
    parts.extend(archive.refused.iter().map(|why| Part::new(Tone::Fail, why.clone(), "not restored")));
    let missing = archive.keys.iter().filter(|key| words::is_missing(&key.standing)).count();
    let made = archive.manifest.as_ref().map(|m| format!(", made {}", m.made.strftime("%Y-%m-%d %H:%M")));
    let notes = if missing == 0 {
        vec!["There is nothing to restore: every key is here already.".to_owned()]
    } else {
        vec!["Nothing here is ever overwritten.".to_owned()]
    };
    Report {
        title: "Restore keys".to_owned(),
        subject: format!("{} in the backup{}", count(archive.keys.len(), "key", "keys"), made.unwrap_or_default()),
        parts,
        facts: vec![("file", file.display().to_string())],
        notes,
        go: if missing > 0 { vec![("enter", "restore what is new", Go::Restore)] } else { vec![] },
        is_of_task: true,
        on_close: vec![],
        offset: 0,
    }
}

/// What became of the keys of a backup.
pub(super) fn restored(state: &State, archive: &Archive, all: &[(usize, Result<Restored, Problem>)]) -> Report {
    let row = |(at, result): &(usize, Result<Restored, Problem>)| {
        let label = label_in(state, archive, *at);
        match result {
            Ok(Restored::Tested(id, _)) => {
                Part::new(Tone::Done, format!("{}  {label}", id.short()), "restored, unlocked").with(words(id))
            }
            Ok(Restored::Untested(id, _)) => {
                Part::new(Tone::Warn, format!("{}  {label}", id.short()), "restored, not tested").with(words(id))
            }
            Ok(Restored::Kept(id)) => Part::new(Tone::Note, format!("{}  {label}", id.short()), "was here already"),
            Err(problem) => Part::new(Tone::Fail, problem.message.clone(), "").with(problem.hint.clone()),
        }
    };
    let written =
        |r: &&(usize, Result<Restored, Problem>)| matches!(r.1, Ok(Restored::Tested(..) | Restored::Untested(..)));
    let n = all.iter().filter(written).count();
    Report {
        title: "Restored keys".to_owned(),
        subject: format!("{} restored", count(n, "key", "keys")),
        parts: all.iter().map(row).collect(),
        is_of_task: true,
        ..Report::default()
    }
}

/// Everything about one key.
pub fn detail(state: &State, key: &KeyView) -> Report {
    let mut facts = vec![("id", in_words::grouped(key.id.as_str()))];
    if !key.certificate_ids.is_empty() {
        let shorts: Vec<&str> = key.certificate_ids.iter().map(|id| id.short()).collect();
        facts.push(("also", format!("{}, as a certificate; some tools show that ID", shorts.join(", "))));
    }
    facts.push(("words", format!("{}   to compare by ear", key.words())));
    facts.push(("role", key.role.clone()));
    if let Some(algorithm) = &key.algorithm {
        facts.push(("kind", in_words::algorithm(algorithm)));
    }
    facts.push(("private", private(key)));
    if matches!(key.place, KeyPlace::File(_) | KeyPlace::Token(_)) {
        facts.push(("backup", backup(key)));
    }
    let mut parts: Vec<Part> = Vec::new();
    if let Some(warning) = &key.warning {
        parts.push(Part::new(Tone::Warn, warning.to_string(), ""));
    }
    let mut by_gun: BTreeMap<&Gun, Vec<&str>> = BTreeMap::new();
    for (gun, role) in &key.used_in {
        by_gun.entry(gun).or_default().push(role.short());
    }
    for (gun, roles) in by_gun {
        parts.push(Part::new(Tone::Note, state.short_name(&state.name_of(gun)).to_owned(), &roles.join(", ")));
    }
    let notes =
        if key.used_in.is_empty() { vec!["No repository of the list names this key.".to_owned()] } else { vec![] };
    Report { title: "Key".to_owned(), subject: key.label.clone(), facts, parts, notes, ..Report::default() }
}

fn private(key: &KeyView) -> String {
    let state = match key.state {
        KeyState::Locked => "locked",
        KeyState::Open => "open",
        KeyState::Plain => "without a passphrase: whoever reads the file can sign",
        KeyState::Theirs => "not on this machine",
    };
    match &key.place {
        KeyPlace::File(path) => format!("{}, {state}", path.display()),
        KeyPlace::Token(place) => format!("{}, {state}", in_words::on_token(place)),
        KeyPlace::Server => "held by the trust server".to_owned(),
        KeyPlace::Away => "held by somebody, not on this machine".to_owned(),
        KeyPlace::Public => state.to_owned(),
    }
}

/// The last tested backup, in words.
#[must_use]
pub fn backup(key: &KeyView) -> String {
    match &key.backup {
        None if matches!(key.place, KeyPlace::Token(_)) => "none; a token gives no copy".to_owned(),
        Some(record) => format!("{}, tested; {}", record.at.strftime("%Y-%m-%d"), record.file.display()),
        None => "none that was tested".to_owned(),
    }
}
