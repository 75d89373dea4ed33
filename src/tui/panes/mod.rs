//! The five panes of the main screen, and what they share.

pub mod detail;
mod empty;
pub mod first;
mod key_rows;
pub mod keys;
mod landing;
mod life;
mod lost;
pub mod mend;
pub mod repositories;
mod repository;
mod role;
pub mod roles;
pub mod row;
pub mod staged;
mod tabs;
pub mod tags;

use ratatui::layout::Rect;

use super::kit::canvas::{Canvas, Runs, Spot};
use super::kit::frame::{Frame, rule};
use super::kit::layout::{Inside, Shape, has_message_line};
use super::kit::list::Move;
use super::kit::message::Said;
use super::kit::pane::Pane;
use super::state::binding::{Action, Binding};
use super::state::rows::TagRows;
use super::state::{Before, State};
use detail::Detail;

/// Its own keys.
#[must_use]
pub fn bindings(pane: Pane) -> &'static [Binding] {
    match pane {
        Pane::Repositories => repositories::BINDINGS,
        Pane::Roles => roles::BINDINGS,
        Pane::Tags => tags::BINDINGS,
        Pane::Keys => keys::BINDINGS,
        Pane::Staged => staged::BINDINGS,
    }
}

pub fn filter_text(pane: Pane, state: &State) -> &str {
    match pane {
        Pane::Repositories => state.lists.repositories.filter.text(),
        Pane::Roles => state.lists.roles.filter.text(),
        Pane::Tags => state.lists.tags.filter.text(),
        Pane::Keys => state.lists.keys.filter.text(),
        Pane::Staged => state.lists.staged.filter.text(),
    }
}

fn place(pane: Pane, state: &State) -> (usize, usize) {
    match pane {
        Pane::Repositories => (state.lists.repositories.cursor(), state.lists.repositories.len()),
        Pane::Roles => (state.lists.roles.cursor(), state.lists.roles.len()),
        Pane::Tags => (state.lists.tags.cursor(), state.lists.tags.len()),
        Pane::Keys => (state.lists.keys.cursor(), state.lists.keys.len()),
        Pane::Staged => (state.lists.staged.cursor(), state.lists.staged.len()),
    }
}

fn marked(pane: Pane, state: &State) -> usize {
    match pane {
        Pane::Repositories => state.lists.repositories.marks.len(),
        Pane::Roles => state.lists.roles.marks.len(),
        Pane::Tags => state.lists.tags.marks.len(),
        Pane::Keys => state.lists.keys.marks.len(),
        Pane::Staged => state.lists.staged.marks.len(),
    }
}

/// The first row that is seen, and how many there are.
fn window(pane: Pane, state: &State) -> (usize, usize) {
    let lists = &state.lists;
    match pane {
        Pane::Repositories => (lists.repositories.offset, lists.repositories.len()),
        Pane::Roles => (lists.roles.offset, lists.roles.len()),
        Pane::Tags => (lists.tags.offset, lists.tags.len()),
        Pane::Keys => (lists.keys.offset, lists.keys.len()),
        Pane::Staged => (lists.staged.offset, lists.staged.len()),
    }
}

fn summary(pane: Pane, state: &State) -> Runs {
    match pane {
        Pane::Repositories => repositories::summary(state),
        Pane::Roles => Runs::new(),
        Pane::Tags => tags::summary(state),
        Pane::Keys => keys::summary(state),
        Pane::Staged => staged::summary(state),
    }
}

/// What is said about the row under its cursor.
#[must_use]
pub fn detail(pane: Pane, state: &State) -> Option<Detail> {
    let detail = match pane {
        Pane::Repositories => repository::detail(state),
        Pane::Roles => role::detail(state).or_else(|| not_read(state)),
        Pane::Tags => tags::detail(state).or_else(|| not_read(state)),
        Pane::Keys => keys::detail(state),
        Pane::Staged => staged::detail(state),
    };
    detail.map(|detail| detail.spoken(|text| state.spoken(text)))
}

/// What is said of a repository of which nothing is known, where its roles or tags would stand.
fn not_read(state: &State) -> Option<Detail> {
    let helps = empty::helps(state)?;
    Some(Detail { acts: vec![helps], ..repository::detail(state)? })
}

/// Computes the order of every list anew, after data or a filter changed.
pub fn reindex(state: &mut State) {
    repositories::reindex(state);
    reindex_shown(state);
    keys::reindex(state);
    staged::reindex(state);
}

/// The same for what belongs to the repository under the cursor.
pub fn reindex_shown(state: &mut State) {
    let shown = state.repository().map(|r| r.entry.gun.clone());
    if shown != state.lists.shown {
        state.lists.roles = super::kit::list::List::default();
        state.lists.tags = super::kit::list::List::default();
        state.lists.tag_rows = TagRows::default();
        state.lists.shown = shown;
    }
    roles::reindex(state);
    tags::reindex(state);
}

/// Draws a pane with its border, list and detail.
pub fn render(state: &State, canvas: &mut Canvas<'_>, pane: Pane, area: Rect, (shape, said): (Shape, &Said)) {
    let focused = state.focus == pane;
    let (inside, told) = divided(state, pane, area, shape);
    let inner = border(state, (pane, focused), (shape, area), said).draw(canvas, area, focused);
    match pane {
        Pane::Repositories => repositories::render(state, canvas, inner, inside, focused),
        Pane::Roles => roles::render(state, canvas, inner, inside, focused),
        Pane::Tags => tags::render(state, canvas, inner, inside, focused),
        Pane::Keys => keys::render(state, canvas, inner, inside, focused),
        Pane::Staged => staged::render(state, canvas, inner, inside, focused),
    }
    let (offset, rows) = window(pane, state);
    for (y, place) in (inside.head + 1..).zip(offset..rows).take(usize::from(inside.rows)) {
        canvas.spot(inner.x, y, inner.right(), Spot::Row(place));
    }
    if shape == Shape::Tabs {
        tabs::spots(state, canvas, area);
    }
    if let Some(y) = inside.rule {
        rule(canvas, inner, y);
        if let Some((about, detail)) = told {
            if about != pane {
                let words = format!(" {} {} ", about.number(), about.name());
                canvas.put(inner.x + 2, y, inner.right().saturating_sub(2), &words, state.theme.title());
            }
            let hidden = detail.hidden(inside.detail);
            let from = scrolled(state, about).min(hidden);
            detail.render(canvas, inside.detail, from);
            if about == state.focus {
                more(state, canvas, inside, from, hidden);
            }
        }
    }
}

/// A pane's rows and what is said below them, with the pane whose row that is.
fn divided(state: &State, pane: Pane, area: Rect, shape: Shape) -> (Inside, Option<(Pane, Detail)>) {
    let inside = super::kit::layout::inside(shape, pane, area);
    match inside.rule.and_then(|_| below(state, pane, shape)) {
        Some((about, detail)) => {
            let needed = detail.rows(inside.detail.width);
            (inside.lending(rows_used(pane, state), needed), Some((about, detail)))
        }
        None => (inside, None),
    }
}

/// With two columns only the left one has room: it speaks of what has the focus, as far as there is anything to say.
fn below(state: &State, pane: Pane, shape: Shape) -> Option<(Pane, Detail)> {
    let speaks_of = |about: Pane| Some((about, detail(about, state)?));
    let elsewhere = shape == Shape::Two && pane == Pane::Repositories && state.focus != pane;
    let other = if elsewhere { speaks_of(state.focus) } else { None };
    other.or_else(|| speaks_of(pane))
}

/// Where what is said of the row under a pane's cursor stands, if there is room for it.
#[must_use]
pub fn telling(state: &State, pane: Pane) -> Option<(Inside, Detail)> {
    let areas = state.areas();
    let mut tellers = areas.panes.into_iter().filter(|(of, _)| *of == pane || *of == Pane::Repositories);
    tellers.find_map(|(of, area)| {
        let (inside, told) = divided(state, of, area, areas.shape);
        told.filter(|(about, _)| *about == pane).map(|(_, detail)| (inside, detail))
    })
}

/// How many lines of it find no room; `None` where nothing is said of the row.
#[must_use]
pub fn unread(state: &State, pane: Pane) -> Option<usize> {
    telling(state, pane).map(|(inside, detail)| detail.hidden(inside.detail))
}

/// Scrolls it by what is seen at once, but for a line.
pub fn scroll(state: &mut State, pane: Pane, to: Move) {
    let Some((inside, detail)) = telling(state, pane) else { return };
    let (page, last) = (usize::from(inside.detail.height).saturating_sub(1).max(1), detail.hidden(inside.detail));
    let from = scrolled(state, pane).min(last);
    let from = if to == Move::Up { from.saturating_sub(page) } else { (from + page).min(last) };
    match pane {
        Pane::Repositories => state.lists.repositories.scroll_to(from),
        Pane::Roles => state.lists.roles.scroll_to(from),
        Pane::Tags => state.lists.tags.scroll_to(from),
        Pane::Keys => state.lists.keys.scroll_to(from),
        Pane::Staged => state.lists.staged.scroll_to(from),
    }
}

fn scrolled(state: &State, pane: Pane) -> usize {
    match pane {
        Pane::Repositories => state.lists.repositories.scrolled(),
        Pane::Roles => state.lists.roles.scrolled(),
        Pane::Tags => state.lists.tags.scrolled(),
        Pane::Keys => state.lists.keys.scrolled(),
        Pane::Staged => state.lists.staged.scrolled(),
    }
}

/// Says on the rule that there is more to read, and the key for it.
fn more(state: &State, canvas: &mut Canvas<'_>, inside: Inside, from: usize, hidden: usize) {
    let Some(y) = inside.rule.filter(|_| hidden > 0) else { return };
    let theme = state.theme;
    let (key, word) = if from < hidden { (Move::Down, " read on ") } else { (Move::Up, " read back ") };
    let key = state.key(Action::Scroll(key));
    let runs = Runs::new().gap(1).then(key, theme.key()).then(word, theme.quiet());
    let end = inside.detail.right().saturating_sub(2);
    let x = end.saturating_sub(runs.width());
    canvas.runs(x, y, end, &runs);
    canvas.key_spots((x, y), &runs);
}

/// Rows of a pane's list that are drawn on, with what stands between and below them.
fn rows_used(pane: Pane, state: &State) -> usize {
    let (_, rows) = place(pane, state);
    match pane {
        Pane::Keys => rows + state.keyring.problems.len(),
        Pane::Staged => rows + state.known.staged.len(),
        Pane::Repositories | Pane::Roles | Pane::Tags => rows + 1,
    }
}

fn border(state: &State, (pane, focused): (Pane, bool), (shape, area): (Shape, Rect), said: &Said) -> Frame {
    let theme = state.theme;
    let mut frame = Frame::titled(format!("{} {}", pane.number(), pane.name()));
    frame.subject = match (&state.known.registry, pane) {
        (Some(registry), Pane::Repositories) if area.width >= 60 => registry.clone(),
        _ => tabs::subject(pane, state),
    };
    frame.summary = summary(pane, state);
    let (cursor, rows) = place(pane, state);
    if focused && rows > 0 {
        let marked = marked(pane, state);
        // The keys that may follow need the room more.
        let marks = if marked > 0 && !matches!(state.before, Before::Prefix(_)) {
            format!("{marked} marked   ")
        } else {
            String::new()
        };
        frame.position = format!("{marks}{} of {rows}", cursor + 1);
    }
    let filter = filter_text(pane, state);
    let typing = state.filtering.as_ref().filter(|_| focused);
    if let Some(typed) = typing {
        let (before, under, after) = typed.split();
        let footer = Runs::new().then("/", theme.key()).then(before, theme.text());
        frame.footer = footer.then(under, theme.caret()).then(after, theme.text());
    } else if !filter.is_empty() {
        frame.footer = Runs::new()
            .then("/", theme.key())
            .then(filter, theme.text())
            .gap(2)
            .then("esc", theme.key())
            .then(" clear", theme.quiet());
    }
    if shape == Shape::Tabs {
        frame.heading = Some(tabs::line(state, area.width));
        // A filter that is kept is seen again when what was said is gone.
        let news = said.in_border(theme, area, &frame.position);
        if typing.is_none() && !news.0.is_empty() && !has_message_line(state.size) {
            frame.footer = news;
        }
    }
    frame
}
