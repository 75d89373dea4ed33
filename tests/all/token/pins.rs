//! PINs: tried once, asked for without echo, never shown.

use std::fs;

use super::fixture::{PIN, Token};
use super::keys::home;
use super::support::{Terminal, run};

const WRONG: &str = "735919";

#[test]
fn a_wrong_pin_is_tried_once_and_says_what_is_left() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = home();
    let mut command = home.trustdeck_command(&["key", "generate", "root", "--token", "--json"]);
    let wrong = run(token.at(&mut command).env("TRUSTDECK_TOKEN_PIN", WRONG)).ended(4);
    assert_eq!(wrong.kinds(), ["passphrase"]);
    assert!(wrong.stderr.contains("wrong PIN for token board; few tries are left"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains(WRONG));
    assert_eq!(token.wrote("logins"), ["user"]);
    let listed = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
    assert_eq!(listed[0]["pin"], "few tries left");
    token.generate(&home, "root");
}

#[test]
fn the_last_try_is_left_to_a_person() {
    let Some(token) = Token::wrapped(&["final-try"]) else { return };
    let home = home();
    let refused = token.trustdeck(&home, &["key", "generate", "root", "--token", "--json"]).ended(2);
    assert!(refused.stderr.contains("one more wrong PIN locks token board"), "{}", refused.stderr);
    assert_eq!(token.wrote("logins"), [""; 0]);
}

#[test]
fn a_locked_pin_is_said_and_not_tried_again() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = home();
    let id = token.generate(&home, "root");
    token.be("locked");
    let before = token.wrote("logins").len();
    let said = token.trustdeck(&home, &["key", "generate", "alice", "--token", "--json"]).ended(1);
    assert_eq!(said.kinds(), ["keystore"]);
    assert!(said.stderr.contains("the PIN of token board is locked"), "{}", said.stderr);
    assert!(said.stderr.contains("PUK"), "{}", said.stderr);
    assert!(token.wrote("logins").len() <= before + 1);
    assert_eq!(token.listed(&home, &id).unwrap()["warning"], "the PIN is locked");
}

#[test]
fn a_pin_comes_from_a_descriptor_and_a_passphrase_is_not_taken_for_one() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = home();
    let generate = |name: &str, lines: &str| {
        let file = home.path().join("secrets");
        fs::write(&file, lines).unwrap();
        let mut shell = home.command("sh");
        let arguments = ["key", "generate", name, "--token", "--json", "--passphrase-fd", "4"];
        shell.args(["-c", "exec \"$0\" \"$@\" 4< secrets", env!("CARGO_BIN_EXE_trustdeck")]).args(arguments);
        run(token.at(&mut shell))
    };
    generate("root", &format!("{PIN}\n")).ok();
    generate("alice", &format!("root=some passphrase\ntoken-pin={PIN}\n")).ok();
    let logins = token.wrote("logins").len();
    let unset = generate("bob", "root=some passphrase\ntargets=another one\n").ended(4);
    assert!(unset.stderr.contains("TRUSTDECK_TOKEN_PIN"), "{}", unset.stderr);
    assert_eq!(token.wrote("logins").len(), logins, "variables and lines for keys are no PINs");
}

#[test]
fn a_terminal_is_asked_without_echo() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = home();
    let mut command = home.trustdeck_command(&["key", "generate", "root", "--token"]);
    let mut terminal = Terminal::start(token.at(&mut command), 100, 30);
    terminal.wait_for("PIN of token board");
    terminal.wait("echo to be off", |_| !terminal.echoes());
    terminal.keys(&format!("{PIN}\n"));
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
    assert!(!terminal.raw().contains(PIN));
    assert!(terminal.text().contains("on token board"), "{}", terminal.text());
}
