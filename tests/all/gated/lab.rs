//! A sandbox with a gate before its registry.

use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use trustdeck::engine::{Clock, Engine, Settings};
use trustdeck::gate::{self, GateLogin, Options};
use trustdeck::sandbox::{self, REGISTRY, Running};

use crate::support::{Ran, at_sandbox, run};

/// What the gate logged.
pub type Lines = Arc<Mutex<Vec<String>>>;

pub struct Lab {
    pub runtime: tokio::runtime::Runtime,
    pub engine: Engine,
    pub lines: Lines,
    sandbox: Option<Running>,
    gate: Option<gate::Running>,
    pub home: TempDir,
}

pub fn options() -> Options {
    let listen = "127.0.0.1:0".parse().unwrap();
    Options { listen, upstream: REGISTRY.to_owned(), strict: false, tls: None, login: None, open: false }
}

impl Lab {
    pub fn start(options: &Options) -> Self {
        Self::changed(options, Arc::new(jiff::Timestamp::now), |_, _| {})
    }

    /// With another clock for the gate, and with what `change` does to its settings.
    pub fn changed(options: &Options, clock: Clock, change: impl FnOnce(&Running, &mut Settings)) -> Self {
        Self::over(sandbox::Options { http: true, ..sandbox::Options::default() }, options, clock, change)
    }

    /// With a registry that speaks TLS, and so HTTP/2.
    pub fn with_tls(options: &Options) -> Self {
        Self::over(sandbox::Options::default(), options, Arc::new(jiff::Timestamp::now), |_, _| {})
    }

    fn over(
        sandboxed: sandbox::Options,
        options: &Options,
        clock: Clock,
        change: impl FnOnce(&Running, &mut Settings),
    ) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sandbox = runtime.block_on(sandbox::start(sandboxed)).unwrap();
        let mut settings = sandbox.settings();
        change(&sandbox, &mut settings);
        let engine = Engine::open(settings, Arc::clone(&clock)).unwrap();
        let lines = Lines::default();
        let heard = Arc::clone(&lines);
        let log: gate::Log = Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned()));
        let gate = runtime.block_on(gate::start(&engine, options, clock, log)).unwrap();
        Self { runtime, engine, lines, sandbox: Some(sandbox), gate: Some(gate), home: TempDir::new().unwrap() }
    }

    pub fn sandbox(&self) -> &Running {
        self.sandbox.as_ref().unwrap()
    }

    /// `http://HOST:PORT` of the gate.
    pub fn url(&self) -> String {
        format!("http://{}", self.gate.as_ref().unwrap().address())
    }

    /// An image as clients of the gate name it.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.gate.as_ref().unwrap().address())
    }

    /// Ends the sandbox, as if the trust server and the registry were away.
    pub fn end_sandbox(&mut self) {
        self.runtime.block_on(self.sandbox.take().unwrap().shutdown());
    }

    /// What an owner of the sandbox's keys does.
    pub fn trustdeck(&self, arguments: &[&str]) -> Ran {
        run(&mut at_sandbox(self.sandbox.as_ref().unwrap(), self.home.path(), arguments))
    }

    pub fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        let mut command = Command::new(program);
        command.args(arguments).env("HOME", self.home.path()).env("XDG_RUNTIME_DIR", self.home.path());
        run(&mut command)
    }

    pub fn skopeo(&self, arguments: &[&str]) -> Ran {
        self.run("skopeo", &[&["--insecure-policy"], arguments].concat())
    }

    /// Copies an image out of the gate.
    pub fn pull(&self, name: &str) -> Ran {
        let to = format!("oci:{}:copy", self.home.path().join("layout").display());
        self.skopeo(&["copy", "--all", "--src-tls-verify=false", &format!("docker://{}", self.image(name)), &to])
    }

    /// What the gate answers.
    pub fn get(&self, target: &str) -> String {
        self.runtime.block_on(crate::support::image::get(&self.url(), target))
    }

    /// Whether an answer came whole, as its head says, and its body.
    pub fn get_body(&self, target: &str) -> (bool, Vec<u8>) {
        let answer = self.runtime.block_on(crate::support::image::get_bytes(&self.url(), target));
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let (head, body) = (String::from_utf8_lossy(&answer[..end]).to_lowercase(), &answer[end..]);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        (length == Some(body.len()), body.to_vec())
    }

    pub fn logged(&self, text: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|line| line.contains(text))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            self.runtime.block_on(gate.shutdown());
        }
        if self.sandbox.is_some() {
            self.end_sandbox();
        }
    }
}

/// A login of a test.
pub fn login() -> GateLogin {
    GateLogin::parse("jeff:secret").unwrap()
}
