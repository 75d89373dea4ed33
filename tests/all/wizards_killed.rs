//! Wizards of several people in the real program, on a real `notary-server`: led by keys, killed with SIGKILL after
//! each step that the screen shows, opened again, and read by the real clients in the end.

use crate::support;

use serde_json::Value;
use support::home::{REPOSITORY_PASSPHRASE, without_passphrases};
use support::{Home, NotaryServer, Terminal};

const GUN: &str = "registry.example.test/team/app";
const SHORT: &str = "team/app";
const DOWN: &str = "\u{1b}[B";

/// Somebody at a machine of his own.
struct User<'a> {
    home: &'a Home,
    terminal: Terminal,
    /// Whether the program is killed and started again between the steps.
    clumsy: bool,
    /// What the list of wizards calls the one that is open.
    wizard: &'static str,
}

/// The screen, with no passphrase in its environment.
fn program(home: &Home) -> Terminal {
    let mut command = without_passphrases(home.trustdeck_command(&[]));
    let terminal = Terminal::start(command.env("LANG", "C.UTF-8"), 100, 30);
    terminal.wait("the repositories", |shown| {
        let is_read = shown.contains(SHORT) && (shown.contains("online") || shown.contains("new"));
        (is_read && !shown.contains("asks   ")) || shown.contains("try the sandbox")
    });
    terminal
}

impl<'a> User<'a> {
    fn new(home: &'a Home, clumsy: bool, wizard: &'static str) -> Self {
        Self { home, terminal: program(home), clumsy, wizard }
    }

    /// Presses keys and waits until the wizard shows a step; then the program may be killed and must show it again.
    #[track_caller]
    fn step(&mut self, keys: &str, then: &str) {
        self.terminal.keys(keys);
        self.terminal.wait_for(then);
        if self.clumsy {
            self.kill();
            self.resume(then);
        }
    }

    /// SIGKILL, and the program again.
    fn kill(&mut self) {
        self.terminal.kill();
        self.terminal = program(self.home);
    }

    #[track_caller]
    fn resume(&mut self, then: &str) {
        self.terminal.reopen_wizard(self.wizard, then);
    }

    /// Leaves a wizard that waits for somebody else.
    fn leave(mut self) {
        self.terminal.keys("q");
        self.terminal.wait_for("1 Repositories");
        self.terminal.keys("q");
        assert_eq!(self.terminal.wait_end(), 0);
    }

    /// Closes the wizard at its end, and the program.
    fn close(mut self) {
        self.terminal.keys("\r");
        self.terminal.wait_for("closed");
        self.terminal.keys("q");
        assert_eq!(self.terminal.wait_end(), 0);
        let begun = self.home.trustdeck(&["rotate", "list", "--json"]).ok().json();
        assert_eq!(begun, serde_json::json!([]), "a closed wizard is forgotten");
    }

    /// Through the review to the end of the publish, and back to the wizard.
    #[track_caller]
    fn publish(&mut self, then: &str) {
        self.terminal.publish_in_wizard(REPOSITORY_PASSPHRASE, then);
        self.step("", then);
    }

    /// Backs up what is suggested; each key's own passphrase is asked for where it is not known from a moment ago.
    #[track_caller]
    fn back_up(&mut self, keys: usize, then: &str) {
        self.terminal.keys("\r");
        self.terminal.wait_for("enter back up");
        let own = format!("{DOWN}{REPOSITORY_PASSPHRASE}").repeat(keys);
        self.step(&format!("of the backup{own}\r"), then);
    }
}

/// What a new client sees: root's keys apart, which differ from run to run.
fn seen(server: &NotaryServer) -> Value {
    let home = Home::new(server);
    let mut shown = home.docker(&["inspect", GUN]).ok().json();
    assert!(home.notary(&["list", GUN]).code == 0);
    let signers: Vec<(Value, usize)> = shown[0]["Signers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|signer| (signer["Name"].clone(), signer["Keys"].as_array().unwrap().len()))
        .collect();
    let tags = shown[0]["SignedTags"].take();
    serde_json::json!({"signers": signers, "tags": tags})
}

fn keys_of(server: &NotaryServer, role: &str) -> Vec<String> {
    let rows = Home::new(server).trustdeck(&["delegation", "list", GUN, "--json"]).ok().json();
    let row = rows.as_array().unwrap().iter().find(|row| row["role"] == role).unwrap().clone();
    row["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

fn set_up(clumsy: bool) -> Option<Value> {
    let server = NotaryServer::start_with_signer()?;
    let home = Home::new(&server);
    let mut user = User::new(&home, clumsy, "set up trust data");
    user.terminal.keys("W");
    user.terminal.wait_for("set up a");
    user.terminal.keys("\r");
    user.terminal.wait_for("Set up a repository");
    user.terminal.keys(&format!("{GUN}\r"));
    user.terminal.wait_for("Who and where");
    user.step("\r", "Root key  now");
    user.step("\r", "First signers  now");
    user.terminal.keys("\r");
    user.terminal.wait_for("Who signs tags here?");
    let typed = format!("jeff{DOWN}{REPOSITORY_PASSPHRASE}{DOWN}{REPOSITORY_PASSPHRASE}\r");
    user.step(&typed, "Back it up  now");
    user.back_up(usize::from(clumsy), "First tags  now");
    user.step("\r", "Fill the stage  now");
    user.step("\r", "Review and publish  now");
    user.publish("Back up the keys that were made  now");
    user.back_up(2, "Finished");
    user.close();
    let keys = home.trustdeck(&["key", "list", "--json"]).ok().json();
    let own = keys.as_array().unwrap().iter().filter(|key| key["where"]["kind"] == "file" || key["backup"].is_object());
    let tested = own.filter(|key| key["backup"].is_object()).count();
    // Whom the wizard made can sign with the real client.
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/jeff"]);
    Some(serde_json::json!([seen(&server), tested]))
}

#[test]
fn a_first_set_up_that_is_killed_after_each_step_ends_the_same() {
    let Some(straight) = set_up(false) else { return };
    assert_eq!(straight[1], 3, "root, targets and jeff have a tested backup: {straight}");
    assert_eq!(set_up(true), Some(straight));
}

/// A rotation whose new key a colleague holds: the administrator adds it, the colleague signs, the old one goes.
fn colleague_flow(clumsy: bool) -> Option<Value> {
    let server = NotaryServer::start_with_signer()?;
    let (home, colleagues) = (Home::new(&server), Home::new(&server));
    let old = home.generate_key("jeff");
    home.docker(&["signer", "add", "--key", &old, "jeff", GUN]).ok();
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/jeff"]);
    let replaced = keys_of(&server, "targets/jeff");
    let public = colleagues.generate_key("jeff");
    let handed = home.path().join("hand-over.json");

    let mut user = User::new(&home, clumsy, "rotate the key of signer jeff");
    user.terminal.keys("2");
    user.terminal.wait_for("timestamp");
    user.terminal.keys("/targets/jeff\r");
    user.terminal.wait("the signer", |shown| shown.contains("1 of 1"));
    user.terminal.keys("t");
    user.terminal.wait_for("Who and where");
    user.step("\r", "New key  now");
    user.terminal.keys("G\r");
    user.terminal.wait_for("A colleague's key");
    user.step(&format!("{public}\r"), "Fill the stage  now");
    user.step("\r", "Review and publish  now");
    user.publish("Wait for a signature with the new key");
    user.terminal.keys("j\r");
    user.terminal.wait_for("Hand over");
    user.terminal.keys(&format!("\u{15}{}\r", handed.display()));
    user.terminal.wait_for("hand-over file written");
    assert!(!user.terminal.text().contains("stage the removal"), "not before the new key has signed");
    user.leave();

    take_over(&colleagues, clumsy, handed.to_str().unwrap());

    let mut user = User::new(&home, clumsy, "rotate the key of signer jeff");
    user.resume("Remove the old key  now");
    user.step("\r", "open the review");
    user.publish("Retire the old private key");
    user.close();
    let left = keys_of(&server, "targets/jeff");
    assert!(left != replaced && left.len() == 1, "{left:?}");
    assert_eq!(keys_of(&server, "targets/releases"), left);
    colleagues.notary_sign(GUN, "2.0", &["targets/releases", "targets/jeff"]);
    Some(seen(&server))
}

/// The colleague's half, on a machine that has never met the repository.
fn take_over(home: &Home, clumsy: bool, file: &str) {
    let mut user = User::new(home, clumsy, "take over the key of signer jeff");
    user.terminal.keys("W");
    user.terminal.wait_for("take over a key");
    user.terminal.keys("j\r");
    user.terminal.wait_for("Sign with the key that you made");
    user.step(&format!("{file}\r"), "its root for ");
    assert!(user.terminal.text().contains("root key as the hand-over file says"));
    user.terminal.keys("\r");
    user.terminal.wait_for("First contact");
    user.step("\r", "Back it up  now");
    user.step("s", "Fill the stage  now");
    user.step("\r", "Review and publish  now");
    user.publish("Finished");
    user.close();
}

#[test]
fn a_colleagues_flow_that_is_killed_after_each_step_on_both_sides_ends_the_same() {
    let Some(straight) = colleague_flow(false) else { return };
    assert_eq!(straight["tags"].as_array().unwrap().len(), 2, "{straight}");
    assert_eq!(colleague_flow(true), Some(straight));
}
