//! The same in the real program, in a pseudo-terminal on its sandbox.

use std::path::PathBuf;
use std::process::Command;

use crate::support::Terminal;
use tempfile::TempDir;
use trustdeck::sandbox::PASSPHRASE;

/// A user at a sandbox.
pub struct User {
    // The terminal goes first, and with it what writes into the home.
    pub terminal: Terminal,
    home: TempDir,
}

impl User {
    /// Opens the sandbox with these options and leaves its tour.
    pub fn start(options: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let terminal = Terminal::start(&command(&home, options), 100, 30);
        let mut user = Self { home, terminal };
        user.terminal
            .wait("all repositories", |shown| shown.contains("✓ ok      team/worker") && !shown.contains("asks"));
        user.terminal.keys("T");
        user.terminal.wait("the tour to end", |shown| !shown.contains("end tour"));
        user
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("kept.log")
    }
}

fn command(home: &TempDir, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.arg("sandbox").args(options).arg("--log-file").arg(home.path().join("kept.log")).env_clear();
    command.env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    // A sandbox that is killed leaves its directory there.
    command.env("TMPDIR", home.path());
    command
}

#[test]
fn the_palette_leads_to_a_tag_and_a_key_that_is_not_bound_says_so() {
    let mut user = User::start(&[]);
    user.terminal.keys("Z");
    user.terminal.wait_for("not bound here");
    user.terminal.keys(":");
    user.terminal.wait_for("actions, repositories, roles, tags, keys");
    user.terminal.keys("teaweb\r");
    user.terminal.wait("the palette to go", |shown| !shown.contains("actions, repositories"));
    user.terminal.keys("\u{10}messa\r");
    user.terminal.wait_for("Messages, newest first");
    assert!(!user.terminal.text().contains("Z: not bound"), "{}", user.terminal.text());
}

#[test]
fn what_was_said_is_in_the_log_and_a_typed_passphrase_is_not() {
    let mut user = User::start(&[]);
    user.terminal.keys("4/root\r");
    user.terminal.wait_for("1 of");
    user.terminal.keys("c");
    user.terminal.wait_for("assphrase");
    user.terminal.keys("not-the-right-passphrase\tnext-passphrase-1\tnext-passphrase-1\r");
    user.terminal.wait("the refusal", |shown| shown.contains("attempt 2"));
    user.terminal.keys("\u{1b}");
    user.terminal.wait("the form to go", |shown| !shown.contains("Change a passphrase"));
    user.terminal.keys("q");
    assert_eq!(user.terminal.wait_end(), 0, "{}", user.terminal.text());
    let log = std::fs::read_to_string(user.log()).unwrap();
    assert!(log.contains("note: the screen opens") && log.contains(" error: passphrase"), "{log}");
    for secret in ["not-the-right-passphrase", "next-passphrase-1", PASSPHRASE] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn a_choice_is_printed_while_the_screen_is_on_standard_error() {
    let home = TempDir::new().unwrap();
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_trustdeck");
    let script = format!("'{program}' pick repo --offline registry.example.com/a | sed 's/^/chosen: /'; echo over");
    shell.arg("-c").arg(script).env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8");
    shell.env("PATH", std::env::var_os("PATH").unwrap()).current_dir(home.path());
    let mut terminal = Terminal::start(&shell, 100, 30);
    terminal.wait_for("fail    a");
    terminal.wait_for("enter choose");
    terminal.keys("\r");
    terminal.wait_for("chosen: registry.example.com/a");
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn a_server_that_was_named_on_the_empty_screen_is_known_the_next_time() {
    let home = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    // Offline, nobody is asked whether a server answers there.
    command.arg("--offline").env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    let mut terminal = Terminal::start(&command, 100, 30);
    terminal.wait_for("name a server");
    terminal.keys("ntrust.example.com\r");
    terminal.wait_for("https://trust.example.com, kept in");
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
    let kept = std::fs::read_to_string(home.path().join(".config/trustdeck/config.toml")).unwrap();
    assert!(kept.contains("\"*\" = \"https://trust.example.com\""), "{kept}");
    let mut terminal = Terminal::start(&command, 100, 30);
    terminal
        .wait("the server in the head", |shown| shown.lines().next().unwrap_or_default().contains("trust.example.com"));
    terminal.wait_for("name a server");
    terminal.keys("n\u{15}trust.example.org\r");
    terminal.wait_for("https://trust.example.org, for this time");
    assert_eq!(std::fs::read_to_string(home.path().join(".config/trustdeck/config.toml")).unwrap(), kept);
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
}
