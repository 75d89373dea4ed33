//! Where staged changes land: what becomes of the tags.

use ratatui::style::Style;

use crate::engine::RepositoryPlan;
use crate::tui::kit::canvas::width;
use crate::tui::state::State;

fn plan(state: &State) -> Option<&RepositoryPlan> {
    state.lists.shown.as_ref().and_then(|gun| state.plan_of(gun))
}

/// Tags before and after, for a border with room for `room` cells, where something is staged for them.
pub(super) fn effect(state: &State, room: usize) -> Option<(String, Style)> {
    let plan = plan(state)?;
    let theme = state.theme;
    let tags = &plan.tags;
    let changes = tags.before != tags.after || !tags.signed.is_empty() || !tags.orphaned.is_empty();
    if !changes || plan.failed.is_some() {
        return None;
    }
    let style = if tags.orphaned.is_empty() { theme.add() } else { theme.fail() };
    let short = format!("{} {} {}", tags.before, theme.glyphs.becomes, tags.after);
    let long = format!("{short} trusted");
    Some((if usize::from(width(&long)) <= room { long } else { short }, style))
}
