//! What others have published between the review and the publish.

use std::collections::BTreeSet;

use crate::engine::draft::change::Change;
use crate::engine::plan::PlannedChange;
use crate::engine::wording::{count, natural};
use crate::tuf::hashes::digits;
use crate::tuf::{CanonicalKeyId, Loaded, PublicKey, Role, Tally, Target, Targets, TrustedSet};

/// A role that somebody else has published meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The role.
    pub role: Role,
    /// Version that was reviewed, if there was a file, and the one that was there when this was published.
    pub versions: (Option<u64>, Option<u64>),
    /// What people call the keys that signed it.
    pub by: Vec<String>,
    /// What it changes: `tag 1.0 added`, and whether what is published replaces that. Empty if it is only signed again.
    pub what: Vec<String>,
}

impl Merge {
    /// In a sentence. Text from outside in it is raw.
    #[must_use]
    pub fn sentence(&self) -> String {
        let by = if self.by.is_empty() { "somebody".to_owned() } else { self.by.join(", ") };
        let role = self.role.short();
        let version = self.versions.1.map(|version| format!(" v{version}")).unwrap_or_default();
        match self.what.as_slice() {
            [] => format!("{by} signed {role}{version} again"),
            what => format!("{by} published {role}{version}: {}", what.join(", ")),
        }
    }
}

/// What a name of a key is.
pub(in crate::engine) type LabelOf<'a> = &'a dyn Fn(&CanonicalKeyId) -> String;

/// Compares what was reviewed with what is there now; roles that only the server signs are left out. `ours` is what is
/// published over it.
pub(in crate::engine) fn merges(
    reviewed: Option<&TrustedSet>,
    now: Option<&TrustedSet>,
    ours: &[PlannedChange],
    labels: LabelOf<'_>,
) -> Vec<Merge> {
    let mut merges = Vec::new();
    let Some(now) = now else { return merges };
    let old_root = reviewed.map(|set| set.root());
    if old_root.is_none_or(|old| old.envelope.sha256() != now.root().envelope.sha256()) && reviewed.is_some() {
        let versions = (old_root.map(|old| old.content.version), Some(now.root().content.version));
        let what = root_changes(reviewed, now, labels);
        merges.push(Merge { role: Role::Root, versions, by: names(&now.root().tally, labels), what });
    }
    let names_of = |set: &TrustedSet| -> Vec<Role> {
        let delegations = set.delegations().keys().map(|name| Role::Delegation(name.clone()));
        std::iter::once(Role::Targets).chain(delegations).collect()
    };
    let roles: BTreeSet<Role> = reviewed.into_iter().chain([now]).flat_map(names_of).collect();
    for role in roles {
        let (old, new) = (reviewed.and_then(|set| file(set, &role)), file(now, &role));
        if old.map(|old| old.envelope.sha256()) == new.map(|new| new.envelope.sha256()) {
            continue;
        }
        let versions = (old.map(|old| old.content.version), new.map(|new| new.content.version));
        let by = new.map(|new| self::names(&new.tally, labels)).unwrap_or_default();
        let what = changes(&role, [old, new].map(|file| file.map(|file| &file.content)), ours, labels);
        merges.push(Merge { role, versions, by, what });
    }
    merges
}

fn file<'a>(set: &'a TrustedSet, role: &Role) -> Option<&'a Loaded<Targets>> {
    match role {
        Role::Delegation(name) => set.delegations().get(name),
        _ => set.targets(),
    }
}

fn names(tally: &Tally, labels: LabelOf<'_>) -> Vec<String> {
    let mut names: Vec<String> = tally.signed.iter().map(|key| labels(key.canonical_id())).collect();
    names.dedup();
    names
}

fn root_changes(old: Option<&TrustedSet>, new: &TrustedSet, labels: LabelOf<'_>) -> Vec<String> {
    let Some(old) = old else { return Vec::new() };
    let mut what = Vec::new();
    for role in [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp] {
        let (before, after) = (old.root().content.role_keys(&role), new.root().content.role_keys(&role));
        what.extend(key_changes(&role, &before.keys, &after.keys, labels));
        if before.threshold != after.threshold {
            what.push(format!("{role} needs {}", count(after.threshold as usize, "key")));
        }
    }
    what
}

fn key_changes(role: &Role, before: &[PublicKey], after: &[PublicKey], labels: LabelOf<'_>) -> Vec<String> {
    let ids = |keys: &[PublicKey]| keys.iter().map(|key| key.canonical_id().clone()).collect::<BTreeSet<_>>();
    let (before, after) = (ids(before), ids(after));
    let line = |word: &str, id: &CanonicalKeyId| format!("key {} {word} {}", labels(id), role.short());
    let added = after.difference(&before).map(|id| line("added to", id));
    added.chain(before.difference(&after).map(|id| line("removed from", id))).collect()
}

/// Tags, signers, keys and paths that differ between the file that was reviewed and the one that is there now.
fn changes(role: &Role, files: [Option<&Targets>; 2], ours: &[PlannedChange], labels: LabelOf<'_>) -> Vec<String> {
    let [old, new] = files.map(|file| file.cloned().unwrap_or_else(Targets::empty));
    let mut tags: Vec<(String, String)> = Vec::new();
    for (tag, target) in &new.targets {
        let name = tag.to_string();
        let ours = over(role, &name, target, ours);
        match old.targets.get(tag) {
            Some(before) if before == target => {}
            Some(before) => {
                let words = format!("with another digest, {} in the place of {}", short(target), short(before));
                tags.push((name, words + ours));
            }
            None if ours.is_empty() => tags.push((name, "added".to_owned())),
            None => tags.push((name, format!("added with {}{ours}", short(target)))),
        }
    }
    let gone = old.targets.keys().filter(|tag| !new.targets.contains_key(*tag));
    tags.extend(gone.map(|tag| (tag.to_string(), "removed".to_owned())));
    tags.sort_by(|a, b| natural(&a.0, &b.0));
    let mut what: Vec<String> = tags.into_iter().map(|(tag, word)| format!("tag {tag} {word}")).collect();
    for entry in new.delegations.iter().flatten() {
        let Some(before) = old.delegation(&entry.name) else {
            what.push(format!("{} added", entry.name.short()));
            continue;
        };
        let keys = |file: &Targets| file.delegation_role_keys(&entry.name).map(|keys| keys.keys).unwrap_or_default();
        what.extend(key_changes(&Role::Delegation(entry.name.clone()), &keys(&old), &keys(&new), labels));
        if before.paths != entry.paths || before.threshold != entry.threshold {
            what.push(format!("paths or threshold of {} changed", entry.name.short()));
        }
    }
    let gone = old.delegations.iter().flatten().filter(|entry| new.delegation(&entry.name).is_none());
    what.extend(gone.map(|entry| format!("{} removed", entry.name.short())));
    what
}

/// What becomes of a tag of somebody else by what is published over it.
fn over(role: &Role, name: &str, theirs: &Target, ours: &[PlannedChange]) -> &'static str {
    let digest = theirs.hashes.get("sha256").map(digits);
    let here = ours.iter().filter(|planned| planned.no_effect.is_none() && planned.roles.contains(role));
    let mut over = here.filter_map(|planned| match &planned.change {
        Change::Sign { tag, target, .. } if tag.as_str() == name && Some(&target.sha256) != digest.as_ref() => {
            Some(": yours replaces it")
        }
        Change::Revoke { tag, .. } if tag.as_str() == name => Some(": yours revokes it"),
        _ => None,
    });
    over.next_back().unwrap_or_default()
}

/// A digest, shortened.
fn short(target: &Target) -> String {
    let digest = target.hashes.get("sha256").map(digits);
    digest.map_or_else(|| "no SHA-256".to_owned(), |digits| digits.chars().take(12).collect())
}
