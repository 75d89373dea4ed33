//! From arguments to an exit code: what kind of run this is, its settings, its runtime.

use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;

use super::console::{broken, input};
use super::{Arguments, Command, Console, Ending, json};
use crate::engine::{Engine, FirstContact, Problem, Settings};

/// Runs what the arguments ask for.
#[must_use]
pub fn main(arguments: Arguments) -> ExitCode {
    let console = Console::new(arguments.globals.json);
    let ending = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(start(console, arguments)),
        Err(error) => Err(broken(&error.to_string())),
    };
    match ending {
        Ok(ending) => ending.exit_code(),
        Err(problem) => {
            console.problem(&problem);
            Ending::failed(problem).exit_code()
        }
    }
}

async fn start(console: Console, arguments: Arguments) -> Result<Ending, Problem> {
    let Arguments { globals, repositories, command } = arguments;
    match command {
        None => todo!(),
        Some(_) if !repositories.is_empty() => {
            Err(input(format!("{:?} stands before the command", repositories.join(" ")), "put it behind the command"))
        }
        Some(Command::Sandbox(_)) => todo!(),
        Some(command) => {
            let settings: Settings = todo!();
            let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now))?;
            Ok(super::run(engine, console, globals, command).await)
        }
    }
}

/// Prints help or version, or what is wrong with the command line.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    let wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let json = std::env::args_os().any(|argument| argument == "--json");
    if wanted || !json {
        return match error.print() {
            Ok(()) => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
            Err(_) => ExitCode::FAILURE,
        };
    }
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let problem = input(message, "see trustdeck --help");
    Console::new(true).note(&json::line(&problem));
    Ending::failed(problem).exit_code()
}
