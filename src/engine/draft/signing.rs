//! Who signs the files of a draft, and as which version.

use std::collections::BTreeSet;

use super::Draft;
use crate::tuf::verify::{LEAP, SeenRoles, Tally, tally};
use crate::tuf::{Loaded, Metadata, PublicKey, Role, RoleKeys, Standing, Targets};

/// How far a role's version may rise at once where nothing of it was ever verified here, or a key that was removed since has
/// signed as much: its signers may have published for years, and refusing that would lock them out of the role. It leaves
/// room for thousands of such jumps, and more than [`LEAP`] is a danger to be accepted, with its number.
const FIRST_JUMP: u64 = 1_000_000;

/// How far the next version of a role is above what was verified of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rise {
    /// As far as versions rise.
    Usual,
    /// Further, as they do where others publish for years: to be accepted.
    Far,
    /// So far that only a false version can lead there, and after it there may be no room for another.
    TooFar,
}

impl<'a> Draft<'a> {
    /// The listed keys of a role that are in the store: those that sign. A new root is signed by the old keys too.
    #[must_use]
    pub fn signers(&self, role: &Role) -> Vec<PublicKey> {
        let mut signers: Vec<PublicKey> = Vec::new();
        let legacy = self.base.legacy().iter().filter(|_| *role == Role::Root).cloned();
        for key in self.listings(role).into_iter().flat_map(|listing| listing.keys).chain(legacy) {
            if self.ground.at_hand.contains(key.canonical_id()) && !signers.contains(&key) {
                signers.push(key);
            }
        }
        signers
    }

    /// What a file of a role is checked against: each listing must be met. The file above; for root, itself and the
    /// root before.
    #[must_use]
    pub fn listings(&self, role: &Role) -> Vec<RoleKeys> {
        let before = self.ground.set.filter(|_| *role == Role::Root).map(|set| set.root().content.role_keys(role));
        let mut listings: Vec<RoleKeys> = self.role_keys(role).into_iter().collect();
        listings.extend(before.filter(|before| !listings.contains(before)));
        listings
    }

    /// Whether enough keys of a role are in the store. The keys of a new repository are made on the way.
    #[must_use]
    pub fn can_sign(&self, role: &Role) -> bool {
        if self.creates.is_some() && !matches!(role, Role::Delegation(_)) {
            return true;
        }
        let listings = self.listings(role);
        let is_met = |listing: &RoleKeys| {
            let ids = listing.keys.iter().map(PublicKey::canonical_id);
            let here: BTreeSet<_> = ids.filter(|id| self.ground.at_hand.contains(*id)).collect();
            here.len() >= listing.threshold as usize
        };
        !listings.is_empty() && listings.iter().all(is_met)
    }

    /// The verified file of a role on the server.
    #[must_use]
    pub fn loaded(&self, role: &Role) -> Option<&'a Loaded<Targets>> {
        match role {
            Role::Targets => self.ground.set?.targets(),
            Role::Delegation(name) => self.ground.set?.delegations().get(name),
            _ => None,
        }
    }

    /// Which keys have signed a role's file on the server.
    #[must_use]
    pub fn last_signed(&self, role: &Role) -> Option<&'a Tally> {
        let set = self.ground.set?;
        match role {
            Role::Root => Some(&set.root().tally),
            Role::Snapshot => set.snapshot().map(|file| &file.tally),
            Role::Timestamp => set.timestamp().map(|file| &file.tally),
            Role::Targets | Role::Delegation(_) => self.loaded(role).map(|file| &file.tally),
        }
    }

    /// Whether the file on the server is trusted under the keys listed in this draft.
    #[must_use]
    pub fn stands(&self, role: &Role) -> bool {
        let Some(file) = self.loaded(role) else { return false };
        let Some(keys) = self.role_keys(role) else { return false };
        if self.ground.set.and_then(|set| set.role_keys(role)).is_some_and(|before| before == keys) {
            return file.standing == Standing::Good;
        }
        file.content.expires() > self.ground.now && tally(&file.envelope, &keys).is_met()
    }

    /// The version that the next file of a role gets: one above every version known of it. `found` are versions that
    /// were met elsewhere, such as the file of a role that had been removed.
    #[must_use]
    pub fn next_version(&self, role: &Role, found: &SeenRoles) -> u64 {
        if self.creates.is_some() {
            // Notary's client signs targets once when it initialises and once more when it publishes.
            return if *role == Role::Targets { 2 } else { 1 };
        }
        let seen = |marks: &SeenRoles| marks.get(role).map_or(0, |mark| mark.version);
        let base = match (role, self.ground.set) {
            (Role::Root, Some(set)) => set.root().content.version(),
            (Role::Snapshot, Some(set)) => set.snapshot().map_or(0, |s| s.content.version()),
            // Whoever wrote it: a server takes nothing that is not above it.
            _ => self.loaded(role).map_or(0, |file| file.content.version()),
        };
        let remembered = self.ground.set.map_or(0, |set| seen(&set.seen()));
        base.max(remembered).max(self.verified_version(role).unwrap_or(0)).max(seen(found)).saturating_add(1)
    }

    /// The highest version of a role that this machine has verified while the keys on it counted.
    #[must_use]
    pub fn verified_version(&self, role: &Role) -> Option<u64> {
        self.ground.set?.newest_settled(role)
    }

    /// How far `next` is above what was verified of a role. Where something was, only a file that a key of before has signed
    /// tells of publishes that this machine has not seen; whoever still holds that key may have written it to use up the
    /// versions.
    #[must_use]
    pub fn rise(&self, role: &Role, next: u64) -> Rise {
        let verified = self.verified_version(role);
        let former = self.ground.set.and_then(|set| set.former_signers(role)).map(|(version, _)| version);
        let is_accounted = verified.is_none() || former.is_some_and(|former| next <= former.saturating_add(LEAP));
        match next.saturating_sub(verified.unwrap_or(0)) {
            _ if !role.holds_targets() => Rise::Usual,
            ..=LEAP => Rise::Usual,
            ..=FIRST_JUMP if is_accounted => Rise::Far,
            _ => Rise::TooFar,
        }
    }

    /// Whether this machine signs the snapshot: its key is in the store. Else the server does.
    #[must_use]
    pub fn signs_snapshot(&self) -> bool {
        let uploads = !self.touched().is_empty() && !self.deletes();
        uploads && self.creates().is_none() && self.can_sign(&Role::Snapshot)
    }
}
