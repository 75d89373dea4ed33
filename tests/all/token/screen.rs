//! Keys on tokens on the real screen.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use trustdeck::sandbox::PASSPHRASE;

use super::fixture::{GUN, PIN, Token};
use super::publishing::root_that_both_clients_accept;
use super::support::{Home, NotaryServer, Terminal, wait_until};

const DOWN: &str = "\u{1b}[B";

/// The screen on a sandbox to which the token is plugged in, in its list of keys.
fn sandbox(token: &Token, home: &TempDir) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    command.env("TMPDIR", home.path()).args(["sandbox", "--pkcs11-module"]).arg(token.module());
    let mut terminal = Terminal::start(token.at(&mut command), 100, 30);
    terminal.wait("all repositories", |shown| shown.contains("✓ ok      team/worker") && !shown.contains("asks"));
    terminal.keys("T");
    terminal.wait("the tour to end", |shown| !shown.contains("end tour"));
    terminal.keys("4/root\r");
    terminal.wait_for("admin root");
    terminal
}

/// Types what a question wants to have typed, once that can be read; gives it.
fn confirm(terminal: &mut Terminal) -> String {
    terminal.wait_for("letters to go");
    let shown = terminal.text();
    let wanted = shown.split("Type ").nth(1).and_then(|rest| rest.split(" to go on").next()).unwrap().to_owned();
    terminal.keys(&format!("{wanted}\r"));
    wanted
}

/// Closes the dialog on top.
fn close(terminal: &mut Terminal, title: &str) {
    terminal.keys("\u{1b}");
    terminal.wait("the dialog to close", |shown| !shown.contains(title));
}

#[test]
fn a_key_is_made_on_a_token_after_a_touch_and_deleted_again() {
    let Some(token) = Token::wrapped(&["touch"]) else { return };
    let home = TempDir::new().unwrap();
    let mut terminal = sandbox(&token, &home);
    terminal.keys("n");
    terminal.wait_for("in the key store of this machine");
    terminal.keys(&format!("root{DOWN} "));
    terminal.wait_for("on token board");
    terminal.keys(&format!("{DOWN}{DOWN}{PIN}\r"));
    terminal.wait_for("touch the token now");
    token.be("touched");
    terminal.wait_for("New key on a token");
    assert!(terminal.text().contains("on token board, slot 02"), "{}", terminal.text());
    close(&mut terminal, "New key on a token");
    terminal.wait_for("of 2");
    terminal.keys("G");
    terminal.wait_for("slot 02");
    terminal.keys("D");
    terminal.wait_for("Delete a key from its token");
    let typed = confirm(&mut terminal);
    assert!(typed.starts_with("no backup of "), "{typed}");
    terminal.wait_for("enter delete it");
    terminal.keys("000000\r");
    terminal.wait_for("wrong PIN for token board");
    terminal.keys(&format!("{PIN}\r"));
    terminal.wait_for("Deleted from its token");
    close(&mut terminal, "Deleted from its token");
    terminal.wait("the key to be gone", |shown| !shown.contains(" token "));
    assert!(!terminal.raw().contains(PIN));
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
}

#[test]
fn a_token_that_nobody_waits_for_is_looked_at_when_it_has_ended() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = TempDir::new().unwrap();
    let mut terminal = sandbox(&token, &home);
    terminal.keys("n");
    terminal.wait_for("in the key store of this machine");
    terminal.keys(&format!("dora{DOWN} "));
    terminal.wait_for("on token board");
    token.be("slow");
    // A PIN that is refused when nobody waits any more is not tried again.
    terminal.keys(&format!("{DOWN}{DOWN}735919\r"));
    wait_until("the PIN to be tried", || token.wrote("logins").len() == 1);
    terminal.keys("\u{1b}");
    terminal.wait_for("stopped");
    let shown = terminal.text();
    let dir = shown.split("public to   › ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap().to_owned();
    token.be("hurry");
    // It goes with the try that fails.
    wait_until("the first try to end", || !Path::new(&dir).join("dora.pub").exists());
    terminal.keys("\r");
    terminal.wait_for("wrong PIN for token board");
    assert_eq!(token.wrote("logins").len(), 1);
    terminal.keys(&format!("{PIN}\r"));
    terminal.wait_for("New key on a token");
    close(&mut terminal, "New key on a token");
    // The filter hides it.
    terminal.keys("\u{1b}");
    terminal.wait("the filter to go", |shown| !shown.contains("/root"));
    terminal.keys("/dora\r");
    terminal.wait_for("board, slot");
    // A key that is deleted when nobody waits any more is gone, not away.
    terminal.keys("D");
    confirm(&mut terminal);
    terminal.wait_for("enter delete it");
    token.be_no_more("hurry");
    let before = token.wrote("logins").len();
    terminal.keys(&format!("{PIN}\r"));
    wait_until("the PIN to be tried", || token.wrote("logins").len() > before);
    terminal.wait_for("esc stop");
    terminal.keys("\u{1b}");
    terminal.wait_for("esc back");
    token.be("hurry");
    terminal.keys("\u{1b}");
    terminal.wait("the dialog to close", |shown| !shown.contains("enter delete it"));
    terminal.keys("r");
    terminal.wait_for("nothing matches");
}

#[test]
fn a_stored_key_is_backed_up_first_and_then_copied_onto_one_of_two_tokens() {
    let Some(token) = Token::new() else { return };
    token.add("spare");
    let home = TempDir::new().unwrap();
    let mut terminal = sandbox(&token, &home);
    terminal.keys("m");
    terminal.wait_for("It has no tested backup");
    terminal.keys("\r");
    terminal.wait_for("Back up keys");
    terminal.keys(&format!("{DOWN}{DOWN}{DOWN}of the backup{DOWN}of the backup\r"));
    terminal.wait_for("assphrase  key");
    terminal.keys(&format!("{PASSPHRASE}\r"));
    terminal.wait_for("1 key backed up and tested");
    close(&mut terminal, "1 key backed up and tested");
    terminal.wait("the list to know of it", |shown| !shown.contains("none that was tested"));
    terminal.keys("m");
    terminal.wait_for("1 of 2");
    let first = if terminal.text().contains("› board") { "board" } else { "spare" };
    terminal.keys(" ");
    terminal.wait_for("2 of 2");
    let chosen = if first == "board" { "spare" } else { "board" };
    terminal.keys(&format!("{DOWN}{PASSPHRASE}{DOWN}{PIN}\r"));
    terminal.wait_for("Copied onto the token");
    assert!(terminal.text().contains(&format!("on token {chosen}")), "{}", terminal.text());
    close(&mut terminal, "Copied onto the token");
    terminal.wait_for("a copy is still in the key store");
    // The file goes, the token signs.
    terminal.keys("D");
    terminal.wait_for("remove the file");
    terminal.keys("\r");
    terminal.wait_for("signs as before");
    confirm(&mut terminal);
    terminal.wait("the copy to be gone", |shown| shown.contains("removed") && !shown.contains("a copy is still"));
    assert!(terminal.text().contains("token"), "{}", terminal.text());
}

/// From the roles of the repository to the step that fills the stage, with a new root key on the token.
fn choose_a_root_key_on_the_token(terminal: &mut Terminal, keys_on_it: impl Fn() -> usize) {
    terminal.keys("2");
    terminal.wait_for("timestamp");
    terminal.keys("ggt");
    terminal.wait_for("rotate the root key");
    terminal.keys("j\r");
    terminal.wait_for("Who and where");
    terminal.keys("\r");
    terminal.wait_for("make one on a token");
    terminal.keys("j\r");
    terminal.wait_for("Make a new key on a token");
    // A label that is refused is, before a key is on the token.
    terminal.keys(&format!("{PIN}{DOWN}beef\r"));
    terminal.wait_for("looks like a key ID");
    assert_eq!(keys_on_it(), 0);
    terminal.keys(" in the safe\r");
    terminal.wait_for("cannot be copied out of it");
    assert_eq!(keys_on_it(), 1);
    terminal.keys("\r");
    terminal.wait_for("Fill the stage  now");
}

#[test]
fn root_moves_to_a_token_by_the_wizard_although_it_is_pulled_out_meanwhile() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = Home::new(&server);
    let alice = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &alice, "alice", GUN]).ok();
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/alice"]);
    let before = root_that_both_clients_accept(&server, 1);
    let mut command = home.trustdeck_command(&[GUN]);
    let mut terminal = Terminal::start(token.at(&mut command).env("LANG", "C.UTF-8"), 100, 30);
    terminal.wait("the repository", |shown| shown.contains("online") && shown.contains("✓ ok"));
    choose_a_root_key_on_the_token(&mut terminal, || token.count(&home));
    terminal.keys("\r");
    terminal.wait_for("open the review");
    terminal.keys("\r");
    terminal.wait_for("ready");
    // Pulled out while it signs: nothing is sent, all stays staged.
    token.be("removed");
    terminal.keys("P");
    terminal.wait_for("token board was pulled out");
    terminal.wait_for("enter back");
    terminal.keys("\r");
    terminal.wait_for("open the review");
    assert!(terminal.text().contains("1 staged"), "{}", terminal.text());
    assert_eq!(root_that_both_clients_accept(&server, 1), before);
    token.be_no_more("removed");
    terminal.keys("\r");
    terminal.wait_for("ready");
    terminal.keys("P");
    terminal.wait_for("read back as a client with an empty cache");
    terminal.wait_for("enter back");
    terminal.keys("\r");
    terminal.wait_for("Retire the old private key");
    terminal.keys("\r");
    terminal.wait_for("closed");
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
    assert_ne!(root_that_both_clients_accept(&server, 1), before);
    // A client that knows the old root follows.
    home.docker(&["inspect", GUN]).ok();
    home.notary(&["list", GUN]).ok();
    assert!(!terminal.raw().contains(PIN));
}

#[test]
fn a_token_in_the_drawer_is_named_by_the_wizard_and_asked_for_its_pin_when_it_is_back() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::new() else { return };
    let home = Home::new(&server);
    let alice = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &alice, "alice", GUN]).ok();
    let mut command = home.trustdeck_command(&[GUN]);
    let mut terminal = Terminal::start(token.at(&mut command).env("LANG", "C.UTF-8"), 100, 30);
    terminal.wait("the repository", |shown| shown.contains("online") && shown.contains("✓ ok"));
    choose_a_root_key_on_the_token(&mut terminal, || token.count(&home));
    token.pull_out();
    terminal.keys("r");
    terminal.wait_for("is on token board, which is not plugged in");
    // Left and opened again, as after a night.
    terminal.keys("q");
    terminal.wait_for("W goes on or gives up");
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
    token.plug_in();
    let mut command = home.trustdeck_command(&[GUN]);
    let mut terminal = Terminal::start(token.at(&mut command).env("LANG", "C.UTF-8"), 100, 30);
    terminal.wait("the repository", |shown| shown.contains("online") && shown.contains("✓ ok"));
    terminal.keys("W");
    terminal.wait_for("go on: ");
    terminal.keys("\r");
    terminal.wait_for("Fill the stage  now");
    terminal.keys("\r");
    terminal.wait_for("open the review");
    terminal.keys("\r");
    terminal.wait_for("ready");
    terminal.keys("P");
    terminal.wait_for("token board");
    terminal.keys(&format!("{PIN}\r"));
    terminal.wait_for("read back as a client with an empty cache");
    root_that_both_clients_accept(&server, 0);
}

#[test]
fn two_repositories_get_a_targets_key_each_on_the_token() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = TempDir::new().unwrap();
    let mut terminal = sandbox(&token, &home);
    terminal.keys("1/team/w\r");
    terminal.wait_for("1 of 2");
    terminal.keys("2");
    terminal.wait_for("timestamp");
    terminal.keys("/targets\r");
    terminal.wait_for("1 of ");
    terminal.keys("ggt");
    terminal.wait_for("rotate the targets key");
    terminal.keys("j\r");
    terminal.wait_for("Who and where");
    terminal.keys("j \r");
    terminal.wait_for("one for each; board");
    terminal.keys("j\r");
    terminal.wait_for("Make a new key on a token");
    terminal.keys(&format!("{PIN}\r"));
    terminal.wait_for("cannot be copied out of it");
    terminal.keys("q");
    terminal.wait_for("W goes on or gives up");
    terminal.keys("4");
    terminal.wait_for("2 keys open");
}
