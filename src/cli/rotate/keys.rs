//! The new keys of a rotation: those that were named, else those that were made before, else new ones.

use super::new_key::Named;
use crate::cli::arguments::Publishing;
use crate::cli::console::input;
use crate::cli::shown::Shown;
use crate::cli::{Context, new_passphrase};
use crate::engine::Problem;
use crate::engine::wizard::new_keys::{ChosenKey, Sharing, choose_made, choose_shared, lacking, sharing};
use crate::engine::wizard::{Choice, Wizard};
use crate::printable::printable;
use crate::tuf::PublicKey;

/// A choice with its new keys.
pub(super) struct Chosen {
    pub(super) choice: Choice,
    /// Keys that a dry run did not make, with the role that they would have in the key store.
    pub(super) pretended: Vec<(PublicKey, String)>,
    /// What was shown of repositories before: nothing else may be signed.
    pub(super) shown: Vec<Shown>,
}

impl From<Choice> for Chosen {
    fn from(choice: Choice) -> Self {
        Self { choice, pretended: Vec::new(), shown: Vec::new() }
    }
}

impl Chosen {
    /// Remembers the choice, but for a dry run.
    ///
    /// # Errors
    /// `Disk`.
    pub(super) fn keep(&self, context: &Context, publishing: &Publishing) -> Result<(), Problem> {
        if publishing.dry_run { Ok(()) } else { Ok(context.engine.wizards().keep_wizard(&self.choice)?) }
    }

    /// Takes a key that is not stored now.
    pub(super) fn pretend(&mut self, context: &Context, key: PublicKey, role: &str) {
        context.console.note(&format!(
            "a new {} key would be made; {} stands for it",
            printable(role),
            key.canonical_id().short()
        ));
        self.pretended.push((key, role.to_owned()));
    }
}

/// Puts the new keys into a choice and on disk.
///
/// # Errors
/// `Input` for a public key where a private one is needed; `Passphrase` if nobody can be asked for a new one.
pub(super) fn with_key(
    context: &Context,
    choice: Choice,
    given: Vec<Named>,
    publishing: &Publishing,
) -> Result<Chosen, Problem> {
    let mut chosen = Chosen::from(choice);
    // Without a place for it, no key is made or kept.
    let choice = &mut chosen.choice;
    if !choice.wizard.needs_key() || choice.before.is_empty() || matches!(choice.wizard, Wizard::TakeOver { .. }) {
        return Ok(chosen);
    }
    match (publishing.dry_run, given.is_empty()) {
        (false, true) => make_missing(context, choice)?,
        (false, false) => take(context, choice, given)?,
        (true, true) => pretend_missing(context, &mut chosen)?,
        (true, false) => pretend_given(context, &mut chosen, given)?,
    }
    Ok(chosen)
}

fn pretend_missing(context: &Context, chosen: &mut Chosen) -> Result<(), Problem> {
    let facts = context.engine.wizards().wizard_facts(&chosen.choice)?;
    let lacking = lacking(&facts);
    if lacking.is_empty() || choose_shared(&facts, &mut chosen.choice) {
        return Ok(());
    }
    pretend_made(context, chosen, sharing(&facts, lacking)?)
}

/// Puts keys into a choice that are forgotten again: only their public halves are used.
///
/// # Errors
/// As the engine's.
pub(super) fn pretend_made(context: &Context, chosen: &mut Chosen, sharing: Vec<Sharing>) -> Result<(), Problem> {
    let name = chosen.choice.wizard.key_name();
    for Sharing { repositories, count } in sharing {
        let made = (0..count).map(|_| Ok(context.engine.custody().make_key()?.public().clone()));
        let made = made.collect::<Result<Vec<PublicKey>, Problem>>()?;
        choose_made(&mut chosen.choice, &repositories, &made);
        made.into_iter().for_each(|key| chosen.pretend(context, key, &name));
    }
    Ok(())
}

fn pretend_given(context: &Context, chosen: &mut Chosen, given: Vec<Named>) -> Result<(), Problem> {
    refuse_public(context, &chosen.choice, &given)?;
    let keys: Vec<ChosenKey> = given.into_iter().map(|named| named.key).collect();
    context.engine.wizards().choose_keys(&mut chosen.choice, &keys)?;
    let name = chosen.choice.wizard.key_name();
    let private = keys.iter().filter(|key| matches!(key, ChosenKey::Private(..)));
    chosen.pretended.extend(private.map(|key| (key.public().clone(), name.clone())));
    Ok(())
}

fn refuse_public(context: &Context, choice: &Choice, given: &[Named]) -> Result<(), Problem> {
    let is_signer = matches!(choice.wizard, Wizard::DelegationKey { .. });
    if let Some(public) = given.iter().find(|named| !is_signer && named.key.is_elsewhere(context.engine.custody())) {
        let message = format!("{}: holds a public key", public.source);
        return Err(input(message, "give the file of the private key"));
    }
    Ok(())
}

fn take(context: &Context, choice: &mut Choice, mut given: Vec<Named>) -> Result<(), Problem> {
    refuse_public(context, choice, &given)?;
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
