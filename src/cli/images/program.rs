//! `docker` or `podman`, run for `pull` and `push`.

use std::ffi::OsStr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::cli::Context;
use crate::cli::arguments::Puller;
use crate::cli::console::input;
use crate::engine::{Kind, Problem};

/// Longest line that is read of what it writes, in bytes.
const LINE: usize = 64 << 10;

/// The program that moves images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Program(pub(super) Puller);

impl Program {
    /// The one that was asked for, else the first that is installed.
    ///
    /// # Errors
    /// `Input` if none is.
    pub(super) fn choose(context: &Context, asked: Option<Puller>) -> Result<Self, Problem> {
        let path = context.engine.settings().helper_environment.iter().find(|(name, _)| name == "PATH");
        let dirs: Vec<_> = path.iter().flat_map(|(_, value)| std::env::split_paths(value)).collect();
        let installed = |puller: &Puller| dirs.iter().any(|dir| dir.join(Self(*puller).name()).is_file());
        let found = asked.or_else(|| [Puller::Docker, Puller::Podman].into_iter().find(installed));
        let missing =
            || input("neither docker nor podman is installed", "install one; trustdeck resolve prints the digest");
        found.map(Self).ok_or_else(missing)
    }

    pub(super) fn name(self) -> &'static str {
        match self.0 {
            Puller::Docker => "docker",
            Puller::Podman => "podman",
        }
    }

    /// Runs it; what it writes to standard output is handed on to standard error, line by line, and given back. With
    /// `--json` what it writes to standard error is handed on in the same way.
    ///
    /// # Errors
    /// `Server` if it fails; it has said why.
    pub(super) async fn run<A: AsRef<OsStr>>(self, context: &Context, arguments: &[A]) -> Result<Vec<String>, Problem> {
        let mut command = Command::new(self.name());
        command.args(arguments).env_clear().envs(context.engine.settings().helper_environment.clone());
        // Its own content trust, where it still has one, would ask the trust server once more.
        command.env("DOCKER_CONTENT_TRUST", "0").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let unable = |error: std::io::Error| input(format!("{}: {error}", self.name()), "check that it is installed");
        if context.console.json {
            command.stderr(Stdio::piped());
        }
        let mut child = command.spawn().map_err(unable)?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (lines, told) = tokio::join!(hand_on(context, output), hand_on(context, errors));
        let lines = told.and(lines).map_err(unable)?;
        let status = child.wait().await.map_err(unable)?;
        if status.success() {
            return Ok(lines);
        }
        let message = format!("{} ended with {status}", self.name());
        Err(Problem { kind: Kind::Server, ..input(message, "its own words are above") })
    }
}

/// Says each line that comes, and gives them all back.
async fn hand_on(context: &Context, output: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<String>> {
    let mut lines = Vec::new();
    let Some(output) = output else { return Ok(lines) };
    let mut reader = BufReader::with_capacity(LINE, output).lines();
    while let Some(line) = reader.next_line().await? {
        context.console.say(&line);
        lines.push(line.chars().take(LINE).collect());
    }
    Ok(lines)
}
