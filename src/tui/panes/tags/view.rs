//! The tags as a table.

use std::collections::HashMap;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::RepositoryView;
use crate::engine::tags::compare::TagStanding;
use crate::tui::kit::canvas::{Canvas, Runs, cut_name, shared, width};
use crate::tui::kit::format;
use crate::tui::kit::layout::{Inside, Shape};
use crate::tui::kit::pane::Pane;
use crate::tui::kit::table::{self, Column, Slot, left, rest, right};
use crate::tui::kit::theme::Theme;
use crate::tui::panes::row::{Row, cell, number, state_cell};
use crate::tui::panes::{empty, landing, tabs};
use crate::tui::state::State;
use crate::tui::state::actions::Tags;
use crate::tui::state::binding::Action;
use crate::tui::state::registry::{Compared, Comparing};
use crate::tui::state::rows::{TagRow, TagRows};

const STATE: usize = 0;
const TAG: usize = 1;
const SIGNED: usize = 2;
const REGISTRY: usize = 3;
const SIGNERS: usize = 4;
const ROLES: usize = 5;
const SIZE: usize = 6;

/// Digits of a digest that a column shows.
const DIGITS: usize = 8;

const COLUMNS: [Column; 7] = [
    left("State", 10, 9),
    rest("Tag", 12),
    left("Signed", 8, 9),
    left("Registry", 8, 9),
    Column { flexible: true, ..left("Signers", 10, 3) },
    Column { flexible: true, ..left("Roles", 14, 1) },
    right("Size", 6, 0),
];

/// Draws heads and visible rows.
pub fn render(state: &State, canvas: &mut Canvas<'_>, inner: Rect, inside: Inside, focused: bool) {
    let slots = table::heads(canvas, &COLUMNS, inner, inside.head);
    let (list, rows) = (&state.lists.tags, &state.lists.tag_rows);
    if list.is_empty() {
        return empty::line(canvas, inner, inside.head + 1, list.filter.text(), &nothing(state));
    }
    let shown = || list.window(usize::from(inside.rows));
    let likeness = likeness(slots.get(TAG).copied().flatten(), shown().map(|(_, _, name)| &**name).collect());
    for (y, (place, index, name)) in (inside.head + 1..).zip(shown()) {
        let Some(tag) = rows.get(index) else { continue };
        let row = Row { inner, y, cursor: place == list.cursor(), focused };
        row.gutter(canvas, list.marks.contains(name), tag.mark);
        let alike = likeness.get(&**name).copied().unwrap_or_default();
        draw(canvas, &slots, row, rows, (tag, alike));
        row.finish(canvas);
    }
}

/// Why there are no rows.
fn nothing(state: &State) -> Runs {
    let theme = state.theme;
    if let Some(why) = empty::unread(state) {
        return why;
    }
    if state.repository().is_none_or(|r| r.view.is_none()) {
        return Runs::new().then(theme.glyphs.missing, theme.quiet());
    }
    if let Some(lost) = empty::lost(state, Pane::Tags) {
        return lost;
    }
    let key =
        |runs: Runs, key: &'static str, words: &'static str| runs.then(key, theme.key()).then(words, theme.quiet());
    let none = Runs::new().then("no signed tags yet", theme.quiet());
    let runs = match state.closed_here() {
        Some(_) => none,
        None => key(none.gap(3), state.key(Action::Tags(Tags::Add)), " sign one"),
    };
    match state.repository().is_some_and(|r| r.registry.known.is_none()) && !state.here.offline {
        true => key(runs.gap(3), state.key(Action::Tags(Tags::Compare)), " ask the registry"),
        false => runs,
    }
}

fn draw(canvas: &mut Canvas<'_>, slots: &[Option<Slot>], row: Row, rows: &TagRows, (tag, alike): Named<'_>) {
    let (theme, y) = (canvas.theme, row.y);
    let slot = |i: usize| slots.get(i).copied().flatten();
    let missing = theme.glyphs.missing;
    let signed = rows.signed(tag);
    state_cell(canvas, slot(STATE), y, sign(theme, tag), (tag.word(), style(theme, tag)));
    if let Some(slot) = slot(TAG) {
        let name = &*tag.row.name;
        let badge = signed.is_some_and(|t| t.look_alike) || !name.is_ascii();
        let end = if badge { slot.end.saturating_sub(2) } else { slot.end };
        let shown = cut_name(name, usize::from(end.saturating_sub(slot.start)), theme.glyphs.cut, alike);
        let x = canvas.put(slot.start, y, end, &shown, row.name_style(theme));
        if badge {
            canvas.put(x + 1, y, slot.end, theme.glyphs.warn, theme.warn());
        }
    }
    let (digest, style) = match (signed.filter(|t| !t.digest.is_empty()), &tag.staged) {
        (Some(tag), _) => (tag.digest.as_str(), theme.text()),
        (None, Some(digest)) => (&**digest, theme.add()),
        (None, None) => (missing, theme.quiet()),
    };
    cell(canvas, slot(SIGNED), y, beginning(digest), style);
    let (digest, style) = registry(theme, rows, tag);
    cell(canvas, slot(REGISTRY), y, beginning(digest), style);
    let listed = |texts: Vec<&str>| if texts.is_empty() { missing.to_owned() } else { texts.join(" ") };
    let signers = signed.map(|t| t.signers.iter().map(String::as_str).collect()).unwrap_or_default();
    cell(canvas, slot(SIGNERS), y, &listed(signers), theme.text());
    let roles = signed.map(|t| t.roles.iter().map(crate::tuf::Role::short).collect()).unwrap_or_default();
    cell(canvas, slot(ROLES), y, &listed(roles), theme.quiet());
    let size = signed.map(|t| t.length).or_else(|| tag.row.registry.as_ref().map(|found| found.size));
    number(canvas, slot(SIZE), y, &size.map_or_else(|| missing.to_owned(), |size| size.to_string()), theme.quiet());
}

/// A tag, and how many characters its name begins and ends with as the names like it do.
type Named<'a> = (&'a TagRow, (usize, usize));

/// How the visible names are alike, where one of them finds no room.
fn likeness(slot: Option<Slot>, names: Vec<&str>) -> HashMap<&str, (usize, usize)> {
    let room = slot.map_or(0, |slot| usize::from(slot.end.saturating_sub(slot.start)));
    if names.iter().all(|name| name.len() + 2 <= room) {
        return HashMap::new();
    }
    let shared = shared(&names);
    names.into_iter().zip(shared).collect()
}

/// The beginning of a digest; the whole one is in the detail.
fn beginning(digest: &str) -> &str {
    digest.get(..DIGITS).unwrap_or(digest)
}

/// What the registry holds: the same, another digest, nothing, or not known.
fn registry<'a>(theme: Theme, rows: &TagRows, tag: &'a TagRow) -> (&'a str, Style) {
    match &tag.row.registry {
        _ if rows.is_same(tag) => ("same", theme.quiet()),
        _ if rows.other_length(tag).is_some() => ("other length", theme.warn_word()),
        Some(found) if tag.row.standing == TagStanding::Drift => (found.digest.digest(), theme.warn_word()),
        Some(found) => (found.digest.digest(), theme.text()),
        None if tag.row.standing == TagStanding::Gone => ("none", theme.warn_word()),
        None => (theme.glyphs.missing, theme.quiet()),
    }
}

fn sign(theme: Theme, tag: &TagRow) -> (&'static str, Style) {
    let glyphs = theme.glyphs;
    if tag.is_only_staged() {
        return (glyphs.new, theme.add());
    }
    match tag.row.standing {
        TagStanding::Ok | TagStanding::Signed => (glyphs.ok, theme.ok()),
        TagStanding::Drift | TagStanding::Gone => (glyphs.drift, theme.warn()),
        TagStanding::Held => (glyphs.held, theme.add()),
        TagStanding::Orphan | TagStanding::Expired | TagStanding::Tampered => (glyphs.fail, theme.fail()),
        TagStanding::Unsigned => (glyphs.none, theme.quiet()),
    }
}

/// The style of a state's word.
pub(super) fn style(theme: Theme, tag: &TagRow) -> Style {
    if tag.is_only_staged() {
        return theme.add();
    }
    match tag.row.standing {
        TagStanding::Ok | TagStanding::Signed | TagStanding::Unsigned => theme.quiet(),
        TagStanding::Drift | TagStanding::Gone => theme.warn_word(),
        TagStanding::Held => theme.add(),
        TagStanding::Orphan | TagStanding::Expired | TagStanding::Tampered => theme.fail(),
    }
}

/// Top right of the border: what needs a person, and how old what is known of the registry is. What finds no room is
/// left out, the least first.
pub fn summary(state: &State) -> Runs {
    let Some(repository) = state.repository() else { return Runs::new() };
    let Some(view) = repository.view.as_deref() else { return Runs::new() };
    let (theme, registry) = (state.theme, &repository.registry);
    let asks = match registry.work {
        Comparing::Listing => Some("asks the registry".to_owned()),
        Comparing::Asked { done, of } if done < of => Some(format!("compared {done} of {of}")),
        _ => None,
    };
    if let Some(asks) = asks {
        return Runs::new().then(asks, theme.accent());
    }
    let mut parts = counts(theme, view, registry);
    if let Some(at) = registry.at {
        let age = -format::seconds_until(state.now, at);
        parts.push((9, format!("{} ago", format::span(age)), theme.quiet()));
    }
    let mut room = room(state, &repository.entry.name);
    let beside = beside_tabs(state).unwrap_or(room);
    if let Some((text, style)) = landing::effect(state, beside) {
        // It stands in the place of how many are trusted now.
        parts.retain(|(weight, ..)| *weight != TRUSTED);
        parts.insert(0, (0, text, style));
        room = beside + GAP;
    }
    let cells = |text: &str| usize::from(width(text)) + GAP;
    let width = |parts: &[(u8, String, Style)]| parts.iter().map(|(_, text, _)| cells(text)).sum::<usize>();
    while width(&parts) > room
        && let Some(least) = parts.iter().enumerate().max_by_key(|(_, (weight, ..))| *weight).map(|(at, _)| at)
    {
        parts.remove(least);
    }
    parts.into_iter().enumerate().fold(Runs::new(), |runs, (place, (_, text, style))| {
        let runs = if place > 0 { runs.gap(GAP) } else { runs };
        runs.then(text, style)
    })
}

/// When the number of trusted tags is left out.
const TRUSTED: u8 = 6;
/// Cells between two parts of the summary.
const GAP: usize = 3;

/// How many tags stand how, each with the order in which it is left out, last first.
fn counts(theme: Theme, view: &RepositoryView, registry: &Compared) -> Vec<(u8, String, Style)> {
    let differs = registry.differences;
    let held = view.held();
    let some = [
        (2, view.orphaned(), "orphaned", theme.fail()),
        (2, differs.tampered, "tampered", theme.fail()),
        (3, differs.drifted, "drift", theme.warn_word()),
        (4, differs.gone, "gone", theme.warn_word()),
        (5, differs.unsigned, "unsigned", theme.quiet()),
        (1, registry.not_asked(), "not asked", theme.warn_word()),
        (7, held, "held", theme.quiet()),
    ];
    let trusted = (TRUSTED, format!("{} trusted", view.trusted()), theme.quiet());
    let some = some.into_iter().filter(|(_, n, ..)| *n > 0);
    let some = some.map(|(weight, n, word, style)| (weight, format!("{n} {word}"), style));
    (!view.roles.is_empty()).then_some(trusted).into_iter().chain(some).collect()
}

/// Cells that the tabs leave beside them, with corners and blanks.
fn beside_tabs(state: &State) -> Option<usize> {
    let width = state.size.0;
    let is_tabs = state.areas().shape == Shape::Tabs;
    is_tabs.then(|| usize::from(width.saturating_sub(tabs::line(state, width).width() + 9)))
}

/// Cells for the summary beside the title, or beside the tabs.
fn room(state: &State, name: &str) -> usize {
    let areas = state.areas();
    match areas.shape {
        Shape::TooSmall => 0,
        Shape::Tabs => usize::from(state.size.0).saturating_sub(60),
        Shape::Two | Shape::Three => {
            let pane = areas.panes.iter().find(|(pane, _)| *pane == Pane::Tags);
            let taken = "3 Tags".len() + state.short_name(name).len() + 10;
            pane.map_or(0, |(_, area)| usize::from(area.width).saturating_sub(taken))
        }
    }
}
