//! The load that crashed `notary-server` on a SQL database, on a server as in production: PostgreSQL, `notary-signer`.
//!
//!     cargo bench --bench production -- [--repos N] [--reads N] [--batches N] [--far]
//!
//! Each run begins with a server that was just started and a machine that has only its keys: `inspect` of all
//! repositories, then a tag for each in one `sign --publish`; once nearby, once behind a proxy on loopback that adds a
//! round trip of 50 ms and counts the requests that met another in the server's hands. Every tag is read back. `--far` leaves
//! out what is nearby. It ends with 1 if the server crashed or a tag is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use support::home::digest;
use support::{Home, NotaryServer, Proxy};

const FAR: Duration = Duration::from_millis(50);

struct Arguments {
    repos: usize,
    reads: usize,
    batches: usize,
    far: bool,
}

fn main() -> ExitCode {
    if !std::env::args().any(|word| word == "--bench") {
        return ExitCode::SUCCESS; // a test run that builds everything
    }
    let Arguments { repos, reads, batches, far } = arguments();
    let Some(server) = NotaryServer::start_on_postgres() else { return ExitCode::SUCCESS };
    let owner = Home::new(&server);
    let guns: Vec<String> = (0..repos).map(|i| format!("registry.example.test/bench/r{i:04}")).collect();
    let mut bench = Bench { server, owner, guns, failed: 0 };
    bench.set_up();
    let places = [("near", Duration::ZERO), ("50 ms away", FAR)];
    for (place, delay) in places.into_iter().skip(usize::from(far)) {
        for run in 1..=reads {
            bench.run(&format!("read {repos}, {place}, run {run}"), delay, |bench, home| bench.read(home));
        }
        for batch in 1..=batches {
            let tag = format!("{}.{batch}", u8::from(!delay.is_zero()));
            let name = format!("publish {repos}, {place}, batch {batch}");
            bench.run(&name, delay, |bench, home| bench.publish(home, &tag));
        }
    }
    println!("{} failed", bench.failed);
    ExitCode::from(u8::from(bench.failed > 0))
}

fn arguments() -> Arguments {
    let mut parsed = Arguments { repos: 500, reads: 20, batches: 5, far: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse().ok()).expect("a number after the option");
        match word.as_str() {
            "--repos" => parsed.repos = number(),
            "--reads" => parsed.reads = number(),
            "--batches" => parsed.batches = number(),
            "--far" => parsed.far = true,
            _ => {} // what cargo bench adds
        }
    }
    parsed
}

/// What Go says of a process that ends by itself, and where it was.
fn last_words(log: &str) -> String {
    let fatal = log.find("fatal error").or_else(|| log.find("panic")).unwrap_or_default();
    let frames = log[fatal..].lines().filter(|line| !line.starts_with(['{', '\t']));
    frames.take(120).collect::<Vec<_>>().join("\n")
}

struct Bench {
    server: NotaryServer,
    /// Whoever set the repositories up, with all keys.
    owner: Home,
    guns: Vec<String>,
    failed: usize,
}

impl Bench {
    fn set_up(&self) {
        let start = Instant::now();
        let mut setup = self.owner.trustdeck_command(&["setup", "--signer", "dev", "--publish", "--yes"]);
        let output = setup.args(&self.guns).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        println!("set up {} repositories in {:.1} s", self.guns.len(), start.elapsed().as_secs_f64());
    }

    /// Starts the server anew, does `work` on a new machine, and says how it went.
    fn run(&mut self, name: &str, delay: Duration, work: impl FnOnce(&Self, &Home) -> Result<(), String>) {
        self.server.restart();
        let proxy = (!delay.is_zero()).then(|| Proxy::start(self.server.port, delay));
        let url = proxy.as_ref().map_or_else(|| self.server.url.clone(), Proxy::url);
        let home = Home::at(&url, &self.server.ca);
        self.give_keys(&home);
        let before = self.server.requests().len();
        let start = Instant::now();
        let done = work(self, &home);
        let (time, requests) = (start.elapsed().as_secs_f64(), self.server.requests().len().saturating_sub(before));
        let crashed = if self.server.has_crashed() { "CRASHED" } else { "" };
        if !crashed.is_empty() {
            println!("{}", last_words(&self.server.log()));
        }
        let told = done.err().map(|why| format!("FAILED {why}")).unwrap_or_default();
        self.failed += usize::from(!crashed.is_empty() || !told.is_empty());
        let met = proxy.map(|proxy| proxy.met()).map(|(came, met)| format!(", {met} of {came} met another"));
        println!("{name}: {time:.1} s, {requests} requests{} {crashed}{told}", met.unwrap_or_default());
    }

    fn give_keys(&self, home: &Home) {
        for entry in std::fs::read_dir(self.owner.trust_dir().join("private")).unwrap() {
            let file = entry.unwrap().path();
            std::fs::copy(&file, home.trust_dir().join("private").join(file.file_name().unwrap())).unwrap();
        }
    }

    /// Reads all; each has all tags of the batches before.
    fn read(&self, home: &Home) -> Result<(), String> {
        let mut inspect = home.trustdeck_command(&["inspect"]);
        let output = inspect.args(&self.guns).stdin(Stdio::null()).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = shown.as_array().unwrap();
        (rows.len() == self.guns.len()).then_some(()).ok_or_else(|| format!("shows {} of all", rows.len()))
    }

    /// Signs a tag in all with one command, and reads each back from an empty cache.
    fn publish(&self, home: &Home, tag: &str) -> Result<(), String> {
        let mut list = String::new();
        for gun in &self.guns {
            let _ = writeln!(list, "{gun}:{tag} sha256:{} 1000", digest(tag));
        }
        let file = home.path().join("tags.txt");
        std::fs::write(&file, list).unwrap();
        let mut sign = home.trustdeck_command(&["sign", "--from", file.to_str().unwrap(), "--publish", "--yes"]);
        let output = sign.stdin(Stdio::null()).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let stranger = Home::new(&self.server);
        let mut inspect = stranger.trustdeck_command(&["inspect"]);
        let read = inspect.args(&self.guns).stdin(Stdio::null()).output().unwrap();
        let there = String::from_utf8_lossy(&read.stdout).matches(&format!("\"SignedTag\": \"{tag}\"")).count();
        (there == self.guns.len()).then_some(()).ok_or_else(|| format!("{there} tags are there"))
    }
}
