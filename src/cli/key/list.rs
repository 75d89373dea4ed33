//! `key list`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::words::{elsewhere, shown};
use crate::cli::Context;
use crate::cli::ending::Ending;
use crate::cli::table::Table;
use crate::engine::view::keys::{KeyPlace, KeyState, KeyWarning};
use crate::engine::{BackupRecord, KeyView, Problem, natural};
use crate::printable::printable;
use crate::tuf::Gun;

#[derive(Serialize)]
struct KeyRow {
    id: String,
    certificate_ids: Vec<String>,
    words: String,
    label: String,
    role: String,
    gun: Option<String>,
    algorithm: Option<String>,
    place: &'static str,
    file: Option<String>,
    token: Option<TokenRow>,
    state: &'static str,
    warning: Option<String>,
    backup: Option<BackupRecord>,
    used_in: Vec<(String, String)>,
}

#[derive(Serialize)]
struct TokenRow {
    label: String,
    serial: String,
    slot: String,
}

/// Lists keys; files that cannot be used are named on standard error.
///
/// # Errors
/// As the engine's.
pub(super) fn run(context: &Context) -> Result<Ending, Problem> {
    let keys = context.engine.views().keys()?;
    if context.console.json {
        let rows: Vec<KeyRow> = keys.iter().map(row).collect();
        context.console.result_json(&rows)?;
    } else if keys.is_empty() {
        context.console.result("no keys\n")?;
    } else {
        context.console.result(&text(context, &keys))?;
    }
    if !keys.iter().any(is_here) {
        elsewhere(context).iter().for_each(|place| context.console.note(place));
    }
    for (key, warning) in keys.iter().filter_map(|key| Some((key, key.warning.as_ref()?))) {
        let KeyPlace::File(path) = &key.place else {
            context.console.note(&format!("key {}: {}", key.id.short(), printable(&warning.to_string())));
            continue;
        };
        let mend = match warning {
            KeyWarning::Exposed(exposure) => exposure.mend(path),
            _ => format!("look at {}", shown(path)),
        };
        context.console.note(&format!("key {} {}; {mend}", key.id.short(), printable(&warning.to_string())));
    }
    context.engine.keyring().key_problems().iter().for_each(|problem| context.console.problem(problem));
    Ok(Ending::done())
}

fn is_here(key: &KeyView) -> bool {
    matches!(key.place, KeyPlace::File(_) | KeyPlace::Token(_))
}

/// A line for each key, as wide as a screen, and below it the whole ID and where the key is used.
fn text(context: &Context, keys: &[KeyView]) -> String {
    let mut table = Table::with_header(&["LABEL", "ROLE", "KIND", "WHERE", "STATE", "BACKUP", "WORDS"]);
    for key in keys {
        let backup = key.backup.as_ref().map(|record| record.at.strftime("%Y-%m-%d").to_string());
        table.row([
            cut(&key.label, 20),
            cut(&key.role, 16),
            key.algorithm.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            key.place.word().to_owned(),
            state(key).to_owned(),
            backup.unwrap_or_else(|| "-".to_owned()),
            key.words(),
        ]);
    }
    let rows = table.text("", 2);
    let mut lines = rows.lines();
    let mut out = format!("{}\n", lines.next().unwrap_or_default());
    let store = context.engine.keyring().key_dir();
    for (line, key) in lines.zip(keys) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{line}\n    {}", key.id);
        key.certificate_ids.iter().for_each(|id| out.push_str(&format!("    in a certificate  {id}\n")));
        if let KeyPlace::File(path) = &key.place
            && path.parent() != Some(store)
        {
            out.push_str(&format!("    {}\n", shown(path)));
        }
        if let KeyPlace::Token(place) = &key.place {
            let token = printable(&place.token.to_string());
            out.push_str(&format!("    on token {token}, slot {}\n", place.slot_name));
        }
        uses(key, &mut out);
    }
    out
}

fn uses(key: &KeyView, out: &mut String) {
    let mut by_repository: BTreeMap<&Gun, Vec<&str>> = BTreeMap::new();
    for (gun, role) in &key.used_in {
        by_repository.entry(gun).or_default().push(role.as_str());
    }
    if let Some(gun) = key.gun.as_deref().filter(|gun| by_repository.keys().all(|used| used.as_str() != *gun)) {
        out.push_str(&format!("    of {}\n", printable(gun)));
    }
    let mut used: Vec<_> = by_repository.into_iter().collect();
    used.sort_by(|(a, _), (b, _)| natural(a.as_str(), b.as_str()));
    for (gun, roles) in used {
        out.push_str(&format!("    {gun}: {}\n", printable(&roles.join(", "))));
    }
}

/// At most `width` characters, the rest as a sign.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn state(key: &KeyView) -> &'static str {
    match (&key.place, key.state) {
        (KeyPlace::Server | KeyPlace::Away, _) => "-",
        (_, KeyState::Locked) => "locked",
        (_, KeyState::Open) => "open",
        (_, KeyState::Plain) => "no passphrase",
        (_, KeyState::Theirs) => "theirs",
    }
}

fn row(key: &KeyView) -> KeyRow {
    let file = if let KeyPlace::File(path) = &key.place { Some(path.display().to_string()) } else { None };
    let state = match key.state {
        KeyState::Locked => "locked",
        KeyState::Open => "open",
        KeyState::Plain => "no passphrase",
        KeyState::Theirs => "theirs",
    };
    KeyRow {
        id: key.id.to_string(),
        certificate_ids: key.certificate_ids.iter().map(ToString::to_string).collect(),
        words: key.words(),
        label: key.label.clone(),
        role: key.role.clone(),
        gun: key.gun.clone(),
        algorithm: key.algorithm.as_ref().map(ToString::to_string),
        place: key.place.word(),
        file,
        token: match &key.place {
            KeyPlace::Token(place) => Some(TokenRow {
                label: place.token.label.clone(),
                serial: place.token.serial.clone(),
                slot: place.slot_name.clone(),
            }),
            _ => None,
        },
        state,
        warning: key.warning.as_ref().map(ToString::to_string),
        backup: key.backup.clone(),
        used_in: key.used_in.iter().map(|(gun, role)| (gun.to_string(), role.to_string())).collect(),
    }
}
