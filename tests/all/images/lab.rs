//! A sandbox and the commands of somebody who uses it.

use std::process::Command;

use tempfile::TempDir;
use trustdeck::sandbox::{Options, Running, start};

use crate::support::image::{Image, OCI_MANIFEST};
use crate::support::{Ran, at_sandbox, run, run_with_input};

pub(crate) struct Lab {
    pub(crate) runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    home: TempDir,
}

impl Lab {
    /// A sandbox over http with its scene.
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let running = runtime.block_on(start(Options { http: true, ..Options::default() })).unwrap();
        Self { runtime, running: Some(running), home: TempDir::new().unwrap() }
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        at_sandbox(self.running(), self.home.path(), arguments)
    }

    /// The program in the same surroundings, without any arguments.
    pub(crate) fn command_alone(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
        let like = self.command(&[]);
        command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    #[track_caller]
    pub(crate) fn trustdeck(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    #[track_caller]
    pub(crate) fn trustdeck_reads(&self, arguments: &[&str], input: &str) -> Ran {
        run_with_input(&mut self.command(arguments), input.as_bytes())
    }

    /// Pushes a small image with one layer; gives its digest and size.
    pub(crate) fn push(&self, path: &str, tag: &str, layer: &[u8]) -> (String, usize) {
        let image = Image::new(OCI_MANIFEST, &[layer]);
        self.runtime.block_on(image.push(self.running().url(), path, tag));
        (image.digest(), image.manifest.len())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.take().unwrap().shutdown());
    }
}
