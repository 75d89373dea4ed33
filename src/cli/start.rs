//! From arguments to an exit code: what kind of run this is, its settings, its runtime.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::console::{broken, input};
use super::settings::{settings, sources};
use super::{Arguments, Command, Console, Ending, mistyped, sandbox, screen, shell};
use crate::engine::{Engine, FirstContact, Problem};
use crate::printable::printable;
use crate::tuf::content::{CONTENT_GIVEN, LINE_GIVEN, holds_key, is_line, is_no_name};

/// Threads that read and write files and compute. Who waits for a person or a token has a thread of its own.
const AT_THE_DISK: usize = 32;

/// Runs what the arguments ask for.
#[must_use]
pub fn main(arguments: Arguments) -> ExitCode {
    let console = Console::new(arguments.globals.json);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let ending = match builder.max_blocking_threads(AT_THE_DISK).enable_all().build() {
        Ok(runtime) => {
            let ending = runtime.block_on(start(console, arguments));
            // Not taken down thread by thread: a name that is still being looked up must not keep the program from ending,
            // and the system frees everything at once.
            std::mem::forget(runtime);
            ending
        }
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
        None => screen::open(console, &globals, &repositories, None).await,
        Some(_) if !repositories.is_empty() => Err(mistyped::before_command(&repositories)),
        Some(Command::Completions(command)) => shell::completions(console, &command),
        Some(Command::Man(command)) => shell::man(console, &command),
        Some(Command::Pick(command)) => screen::pick(console, &globals, &command).await,
        Some(Command::Sandbox(command)) if command.serve => sandbox::serve(&command).await,
        Some(Command::Sandbox(command)) => screen::open_sandbox(console, &globals, &command).await,
        Some(command) => {
            let engine = Engine::open(settings(&globals, FirstContact::Trust)?, Arc::new(jiff::Timestamp::now))?;
            let sources = sources(&globals)?;
            Ok(super::run(engine, console, globals, sources, command).await)
        }
    }
}

/// Ends a run whose arguments hold the content of a key, or are a line of one: whatever reads them would quote it, and the
/// log keep it, or a folder bear its name.
#[must_use]
pub fn refuse_content() -> Option<ExitCode> {
    let what = std::env::args_os().skip(1).find_map(|argument| content(&argument.to_string_lossy()))?;
    let json = std::env::args_os().any(|argument| argument == "--json");
    let problem = input(what, "others see the arguments of a program: take that key for one that was seen by others");
    Console::new(json).problem(&problem);
    Some(Ending::failed(problem).exit_code())
}

/// What is said of an argument, or the value of an option, that is the content of a key. What a file or its folder is called
/// is a name however it looks.
fn content(argument: &str) -> Option<&'static str> {
    let is_there = |text: &str| {
        let path = Path::new(text);
        path.exists() || path.parent().is_some_and(|folder| folder != Path::new("") && folder.exists())
    };
    let value = argument.split_once('=').map(|(_, value)| value);
    let is_given = |text: &str| is_line(text) && !is_there(text);
    match holds_key(argument) {
        true => Some(CONTENT_GIVEN),
        false => [Some(argument), value].into_iter().flatten().any(is_given).then_some(LINE_GIVEN),
    }
}

/// An argument in drawable form; of one that is no name at most the option that it is for.
fn drawable(argument: &str) -> String {
    if !is_no_name(argument) {
        return printable(argument);
    }
    match argument.split_once('=').filter(|(option, _)| option.starts_with("--") && !is_no_name(option)) {
        Some((option, _)) => format!("{}=…", printable(option)),
        None => "…".to_owned(),
    }
}

/// Prints help or version, or what is wrong with the command line.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    let wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // Scripts hand on what others wrote, and the error quotes it: the same arguments again, in drawable form.
    let drawable = std::env::args_os().map(|argument| drawable(&argument.to_string_lossy()));
    let quoted = Arguments::try_parse_from(drawable).err().filter(|again| !wanted && again.kind() == error.kind());
    // What is no name may be a secret without the marks of one: rather its kind alone than a quotation of that.
    let has_other = std::env::args_os().skip(1).any(|argument| is_no_name(&argument.to_string_lossy()));
    let unquoted = || Arguments::command().error(error.kind(), error.kind().as_str().unwrap_or("it cannot be read"));
    let quoted = quoted.or_else(|| (!wanted && has_other).then(unquoted));
    let error = quoted.as_ref().unwrap_or(error);
    let json = std::env::args_os().any(|argument| argument == "--json");
    if wanted || !json {
        return match error.print() {
            Ok(()) => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
            Err(_) => ExitCode::FAILURE,
        };
    }
    let problem = told(&error.to_string());
    Console::new(true).problem(&problem);
    Ending::failed(problem).exit_code()
}

/// What clap tells people in paragraphs, as one error: first what is wrong, then tips and usage.
fn told(text: &str) -> Problem {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_advice = |line: &&str| ["tip:", "Usage:", "For more information"].iter().any(|word| line.starts_with(word));
    let wrong: Vec<&str> = lines().take_while(|line| !is_advice(line)).collect();
    let advice: Vec<&str> = lines().skip(wrong.len()).collect();
    let message = wrong.join(" ");
    input(message.trim_start_matches("error: "), advice.join("; ").trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Arguments, told};

    #[test]
    fn errors_of_the_command_line_are_told_whole() {
        let error = Arguments::try_parse_from(["trustdeck", "signer", "add", "ben"]).map(drop).err();
        let problem = told(&error.map(|error| error.to_string()).unwrap_or_default());
        assert!(problem.message.contains("--key") && problem.message.contains("REPO"), "{problem:?}");
        assert!(problem.hint.contains("Usage: trustdeck signer add"), "{problem:?}");
    }
}
