//! The gate before a real registry with a real trust server: each pull with its reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use trustdeck::engine::{Clock, Engine, Settings};
use trustdeck::gate::{self, Options, Running};

use super::lab::{Lines, options};
use crate::registry::real::token;
use crate::remote::scripted::{Scripted, answer};
use crate::support::docker_registry::Protection;
use crate::support::gate_process::{GateProcess, read_all};
use crate::support::image::{Image, OCI_MANIFEST, digest};
use crate::support::machine::settings_of;
use crate::support::{Authority, DockerRegistry, Home, NotaryServer, Ran, peers, run};

/// A registry, a trust server, the owner's machine, and a gate with a machine of its own.
struct World {
    runtime: tokio::runtime::Runtime,
    registry: DockerRegistry,
    server: NotaryServer,
    owner: Home,
    /// Seconds that the gate's clock is ahead.
    ahead: Arc<AtomicI64>,
    /// What gates logged.
    lines: Lines,
    /// Machines of gates.
    homes: std::cell::RefCell<Vec<Home>>,
    /// What pulls write into.
    out: TempDir,
    dir: TempDir,
}

const APP: &str = "team/app";

impl World {
    fn start() -> Option<Self> {
        peers(&["skopeo"])?;
        let dir = TempDir::new().unwrap();
        let registry = DockerRegistry::start(dir.path(), &Protection::Nobody, None)?;
        let server = NotaryServer::start()?;
        let owner = Home::new(&server);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Some(Self {
            runtime,
            registry,
            server,
            owner,
            ahead: Arc::default(),
            lines: Lines::default(),
            homes: Default::default(),
            out: TempDir::new().unwrap(),
            dir,
        })
    }

    fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.ahead);
        Arc::new(move || Timestamp::now() + SignedDuration::from_secs(ahead.load(Ordering::Relaxed)))
    }

    fn advance(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The repository as the registry on `port` has it.
    fn gun(port: u16) -> String {
        format!("localhost:{port}/{APP}")
    }

    /// An image under a tag; each has a layer of its own.
    fn push(&self, tag: &str, layer: &str) -> Image {
        let image = Image::new(OCI_MANIFEST, &[layer.as_bytes()]);
        self.runtime.block_on(image.push(&self.registry.url, APP, tag));
        image
    }

    /// Signs an image under a tag of the repository on `port`.
    fn sign(&self, port: u16, tag: &str, image: &Image) {
        let (reference, size) = (format!("{}:{tag}", Self::gun(port)), image.manifest.len().to_string());
        self.owner.publish(&["sign", &reference, "--digest", &image.digest(), "--size", &size]).ok();
    }

    fn set_up(&self, port: u16) {
        let key = self.owner.generate_key("alice");
        self.owner.docker(&["signer", "add", "--key", &key, "alice", &Self::gun(port)]).ok();
    }

    /// A gate before the registry on `port`, with what `change` does to its settings.
    fn gate(&self, port: u16, change: impl FnOnce(&mut Settings)) -> Running {
        let home = Home::new(&self.server);
        let mut settings = settings_of(home.path(), &home.trust_dir(), &self.server.url);
        change(&mut settings);
        let engine = Engine::open(settings, self.clock()).unwrap();
        let options = Options { upstream: format!("localhost:{port}"), ..options() };
        let heard = Arc::clone(&self.lines);
        let log: gate::Log = Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned()));
        let gate = gate::start(&engine, &options, self.clock(), log);
        self.homes.borrow_mut().push(home);
        self.runtime.block_on(gate).unwrap()
    }

    fn pull(&self, gate: &Running, tag: &str) -> Ran {
        let (from, to) = (format!("docker://{}/{APP}:{tag}", gate.address()), self.out.path().join("layout"));
        let mut command = std::process::Command::new("skopeo");
        command.args(["--insecure-policy", "copy", "--src-tls-verify=false", &from]);
        run(command.arg(format!("oci:{}:copy", to.display())).env("HOME", self.out.path()))
    }

    /// The digest that a tag has through the gate.
    fn seen(&self, gate: &Running, tag: &str) -> String {
        let from = format!("docker://{}/{APP}:{tag}", gate.address());
        let mut command = std::process::Command::new("skopeo");
        command.args(["inspect", "--tls-verify=false", "--format", "{{.Digest}}", &from]).env("HOME", self.out.path());
        run(&mut command).ok().stdout.trim().to_owned()
    }
}

#[track_caller]
fn refused(pull: &Ran, why: &str) {
    assert!(pull.code != 0 && pull.stderr.contains(why), "expected {why:?}: {pull:?}");
}

#[test]
fn what_is_signed_is_pulled_and_everything_else_refused_with_its_reason() {
    let Some(world) = World::start() else { return };
    let port = world.registry.port;
    world.set_up(port);
    let [good, moved, broken] = ["good", "moved", "broken"].map(|tag| world.push(tag, tag));
    [("good", &good), ("moved", &moved), ("broken", &broken)].iter().for_each(|(tag, of)| world.sign(port, tag, of));
    world.push("moved", "another image");
    world.push("unsigned", "unsigned");
    let layer = world.registry.blob_file(&digest(b"broken"));
    std::fs::write(&layer, b"Broken").unwrap();
    let gate = world.gate(port, |_| {});
    world.pull(&gate, "good").ok();
    let met = format!("{}: new to this machine; its root key ", World::gun(port));
    let told = world.lines.lock().unwrap().iter().filter(|line| line.starts_with(&met)).count();
    assert_eq!(told, 1, "who trusts a root for the first time says so: {:?}", world.lines);
    assert_eq!(
        world.seen(&gate, "moved"),
        moved.digest(),
        "a drifted tag is what was signed, not what was pushed since"
    );
    refused(&world.pull(&gate, "unsigned"), "unsigned is not signed in targets/releases");
    // What the registry sends breaks off, and the reason stands in the gate's log and counts.
    assert_ne!(world.pull(&gate, "broken").code, 0);
    let metrics = world.runtime.block_on(crate::support::image::get(&format!("http://{}", gate.address()), "/metrics"));
    assert!(!metrics.contains("trustdeck_gate_wrong_total 0\n"), "{metrics}");
    let manifest = world.registry.blob_file(&moved.digest());
    std::fs::remove_dir_all(manifest.parent().unwrap()).unwrap();
    let without = world.gate(port, |_| {});
    refused(&world.pull(&without, "moved"), "moved is signed, but localhost");
    world.runtime.block_on(async {
        gate.shutdown().await;
        without.shutdown().await;
    });
}

#[test]
fn fifty_long_layers_at_once_pass_in_little_memory() {
    let Some(world) = World::start() else { return };
    let layer: Vec<u8> = (0..24_usize << 20).map(|at| (at ^ (at >> 11)) as u8).collect();
    let image = Image::new(OCI_MANIFEST, &[&layer]);
    world.runtime.block_on(image.push(&world.registry.url, APP, "1.0"));
    let gate = GateProcess::start(&world.owner, world.registry.port);
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let blob = format!("{}/v2/{APP}/blobs/{}", gate.url, digest(&layer));
    assert_eq!(world.runtime.block_on(read_all(&client, &blob, 50, 50)), 50 * layer.len());
    assert!(gate.peak() < 100, "{} MiB", gate.peak());
}

#[test]
fn a_tag_that_is_revoked_while_the_gate_serves_is_refused_within_a_minute() {
    let Some(world) = World::start() else { return };
    let port = world.registry.port;
    world.set_up(port);
    let image = world.push("1.0", "layer");
    world.sign(port, "1.0", &image);
    world.sign(port, "2.0", &image);
    let gate = world.gate(port, |_| {});
    world.pull(&gate, "1.0").ok();
    world.owner.publish(&["revoke", &format!("{}:1.0", World::gun(port))]).ok();
    world.pull(&gate, "1.0").ok();
    world.advance(61);
    refused(&world.pull(&gate, "1.0"), "1.0 is not signed in targets/releases");
    world.pull(&gate, "2.0").ok();
    world.runtime.block_on(gate.shutdown());
}

#[test]
fn trust_data_that_expires_while_the_gate_serves_is_used_no_longer() {
    let Some(mut world) = World::start() else { return };
    let port = world.registry.port;
    world.set_up(port);
    let image = world.push("1.0", "layer");
    world.sign(port, "1.0", &image);
    let gate = world.gate(port, |_| {});
    world.pull(&gate, "1.0").ok();
    world.server.stop();
    world.advance(24 * 3600);
    world.pull(&gate, "1.0").ok();
    // A server's timestamp lasts 14 days.
    world.advance(14 * 24 * 3600);
    let late = world.pull(&gate, "1.0");
    assert_ne!(late.code, 0, "{late:?}");
    world.runtime.block_on(gate.shutdown());
}

#[test]
fn a_registry_that_wants_tokens_gets_them_and_the_clients_of_the_gate_need_none() {
    let Some(world) = World::start() else { return };
    let image = world.push("1.0", "layer");
    let authority = Authority::create(world.dir.path());
    let text = serde_json::json!({"token": token(&authority, APP)}).to_string();
    let realm = world.runtime.block_on(Scripted::start(move |_, _| answer("200 OK", &[], &text)));
    let host = format!("localhost:{}", realm.address.port());
    let protection = Protection::Token { realm: format!("http://{host}/token"), bundle: authority.ca.clone() };
    let registry = DockerRegistry::start(world.dir.path(), &protection, None).unwrap();
    world.set_up(registry.port);
    world.sign(registry.port, "1.0", &image);
    let gate = world.gate(registry.port, |settings| {
        settings.allowed_realms.insert(host.clone());
        let auths = serde_json::json!({"auths": {format!("localhost:{}", registry.port): {"auth": "ZXZlOlUqVQ=="}}});
        std::fs::write(settings.docker_config.join("config.json"), auths.to_string()).unwrap();
    });
    world.pull(&gate, "1.0").ok();
    assert_eq!(realm.requests().len(), 1, "one token serves all of it");
    world.runtime.block_on(gate.shutdown());
}
