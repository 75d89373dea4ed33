//! Drawing that several screens share.

use super::canvas::{Canvas, Runs};
use super::theme::Theme;
use crate::engine::RepositoryPlan;

/// Tags before and after, with a line of `cells` (none if 0): `tags 22 → 0 ╌╌╌╌`.
#[must_use]
pub(in crate::tui) fn tag_effect(canvas: &Canvas<'_>, plan: &RepositoryPlan, cells: u16) -> Runs {
    let theme = canvas.theme;
    let tags = &plan.tags;
    let lost = !tags.orphaned.is_empty();
    let style = if lost { theme.fail().patch(theme.strong()) } else { theme.ok() };
    let mut runs = Runs::new()
        .then("tags ", theme.quiet())
        .then(format!("{} {} {}", tags.before, theme.glyphs.becomes, tags.after), style);
    if cells > 0 {
        runs = runs.gap(2);
        runs.0.extend(tag_line(theme, plan, cells).0);
    }
    runs
}

/// What stays and what is lost, in proportion; a part that is not zero has a cell.
#[must_use]
pub(in crate::tui) fn tag_line(theme: Theme, plan: &RepositoryPlan, cells: u16) -> Runs {
    let (stays, lost) = (plan.tags.after, plan.tags.orphaned.len());
    let total = stays + lost;
    let cells = usize::from(cells);
    if total == 0 {
        return Runs::new().then(theme.glyphs.track.repeat(cells), theme.quiet());
    }
    let mut gone = lost * cells / total;
    if lost > 0 {
        gone = gone.max(1);
    }
    if stays > 0 {
        gone = gone.min(cells.saturating_sub(1));
    }
    Runs::new()
        .then(theme.glyphs.holds.repeat(cells - gone), theme.ok())
        .then(theme.glyphs.lost.repeat(gone), theme.fail())
}
