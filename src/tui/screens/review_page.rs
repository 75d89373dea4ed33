//! All that is said of a repository's plan, to read where the review has no room for it.

use super::{effect_box, review};
use crate::tui::dialogs::{Dialog, Page};
use crate::tui::kit::canvas::Runs;
use crate::tui::state::{Screen, State, words};

/// Opens it for the repository under the cursor.
pub fn open(state: &mut State) {
    let (Some(plan), Screen::Review(open)) = (review::selected(state), &state.screen) else { return };
    let (theme, name) = (state.theme, state.short_name(&plan.name));
    let text = |runs: &Runs| runs.0.iter().map(|(text, _)| text.as_str()).collect::<String>().trim_end().to_owned();
    let mut lines: Vec<String> = plan.changes.iter().map(|change| words::change(&change.change, name)).collect();
    let tags = format!("signed tags: {} {} {}", plan.tags.before, theme.glyphs.becomes, plan.tags.after);
    lines.extend([String::new(), tags]);
    for (sentence, _) in effect_box::sentences(state, plan, false, usize::MAX) {
        lines.extend([String::new(), sentence]);
    }
    lines.push(String::new());
    lines.extend(effect_box::keys(state, open, plan, 76).iter().map(text));
    lines.push(String::new());
    lines.extend(effect_box::role_lines(state, plan).iter().map(|(left, right)| match text(right) {
        version if version.is_empty() => text(left),
        version => format!("{}   {version}", text(left)),
    }));
    let title = name.to_owned();
    state.dialogs.push(Dialog::Page(Page { title, lines, offset: 0 }));
}
