//! A colleague's hand-over file: go on from it, or write it.

use std::collections::HashSet;
use std::path::Path;

use super::base::{begin_with, go_on, prepare};
use super::keys::Chosen;
use crate::cli::Context;
use crate::cli::arguments::{Agreement, TakeOver};
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::cli::shown::{Shown, take_changed};
use crate::cli::wanted::about;
use crate::engine::trust::alike::Alike;
use crate::engine::view::TagView;
use crate::engine::wizard::{Facts, HandOver, HandOverRepository};
use crate::engine::{EngineError, Kind, Problem, RepositoryView, words};
use crate::printable::printable;
use crate::tuf::{Gun, Role};

/// Runs `rotate take-over`.
///
/// # Errors
/// `Input` for a file that is not what it should be, or a key that is not here; as [`super::rotate`].
pub(super) async fn take_over(context: &Context, command: &TakeOver) -> Result<Ending, Problem> {
    let mut file = HandOver::read(&command.file)?;
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
    // What could not be read is told however the rest ends.
    let mut unread = Vec::new();
    match take_readable(context, &mut file, command, &mut unread).await {
        Ok(ending) => Ok(Ending { problems: [unread, ending.problems].concat(), ..ending }),
        Err(problem) if unread.is_empty() => Err(problem),
        Err(problem) => Ok(Ending { problems: [unread, vec![problem]].concat(), ..Ending::done() }),
    }
}

/// Takes over what can be shown, and says why of what is left out.
async fn take_readable(
    context: &Context,
    file: &mut HandOver,
    command: &TakeOver,
    unread: &mut Vec<Problem>,
) -> Result<Ending, Problem> {
    let mut shown = show_all(context, file, &command.publishing.agreement, unread).await?;
    only_shown(file, &shown);
    let guns: Vec<Gun> = shown.iter().map(|shown| shown.gun().clone()).collect();
    prepare(context, &guns, &command.publishing).await?;
    unread.extend(show_again(context, file, &mut shown).await);
    only_shown(file, &shown);
    if shown.is_empty() {
        if context.console.json {
            context.console.result_json(&serde_json::json!([]))?;
        }
        return Ok(Ending::done());
    }
    take_shown(context, (file, shown), command).await
}

/// Leaves out of the file what was not shown: it must not be signed.
fn only_shown(file: &mut HandOver, shown: &[Shown]) {
    file.repositories.retain(|repository| shown.iter().any(|shown| *shown.gun() == repository.gun));
}

/// Goes on with repositories of a file that were shown, all of them.
async fn take_shown(
    context: &Context,
    (file, shown): (&HandOver, Vec<Shown>),
    command: &TakeOver,
) -> Result<Ending, Problem> {
    refuse_older(context, file, &command.publishing.agreement).await?;
    let mut choice = file.choice(context.engine.now());
    if command.publishing.agreement.accept.is_some() {
        // Older is accepted, missing is not: what is not there cannot be signed again.
        choice.sent.values_mut().flat_map(|roles| roles.values_mut()).for_each(|version| *version = 0);
    }
    let choice = begin_with(context, choice)?;
    go_on(context, Chosen { shown, ..Chosen::from(choice) }, &command.publishing).await
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

/// Tags that are shown of a repository whose tags this machine has shown before.
const SHOWN: usize = 40;

/// Shows all that would be signed, and gets accepted what is new here, what could be taken for something else, and what this
/// machine has not shown yet: what a stranger's file names must never be signed unseen. What cannot be shown is left out, and
/// it is told why.
async fn show_all(
    context: &Context,
    file: &HandOver,
    agreement: &Agreement,
    unread: &mut Vec<Problem>,
) -> Result<Vec<Shown>, Problem> {
    let (trust, views) = (context.engine.trust(), context.engine.views());
    let (mut unseen, mut all) = (Vec::new(), Vec::new());
    for HandOverRepository { gun, .. } in &file.repositories {
        let (is_known, alike) = (trust.is_known(gun)?, trust.alike(gun)?);
        let view = match views.preview(gun).await {
            Ok(view) => view,
            Err(error) => {
                unread.push(about(error, gun));
                continue;
            }
        };
        all.push(Shown::of(&view));
        let shown = if is_known { views.cached(gun).await.ok() } else { None };
        let parts = |tag: &TagView| (tag.name.to_string(), tag.digest.clone(), tag.length);
        let shown: HashSet<_> = shown.iter().flat_map(|view| view.tags.iter()).map(parts).collect();
        let has_news = view.tags.iter().any(|tag| !shown.contains(&parts(tag)));
        show(context, file, &view, is_known, &alike, if has_news { usize::MAX } else { SHOWN });
        let why = match (is_known, alike.is_empty(), has_news) {
            (false, ..) => "is new to this machine, and its root key was not accepted",
            (_, false, _) => "looks like another one, and that it is meant was not accepted",
            (_, _, true) => "has tags that were not looked at here, and they were not accepted",
            _ => continue,
        };
        unseen.push((gun, why));
    }
    if unseen.is_empty() || agreement.accept.is_some() {
        return Ok(all);
    }
    if context.console.interactive && !agreement.yes {
        for (gun, _) in unseen {
            let last = gun.as_str().rsplit('/').next().unwrap_or_default();
            if !context.console.typed(&format!("type {} to trust what is shown of it", printable(last)), last) {
                return Err(EngineError::Cancelled.problem());
            }
        }
        return Ok(all);
    }
    let unseen: Vec<String> = unseen.into_iter().map(|(gun, why)| format!("{gun} {why}")).collect();
    let hint = "compare what is shown with the sender, by another way than the file came; then repeat with --accept";
    Err(Problem { kind: Kind::Policy, ..input(format!("nothing was signed: {}", unseen.join("; ")), hint) })
}

/// Shows once more what the server shows otherwise by now, and takes it out.
async fn show_again(context: &Context, file: &HandOver, shown: &mut Vec<Shown>) -> Vec<Problem> {
    for shown in shown.iter() {
        if let Ok(now) = context.engine.views().cached(shown.gun()).await
            && Shown::of(&now) != *shown
        {
            show(context, file, &now, true, &[], usize::MAX);
        }
    }
    take_changed(context, shown).await
}

/// Host, root key with words, who signed before, and the tags with their digests and signers. Text from outside is made
/// printable.
fn show(context: &Context, file: &HandOver, view: &RepositoryView, is_known: bool, alike: &[Alike], most: usize) {
    let console = context.console;
    let known = if is_known { "known to this machine" } else { "new to this machine" };
    console.say(&format!("{}: {known}, on {}", view.gun, view.server));
    alike.iter().for_each(|alike| console.say(&format!("  WARNING: {alike}")));
    let named = file.repositories.iter().find(|repository| repository.gun == view.gun).map(|r| r.root.as_slice());
    for key in view.roles.iter().filter(|role| role.role == Role::Root).flat_map(|role| &role.keys) {
        let same = if named.is_some_and(|named| named.contains(&key.canonical)) { "as" } else { "NOT as" };
        let wrapped = match key.id.as_str() == key.canonical.as_str() {
            true => String::new(),
            false => format!(", with its certificate {}", key.id),
        };
        let id = &key.canonical;
        console.say(&format!("  root key {id} ({}){wrapped}, {same} the file says", words(id)));
    }
    for role in view.roles.iter().filter(|role| role.role.delegation().is_some()) {
        let by: Vec<&str> = role.last_signed_by.iter().filter(|by| by.current).map(|by| by.label.as_str()).collect();
        let by = if by.is_empty() { "nobody known".to_owned() } else { by.join(", ") };
        console.say(&format!("  {} signed last by {by}", role.role));
    }
    for tag in view.tags.iter().take(most) {
        let signers = if tag.signers.is_empty() { "nobody else".to_owned() } else { tag.signers.join(", ") };
        let digest = if tag.has_digest() { format!("sha256:{}", tag.digest) } else { "no SHA-256 digest".to_owned() };
        console.say(&format!("  {}  {digest}  {} bytes  signed by {signers}", tag.name, tag.length));
    }
    if let Some(more) = view.tags.len().checked_sub(most).filter(|more| *more > 0) {
        console.say(&format!("  and {more} more, all as they were shown here before"));
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
