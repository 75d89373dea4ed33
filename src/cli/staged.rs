//! What was staged: said after staging, listed by `status`, dropped by `reset`.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Context;
use super::arguments::{Changelist, MoveChanges, Reset};
use super::console::input;
use super::ending::Ending;
use crate::engine::reference::in_command;
use crate::engine::{Change, EntryId, Problem, Stage, StagedChange};
use crate::tuf::{Gun, Role};

/// A staged change as JSON.
#[derive(Serialize)]
pub(super) struct StagedRow<'a> {
    id: u64,
    repository: &'a Gun,
    server: &'a str,
    at: String,
    what: String,
    change: &'a Change,
}

impl StagedRow<'_> {
    /// The repository and the change in words.
    #[must_use]
    pub(super) fn sentence(&self) -> String {
        format!("{}: {}", self.repository, self.what)
    }

    /// The same behind the number that `reset --change` takes.
    #[must_use]
    pub(super) fn numbered(&self) -> String {
        format!("{}  {}", self.id, self.sentence())
    }
}

/// The row of a staged change.
#[must_use]
pub(super) fn row(staged: &StagedChange) -> StagedRow<'_> {
    StagedRow {
        id: staged.id.0,
        repository: &staged.gun,
        server: &staged.server,
        at: staged.at.to_string(),
        what: describe(&staged.change),
        change: &staged.change,
    }
}

/// A change in a few words, such as `sign 1.0 (sha256:3f2a91c0…) into targets/releases`.
#[must_use]
pub(super) fn describe(change: &Change) -> String {
    match change {
        Change::Create { .. } => "create the repository".to_owned(),
        Change::AddSigner { name, keys } => {
            format!("add signer {name} with {}", shorts(keys.iter().map(|k| k.canonical_id().short())))
        }
        Change::RemoveSigner { name } => format!("remove signer {name}"),
        Change::RemoveSignerKey { name, key } => format!("remove key {} of signer {name}", key.short()),
        Change::AddDelegation { role, keys, paths } => {
            let keys = shorts(keys.iter().map(|k| k.canonical_id().short()));
            format!("add delegation {role}, keys {keys}, paths {}", quoted(paths))
        }
        Change::EditDelegation { role, remove_keys, remove_paths, clear_paths } => {
            let keys = shorts(remove_keys.iter().map(crate::tuf::CanonicalKeyId::short));
            let paths = if *clear_paths { "all".to_owned() } else { quoted(remove_paths) };
            format!("take from delegation {role}: keys {keys}, paths {paths}")
        }
        Change::RemoveDelegation { role } => format!("remove delegation {role}"),
        Change::PurgeKeys { keys } => {
            format!("remove keys {} from every delegation", shorts(keys.iter().map(crate::tuf::CanonicalKeyId::short)))
        }
        Change::Sign { tag, target, roles } => {
            let bytes = if target.length == 1 { "byte" } else { "bytes" };
            format!("sign {tag} (sha256:{}, {} {bytes}){}", target.sha256, target.length, into("into", roles))
        }
        Change::Revoke { tag, roles } => format!("revoke {tag}{}", into("in", roles)),
        Change::Witness { role } => format!("sign {role} again"),
        Change::Restore { .. } | Change::Republish | Change::RotateKeys { .. } => change.describe(),
        Change::Delete => "delete all trust data on the server".to_owned(),
    }
}

fn shorts<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() { "none".to_owned() } else { ids.join(" ") }
}

fn quoted(paths: &[String]) -> String {
    let quoted: Vec<String> = paths.iter().map(|p| format!("\"{p}\"")).collect();
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(" ") }
}

fn into(word: &str, roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(Role::as_str).collect();
    if names.is_empty() { String::new() } else { format!(" {word} {}", names.join(", ")) }
}

/// Says what was added to what had been staged before.
pub(super) fn say_staged(context: &Context, guns: &[Gun], before: &BTreeSet<EntryId>) -> Result<(), Problem> {
    let stage = context.engine.stage().staged()?;
    let added = stage.changes.iter().filter(|c| guns.contains(&c.gun) && !before.contains(&c.id));
    let rows: Vec<StagedRow<'_>> = added.map(row).collect();
    if context.console.json {
        return context.console.result_json(&rows);
    }
    let lines = rows.iter().map(|row| format!("staged: {}\n", crate::printable::printable(&row.sentence())));
    context.console.result(&lines.collect::<String>())?;
    if rows.is_empty() && !guns.is_empty() {
        context.console.note("that is staged already");
    }
    match stage.changes.len() {
        0 => {}
        _ if guns.is_empty() => {}
        all if all == rows.len() => context.console.note("review and send with: trustdeck publish"),
        1 => context.console.note("1 change is staged; review and send with: trustdeck publish"),
        all => context.console.note(&format!("{all} changes are staged; review and send with: trustdeck publish")),
    }
    Ok(())
}

/// Says what was staged before of tags that are signed with something else now.
pub(super) fn say_replaced(context: &Context, replaced: &[&StagedChange]) {
    match replaced {
        [] => {}
        [one] => context.console.say(&format!("that takes the place of what was staged: {}", row(one).sentence())),
        more => context.console.note(&format!("that takes the place of {} changes that were staged", more.len())),
    }
}

/// Says what was staged before of tags that are not published: to revoke those took it back.
pub(super) fn say_taken_back(context: &Context, taken: &[&StagedChange]) {
    match taken {
        [] => {}
        [one] => {
            context.console.say(&format!("it is not published; what was staged is taken back: {}", row(one).sentence()))
        }
        more => {
            context.console.note(&format!("{} changes that were staged and not published are taken back", more.len()))
        }
    }
}

/// Whether something is staged for the server that a repository has now.
pub(super) fn is_here(context: &Context, stage: &Stage, gun: &Gun) -> bool {
    let here = context.engine.wizards().server_of(gun);
    stage.changes.iter().any(|change| change.gun == *gun && change.server == here)
}

/// What is staged for another server than the one that a repository has now, with the ways on.
pub(super) fn elsewhere(context: &Context, stage: &Stage, gun: &Gun) -> Option<Problem> {
    // Without an address nothing can be sent, which the publish says itself.
    let here = Some(context.engine.wizards().server_of(gun)).filter(|here| !here.is_empty())?;
    let there = &stage.changes.iter().find(|change| change.gun == *gun && change.server != here)?.server;
    let name = in_command(gun);
    let message = format!("what is staged for {gun} is for {there}, and a publish would now go to {here}");
    let hint = format!(
        "publish it with --server {there}, move it here with trustdeck changes move --to {here} {name}, or drop it: \
         trustdeck reset {name}"
    );
    Some(Problem { repository: Some(gun.clone()), ..input(message, hint) })
}

/// `reset`: drops staged changes, of one repository or all.
///
/// # Errors
/// As the engine's.
pub(super) fn reset(context: &Context, command: &Reset) -> Result<Ending, Problem> {
    let only = command.repository.as_deref().map(|typed| context.repository(typed)).transpose()?;
    if only.is_none()
        && command.change.is_empty()
        && let Some(aside) = context.engine.stage().set_unreadable_aside()?
    {
        let path = aside.display();
        context.console.say(&format!("what was staged could not be read; the file was moved aside to {path}"));
    }
    let stage: Stage = context.engine.stage().staged()?;
    let of_repository = |c: &&StagedChange| only.as_ref().is_none_or(|gun| *gun == c.gun);
    let is_named = |c: &&StagedChange| command.change.is_empty() || command.change.contains(&c.id.0);
    let dropped: Vec<&StagedChange> = stage.changes.iter().filter(of_repository).filter(is_named).collect();
    if let Some(missing) = command.change.iter().find(|id| !dropped.iter().any(|change| change.id.0 == **id)) {
        let place = only.as_ref().map(|gun| format!(" for {gun}")).unwrap_or_default();
        return Err(input(
            format!("no change {missing} is staged{place}"),
            "trustdeck status shows what is, by number",
        ));
    }
    let entries: Vec<EntryId> = dropped.iter().map(|c| c.id).collect();
    if !entries.is_empty() {
        context.engine.stage().drop_changes(&entries)?;
    }
    if context.console.json {
        let rows: Vec<StagedRow<'_>> = dropped.into_iter().map(row).collect();
        context.console.result_json(&rows)?;
    } else if dropped.is_empty() {
        context.console.result("nothing is staged\n")?;
    } else {
        let lines = dropped.iter().map(|c| {
            let what = crate::printable::printable(&describe(&c.change));
            format!("dropped: {}: {what}\n", c.gun)
        });
        context.console.result(&lines.collect::<String>())?;
    }
    Ok(Ending::done())
}

/// `changes move`: puts changes under another address of their server.
///
/// # Errors
/// As the engine's.
pub(super) async fn move_changes(context: &Context, command: &MoveChanges) -> Result<Ending, Problem> {
    let gun = context.repository(&command.repository)?;
    let moved = context.engine.stage().move_changes(&gun, Some(&command.to), &context.stop).await?;
    if context.console.json {
        let rows: Vec<StagedRow<'_>> = moved.changes.iter().map(row).collect();
        context.console.result_json(&rows)?;
        return Ok(Ending::done());
    }
    let from = moved.from.join(", ");
    let lines = moved.changes.iter().map(|staged| {
        let text = format!("moved: {}: {} (from {from} to {})", staged.gun, describe(&staged.change), moved.to);
        format!("{}\n", crate::printable::printable(&text))
    });
    context.console.result(&lines.collect::<String>())?;
    Ok(Ending::done())
}

/// `changelist`: what notary staged in the shared trust directory.
///
/// # Errors
/// As the engine's.
pub(super) fn changelist(context: &Context, command: &Changelist) -> Result<Ending, Problem> {
    let gun = context.repository(&command.repository)?;
    let foreign = context.engine.stage().foreign_changes(&gun)?;
    let lines = foreign.map(|foreign| foreign.lines).unwrap_or_default();
    let mut moved = None;
    if command.adopt && !lines.is_empty() {
        context.engine.stage().adopt_foreign(&gun)?;
    } else if command.drop && !lines.is_empty() {
        moved = Some(context.engine.stage().drop_foreign(&gun)?);
    }
    if context.console.json {
        let row = serde_json::json!({"repository": gun, "changes": lines, "adopted": command.adopt, "moved_to": moved});
        context.console.result_json(&row)?;
        return Ok(Ending::done());
    }
    let mut text: String = lines.iter().map(|line| format!("{}\n", crate::printable::printable(line))).collect();
    match (&moved, lines.is_empty()) {
        (_, true) => text.push_str("notary has staged nothing\n"),
        (Some(path), _) => {
            text.push_str(&format!("moved to {}\n", crate::printable::printable(&path.display().to_string())))
        }
        (None, _) if command.adopt => text.push_str("staged here now\n"),
        (None, _) => {}
    }
    context.console.result(&text)?;
    Ok(Ending::done())
}
