//! What a draft does to the tags that Docker pulls.
//!
//! Whether a role file is trusted is a matter of who signed that file last, not of who signed a tag: one file holds
//! all tags of its role. Source: docs/notary-v1.md section 14.9.

use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use crate::tuf::{Metadata, Role, Target, TargetName, TrustedSet};

/// Tags that Docker pulls, with what they stand for.
pub type Pulled = BTreeMap<TargetName, Target>;

/// The tags that Docker pulls once a draft is on the server (a draft without changes: those that it pulls now).
#[must_use]
pub fn pulled(draft: &Draft<'_>) -> Pulled {
    listed(draft).into_iter().map(|(tag, target)| (tag.clone(), target.clone())).collect()
}

/// The same, as they stand in the draft.
pub(in crate::engine) fn listed<'d>(draft: &'d Draft<'_>) -> BTreeMap<&'d TargetName, &'d Target> {
    let mut found = BTreeMap::new();
    if draft.deletes() || !reaches(draft) {
        return found;
    }
    for role in [Role::releases(), Role::Targets] {
        if !trusted(draft, &role) {
            continue;
        }
        let file = match draft.touched().contains_key(&role) {
            true => draft.content(&role),
            false => draft.loaded(&role).map(|file| &file.content),
        };
        let paths = draft.paths(&role);
        let targets = file.into_iter().flat_map(|file| &file.targets);
        for (tag, target) in targets.filter(|(tag, _)| tag.is_within(&paths)) {
            found.entry(tag).or_insert(target);
        }
    }
    found
}

/// Whether clients get as far as the delegations: root and targets are trusted.
fn reaches(draft: &Draft<'_>) -> bool {
    let now = draft.ground().now;
    let stands = |set: &TrustedSet| set.root().content.expires() > now && set.root_certified(now).is_ok();
    let root = draft.ground().set.is_none_or(stands);
    (root || draft.touched().contains_key(&Role::Root)) && trusted(draft, &Role::Targets)
}

/// Whether a role's file is trusted: signed in this draft by enough listed keys, or still standing.
pub(in crate::engine) fn trusted(draft: &Draft<'_>, role: &Role) -> bool {
    if !draft.touched().contains_key(role) {
        return draft.stands(role);
    }
    let listed = draft.role_keys(role);
    let enough = |keys: crate::tuf::RoleKeys| {
        let distinct: BTreeSet<_> = keys.keys.iter().map(|key| key.canonical_id().clone()).collect();
        distinct.len() >= keys.threshold as usize
    };
    draft.creates().is_some() && *role == Role::Targets || listed.is_some_and(enough)
}
