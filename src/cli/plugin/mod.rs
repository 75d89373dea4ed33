//! `docker trust`, as Docker lost it: this program, called as a plugin of Docker's command line.
//!
//! Options, output, prompts and exit codes are those of the last `docker trust` that Docker brought itself (28.2.2);
//! where it differs, the help says so. Source: docs/notary-v1.md section 14.

mod command;
mod inspect;
mod key;
mod one_off;
mod options;
mod passphrase;
mod program;
mod revoke;
mod sign;
mod signer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::console::Console;
use super::context::Context;
use super::settings::{settings, sources};
use super::{Globals, terminal};
use crate::engine::reference::{RepositoryRef, capitals, parse_repository};
use crate::engine::{Engine, FirstContact, Problem, RepositoryView};
use crate::printable::printable;
use command::{Command, Run};
use options::{Given, Help};
use program::Program;

/// What every name of a plugin begins with.
const PREFIX: &str = "docker-";

/// The names that it answers to: Docker's own from 29 on, and one that older ones, who have the command, accept.
pub(super) const NAMES: [&str; 2] = ["trust", "trustdeck"];

/// The file that is the plugin `name`.
pub(super) fn file_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// How a wrong option ends, as in Docker.
const WRONG_OPTION: u8 = 125;

/// What a command ends with that fails: Docker's sentence, which may hold text from outside, and its exit code.
struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), code: 1 }
    }

    /// The same with words before it, as Docker wraps errors.
    fn within(self, before: &str) -> Self {
        Self { text: format!("{before}: {}", self.text), ..self }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let hint = if problem.hint.is_empty() { String::new() } else { format!("\n  {}", problem.hint) };
        Self::new(format!("{}{hint}", problem.message))
    }
}

impl From<crate::engine::EngineError> for Failure {
    fn from(error: crate::engine::EngineError) -> Self {
        error.problem().into()
    }
}

/// What the commands of the plugin share.
struct Docker {
    context: Context,
    program: Program,
}

/// The name under which this program is called as a plugin, such as `trust` for `docker-trust`.
#[must_use]
pub fn called_as_plugin() -> Option<&'static str> {
    let program = PathBuf::from(std::env::args_os().next()?);
    let name = program.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    NAMES.into_iter().find(|known| *known == name)
}

/// Answers as the plugin `name`.
#[must_use]
pub fn plugin(name: &'static str) -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let console = Console::new(false);
    match answer(console, name, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.text.is_empty() {
                console.note(&lines_printable(&failure.text));
            }
            ExitCode::from(failure.code)
        }
    }
}

/// Text of several lines, each drawable.
fn lines_printable(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

fn answer(console: Console, name: &'static str, arguments: &[String]) -> Result<(), Failure> {
    if arguments.first().is_some_and(|first| first == "docker-cli-plugin-metadata") {
        return Ok(console.result(&metadata())?);
    }
    let called = format!("docker {name}");
    let (globals, rest) = program::split_globals(name, arguments);
    let Some(command) = Command::find(rest) else { return Ok(()) };
    let rest = rest.get(command.path.len()..).unwrap_or_default();
    let wrong = |what: String| Failure { text: command.wrong_option(&called, &what), code: WRONG_OPTION };
    let given = options::read(command.known, rest).map_err(wrong)?;
    if let Some(how) = given.help {
        return Ok(console.result(&command.help(&called, how))?);
    }
    if command.run == Run::Group {
        return match given.words.first() {
            Some(word) => Err(Failure::new(command.unknown(&called, word))),
            // Docker writes it as an error, and succeeds.
            None => {
                console.note(&command.help(&called, Help::Long));
                Ok(())
            }
        };
    }
    if let Some(what) = command.wrong_count(&called, given.words.len()) {
        return Err(Failure::new(what));
    }
    run(console, globals, command, &given)
}

/// What Docker asks every plugin for.
fn metadata() -> String {
    let (version, about) = (env!("CARGO_PKG_VERSION"), "Manage trust on Docker images");
    let whole = serde_json::json!({
        "SchemaVersion": "0.1.0", "Vendor": "trustdeck", "Version": version, "ShortDescription": about,
    });
    format!("{whole}\n")
}

fn run(console: Console, globals: Vec<String>, command: &Command, given: &Given) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(error.to_string()))?;
    let result = runtime.block_on(async {
        let docker = Docker::open(console, globals)?;
        match command.run {
            Run::Inspect => inspect::run(&docker, given).await,
            Run::Sign => sign::run(&docker, given).await,
            Run::Revoke => revoke::run(&docker, given).await,
            Run::Generate => key::generate(&docker, given),
            Run::Load => key::load(&docker, given),
            Run::Add => signer::add(&docker, given).await,
            Run::Remove => signer::remove(&docker, given).await,
            Run::Group => Ok(()),
        }
    });
    runtime.shutdown_background();
    result
}

impl Docker {
    fn open(console: Console, globals: Vec<String>) -> Result<Self, Failure> {
        let mut settings = settings(&Globals::default(), FirstContact::Trust)?;
        let program = Program::new(&settings.helper_environment, globals);
        if let Some(directory) = program.config_directory() {
            settings.docker_config = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
            settings.trust_dir = settings.docker_config.join("trust");
        }
        let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now))?;
        let sources = sources(&Globals::default())?;
        let (stop, busy) = (CancellationToken::new(), CancellationToken::new());
        terminal::watch_signals(stop.clone(), busy.clone());
        let globals = Globals::default();
        Ok(Self { context: Context { engine, console, globals, sources: Arc::new(sources), stop, busy }, program })
    }

    /// Writes what Docker writes to standard output; text from outside in it must be printable already.
    fn say(&self, text: &str) -> Result<(), Failure> {
        Ok(self.context.console.result(text)?)
    }

    /// Reads a reference as Docker does.
    fn reference(&self, typed: &str) -> Result<RepositoryRef, Failure> {
        let why = || capitals(typed).map(|path| format!(": repository name ({path}) must be lowercase"));
        parse_repository(typed, false)
            .map_err(|_| Failure::new(format!("invalid reference format{}", why().unwrap_or_default())))
    }

    /// Asks the server about a repository.
    async fn view(&self, reference: &RepositoryRef) -> Result<RepositoryView, Failure> {
        let view = self.context.view(&reference.gun).await?;
        if view.lost {
            return Err(self.context.engine.trust().nothing_there(&view.gun).into());
        }
        Ok(view)
    }

    /// Docker's sentence about a repository without trust data.
    fn nothing_there(view: &RepositoryView) -> Failure {
        let host = view.server.split_once("://").map_or(view.server.as_str(), |(_, rest)| rest);
        Failure::new(format!("{host} does not have trust data for {}", view.gun))
    }

    /// Asks a question that `y` answers, as Docker does: on standard output, whoever is there.
    fn confirms(&self, question: &str) -> Result<bool, Failure> {
        self.say(&format!("{question} [y/N] "))?;
        let answer = passphrase::line().map_err(|error| Failure::new(error.to_string()))?;
        let answer = answer.unwrap_or_default();
        Ok(answer.eq_ignore_ascii_case("y"))
    }
}

/// Names of signers and keys, as Docker takes them.
fn check_name(kind: &str, name: &str) -> Result<(), Failure> {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let starts = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if starts && name.bytes().all(is_inner) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{kind} name {name:?} must start with lowercase alphanumeric characters and can include \"-\" or \"_\" after the \
         first character"
    )))
}

/// A path as Docker's errors show it, and the operating system's word for what is wrong.
fn io_words(what: &str, path: &Path, error: &std::io::Error) -> String {
    let text = error.to_string().to_lowercase();
    let text = text.split(" (os error").next().unwrap_or_default();
    format!("{what} {}: {text}", path.display())
}
