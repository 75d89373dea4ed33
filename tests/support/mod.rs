//! The real programs that trustdeck is held against, each with its own home and port.
//!
//! A test that needs them begins with `let Some(server) = NotaryServer::start() else { return };`. Without the
//! programs it says so and passes, unless `TRUSTDECK_REQUIRE_PEERS` is set, as `tests/run` does.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

pub mod authority;
pub mod docker_registry;
pub mod engine;
pub mod forge;
pub mod front;
pub mod gate_process;
pub mod home;
pub mod image;
pub mod machine;
pub mod nginx;
pub mod notary_server;
pub mod postgres;
pub mod production;
pub mod proxy;
pub mod terminal;
pub mod token_service;

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub use authority::Authority;
pub use docker_registry::DockerRegistry;
pub use engine::Engine;
pub use gate_process::GateProcess;
pub use home::Home;
pub use notary_server::NotaryServer;
pub use postgres::Postgres;
pub use production::Production;
pub use proxy::Proxy;
pub use terminal::Terminal;
pub use token_service::TokenService;

/// A passphrase that a new key is kept under.
#[track_caller]
pub fn new_passphrase(text: &str) -> trustdeck::keys::NewPassphrase {
    trustdeck::keys::NewPassphrase::new(trustdeck::keys::Passphrase::from_text(text)).unwrap()
}

/// The path of a program, if all of `programs` are installed.
///
/// # Panics
/// If one is missing and `TRUSTDECK_REQUIRE_PEERS` is set.
pub fn peers(programs: &[&str]) -> Option<()> {
    let missing: Vec<&str> = programs.iter().copied().filter(|p| find(p).is_none()).collect();
    if missing.is_empty() {
        return Some(());
    }
    let sentence = format!("{} not installed (tests/run installs them)", missing.join(", "));
    assert!(std::env::var_os("TRUSTDECK_REQUIRE_PEERS").is_none(), "{sentence}");
    eprintln!("skipped: {sentence}");
    None
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// How a program ended and what it wrote.
#[derive(Debug)]
pub struct Ran {
    pub command: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn new(command: &Command, output: Output) -> Self {
        Self {
            command: words(command),
            // A shell's convention: 128 and the signal.
            code: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Requires success.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.ended(0)
    }

    /// Requires this exit code.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "exit code of {}\n--- stdout\n{}\n--- stderr\n{}",
            self.command, self.stdout, self.stderr
        );
        self
    }

    /// Requires JSON on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{}: {e}\n{}", self.command, self.stdout))
    }

    /// Standard error as JSON lines, one for each error.
    #[track_caller]
    pub fn errors(&self) -> Vec<serde_json::Value> {
        let lines = self.stderr.lines().filter(|l| l.starts_with('{'));
        let parsed = lines.map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap_or_else(|e| panic!("{e}: {l}")));
        parsed.filter(|line| line.get("kind").is_some()).collect()
    }

    /// The classes of the errors on standard error, where `--json` was given.
    #[track_caller]
    pub fn kinds(&self) -> Vec<String> {
        self.errors().iter().map(|e| e["kind"].as_str().unwrap_or("no kind").to_owned()).collect()
    }
}

/// The program and its arguments, without the environment.
fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command to its end with an empty standard input.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    let output = command.stdin(std::process::Stdio::null()).output();
    Ran::new(command, output.unwrap_or_else(|e| panic!("{command:?}: {e}")))
}

/// Runs a command to its end with this standard input.
#[track_caller]
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Ran {
    use std::io::Write;
    use std::process::Stdio;
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = piped.unwrap_or_else(|e| panic!("{command:?}: {e}"));
    // A program that fails early closes its input; what it says is what counts.
    let _ = child.stdin.take().unwrap().write_all(input);
    Ran::new(command, child.wait_with_output().unwrap())
}

/// `trustdeck` as whoever owns the keys of a sandbox runs it, in a home of his own.
pub fn at_sandbox(sandbox: &trustdeck::sandbox::Running, home: &std::path::Path, arguments: &[&str]) -> Command {
    let layout = sandbox.layout();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.arg("--insecure-http").args(arguments).env_clear().env("HOME", home);
    command.env("XDG_CONFIG_HOME", layout.config_home()).env("XDG_STATE_HOME", layout.state_home());
    command.env("DOCKER_CONFIG", layout.docker_dir()).env("DOCKER_CONTENT_TRUST_SERVER", sandbox.url());
    for role in ["ROOT", "REPOSITORY"] {
        command.env(format!("DOCKER_CONTENT_TRUST_{role}_PASSPHRASE"), trustdeck::sandbox::PASSPHRASE);
    }
    command
}

/// Where nobody listens, however many servers other tests start meanwhile.
pub const NOBODYS_PORT: u16 = 1;

/// A port of loopback that is free now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Polls until `ready`, for things that send no event (a port that opens).
#[track_caller]
pub fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ready() {
        assert!(Instant::now() < deadline, "waited 30 s for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs the test of this name once more in a process of its own, for what is counted of all that a process does. `true` in
/// that process.
///
/// # Panics
/// If it fails there.
pub fn in_own_process(test: &str) -> bool {
    const OWN: &str = "TRUSTDECK_TEST_OWN_PROCESS";
    let is_own = std::env::var_os(OWN).is_some();
    if !is_own {
        let mut own = Command::new(std::env::current_exe().unwrap());
        let ran = own.args(["--exact", test, "--nocapture"]).env(OWN, "1").output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        assert!(String::from_utf8_lossy(&ran.stdout).contains("1 passed"), "no test is called {test}");
    }
    is_own
}

/// The first of these files that exists.
///
/// # Panics
/// If none does and `TRUSTDECK_REQUIRE_PEERS` is set.
pub fn find_library(paths: &[&str], package: &str) -> Option<PathBuf> {
    let found = paths.iter().map(PathBuf::from).find(|path| path.is_file());
    if found.is_none() {
        let sentence = format!("the library of {package} not installed (tests/run installs it)");
        assert!(std::env::var_os("TRUSTDECK_REQUIRE_PEERS").is_none(), "{sentence}");
        eprintln!("skipped: {sentence}");
    }
    found
}

/// The most memory that a process has had, in bytes; `self` is this one.
pub fn peak(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
