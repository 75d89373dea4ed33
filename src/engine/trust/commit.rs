//! What of a verified repository is written down: files, marks, tags.

use jiff::Timestamp as Time;

use super::cache::is_shared;
use super::local::files;
use super::memory::Refreshed;
use super::part::Trust;
use super::repositories::LoadedRepositories;
use super::tree::TagNames;
use crate::engine::error::EngineError;
use crate::tuf::verify::{Leaps, SeenRoles, Standing};
use crate::tuf::{Gun, KnownSignatures, Role, TrustedSet};

impl Trust {
    /// Writes the cache and the marks, if anything changed: with the marks before it, the tags now, and the roles
    /// that leapt. Blocking.
    pub(super) fn commit(
        &self,
        gun: &Gun,
        set: &TrustedSet,
        changed: Option<(&SeenRoles, &TagNames, Leaps)>,
        now: Time,
    ) -> Result<(), EngineError> {
        let LoadedRepositories { cache, memory, .. } = &*self.repositories;
        if let Some((before, tags, leaps)) = changed {
            let is_aside = |role: &Role| {
                let loaded = role.delegation().and_then(|name| set.delegations().get(name));
                // What has no place of its own in the trust directory is kept apart as well.
                loaded.is_some_and(|loaded| loaded.standing != Standing::Good || is_shared(role))
            };
            let (aside, mut good): (Vec<_>, Vec<_>) = files(set).into_iter().partition(|(role, _)| is_aside(role));
            let mut drawer = cache.drawer(gun);
            good.retain(|(role, bytes)| drawer.read(role).ok().flatten().as_deref() != Some(&bytes[..]));
            if self.repositories.accepted(gun).is_some() {
                // Another root was accepted: what was seen below the old one says nothing.
                memory.forget(gun)?;
            }
            let root = set.root().envelope.bytes();
            let (seen, signatures) = (set.seen(), set.signatures());
            let keys = set.listed_keys();
            let found = Refreshed { seen, tags: tags.clone(), leaps, signatures, keys, now, root, aside: &aside };
            let draft = memory.draft(gun, before, found)?;
            // The marks first: if this machine stops in between, it has seen more than it stored, never less.
            drawer.store_after(draft.pending, memory.failed(gun), &good)?;
        }
        memory.note_verified(gun, now)
    }

    /// Keeps the root of a first contact of which nothing else may be relied on now, as docker does: another one is told
    /// from then on. Blocking.
    pub(super) fn keep_first_root(&self, gun: &Gun, set: &TrustedSet, now: Time) -> Result<(), EngineError> {
        let LoadedRepositories { cache, memory, .. } = &*self.repositories;
        let mut drawer = cache.drawer(gun);
        if self.repositories.accepted(gun).is_some() {
            memory.forget(gun)?;
        } else if memory.root(gun)?.is_some() || drawer.read(&Role::Root)?.is_some() {
            return Ok(());
        }
        let root = set.root().envelope.bytes();
        let seen = set.seen().into_iter().filter(|(role, _)| *role == Role::Root).collect();
        let (tags, signatures, keys) = (TagNames::default(), KnownSignatures::default(), set.listed_keys());
        let found = Refreshed { seen, tags, leaps: Leaps::new(), signatures, keys, now, root, aside: &[] };
        let draft = memory.draft(gun, &SeenRoles::new(), found)?;
        drawer.store_after(draft.pending, memory.failed(gun), &[(Role::Root, root.clone())])
    }
}
