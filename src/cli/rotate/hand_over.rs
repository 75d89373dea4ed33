//! A colleague's hand-over file: go on from it, or write it.

use std::path::Path;

use super::base::{begin_with, go_on, prepare};
use crate::cli::Context;
use crate::cli::arguments::{Agreement, TakeOver};
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::engine::wizard::{Facts, HandOver};
use crate::engine::{EngineError, Kind, Problem, RepositoryView, words};
use crate::printable::{looks_alike, printable};
use crate::tuf::{Gun, Role};

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
    meet_strangers(context, &file, &command.publishing.agreement).await?;
    let mut choice = file.choice(context.engine.now());
    prepare(context, &choice.repositories, &command.publishing).await?;
    refuse_older(context, &file, &command.publishing.agreement).await?;
    if command.publishing.agreement.accept.is_some() {
        // Older is accepted, missing is not: what is not there cannot be signed again.
        choice.sent.values_mut().flat_map(|roles| roles.values_mut()).for_each(|version| *version = 0);
    }
    let choice = begin_with(context, choice)?;
    go_on(context, choice.into(), &command.publishing).await
}

/// Refuses, unless it is accepted, what is older on the server than the sender has seen it, or not there: it may be held
/// back.
async fn refuse_older(context: &Context, file: &HandOver, agreement: &Agreement) -> Result<(), Problem> {
    let guns: Vec<Gun> = file.repositories.iter().map(|repository| repository.gun.clone()).collect();
    let views = context.views(&guns).await;
    let mut older = Vec::new();
    for repository in &file.repositories {
        // One that could not be read is told of by whoever reads it next.
        let Some(Ok(view)) = views.get(&repository.gun) else { continue };
        let version = |role: &Role| view.roles.iter().find(|shown| shown.role == *role).and_then(|shown| shown.version);
        older.extend(file.held_back(&view.gun, version).map(|what| format!("{}: {what}", view.gun)));
    }
    if older.is_empty() || agreement.accept.is_some() {
        return Ok(());
    }
    let message = format!("nothing was signed: {}", older.join("; "));
    let hint = "the server may hold something back: ask the sender and whoever runs it; then repeat with --accept";
    Err(Problem { kind: Kind::Policy, ..input(message, hint) })
}

/// Shows repositories that are new to this machine with all that would be signed there, and gets them accepted: what a
/// stranger's file names must never be signed unseen.
async fn meet_strangers(context: &Context, file: &HandOver, agreement: &Agreement) -> Result<(), Problem> {
    let mut strangers = Vec::new();
    for repository in &file.repositories {
        if !context.engine.trust().is_known(&repository.gun)? {
            strangers.push(&repository.gun);
        }
    }
    if strangers.is_empty() {
        return Ok(());
    }
    let known: Vec<Gun> = context.engine.views().entries()?.into_iter().map(|entry| entry.gun).collect();
    for gun in &strangers {
        let view = context.engine.views().preview(gun).await?;
        show_stranger(context, file, &view, &known);
    }
    let names: Vec<&str> = strangers.iter().map(|gun| gun.as_str()).collect();
    if agreement.accept.is_some() {
        return Ok(());
    }
    if context.console.interactive && !agreement.yes {
        for name in names {
            let last = name.rsplit('/').next().unwrap_or(name);
            if !context.console.typed(&format!("type {} to trust this repository", printable(last)), last) {
                return Err(EngineError::Cancelled.problem());
            }
        }
        return Ok(());
    }
    let message =
        format!("nothing was signed: {} is new to this machine, and its root key was not accepted", names.join(", "));
    let hint = "compare what is shown with the sender, by another way than the file came; then repeat with --accept";
    Err(Problem { kind: Kind::Policy, ..input(message, hint) })
}

/// Host, root key with words, and the tags with their digests and signers. Text from outside is made printable.
fn show_stranger(context: &Context, file: &HandOver, view: &RepositoryView, known: &[Gun]) {
    let console = context.console;
    console.say(&format!("{}: new to this machine, on {}", view.gun, view.server));
    let alike = |other: &&Gun| looks_alike(other.as_str(), view.gun.as_str());
    if let Some(other) = known.iter().find(alike) {
        console.say(&format!("  WARNING: its name looks like {other}, which is known here and is another repository"));
    }
    let host = |gun: &Gun| gun.host().unwrap_or_default().to_owned();
    let same_eye = |other: &&Gun| looks_alike(&host(other), &host(&view.gun));
    if let Some(other) = known.iter().find(same_eye) {
        console.say(&format!("  WARNING: its host looks like {}, which is another one", host(other)));
    }
    let named = file.repositories.iter().find(|repository| repository.gun == view.gun).map(|r| r.root.as_slice());
    for key in view.roles.iter().filter(|role| role.role == Role::Root).flat_map(|role| &role.keys) {
        let same = if named.is_some_and(|named| named.contains(&key.canonical)) { "as" } else { "NOT as" };
        console.say(&format!("  root key {} ({}), {same} the file says", key.id, words(&key.canonical)));
    }
    for role in view.roles.iter().filter(|role| role.role.delegation().is_some()) {
        let by: Vec<&str> = role.last_signed_by.iter().filter(|by| by.current).map(|by| by.label.as_str()).collect();
        let by = if by.is_empty() { "nobody known".to_owned() } else { by.join(", ") };
        console.say(&format!("  {} signed last by {by}", role.role));
    }
    for tag in view.tags.iter() {
        let signers = if tag.signers.is_empty() { "nobody else".to_owned() } else { tag.signers.join(", ") };
        console.say(&format!("  {}  sha256:{}  {} bytes  signed by {signers}", tag.name, tag.digest, tag.length));
    }
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
