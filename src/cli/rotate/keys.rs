//! The new keys of a rotation: those that were named, else those that were made before, else new ones.
//!
//! Invariant: a key's ID is on disk before its private half is stored, so that a stop in between leaves no stray key.

use super::new_key::NewKey;
use crate::cli::Context;
use crate::cli::console::input;
use crate::engine::Problem;
use crate::engine::wizard::{Choice, Way, Wizard};
use crate::printable::printable;
use crate::tuf::{Gun, PublicKey};

/// Puts the new keys into a choice and on disk.
///
/// # Errors
/// `Input` for a public key where a private one is needed; `Passphrase` if nobody can be asked for a new one.
pub(super) fn with_key(context: &Context, choice: Choice, given: Vec<NewKey>) -> Result<Choice, Problem> {
    // Without a place for it, no key is made or kept.
    if !choice.wizard.needs_key() || choice.before.is_empty() || matches!(choice.wizard, Wizard::TakeOver { .. }) {
        return Ok(choice);
    }
    if given.is_empty() { make_missing(context, choice) } else { take(context, choice, given) }
}

fn take(context: &Context, mut choice: Choice, given: Vec<NewKey>) -> Result<Choice, Problem> {
    let engine = &context.engine;
    let is_signer = matches!(choice.wizard, Wizard::DelegationKey { .. });
    let is_here = |key: &NewKey| key.is_private() || engine.custody().holds_key(key.public().canonical_id());
    if let Some(public) = given.iter().find(|key| !is_here(key)) {
        if !is_signer {
            let message = format!("{}: holds a public key", public.source());
            return Err(input(message, "give the file of the private key"));
        }
        choice.way = Way::Colleague;
    } else if choice.way == Way::Colleague {
        choice.way = Way::OnePublish;
    }
    let bare = |key: &NewKey| match is_signer {
        true => Ok(key.public().clone()),
        false => key.public().unwrapped().map_err(|error| input(error.to_string(), "")),
    };
    let keys = given.iter().map(bare).collect::<Result<Vec<PublicKey>, Problem>>()?;
    choice.use_keys(&keys);
    engine.wizards().keep_wizard(&choice)?;
    let (name, gun) = (choice.wizard.key_name(), choice.repositories.first().cloned());
    given.into_iter().try_for_each(|key| key.store(context, &name, gun.as_ref()))?;
    Ok(choice)
}

fn make_missing(context: &Context, mut choice: Choice) -> Result<Choice, Problem> {
    let engine = &context.engine;
    let facts = engine.wizards().wizard_facts(&choice)?;
    let is_usable = |keys: &[PublicKey]| {
        let here = |key: &PublicKey| choice.way == Way::Colleague || engine.custody().holds_key(key.canonical_id());
        !keys.is_empty() && keys.iter().all(here)
    };
    let role = choice.wizard.role();
    let lacks = facts.repositories.iter().filter(|r| r.role(&role).is_some() && !is_usable(choice.new_keys(&r.gun)));
    let missing: Vec<Gun> = lacks.map(|r| r.gun.clone()).collect();
    let each = choice.wizard.has_key_for_each();
    let shared = choice.keys.values().find(|keys| !each && is_usable(keys)).cloned();
    if let Some(keys) = shared {
        choice.keys.extend(missing.into_iter().map(|gun| (gun, keys.clone())));
        engine.wizards().keep_wizard(&choice)?;
        return Ok(choice);
    }
    let groups: Vec<Vec<Gun>> = if each { missing.into_iter().map(|gun| vec![gun]).collect() } else { vec![missing] };
    for guns in groups.into_iter().filter(|guns| !guns.is_empty()) {
        let of_group = facts.repositories.iter().filter(|r| guns.contains(&r.gun)).filter_map(|r| r.role(&role));
        let count = of_group.map(|role| role.threshold).max().unwrap_or(1).max(1);
        let made = (0..count).map(|_| NewKey::make(context)).collect::<Result<Vec<NewKey>, Problem>>()?;
        let public: Vec<PublicKey> = made.iter().map(|key| key.public().clone()).collect();
        choice.keys.extend(guns.iter().map(|gun| (gun.clone(), public.clone())));
        engine.wizards().keep_wizard(&choice)?;
        for key in made {
            let (name, id) = (choice.wizard.key_name(), key.public().canonical_id().clone());
            key.store(context, &name, guns.first())?;
            context.console.note(&format!("new {} key {}", printable(&name), id.short()));
        }
    }
    Ok(choice)
}
