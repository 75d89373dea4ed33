//! The new keys of a rotation: those that were named, else those that were made before, else new ones.

use super::new_key::Named;
use crate::cli::console::input;
use crate::cli::{Context, new_passphrase};
use crate::engine::Problem;
use crate::engine::wizard::new_keys::{ChosenKey, Sharing, lacking, sharing};
use crate::engine::wizard::{Choice, Wizard};
use crate::printable::printable;

/// Puts the new keys into a choice and on disk.
///
/// # Errors
/// `Input` for a public key where a private one is needed; `Passphrase` if nobody can be asked for a new one.
pub(super) fn with_key(context: &Context, mut choice: Choice, given: Vec<Named>) -> Result<Choice, Problem> {
    // Without a place for it, no key is made or kept.
    if !choice.wizard.needs_key() || choice.before.is_empty() || matches!(choice.wizard, Wizard::TakeOver { .. }) {
        return Ok(choice);
    }
    match given.is_empty() {
        true => make_missing(context, &mut choice)?,
        false => take(context, &mut choice, given)?,
    }
    Ok(choice)
}

fn take(context: &Context, choice: &mut Choice, mut given: Vec<Named>) -> Result<(), Problem> {
    let is_signer = matches!(choice.wizard, Wizard::DelegationKey { .. });
    if let Some(public) = given.iter().find(|named| !is_signer && named.key.is_elsewhere(context.engine.custody())) {
        let message = format!("{}: holds a public key", public.source);
        return Err(input(message, "give the file of the private key"));
    }
    given.iter_mut().try_for_each(|named| named.complete(context, &choice.wizard.key_name()))?;
    let keys: Vec<ChosenKey> = given.into_iter().map(|named| named.key).collect();
    Ok(context.engine.wizards().take_keys(choice, &keys)?)
}

fn make_missing(context: &Context, choice: &mut Choice) -> Result<(), Problem> {
    let facts = context.engine.wizards().wizard_facts(choice)?;
    let lacking = lacking(&facts);
    if lacking.is_empty() || context.engine.wizards().share_keys(&facts, choice)? {
        return Ok(());
    }
    make(context, choice, sharing(&facts, lacking)?)
}

/// Makes keys under one new passphrase, and says which.
///
/// # Errors
/// `Passphrase` if nobody can be asked for one; as the engine's.
pub(super) fn make(context: &Context, choice: &mut Choice, sharing: Vec<Sharing>) -> Result<(), Problem> {
    let name = choice.wizard.key_name();
    let passphrase = new_passphrase::for_role(context, &name)?;
    for group in sharing {
        for id in context.engine.wizards().make_keys(choice, group, &passphrase)? {
            context.console.note(&format!("new {} key {}", printable(&name), id.short()));
        }
    }
    Ok(())
}
