//! The list of keys and what is said about one.

use std::collections::{BTreeMap, BTreeSet};

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::detail::Detail;
use super::empty;
use super::row::{self, Row, cell};
use crate::engine::KeyView;
use crate::engine::draft::applied::Mark;
use crate::engine::view::keys::{KeyPlace, KeyState};
use crate::tuf::{CanonicalKeyId, Gun};
use crate::tui::keywork::report;
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::format;
use crate::tui::kit::layout::Inside;
use crate::tui::kit::table::{self, Column, Slot, left, rest, right};
use crate::tui::kit::theme::Theme;
use crate::tui::state::actions::Keys;
use crate::tui::state::binding::Action;
use crate::tui::state::{State, selected, words};

const COLUMNS: [Column; 8] = [
    rest("Label", 14),
    left("Role", 8, 9),
    right("Repos", 5, 2),
    left("Kind", 8, 0),
    left("Where", 6, 1),
    left("State", 7, 9),
    left("Backup", 6, 4),
    left("ID", 8, 3),
];

/// Draws heads and visible rows.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect, inside: Inside, focused: bool) {
    let theme = canvas.theme;
    let slots = table::heads(canvas, &COLUMNS, inner, inside.head);
    let list = &state.lists.keys;
    if list.is_empty() {
        let [make, load] = [Keys::Make, Keys::Load].map(|action| state.key(Action::Keys(action)));
        let words = format!("no key yet; {make} makes one, {load} loads one from a file");
        let words = Runs::new().then(words, theme.quiet());
        empty::line(canvas, inner, inside.head + 1, list.filter.text(), &words);
    }
    let last = inside.head + 1 + u16::try_from(list.len()).unwrap_or(u16::MAX).min(inside.rows);
    unusable(state, canvas, inner, (last, inside.head + 1 + inside.rows));
    row::each(
        canvas,
        list,
        (inner, inside, focused),
        |_, id| staged_mark(state, id),
        |canvas, row, index, _| {
            state.keyring.keys.get(index).into_iter().for_each(|key| draw(state, canvas, &slots, row, key));
        },
    );
}

fn draw(state: &State, canvas: &mut Canvas<'_>, slots: &[Option<Slot>], row: Row, key: &KeyView) {
    let (theme, y) = (canvas.theme, row.y);
    let slot = |i: usize| slots.get(i).copied().flatten();
    let style = if key.place.is_of_server() && !row.cursor { theme.quiet() } else { row.name_style(theme) };
    cell(canvas, slot(0), y, &words::key_label(state, key), style);
    let role = key.role.strip_prefix("targets/").unwrap_or(&key.role);
    cell(canvas, slot(1), y, role, theme.quiet());
    let guns: BTreeSet<_> = key.used_in.iter().map(|(gun, _)| gun).collect();
    if let (Some(slot), false) = (slot(2), guns.is_empty()) {
        canvas.right(slot.start, y, slot.end, &guns.len().to_string(), theme.quiet());
    }
    let kind = key.algorithm.as_ref().map(words::short_algorithm).unwrap_or_default();
    cell(canvas, slot(3), y, &kind, theme.quiet());
    cell(canvas, slot(4), y, key.place.word(), theme.quiet());
    let (text, style) = state_word(theme, key);
    cell(canvas, slot(5), y, &text, style);
    let (text, style) = backup_word(state, key);
    cell(canvas, slot(6), y, &text, style);
    let id = if key.place.is_of_server() { theme.glyphs.missing } else { key.id.short() };
    cell(canvas, slot(7), y, id, theme.quiet());
}

/// When a private key of this machine was last backed up, or that it never was.
fn backup_word(state: &State, key: &KeyView) -> (String, Style) {
    const YEAR: i64 = 360 * 24 * 3600;
    let theme = state.theme;
    match (&key.place, &key.backup) {
        (KeyPlace::File(_), None) => ("none".to_owned(), theme.text()),
        (KeyPlace::File(_) | KeyPlace::Token(_), Some(record))
            if format::seconds_until(record.at, state.now) < YEAR =>
        {
            (record.at.strftime("%e %b").to_string().trim().to_owned(), theme.quiet())
        }
        (KeyPlace::File(_) | KeyPlace::Token(_), Some(record)) => (record.at.strftime("%Y").to_string(), theme.quiet()),
        _ => (String::new(), theme.quiet()),
    }
}

/// Names the key files that cannot be used, below the rows.
fn unusable(state: &State, canvas: &mut Canvas<'_>, inner: Rect, (top, bottom): (u16, u16)) {
    let theme = canvas.theme;
    for (y, problem) in (top..bottom).zip(&state.keyring.problems) {
        let runs = Runs::new().then(theme.glyphs.warn, theme.warn()).gap(1).then(problem.message.clone(), theme.text());
        canvas.runs(inner.x + table::MARGIN, y, inner.right().saturating_sub(1), &runs);
    }
}

fn state_word(theme: Theme, key: &KeyView) -> (String, Style) {
    if key.warning.is_some() {
        let what = if matches!(key.place, KeyPlace::File(_)) { "mode" } else { "look" };
        return (format!("{} {what}", theme.glyphs.warn), theme.warn_word());
    }
    match key.state {
        KeyState::Locked => ("locked".to_owned(), theme.text()),
        KeyState::Open => ("open".to_owned(), theme.ok()),
        KeyState::Plain => (format!("{} plain", theme.glyphs.warn), theme.warn_word()),
        KeyState::Theirs if key.place.is_of_server() => (theme.glyphs.missing.to_owned(), theme.quiet()),
        KeyState::Theirs => ("theirs".to_owned(), theme.quiet()),
    }
}

/// What the stage does to a key, in any repository; a removal outweighs the rest.
fn staged_mark(state: &State, id: &CanonicalKeyId) -> Option<Mark> {
    let plans = state.plan.as_ref()?.repositories.iter();
    let diffs = plans.flat_map(|p| &p.roles).flat_map(|r| &r.keys);
    let marks: Vec<Mark> = diffs.filter(|k| k.id == *id && k.mark != Mark::Kept).map(|k| k.mark).collect();
    if marks.contains(&Mark::Removed) { Some(Mark::Removed) } else { marks.first().copied() }
}

/// Top right of the border.
pub fn summary(state: &State) -> Runs {
    let n = state.keyring.keys.len();
    let mut runs = Runs::new();
    if !state.keyring.problems.is_empty() {
        let words = format!(" {}   ", format::count(state.keyring.problems.len(), "file unusable", "files unusable"));
        runs = runs.then(state.theme.glyphs.warn, state.theme.warn()).then(words, state.theme.text());
    }
    if n == 0 { runs } else { runs.then(n.to_string(), state.theme.quiet()) }
}

/// Repositories that are named below the list.
pub const NAMED: usize = 4;

/// The repositories in which a key signs, with its roles there.
pub fn used_in(state: &State, key: &KeyView) -> Vec<String> {
    let mut roles: BTreeMap<&Gun, Vec<&str>> = BTreeMap::new();
    key.used_in.iter().for_each(|(gun, role)| roles.entry(gun).or_default().push(role.short()));
    let named =
        |(gun, roles): (&Gun, Vec<&str>)| format!("{} ({})", state.short_name(&state.name_of(gun)), roles.join(", "));
    roles.into_iter().map(named).collect()
}

/// What is said about the key under the cursor.
pub fn detail(state: &State) -> Option<Detail> {
    let key = selected::key(state)?;
    let mut detail = Detail { name: words::key_label(state, key), ..Detail::default() };
    let (word, style) = state_word(state.theme, key);
    detail.state = Some((word, style));
    if let Some(warning) = &key.warning {
        detail.sentences.push(warning.to_string());
    }
    if key.state == KeyState::Plain {
        detail.sentences.push("The file has no passphrase: whoever reads it can sign.".to_owned());
    }
    if matches!(key.place, KeyPlace::File(_) | KeyPlace::Token(_)) {
        let in_file = matches!(key.place, KeyPlace::File(_));
        let backup = if in_file && key.backup.is_none() {
            "none that was tested; b makes one".to_owned()
        } else {
            // Its name is what there is room for; `enter` says where it lies.
            let name = key.backup.as_ref().and_then(|record| record.file.file_name());
            match (&key.backup, name) {
                (Some(record), Some(name)) => {
                    format!("{}, tested; {}", record.at.strftime("%Y-%m-%d"), name.to_string_lossy())
                }
                _ => report::backup(key),
            }
        };
        detail.facts.push(("backup", backup));
    }
    let used = used_in(state, key);
    if !used.is_empty() {
        let more = used.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {}", format::count(more, "more", "more")) } else { String::new() };
        detail.facts.push(("used in", format!("{}{more}", used[..used.len().min(NAMED)].join("; "))));
    }
    if key.place.is_of_server() {
        let sentence = match key.place {
            KeyPlace::Server => "The trust server holds one for each repository and signs with it.",
            _ => "Held by somebody, not on this machine: by the trust server, or by a person, whom signers then need.",
        };
        detail.sentences.push(sentence.to_owned());
        return Some(detail);
    }
    detail.facts.push(("words", key.words()));
    detail.facts.push(("id", words::grouped(key.id.as_str())));
    if !key.certificate_ids.is_empty() {
        let shorts: Vec<&str> = key.certificate_ids.iter().map(|id| id.short()).collect();
        let also =
            format!("{}, where the key stands in a certificate: docker and notary may show it", shorts.join(", "));
        detail.facts.push(("other ID", also));
    }
    if let Some(algorithm) = &key.algorithm {
        detail.facts.push(("kind", words::algorithm(algorithm)));
    }
    if let KeyPlace::File(path) = &key.place {
        detail.facts.push(("file", path.display().to_string()));
    }
    if let KeyPlace::Token(place) = &key.place {
        detail.facts.push(("token", format!("{}, slot {}", place.token, place.slot_name)));
    }
    Some(detail)
}
