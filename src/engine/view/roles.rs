//! Roles as rows: keys with what people call them, who signed last, how the file stands.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp as Time;

use super::{RoleKeyView, RoleView, SignedBy};
use crate::engine::called::{self, Signers};
use crate::engine::draft::base_roles::root_ends;
use crate::engine::keyring::Keyring;
use crate::engine::trust::tree::{Node, RoleState, state_of};
use crate::engine::wording::natural;
use crate::tuf::{CanonicalKeyId, KeyId, Loaded, Metadata, PublicKey, Role, Standing, Tally, TrustedSet, VerifyError};

/// What is known about keys: labels, and which private ones are in the store.
pub(in crate::engine) struct KeyNames<'a> {
    /// `None` for somebody who wants to know what is signed, and not which keys are here.
    keyring: Option<&'a Keyring>,
    at_hand: BTreeSet<CanonicalKeyId>,
    signers: Signers,
    canonical: BTreeMap<KeyId, CanonicalKeyId>,
}

impl<'a> KeyNames<'a> {
    pub(in crate::engine) fn new(keyring: &'a Keyring, set: &TrustedSet) -> Self {
        Self { keyring: Some(keyring), at_hand: keyring.keys_at_hand(), ..Self::of_listings(set) }
    }

    /// Names that the files themselves give to keys. Opens no key file.
    pub(in crate::engine) fn of_listings(set: &TrustedSet) -> Self {
        let files = set.targets().into_iter().chain(set.delegations().values());
        let mut signers = Signers::default();
        let mut canonical: BTreeMap<KeyId, CanonicalKeyId> =
            set.root().content.keys.values().map(|key| (key.id().clone(), key.canonical_id().clone())).collect();
        for file in files {
            for key in file.content.delegation_keys.values() {
                canonical.insert(key.id().clone(), key.canonical_id().clone());
            }
            for entry in file.content.delegations.iter().flatten() {
                let bare = entry.key_ids.iter().flatten().filter_map(|id| canonical.get(id));
                bare.for_each(|id| signers.learn(id, &entry.name));
            }
        }
        Self { keyring: None, at_hand: BTreeSet::new(), signers, canonical }
    }

    pub(in crate::engine) fn is_at_hand(&self, id: &CanonicalKeyId) -> bool {
        self.at_hand.contains(id)
    }

    fn label(&self, id: &CanonicalKeyId) -> String {
        let label = self.keyring.and_then(|keyring| keyring.label(id));
        called::or_id(label.or_else(|| self.signers.all(id)), id)
    }

    /// A removed key is in no file any more; its ID may still be that of a key in the store.
    fn label_of_id(&self, id: &KeyId) -> String {
        let bare = || CanonicalKeyId::parse(id.as_str()).ok();
        self.canonical.get(id).cloned().or_else(bare).map_or_else(|| id.short().to_owned(), |id| self.label(&id))
    }
}

/// `root`, then `targets` with its delegations depth first, `snapshot`, `timestamp`.
pub(in crate::engine) fn roles(set: &TrustedSet, nodes: &[Node<'_>], names: &KeyNames<'_>, now: Time) -> Vec<RoleView> {
    let mut root = base(set, &Role::Root, Some(set.root()), names, now);
    root.expires = Some(root_ends(&set.root().content));
    if root.state == RoleState::Good && matches!(set.root_certified(now), Err(VerifyError::RootCertificate { .. })) {
        root.state = RoleState::Expired;
    }
    let mut rows = vec![root];
    push_tree(&mut rows, set, nodes, &Role::Targets, names);
    rows.push(base(set, &Role::Snapshot, set.snapshot(), names, now));
    rows.push(base(set, &Role::Timestamp, set.timestamp(), names, now));
    rows
}

fn push_tree(rows: &mut Vec<RoleView>, set: &TrustedSet, nodes: &[Node<'_>], role: &Role, names: &KeyNames<'_>) {
    let Some(node) = nodes.iter().find(|node| node.role == *role) else { return };
    rows.push(holder(set, node, names));
    let children = nodes.iter().filter(|child| child.role.delegation().is_some_and(|name| name.parent() == *role));
    children.for_each(|child| push_tree(rows, set, nodes, &child.role, names));
}

fn holder(set: &TrustedSet, node: &Node<'_>, names: &KeyNames<'_>) -> RoleView {
    let depth = node.role.delegation().map_or(1, |name| name.depth() + 1);
    let mut row = row(set, &node.role, depth, node.state.clone(), node.file, names);
    let listed = node.file.iter().flat_map(|file| file.content.targets.keys());
    row.tags = listed.filter(|name| node.allows(name.as_str())).count();
    row.paths.clone_from(&node.paths);
    row
}

fn base<T: Metadata>(
    set: &TrustedSet,
    role: &Role,
    file: Option<&Loaded<T>>,
    names: &KeyNames<'_>,
    now: Time,
) -> RoleView {
    let depth = usize::from(*role != Role::Root);
    let state = file.map_or(RoleState::Unreachable, |file| state_of(file, now));
    let mut row = row(set, role, depth, state, file, names);
    let is_local = row.keys.iter().any(|key| key.at_hand);
    row.server_held = matches!(role, Role::Timestamp | Role::Snapshot) && !is_local;
    if row.server_held {
        let holder = row.holder();
        row.keys.iter_mut().for_each(|key| holder.clone_into(&mut key.label));
        row.last_signed_by.iter_mut().filter(|by| by.current).for_each(|by| holder.clone_into(&mut by.label));
    }
    row
}

fn row<T: Metadata>(
    set: &TrustedSet,
    role: &Role,
    depth: usize,
    state: RoleState,
    file: Option<&Loaded<T>>,
    names: &KeyNames<'_>,
) -> RoleView {
    let listed = set.role_keys(role).or_else(|| listed_anyway(set, role));
    let signed: &[PublicKey] = file.map(|file| file.tally.signed.as_slice()).unwrap_or_default();
    // What enough keys signed is worth a second look; anything else may be of any size and form.
    let vouched = file.filter(|file| file.standing != Standing::UnderThreshold);
    let has_signed = |key: &PublicKey| signed.iter().any(|by| by.id() == key.id());
    let keys = listed.iter().flat_map(|listed| &listed.keys);
    let former = set.only_former(role).is_some();
    let is_vouched = file.is_none_or(|file| file.origin.is_verified()) && !former;
    let good = set.last_good(role).filter(|_| state != RoleState::Good);
    let good = good.into_iter().flat_map(|good| good.content().targets.keys());
    let mut lost_tags: Vec<String> = good.map(ToString::to_string).collect();
    lost_tags.sort_by(|a, b| natural(a, b));
    RoleView {
        role: role.clone(),
        depth,
        state,
        lost_tags,
        version: file.map(|file| file.content.version()),
        sha256: file.map(|file| file.envelope.sha256().to_owned()),
        expires: file.map(|file| file.content.expires()),
        keys: keys.map(|key| key_view(key, has_signed(key), names)).collect(),
        threshold: listed.as_ref().map_or(1, |listed| listed.threshold),
        paths: Vec::new(),
        last_signed_by: file.map(|file| signed_by(&file.tally, names)).unwrap_or_default(),
        server_held: false,
        tags: 0,
        vouched: is_vouched,
        kept: set.last_good(role).is_some(),
        former,
        met: is_vouched || set.newest_verified(role).is_some(),
        unknown_members: vouched.map(|file| T::unknown_members(&file.envelope)).unwrap_or_default(),
        accepted_elsewhere: file.is_some_and(|file| file.tally.only_by_ids()),
    }
}

/// The keys that a file which is not trusted lists for a role: shown, never used.
fn listed_anyway(set: &TrustedSet, role: &Role) -> Option<crate::tuf::RoleKeys> {
    let name = role.delegation()?;
    let parent = name.parent();
    set.delegations().get(parent.delegation()?)?.content.delegation_role_keys(name)
}

fn key_view(key: &PublicKey, signed: bool, names: &KeyNames<'_>) -> RoleKeyView {
    let canonical = key.canonical_id();
    RoleKeyView {
        id: key.id().clone(),
        canonical: canonical.clone(),
        label: names.label(canonical),
        algorithm: key.algorithm(),
        certificate_expires: key.certificate().map(|facts| facts.not_after),
        signed,
        at_hand: names.is_at_hand(canonical),
    }
}

fn signed_by(tally: &Tally, names: &KeyNames<'_>) -> Vec<SignedBy> {
    let current = tally.signed.iter().map(|key| SignedBy {
        key: key.id().clone(),
        label: names.label(key.canonical_id()),
        current: true,
    });
    let others =
        tally.strangers.iter().map(|id| SignedBy { key: id.clone(), label: names.label_of_id(id), current: false });
    current.chain(others).collect()
}
