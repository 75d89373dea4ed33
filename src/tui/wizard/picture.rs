//! Old key, new key and tags over time: one sees that there is no gap.

use crate::engine::wizard::{Way, Wizard};
use crate::tui::kit::canvas::Runs;
use crate::tui::state::State;
use crate::tui::state::guide::Guide;

/// Cells of a line.
const CELLS: usize = 46;

/// The lines for a signer's rotation; none for other wizards.
#[must_use]
pub(super) fn lines(state: &State, guide: &Guide) -> Vec<Runs> {
    let Wizard::DelegationKey { .. } = guide.choice().wizard else { return vec![] };
    let theme = state.theme;
    let g = theme.glyphs;
    let two = guide.choice().way != Way::OnePublish;
    let first = if two { CELLS / 3 } else { CELLS / 2 };
    let second = if two { CELLS * 2 / 3 } else { first };
    let tags: usize = guide.facts.repositories.iter().filter_map(|r| Some(r.there()?.tags)).sum();
    let head = |label: &'static str| Runs::new().then(format!("{label:<10}"), theme.quiet());
    let old = head("old key")
        .then(g.holds.repeat(second), theme.remove())
        .then(g.lost.repeat(CELLS - second), theme.quiet())
        .gap(2)
        .then("then retired", theme.quiet());
    let new = head("new key")
        .then(g.lost.repeat(first), theme.quiet())
        .then(g.holds.repeat(CELLS - first), theme.add())
        .gap(2)
        .then("signs on", theme.quiet());
    let all = head("tags")
        .then(g.holds.repeat(CELLS), theme.ok())
        .gap(2)
        .then(format!("{tags} {} {tags}", g.becomes), theme.ok());
    let mark = |at: usize, word: &str| format!("{}{} {word}", " ".repeat(at), g.last_branch);
    let below = if two {
        let first_mark = mark(first, "add");
        let gap = second.saturating_sub(first_mark.chars().count());
        format!("{first_mark}{}", mark(gap, "remove"))
    } else {
        mark(first, "the one publish")
    };
    vec![old, new, all, Runs::new().gap(10).then(below, theme.quiet())]
}
