//! When what expires: every role of every repository on one axis, soonest first.

use crossterm::event::KeyEvent;
use jiff::Timestamp as Time;
use ratatui::layout::Rect;

use super::places;
use crate::tuf::Role;
use crate::tui::dialogs::Dialog;
use crate::tui::dialogs::window::{Window, keys};
use crate::tui::kit::canvas::{Canvas, Spot, width};
use crate::tui::kit::format::{self, Age, seconds_until};
use crate::tui::kit::list::stepped;
use crate::tui::messages::input;
use crate::tui::state::{Repository, State};

/// Seconds of the axis: three years, as long as most roles live.
const AXIS: i64 = 3 * YEAR;
const YEAR: i64 = 365 * 24 * 3600;
/// A root is renewed by the old programs from half a year before its end.
const ROOT_WALL: i64 = YEAR / 2;
const WIDTH: u16 = 100;
/// Lines that say what the signs mean.
const LEGEND: u16 = 2;
/// Lines that a key scrolls.
const PAGE: usize = 10;
/// Cells of names, roles and values.
const NAME: u16 = 20;
const ROLE: u16 = 10;
const VALUE: u16 = 8;

struct ChartRow<'a> {
    repository: &'a Repository,
    role: &'a Role,
    at: Time,
}

/// Every role that expires, but those that the server renews by itself.
fn rows(state: &State) -> Vec<ChartRow<'_>> {
    let views = state.known.repositories.iter().filter_map(|r| Some((r, r.view.as_deref()?)));
    let of_view = views.flat_map(|(repository, view)| view.roles.iter().map(move |role| (repository, role)));
    let mut rows: Vec<ChartRow<'_>> = of_view
        .filter(|(_, role)| role.role != Role::Timestamp)
        .filter_map(|(repository, role)| Some(ChartRow { repository, role: &role.role, at: role.expires? }))
        .collect();
    rows.sort_by_key(|row| (row.at, &row.repository.entry.name));
    rows
}

/// Takes a key: enter goes to the role under the cursor.
pub(super) fn key(at: usize, state: &mut State, key: &KeyEvent) {
    let last = rows(state).len().saturating_sub(1);
    let at = match input::key_name(key).as_str() {
        "enter" => {
            let there = rows(state).get(at).map(|row| (row.repository.entry.gun.clone(), row.role.clone()));
            if let Some((gun, role)) = there {
                places::finding(state, &gun, Some(&role));
            }
            return;
        }
        "esc" | "q" | "E" => return,
        key => stepped(key, at, last, PAGE).unwrap_or(at),
    };
    state.dialogs.push(Dialog::Expiry(at));
}

/// How many lines it has.
pub(super) fn count(state: &State) -> usize {
    rows(state).len()
}

/// Draws it over the screen.
pub(super) fn render(at: usize, state: &State, canvas: &mut Canvas<'_>) {
    let all = rows(state).len();
    let window = Window {
        title: "What expires when".to_owned(),
        subject: format!("{} of {all}, soonest first", (at + 1).min(all)),
        keys: keys(canvas, &[("enter", "go there"), ("j k", "choose"), ("esc", "close")]),
        colour: None,
    };
    let most = canvas.area().height.saturating_sub(6);
    let rows = u16::try_from(all + 1).unwrap_or(u16::MAX - 3).saturating_add(1 + LEGEND).clamp(2, most.max(2));
    let place = window.open(canvas, WIDTH, rows);
    let height = place.bottom.saturating_sub(place.y + 1 + LEGEND);
    let area = Rect::new(place.x, place.y, place.end.saturating_sub(place.x), height);
    let shown = usize::from(height.saturating_sub(1)).max(1);
    let offset = (at + 1).saturating_sub(shown);
    lines(state, canvas, area, offset);
    for (y, line) in (area.y + 1..area.bottom()).zip(offset..all) {
        canvas.spot(area.x, y, area.right(), Spot::Line(line));
        if line == at {
            canvas.select(area.x.saturating_sub(1), y, area.right());
        }
    }
    legend(canvas, (area.x, area.bottom() + 1, area.right()));
}

/// What the signs of the bars mean.
fn legend(canvas: &mut Canvas<'_>, (x, y, end): (u16, u16, u16)) {
    let (glyphs, quiet) = (canvas.theme.glyphs, canvas.theme.quiet());
    let (left, beyond) = ((glyphs.holds, "time left"), (glyphs.beyond, "over 3 years"));
    let first = [left, (glyphs.now, "its end"), beyond, (glyphs.fail, "expired")];
    let first = first.map(|(sign, words)| format!("{sign} {words}"));
    let is_roomy = width(&first.join("   ")) <= end.saturating_sub(x);
    canvas.put(x, y, end, &first.join(if is_roomy { "   " } else { " " }), quiet);
    let root = format!("{}{} root's last half year: publishing needs its key", glyphs.warn, glyphs.lost);
    canvas.put(x, y + 1, end, &root, quiet);
}

/// Draws the axis and as many rows as there is room for.
pub(super) fn lines(state: &State, canvas: &mut Canvas<'_>, area: Rect, from: usize) {
    let theme = canvas.theme;
    let x = area.x + NAME + 1 + ROLE + 1;
    let cells = area.right().saturating_sub(x + VALUE + 1);
    if area.height < 2 || cells < 6 {
        return;
    }
    // Where the axis is short the years would stand one against the other.
    let years = if theme.is_read() {
        0
    } else if cells < 21 {
        1
    } else {
        3
    };
    for (label, share) in [("now", 0), ("1 y", 1), ("2 y", 2)].into_iter().take(years) {
        canvas.put(x + cells * share / 3, area.y, x + cells, label, theme.quiet());
    }
    for (y, row) in (area.y + 1..area.bottom()).zip(rows(state).into_iter().skip(from)) {
        let near = seconds_until(state.now, row.at) < YEAR * 3 / 2;
        let text = if near { theme.text() } else { theme.quiet() };
        let name = state.fitted(row.repository, usize::from(NAME));
        canvas.put(area.x, y, area.x + NAME, &name, text);
        canvas.put(area.x + NAME + 1, y, x - 1, row.role.short(), text);
        bar(state, canvas, (x, y, cells), &row);
        let style = match format::age(state.now, row.role, row.at) {
            Age::Expired => theme.fail(),
            Age::Short => theme.warn_word(),
            Age::Fine => text,
        };
        canvas.right(x + cells + 1, y, area.right(), &format::expiry(state.now, row.at), style);
    }
}

fn bar(state: &State, canvas: &mut Canvas<'_>, (x, y, cells): (u16, u16, u16), row: &ChartRow<'_>) {
    let theme = canvas.theme;
    let place = |seconds: i64| u16::try_from(seconds.clamp(0, AXIS) * i64::from(cells - 1) / AXIS).unwrap_or(0);
    let left = seconds_until(state.now, row.at);
    if theme.is_read() {
        return;
    }
    if left <= 0 {
        canvas.put(x, y, x + cells, theme.glyphs.fail, theme.fail());
        return;
    }
    let short = format::age(state.now, row.role, row.at) == Age::Short;
    let style = if short { theme.warn() } else { theme.quiet() };
    let end = place(left);
    canvas.repeat(x, y, end, theme.glyphs.holds, style);
    if *row.role == Role::Root && left < AXIS {
        let wall = place(left - ROOT_WALL);
        canvas.repeat(x + wall, y, end.saturating_sub(wall), theme.glyphs.lost, style);
        canvas.put(x + wall, y, x + cells, theme.glyphs.warn, theme.warn());
    }
    let beyond = left > AXIS;
    canvas.put(x + end, y, x + cells, if beyond { theme.glyphs.beyond } else { theme.glyphs.now }, style);
}
