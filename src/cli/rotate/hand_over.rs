//! A colleague's hand-over file: go on from it, or write it.

use std::path::Path;

use super::base::{begin_with, go_on, prepare};
use crate::cli::Context;
use crate::cli::arguments::TakeOver;
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::engine::Problem;
use crate::engine::wizard::{Facts, HandOver};

/// Runs `rotate take-over`.
///
/// # Errors
/// `Input` for a file that is not what it should be, or a key that is not here; as [`super::rotate`].
pub(super) async fn take_over(context: &Context, command: &TakeOver) -> Result<Ending, Problem> {
    let file = HandOver::read(&command.file)?;
    if !context.engine.custody().holds_key(&file.key_id) {
        let message =
            format!("the private half of key {} ({}) is not in this key store", file.key_id.short(), file.words);
        return Err(input(message, "load it first: trustdeck key load FILE --name SIGNER"));
    }
    for repository in &file.repositories {
        let here = context.engine.wizards().server_of(&repository.gun);
        if here != repository.server {
            let (gun, there) = (&repository.gun, &repository.server);
            context.console.say(&format!("{gun}: the file was written for {there}; this machine asks {here}"));
        }
    }
    let choice = file.choice(context.engine.now());
    prepare(context, &choice.repositories, &command.publishing).await?;
    let choice = begin_with(context, choice)?;
    go_on(context, choice, &command.publishing).await
}

/// Writes the file that a colleague needs; one that says the same is left as it is.
///
/// # Errors
/// `Input` if the file exists and is about another key.
pub(super) fn write_hand_over(context: &Context, facts: &Facts, path: &Path) -> Result<(), Problem> {
    let Some(file) = HandOver::of(facts) else { return Ok(()) };
    if let Ok(there) = HandOver::read(path)
        && there.key_id == file.key_id
        && there.repositories.iter().map(|r| &r.gun).eq(file.repositories.iter().map(|r| &r.gun))
    {
        return Ok(());
    }
    file.write(path)?;
    context.console.say(&format!("wrote {}: send it to whoever has the new key", path.display()));
    Ok(())
}
