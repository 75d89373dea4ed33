//! `trustdeck sandbox --serve` in a process of its own, and the shell lines that it prints.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::sandbox::clients::NOTARY_AUTH;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Ran, peers, run, wait_until};

/// A sandbox that can be killed; it ends with the value.
pub struct Process {
    pub child: Child,
    pub url: String,
    /// What it printed: the URL and lines for `eval`.
    pub lines: String,
    home: tempfile::TempDir,
    /// Where the sandbox makes its directory, so that it is removed even after a kill.
    _temporary: tempfile::TempDir,
}

impl Process {
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let (home, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
        command.args(["sandbox", "--serve"]).args(arguments).env_clear().env("HOME", home.path());
        command.env("TMPDIR", temporary.path()).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.as_mut().unwrap());
        let mut lines = String::new();
        // The function for trustdeck comes last.
        while !lines.contains("trustdeck()") {
            assert_ne!(output.read_line(&mut lines).unwrap(), 0, "the sandbox ended after: {lines}");
        }
        let first = lines.lines().next().unwrap();
        let url = first.strip_prefix("# ").expect("the first line is the URL").to_owned();
        Self { child, url, lines, home, _temporary: temporary }
    }

    /// Runs a script in a shell that has taken the lines.
    #[track_caller]
    pub fn shell(&self, script: &str) -> Ran {
        let mut command = Command::new("sh");
        let binary = std::path::Path::new(env!("CARGO_BIN_EXE_trustdeck")).parent().unwrap().to_owned();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        command.arg("-c").arg(format!("set -e\neval \"$LINES\"\n{script}")).env_clear();
        run(command.env("LINES", &self.lines).env("PATH", path).env("HOME", self.home.path()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_shell_that_takes_the_lines_uses_the_sandbox_with_all_programs() {
    if peers(&["notary", "docker"]).is_none() {
        return;
    }
    let process = Process::start(&[], &[]);
    let web = "registry.sandbox/team/web";
    let shown = process.shell(&format!("docker trust inspect {web}")).ok().json();
    assert_eq!(shown[0]["SignedTags"].as_array().unwrap().len(), 9);
    let ours = process.shell(&format!("trustdeck inspect {web}")).ok().json();
    assert_eq!(ours, shown);

    // The scene's keys open for docker and notary, and a colleague's public key can be added.
    let add = "docker trust signer add --key \"$DOCKER_CONFIG/../keys/carol.pub\" carol";
    process.shell(&format!("{add} {web} registry.sandbox/team/new-service")).ok();
    let sha = "0000000000000000000000000000000000000000000000000000000000000001";
    process.shell(&format!("notary addhash {web} 4.0 1234 --sha256 {sha} -r targets/jeff,targets/releases -p")).ok();
    let shown = process.shell(&format!("docker trust inspect {web}")).ok().json();
    assert_eq!(shown[0]["SignedTags"].as_array().unwrap().len(), 10);
    assert_eq!(shown[0]["Signers"].as_array().unwrap().len(), 2);
    // What the removed key signed is refused by everybody, until somebody signs it again.
    let portal = "registry.sandbox/team/portal";
    let refused = process.shell(&format!("docker trust inspect {portal}")).ok().json();
    assert_eq!(refused[0]["SignedTags"], serde_json::json!([]));
    process.shell(&format!("notary witness {portal} targets/releases -p")).ok();
    let mended = process.shell(&format!("docker trust inspect {portal}")).ok().json();
    assert_eq!(mended[0]["SignedTags"].as_array().unwrap().len(), 6);
    assert_eq!(std::fs::read_dir(process.home.path()).unwrap().count(), 0, "nothing in the user's own home");
}

#[test]
fn the_lines_name_images_that_are_there_and_point_what_trustdeck_runs_at_the_registry() {
    let full = Process::start(&[], &[]);
    assert!(full.lines.contains("docker://registry.sandbox/team/web:3.1.6"), "{}", full.lines);
    let own = full.lines.lines().find(|line| line.starts_with("trustdeck()")).unwrap();
    assert!(own.contains("CONTAINERS_REGISTRIES_CONF=") && own.contains("REGISTRY_AUTH_FILE="), "{own}");
    let empty = Process::start(&["--empty"], &[]);
    assert!(!empty.lines.contains("team/web"), "{}", empty.lines);
}

#[test]
fn a_login_from_the_environment_is_demanded_and_handed_on() {
    if peers(&["notary", "docker"]).is_none() {
        return;
    }
    let login = [("TRUSTDECK_SANDBOX_AUTH", "jeff:correct horse")];
    for how in ["basic", "token"] {
        let process = Process::start(&["--auth", how], &login);
        assert!(process.lines.contains(NOTARY_AUTH));
        let web = "registry.sandbox/team/web";
        process.shell(&format!("docker trust inspect {web}")).ok();
        process.shell(&format!("trustdeck inspect {web}")).ok();
        process.shell(&format!("notary witness {web} targets/jeff -p")).ok();
        let stranger = format!("rm \"$DOCKER_CONFIG/config.json\"; docker trust inspect {web}-not-cached");
        process.shell(&stranger).ended(1);
    }
}

#[test]
fn a_sandbox_that_others_reach_wants_a_login_or_to_be_called_open() {
    let run_at = |listen: &str, more: &[&str]| {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
        command.args(["sandbox", "--serve", "--empty", "--json", "--listen", listen]).args(more);
        run(command.env_clear().env("HOME", home.path()).env("TMPDIR", home.path()))
    };
    for everywhere in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0", "192.0.2.1:0"] {
        let refused = run_at(everywhere, &[]).ended(2);
        assert!(refused.stderr.contains("--open") && refused.stderr.contains("--auth"), "{}", refused.stderr);
    }
    // Past the question this address cannot be bound.
    let bound = run_at("192.0.2.1:0", &["--open"]).ended(2);
    assert!(bound.stderr.contains("cannot listen"), "{}", bound.stderr);
}

#[test]
fn eight_that_sign_at_once_all_land() {
    let process = Process::start(&["--http", "--empty"], &[]);
    let sign = "trustdeck --insecure-http sign registry.sandbox/team/app:$tag --size 5 --publish --yes \
        --digest sha256:0000000000000000000000000000000000000000000000000000000000000001";
    let script = format!(
        "trustdeck --insecure-http setup registry.sandbox/team/app --signer dev --publish --yes\n\
         for tag in a b c d e f g h; do {sign} 2>\"$HOME/$tag\" & echo $! >>\"$HOME/pids\"; done\n\
         for pid in $(cat \"$HOME/pids\"); do wait $pid || {{ cat \"$HOME\"/? >&2; exit 1; }}; done >/dev/null"
    );
    process.shell(&script).ok();
    let shown = process.shell("trustdeck --insecure-http inspect registry.sandbox/team/app").ok().json();
    let tags: Vec<&str> =
        shown[0]["SignedTags"].as_array().unwrap().iter().map(|tag| tag["SignedTag"].as_str().unwrap()).collect();
    assert_eq!(tags, ["a", "b", "c", "d", "e", "f", "g", "h"]);
}

#[test]
fn one_that_is_ended_while_it_is_made_leaves_nothing_behind() {
    let (home, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = || std::fs::read_dir(temporary.path()).unwrap().count();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.args(["sandbox", "--serve"]).env_clear().env("HOME", home.path()).env("TMPDIR", temporary.path());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    wait_until("its directory", || made() > 0);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(made(), 0);
}
