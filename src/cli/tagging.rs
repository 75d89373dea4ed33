//! `sign` and `revoke`: which tags are meant, and what the registry holds under them.

use std::collections::BTreeMap;

use super::arguments::{Publishing, Revoke, Sign};
use super::console::input;
use super::wanted::{Wanted, about, roles};
use super::{Context, held, keyfiles};
use crate::engine::reference::RepositoryRef;
use crate::engine::{Change, EngineError, Kind, Problem, RepositoryView, typed};
use crate::printable::printable;
use crate::tuf::{Gun, Role, TargetName};

/// What `sign` stages.
///
/// # Errors
/// `Input` for what was typed; as the registry's client for what it holds.
pub(super) async fn signing(context: &Context, sign: &Sign) -> Result<Wanted, Vec<Problem>> {
    let roles = roles(&sign.role)?;
    let literal = context.globals.gun;
    let listed = match (&sign.from, sign.references.as_slice(), &sign.digest, sign.size) {
        (Some(file), [], ..) => pushed(context, keyfiles::tag_list(file, None, literal)?, sign).await?,
        (Some(file), [repository], ..) => {
            let (gun, registries) = (&context.repository(repository)?, &context.engine.settings().servers.registries);
            let named = Some(keyfiles::Named { gun, addresses: &registries.addresses });
            pushed(context, keyfiles::tag_list(file, named, literal)?, sign).await?
        }
        (None, [reference], Some(digest), Some(size)) => {
            let (gun, tag) = match &sign.target {
                Some(name) => (
                    context.repository(reference)?,
                    TargetName::parse(name).map_err(EngineError::from).map_err(Problem::from)?,
                ),
                None => keyfiles::tagged(reference, literal)?,
            };
            let target = typed::manifest(digest, &size.to_string()).map_err(Problem::from)?;
            vec![keyfiles::ListedTag { gun, tag, target }]
        }
        (None, references, None, None) => held_now(context, references).await?,
        _ => return Err(vec![input("a digest and size are of one tag", "see trustdeck sign --help")]),
    };
    let mut changes: Vec<(Gun, Vec<Change>)> = Vec::new();
    let mut places: BTreeMap<Gun, usize> = BTreeMap::new();
    for keyfiles::ListedTag { gun, tag, target } in listed {
        let place = *places.entry(gun.clone()).or_insert(changes.len());
        if place == changes.len() {
            changes.push((gun, Vec::new()));
        }
        let change = Change::Sign { tag, target, roles: roles.clone() };
        changes.iter_mut().skip(place).take(1).for_each(|(_, list)| list.push(change.clone()));
    }
    Ok(Wanted::of(changes))
}

/// What a list names, which the registry has unless that is not asked.
async fn pushed(
    context: &Context,
    listed: Vec<keyfiles::ListedTag>,
    sign: &Sign,
) -> Result<Vec<keyfiles::ListedTag>, Vec<Problem>> {
    if sign.unpushed { Ok(listed) } else { held::held(context, listed).await }
}

/// What registries hold under tags now; all of them or none, since a list that was signed in part is easily taken for
/// whole.
async fn held_now(context: &Context, references: &[String]) -> Result<Vec<keyfiles::ListedTag>, Vec<Problem>> {
    let (mut listed, mut problems) = (Vec::new(), Vec::new());
    for reference in references {
        let found = match keyfiles::tagged(reference, context.globals.gun) {
            Ok((gun, tag)) => match context.engine.tags().to_sign(&gun, tag.as_str()).await {
                Ok(target) => Ok(keyfiles::ListedTag { gun, tag, target }),
                Err(error) => Err(or_by_digest(about(error, &gun))),
            },
            Err(problem) => Err(problem),
        };
        match found {
            Ok(tag) => listed.push(tag),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(listed) } else { Err(problems) }
}

/// A registry that does not tell is not needed where the digest is known.
fn or_by_digest(problem: Problem) -> Problem {
    let hint = format!("{}; or say what to sign with --digest and --size", problem.hint);
    Problem { hint: hint.trim_start_matches("; ").to_owned(), ..problem }
}

/// Why a target is not named beside a tag.
pub(super) fn stands_for_tag(whole: &RepositoryRef) -> Problem {
    input("--target stands for the tag", format!("name the repository alone: {}", whole.familiar))
}

/// What `revoke` stages.
///
/// # Errors
/// `Input` for what was typed; `Policy` or `Cancelled` where all tags were not agreed to; as the engine's.
pub(super) async fn revoking(context: &Context, revoke: &Revoke) -> Result<Wanted, Vec<Problem>> {
    let (roles, literal) = (roles(&revoke.role)?, context.globals.gun);
    let mut named: Vec<(Gun, Vec<TargetName>)> = Vec::new();
    for reference in &revoke.references {
        let is_tagged = keyfiles::tagged(reference, literal);
        let (gun, tags) = match (is_tagged, context.target(reference)) {
            (Ok((gun, tag)), _) if revoke.target.is_empty() => (gun, vec![tag]),
            (_, Ok(whole)) if whole.tag.is_none() && whole.digest.is_none() => {
                let view = context.view(&whole.gun).await?;
                context.has_trust_data(&view)?;
                let tags = match revoke.target.as_slice() {
                    [] => all_tags(context, &view, &roles, &revoke.publishing)?,
                    names => names.iter().map(|name| listed(&view, name)).collect::<Result<Vec<_>, Problem>>()?,
                };
                (whole.gun, tags)
            }
            (_, Ok(whole)) if !revoke.target.is_empty() => return Err(vec![stands_for_tag(&whole)]),
            (Err(problem), _) | (_, Err(problem)) => return Err(vec![problem]),
            (Ok((gun, tag)), _) => (gun, vec![tag]),
        };
        match named.iter_mut().find(|(of, _)| *of == gun) {
            Some((_, list)) => list.extend(tags),
            None => named.push((gun, tags)),
        }
    }
    let change = |tag| Change::Revoke { tag, roles: roles.clone() };
    Ok(Wanted::of(named.into_iter().map(|(gun, tags)| (gun, tags.into_iter().map(change).collect())).collect()))
}

/// A target by its name, or as this program shows it where no terminal could take the name itself.
fn listed(view: &RepositoryView, typed: &str) -> Result<TargetName, Problem> {
    let names = || view.tags.iter().map(|tag| &*tag.name).chain(view.ignored.iter().map(|(_, name)| &**name));
    if let Some(name) = names().find(|name| *name == typed) {
        return Ok(TargetName::received(name.to_owned()));
    }
    let mut shown: Vec<&str> = names().filter(|name| printable(name) == typed).collect();
    shown.dedup();
    match shown.as_slice() {
        [only] => Ok(TargetName::received((*only).to_owned())),
        [] => Ok(TargetName::parse(typed).map_err(EngineError::from)?),
        _ => Err(input(format!("{typed:?} is how several targets are shown"), "revoke them by role, or all of them")),
    }
}

/// All tags of a repository that can be revoked here, once somebody has agreed to their number.
fn all_tags(
    context: &Context,
    view: &RepositoryView,
    named: &[Role],
    publishing: &Publishing,
) -> Result<Vec<TargetName>, Problem> {
    let signable = |role: &Role| {
        let held = |view: &crate::engine::view::RoleView| view.keys.iter().filter(|key| key.at_hand).count();
        view.roles.iter().any(|listed| listed.role == *role && held(listed) >= listed.threshold.max(1) as usize)
    };
    let is_meant = |role: &Role| if named.is_empty() { signable(role) } else { named.contains(role) };
    let mut tags: BTreeMap<&str, bool> = BTreeMap::new();
    let listed = view.tags.iter().map(|tag| (&*tag.name, tag.roles.iter().any(&is_meant)));
    for (name, is_meant) in listed.chain(view.ignored.iter().map(|(role, name)| (name.as_str(), is_meant(role)))) {
        *tags.entry(name).or_default() |= is_meant;
    }
    let all = tags.len();
    if tags.values().any(|is_meant| *is_meant) {
        tags.retain(|_, is_meant| *is_meant);
    }
    if tags.is_empty() {
        let problem = input(format!("{} has no signed tags", view.name), "trustdeck inspect shows what there is");
        return Err(Problem { repository: Some(view.gun.clone()), ..problem });
    }
    if tags.len() < all && named.is_empty() {
        let rest = all - tags.len();
        context.console.say(&format!(
            "{}: {rest} of {all} tags stay: no key on this machine may sign the roles that list them",
            view.name
        ));
    }
    agree_to_all(context, view, tags.len(), publishing)?;
    Ok(tags.into_keys().map(|name| TargetName::received(name.to_owned())).collect())
}

fn agree_to_all(
    context: &Context,
    view: &RepositoryView,
    count: usize,
    publishing: &Publishing,
) -> Result<(), Problem> {
    let (name, agreement) = (&view.name, &publishing.agreement);
    if agreement.accept.as_ref().is_some_and(|id| !id.is_empty()) && !publishing.publish && !publishing.dry_run {
        let message = "an ID accepts a plan that is published, and nothing is";
        return Err(input(message, "add --publish, or agree to all tags with --accept alone"));
    }
    let tags = crate::engine::wording::counted(count, "tag", "tags");
    if publishing.dry_run && agreement.accept.is_none() {
        context.console.say(&format!("{}: without a tag it stands for all of it, {tags}; add --accept to do it", name));
    }
    if publishing.dry_run || agreement.accept.is_some() {
        return Ok(());
    }
    if context.console.interactive && !agreement.yes {
        let question = format!("type {count} to revoke {tags}, all of {}", printable(name));
        return match context.console.typed(&question, &count.to_string()) {
            true => Ok(()),
            false => {
                Err(Problem { kind: Kind::Cancelled, ..input("nothing was revoked", "nothing of it is staged either") })
            }
        };
    }
    let message = format!("nothing was revoked: {name} without a tag stands for all of it, {tags}");
    let hint = format!("name the tags as {name}:TAG, or accept it with --accept");
    Err(Problem { kind: Kind::Policy, repository: Some(view.gun.clone()), ..input(message, &hint) })
}
