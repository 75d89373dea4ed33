//! `docker trust`, as Docker lost it: this program, called as a plugin of Docker's command line.
//!
//! Options, output, prompts and exit codes are those of the last `docker trust` that Docker brought itself (28.2.2);
//! where it differs, the help says so. Source: docs/notary-v1.md section 14.

mod command;
mod complete;
mod docker;
mod engine;
mod failure;
mod input;
mod inspect;
mod key;
mod one_off;
mod options;
mod passphrase;
mod program;
mod revoke;
mod sign;
mod signer;

use std::path::PathBuf;
use std::process::ExitCode;

use super::console::Console;
use command::{PluginCommand, Run};
use docker::Docker;
use failure::{Failure, lines_printable};
use options::{Given, Help};

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

fn answer(console: Console, name: &'static str, arguments: &[String]) -> Result<(), Failure> {
    if arguments.first().is_some_and(|first| first == "docker-cli-plugin-metadata") {
        return Ok(console.result(&metadata())?);
    }
    if let Some(candidates) = complete::answer(arguments) {
        return Ok(console.result(&candidates)?);
    }
    let called = format!("docker {name}");
    let (globals, rest) = program::split_globals(name, arguments);
    let Some(command) = PluginCommand::find(rest) else { return Ok(()) };
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

fn run(console: Console, globals: Vec<String>, command: &PluginCommand, given: &Given) -> Result<(), Failure> {
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
