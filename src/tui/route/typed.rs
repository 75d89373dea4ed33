//! Actions by what is typed, for where keys are lines.

use super::keys::{self, KeyMeaning};
use super::{lists, mouse, named, render, update};
use crate::tui::messages::effect::Effect;
use crate::tui::state::{Screen, State};

/// Does what a key, a sequence of keys, a name or a word means here; `None` if it means nothing.
pub fn command(state: &mut State, text: &str) -> Option<Vec<Effect>> {
    let spaced: String = text.chars().map(|c| c.to_string()).collect::<Vec<_>>().join(" ");
    for name in [text, &spaced] {
        if let KeyMeaning::Binding(binding) = keys::lookup(state, None, name) {
            return Some(update::choose_and_run(state, binding));
        }
    }
    let here = keys::tables(state).into_iter().flatten();
    let binding = here
        .into_iter()
        .find(|binding| binding.word == text || named::words(binding) == text || named::name(binding.action) == text);
    binding.map(|binding| update::choose_and_run(state, binding))
}

/// What is done most here: `enter open, a add`.
#[must_use]
pub fn hints(state: &State) -> String {
    let hinted = render::hinted(state);
    let can = hinted.iter().filter(|binding| binding.blocked(state).is_none());
    let words: Vec<String> =
        can.map(|binding| format!("{} {}", binding.keys.first().copied().unwrap_or_default(), binding.word)).collect();
    words.join(", ")
}

/// All that can be done here, and why not.
#[must_use]
pub fn actions(state: &State) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for binding in keys::tables(state).into_iter().flatten().filter(|binding| !binding.keys.is_empty()) {
        let not_now = binding.blocked(state).map(|reason| format!(" (not now: {reason})")).unwrap_or_default();
        let line = format!("{}: {}{not_now}", binding.keys.join(" or "), named::words(binding));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.push("a number: go to that line, twice: open it".to_owned());
    lines
}

/// Puts the cursor of what is in front on a place. Says whether there is one.
pub fn point(state: &mut State, place: usize) -> bool {
    if state.dialogs.is_empty() && matches!(state.screen, Screen::Main) {
        return lists::put(state, state.focus, place);
    }
    mouse::line(state, place)
}
