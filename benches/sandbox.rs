//! How many repositories a second the embedded sandbox makes, beside `notary-server`, and whether it stays so with what is
//! stored.
//!
//!     cargo bench --bench sandbox -- [--repos N]
//!
//! One client that does no more than a client must: it asks for the server's keys, signs root and targets, and uploads
//! them, one repository after the other over plain HTTP on loopback. The real server keeps everything in memory, the
//! sandbox on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use support::NotaryServer;
use support::forge::Repository;
use trustdeck::sandbox::{self, Options};
use trustdeck::tuf::metadata::BaseRole;
use trustdeck::tuf::{KeyType, PublicKey, Role};

/// How many are made between two figures that are printed, at most.
const ROUND: usize = 500;

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        return; // a test run that builds everything
    }
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut words = std::env::args().skip_while(|word| word != "--repos").skip(1);
    let repos = words.next().map_or(ROUND, |word| word.parse().expect("a number"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options { http: true, empty: true, ..Options::default() };
    let running = runtime.block_on(sandbox::start(options)).unwrap();
    runtime.block_on(fill("sandbox", running.url(), repos));
    runtime.block_on(running.shutdown());
    let Some(server) = NotaryServer::start_plain() else { return };
    runtime.block_on(fill("notary-server", &server.url, repos));
}

async fn fill(name: &str, url: &str, repos: usize) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut made = 0;
    while made < repos {
        let round = ROUND.min(repos - made);
        let began = Instant::now();
        for number in made..made + round {
            create(&client, url, &format!("bench.example.test/r{number:05}")).await;
        }
        println!("{name}: {:.0} a second with {made} stored", round as f64 / began.elapsed().as_secs_f64());
        made += round;
    }
}

async fn create(client: &reqwest::Client, url: &str, gun: &str) {
    let trust = format!("{url}/v2/{gun}/_trust/tuf");
    let now = jiff::Timestamp::now();
    let mut repository = Repository::new(gun, now);
    for role in [Role::Snapshot, Role::Timestamp] {
        let answer = client.get(format!("{trust}/{role}.key")).send().await.unwrap().error_for_status().unwrap();
        let key: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let der = BASE64_STANDARD.decode(key["keyval"]["public"].as_str().unwrap()).unwrap();
        let public = PublicKey::new(KeyType::parse(key["keytype"].as_str().unwrap()), der);
        let id = public.id().clone();
        repository.root.keys.insert(id.clone(), public);
        repository.root.roles.insert(role.as_str().to_owned(), BaseRole { key_ids: Some(vec![id]), threshold: 1 });
    }
    let (root, targets) = (&repository.root, &repository.content[&Role::Targets]);
    let files = [("root", repository.sign(&Role::Root, root)), ("targets", repository.sign(&Role::Targets, targets))];
    let mut body = Vec::new();
    for (role, file) in files {
        let head = "--part\r\nContent-Disposition: form-data; name=\"files\"; filename=";
        body.extend(format!("{head}\"{role}\"\r\nContent-Type: application/octet-stream\r\n\r\n").into_bytes());
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(b"--part--\r\n");
    let upload = client.post(format!("{trust}/")).header("Content-Type", "multipart/form-data; boundary=part");
    let answer = upload.body(body).send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{gun}: {status} {}", answer.text().await.unwrap());
}
