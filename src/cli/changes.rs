//! Commands that stage: each becomes changes to repositories, then perhaps a publish of those.

use std::collections::BTreeSet;

use super::arguments::{
    Agreement, Command, Delegation, DelegationAdd, DelegationRemove, Delete, Paths, Publishing, Signer,
};
use super::arguments::{Restore, SignerAdd, SignerRemove, Witness};
use super::console::input;
use super::ending::Ending;
use super::{Context, preview, publish, staged, tagging};
use crate::engine::custody::file::public_key;
use crate::engine::{Change, EngineError, EntryId, Health, Problem, RepositoryView, RootKeyChoice, typed};
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, NameError, PublicKey, Role, SignerName};

/// Changes that a command wants, repository by repository, in the order they were named.
pub(super) struct Wanted {
    pub(super) changes: Vec<(Gun, Vec<Change>)>,
    /// Repositories that could not even be read from the command line.
    pub(super) problems: Vec<Problem>,
    /// The root key for repositories that must be created; `None` if the command creates none.
    pub(super) creates: Option<RootKeyChoice>,
    /// Keys that a dry run did not make, with their role; a real run would have them at hand by then.
    pub(super) pretended: Vec<(PublicKey, String)>,
}

impl Wanted {
    /// Changes that create nothing.
    pub(super) fn of(changes: Vec<(Gun, Vec<Change>)>) -> Self {
        Self { changes, problems: Vec::new(), creates: None, pretended: Vec::new() }
    }
}

/// Runs a command that stages.
///
/// # Errors
/// For what concerns all repositories; nothing is staged then.
pub(super) async fn run(context: &Context, command: &Command) -> Result<Ending, Problem> {
    read_for_short_ids(context, command).await;
    let (wanted, publishing) = match wanted(context, command).await {
        Ok(both) => both,
        Err(problems) => return Ok(Ending { problems, ..Ending::done() }),
    };
    publish::require_agreement(context, publishing)?;
    stage(context, wanted, publishing).await
}

/// Reads the repository that a short KEYID, or a label, may be of.
async fn read_for_short_ids(context: &Context, command: &Command) {
    let (typed, keys): (&[String], &[String]) = match command {
        Command::Signer(Signer::Remove(remove)) => (&remove.signer.repositories, &remove.key),
        Command::Delegation(Delegation::Remove(remove)) => (std::slice::from_ref(&remove.repository), &remove.keys),
        Command::Delegation(Delegation::Purge(purge)) => (std::slice::from_ref(&purge.repository), &purge.keys),
        _ => return,
    };
    if keys.iter().any(|key| CanonicalKeyId::parse(key).is_err()) {
        let guns: Vec<Gun> = typed.iter().filter_map(|typed| context.repository(typed).ok()).collect();
        // What could not be read is said where its changes are staged.
        context.views(&guns).await;
    }
}

async fn wanted<'a>(context: &Context, command: &'a Command) -> Result<(Wanted, &'a Publishing), Vec<Problem>> {
    let one = |typed: &str, changes: Vec<Change>| -> Result<Wanted, Problem> {
        Ok(Wanted::of(vec![(context.repository(typed)?, changes)]))
    };
    let both = match command {
        Command::Signer(Signer::Add(add)) => (signer_add(context, add)?, &add.signer.publishing),
        Command::Signer(Signer::Remove(remove)) => (
            every(context, &remove.signer.repositories, &signer_remove(context, remove)?, None),
            &remove.signer.publishing,
        ),
        Command::Delegation(Delegation::Add(add)) => {
            (one(&add.repository, vec![delegation_add(context, add)?])?, &add.publishing)
        }
        Command::Delegation(Delegation::Remove(remove)) => {
            (one(&remove.repository, vec![delegation_remove(context, remove)?])?, &remove.publishing)
        }
        Command::Delegation(Delegation::Purge(purge)) => (
            one(&purge.repository, vec![Change::PurgeKeys { keys: key_ids(context, &purge.keys)? }])?,
            &purge.publishing,
        ),
        Command::Sign(sign) => (tagging::signing(context, sign).await?, &sign.publishing),
        Command::Revoke(revoke) => (tagging::revoking(context, revoke).await?, &revoke.publishing),
        Command::Witness(witness) => (one(&witness.repository, witnessing(witness)?)?, &witness.publishing),
        Command::Restore(restore) => (one(&restore.repository, restoring(restore)?)?, &restore.publishing),
        Command::Delete(delete) => (one(&delete.repository, vec![Change::Delete])?, &delete.publishing),
        _ => return Err(vec![super::console::broken("a command that stages nothing")]),
    };
    Ok(both)
}

fn signer_add(context: &Context, add: &SignerAdd) -> Result<Wanted, Vec<Problem>> {
    let name = signer_name(&add.signer.name)?;
    let keys = public_keys(context, &add.key)?;
    let root_key = match add.root_key.as_deref() {
        None => RootKeyChoice::Auto,
        Some("new") => RootKeyChoice::New,
        Some(typed) => match CanonicalKeyId::parse(typed) {
            Ok(id) => RootKeyChoice::Stored(id),
            Err(_) => RootKeyChoice::Stored(context.engine.custody().find_key(typed).map_err(Problem::from)?),
        },
    };
    Ok(every(context, &add.signer.repositories, &[Change::AddSigner { name, keys }], Some(root_key)))
}

fn signer_remove(context: &Context, remove: &SignerRemove) -> Result<Vec<Change>, Problem> {
    let name = signer_name(&remove.signer.name)?;
    if remove.key.is_empty() {
        return Ok(vec![Change::RemoveSigner { name }]);
    }
    let keys = key_ids(context, &remove.key)?;
    Ok(keys.into_iter().map(|key| Change::RemoveSignerKey { name: name.clone(), key }).collect())
}

/// The same changes to every named repository.
fn every(context: &Context, repositories: &[String], changes: &[Change], creates: Option<RootKeyChoice>) -> Wanted {
    let mut wanted = Wanted { creates, ..Wanted::of(Vec::new()) };
    for typed in repositories {
        match context.repository(typed) {
            Ok(gun) => wanted.changes.push((gun, changes.to_vec())),
            Err(problem) => wanted.problems.push(problem),
        }
    }
    wanted
}

fn delegation_add(context: &Context, add: &DelegationAdd) -> Result<Change, Vec<Problem>> {
    let role = delegation(&add.role)?;
    let keys = public_keys(context, &add.files)?;
    let paths = added_paths(&add.paths);
    if keys.is_empty() && paths.is_empty() {
        let problem = input("names neither keys nor paths to add", "name a key file, --paths or --all-paths");
        return Err(vec![problem]);
    }
    Ok(Change::AddDelegation { role, keys, paths })
}

fn added_paths(paths: &Paths) -> Vec<String> {
    if paths.all_paths { vec![String::new()] } else { paths.paths.clone() }
}

fn delegation_remove(context: &Context, remove: &DelegationRemove) -> Result<Change, Problem> {
    let role = delegation(&remove.role)?;
    let (remove_keys, remove_paths) = (key_ids(context, &remove.keys)?, remove.paths.paths.clone());
    let clear_paths = remove.paths.all_paths;
    if remove_keys.is_empty() && remove_paths.is_empty() && !clear_paths {
        return Ok(Change::RemoveDelegation { role });
    }
    Ok(Change::EditDelegation { role, remove_keys, remove_paths, clear_paths })
}

fn restoring(restore: &Restore) -> Result<Vec<Change>, Problem> {
    let named = roles(&restore.roles)?.into_iter().map(|role| Change::Restore { role });
    Ok(if restore.roles.is_empty() { vec![Change::Republish] } else { named.collect() })
}

fn witnessing(witness: &Witness) -> Result<Vec<Change>, Problem> {
    Ok(roles(&witness.roles)?.into_iter().map(|role| Change::Witness { role }).collect())
}

/// Stages repository by repository, so that one that fails does not stop the others, then publishes if asked to.
pub(super) async fn stage(context: &Context, wanted: Wanted, publishing: &Publishing) -> Result<Ending, Problem> {
    let guns: Vec<Gun> = wanted.changes.iter().map(|(gun, _)| gun.clone()).collect();
    let views = context.views(&guns).await;
    let before: BTreeSet<EntryId> = context.engine.stage().staged()?.changes.iter().map(|staged| staged.id).collect();
    let mut ending = Ending { problems: wanted.problems, ..Ending::done() };
    let (mut batch, mut staged_guns) = (Vec::new(), Vec::new());
    for (gun, changes) in wanted.changes {
        match needed(context, &gun, changes, views.get(&gun), wanted.creates.as_ref()) {
            Ok(changes) => batch.push((gun, changes)),
            Err(problem) => ending.problems.push(problem),
        }
    }
    if publishing.dry_run {
        return shown(context, ending, batch, &wanted.pretended, &publishing.agreement);
    }
    let all = batch.iter().flat_map(|(gun, list)| list.iter().map(|change| (gun.clone(), change.clone()))).collect();
    let mut asked = Vec::new();
    if let Ok(stage) = context.engine.stage().stage(all) {
        staged_guns.extend(batch.into_iter().map(|(gun, _)| gun));
        asked = stage.changes;
    } else {
        for (gun, changes) in batch {
            match context.engine.stage().stage(changes.into_iter().map(|change| (gun.clone(), change)).collect()) {
                Ok(stage) => {
                    asked.extend(stage.changes.into_iter().filter(|staged| staged.gun == gun));
                    staged_guns.push(gun);
                }
                Err(error) => ending.problems.push(about(error, &gun)),
            }
        }
    }
    ending.succeeded = staged_guns.len();
    if publishing.publish {
        return publish::staged(context, ending, (staged_guns, Vec::new()), asked, &publishing.agreement).await;
    }
    staged::say_staged(context, &staged_guns, &before)?;
    Ok(ending)
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
    let is_creation = |change: &Change| matches!(change, Change::Create { .. });
    let creation = |c: &crate::engine::StagedChange| c.gun == *gun && is_creation(&c.change);
    let already = changes.iter().any(is_creation) || context.engine.stage().staged()?.changes.iter().any(creation);
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

pub(super) fn about(error: EngineError, gun: &Gun) -> Problem {
    let mut problem = error.problem();
    problem.repository.get_or_insert_with(|| gun.clone());
    problem
}

/// `delete` without `--remote`: this machine's copy of one repository, at once.
///
/// # Errors
/// As the engine's; `Input` without a terminal and `--yes`, `Cancelled` if the answer is no.
pub(super) async fn delete_local(context: &Context, delete: &Delete) -> Result<Ending, Problem> {
    let gun = context.repository(&delete.repository)?;
    if delete.publishing.dry_run {
        context
            .console
            .say(&format!("this would delete this machine's copy of the trust data of {gun}, and forget its pin"));
        return Ok(Ending::done());
    }
    if delete.publishing.publish {
        return Err(input("deleting this machine's copy publishes nothing", "add --remote to delete on the server"));
    }
    if !delete.publishing.agreement.yes {
        if !context.console.interactive {
            return Err(input(
                "there is no terminal to ask on",
                "add --yes to delete this machine's copy without a question",
            ));
        }
        let question = format!("delete this machine's copy of the trust data of {gun}, and forget its pin? keys stay");
        if !context.console.confirms(&question) {
            return Err(EngineError::Cancelled.problem());
        }
    }
    context.engine.trust().delete_local(&gun).await?;
    if context.console.json {
        context.console.result_json(&serde_json::json!([{ "repository": gun, "deleted": "local" }]))?;
    } else {
        context.console.result(&format!("deleted this machine's copy of the trust data of {gun}\n"))?;
    }
    Ok(Ending::done())
}

fn public_keys(context: &Context, files: &[std::path::PathBuf]) -> Result<Vec<PublicKey>, Vec<Problem>> {
    let now = context.engine.now();
    let (mut keys, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match public_key(file, now) {
            Ok(key) => keys.push(key),
            Err(error) => problems.push(error.problem()),
        }
    }
    if problems.is_empty() { Ok(keys) } else { Err(problems) }
}

pub(super) fn signer_name(typed: &str) -> Result<SignerName, Problem> {
    SignerName::parse(typed).map_err(named)
}

fn delegation(typed: &str) -> Result<DelegationName, Problem> {
    typed::delegation(typed).map_err(named)
}

pub(super) fn roles(typed: &[String]) -> Result<Vec<Role>, Problem> {
    typed.iter().map(|role| typed::role(role).map_err(named)).collect()
}

fn key_ids(context: &Context, typed: &[String]) -> Result<Vec<CanonicalKeyId>, Problem> {
    typed.iter().map(|id| key_id(context, id)).collect()
}

/// A whole ID is taken as it is; anything shorter must mean one known key.
fn key_id(context: &Context, typed: &str) -> Result<CanonicalKeyId, Problem> {
    CanonicalKeyId::parse(typed).or_else(|_| Ok(context.engine.custody().find_any_key(typed)?))
}

pub(super) fn named(error: NameError) -> Problem {
    EngineError::from(error).problem()
}

impl From<Problem> for Vec<Problem> {
    fn from(problem: Problem) -> Self {
        vec![problem]
    }
}
