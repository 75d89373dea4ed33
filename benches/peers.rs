//! trustdeck beside `docker trust` and `notary`, in one run, on one real `notary-server`.
//!
//!     cargo bench --bench peers -- [--repos N] [--tags N] [--runs N] [--far-repos N]
//!
//! Machines are noisy: only the ratios of one run count. Medians of wall-clock time; requests as the server logged
//! them. "50 ms" is a proxy on loopback that adds a round trip of 50 ms to each exchange and to each connection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::json;
use support::home::{REPOSITORY_PASSPHRASE, digest};
use support::machine::{add_signer, settings_of};
use support::{Home, NotaryServer, Proxy};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trustdeck::engine::plan::NeededKey;
use trustdeck::engine::publish::job::Approval;
use trustdeck::engine::{Engine, Passphrase, PublishOutcome};
use trustdeck::tuf::{Gun, PublicKey};

const SIGNERS: [&str; 5] = ["s0", "s1", "s2", "s3", "s4"];
/// A tag is signed into the signer's own role and into releases, as `docker trust sign` does with one key at hand.
const ROLES: [&str; 2] = ["targets/releases", "targets/s0"];
const FAR: Duration = Duration::from_millis(50);

struct Arguments {
    repos: usize,
    far_repos: usize,
    tags: usize,
    runs: usize,
}

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        return; // a test run that builds everything
    }
    let arguments = arguments();
    let Some(server) = NotaryServer::start() else { return };
    let near = Home::new(&server);
    println!("filling the server: {} repositories with 5 signers and 10 tags", arguments.repos);
    let guns: Vec<String> = (0..arguments.repos).map(|i| format!("localhost:5000/bench/r{i:04}")).collect();
    fill(&near, &guns, 10);
    let big = "localhost:5000/bench/big".to_owned();
    println!("filling the server: one repository with {} tags", arguments.tags);
    fill(&near, std::slice::from_ref(&big), 0);
    sign_many(&near, &big, arguments.tags, &[]);
    println!("\n{:<46} {:>9} {:>9} {:>7} {:>8} {:>8}", "workload", "docker", "trustdeck", "ratio", "requests", "ours");
    let mut bench = Bench { server: &server, near: &near, runs: arguments.runs, used: RefCell::default() };
    let one = std::slice::from_ref(&guns[0]);
    bench.inspect("inspect 1 repository cold, 0 ms", Duration::ZERO, one, State::Cold);
    bench.inspect("inspect 1 repository cold, 50 ms", FAR, one, State::Cold);
    bench.inspect("inspect 1 repository warm, 0 ms", Duration::ZERO, one, State::Warm);
    bench.inspect("inspect 1 repository warm, 50 ms", FAR, one, State::Warm);
    let big = std::slice::from_ref(&big);
    bench.inspect(&format!("inspect {} tags cold, 0 ms", arguments.tags), Duration::ZERO, big, State::Cold);
    bench.inspect(&format!("inspect {} tags warm, 0 ms", arguments.tags), Duration::ZERO, big, State::Warm);
    bench.runs = 1;
    let all = format!("inspect {} repositories", guns.len());
    bench.inspect(&format!("{all} cold, 0 ms"), Duration::ZERO, &guns, State::Cold);
    bench.inspect(&format!("{all} warm, 0 ms"), Duration::ZERO, &guns, State::Warm);
    let far = &guns[..arguments.far_repos.min(guns.len())];
    bench.inspect(&format!("inspect {} repositories cold, 50 ms", far.len()), FAR, far, State::Cold);
    bench.signers(Duration::ZERO);
    bench.signers(FAR);
    bench.one_signer(Duration::ZERO);
    bench.one_signer(FAR);
    bench.signer_everywhere(&guns[..50.min(guns.len())], Duration::ZERO);
    bench.signer_everywhere(&guns[..50.min(guns.len())], FAR);
    bench.thousand_tags();
    bench.busy_disk(one);
    bench.many_keys(one);
    memory(&near, &guns, big);
}

fn arguments() -> Arguments {
    let mut parsed = Arguments { repos: 100, far_repos: 20, tags: 10_000, runs: 5 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse().ok()).expect("a number after the option");
        match word.as_str() {
            "--repos" => parsed.repos = number(),
            "--far-repos" => parsed.far_repos = number(),
            "--tags" => parsed.tags = number(),
            "--runs" => parsed.runs = number(),
            _ => {} // what cargo bench adds
        }
    }
    parsed
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing in the cache.
    Cold,
    /// Everything in the cache.
    Warm,
}

struct Bench<'a> {
    server: &'a NotaryServer,
    near: &'a Home,
    runs: usize,
    /// Homes that are not needed any more, removed at the end: just after many deletions, ext4 is slow to create files.
    used: RefCell<Vec<Home>>,
}

impl Bench<'_> {
    fn inspect(&self, name: &str, delay: Duration, guns: &[String], state: State) {
        let proxy = (!delay.is_zero()).then(|| Proxy::start(self.server.port, delay));
        let url = proxy.as_ref().map_or_else(|| self.server.url.clone(), Proxy::url);
        let theirs = self.samples(&url, state, |home| {
            let mut docker = home.command("docker");
            docker.args(["trust", "inspect"]).args(guns);
            docker
        });
        let mine = self.samples(&url, state, |home| {
            let mut ours = home.trustdeck_command(&["inspect"]);
            ours.args(guns);
            ours
        });
        row(name, &theirs, &mine);
    }

    /// Runs a command again and again, in a home of its own: an empty one each time, or one where it ran before.
    fn samples(&self, url: &str, state: State, command: impl Fn(&Home) -> Command) -> Vec<Sample> {
        let home = || Home::at(url, &self.server.ca);
        let mut homes = vec![home()];
        if state == State::Warm {
            timed(&mut command(&homes[0]));
        }
        let mut samples = Vec::new();
        for run in 0..self.runs {
            if state == State::Cold && run > 0 {
                homes.push(home());
            }
            samples.push(self.sample(&mut command(homes.last().unwrap())));
        }
        self.used.borrow_mut().extend(homes);
        samples
    }

    /// Ten new signers for one repository: docker publishes each, trustdeck all at once, from eleven commands or from
    /// one process as the screen does.
    fn signers(&self, delay: Duration) {
        let proxy = (!delay.is_zero()).then(|| Proxy::start(self.server.port, delay));
        let url = proxy.as_ref().map_or_else(|| self.server.url.clone(), Proxy::url);
        self.near.also_at(&url);
        let far = |ours: &[&str]| timed(self.near.trustdeck_command(&["--server", &url]).args(ours));
        let place = if delay.is_zero() { "near" } else { "far" };
        let names: Vec<String> = (0..10).map(|i| format!("{place}{i}")).collect();
        let files: Vec<String> = names.iter().map(|name| self.near.generate_key(name)).collect();
        let guns = ["a", "b", "c"].map(|end| format!("localhost:5000/bench/ten-{place}-{end}"));
        let guns = guns.each_ref().map(String::as_str);
        fill(self.near, &guns.map(str::to_owned), 0);
        let theirs = self.measure(|| {
            for (name, file) in names.iter().zip(&files) {
                let mut docker = self.near.command("docker");
                docker.env("DOCKER_CONTENT_TRUST_SERVER", &url);
                timed(docker.args(["trust", "signer", "add", "--key", file, name, guns[0]]));
            }
        });
        let mine = self.measure(|| {
            for (name, file) in names.iter().zip(&files) {
                far(&["signer", "add", "--key", file, name, guns[1]]);
            }
            far(&["publish", "--yes", guns[1]]);
        });
        row(&format!("10 signers: 11 commands, one publish, {place}"), std::slice::from_ref(&theirs), &[mine]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mine = self.measure(|| {
            let key = |file: &String| PublicKey::from_file(&std::fs::read(file).unwrap(), Timestamp::now()).unwrap();
            let settings = settings_of(self.near.path(), &self.near.trust_dir(), &url);
            let engine = Engine::open(settings, Arc::new(Timestamp::now)).unwrap();
            let gun = Gun::parse(guns[2]).unwrap();
            runtime.block_on(engine.views().refresh(&gun)).unwrap(); // as the screen has, before anything is staged
            let add = |(name, file): (&String, &String)| (gun.clone(), add_signer(name, &[key(file)]));
            engine.stage().stage(names.iter().zip(&files).map(add).collect()).unwrap();
            runtime.block_on(publish(&engine));
        });
        row(&format!("10 signers: one process, one publish, {place}"), &[theirs], &[mine]);
    }

    /// One signer for one repository, published at once.
    fn one_signer(&self, delay: Duration) {
        let place = if delay.is_zero() { "near" } else { "far" };
        let guns: Vec<String> = (0..2).map(|n| format!("localhost:5000/bench/one-{place}-{n}")).collect();
        fill(self.near, &guns, 0);
        self.add_signer(&format!("add a signer and publish, {place}"), delay, &guns[..1], &guns[1..]);
    }

    /// One signer for many repositories: docker does one after the other.
    fn signer_everywhere(&self, guns: &[String], delay: Duration) {
        let place = if delay.is_zero() { "near" } else { "far" };
        self.add_signer(&format!("1 signer into {} repositories, {place}", guns.len()), delay, guns, guns);
    }

    /// Adds two signers, the first with docker and the second with trustdeck.
    fn add_signer(&self, name: &str, delay: Duration, theirs: &[String], mine: &[String]) {
        let proxy = (!delay.is_zero()).then(|| Proxy::start(self.server.port, delay));
        let url = proxy.as_ref().map_or_else(|| self.server.url.clone(), Proxy::url);
        self.near.also_at(&url);
        let place = if delay.is_zero() { "near" } else { "far" };
        let [first, second] = ["docker", "ours"].map(|who| format!("{who}{place}{}", mine.len()));
        let [key, other] = [&first, &second].map(|name| self.near.generate_key(name));
        let mut docker = self.near.command("docker");
        docker.env("DOCKER_CONTENT_TRUST_SERVER", &url);
        docker.args(["trust", "signer", "add", "--key", &key, &first]).args(theirs);
        let mut ours = self.near.trustdeck_command(&["--server", &url, "signer", "add", "--key", &other, &second]);
        ours.args(mine).args(["--publish", "--yes"]);
        let theirs = self.sample(&mut docker);
        row(name, &[theirs], &[self.sample(&mut ours)]);
    }

    /// A cold inspection while others have 40 MiB to write.
    fn busy_disk(&self, guns: &[String]) {
        let sample = |command: &mut Command, home: &Home| {
            std::fs::write(home.path().join("dirty"), vec![7_u8; 40 << 20]).unwrap();
            let before = self.server.requests().len();
            let time = timed(command);
            Sample { time, requests: self.server.requests().len() - before }
        };
        let (mut theirs, mut mine) = (Vec::new(), Vec::new());
        for _ in 0..self.runs.max(3) {
            let homes = [(); 2].map(|()| Home::at(&self.server.url, &self.server.ca));
            theirs.push(sample(homes[0].command("docker").args(["trust", "inspect"]).args(guns), &homes[0]));
            mine.push(sample(homes[1].trustdeck_command(&["inspect"]).args(guns), &homes[1]));
            self.used.borrow_mut().extend(homes);
        }
        row("inspect 1 repository cold, a busy disk", &theirs, &mine);
    }

    /// A key store with 5000 keys: listed, and in the way of an inspection.
    fn many_keys(&self, guns: &[String]) {
        let home = Home::at(&self.server.url, &self.server.ca);
        let from = PathBuf::from(self.near.generate_key("copied"));
        let private = home.trust_dir().join("private");
        std::fs::create_dir_all(&private).unwrap();
        let file = std::fs::read_dir(self.near.trust_dir().join("private")).unwrap().next().unwrap().unwrap().path();
        for n in 0..5000 {
            std::fs::copy(&file, private.join(format!("{n:064x}.key"))).unwrap();
        }
        drop(from);
        let sample = |command: &mut Command| self.sample(command);
        let theirs = sample(home.command("notary").args(["-d", home.trust_dir().to_str().unwrap(), "key", "list"]));
        row("list 5000 keys (notary)", &[theirs], &[sample(&mut home.trustdeck_command(&["key", "list"]))]);
        timed(home.trustdeck_command(&["inspect"]).args(guns));
        let theirs = sample(home.command("docker").args(["trust", "inspect"]).args(guns));
        let mine = sample(home.trustdeck_command(&["inspect"]).args(guns));
        row("inspect 1 repository warm, 5000 keys", &[theirs], &[mine]);
        self.used.borrow_mut().push(home);
    }

    /// A thousand tags: one command each for notary, one list for trustdeck; one publish for both.
    fn thousand_tags(&self) {
        let guns = ["localhost:5000/bench/thousand-a", "localhost:5000/bench/thousand-b"];
        fill(self.near, &guns.map(str::to_owned), 0);
        let theirs = self.measure(|| {
            for tag in (0..1000).map(tag_name) {
                let roles = ["-r", ROLES[0], "-r", ROLES[1]];
                let mut add = vec!["addhash", guns[0], &tag, "1000", "--sha256"];
                let sha256 = digest(&tag);
                add.push(&sha256);
                add.extend(roles);
                self.near.notary(&add).ok();
            }
            self.near.notary(&["publish", guns[0]]).ok();
        });
        let mine = self.measure(|| sign_many(self.near, guns[1], 1000, &ROLES));
        row("1000 tags staged and published (notary), 0 ms", &[theirs], &[mine]);
    }

    fn sample(&self, command: &mut Command) -> Sample {
        self.measure(|| {
            timed(command);
        })
    }

    fn measure(&self, work: impl FnOnce()) -> Sample {
        // What others have left to write is not this one's.
        rustix::fs::sync();
        let before = self.server.requests().len();
        let start = Instant::now();
        work();
        Sample { time: start.elapsed(), requests: self.server.requests().len() - before }
    }
}

struct Sample {
    time: Duration,
    requests: usize,
}

fn row(name: &str, theirs: &[Sample], mine: &[Sample]) {
    let (a, b) = (median(theirs), median(mine));
    println!(
        "{name:<46} {:>6.0} ms {:>6.1} ms {:>6.1}x {:>8} {:>8}",
        a.as_secs_f64() * 1e3,
        b.as_secs_f64() * 1e3,
        a.as_secs_f64() / b.as_secs_f64(),
        theirs[0].requests,
        mine[0].requests,
    );
}

fn median(samples: &[Sample]) -> Duration {
    let mut times: Vec<Duration> = samples.iter().map(|s| s.time).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Runs to the end and requires success; the output is read and thrown away.
fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    start.elapsed()
}

/// Creates repositories with five signers whose keys are at hand; `tags` tags each, signed by one signer in turn.
fn fill(home: &Home, guns: &[String], tags: usize) {
    let files: Vec<PathBuf> = SIGNERS.iter().map(|name| home.path().join(format!("{name}.pub"))).collect();
    for (name, _) in SIGNERS.iter().zip(&files).filter(|(_, file)| !file.exists()) {
        home.generate_key(name);
    }
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for gun in guns {
        // One after the other: the server's own trust service has no lock on its map of keys.
        home.docker(&["signer", "add", "--key", &text(&files[0]), SIGNERS[0], gun]).ok();
        for (name, file) in SIGNERS.iter().zip(&files).skip(1) {
            home.notary(&["delegation", "add", gun, &format!("targets/{name}"), &text(file), "--all-paths"]).ok();
            home.notary(&["delegation", "add", gun, "targets/releases", &text(file), "--all-paths"]).ok();
        }
        for tag in 0..tags {
            let signer = format!("targets/{}", SIGNERS[tag % SIGNERS.len()]);
            stage_tag(home, gun, tag, &["targets/releases", &signer]);
        }
        home.notary(&["publish", gun]).ok();
    }
}

/// Writes the change files that `notary addhash` would write.
fn stage_tag(home: &Home, gun: &str, tag: usize, roles: &[&str]) {
    let dir = home.trust_dir().join("tuf").join(gun).join("changelist");
    std::fs::create_dir_all(&dir).unwrap();
    let name = tag_name(tag);
    let sha256 = BASE64_STANDARD.encode(hex::decode(digest(&name)).unwrap());
    let content = json!({"length": 1000 + tag, "hashes": {"sha256": sha256}}).to_string();
    for (i, role) in roles.iter().enumerate() {
        let data = BASE64_STANDARD.encode(&content);
        let change = json!({"action": "create", "role": role, "type": "target", "path": name, "data": data});
        // Behind the delegations, whose names are nanoseconds of today.
        let number = 9_000_000_000_000_000_000_u64 + (tag * roles.len() + i) as u64;
        let file = dir.join(format!("{number:020}_00000000-0000-4000-8000-000000000000.change"));
        std::fs::write(file, change.to_string()).unwrap();
    }
}

fn tag_name(tag: usize) -> String {
    format!("v{}.{}.0", tag / 100, tag % 100)
}

/// Stages all tags with one command and publishes once; without `roles`, into all that can be signed here.
fn sign_many(home: &Home, gun: &str, tags: usize, roles: &[&str]) {
    let mut list = String::new();
    for tag in 0..tags {
        let name = tag_name(tag);
        let _ = writeln!(list, "{gun}:{name} sha256:{} {}", digest(&name), 1000 + tag);
    }
    let file = home.path().join("tags.txt");
    std::fs::write(&file, list).unwrap();
    let mut sign = vec!["sign", "--from", file.to_str().unwrap(), "--publish", "--yes"];
    sign.extend(roles.iter().flat_map(|role| ["--role", role]));
    home.trustdeck(&sign).ok();
}

/// Publishes everything that is staged, as the screen does.
async fn publish(engine: &Engine) {
    let plan = engine.stage().plan(None).unwrap();
    for key in plan.repositories.iter().flat_map(|planned| &planned.keys) {
        let NeededKey::Unlock { id, .. } = key else { panic!("no key is made here") };
        engine.keyring().unlock(id, &Passphrase::from_text(REPOSITORY_PASSPHRASE)).unwrap();
    }
    let repositories = plan.repositories.iter().map(|planned| planned.gun.clone()).collect();
    let approval = Approval { plan: plan.id.clone(), repositories, accepted: vec![] };
    let (news, mut heard) = mpsc::channel(256);
    let drain = async { while heard.recv().await.is_some() {} };
    let (published, ()) = tokio::join!(engine.publisher().publish(approval, news, CancellationToken::new()), drain);
    let done = published.unwrap();
    assert!(done.iter().all(|one| one.outcome == PublishOutcome::Done), "{done:?}");
}

fn memory(home: &Home, guns: &[String], big: &[String]) {
    println!("\n{:<46} {:>9} {:>9}", "peak memory", "docker", "trustdeck");
    for (name, guns) in
        [(format!("inspect {} repositories", guns.len()), guns), ("inspect the big one".to_owned(), big)]
    {
        let mut docker = home.command("docker");
        docker.args(["trust", "inspect"]).args(guns);
        let mut ours = home.trustdeck_command(&["inspect"]);
        ours.args(guns);
        println!("{name:<46} {:>5} MiB {:>5} MiB", peak(&mut docker), peak(&mut ours));
    }
}

/// The high-water mark of resident memory, in MiB, read until the program ends.
fn peak(command: &mut Command) -> u64 {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut highest = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        highest = highest.max(kib);
        std::thread::sleep(Duration::from_millis(1));
    }
    highest / 1024
}
