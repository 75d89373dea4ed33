//! `trustdeck plugin`: the link, and what docker makes of it.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::lab::Lab;
use crate::support::{Ran, Terminal, run};

/// A home without anything, with a `docker` that says this of itself.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn with_docker(version: &str) -> Self {
        let machine = Self { dir: tempfile::TempDir::new().unwrap() };
        std::fs::create_dir(machine.path("bin")).unwrap();
        machine.docker(version);
        machine
    }

    fn docker(&self, version: &str) {
        let program = self.path("bin/docker");
        std::fs::write(&program, format!("#!/bin/sh\necho 'Docker version {version}, build 1'\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn plugin(&self, name: &str) -> PathBuf {
        self.path(".docker/cli-plugins").join(name)
    }

    #[track_caller]
    fn trustdeck(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        run(self.command().args(arguments).envs(environment.iter().copied()))
    }

    fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trustdeck"));
        command.env_clear().env("HOME", self.dir.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        command
    }
}

#[test]
fn the_link_has_the_name_that_this_docker_takes() {
    let machine = Machine::with_docker("28.5.1");
    let (trust, deck) = (machine.plugin("docker-trust"), machine.plugin("docker-trustdeck"));
    assert!(machine.trustdeck(&["plugin", "status"], &[]).ok().stdout.contains("not installed"));
    machine.trustdeck(&["plugin", "install"], &[]).ok();
    assert!(deck.is_symlink() && !trust.exists());
    machine.docker("29.0.0");
    let status = machine.trustdeck(&["plugin", "status", "--json"], &[]).ok().json();
    assert_eq!((&status["name"], &status["links"][0]["state"]), (&"trust".into(), &"unused".into()));
    machine.trustdeck(&["plugin", "install"], &[]).ok();
    assert!(trust.is_symlink() && !deck.exists());
    machine.trustdeck(&["plugin", "install"], &[]).ok();
    let removed = machine.trustdeck(&["plugin", "remove"], &[]).ok();
    assert!(removed.stdout.contains("docker-trust") && !trust.exists());
    machine.trustdeck(&["plugin", "remove"], &[]).ok();
}

#[test]
fn nothing_but_links_to_trustdeck_is_touched() {
    let machine = Machine::with_docker("29.1.0");
    let file = machine.plugin("docker-trust");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "somebody else's").unwrap();
    machine.trustdeck(&["plugin", "install"], &[]).ended(2);
    machine.trustdeck(&["plugin", "remove"], &[]).ok();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "somebody else's");
    std::fs::remove_file(&file).unwrap();
    symlink("/nowhere/trustdeck", &file).unwrap();
    assert!(machine.trustdeck(&["plugin", "status"], &[]).ok().stdout.contains("broken"));
    machine.trustdeck(&["plugin", "install"], &[]).ok();
    assert!(file.exists(), "a link to a trustdeck that is gone is ours to mend");
}

#[test]
fn docker_runs_the_plugin_that_was_installed() {
    let Some(lab) = Lab::start() else { return };
    let home = &lab.ours.home;
    home.trustdeck(&["plugin", "install"]).ok();
    let docker = |arguments: &[&str]| {
        let mut command = home.command("docker");
        run(command.args(arguments).env("DOCKER_HOST", &lab.engine.host))
    };
    assert!(docker(&["--help"]).ok().stdout.contains("trustdeck*"), "{}", docker(&["--help"]).stdout);
    let app = lab.words("REG/team/app").remove(0);
    docker(&["trustdeck", "key", "generate", "alice"]).ok();
    docker(&["trustdeck", "signer", "add", "--key", "alice.pub", "alice", &app]).ok();
    let image = format!("{app}:1.0");
    let signed = docker(&["--debug", "trustdeck", "sign", &image]).ok();
    assert!(signed.stdout.ends_with(&format!("Successfully signed {image}\n")), "{}", signed.stdout);
    assert_eq!(docker(&["trustdeck", "inspect", &app]).ok().stdout, docker(&["trust", "inspect", &app]).ok().stdout);
    let wrong = docker(&["trustdeck", "sign"]).ended(1);
    assert!(wrong.stderr.contains("'docker trustdeck sign' requires 1 argument"), "{}", wrong.stderr);
    assert!(docker(&["trustdeck", "sign", "--help"]).ok().stdout.starts_with("Usage:  docker trustdeck sign"));
}

#[test]
fn a_docker_that_ignores_content_trust_is_told_of_once() {
    let machine = Machine::with_docker("29.0.2");
    let on = [("DOCKER_CONTENT_TRUST", "1")];
    let says = |ran: Ran| ran.stderr.contains("DOCKER_CONTENT_TRUST is set, but docker 29.0.2 ignores it");
    assert!(!says(machine.trustdeck(&["key", "list"], &[]).ok()), "it is not set");
    assert!(!says(machine.trustdeck(&["key", "list"], &[("DOCKER_CONTENT_TRUST", "0")]).ok()));
    assert!(says(machine.trustdeck(&["key", "list"], &on).ok()));
    assert!(!says(machine.trustdeck(&["key", "list"], &on).ok()), "once");
    let status = machine.trustdeck(&["status"], &on).ok();
    assert!(status.stdout.contains("docker 29.0.2 ignores it"), "{}", status.stdout);
    machine.docker("28.5.2");
    assert!(!machine.trustdeck(&["status"], &on).ok().stdout.contains("ignores it"));
}

#[test]
fn the_screen_tells_of_it_too_and_once_as_well() {
    let machine = Machine::with_docker("29.0.2");
    let mut command = machine.command();
    command.env("DOCKER_CONTENT_TRUST", "1").env("LANG", "C.UTF-8");
    let mut terminal = Terminal::start(&command, 160, 30);
    terminal.wait_for("DOCKER_CONTENT_TRUST is set, but docker 29.0.2 ignores it");
    terminal.keys("q");
    assert_eq!(terminal.wait_end(), 0);
    let again = machine.trustdeck(&["key", "list"], &[("DOCKER_CONTENT_TRUST", "1")]).ok();
    assert!(!again.stderr.contains("ignores it"), "{}", again.stderr);
}

#[test]
fn what_docker_asks_for_completions_is_answered_and_never_run() {
    let Some(lab) = Lab::start() else { return };
    let (user, app) = (&lab.ours, lab.words("REG/team/app").remove(0));
    for line in ["key generate alice", "signer add --key alice.pub alice REG/team/app"] {
        user.trust(&lab.words(line), "").ok();
    }
    let complete = |words: &[&str]| {
        let mut command = user.home.command(user.home.path().join("docker-trust"));
        run(command.args(["__complete", "trust"]).args(words)).ok().stdout
    };
    assert_eq!(complete(&["signer", "remove", "-f", "alice", &app, ""]), format!("{app}\n{app}:\n:4\n"));
    let shown = user.trust(&lab.words("inspect REG/team/app"), "").ok().json();
    assert_eq!(shown[0]["Signers"][0]["Name"], "alice");
    assert_eq!(complete(&["s"]), "sign\nsigner\n:4\n");
    assert_eq!(complete(&["key", ""]), "generate\nload\n:4\n");
    assert_eq!(complete(&["revoke", "--"]), "--yes\n:4\n");
    assert_eq!(complete(&["signer", "add", "--key", ""]), ":0\n");
}
