//! The real binary's screen in a pseudo-terminal, on a real server.

use std::io::Read;
use std::process::Command;
use std::sync::mpsc;

use portable_pty::{PtySize, native_pty_system};

use crate::interop::prompting::asking;
use crate::interop::{GUN, docker_repository, input_file};
use crate::support::front::{Fault, Front};
use crate::support::home::{REPOSITORY_PASSPHRASE, ROOT_PASSPHRASE};
use crate::support::{Home, NotaryServer, Terminal, run, wait_until};

fn command(home: &Home) -> Command {
    let mut command: Command = asking(home, &[GUN]);
    command.env("LANG", "C.UTF-8");
    command
}

fn screen(home: &Home, columns: u16, rows: u16) -> Terminal {
    Terminal::start(&command(home), columns, rows)
}

/// Adds a signer with the dialog, as far as the review.
fn add_signer(terminal: &mut Terminal, name: &str, key: &str) {
    terminal.keys("s");
    terminal.wait_for("Add a signer");
    terminal.keys(name);
    terminal.keys("\u{1b}[B");
    terminal.keys(key);
    terminal.wait_for(key.rsplit('/').next().unwrap());
    terminal.keys("\r");
    terminal.wait_for(&format!("add signer {name}"));
    terminal.keys("p");
    terminal.wait_for("P publish");
    terminal.wait_for("nothing gets worse");
}

/// Leaves the screen; the terminal must be as it was.
fn leave(terminal: &mut Terminal) {
    terminal.wait("a whole screen", |shown| shown.contains("1 Repositories") || shown.contains("enter back"));
    if !terminal.text().contains("1 Repositories") {
        terminal.keys("\u{1b}");
        terminal.wait_for("1 Repositories");
    }
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
    let raw = terminal.raw();
    assert!(raw.contains("\u{1b}[?1049l") && terminal.echoes());
    let (begun, ended) = (raw.matches("\u{1b}[?2026h").count(), raw.matches("\u{1b}[?2026l").count());
    assert!(begun > 0 && ended >= begun, "each frame is shown whole: {begun} begun, {ended} ended");
}

#[test]
fn the_first_signer_is_added_reviewed_and_published_on_the_screen() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let mut terminal = screen(&home, 100, 30);
    terminal.wait_for("no trust data on the server");
    add_signer(&mut terminal, "alice", &input_file("alice.pub"));
    terminal.keys("P");
    for (key, passphrase) in [("key 1 of 2", ROOT_PASSPHRASE), ("key 2 of 2", REPOSITORY_PASSPHRASE)] {
        terminal.wait_for(key);
        terminal.keys(&format!("{passphrase}\r"));
        terminal.wait("the second question", |shown| shown.contains(key) && shown.contains("again"));
        terminal.keys(&format!("{passphrase}\r"));
    }
    terminal.wait_for("read back as a client with an empty cache");
    leave(&mut terminal);
    let shown = home.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["Signers"][0]["Name"], "alice");
    assert!(!terminal.raw().contains(ROOT_PASSPHRASE));
    // The keys that were made open with the passphrases that were typed.
    let bob = home.generate_key("bob");
    home.docker(&["signer", "add", "--key", &bob, "bob", GUN]).ok();
}

#[test]
fn a_signer_is_added_to_a_repository_of_docker_on_the_screen() {
    let Some((_server, home)) = docker_repository() else { return };
    for (columns, rows, signer, key) in [(80, 24, "carol", "carol.pub"), (120, 40, "erin", "erin.crt")] {
        let mut terminal = screen(&home, columns, rows);
        // First contact is asked about once: this machine's docker has met the repository already.
        terminal.wait_for("online");
        terminal.wait_for("✓ ok");
        add_signer(&mut terminal, signer, &input_file(key));
        terminal.keys("P");
        terminal.wait_for("assphrase");
        terminal.keys("not the one\r");
        terminal.wait_for("attempt 2");
        terminal.keys(&format!("{REPOSITORY_PASSPHRASE}\r"));
        terminal.wait_for("read back as a client with an empty cache");
        leave(&mut terminal);
        assert!(!terminal.raw().contains(REPOSITORY_PASSPHRASE) && !terminal.raw().contains("not the one"));
        let shown = home.docker(&["inspect", GUN]).ok().json();
        assert!(shown[0]["Signers"].as_array().unwrap().iter().any(|s| s["Name"] == signer), "{shown}");
    }
}

#[test]
fn what_was_refused_is_published_once_somebody_else_has_logged_in() {
    let Some(server) = NotaryServer::start_plain() else { return };
    let (home, front) = (Home::at(&server.url, &server.ca), Front::start(server.port));
    let alice = input_file("alice.pub");
    home.publish(&["--insecure-http", "signer", "add", "--key", &alice, "alice", GUN]).ok();
    front.demand("reader:one word", "writer:another word");
    // cmVhZGVyOm9uZSB3b3Jk is reader:one word.
    let logins = format!(r#"{{"auths":{{"{}":{{"auth":"cmVhZGVyOm9uZSB3b3Jk"}}}}}}"#, GUN.split('/').next().unwrap());
    std::fs::write(home.path().join(".docker/config.json"), logins).unwrap();
    let mut command = asking(&home, &["--insecure-http", "--server", &front.url, GUN]);
    let mut terminal = Terminal::start(command.env("LANG", "C.UTF-8"), 120, 40);
    terminal.wait_for("✓ ok");
    add_signer(&mut terminal, "carol", &input_file("carol.pub"));
    terminal.keys("P");
    terminal.wait_for("assphrase");
    terminal.keys(&format!("{REPOSITORY_PASSPHRASE}\r"));
    terminal.wait_for("kept staged");
    terminal.wait_for("i log in");
    terminal.keys("i");
    terminal.wait_for("Kept for this session");
    terminal.keys("writer\tanother word\r");
    terminal.wait_for("P publish");
    terminal.wait_for("nothing gets worse");
    terminal.keys("P");
    terminal.wait_for("read back as a client with an empty cache");
    leave(&mut terminal);
    assert!(!terminal.raw().contains("another word"));
    let shown = home.trustdeck(&["--insecure-http", "delegation", "list", GUN]).ok().stdout;
    assert!(shown.contains("targets/carol"), "{shown}");
}

#[test]
fn while_an_upload_hangs_the_screen_answers_every_key() {
    let Some(server) = NotaryServer::start_plain() else { return };
    let (home, front) = (Home::at(&server.url, &server.ca), Front::start(server.port));
    let alice = input_file("alice.pub");
    home.publish(&["--insecure-http", "signer", "add", "--key", &alice, "alice", GUN]).ok();
    let mut command = asking(&home, &["--insecure-http", "--server", &front.url, GUN]);
    let mut terminal = Terminal::start(command.env("LANG", "C.UTF-8"), 100, 30);
    terminal.wait_for("✓ ok");
    add_signer(&mut terminal, "carol", &input_file("carol.pub"));
    let (release, released) = mpsc::channel::<()>();
    // Ends when the other side is dropped.
    front.next_uploads([Fault::Before(Box::new(move || {
        let _ = released.recv();
    }))]);
    terminal.keys("P");
    terminal.wait_for("assphrase");
    terminal.keys(&format!("{REPOSITORY_PASSPHRASE}\r"));
    terminal.wait_for("sending");
    terminal.keys("q");
    terminal.wait_for("the publish still runs");
    terminal.keys("?");
    terminal.wait_for("Help");
    terminal.keys("\u{1b}");
    terminal.wait("help to be closed", |shown| !shown.contains("Help") && shown.contains("sending"));
    terminal.keys("\u{3}");
    drop(release);
    terminal.wait_for("read back as a client with an empty cache");
    leave(&mut terminal);
}

#[test]
fn a_signal_restores_the_terminal_and_says_that_the_stage_is_safe() {
    let Some((_server, home)) = docker_repository() else { return };
    for signal in ["-TERM", "-HUP"] {
        let mut terminal = screen(&home, 100, 30);
        terminal.wait_for("online");
        let pid = terminal.id().to_string();
        run(home.command("kill").args([signal, &pid])).ok();
        assert_ne!(terminal.wait_end(), 0);
        let raw = terminal.raw();
        let left = raw.rfind("\u{1b}[?1049l").expect("the alternate screen is left");
        assert!(raw[left..].contains("safe"), "{signal}: {}", &raw[left..]);
        assert!(terminal.echoes());
    }
}

#[test]
fn a_terminal_that_is_gone_ends_the_program() {
    let Some((_server, home)) = docker_repository() else { return };
    let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut child = pair.slave.spawn_command(Terminal::builder(&command(&home))).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains("Repositories") {
        let count = reader.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "the program has ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..count]);
    }
    drop((reader, pair.master));
    // The harness's own limit ends the test if the program does not end.
    assert!(!child.wait().unwrap().success());
}

#[test]
fn a_paste_of_a_megabyte_presses_no_key() {
    let Some((_server, home)) = docker_repository() else { return };
    let mut terminal = screen(&home, 100, 30);
    terminal.wait_for("online");
    let lines = "Dj\rd\nqP\r\n".repeat(100_000);
    terminal.keys(&format!("\u{1b}[200~{lines}\u{1b}[201~a"));
    terminal.wait_for("Add a repository");
    // In a form it is one line.
    terminal.keys(&format!("\u{1b}[200~one.example.com/team/app\n{lines}\u{1b}[201~"));
    terminal.wait_for("one.example.com/team/app");
    terminal.keys("\u{1b}");
    terminal.wait("the form to close", |shown| !shown.contains("Add a repository"));
    leave(&mut terminal);
    let status = home.trustdeck(&["status"]).ok().stdout;
    assert!(status.lines().any(|line| line.split_whitespace().eq(["staged", "0"])), "{status}");
}

#[test]
fn a_storm_of_sizes_ends_in_a_whole_screen() {
    let Some((_server, home)) = docker_repository() else { return };
    let mut terminal = screen(&home, 100, 30);
    terminal.wait_for("online");
    for n in 0..60 {
        terminal.resize(1 + n * 7 % 200, 1 + n * 3 % 60);
    }
    terminal.resize(1, 1);
    terminal.resize(50, 12);
    terminal.wait_for("too small");
    terminal.resize(100, 30);
    terminal.wait_for("1 Repositories");
    let before = terminal.raw().matches("Repositories").count();
    terminal.keys("\u{c}");
    wait_until("the screen to be drawn anew", || terminal.raw().matches("Repositories").count() > before);
    terminal.wait_for("help");
    leave(&mut terminal);
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    let Some((_server, home)) = docker_repository() else { return };
    let mut terminal = screen(&home, 50, 12);
    terminal.wait_for("60");
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
}
