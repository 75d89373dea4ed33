//! Programs of container engines, run for `pull` and `push` and by the plugin.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::cli::Context;
use crate::cli::arguments::Puller;
use crate::cli::console::input;
use crate::engine::wording::shell_word;
use crate::engine::{Engine, Kind, Problem};
use crate::tuf::Gun;

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
        let installed = |puller: &Puller| on_path(&context.engine, Self(*puller).name()).is_some();
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
    /// `Program` if it fails; it has said why.
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
        let hint = match self.lacks_daemon(&context.engine).await && on_path(&context.engine, "podman").is_some() {
            true => "no daemon of docker answers here; podman is installed: add --with podman",
            false => "its own words are above",
        };
        Err(Problem { kind: Kind::Program, ..input(message, hint) })
    }

    /// Whether docker has nothing to work with. podman needs nothing.
    async fn lacks_daemon(self, engine: &Engine) -> bool {
        let arguments = ["version", "--format", "{{.Server.Version}}"].map(OsString::from).to_vec();
        let call = Call { program: self.name().into(), arguments };
        self.0 == Puller::Docker && !call.output(engine).await.is_ok_and(|output| output.status.success())
    }
}

/// A program as a shell would find it.
pub(in crate::cli) fn on_path(engine: &Engine, program: &str) -> Option<PathBuf> {
    let (_, path) = engine.settings().helper_environment.iter().find(|(name, _)| name == "PATH")?;
    std::env::split_paths(path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// The way on where a program failed that does not know that an image's registry stands elsewhere than its name says.
pub(super) fn elsewhere(
    context: &Context,
    gun: &Gun,
    problem: Problem,
    commands: impl FnOnce(&str, &str) -> String,
) -> Problem {
    let addresses = &context.engine.settings().servers.registries.addresses;
    let known = gun.host().and_then(|host| addresses.get_key_value(host));
    let Some((host, url)) = known.filter(|_| problem.kind == Kind::Program) else { return problem };
    let place = url.split_once("://").map_or(url.as_str(), |(_, place)| place).trim_end_matches('/');
    let path = gun.as_str().get(host.len() + 1..).unwrap_or_default();
    // docker speaks without TLS to this machine anyway, and has no word for it.
    let plain = if url.starts_with("http://") { "--tls-verify=false " } else { "" };
    let commands = commands(&shell_word(&format!("{place}/{path}")), plain);
    let hint = format!("trustdeck alone knows that {host} is at {place} ([registries] in config.toml): {commands}");
    Problem { hint, ..problem }
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
