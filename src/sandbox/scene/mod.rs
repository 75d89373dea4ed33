//! The scene: repositories that show everything the console can do.
//!
//! Signed with real keys by the real rules, but written to the store directly: some of it has to be years old.

mod cast;
mod images;
mod repository;
mod script;
#[cfg(test)]
mod tests;

pub use script::PASSPHRASE;
use std::sync::Arc;

use jiff::Timestamp as Time;

use super::error::SandboxError;
use super::held::HeldKeys;
use super::held_key::HeldKey;
use super::layout::{Layout, make_private_dir, write_private};
use super::registry::BlobFiles;
use super::store::{Store, Update};
use crate::engine::Engine;
use crate::tuf::{Gun, Role};
use cast::Cast;
use script::failed;

pub use script::{NEW_REPOSITORY, notes};

/// Set once the scene is stored, so that a kept sandbox is not filled twice.
const FILLED: &str = "scene";

/// Fills an empty store, trust directory and list. Repositories that are there already stay as they are.
/// Says whether there was anything to do.
pub(super) fn fill(
    layout: &Layout,
    url: &str,
    store: &Store,
    held: &HeldKeys,
    files: &BlobFiles,
    now: Time,
) -> Result<bool, SandboxError> {
    if store.note(FILLED)?.is_some() {
        return Ok(false);
    }
    let present = store.guns()?;
    let scripts: Vec<_> = script::repositories().into_iter().filter(|r| !present.contains(&r.gun())).collect();
    let cast = Cast::assemble(layout, &scripts)?;
    let server_keys: Result<Vec<_>, _> = scripts.iter().flat_map(|r| server_keys(&r.gun())).collect();
    let server_keys = server_keys?;
    store.add_keys(&server_keys)?;
    let mut batches = Vec::new();
    for script in &scripts {
        let of_gun = |key: &&HeldKey| key.gun == script.gun();
        let keys = server_keys.iter().filter(of_gun).map(|key| (key.role.clone(), key.public.clone())).collect();
        let stage = repository::Stage { cast: &cast, store, held, keys, now };
        let updates = stage.perform(script)?;
        remember(layout, url, script, (&updates, stage.before(script)?))?;
        batches.push((script.gun(), updates));
    }
    list(layout, url)?;
    store.seed_images(&images::seed(&scripts, files)?)?;
    store.seed(&batches, FILLED, now)?;
    Ok(true)
}

/// Leaves in the trust directory what this machine has read before a key was removed: so it knows whose file it is that
/// no current key has signed, as it would on a machine that is used every day.
fn remember(
    layout: &Layout,
    url: &str,
    script: &script::Script,
    (now, before): (&[Update], Vec<Update>),
) -> Result<(), SandboxError> {
    let folder = layout.settings(url).trust_dir.join("tuf").join(script.gun()).join("metadata");
    for update in before {
        // Root is made anew each time; the one that is served is meant.
        let same = now.iter().find(|served| served.role == update.role && served.role == Role::Root);
        let bytes = same.map_or(&update.bytes, |served| &served.bytes);
        make_private_dir(&folder)?;
        write_private(&folder.join(format!("{}.json", update.role)), bytes)?;
    }
    Ok(())
}

/// Puts every repository on trustdeck's list, the one without trust data too.
fn list(layout: &Layout, url: &str) -> Result<(), SandboxError> {
    let engine = Engine::open(layout.settings(url), Arc::new(Time::now)).map_err(failed)?;
    for (gun, _) in notes() {
        let gun = Gun::parse(&gun).map_err(failed)?;
        engine.trust().add_entry(&gun).map_err(failed)?;
    }
    Ok(())
}

fn server_keys(gun: &str) -> [Result<HeldKey, super::store_error::StoreError>; 2] {
    [Role::Snapshot, Role::Timestamp].map(|role| HeldKey::generate(gun, &role))
}
