//! `key`: the life of keys, without a screen.

mod backup;
mod change;
mod generate;
mod list;
mod load;
mod passphrases;
mod restore;
mod token;
mod words;

use super::Context;
use super::arguments::key::Key;
use super::ending::Ending;
use crate::engine::Problem;

/// Runs a command to its end.
///
/// # Errors
/// As the engine's.
pub(super) fn run(context: &Context, command: &Key) -> Result<Ending, Problem> {
    // Key derivation and questions take long; signals are watched by other threads.
    tokio::task::block_in_place(|| match command {
        Key::List => list::run(context),
        Key::Generate(arguments) => generate::run(context, arguments),
        Key::Load(arguments) => load::run(context, arguments),
        Key::Export(arguments) => change::export(context, arguments),
        Key::Passwd(arguments) => change::passwd(context, arguments),
        Key::Remove(arguments) => change::remove(context, arguments),
        Key::Label(arguments) => change::label(context, arguments),
        Key::Backup(arguments) => backup::run(context, arguments),
        Key::Restore(arguments) => restore::run(context, arguments),
        Key::Token(command) => token::run(context, command),
    })
}
