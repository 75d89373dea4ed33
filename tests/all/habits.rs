//! Habits that people bring along: a palette, messages, the mouse, own keys, themes.

mod keys;
mod lists;
mod messages;
mod mouse;
mod palette;
mod read_only;
mod terminal;
mod themes;

use std::path::Path;

use crate::screen::{draw, frame};
use trustdeck::tui::kit::theme::{Palette, Theme};
use trustdeck::tui::state::State;

const SIZES: [(u16, u16); 5] = [(60, 16), (80, 24), (120, 40), (160, 45), (200, 60)];

/// Compares a screen at every size in colour, and at two without colours and in ASCII, with the stored files.
fn looks_as_stored(name: &str, make: impl Fn((u16, u16), Theme) -> State) {
    for size in SIZES {
        check(name, &make(size, Theme::default()));
    }
    let mono = Theme { palette: Palette::Mono, ..Theme::default() };
    for size in [(60, 16), (120, 40)] {
        check(&format!("{name}-no-color"), &make(size, mono));
        check(&format!("{name}-ascii"), &make(size, Theme::ascii(Palette::Dark)));
    }
}

fn check(name: &str, state: &State) {
    let path = format!("tests/screens/{name}-{}x{}.txt", state.size.0, state.size.1);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let found = frame::golden(&draw(state));
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = stored.lines().zip(found.lines()).find(|(a, b)| a != b);
    assert!(
        stored == found,
        "{} differs, first at {differing:#?}; UPDATE_SCREENSHOTS=1 writes it anew",
        path.display()
    );
}
