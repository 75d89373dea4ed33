//! Programs of container engines, run for `pull` and `push` and by the plugin.

use std::ffi::{OsStr, OsString};
use std::process::{ExitStatus, Output, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::cli::Context;
use crate::cli::arguments::Puller;
use crate::cli::console::input;
use crate::engine::{Engine, Kind, Problem};

/// Longest line that is read of what it writes, in bytes.
const LINE: usize = 64 << 10;

/// A program with its arguments.
pub(in crate::cli) struct Call {
    pub(in crate::cli) program: OsString,
    pub(in crate::cli) arguments: Vec<OsString>,
}

impl Call {
    fn command(&self, engine: &Engine) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(engine.settings().helper_environment.clone());
        // Its own content trust, where it still has one, would ask the trust server once more.
        command.env("DOCKER_CONTENT_TRUST", "0").stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn unable(&self, error: &std::io::Error) -> Problem {
        input(format!("{}: {error}", self.program.display()), "check that it is installed")
    }

    /// Runs it and tells each line of its standard output. With `--json` what it writes to standard error is said too.
    ///
    /// # Errors
    /// `Input` if it cannot be started.
    pub(in crate::cli) async fn run(
        &self,
        context: &Context,
        mut heard: impl FnMut(&str),
    ) -> Result<ExitStatus, Problem> {
        let unable = |error: std::io::Error| self.unable(&error);
        let mut command = self.command(&context.engine);
        command.stdout(Stdio::piped());
        if context.console.json {
            command.stderr(Stdio::piped());
        }
        let mut child = command.spawn().map_err(unable)?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let says = |line: &str| context.console.say(line);
        let (heard, told) = tokio::join!(each_line(output, &mut heard), each_line(errors, says));
        heard.and(told).map_err(unable)?;
        child.wait().await.map_err(unable)
    }

    /// Runs it and keeps what it wrote.
    ///
    /// # Errors
    /// `Input` if it cannot be started.
    pub(in crate::cli) async fn output(&self, engine: &Engine) -> Result<Output, Problem> {
        self.command(engine).output().await.map_err(|error| self.unable(&error))
    }
}

/// The program that moves images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ImageProgram(pub(super) Puller);

impl ImageProgram {
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
        let arguments = arguments.iter().map(|argument| argument.as_ref().to_owned()).collect();
        let call = Call { program: self.name().into(), arguments };
        let mut lines = Vec::new();
        let heard = |line: &str| {
            context.console.say(line);
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

/// Reads a stream line by line.
async fn each_line(stream: Option<impl AsyncRead + Unpin>, mut heard: impl FnMut(&str)) -> std::io::Result<()> {
    let Some(stream) = stream else { return Ok(()) };
    let mut reader = BufReader::with_capacity(LINE, stream).lines();
    while let Some(line) = reader.next_line().await? {
        heard(&line);
    }
    Ok(())
}
