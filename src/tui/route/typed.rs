//! Actions by what is typed, for where keys are lines.

use super::keys::{self, KeyMeaning};
use super::{lists, mouse, named, render, update};
use crate::tui::messages::effect::Effect;
use crate::tui::state::binding::Action;
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

/// What is done most here, how all is listed, and how one leaves: `enter open, a add, ? all, q leave`.
#[must_use]
pub fn hints(state: &State) -> String {
    let hinted = render::hinted(state);
    let can: Vec<_> = hinted.iter().filter(|binding| binding.blocked(state).is_none()).collect();
    let mut words: Vec<String> = can
        .iter()
        .map(|binding| {
            format!("{} {}", binding.keys.first().copied().unwrap_or_default(), render::word(state, binding))
        })
        .collect();
    words.push("? all".to_owned());
    let quit = keys::key_of(state, Action::Quit);
    let is_taken = |key: &&str| can.iter().any(|binding| binding.keys.contains(key));
    words.extend(quit.filter(|key| !is_taken(key)).map(|key| format!("{key} leave")));
    words.join(", ")
}

/// Whether a key can be given as a line: a sign, some of them, or its name. A number goes to a line instead.
fn is_typed(key: &str) -> bool {
    let is_part = |part: &str| part.chars().count() == 1 || matches!(part, "enter" | "space" | "esc" | "tab");
    key.split(' ').all(is_part) && key.parse::<usize>().is_err()
}

/// Whether it is about how a screen is drawn.
fn is_of_screen(action: Action) -> bool {
    matches!(action, Action::Zoom | Action::Redraw | Action::Suspend | Action::Mouse)
}

/// All that can be done here, and why not.
#[must_use]
pub fn actions(state: &State) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for binding in keys::tables(state).into_iter().flatten().filter(|binding| !is_of_screen(binding.action)) {
        let typed: Vec<&str> = binding.keys.iter().copied().filter(|key| is_typed(key)).collect();
        let not_now =
            binding.blocked(state).map(|reason| format!(" (not now: {})", state.spoken(reason))).unwrap_or_default();
        // Under the same name as among the hints, where that is another than usual.
        let here = render::word(state, binding);
        let words = if here == binding.word { named::words(binding) } else { here };
        let line = format!("{}: {words}{not_now}", typed.join(" or "));
        if !typed.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.push("a number: go to that line, twice: open it".to_owned());
    lines.push("!: leave a question without an answer".to_owned());
    lines
}

/// Puts the cursor of what is in front on a place. Says whether there is one.
pub fn point(state: &mut State, place: usize) -> bool {
    if state.dialogs.is_empty() && matches!(state.screen, Screen::Main) {
        return lists::put(state, state.focus, place);
    }
    mouse::line(state, place)
}
