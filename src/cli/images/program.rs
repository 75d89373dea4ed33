//! Programs of container engines, run for `pull` and `push` and by the plugin.

use std::ffi::{OsStr, OsString};
use std::process::{ExitStatus, Output, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::cli::Context;
use crate::cli::arguments::Puller;
use crate::cli::console::input;
use crate::engine::{Kind, Problem};
use crate::printable::printable;

/// Longest line that is read of what it writes, in bytes.
const LINE: usize = 64 << 10;

/// A program with its arguments.
pub(in crate::cli) struct Call {
    pub(in crate::cli) program: OsString,
    pub(in crate::cli) arguments: Vec<OsString>,
}

impl Call {
    fn command(&self, context: &Context) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(context.engine.settings().helper_environment.clone());
        // Its own content trust, where it still has one, would ask the trust server once more.
        command.env("DOCKER_CONTENT_TRUST", "0").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn unable(&self, error: &std::io::Error) -> Problem {
        input(format!("{}: {error}", self.program.display()), "check that it is installed")
    }

    /// Runs it and tells each line of its standard output.
    ///
    /// # Errors
    /// `Input` if it cannot be started.
    pub(in crate::cli) async fn run(
        &self,
        context: &Context,
        mut heard: impl FnMut(&str),
    ) -> Result<ExitStatus, Problem> {
        let unable = |error: std::io::Error| self.unable(&error);
        let mut child = self.command(context).stdout(Stdio::piped()).spawn().map_err(unable)?;
        if let Some(output) = child.stdout.take() {
            let mut reader = BufReader::with_capacity(LINE, output).lines();
            while let Some(line) = reader.next_line().await.map_err(unable)? {
                heard(&line);
            }
        }
        child.wait().await.map_err(unable)
    }

    /// Runs it and keeps what it wrote.
    ///
    /// # Errors
    /// `Input` if it cannot be started.
    pub(in crate::cli) async fn output(&self, context: &Context) -> Result<Output, Problem> {
        self.command(context).output().await.map_err(|error| self.unable(&error))
    }
}

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

    /// Runs it; what it writes to standard output is handed on to standard error, line by line, and given back.
    ///
    /// # Errors
    /// `Server` if it fails; it has said why.
    pub(super) async fn run<A: AsRef<OsStr>>(self, context: &Context, arguments: &[A]) -> Result<Vec<String>, Problem> {
        let arguments = arguments.iter().map(|argument| argument.as_ref().to_owned()).collect();
        let call = Call { program: self.name().into(), arguments };
        let mut lines = Vec::new();
        let heard = |line: &str| {
            context.console.note(&printable(line));
            lines.push(line.chars().take(LINE).collect());
        };
        let status = call.run(context, heard).await?;
        if status.success() {
            return Ok(lines);
        }
        let message = format!("{} ended with {status}", self.name());
        Err(Problem { kind: Kind::Server, ..input(message, "its own words are above") })
    }
}
