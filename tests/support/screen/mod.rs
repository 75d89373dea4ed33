//! Screens as values: a state from plain values, keys pressed, the frame as text and as a picture.

pub mod frame;
pub mod plans;
pub mod registry;
pub mod scene;
pub mod tokens;
pub mod told;
pub mod wizards;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::Event;
use trustdeck::tui::route::render::render;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

/// The frame that a state gives.
pub fn draw(state: &State) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.size.0, state.size.1));
    render(state, &mut buffer);
    buffer
}

/// Presses keys: `<enter>`, `<ctrl-c>` and so on by name, everything else by letter.
pub fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (name, after) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
            Some((name, after)) if !name.is_empty() && !name.contains(' ') => (name.to_owned(), after),
            _ => (first.to_string(), &rest[first.len_utf8()..]),
        };
        rest = after;
        effects.extend(update(state, Event::Key(key(&name))));
    }
    effects
}

fn key(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.strip_prefix("ctrl-") {
        Some(rest) => (KeyModifiers::CONTROL, rest),
        None => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "pagedown" => KeyCode::PageDown,
        "pageup" => KeyCode::PageUp,
        "lt" => KeyCode::Char('<'),
        letter => KeyCode::Char(letter.chars().next().expect("a key has a name")),
    };
    KeyEvent::new(code, modifiers)
}

/// Performs effects as the loop would name them, and answers none of them.
pub fn begin(state: &mut State, effects: &[Effect]) -> Vec<trustdeck::tui::messages::event::JobId> {
    effects.iter().map(|effect| state.jobs.begin(effect)).collect()
}
