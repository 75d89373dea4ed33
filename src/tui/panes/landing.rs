//! Where staged changes land: rows that are not there yet, and what becomes of the tags.

use ratatui::layout::Rect;

use crate::engine::RepositoryPlan;
use crate::engine::draft::applied::Mark;
use crate::tuf::Role;
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::mark;
use crate::tui::kit::pane::Pane;
use crate::tui::kit::table::MARGIN;
use crate::tui::state::State;

/// Most rows that a list gives up for it.
const MOST: u16 = 3;

fn plan(state: &State) -> Option<&RepositoryPlan> {
    state.lists.shown.as_ref().and_then(|gun| state.plan_of(gun))
}

/// Names that the stage adds to a pane's list, and who signs for them.
fn added(state: &State, pane: Pane) -> Vec<(String, String)> {
    let Some((plan, view)) = plan(state).zip(state.view()) else { return vec![] };
    match pane {
        Pane::Roles => {
            let is_there = |role: &Role| view.roles.iter().any(|shown| shown.role == *role);
            let added = plan.roles.iter().filter(|diff| diff.mark == Mark::Added && !is_there(&diff.role));
            added.map(|diff| (diff.role.short().to_owned(), diff.signs_with.join(", "))).collect()
        }
        // Tags that are staged have rows of their own.
        Pane::Repositories | Pane::Tags | Pane::Keys | Pane::Staged => vec![],
    }
}

/// Rows of a list of `len` that are left for what is there, of `rows`: what the stage adds has some below.
#[must_use]
pub(super) fn rows_left(state: &State, pane: Pane, len: usize, rows: u16) -> u16 {
    let added = u16::try_from(added(state, pane).len()).unwrap_or(u16::MAX).min(MOST);
    let free = rows.saturating_sub(u16::try_from(len.max(1)).unwrap_or(u16::MAX));
    rows - added.saturating_sub(free).min(rows / 3)
}

/// Draws them in these rows.
pub(super) fn render(state: &State, pane: Pane, canvas: &mut Canvas<'_>, inner: Rect, rows: (u16, u16)) {
    lines(canvas, inner, rows, added(state, pane).into_iter());
}

fn lines(
    canvas: &mut Canvas<'_>,
    inner: Rect,
    (top, bottom): (u16, u16),
    names: impl Iterator<Item = (String, String)>,
) {
    let theme = canvas.theme;
    let (glyph, style) = mark::sign(theme, Mark::Added).unwrap_or(("+", theme.add()));
    let end = inner.right().saturating_sub(1);
    for (y, (name, with)) in (top..bottom).zip(names) {
        canvas.put(inner.x + 1, y, end, glyph, style);
        let with = if with.is_empty() { "staged".to_owned() } else { format!("staged, signed with {with}") };
        let runs = Runs::new().then(name, style).gap(2).then(with, theme.quiet());
        canvas.runs(inner.x + MARGIN, y, end, &runs);
    }
}

/// Tags before and after, for the border, where something is staged for them.
pub(super) fn effect(state: &State) -> Option<Runs> {
    let plan = plan(state)?;
    let theme = state.theme;
    let tags = &plan.tags;
    let changes = tags.before != tags.after || !tags.signed.is_empty() || !tags.orphaned.is_empty();
    if !changes || plan.failed.is_some() {
        return None;
    }
    let style = if tags.orphaned.is_empty() { theme.add() } else { theme.fail() };
    Some(Runs::new().then(format!("{} {} {} trusted", tags.before, theme.glyphs.becomes, tags.after), style))
}
