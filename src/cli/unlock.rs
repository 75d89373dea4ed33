//! One round of passphrases for a plan: from the sources for scripts, else asked for on the terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;

use super::{Context, new_passphrase, terminal};
use crate::engine::called;
use crate::engine::keyring::tokens::{TokenName, pin_words};
use crate::engine::keyring::tried::Tried;
use crate::engine::plan::NeededKey;
use crate::engine::plan::locked::{LockedKey, Missing, missing};
use crate::engine::{Engine, EngineError, Kind, Passphrase, Plan, Problem, waiting};
use crate::printable::printable;
use crate::tuf::{CanonicalKeyId, Role};

/// Unlocks every key that the plan needs, and chooses passphrases for those it will make.
///
/// # Errors
/// `Passphrase`, naming the key and the variable to set, if nobody can be asked.
pub(super) async fn unlock(context: &Context, plan: &Plan) -> Result<(), Problem> {
    name_exposed(context, plan);
    let (mut keys, mut new) = (Vec::new(), Vec::new());
    for secret in missing(&plan.repositories) {
        match secret {
            Missing::Locked(key) => keys.push(key),
            Missing::New { role, .. } => new.push(role),
        }
    }
    let count = keys.len();
    // Derivations side by side; tokens one after the other, since they count wrong PINs.
    let is_file = |key: &&LockedKey| context.engine.keyring().token_of(&key.id).is_none();
    let derivations =
        keys.iter().filter(is_file).map(|key| async { (key.id.clone(), try_sources(context, key).await) });
    let mut tried: BTreeMap<CanonicalKeyId, _> = join_all(derivations).await.into_iter().collect();
    for (index, key) in keys.into_iter().enumerate() {
        let place = if count > 1 { format!(" (key {} of {count})", index + 1) } else { String::new() };
        let tried = match tried.remove(&key.id) {
            Some(tried) => tried?,
            None => try_sources(context, &key).await?,
        };
        unlock_one(context, key, tried, &place).await?;
    }
    new.iter().try_for_each(|role| choose(context, role))
}

/// Says which keys that will sign lie in files that others may read.
fn name_exposed(context: &Context, plan: &Plan) {
    let keys = plan.repositories.iter().flat_map(|repository| &repository.keys);
    let stored = keys.filter_map(|key| if let NeededKey::Unlock { id, .. } = key { Some(id) } else { None });
    for id in stored.collect::<BTreeSet<_>>() {
        if let Some((path, exposure)) = context.engine.keyring().exposed(id) {
            context.console.say(&format!("key {} {exposure}; {}", id.short(), exposure.mend(&path)));
        }
    }
}

/// Asks for what the sources for scripts did not open.
async fn unlock_one(context: &Context, key: LockedKey, tried: Tried, place: &str) -> Result<(), Problem> {
    if let Tried::Opened(_) = tried {
        if let Some(words) = context.engine.keyring().wrong_before(&key.id, &key.role, &key.label, &tried) {
            context.console.say(&format!("{words}; something else opened the key"));
        }
        return Ok(());
    }
    let missing = context.engine.keyring().missing_secret(&key.id, &key.role, &key.label, &tried);
    if !context.console.interactive {
        return Err(missing);
    }
    if matches!(tried, Tried::Wrong(_)) {
        context.console.say(&missing.message);
    }
    let signs: Vec<&str> = key.roles().into_iter().map(Role::as_str).collect();
    let (label, role) = (printable(&key.label), printable(&key.role));
    if !signs.is_empty() {
        context.console.note(&format!("{label} ({role} key {}) signs {}", key.id.short(), signs.join(", ")));
    }
    for attempt in 1_u32.. {
        let again = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
        let question = match context.engine.keyring().token_of(&key.id) {
            Some(token) => pin_question(context, &token.token),
            None => format!("passphrase of {label}"),
        };
        let passphrase = terminal::ask_passphrase(&format!("{question}{place}{again}"))?;
        match try_one(&context.engine, &key.id, passphrase).await {
            Ok(()) => break,
            Err(error) if error.kind() == Kind::Passphrase => {
                context.console.say(&format!("{error}; {}", error.hint()))
            }
            Err(error) => return Err(error.problem()),
        }
    }
    Ok(())
}

/// The question for a PIN; says before if there are few tries left.
pub(super) fn pin_question(context: &Context, token: &TokenName) -> String {
    if let Some(words) = pin_words(context.engine.keyring().pin_state(token)) {
        context.console.say(words);
    }
    format!("PIN of token {}", printable(&token.to_string()))
}

/// Unlocks one stored key.
///
/// # Errors
/// As [`unlock`].
pub(super) async fn unlock_stored(context: &Context, id: &CanonicalKeyId) -> Result<(), Problem> {
    let key = stored_key(context, id);
    let tried = try_sources(context, &key).await?;
    unlock_one(context, key, tried, "").await
}

/// A key of the store with what is known of it, to be opened.
pub(super) fn stored_key(context: &Context, id: &CanonicalKeyId) -> LockedKey {
    let keyring = context.engine.keyring();
    let (label, role) = (called::or_id(keyring.label(id), id), keyring.stored_role(id).unwrap_or_default());
    LockedKey { id: id.clone(), label, role, signs: Vec::new() }
}

async fn try_one(engine: &Engine, id: &CanonicalKeyId, passphrase: Passphrase) -> Result<(), EngineError> {
    let (engine, id) = (engine.clone(), id.clone());
    let derivation = waiting(move || engine.keyring().unlock(&id, &passphrase));
    derivation.await.unwrap_or(Err(EngineError::Cancelled))
}

/// Tries what is known before anybody is asked.
///
/// # Errors
/// Whatever is wrong with the key's file.
pub(super) async fn try_sources(context: &Context, key: &LockedKey) -> Result<Tried, EngineError> {
    let (engine, sources) = (context.engine.clone(), Arc::clone(&context.sources));
    let (id, role) = (key.id.clone(), key.role.clone());
    let derivation = waiting(move || engine.keyring().unlock_from(&id, &role, &sources));
    derivation.await.unwrap_or(Err(EngineError::Cancelled))
}

fn choose(context: &Context, role: &Role) -> Result<(), Problem> {
    let passphrase = new_passphrase::for_role(context, role.as_str())?;
    context.engine.keyring().choose_passphrase(role, passphrase);
    Ok(())
}
