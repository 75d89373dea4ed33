//! Where staged changes land: rows that are not there yet, and what becomes of the tags.

use ratatui::layout::Rect;

use crate::engine::RepositoryPlan;
use crate::engine::draft::applied::Mark;
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::mark;
use crate::tui::kit::table::MARGIN;
use crate::tui::state::State;

fn plan(state: &State) -> Option<&RepositoryPlan> {
    state.lists.shown.as_ref().and_then(|gun| state.plan_of(gun))
}

/// Roles that the stage adds, below those that are there.
pub(super) fn roles(state: &State, canvas: &mut Canvas<'_>, inner: Rect, rows: (u16, u16)) {
    let Some((plan, view)) = plan(state).zip(state.view()) else { return };
    let is_there = |role: &crate::tuf::Role| view.roles.iter().any(|shown| shown.role == *role);
    let added = plan.roles.iter().filter(|diff| diff.mark == Mark::Added && !is_there(&diff.role));
    let names = added.map(|diff| (diff.role.short().to_owned(), diff.signs_with.join(", ")));
    lines(canvas, inner, rows, names);
}

/// The same for tags.
pub(super) fn tags(state: &State, canvas: &mut Canvas<'_>, inner: Rect, rows: (u16, u16)) {
    let Some(plan) = plan(state) else { return };
    let is_there = |tag: &String| state.view().is_some_and(|view| view.tags.iter().any(|shown| shown.name == **tag));
    let added = plan.tags.signed.iter().filter(|tag| !is_there(tag));
    lines(canvas, inner, rows, added.map(|tag| (tag.clone(), String::new())));
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
