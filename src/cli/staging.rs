//! Staging what a command wants: on what is known lately, else on what the servers say now.

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::{Agreement, Publishing};
use super::ending::Ending;
use super::wanted::{Wanted, about};
use super::{Context, preview, publish, staged};
use crate::engine::wording::counted;
use crate::engine::{
    Change, EngineError, EntryId, Health, Problem, RepositoryView, RootKeyChoice, Stage, StagedChange,
};
use crate::tuf::{CanonicalKeyId, Gun, PublicKey};

/// Stages repository by repository, so that one that fails does not stop the others, then publishes if asked to.
pub(super) async fn stage(context: &Context, wanted: Wanted, publishing: &Publishing) -> Result<Ending, Problem> {
    let guns: Vec<Gun> = wanted.changes.iter().map(|(gun, _)| gun.clone()).collect();
    let before = context.engine.stage().staged()?;
    let mut ending = Ending { problems: wanted.problems, ..Ending::done() };
    let lately = if publishing.publish || publishing.dry_run { Vec::new() } else { context.read_lately(&guns).await };
    let is_known = |gun: &Gun| lately.iter().any(|(known, _)| known == gun);
    let asked: Vec<Gun> = guns.iter().filter(|gun| !is_known(gun)).cloned().collect();
    let mut views = context.views(&asked).await;
    // Whoever signs a role again signs what is left in it: it is told before, and once.
    views.values().flatten().for_each(|view| context.report_losses(view));
    views.extend(lately.iter().map(|(gun, view)| (gun.clone(), Ok(view.clone()))));
    if publishing.dry_run {
        let (batch, refused) = all_needed(context, wanted.changes, &views, wanted.creates.as_ref());
        let planned = batch.iter().flat_map(|(gun, changes)| changes.iter().map(move |change| (gun, change)));
        let planned = planned.chain(before.changes.iter().map(|staged| (&staged.gun, &staged.change)));
        say_anew(context, "planned", batch.iter().map(|(gun, _)| gun), &views, &planned.collect::<Vec<_>>());
        ending.problems.extend(refused.into_iter().map(|refusal| refusal.problem));
        return shown(context, ending, batch, &wanted.pretended, &publishing.agreement);
    }
    let revokes =
        wanted.changes.iter().flat_map(|(_, list)| list).any(|change| matches!(change, Change::Revoke { .. }));
    let (mut staged_guns, mut asked_now, refused) = stage_on(context, wanted.changes, &views, wanted.creates.as_ref())?;
    // Others may have published since: what does not fit what is known is looked at again.
    let (again, refused): (Vec<_>, Vec<_>) = refused.into_iter().partition(|refusal| is_known(&refusal.gun));
    ending.problems.extend(refused.into_iter().map(|refusal| refusal.problem));
    if !again.is_empty() {
        let guns: Vec<Gun> = again.iter().map(|refusal| refusal.gun.clone()).collect();
        let changes = again.into_iter().map(|refusal| (refusal.gun, refusal.changes)).collect();
        let (staged, asked, refused) =
            stage_on(context, changes, &context.views(&guns).await, wanted.creates.as_ref())?;
        staged_guns.extend(staged);
        asked_now.extend(asked);
        ending.problems.extend(refused.into_iter().map(|refusal| refusal.problem));
    }
    if !publishing.publish {
        let staged: Vec<_> = asked_now.iter().map(|staged| (&staged.gun, &staged.change)).collect();
        say_anew(context, "staged", &staged_guns, &views, &staged);
    }
    ending.succeeded = staged_guns.len();
    let stage = context.engine.stage().staged()?;
    let replaced = stage.replaced(&before);
    staged::say_replaced(context, &replaced);
    let taken = if revokes { stage.taken_back(&before) } else { Vec::new() };
    staged::say_taken_back(context, &taken);
    let before: BTreeSet<EntryId> = before.changes.iter().map(|staged| staged.id).collect();
    let is_left = |staged: &StagedChange| publishing.publish || !before.contains(&staged.id);
    leave_out(&mut staged_guns, &taken, &stage, is_left);
    if publishing.publish {
        let agreement = &publishing.agreement;
        // Not what another program stages meanwhile.
        let own: BTreeSet<EntryId> =
            asked_now.iter().map(|staged| staged.id).filter(|id| !before.contains(id)).collect();
        let asked = publish::Asked { changes: asked_now, shown: wanted.shown };
        let sent = publish::staged(context, ending, (staged_guns.clone(), Vec::new()), &asked, agreement).await;
        staged_guns.retain(|gun| !sent.tried.contains(gun));
        left_over(context, &staged_guns, (&own, replaced.as_slice()), agreement);
        return sent.ending;
    }
    staged::say_staged(context, &staged_guns, &before)?;
    Ok(ending)
}

/// Leaves out repositories where something was taken back and nothing is left to be told or sent.
fn leave_out(guns: &mut Vec<Gun>, taken: &[&StagedChange], stage: &Stage, is_left: impl Fn(&StagedChange) -> bool) {
    guns.retain(|gun| {
        let is_taken = taken.iter().any(|old| old.gun == *gun);
        !is_taken || stage.changes.iter().any(|staged| staged.gun == *gun && is_left(staged))
    });
}

/// Takes back what this command has staged for repositories for which nothing was sent, or the next publish would send it
/// unasked; what that took the place of is staged again. Who reviewed it at a terminal keeps it, and is told.
fn left_over(
    context: &Context,
    guns: &[Gun],
    (own, replaced): (&BTreeSet<EntryId>, &[&StagedChange]),
    agreement: &Agreement,
) {
    // What cannot be read stays, and the next command says why.
    let staged = context.engine.stage().staged().map(|stage| stage.changes).unwrap_or_default();
    let own = staged.iter().filter(|staged| guns.contains(&staged.gun) && own.contains(&staged.id));
    let own: Vec<EntryId> = own.map(|staged| staged.id).collect();
    let changes = counted(own.len(), "change", "changes");
    let said = match own.as_slice() {
        [] => return,
        _ if !agreement.yes && context.console.interactive => {
            let stays = if own.len() == 1 { "stays" } else { "stay" };
            format!("{changes} {stays} staged; send with trustdeck publish, or drop with trustdeck reset")
        }
        own => match context.engine.stage().drop_changes(own).and_then(|_| stage_again(context, guns, replaced)) {
            Ok(0) => format!("nothing of it stays staged: {changes} taken back"),
            Ok(_) => format!("{changes} taken back, and staged as before"),
            Err(error) => format!("{changes} cannot be taken back, drop with trustdeck reset: {error}"),
        },
    };
    context.console.note(&said);
}

/// Says of repositories that the server has lost that what was staged or planned makes them anew.
fn say_anew<'a>(
    context: &Context,
    how: &str,
    guns: impl IntoIterator<Item = &'a Gun>,
    views: &BTreeMap<Gun, Result<RepositoryView, Problem>>,
    changes: &[(&Gun, &Change)],
) {
    let is_made = |gun: &Gun| changes.iter().any(|(of, change)| *of == gun && change.is_creation());
    let is_lost = |gun: &&Gun| matches!(views.get(gun), Some(Ok(view)) if view.lost);
    for gun in guns.into_iter().filter(is_lost).filter(|gun| is_made(gun)) {
        let why = context.engine.trust().nothing_there(gun).problem();
        let hint =
            format!("what is {how} makes it anew with another root, which publish --accept demands; {}", why.hint);
        context.console.problem(&Problem { hint, ..why });
    }
}

/// Stages again what was staged before for repositories; says how much that is.
fn stage_again(context: &Context, guns: &[Gun], replaced: &[&StagedChange]) -> Result<usize, EngineError> {
    let of_them = replaced.iter().filter(|staged| guns.contains(&staged.gun));
    let changes: Vec<(Gun, Change)> = of_them.map(|staged| (staged.gun.clone(), staged.change.clone())).collect();
    let count = changes.len();
    if count > 0 {
        context.engine.stage().stage(changes)?;
    }
    Ok(count)
}

/// What could not be staged.
struct Refused {
    gun: Gun,
    changes: Vec<Change>,
    problem: Problem,
}

/// What was staged: the repositories, and all changes staged for them then; and what was not.
type StagedOn = (Vec<Gun>, Vec<StagedChange>, Vec<Refused>);

/// Stages on what these views show: all repositories as one act, or each for itself if that fails.
fn stage_on(
    context: &Context,
    wanted: Vec<(Gun, Vec<Change>)>,
    views: &BTreeMap<Gun, Result<RepositoryView, Problem>>,
    creates: Option<&RootKeyChoice>,
) -> Result<StagedOn, Problem> {
    let (mut batch, mut staged, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (gun, changes) in wanted {
        match needed(context, &gun, changes.clone(), views.get(&gun), creates) {
            Ok(needed) => batch.push((gun, changes, needed)),
            Err(problem) => refused.push(Refused { gun, changes, problem }),
        }
    }
    let of_one =
        |gun: &Gun, list: &[Change]| list.iter().map(|change| (gun.clone(), change.clone())).collect::<Vec<_>>();
    let all = batch.iter().flat_map(|(gun, _, needed)| of_one(gun, needed)).collect();
    match context.engine.stage().stage(all) {
        Ok(stage) => {
            staged.extend(batch.into_iter().map(|(gun, ..)| gun));
            return Ok((staged, stage.changes, refused));
        }
        // It was waited for, and is no repository's fault.
        Err(error @ EngineError::BusyLocal { .. }) => return Err(error.into()),
        Err(_) => {}
    }
    let mut asked = Vec::new();
    for (gun, changes, needed) in batch {
        match context.engine.stage().stage(of_one(&gun, &needed)) {
            Ok(stage) => {
                asked.extend(stage.changes.into_iter().filter(|change| change.gun == gun));
                staged.push(gun);
            }
            Err(error) => refused.push(Refused { problem: about(error, &gun), gun, changes }),
        }
    }
    Ok((staged, asked, refused))
}

/// All changes with what must come first, and those that cannot be.
fn all_needed(
    context: &Context,
    wanted: Vec<(Gun, Vec<Change>)>,
    views: &BTreeMap<Gun, Result<RepositoryView, Problem>>,
    creates: Option<&RootKeyChoice>,
) -> (Vec<(Gun, Vec<Change>)>, Vec<Refused>) {
    let (mut batch, mut refused) = (Vec::new(), Vec::new());
    for (gun, changes) in wanted {
        match needed(context, &gun, changes.clone(), views.get(&gun), creates) {
            Ok(needed) => batch.push((gun, needed)),
            Err(problem) => refused.push(Refused { gun, changes, problem }),
        }
    }
    (batch, refused)
}

/// Shows what would be published, repository by repository where one fails; nothing is staged.
fn shown(
    context: &Context,
    mut ending: Ending,
    batch: Vec<(Gun, Vec<Change>)>,
    pretended: &[(PublicKey, String)],
    agreement: &Agreement,
) -> Result<Ending, Problem> {
    let plan = |batch: &[(Gun, Vec<Change>)]| {
        let guns: Vec<Gun> = batch.iter().map(|(gun, _)| gun.clone()).collect();
        let all = batch.iter().flat_map(|(gun, list)| list.iter().map(|change| (gun.clone(), change.clone())));
        context.engine.stage().preview(all.collect(), &guns, pretended)
    };
    if !pretended.is_empty() {
        let hint = "a key is made when the command runs, and the plan has another ID then; to accept it by its ID, stage it \
                    without --publish, then ask trustdeck publish --dry-run";
        context.console.note(hint);
    }
    if let Ok(plan) = plan(&batch) {
        return preview::preview(context, ending, &plan, agreement);
    }
    let (mut good, mut failed) = (Vec::new(), Vec::new());
    for one in batch {
        match plan(std::slice::from_ref(&one)) {
            Ok(_) => good.push(one),
            Err(error) => failed.push(about(error, &one.0)),
        }
    }
    ending.problems.extend(failed);
    if good.is_empty() { Ok(ending) } else { preview::preview(context, ending, &plan(&good)?, agreement) }
}

/// The changes with what must come first: the creation of a repository that has no trust data.
fn needed(
    context: &Context,
    gun: &Gun,
    mut changes: Vec<Change>,
    view: Option<&Result<RepositoryView, Problem>>,
    creates: Option<&RootKeyChoice>,
) -> Result<Vec<Change>, Problem> {
    let absent = match view {
        Some(Ok(view)) => view.health == Health::New || view.lost,
        // Without network a change can be staged on what this machine knows; expired data can be renewed.
        Some(Err(problem)) if problem.kind == crate::engine::Kind::Freeze => false,
        Some(Err(problem)) => return Err(problem.clone()),
        None => false,
    };
    if !absent {
        if let Some(Ok(view)) = view {
            changes.iter_mut().for_each(|change| use_bare_keys(change, view));
        }
        return Ok(changes);
    }
    if changes.iter().any(|change| matches!(change, Change::Republish | Change::Delete)) {
        return Ok(changes);
    }
    let creation = |staged: &StagedChange| staged.gun == *gun && staged.change.is_creation();
    let already =
        changes.iter().any(Change::is_creation) || context.engine.stage().staged()?.changes.iter().any(creation);
    match creates {
        Some(root_key) if !already => changes.insert(0, Change::Create { root_key: root_key.clone() }),
        None if !already => {
            return Err(context.engine.trust().nothing_there(gun).problem());
        }
        _ => {}
    }
    Ok(changes)
}

/// Puts the bare key's ID where a user gave the ID of its certificate, as notary lists it.
fn use_bare_keys(change: &mut Change, view: &RepositoryView) {
    let listed = || view.roles.iter().flat_map(|r| &r.keys);
    let bare = |id: &mut CanonicalKeyId| {
        if let Some(key) = listed().find(|k| k.id.as_str() == id.as_str()) {
            *id = key.canonical.clone();
        }
    };
    match change {
        Change::EditDelegation { remove_keys: keys, .. } | Change::PurgeKeys { keys } => keys.iter_mut().for_each(bare),
        Change::RemoveSignerKey { key, .. } => bare(key),
        _ => {}
    }
}
