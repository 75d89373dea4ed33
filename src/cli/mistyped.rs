//! Words that are more likely a command that was mistyped than a repository to open.

use std::sync::Arc;

use clap::CommandFactory;

use super::Arguments;
use super::console::input;
use crate::engine::{Engine, Problem, Settings};
use crate::printable::printable;
use crate::tuf::Gun;

/// How alike two words must be that one may stand for the other: 0 is not at all, 1 is the same.
const ALIKE: f64 = 0.7;

/// Refuses a bare word that names no repository known here: it opens nothing and is not remembered.
///
/// # Errors
/// `Input`, with the nearest command, for a word without a slash, a dot or a colon that is not known; as the engine's.
pub(super) fn check(name: &str, gun: &Gun, settings: &Settings) -> Result<(), Problem> {
    if name.contains(['/', '.', ':']) || is_known(gun, settings)? {
        return Ok(());
    }
    let whole =
        format!("to open a repository that is called so, write it whole: trustdeck {}", printable(gun.as_str()));
    let hint = match nearest(name) {
        Some(command) => format!("did you mean trustdeck {command}? {whole}"),
        None => format!("see trustdeck --help; {whole}"),
    };
    Err(input(format!("{} is no command and no repository that is known here", printable(name)), &hint))
}

fn is_known(gun: &Gun, settings: &Settings) -> Result<bool, Problem> {
    let engine = Engine::open(settings.clone(), Arc::new(jiff::Timestamp::now))?;
    Ok(engine.views().entries()?.iter().any(|entry| entry.gun == *gun))
}

/// The command that is most like a word, if one is.
fn nearest(word: &str) -> Option<String> {
    let commands = Arguments::command();
    let names = commands.get_subcommands().map(|command| command.get_name().to_owned());
    let alike = names.map(|name| (strsim::jaro_winkler(word, &name), name)).filter(|(alike, _)| *alike >= ALIKE);
    alike.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_command_that_was_meant_is_named() {
        for (typed, meant) in [("publsh", "publish"), ("inspct", "inspect"), ("keys", "key"), ("rovoke", "revoke")] {
            assert_eq!(nearest(typed).as_deref(), Some(meant));
        }
        assert_eq!(nearest("alpine"), None);
    }
}
