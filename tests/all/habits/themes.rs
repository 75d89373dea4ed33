//! Themes: the same cells in other colours.

use std::process::Command;

use super::check;
use crate::screen::frame::signs;
use crate::screen::plans::{plan, stage, tell_stage};
use crate::screen::scene::{repositories, state_of};
use crate::screen::{draw, press};
use crate::support::{Terminal, run};
use ratatui::style::{Color, Modifier};
use tempfile::TempDir;
use trustdeck::tui::kit::theme::{Palette, Theme};
use trustdeck::tui::state::State;

fn reviewing(palette: Palette, size: (u16, u16)) -> State {
    let mut state = state_of(repositories(), size, Theme { palette, ..Theme::default() });
    tell_stage(&mut state, stage(), plan());
    press(&mut state, "jpG");
    state.message = None;
    state
}

#[test]
fn every_theme_draws_the_same_signs() {
    let dark = signs(&draw(&reviewing(Palette::Dark, (120, 40))));
    for palette in [Palette::Light, Palette::HighContrast, Palette::ColourBlind] {
        assert_eq!(signs(&draw(&reviewing(palette, (120, 40)))), dark, "{palette:?}");
    }
}

#[test]
fn high_contrast_brings_its_own_ground_and_dims_nothing() {
    let buffer = draw(&reviewing(Palette::HighContrast, (80, 24)));
    for cell in &buffer.content {
        assert!(cell.fg != Color::Reset && cell.bg != Color::Reset, "{cell:?}");
        assert!(!cell.modifier.contains(Modifier::DIM), "{cell:?}");
    }
}

#[test]
fn colour_blind_users_meet_neither_green_nor_red() {
    for keys in ["", "2", "3", "4", "5", "?", ":"] {
        let mut state = reviewing(Palette::ColourBlind, (120, 40));
        press(&mut state, &format!("<esc>{keys}"));
        let buffer = draw(&state);
        let confused = [Color::Green, Color::LightGreen, Color::Red, Color::LightRed];
        assert!(buffer.content.iter().all(|cell| !confused.contains(&cell.fg)), "{keys}");
    }
}

#[test]
fn the_themes_look_as_stored() {
    for (name, palette) in [("high-contrast", Palette::HighContrast), ("colour-blind", Palette::ColourBlind)] {
        for size in [(80, 24), (120, 40)] {
            check(&format!("review-{name}"), &reviewing(palette, size));
        }
    }
}

fn command(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.args(arguments).env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    command
}

#[test]
fn flag_variable_and_configuration_choose_the_theme_in_this_order() {
    let home = TempDir::new().unwrap();
    let config = home.path().join(".config/trustdeck/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(&config, "theme = \"mono\"\nmouse = false\n[colours]\naccent = \"#ff00ff\"\n").unwrap();
    let own = "38;2;255;0;255";
    for (arguments, variable, coloured) in [
        (&[][..], None, false),
        (&[], Some("dark"), true),
        (&["--theme", "mono"], Some("dark"), false),
        (&["--theme", "light"], None, true),
    ] {
        let mut command = command(&home, arguments);
        variable.iter().for_each(|name| {
            command.env("TRUSTDECK_THEME", name);
        });
        let terminal = Terminal::start(&command, 100, 30);
        terminal.wait_for("Nothing here yet");
        assert_eq!(terminal.raw().contains(own), coloured, "{arguments:?} {variable:?}");
        assert!(!terminal.raw().contains("\u{1b}[?1000h"), "the mouse is off");
    }
}

#[test]
fn a_theme_or_a_colour_that_is_none_is_named() {
    let home = TempDir::new().unwrap();
    let config = home.path().join(".config/trustdeck/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    // Nor does a value that is no key, or a theme that is none.
    std::fs::write(
        &config,
        "[keys]
quit = 7",
    )
    .unwrap();
    Terminal::start(&command(&home, &[]), 120, 30).wait_for("the value 7");
    std::fs::write(&config, "theme = \"neon\"").unwrap();
    let terminal = Terminal::start(&command(&home, &[]), 200, 30);
    terminal.wait_for("neon");
    assert!(terminal.text().contains("high-contrast"), "{}", terminal.text());
    // A colour that is none costs nobody the screen.
    std::fs::write(&config, "[colors]\nfail = \"reddish\"").unwrap();
    let terminal = Terminal::start(&command(&home, &[]), 160, 30);
    terminal.wait_for("reddish");
    assert!(terminal.text().contains("config.toml: line 2"), "{}", terminal.text());
    std::fs::remove_file(&config).unwrap();
    run(command(&home, &["status"]).env("TRUSTDECK_THEME", "neon")).ok();
    let mut terminal = Terminal::start(&command(&home, &["--theme", "neon", "sandbox"]), 120, 30);
    assert_eq!(terminal.wait_end(), 2);
    assert!(terminal.text().contains("neon"), "{}", terminal.text());
}
