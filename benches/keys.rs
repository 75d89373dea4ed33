//! CPU of `key list` with thousands of key files: the first read, and those after it, each as a new process would.
//!
//! `cargo bench --bench keys`. The bound is 50 ms of CPU for 5,000 keys after the first read. Without `/proc` there is
//! no CPU time to read and nothing is measured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use trustdeck::engine::{Engine, Settings};

const KEYS: usize = 5000;

/// Listing opens no key, so files of one encrypted key under many IDs cost what real ones do.
fn fill(private: &Path) {
    fs::create_dir_all(private).unwrap();
    let sample = fs::read_to_string("tests/fixtures/keyfiles/ec-pkcs8-pbes2-sha256-aes256.pem").unwrap();
    let (first, body) = sample.split_once('\n').unwrap();
    for number in 0..KEYS {
        let mut text = String::new();
        write!(text, "{first}\nrole: signer{number}\n\n{body}").unwrap();
        let file = private.join(format!("{}.key", hex::encode(Sha256::digest(number.to_string()))));
        let mut open = fs::OpenOptions::new();
        std::io::Write::write_all(
            &mut open.write(true).create_new(true).mode(0o600).open(file).unwrap(),
            text.as_bytes(),
        )
        .unwrap();
    }
}

/// CPU time of this thread, user and system.
fn cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

fn listed(home: &Path) -> Option<Duration> {
    let start = cpu()?;
    let engine =
        Engine::open(Settings { offline: true, ..Settings::below(home) }, Arc::new(jiff::Timestamp::now)).unwrap();
    assert_eq!(engine.views().keys().unwrap().len(), KEYS);
    Some(cpu()? - start)
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    fill(&home.path().join("trust/private"));
    let Some(first) = listed(home.path()) else { return };
    let mut later: Vec<Duration> = (0..9).filter_map(|_| listed(home.path())).collect();
    later.sort();
    println!("{KEYS} keys: first read {first:.1?}, then {:.1?} (median of {})", later[later.len() / 2], later.len());
}
