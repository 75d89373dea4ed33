//! The real clients and servers, both ways: what one publishes reads the same in the others.

mod bad_input;
mod costs;
mod full_disk;
mod gateways;
mod harness;
mod losses;
mod production;
pub(crate) mod prompting;
mod publishing;
mod reading;
mod screen;
mod sharing;
mod situations;
mod staging;
mod stopping;
use crate::support;
mod tables;

use std::path::Path;

use support::{Home, NotaryServer, home::digest};

/// A repository name whose host is not loopback, so that Docker checks TLS.
const GUN: &str = "registry.example.test/team/app";

/// A file of the fixtures.
fn input_file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/input").join(name).to_str().unwrap().to_owned()
}

/// `REPO:TAG --digest … --size …` for a tag.
fn sign_arguments(gun: &str, tag: &str) -> Vec<String> {
    let reference = format!("{gun}:{tag}");
    ["sign", &reference, "--digest", &format!("sha256:{}", digest(tag)), "--size", "1234"].map(str::to_owned).to_vec()
}

impl Home {
    /// Signs a tag with trustdeck and publishes at once.
    #[track_caller]
    fn sign(&self, gun: &str, tag: &str) {
        let arguments = sign_arguments(gun, tag);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.publish(&arguments).ok();
    }
}

/// A server, a home, and a repository on it with the signer alice, made by `docker trust`.
fn docker_repository() -> Option<(NotaryServer, Home)> {
    let server = NotaryServer::start()?;
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &key, "alice", GUN]).ok();
    Some((server, home))
}
