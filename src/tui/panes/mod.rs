//! The five panes of the main screen, and what they share.

pub mod detail;
mod empty;
mod key_rows;
pub mod keys;
pub mod repositories;
mod repository;
pub mod roles;
pub mod row;
pub mod staged;
pub mod tags;

use ratatui::layout::Rect;

use super::kit::canvas::{Canvas, Runs, Spot};
use super::kit::frame::{Frame, rule};
use super::kit::layout::{Inside, Shape, has_message_line};
use super::kit::message::Said;
use super::kit::pane::Pane;
use super::state::State;
use super::state::binding::Binding;
use super::state::rows::TagRows;
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

fn subject(pane: Pane, state: &State) -> String {
    let of_repository = matches!(pane, Pane::Roles | Pane::Tags);
    let repository = state.repository().filter(|_| of_repository);
    repository.map(|r| state.short_name(&r.entry.name).to_owned()).unwrap_or_default()
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
    match pane {
        Pane::Repositories => repository::detail(state),
        Pane::Roles => roles::detail(state),
        Pane::Tags => tags::detail(state),
        Pane::Keys => keys::detail(state),
        Pane::Staged => staged::detail(state),
    }
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
    let inside = super::kit::layout::inside(shape, pane, area);
    let inner = border(state, (pane, focused), (shape, area), said).draw(canvas, area, focused);
    match pane {
        Pane::Repositories => repositories::render(state, canvas, inner, inside, focused),
        Pane::Roles => roles::render(state, canvas, inner, inside, focused),
        Pane::Tags => tags::render(state, canvas, inner, inside, focused),
        Pane::Keys => keys::render(state, canvas, inner, inside, focused),
        Pane::Staged => staged::render(state, canvas, inner, inside, focused),
    }
    if shape == Shape::Tabs {
        tab_spots(canvas, area);
    }
    if let Some(y) = inside.rule {
        render_detail(state, canvas, (pane, shape), inner, (y, inside));
    }
}

fn render_detail(
    state: &State,
    canvas: &mut Canvas<'_>,
    (pane, shape): (Pane, Shape),
    inner: Rect,
    (y, inside): (u16, Inside),
) {
    // With two columns only the left one has room, so it speaks of what has the focus.
    let about = if shape == Shape::Two && pane == Pane::Repositories { state.focus } else { pane };
    rule(canvas, inner, y);
    if let Some(detail) = detail(about, state) {
        detail.render(canvas, inside.detail);
    }
}

fn border(state: &State, (pane, focused): (Pane, bool), (shape, area): (Shape, Rect), said: &Said) -> Frame {
    let theme = state.theme;
    let mut frame = Frame::titled(format!("{} {}", pane.number(), pane.name()));
    frame.subject = match (&state.known.registry, pane) {
        (Some(registry), Pane::Repositories) if area.width >= 60 => registry.clone(),
        _ => subject(pane, state),
    };
    frame.summary = summary(pane, state);
    let (cursor, rows) = place(pane, state);
    if focused && rows > 0 {
        let marked = marked(pane, state);
        let marks = if marked > 0 { format!("{marked} marked   ") } else { String::new() };
        frame.position = format!("{marks}{} of {rows}", cursor + 1);
    }
    let filter = filter_text(pane, state);
    if let (Some(typed), true) = (&state.filtering, focused) {
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
        frame.heading = Some(tabs(state));
        if frame.footer.is_empty() && !has_message_line(state.size) {
            frame.footer = said.in_border(theme, area, &frame.position);
        }
    }
    frame
}

/// The tabs are the top border.
fn tabs(state: &State) -> Runs {
    let theme = state.theme;
    let line = theme.borders(true).horizontal;
    let mut runs = Runs::new();
    for pane in Pane::ALL {
        if pane != Pane::Repositories {
            runs = runs.gap(1).then(line, theme.title()).gap(1);
        }
        runs = if pane == state.focus {
            runs.then(format!("{} {}", pane.number(), pane.name()), theme.title())
        } else {
            runs.then(pane.number().to_string(), theme.quiet()).gap(1).then(pane.name(), theme.text())
        };
    }
    runs
}

/// Where the tabs stand, for the mouse.
fn tab_spots(canvas: &mut Canvas<'_>, area: Rect) {
    // Corner, line and blank, then as `tabs` has them.
    let mut x = area.x + 3;
    for pane in Pane::ALL {
        let end = x + 2 + u16::try_from(pane.name().len()).unwrap_or_default();
        canvas.spot(x, area.y, end, Spot::Tab(pane));
        x = end + 3;
    }
}
