//! How much a gate bears: pulls of manifests by tag, and memory while large layers pass.
//!
//!     cargo bench --bench gate -- [--pulls N] [--streams N] [--megabytes N]
//!
//! A real `docker-registry` and `notary-server`, all on loopback and on the same processors. Memory is the most that
//! the gate's process has had.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Instant;

use futures_util::{StreamExt, stream};
use support::docker_registry::Protection;
use support::image::{Image, OCI_MANIFEST, digest};
use support::{DockerRegistry, Home, NotaryServer};

/// Clients that pull at the same time.
const CLIENTS: usize = 32;
const APP: &str = "team/app";

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        return; // a test run that builds everything
    }
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (pulls, streams, megabytes) = (number("--pulls", 20_000), number("--streams", 50), number("--megabytes", 100));
    let dir = tempfile::TempDir::new().unwrap();
    let Some(registry) = DockerRegistry::start(dir.path(), &Protection::Nobody, None) else { return };
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let layer: Vec<u8> = (0..megabytes << 20).map(|at| (at ^ (at >> 11)) as u8).collect();
    let image = Image::new(OCI_MANIFEST, &[&layer]);
    runtime.block_on(image.push(&registry.url, APP, "1.0"));
    let gun = format!("localhost:{}/{APP}", registry.port);
    home.publish(&["setup", &gun, "--signer", "alice"]).ok();
    home.publish(&["sign", &format!("{gun}:1.0")]).ok();

    let mut gate = start(&home, registry.port);
    let url = address(&mut gate);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let manifest = format!("{url}/v2/{APP}/manifests/1.0");
    let began = Instant::now();
    let pulled = runtime.block_on(read_all(&client, &manifest, pulls, CLIENTS));
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(pulled, pulls * image.manifest.len());
    println!(
        "{pulls} pulls by tag, {CLIENTS} at once: {:.0} a minute, memory {} MiB",
        pulls as f64 * 60.0 / seconds,
        memory(&gate)
    );

    let blob = format!("{url}/v2/{APP}/blobs/{}", digest(&layer));
    let began = Instant::now();
    let passed = runtime.block_on(read_all(&client, &blob, streams, streams));
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(passed, streams * layer.len());
    let rate = (passed >> 20) as f64 / seconds;
    println!("{streams} layers of {megabytes} MB at once: {rate:.0} MB/s, memory {} MiB", memory(&gate));
    gate.kill().unwrap();
    gate.wait().unwrap();
}

fn number(option: &str, otherwise: usize) -> usize {
    let mut words = std::env::args().skip_while(|word| word != option).skip(1);
    words.next().map_or(otherwise, |word| word.parse().expect("a number"))
}

fn start(home: &Home, port: u16) -> Child {
    let upstream = format!("localhost:{port}");
    let mut command = home.trustdeck_command(&["gate", "--upstream", &upstream, "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// The address that the gate says it listens on.
fn address(gate: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(gate.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

/// The bytes of `count` answers, `at_once` at the same time; none is kept.
async fn read_all(client: &reqwest::Client, url: &str, count: usize, at_once: usize) -> usize {
    let one = |_| async {
        let mut answer = client.get(url).send().await.unwrap().error_for_status().unwrap();
        let mut bytes = 0;
        while let Some(piece) = answer.chunk().await.unwrap() {
            bytes += piece.len();
        }
        bytes
    };
    stream::iter(0..count).map(one).buffer_unordered(at_once).fold(0, |sum, bytes| async move { sum + bytes }).await
}

/// The most memory that a process has had, in MiB.
fn memory(process: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() >> 10
}
