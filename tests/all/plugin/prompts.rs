//! Questions on a terminal: Docker's, word for word.

use super::lab::{Lab, User};
use crate::support::home::without_passphrases;
use crate::support::{Terminal, wait_until};

/// Answers each question of a command; gives all that it wrote.
#[track_caller]
fn dialogue(user: &User, lab: &Lab, line: &str, answers: &[&str]) -> String {
    let mut terminal = Terminal::start(&without_passphrases(user.command(&lab.words(line))), 200, 60);
    for (at, answer) in answers.iter().enumerate() {
        terminal.wait(&format!("question {} of {line}", at + 1), |shown| {
            let ends = shown.trim_end();
            (ends.ends_with(':') || ends.ends_with("[y/N]")) && asked(shown) > at
        });
        if !answer.eq_ignore_ascii_case("y") {
            // Docker turns it off after it has asked.
            wait_until("echo to be off", || !terminal.echoes());
        }
        terminal.keys(&format!("{answer}\n"));
    }
    let code = terminal.wait_end();
    user.plain(&format!("{}exit code {code}", terminal.raw().replace("\r\n", "\n")))
}

/// What follows a push: on a terminal Docker draws its progress, and trustdeck hands on its lines.
fn after_push(text: &str) -> &str {
    text.find("Signing and pushing trust metadata\n").map_or(text, |at| &text[at..])
}

/// How many questions stand on a screen.
fn asked(shown: &str) -> usize {
    let starts = ["Enter passphrase for", "Repeat passphrase for"];
    starts.iter().map(|start| shown.matches(start).count()).sum::<usize>() + shown.matches("[y/N]").count()
}

#[test]
fn passphrases_are_asked_for_as_docker_does() {
    let Some(lab) = Lab::start() else { return };
    let (good, other) = ("long enough", "long enough too");
    for (line, answers) in [
        ("key generate alice", &["short", good, other, good, good][..]),
        ("signer add --key alice.pub alice REG/team/app", &[other, other, good, good]),
        ("signer add --key alice.pub alice REG/team/other", &["wrong one", other, good, good]),
        ("sign REG/team/app:1.0", &["wrong one", good]),
        ("sign REG/team/app:1.0", &[good]),
        ("revoke REG/team/app", &["y", good]),
    ] {
        let [docker, ours] = lab.both().map(|user| dialogue(user, &lab, line, answers));
        assert_eq!(after_push(&ours), after_push(&docker), "{line}");
    }
}

#[test]
fn a_wrong_passphrase_is_asked_for_as_often_as_docker_does() {
    let Some(lab) = Lab::start() else { return };
    let good = "long enough";
    let answered = |line: &str, answers: &[&str]| {
        let [docker, ours] = lab.both().map(|user| {
            let said = dialogue(user, &lab, line, answers);
            (asked(&said), said.lines().last().map(str::to_owned))
        });
        assert_eq!(ours, docker, "{line}");
    };
    answered("key generate alice", &[good, good]);
    answered("key generate bob", &["short"; 12]);
    answered("signer add --key alice.pub alice REG/team/app", &[good; 4]);
    answered("sign REG/team/app:1.0", &["not this one"; 7]);
}

#[test]
fn an_interrupt_at_a_question_leaves_nothing_staged_and_the_terminal_as_it_was() {
    let Some(lab) = Lab::start() else { return };
    let user = &lab.ours;
    user.trust(&lab.words("key generate alice"), "").ok();
    let command = without_passphrases(user.command(&lab.words("signer add --key alice.pub alice REG/team/app")));
    let mut terminal = Terminal::start(&command, 200, 60);
    terminal.wait_for("Enter passphrase for new root key");
    terminal.wait("echo to be off", |_| !terminal.echoes());
    terminal.keys("\u{3}");
    assert_eq!(terminal.wait_end(), 130, "{}", terminal.text());
    assert!(terminal.echoes());
    let staged = user.home.trustdeck(&["status", "--json"]).ok().json();
    assert_eq!(staged["staged"], serde_json::json!([]));
}
