//! Roles before and after.

use std::collections::BTreeSet;

use super::names::Names;
use super::{KeyDiff, RoleDiff};
use crate::engine::draft::Draft;
use crate::engine::draft::applied::Mark;
use crate::engine::draft::pulled::trusted;
use crate::tuf::verify::SeenRoles;
use crate::tuf::{CanonicalKeyId, Delegation, DelegationName, Metadata, PublicKey, Role};

/// The roles that change, in tree order. `root_key` is the stored key that becomes root of a new repository.
pub(in crate::engine) fn role_diffs(
    draft: &Draft<'_>,
    names: &Names<'_>,
    root_key: Option<&CanonicalKeyId>,
) -> Vec<RoleDiff> {
    let base = Draft::new(draft.ground());
    let mut roles = vec![Role::Root, Role::Targets];
    roles.extend(merged(&base.tree(), &draft.tree()).into_iter().map(Role::from));
    roles.push(Role::Snapshot);
    let diffs = roles.into_iter().map(|role| diff(&base, draft, names, root_key, role));
    diffs.filter(RoleDiff::changes).collect()
}

impl RoleDiff {
    fn changes(&self) -> bool {
        let keys = self.keys.iter().any(|key| key.mark != Mark::Kept);
        let paths = self.paths.iter().any(|(mark, _)| *mark != Mark::Kept);
        self.mark != Mark::Kept || keys || paths || self.loses_trust || self.threshold.0 != self.threshold.1
    }
}

/// The old tree with what is new put behind its neighbours.
fn merged(before: &[DelegationName], after: &[DelegationName]) -> Vec<DelegationName> {
    let mut all = before.to_vec();
    for (i, name) in after.iter().enumerate().filter(|(_, name)| !before.contains(name)) {
        let previous = i.checked_sub(1).and_then(|p| after.get(p));
        let place = previous.and_then(|p| all.iter().position(|n| n == p)).map_or(all.len(), |p| p + 1);
        let place = if name.depth() == 1 { all.len() } else { place };
        all.insert(place, name.clone());
    }
    all
}

fn diff(
    base: &Draft<'_>,
    draft: &Draft<'_>,
    names: &Names<'_>,
    root_key: Option<&CanonicalKeyId>,
    role: Role,
) -> RoleDiff {
    let (was, is) = (listing(base, &role), listing(draft, &role));
    let signs = draft.touched().contains_key(&role) || (role == Role::Snapshot && draft.signs_snapshot());
    let before = version(base, &role);
    let gone = was.listed && !is.listed;
    let after = match (signs, gone) {
        (true, _) => Some(draft.next_version(&role, &SeenRoles::new())),
        (false, true) => None,
        (false, false) => before,
    };
    let mark = match (was.listed, is.listed) {
        (false, true) => Mark::Added,
        (true, false) => Mark::Removed,
        _ if signs && before.is_none() && draft.creates().is_some() => Mark::Added,
        _ if signs => Mark::Resigned,
        _ => Mark::Kept,
    };
    let mut why = draft.touched().get(&role).cloned().unwrap_or_default();
    if signs && role == Role::Snapshot {
        why.push("names the new files".to_owned());
    }
    let mut keys = key_diffs(names, &was.keys, &is.keys);
    if let (Role::Root, Some(id)) = (&role, root_key) {
        keys.push(KeyDiff { mark: Mark::Added, id: id.clone(), label: names.label(id) });
    }
    RoleDiff {
        version: (before, after),
        mark,
        why,
        keys,
        threshold: (was.threshold, is.threshold),
        paths: path_diffs(&was.paths, &is.paths),
        signed_by: base.last_signed(&role).map(|tally| names.of(&tally.signed)).unwrap_or_default(),
        signs_with: if signs { names.of(&draft.signers(&role)) } else { Vec::new() },
        loses_trust: is.listed && base.stands(&role) && !trusted(draft, &role),
        role,
    }
}

/// A role as it is listed.
struct ListedRole {
    listed: bool,
    keys: Vec<PublicKey>,
    threshold: Option<u32>,
    paths: Vec<String>,
}

fn listing(draft: &Draft<'_>, role: &Role) -> ListedRole {
    let keys = draft.role_keys(role);
    let paths = match role {
        Role::Delegation(name) => draft.entry(name).map(|d: &Delegation| d.paths.clone()).unwrap_or_default(),
        _ => Vec::new(),
    };
    let threshold = keys.as_ref().map(|k| k.threshold);
    ListedRole { listed: keys.is_some(), keys: keys.map(|k| k.keys).unwrap_or_default(), threshold, paths }
}

fn version(base: &Draft<'_>, role: &Role) -> Option<u64> {
    let set = base.ground().set?;
    match role {
        Role::Root => Some(set.root().content.version()),
        Role::Snapshot => Some(set.snapshot()?.content.version()),
        _ => match base.loaded(role) {
            Some(file) => Some(file.content.version()),
            None => set.is_hidden(role).then(|| set.newest_verified(role)).flatten().map(|mark| mark.version),
        },
    }
}

fn key_diffs(names: &Names<'_>, was: &[PublicKey], is: &[PublicKey]) -> Vec<KeyDiff> {
    let ids = |keys: &[PublicKey]| keys.iter().map(|k| k.canonical_id().clone()).collect::<BTreeSet<_>>();
    let (before, after) = (ids(was), ids(is));
    let line = |mark, id: &CanonicalKeyId| KeyDiff { mark, id: id.clone(), label: names.label(id) };
    let removed = before.difference(&after).map(|id| line(Mark::Removed, id));
    let added = after.difference(&before).map(|id| line(Mark::Added, id));
    let kept = after.intersection(&before).map(|id| line(Mark::Kept, id));
    removed.chain(added).chain(kept).collect()
}

fn path_diffs(was: &[String], is: &[String]) -> Vec<(Mark, String)> {
    let removed = was.iter().filter(|path| !is.contains(path)).map(|path| (Mark::Removed, path.clone()));
    let added = is.iter().filter(|path| !was.contains(path)).map(|path| (Mark::Added, path.clone()));
    removed.chain(added).collect()
}
