//! `setup`: the first trust data of repositories, resumable like a rotation.

use std::collections::BTreeMap;
use std::path::Path;

use super::base::{begin_with, go_on, prepare, repositories};
use super::keys::{Chosen, make, pretend_made};
use super::new_key::{Named, find};
use crate::cli::arguments::{Publishing, Setup};
use crate::cli::changes::signer_name;
use crate::cli::console::input;
use crate::cli::ending::Ending;
use crate::cli::{Context, held, keyfiles};
use crate::engine::plan::facts::RootKeyAtHand;
use crate::engine::reference::in_command;
use crate::engine::wizard::new_keys::{ChosenKey, choose_signer, sharing};
use crate::engine::wizard::{Choice, RepositoryFacts, Wizard};
use crate::engine::{Kind, Problem, RootKeyChoice, SignedTarget};
use crate::printable::printable;
use crate::tuf::{CanonicalKeyId, Gun, SignerName, TargetName};

type FirstTags = BTreeMap<Gun, BTreeMap<TargetName, SignedTarget>>;

/// Runs the command.
///
/// # Errors
/// For what concerns all repositories; nothing is staged then.
pub(in crate::cli) async fn setup(context: &Context, command: &Setup) -> Result<Ending, Problem> {
    let guns = repositories(context, &command.repositories)?;
    let tags = match &command.from {
        Some(file) => Some(tags(context, file, &guns, command.unpushed).await?),
        None => None,
    };
    let mut named: Vec<(SignerName, Option<Named>)> = Vec::new();
    for typed in &command.signer {
        let (name, key) = typed.split_once('=').map_or((typed.as_str(), None), |(name, key)| (name, Some(key)));
        let key = match key {
            Some(key) => Some(find(context, key).await?),
            None => None,
        };
        named.push((signer_name(name)?, key));
    }
    let root_key = command.root_key.as_deref().map(|typed| named_root(context, typed)).transpose()?;
    prepare(context, &guns, &command.publishing).await?;
    let Some(mut choice) = begun_or_new(context, guns, &named)? else {
        if context.console.json {
            context.console.result_json(&serde_json::json!([]))?;
        }
        return Ok(Ending::done());
    };
    refuse_lost(context, &choice, &command.publishing)?;
    choice.first.tags = tags.unwrap_or_else(|| std::mem::take(&mut choice.first.tags));
    choice.first.without_tags = choice.first.tags.is_empty();
    let chosen = with_root(context, choice.into(), root_key, &command.publishing)?;
    let chosen = with_signers(context, chosen, named, &command.publishing)?;
    go_on(context, chosen, &command.publishing).await
}

/// The set-up that was begun, or a new one; `None` if there is nothing to set up.
///
/// # Errors
/// `Input` for repositories that have trust data without these signers: setting up changes nothing there.
fn begun_or_new(
    context: &Context,
    guns: Vec<Gun>,
    named: &[(SignerName, Option<Named>)],
) -> Result<Option<Choice>, Problem> {
    let new = context.engine.wizards().new_wizard(Wizard::FirstSetup, guns)?;
    if context.engine.wizards().begun_wizard(&new.wizard, &new.repositories)?.is_some() {
        return Ok(Some(begin_with(context, new)?));
    }
    let facts = context.engine.wizards().wizard_facts(&new)?;
    let is_there = |repository: &&RepositoryFacts| repository.there().is_some();
    let there: Vec<&RepositoryFacts> = facts.repositories.iter().filter(is_there).collect();
    let lists = |repository: &RepositoryFacts, name: &SignerName| repository.role(&name.role().into()).is_some();
    for repository in &there {
        let missing: Vec<&str> =
            named.iter().filter(|(name, _)| !lists(repository, name)).map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() || there.len() < facts.repositories.len() {
            let name = &repository.name;
            let message = format!("{name} has trust data already, so there is nothing to set up; nothing was changed");
            let hint =
                format!("add signers with: trustdeck signer add --key FILE NAME {}", in_command(&repository.gun));
            return Err(Problem { repository: Some(repository.gun.clone()), ..input(message, hint) });
        }
        context
            .console
            .say(&format!("{}: has trust data and these signers already; nothing is changed", repository.name));
    }
    Ok(there.is_empty().then_some(new))
}

/// Refuses, before a key is made, to make anew what was known here, unless that is accepted or somebody is asked.
fn refuse_lost(context: &Context, choice: &Choice, publishing: &Publishing) -> Result<(), Problem> {
    let Publishing { publish, dry_run, agreement, .. } = publishing;
    // What is only staged is asked about later, and then the keys are made.
    let is_asked = *publish && context.console.interactive && !agreement.yes;
    if *dry_run || agreement.accept.is_some() || is_asked {
        return Ok(());
    }
    let is_lost = |gun: &&Gun| context.engine.views().view(gun).is_some_and(|view| view.lost);
    let Some(gun) = choice.repositories.iter().find(is_lost) else { return Ok(()) };
    let why = context.engine.trust().nothing_there(gun).problem();
    let hint = format!("{}; to make it anew with another root, repeat with --accept", why.hint);
    Err(Problem { kind: Kind::Policy, message: format!("nothing was made: {}", why.message), hint, ..why })
}

async fn tags(context: &Context, file: &Path, guns: &[Gun], unpushed: bool) -> Result<FirstTags, Problem> {
    let first = |problems: Vec<Problem>| problems.into_iter().next().unwrap_or_else(|| input("is empty", ""));
    let mut listed = keyfiles::tag_list(file, None, context.globals.gun).map_err(first)?;
    if let Some(other) = listed.iter().find(|tag| !guns.contains(&tag.gun)) {
        let message = format!("{} is none of the repositories to set up", other.gun);
        return Err(input(message, "name it, or take its tags out"));
    }
    if !unpushed {
        listed = held::held(context, listed).await.map_err(first)?;
    }
    let mut tags = FirstTags::new();
    for tag in listed {
        tags.entry(tag.gun).or_default().insert(tag.tag, tag.target);
    }
    Ok(tags)
}

fn named_root(context: &Context, typed: &str) -> Result<Option<CanonicalKeyId>, Problem> {
    if typed == "new" {
        return Ok(None);
    }
    Ok(Some(context.engine.custody().find_key(typed)?))
}

/// The root key: as named, as chosen before, the only one there is, or a new one.
fn with_root(
    context: &Context,
    mut chosen: Chosen,
    named: Option<Option<CanonicalKeyId>>,
    publishing: &Publishing,
) -> Result<Chosen, Problem> {
    let engine = &context.engine;
    let choice = &mut chosen.choice;
    if let Some(Some(id)) = named {
        choice.first.root_key = Some(RootKeyChoice::Stored(id));
        chosen.keep(context, publishing)?;
        return Ok(chosen);
    }
    if let Some(RootKeyChoice::Stored(id)) = &choice.first.root_key
        && engine.custody().holds_key(id)
    {
        return Ok(chosen);
    }
    match engine.stage().root_key_at_hand() {
        RootKeyAtHand::One(only) if named.is_none() => choice.first.root_key = Some(RootKeyChoice::Stored(only)),
        RootKeyAtHand::Several(stored) if named.is_none() => {
            let ids: Vec<&str> = stored.iter().map(CanonicalKeyId::short).collect();
            let message = format!("this machine holds {} root keys: {}", ids.len(), ids.join(", "));
            return Err(input(message, "say which with --root-key KEYID, or --root-key new"));
        }
        _ => {
            let for_all = sharing(&engine.wizards().wizard_facts(choice)?, choice.repositories.clone())?;
            if publishing.dry_run {
                pretend_made(context, &mut chosen, for_all)?;
            } else {
                offer_token(context, named.is_some())?;
                make(context, choice, for_all)?;
            }
        }
    }
    chosen.keep(context, publishing)?;
    Ok(chosen)
}

/// With a token plugged in, a root key belongs there: no program can copy it out. Asked once, where somebody is there.
fn offer_token(context: &Context, is_named: bool) -> Result<(), Problem> {
    let tokens = if is_named { None } else { context.engine.keyring().tokens().ok() };
    let Some(token) = tokens.as_ref().and_then(|tokens| tokens.first()) else { return Ok(()) };
    let name = printable(&token.name.to_string());
    let command = format!("trustdeck key generate root --token={}", token.name);
    if context.console.interactive
        && context.console.confirms(&format!("token {name} is plugged in: stop here, to make the root key on it?"))
    {
        return Err(input("stopped before a root key was made", format!("make it with: {command}; then set up again")));
    }
    context.console.say(&format!("token {name} is plugged in; a root key could be made on it with: {command}"));
    Ok(())
}

/// The signers with the keys that were named, those that were made before, or new ones.
fn with_signers(
    context: &Context,
    mut chosen: Chosen,
    named: Vec<(SignerName, Option<Named>)>,
    publishing: &Publishing,
) -> Result<Chosen, Problem> {
    let engine = &context.engine;
    for (name, named) in named {
        let choice = &mut chosen.choice;
        let first = choice.first.signers.get(&name);
        let before = first.is_some_and(|keys| {
            !keys.is_empty() && keys.iter().all(|key| engine.custody().holds_key(key.canonical_id()))
        });
        let mut named = match named {
            None if before => continue,
            None => {
                Named { source: String::new(), key: ChosenKey::Private(Box::new(engine.custody().make_key()?), None) }
            }
            Some(named) => named,
        };
        let id = named.key.public().canonical_id().clone();
        let is_new = matches!(named.key, ChosenKey::Private(..)) && !engine.custody().holds_key(&id);
        if publishing.dry_run {
            let public = named.key.public().clone();
            choose_signer(choice, &name, public.clone());
            if is_new {
                chosen.pretend(context, public, name.as_str());
            }
            continue;
        }
        named.complete(context, name.as_str())?;
        engine.wizards().take_signer(choice, &name, &named.key)?;
        if is_new {
            context.console.note(&format!("new {name} key {}", id.short()));
        }
    }
    Ok(chosen)
}
