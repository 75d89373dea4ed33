//! The real binary in a pseudo-terminal, without any server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::Command;

use support::Terminal;
use tempfile::TempDir;

/// The screen in an empty home.
fn start(home: &TempDir) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.arg("--offline").env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    let terminal = Terminal::start(&command, 100, 30);
    terminal.wait_for("try the sandbox");
    terminal
}

#[test]
fn a_key_that_comes_with_a_new_size_is_taken_at_once() {
    let home = TempDir::new().unwrap();
    let mut terminal = start(&home);
    terminal.keys("a");
    terminal.wait_for("Add a repository");
    let mut typed = String::new();
    for (n, letter) in ('a'..='z').cycle().take(78).enumerate() {
        let rows = if n % 2 == 0 { 20 } else { 30 };
        // Whichever comes first, neither may wait for the next.
        if n % 3 == 0 {
            terminal.keys(&letter.to_string());
            terminal.resize(100, rows);
        } else {
            terminal.resize(100, rows);
            terminal.keys(&letter.to_string());
        }
        typed.push(letter);
        let end: String = typed.chars().skip(typed.len().saturating_sub(12)).collect();
        terminal.wait(&format!("{end:?} on {rows} rows"), |shown| {
            shown.contains(&end) && shown.trim_end().lines().count() == usize::from(rows)
        });
    }
}
