//! `trustdeck gate` as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use futures_util::{StreamExt, stream};

use super::Home;

/// A running gate; it ends with the value.
pub struct GateProcess {
    process: Child,
    /// Base URL, without a trailing slash.
    pub url: String,
}

impl GateProcess {
    /// Starts one before the registry on `port` of this machine.
    pub fn start(home: &Home, port: u16) -> Self {
        let upstream = format!("localhost:{port}");
        let mut command = home.trustdeck_command(&["gate", "--upstream", &upstream, "--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, url: line.split_whitespace().next().unwrap().to_owned() }
    }

    /// The most memory that it has had, in MiB.
    pub fn peak(&self) -> u64 {
        super::peak(&self.process.id().to_string()) >> 20
    }
}

impl Drop for GateProcess {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The bytes of `count` answers, `at_once` at the same time; none is kept.
pub async fn read_all(client: &reqwest::Client, url: &str, count: usize, at_once: usize) -> usize {
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
