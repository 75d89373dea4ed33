//! What changes come to on the stage: new entries, and those whose place they take.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeSet, HashMap};

use super::journal::JournalContent;
use super::part::Staging;
use super::place::StagedThere;
use crate::engine::draft::applied::Refusal;
use crate::engine::draft::change::{Change, EntryId, StagedChange};
use crate::engine::draft::conflicts::{applicable, contradiction, replaces};
use crate::engine::draft::revoke::may_be_listed;
use crate::engine::draft::{Draft, Ground};
use crate::engine::error::EngineError;
use crate::engine::keyring::other_stores;
use crate::engine::plan::facts::KeysAtHand;
use crate::engine::plan::refused::refused;
use crate::engine::reference::in_command;
use crate::tuf::Gun;

/// New entries, and those that leave the stage for them.
#[derive(Default)]
struct Adding {
    added: Vec<StagedChange>,
    replaced: Vec<EntryId>,
}

impl Staging {
    /// Puts changes on the stage as one act.
    ///
    /// # Errors
    /// For what contradicts other changes or cannot be applied.
    pub(super) fn act(
        &self,
        content: &mut JournalContent,
        what: String,
        changes: Vec<(Gun, Change)>,
        keys: &KeysAtHand,
    ) -> Result<(), EngineError> {
        let Adding { added, replaced } = self.entries_of(content, changes, keys)?;
        content.act(what, &replaced, added.clone());
        self.check_applicable(content, &added, keys)
    }

    /// The entries that changes become, with the creation that the first signer of a repository needs.
    fn entries_of(
        &self,
        content: &mut JournalContent,
        changes: Vec<(Gun, Change)>,
        keys: &KeysAtHand,
    ) -> Result<Adding, EngineError> {
        let mut places: HashMap<Gun, StagedThere> = HashMap::new();
        let mut adding = Adding::default();
        for (gun, change) in changes {
            let place = match places.entry(gun.clone()) {
                MapEntry::Occupied(known) => known.into_mut(),
                MapEntry::Vacant(new) => new.insert(self.place(content, &gun)?),
            };
            if place.beside(&change).any(|staged| *staged == change) {
                continue;
            }
            let replaced = place.take_replaced(&change, replaces);
            let is_all = !replaced.is_empty() && self.is_unpublished(&gun, &change, keys);
            adding.replaced.extend(replaced);
            if let Some(refusal) = place.beside(&change).find_map(|staged| contradiction(staged, &change)) {
                let (role, what) = (refusal.role, format!("cannot {}: {}", change.describe(), refusal.what));
                return Err(EngineError::Change { hint: refusal.hint.of(&in_command(&gun)), gun, role, what });
            }
            if is_all {
                continue;
            }
            let creation = match change.creation(&place.others) {
                Some(creation) if self.is_absent(&gun)? => Some(creation),
                _ => None,
            };
            for change in creation.into_iter().chain([change]) {
                place.put(None, change.clone());
                let (gun, server) = (gun.clone(), place.server.clone());
                adding.added.push(StagedChange { id: content.new_id(), gun, server, at: self.context.now(), change });
            }
        }
        Ok(adding)
    }

    /// Whether a change revokes what no role lists, as far as is known: then to take back what was staged is all of it.
    fn is_unpublished(&self, gun: &Gun, change: &Change, keys: &KeysAtHand) -> bool {
        let (Change::Revoke { tag, roles }, Ok(Some(base))) = (change, self.trust.base(gun)) else { return false };
        let ground = Ground { set: base.set.as_deref(), copy: None, at_hand: &keys.ids, now: self.context.now() };
        !may_be_listed(&Draft::new(ground), tag, roles)
    }

    fn place(&self, content: &JournalContent, gun: &Gun) -> Result<StagedThere, EngineError> {
        let (server, _) = self.servers.server_address(gun)?;
        let staged = content.entries.iter().filter(|entry| entry.gun == *gun && entry.server == server);
        let mut place = StagedThere::at(&server);
        staged.for_each(|entry| place.put(Some(entry.id), entry.change.clone()));
        Ok(place)
    }

    /// Whether the server is known to have no trust data.
    fn is_absent(&self, gun: &Gun) -> Result<bool, EngineError> {
        Ok(self.trust.base(gun)?.is_some_and(|base| base.set.is_none()))
    }

    /// Looks whether what was added fits behind all else that is staged.
    fn check_applicable(
        &self,
        content: &JournalContent,
        added: &[StagedChange],
        keys: &KeysAtHand,
    ) -> Result<(), EngineError> {
        let guns: BTreeSet<&Gun> = added.iter().map(|entry| &entry.gun).collect();
        let is_new: BTreeSet<EntryId> = added.iter().map(|entry| entry.id).collect();
        for gun in guns {
            // What cannot be read now is the plan's to say; staging works offline.
            let Ok(Some(base)) = self.trust.base(gun) else { continue };
            let new: Vec<&StagedChange> = added.iter().filter(|e| e.gun == *gun).collect();
            let same = |e: &&StagedChange| e.gun == *gun && new.first().is_some_and(|n| n.server == e.server);
            let staged: Vec<&StagedChange> =
                content.entries.iter().filter(same).filter(|e| !is_new.contains(&e.id)).collect();
            let copy = base.lost.as_ref().and_then(|lost| lost.copy.as_deref());
            let ground = Ground { set: base.set.as_deref(), copy, at_hand: &keys.ids, now: self.context.now() };
            applicable(Draft::new(ground), &staged, &new).map_err(|refusal| {
                let looked = other_stores::where_looked(self.context.settings(), &refusal.lacks);
                let hint = refusal.hint.clone().and(looked);
                refused(gun, Refusal { hint, ..refusal })
            })?;
        }
        Ok(())
    }
}
