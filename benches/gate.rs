//! How much a gate bears: pulls of manifests by tag, and memory while large layers pass.
//!
//!     cargo bench --bench gate -- [--pulls N] [--streams N] [--megabytes N]
//!
//! A real `docker-registry` and `notary-server`, all on loopback and on the same processors. Memory is the most that
//! the gate's process has had.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use support::docker_registry::Protection;
use support::gate_process::read_all;
use support::image::{Image, OCI_MANIFEST, digest};
use support::{DockerRegistry, GateProcess, Home, NotaryServer};

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

    let gate = GateProcess::start(&home, registry.port);
    let url = &gate.url;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let manifest = format!("{url}/v2/{APP}/manifests/1.0");
    let began = Instant::now();
    let pulled = runtime.block_on(read_all(&client, &manifest, pulls, CLIENTS));
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(pulled, pulls * image.manifest.len());
    println!(
        "{pulls} pulls by tag, {CLIENTS} at once: {:.0} a minute, memory {} MiB",
        pulls as f64 * 60.0 / seconds,
        gate.peak()
    );

    let blob = format!("{url}/v2/{APP}/blobs/{}", digest(&layer));
    let began = Instant::now();
    let passed = runtime.block_on(read_all(&client, &blob, streams, streams));
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(passed, streams * layer.len());
    let rate = (passed >> 20) as f64 / seconds;
    println!("{streams} layers of {megabytes} MB at once: {rate:.0} MB/s, memory {} MiB", gate.peak());
}

fn number(option: &str, otherwise: usize) -> usize {
    let mut words = std::env::args().skip_while(|word| word != option).skip(1);
    words.next().map_or(otherwise, |word| word.parse().expect("a number"))
}
