//! Wizards in the real program on its embedded sandbox: led by keys, killed after each step, and opened again.

use crate::support;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use support::Terminal;
use tempfile::TempDir;
use trustdeck::engine::Engine;
use trustdeck::engine::wizard::{Choice, Facts, Wizard};
use trustdeck::sandbox::{Options, PASSPHRASE, start};
use trustdeck::tuf::{CanonicalKeyId, Gun, Role};

const NAME: &str = "team/web";
const DOWN: &str = "\u{1b}[B";

/// A user at a sandbox that is kept, so that it survives the kills.
struct User {
    dir: TempDir,
    home: TempDir,
    terminal: Terminal,
    /// Whether the program is killed and started again between the steps.
    clumsy: bool,
    /// What the list of wizards calls the one that is open.
    wizard: &'static str,
}

fn program(dir: &TempDir, home: &TempDir) -> Terminal {
    let is_new = !dir.path().join("kept").exists();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.args(["sandbox", "--dir"]).arg(dir.path().join("kept")).env_clear();
    command.env("HOME", home.path()).env("LANG", "C.UTF-8").current_dir(home.path());
    let mut terminal = Terminal::start(&command, 100, 30);
    // The last of the scene, read from its server.
    terminal.wait("all repositories", |shown| shown.contains("✓ ok      team/worker") && !shown.contains("asks"));
    if is_new {
        terminal.keys("T");
        terminal.wait("the tour to end", |shown| !shown.contains("end tour"));
    }
    terminal
}

impl User {
    fn new(clumsy: bool, wizard: &'static str) -> Self {
        let (dir, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let terminal = program(&dir, &home);
        Self { dir, home, terminal, clumsy, wizard }
    }

    /// Goes to the roles of the repository.
    fn roles(&mut self, role: &str) {
        self.terminal.keys(&format!("1/{NAME}\r"));
        self.terminal.wait_for("1 of 1");
        self.terminal.keys("2");
        self.terminal.wait_for("timestamp");
        self.terminal.keys(&format!("/{role}\r"));
        self.terminal.wait(role, |shown| shown.contains("▌") && shown.contains(role));
    }

    /// Presses keys and waits until the wizard shows a step; between two steps the program may be killed.
    #[track_caller]
    fn step(&mut self, keys: &str, then: &str) {
        self.terminal.keys(keys);
        self.terminal.wait_for(then);
        if self.clumsy {
            self.kill();
            self.terminal.reopen_wizard(self.wizard, then);
        }
    }

    /// SIGKILL, and the program again.
    fn kill(&mut self) {
        self.terminal.kill();
        self.terminal = program(&self.dir, &self.home);
    }

    /// Through the review to the end of the publish, and back to the wizard.
    fn publish(&mut self, then: &str) {
        self.terminal.publish_in_wizard(PASSPHRASE, then);
        self.step("", then);
    }

    fn make_key(&mut self) {
        self.terminal.keys("\r");
        self.terminal.wait_for("Make a new key");
        self.step(&format!("{PASSPHRASE}{DOWN}{PASSPHRASE}\r"), "Back it up");
    }

    fn back_up(&mut self, then: &str) {
        self.terminal.keys("\r");
        self.terminal.wait_for("enter back up");
        let own = if self.clumsy { format!("{DOWN}{PASSPHRASE}") } else { String::new() };
        self.step(&format!("of the backup{own}\r"), then);
        let files = std::fs::read_dir(self.dir.path().join("kept/keys")).unwrap();
        assert!(files.into_iter().any(|f| f.unwrap().path().extension().is_some_and(|e| e == "backup")));
        assert!(std::fs::read_dir(self.home.path()).unwrap().next().is_none(), "the user's home is not the sandbox's");
    }

    /// What the servers hold in the end, as an engine of its own sees it.
    fn facts(mut self) -> Facts {
        self.terminal.keys("q");
        self.terminal.wait_end();
        // Fails if another test of this process came first, which is just as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = Some(self.dir.path().join("kept"));
            let running = start(Options { dir, ..Options::default() }).await.unwrap();
            let engine = Engine::open(running.settings(), Arc::new(jiff::Timestamp::now)).unwrap();
            let gun = gun();
            engine.views().refresh(&gun).await.unwrap();
            let wizards = engine.wizards().list().unwrap();
            assert!(wizards.is_empty(), "a closed wizard is forgotten: {wizards:?}");
            let facts =
                engine.wizards().wizard_facts(&Choice::new(Wizard::Timestamp, vec![gun], engine.now())).unwrap();
            running.shutdown().await;
            facts
        })
    }
}

fn gun() -> Gun {
    Gun::parse(&format!("registry.sandbox/{NAME}")).unwrap()
}

fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

fn keys(facts: &Facts, name: &str) -> BTreeSet<CanonicalKeyId> {
    facts.repositories[0].role(&role(name)).unwrap().ids()
}

fn is_whole(facts: &Facts) {
    let there = facts.repositories[0].there().unwrap();
    assert_eq!(there.tags, 9, "every tag of the scene can be pulled");
    assert!(facts.repositories[0].staged.is_empty() && !facts.repositories[0].in_flight);
    assert!(there.roles.values().filter(|r| r.version.is_some()).all(|r| r.trusted));
}

/// Up to the stage.
fn rotating_signer(clumsy: bool) -> User {
    let mut user = User::new(clumsy, "rotate the key of signer jeff");
    user.roles("targets/jeff");
    user.terminal.keys("t");
    user.terminal.wait_for("Who and where");
    user.step("\r", "New key");
    user.make_key();
    user.back_up("Fill the stage");
    user
}

fn rotate_signer(clumsy: bool) {
    let mut user = rotating_signer(clumsy);
    user.step("\r", "Review and publish");
    user.publish("Retire the old private key");
    user.terminal.keys("\r");
    user.terminal.wait_for("closed");
    let facts = user.facts();
    is_whole(&facts);
    let new = keys(&facts, "targets/jeff");
    assert_eq!(new.len(), 1);
    assert_eq!(keys(&facts, "targets/releases"), new);
    assert!(facts.backed_up.is_superset(&new) && facts.at_hand.is_superset(&new));
}

#[test]
fn t_on_a_signer_leads_to_a_published_rotation() {
    rotate_signer(false);
}

#[test]
fn a_signers_rotation_that_is_killed_after_each_step_ends_the_same() {
    rotate_signer(true);
}

#[test]
fn two_publishes_that_are_killed_after_each_step_end_the_same() {
    let mut user = rotating_signer(true);
    user.step("j\r", "Review and publish");
    user.publish("Remove the old key");
    user.terminal.keys("\r");
    user.terminal.wait_for("open the review");
    user.publish("Retire the old private key");
    user.terminal.keys("s");
    user.terminal.wait_for("closed");
    let facts = user.facts();
    is_whole(&facts);
    assert_eq!(keys(&facts, "targets/jeff").len(), 1);
    assert_eq!(keys(&facts, "targets/jeff"), keys(&facts, "targets/releases"));
}

/// Rotates a base role from the menu that `t` opens there, killed after each step.
fn rotate_base(role: &str, choice: usize, wizard: &'static str, makes_key: bool, last: &str) -> Facts {
    let mut user = User::new(true, wizard);
    user.roles(role);
    user.terminal.keys("t");
    if choice < 9 {
        user.terminal.wait_for("Rotate or renew");
        user.terminal.keys(&"j".repeat(choice));
        user.terminal.keys("\r");
    }
    user.terminal.wait_for("Who and where");
    if wizard == "rotate the root key" {
        // All repositories share the root key of the scene and are chosen; one is enough here.
        user.terminal.keys("A");
        user.terminal.wait_for("[ ] team/api");
        user.terminal.keys(" ");
        user.terminal.wait_for("[x] team/web");
    }
    let first = if makes_key { "New key" } else { "Fill the stage" };
    user.step("\r", first);
    if makes_key {
        user.make_key();
        user.back_up("Fill the stage");
    }
    user.step("\r", "Review and publish");
    user.publish(last);
    user.terminal.keys("\r");
    user.terminal.wait_for("closed");
    let facts = user.facts();
    is_whole(&facts);
    facts
}

#[test]
fn rotations_of_base_roles_that_are_killed_after_each_step_end_the_same() {
    let facts = rotate_base("targets", 1, "rotate the targets key", true, "Retire the old private key");
    assert!(facts.at_hand.is_superset(&keys(&facts, "targets")));
    let facts = rotate_base("snapshot", 1, "bring the snapshot key here", true, "Finished");
    assert!(facts.at_hand.is_superset(&keys(&facts, "snapshot")));
    rotate_base("timestamp", 9, "rotate the timestamp key", false, "Finished");
}

#[test]
fn renewals_that_are_killed_after_each_step_end_the_same() {
    let facts = rotate_base("targets", 0, "renew targets", false, "Finished");
    assert_eq!(facts.repositories[0].role(&Role::Targets).unwrap().version, Some(4));
    let facts = rotate_base("root", 0, "renew root", false, "Finished");
    assert_eq!(facts.repositories[0].role(&Role::Root).unwrap().version, Some(2));
}

#[test]
fn a_root_rotation_that_is_killed_after_each_step_ends_the_same() {
    let facts = rotate_base("root", 1, "rotate the root key", true, "Retire the old private key");
    assert!(facts.at_hand.is_superset(&keys(&facts, "root")));
}
