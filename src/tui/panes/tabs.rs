//! The tabs of a screen with room for one pane.

use ratatui::layout::Rect;

use crate::tui::kit::canvas::{Canvas, Runs, Spot};
use crate::tui::kit::pane::Pane;
use crate::tui::state::State;

/// Cells between two tabs: a line with a blank at both sides.
const BETWEEN: u16 = 3;
/// Fewest cells of a repository's name that tell it from others.
const LEAST_NAME: usize = 18;

/// The repository that a pane is about.
pub(super) fn subject(pane: Pane, state: &State) -> String {
    let of_repository = matches!(pane, Pane::Roles | Pane::Tags);
    let repository = state.repository().filter(|_| of_repository);
    repository.map(|r| state.short_name(&r.entry.name).to_owned()).unwrap_or_default()
}

/// The tabs are the top border. What belongs to a repository names it there; the names of the other tabs make room.
fn tabs(state: &State, width: u16) -> Vec<(Pane, Runs)> {
    let named = tab_runs(state, "", true);
    let subject = subject(state.focus, state);
    if subject.is_empty() {
        return named;
    }
    let cells = |tabs: &[(Pane, Runs)]| tabs.iter().map(|(_, runs)| runs.width() + BETWEEN).sum::<u16>();
    let room = |tabs: &[(Pane, Runs)]| usize::from(width.saturating_sub(cells(tabs) + 5));
    let is_roomy = room(&named) >= subject.chars().count().min(LEAST_NAME);
    let cells = room(&if is_roomy { named } else { tab_runs(state, "", false) });
    let name = state.repository().map(|repository| state.fitted(repository, cells)).unwrap_or_default();
    tab_runs(state, &name, is_roomy)
}

fn tab_runs(state: &State, subject: &str, named: bool) -> Vec<(Pane, Runs)> {
    let theme = state.theme;
    let tab = |pane: Pane| {
        if pane == state.focus {
            let runs = Runs::new().then(format!("{} {}", pane.number(), pane.name()), theme.title());
            return if subject.is_empty() { runs } else { runs.gap(2).then(subject, theme.text()) };
        }
        let runs = Runs::new().then(pane.number().to_string(), theme.quiet());
        if named { runs.gap(1).then(pane.name(), theme.text()) } else { runs }
    };
    Pane::ALL.map(|pane| (pane, tab(pane))).to_vec()
}

/// The tabs with what stands between them.
pub(super) fn line(state: &State, width: u16) -> Runs {
    let line = state.theme.borders(true).horizontal;
    let mut runs = Runs::new();
    for (pane, tab) in tabs(state, width) {
        if pane != Pane::Repositories {
            runs = runs.gap(1).then(line, state.theme.title()).gap(1);
        }
        runs.0.extend(tab.0);
    }
    runs
}

/// Where the mouse finds them.
pub(super) fn spots(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    // Corner, line and blank come first.
    let mut x = area.x + 3;
    for (pane, tab) in tabs(state, area.width) {
        let end = x + tab.width();
        canvas.spot(x, area.y, end, Spot::Tab(pane));
        x = end + BETWEEN;
    }
}
