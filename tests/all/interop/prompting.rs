//! Commands on a terminal: questions, passphrases without echo, and signals.

use std::process::Command;

use crate::interop::{GUN, docker_repository, sign_arguments};
use crate::support::home::{REPOSITORY_PASSPHRASE, ROOT_PASSPHRASE, without_passphrases};
use crate::support::{Home, NotaryServer, Terminal, run};

/// A command of trustdeck that knows no passphrase.
pub fn asking(home: &Home, arguments: &[&str]) -> Command {
    without_passphrases(home.trustdeck_command(arguments))
}

#[test]
fn a_publish_on_a_terminal_asks_and_shows_no_passphrase() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    let command = asking(&home, &["signer", "add", "--key", &key, "alice", GUN, "--publish"]);
    let mut terminal = Terminal::start(&command, 100, 50);
    terminal.wait_for("[y/N]");
    assert!(terminal.text().contains("creates the trust data"), "{}", terminal.text());
    terminal.keys("y\n");
    for (role, passphrase) in [("root", ROOT_PASSPHRASE), ("targets", REPOSITORY_PASSPHRASE)] {
        terminal.wait_for(&format!("new passphrase for the {role} key"));
        terminal.wait("echo to be off", |_| !terminal.echoes());
        terminal.keys(&format!("{passphrase}\n"));
        terminal.wait("the second question", |shown| shown.trim_end().ends_with("again:"));
        terminal.keys(&format!("{passphrase}\n"));
    }
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
    let raw = terminal.raw();
    assert!(!raw.contains(ROOT_PASSPHRASE) && !raw.contains(REPOSITORY_PASSPHRASE), "{raw}");
    home.docker(&["inspect", GUN]).ok();
    home.docker(&["signer", "add", "--key", &key, "bob", GUN]).ok();
}

#[test]
fn a_wrong_passphrase_is_asked_for_again_and_an_interrupt_restores_the_terminal() {
    let Some((_server, home)) = docker_repository() else { return };
    let sign = sign_arguments(GUN, "1.0");
    let arguments: Vec<&str> = sign.iter().map(String::as_str).chain(["--publish", "--yes"]).collect();
    let mut terminal = Terminal::start(&asking(&home, &arguments), 100, 50);
    terminal.wait_for("passphrase of alice");
    terminal.wait("echo to be off", |_| !terminal.echoes());
    terminal.keys("not this one\n");
    terminal.wait_for("attempt 2");
    terminal.wait("echo to be off", |_| !terminal.echoes());
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_end(), 130, "{}", terminal.text());
    assert!(terminal.echoes(), "echo is on again");
    let mut again = Terminal::start(&asking(&home, &["publish", "--yes"]), 100, 50);
    again.wait_for("passphrase of alice");
    again.keys(&format!("{REPOSITORY_PASSPHRASE}\n"));
    assert_eq!(again.wait_end(), 0, "{}", again.text());
    assert!(home.docker(&["inspect", GUN]).ok().stdout.contains("1.0"));
}

#[test]
fn a_no_sends_nothing_and_is_code_three() {
    let Some((server, home)) = docker_repository() else { return };
    let uploads = || server.requests().iter().filter(|r| r.method == "POST").count();
    let before = uploads();
    let sign = sign_arguments(GUN, "1.0");
    let arguments: Vec<&str> = sign.iter().map(String::as_str).chain(["--publish"]).collect();
    let mut terminal = Terminal::start(&asking(&home, &arguments), 100, 50);
    terminal.wait_for("[y/N]");
    terminal.keys("n\n");
    assert_eq!(terminal.wait_end(), 3, "{}", terminal.text());
    assert_eq!(uploads(), before);
    let mut delete = Terminal::start(&asking(&home, &["delete", GUN]), 100, 50);
    delete.wait_for("[y/N]");
    delete.keys("y\n");
    assert_eq!(delete.wait_end(), 0, "{}", delete.text());
    assert!(!home.metadata(GUN).exists());
}

#[test]
fn dangers_are_accepted_by_typing_the_name() {
    let Some((server, home)) = docker_repository() else { return };
    home.trustdeck(&["delete", GUN, "--remote"]).ok();
    let mut refused = Terminal::start(&asking(&home, &["publish"]), 100, 50);
    refused.wait_for(&format!("type {GUN}"));
    refused.keys("app\n");
    assert_eq!(refused.wait_end(), 3, "{}", refused.text());
    let mut accepted = Terminal::start(&asking(&home, &["publish"]), 100, 50);
    accepted.wait_for(&format!("type {GUN}"));
    accepted.keys(&format!("{GUN}\n"));
    accepted.wait_for("[y/N]");
    accepted.keys("y\n");
    assert_eq!(accepted.wait_end(), 0, "{}", accepted.text());
    Home::new(&server).trustdeck(&["inspect", GUN]).ended(1);
}

#[test]
fn a_wrong_variable_is_named_although_another_source_or_a_person_opens_the_key() {
    let Some((_server, home)) = docker_repository() else { return };
    let wrong = ("NOTARY_DELEGATION_PASSPHRASE", "not this one");
    let named = "NOTARY_DELEGATION_PASSPHRASE does not open key ";
    let publish = |tag: &str| {
        let sign = sign_arguments(GUN, tag);
        let arguments: Vec<&str> = sign.iter().map(String::as_str).chain(["--publish", "--yes"]).collect();
        let mut command = asking(&home, &arguments);
        command.env(wrong.0, wrong.1);
        command
    };
    let mut command = publish("1.0");
    let by_docker = run(command.env("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", REPOSITORY_PASSPHRASE)).ok();
    assert!(by_docker.stderr.contains(named), "{}", by_docker.stderr);
    let mut terminal = Terminal::start(&publish("2.0"), 100, 50);
    terminal.wait_for("passphrase of alice");
    assert!(terminal.text().contains(named), "{}", terminal.text());
    terminal.wait("echo to be off", |_| !terminal.echoes());
    terminal.keys(&format!("{REPOSITORY_PASSPHRASE}\n"));
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
}
