//! The base roles of a draft: root as it will be.
//!
//! Invariant: pure. Edited as Notary's client edits it: superseded root certificates stay in `keys`, other keys leave
//! it once no role lists them. Source: docs/notary-v1.md sections 5.1 and 12.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp as Time, ToSpan};

use crate::tuf::{CanonicalKeyId, KeyId, PublicKey, Role, Root, TrustedSet};

/// Root and the certificate around its key are made at one time: only what differs by more says that one ends first.
const SAME: SignedDuration = SignedDuration::from_hours(24);

/// Root as it will be, and what of it is not known yet.
#[derive(Clone, Debug)]
pub(in crate::engine) struct BaseRoles {
    root: Option<Root>,
    /// Roles whose key the server makes at publishing; they list none until then.
    server_made: BTreeSet<Role>,
    /// Older root keys that sign root beside those that must.
    legacy: Vec<PublicKey>,
}

impl BaseRoles {
    /// Root as it is.
    pub(in crate::engine) fn of(set: Option<&TrustedSet>) -> Self {
        Self { root: set.map(|set| set.root().content.clone()), server_made: BTreeSet::new(), legacy: Vec::new() }
    }

    /// Root as it will be; new root keys stand in it without a certificate. `None` for a repository that is created.
    pub(in crate::engine) fn root(&self) -> Option<&Root> {
        self.root.as_ref()
    }

    /// Roles whose key the server makes at publishing.
    pub(in crate::engine) fn server_made(&self) -> &BTreeSet<Role> {
        &self.server_made
    }

    /// Older root keys that sign root beside those that must.
    pub(in crate::engine) fn legacy(&self) -> &[PublicKey] {
        &self.legacy
    }

    /// Lets older root keys sign root too.
    pub(in crate::engine) fn sign_also(&mut self, keys: &[PublicKey]) {
        self.legacy = keys.to_vec();
    }

    /// Puts keys in the place of a role's.
    pub(in crate::engine) fn replace(&mut self, role: &Role, keys: &[PublicKey]) {
        if let Some(root) = &mut self.root {
            replace_keys(root, role, keys);
        }
    }

    /// Lets the server make the key of a role.
    pub(in crate::engine) fn leave_to_server(&mut self, role: &Role) {
        self.replace(role, &[]);
        self.server_made.insert(role.clone());
    }

    /// Takes the certificates off those root keys that can sign new ones. Returns their IDs.
    pub(in crate::engine) fn unwrap_root_keys(&mut self, at_hand: &BTreeSet<CanonicalKeyId>) -> Vec<CanonicalKeyId> {
        let Some(root) = &mut self.root else { return Vec::new() };
        let mut unwrapped = Vec::new();
        let listed = root.role_keys(&Role::Root).keys.into_iter().map(|key| {
            let bare = at_hand.contains(key.canonical_id()).then(|| key.unwrapped().ok()).flatten();
            unwrapped.extend(bare.iter().map(|bare| bare.canonical_id().clone()));
            bare.unwrap_or(key)
        });
        let listed: Vec<PublicKey> = listed.collect();
        replace_keys(root, &Role::Root, &listed);
        unwrapped
    }
}

/// Puts keys in the place of a role's.
pub(in crate::engine) fn replace_keys(root: &mut Root, role: &Role, keys: &[PublicKey]) {
    let Some(entry) = root.roles.get_mut(role.as_str()) else { return };
    let new: Vec<KeyId> = keys.iter().map(|key| key.id().clone()).collect();
    let old = entry.key_ids.replace(new).unwrap_or_default();
    root.keys.extend(keys.iter().map(|key| (key.id().clone(), key.clone())));
    if *role != Role::Root {
        let used: BTreeSet<KeyId> = root.roles.values().flat_map(|r| r.key_ids.iter().flatten()).cloned().collect();
        old.iter().filter(|id| !used.contains(*id)).for_each(|id| drop(root.keys.remove(id)));
    }
}

/// When the last certificate around a root key ends.
pub(in crate::engine) fn certificates_end(root: &Root) -> Option<Time> {
    let keys = root.role_keys(&Role::Root).keys;
    keys.iter().filter_map(|key| key.certificate()).map(|certificate| certificate.not_after).max()
}

/// When clients begin to refuse root: it expires, or before that its certificates end.
pub(in crate::engine) fn root_ends(root: &Root) -> Time {
    let early = |end: &Time| end.checked_add(SAME).is_ok_and(|end| end < root.expires);
    certificates_end(root).filter(early).unwrap_or(root.expires)
}

/// Whether renewing root without a new certificate would be of no use: the certificate ends before root does, or
/// within a year.
pub(in crate::engine) fn certificates_are_due(root: &Root, now: Time) -> bool {
    certificates_end(root).is_some_and(|end| {
        let soon = now.to_zoned(TimeZone::UTC).checked_add(1.year());
        root_ends(root) < root.expires || soon.is_ok_and(|soon| end < soon.timestamp())
    })
}
