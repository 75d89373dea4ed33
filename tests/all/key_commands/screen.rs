//! Keys on the screen and on a terminal: the real binary, a real key store, and what the real clients say of it.

use super::support::{Home, Terminal, peers};
use super::{files, home};
use crate::interop::prompting;

const PASSPHRASE: &str = "harbor plaza tulip";

/// trustdeck on a terminal, that knows no passphrase.
fn asking(home: &Home, arguments: &[&str]) -> Terminal {
    let mut command = prompting::asking(home, arguments);
    command.env("LANG", "C.UTF-8");
    Terminal::start(&command, 100, 40)
}

fn answer(terminal: &mut Terminal, question: &str, text: &str) {
    terminal.wait_for(question);
    terminal.wait("echo to be off", |_| !terminal.echoes());
    terminal.keys(&format!("{text}\n"));
}

#[test]
fn a_key_is_made_and_exported_on_the_screen_and_both_clients_read_it() {
    let Some(()) = peers(&["notary", "docker"]) else { return };
    let (home, reader) = (home(), home());
    let mut terminal = asking(&home, &[]);
    terminal.wait_for("your keys");
    terminal.keys("4");
    terminal.wait_for("n makes one");
    terminal.keys("n");
    terminal.wait_for("A key for whom?");
    terminal.keys("alice\u{1b}[B\u{1b}[B\u{1b}[B");
    terminal.keys(&format!("{PASSPHRASE}\u{1b}[B{PASSPHRASE}\r"));
    terminal.wait_for("back it up now");
    terminal.keys("q");
    terminal.wait("the report to close", |shown| !shown.contains("back it up now"));
    terminal.keys("x");
    terminal.wait_for("Private keys to a file");
    terminal.keys("\r");
    terminal.wait_for("exported");
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
    assert!(!terminal.raw().contains(PASSPHRASE));
    let ids: Vec<String> = home.listed().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect();
    let [id] = &ids[..] else { panic!("one key, not {ids:?}") };
    assert!(home.notary(&["key", "list"]).ok().stdout.contains(id.as_str()));
    let set = home.path().join(format!("keys-{}.pem", &id[..8]));
    reader.docker(&["key", "load", set.to_str().unwrap()]).ok();
    assert_eq!(files(&reader), files(&home), "docker stores what trustdeck stored");
}

#[test]
fn a_passphrase_is_changed_a_backup_made_and_the_key_removed_on_a_terminal() {
    let home = home();
    let id = home.made(&["alice"]);
    let mut terminal = asking(&home, &["key", "passwd", &id]);
    answer(&mut terminal, "passphrase of key", "not this one");
    terminal.wait_for("attempt 2");
    answer(&mut terminal, "attempt 2", super::SIGNERS);
    answer(&mut terminal, "new passphrase for", PASSPHRASE);
    answer(&mut terminal, "again", PASSPHRASE);
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
    assert!(!terminal.raw().contains(PASSPHRASE) && !terminal.raw().contains(super::SIGNERS));

    let mut terminal = asking(&home, &["key", "backup", "--plain", "--out", "set.pem"]);
    answer(&mut terminal, "passphrase of key", PASSPHRASE);
    terminal.wait_for("unlocked from the backup");
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());

    for (typed, code) in [("no", 3), (&id[..8], 0)] {
        let mut terminal = asking(&home, &["key", "remove", &id]);
        terminal.wait_for("to delete this private key");
        terminal.keys(&format!("{typed}\n"));
        assert_eq!(terminal.wait_end(), code, "{}", terminal.text());
    }
    assert!(files(&home).is_empty());
}
