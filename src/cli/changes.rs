//! Commands that stage: each becomes changes to repositories, then perhaps a publish of those.

use super::arguments::{Command, Delegation, DelegationAdd, DelegationRemove, Delete, Paths, Signer};
use super::arguments::{Restore, SignerAdd, SignerRemove, Witness};
use super::console::{broken, input};
use super::ending::Ending;
use super::staging::stage;
use super::wanted::{Wanted, named, roles};
use super::{Context, publish, tagging};
use crate::engine::custody::file::public_key;
use crate::engine::reference::in_command;
use crate::engine::{Change, EngineError, Kind, Problem, RootKeyChoice, typed};
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey, SignerName};

/// Runs a command that stages.
///
/// # Errors
/// For what concerns all repositories; nothing is staged then.
pub(super) async fn run(context: &Context, command: &Command) -> Result<Ending, Problem> {
    read_for_short_ids(context, command).await;
    let Some(publishing) = command.publishing() else { return Err(broken("a command that stages nothing")) };
    let wanted = match wanted(context, command).await {
        Ok(wanted) => wanted,
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

async fn wanted(context: &Context, command: &Command) -> Result<Wanted, Vec<Problem>> {
    let one = |typed: &str, changes: Vec<Change>| -> Result<Wanted, Problem> {
        Ok(Wanted::of(vec![(context.repository(typed)?, changes)]))
    };
    Ok(match command {
        Command::Signer(Signer::Add(add)) => signer_add(context, add)?,
        Command::Signer(Signer::Remove(remove)) => {
            every(context, &remove.signer.repositories, &signer_remove(context, remove)?, None)
        }
        Command::Delegation(Delegation::Add(add)) => one(&add.repository, vec![delegation_add(context, add)?])?,
        Command::Delegation(Delegation::Remove(remove)) => {
            one(&remove.repository, vec![delegation_remove(context, remove)?])?
        }
        Command::Delegation(Delegation::Purge(purge)) => {
            one(&purge.repository, vec![Change::PurgeKeys { keys: key_ids(context, &purge.keys)? }])?
        }
        Command::Sign(sign) => tagging::signing(context, sign).await?,
        Command::Revoke(revoke) => tagging::revoking(context, revoke).await?,
        Command::Witness(witness) => one(&witness.repository, witnessing(witness)?)?,
        Command::Restore(restore) => one(&restore.repository, restoring(restore)?)?,
        Command::Delete(delete) => one(&delete.repository, vec![Change::Delete])?,
        _ => return Err(vec![broken("a command that stages nothing")]),
    })
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

/// `delete` without `--remote`: this machine's copy of one repository, at once.
///
/// # Errors
/// As the engine's; `Input` without a terminal and `--yes`, `Cancelled` if the answer is no.
pub(super) async fn delete_local(context: &Context, delete: &Delete) -> Result<Ending, Problem> {
    let gun = context.repository(&delete.repository)?;
    if delete.publishing.publish {
        return Err(input("deleting this machine's copy publishes nothing", "add --remote to delete on the server"));
    }
    if !context.engine.trust().has_local(&gun)? {
        return Err(no_copy(context, gun)?);
    }
    let is_asked = !delete.publishing.agreement.yes && !delete.publishing.dry_run;
    if is_asked && !context.console.interactive {
        return Err(input(
            "there is no terminal to ask on",
            "add --yes to delete this machine's copy without a question",
        ));
    }
    if delete.publishing.dry_run {
        if context.console.json {
            context.console.result_json(&serde_json::json!([{ "repository": gun, "would_delete": "local" }]))?;
        } else {
            let what = format!("this would delete this machine's copy of the trust data of {gun}, and forget its pin");
            context.console.say(&what);
        }
        return Ok(Ending::done());
    }
    let question = format!("delete this machine's copy of the trust data of {gun}, and forget its pin? keys stay");
    if is_asked && !context.console.confirms(&question) {
        return Err(EngineError::Cancelled.problem());
    }
    context.engine.trust().delete_local(&gun).await?;
    if context.console.json {
        context.console.result_json(&serde_json::json!([{ "repository": gun, "deleted": "local" }]))?;
    } else {
        context.console.result(&format!("deleted this machine's copy of the trust data of {gun}\n"))?;
    }
    Ok(Ending::done())
}

/// Nothing is here to be deleted.
fn no_copy(context: &Context, gun: Gun) -> Result<Problem, Problem> {
    let name = in_command(&gun);
    let staged = context.engine.stage().staged().map(|stage| stage.changes).unwrap_or_default();
    let is_staged = staged.iter().any(|change| change.gun == gun);
    let hint = match is_staged {
        true => format!("trustdeck reset {name} drops what is staged for it"),
        false => format!("trustdeck delete {name} --remote deletes what its server has"),
    };
    let message = format!("this machine has no copy of the trust data of {gun}: there is nothing to delete");
    Ok(Problem { kind: Kind::Absent, repository: Some(gun), ..input(message, hint) })
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

fn key_ids(context: &Context, typed: &[String]) -> Result<Vec<CanonicalKeyId>, Problem> {
    typed.iter().map(|id| key_id(context, id)).collect()
}

/// A whole ID is taken as it is; anything shorter must mean one known key.
fn key_id(context: &Context, typed: &str) -> Result<CanonicalKeyId, Problem> {
    CanonicalKeyId::parse(typed).or_else(|_| Ok(context.engine.custody().find_any_key(typed)?))
}

impl From<Problem> for Vec<Problem> {
    fn from(problem: Problem) -> Self {
        vec![problem]
    }
}
