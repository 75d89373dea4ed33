//! What stands in a list without rows.

use ratatui::layout::Rect;

use super::detail::Act;
use super::lost;
use crate::tui::kit::canvas::{Canvas, Runs};
use crate::tui::kit::pane::Pane;
use crate::tui::kit::table::MARGIN;
use crate::tui::messages::failure::Failure;
use crate::tui::state::actions::Repositories;
use crate::tui::state::binding::Action;
use crate::tui::state::{State, selected, words as shared};

/// Why nothing is known of the repository that is shown: unknown is not empty. What helps comes first, for it must not be cut.
pub(super) fn unread(state: &State) -> Option<Runs> {
    let failure = not_read(state)?;
    let theme = state.theme;
    let (key, words) = way(state, failure);
    let runs = Runs::new().then(key, theme.key()).gap(1).then(words, theme.quiet());
    Some(runs.gap(3).then(format!("not read: {}", failure.problem.message), theme.quiet()))
}

/// The key that helps where nothing is known of the repository that is shown, for below the list.
pub(super) fn helps(state: &State) -> Option<Act> {
    let (key, words) = way(state, not_read(state)?);
    Some((key, words, String::new()))
}

/// Why nothing can be done about roles where there are none.
pub(super) fn no_roles(state: &State) -> &'static str {
    match lost::is_lost(state) {
        true => "the server has lost its roles; restore them first",
        false => "the repository has no roles yet; add a signer first",
    }
}

/// That the server has lost what is shown, behind the keys that send it again.
pub(super) fn lost(state: &State, pane: Pane) -> Option<Runs> {
    if !lost::is_lost(state) {
        return None;
    }
    let (theme, mut runs) = (state.theme, Runs::new());
    if let Some((keys, word)) = lost::keys(state, pane) {
        for (i, key) in keys.into_iter().enumerate() {
            let before = if i > 0 { " then " } else { "" };
            runs = runs.then(before, theme.quiet()).then(key, theme.key());
        }
        runs = runs.then(format!(" {word}"), theme.quiet()).gap(3);
    }
    Some(runs.then("the server has lost its trust data", theme.quiet()))
}

/// Why nothing can be staged for the repository that is shown.
pub(super) fn no_repository(state: &State) -> Option<&'static str> {
    selected::no_repository(state).or_else(|| unanswered(state))
}

/// Why nothing can be staged where an answer must come first.
pub(super) fn unanswered(state: &State) -> Option<&'static str> {
    let failure = not_read(state)?;
    failure.ask.is_some().then_some("it was not read yet: its row in Repositories says what it asks")
}

fn not_read(state: &State) -> Option<&Failure> {
    state.repository().filter(|repository| repository.view.is_none())?.failure.as_ref()
}

fn way(state: &State, failure: &Failure) -> (&'static str, String) {
    match &failure.ask {
        Some(ask) => {
            let answers = state.key(Action::Repositories(Repositories::Answer));
            (state.key(Action::Focus(Pane::Repositories)), format!("then {answers}: {}", shared::question(ask)))
        }
        None => (state.key(Action::Refresh), "try again".to_owned()),
    }
}

/// One quiet line where a list is empty.
pub(super) fn line(canvas: &mut Canvas<'_>, inner: Rect, y: u16, filter: &str, words: &Runs) {
    let theme = canvas.theme;
    let (x, end) = (inner.x + MARGIN, inner.right().saturating_sub(1));
    if filter.is_empty() {
        canvas.runs(x, y, end, words);
    } else {
        let runs = Runs::new()
            .then(format!("nothing matches \"{filter}\""), theme.quiet())
            .gap(3)
            .then("esc", theme.key())
            .then(" clear", theme.quiet());
        canvas.runs(x, y, end, &runs);
    }
}
