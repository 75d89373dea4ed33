//! Words that are more likely a command that was mistyped than a repository to open.

use std::sync::Arc;

use clap::CommandFactory;

use super::Arguments;
use super::arguments::nearest;
use super::console::input;
use crate::engine::reference::parse_repository;
use crate::engine::{Engine, Problem, Settings};
use crate::printable::printable;
use crate::tuf::Gun;

/// What people type who come from docker, and what stands for it here.
const FROM_DOCKER: [(&str, &str); 3] = [
    ("trust", "the commands of docker trust stand by themselves here, as in trustdeck inspect REPO"),
    ("login", "logins are those of docker login, and i on the screen asks for one"),
    ("logout", "logins are those of docker; docker logout forgets one"),
];

/// Reads the name of a repository to open. A bare word that names none known here opens nothing and is not remembered.
///
/// # Errors
/// `Input`, with the nearest command, for a word without a slash, a dot or a colon that is not known; with what shows
/// a tag, for a tag; as [`parse_repository`]; as the engine's.
pub(super) fn repository(name: &str, literal: bool, settings: &Settings) -> Result<Gun, Problem> {
    let is_word = !name.contains(['/', '.', ':']);
    let reference = match parse_repository(name, literal) {
        Err(_) if is_word && nearest_command(&name.to_lowercase()).is_some() => return Err(no_command(name, None)),
        read => read?,
    };
    if reference.tag.is_some() || reference.digest.is_some() {
        let message = format!("{} names one image, and the screen opens whole repositories", printable(name));
        let familiar = reference.familiar;
        return Err(input(message, format!("trustdeck {familiar} opens it; trustdeck inspect {name} shows this one")));
    }
    if is_word && !is_known(&reference.gun, settings)? {
        return Err(no_command(name, Some(&reference.gun)));
    }
    Ok(reference.gun)
}

/// What is said of words before a command.
pub(super) fn before_command(words: &[String]) -> Problem {
    let hint = from_docker(&words[0]).unwrap_or("put it behind the command");
    input(format!("{:?} stands before the command", words.join(" ")), hint)
}

fn no_command(name: &str, gun: Option<&Gun>) -> Problem {
    let meant = from_docker(name).map(str::to_owned);
    let meant = meant
        .or_else(|| nearest_command(&name.to_lowercase()).map(|command| format!("did you mean trustdeck {command}?")));
    let mut hints = vec![meant.unwrap_or_else(|| "see trustdeck --help".to_owned())];
    hints.extend(gun.map(|gun| {
        format!("to open a repository that is called so, write it whole: trustdeck {}", printable(gun.as_str()))
    }));
    input(format!("{} is no command and no repository that is known here", printable(name)), hints.join("; "))
}

fn from_docker(word: &str) -> Option<&'static str> {
    FROM_DOCKER.iter().find(|(typed, _)| *typed == word).map(|(_, told)| *told)
}

fn is_known(gun: &Gun, settings: &Settings) -> Result<bool, Problem> {
    let engine = Engine::open(settings.clone(), Arc::new(jiff::Timestamp::now))?;
    Ok(engine.views().entries()?.iter().any(|entry| entry.gun == *gun))
}

fn nearest_command(word: &str) -> Option<String> {
    let commands = Arguments::command();
    nearest(word, commands.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::nearest_command;

    #[test]
    fn the_command_that_was_meant_is_named() {
        for (typed, meant) in [("publsh", "publish"), ("inspct", "inspect"), ("keys", "key"), ("rovoke", "revoke")] {
            assert_eq!(nearest_command(typed).as_deref(), Some(meant));
        }
        for other in ["alpine", "update", "lgoin"] {
            assert_eq!(nearest_command(other), None);
        }
    }
}
