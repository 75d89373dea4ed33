//! The roles of a repository as they stand now: which file is there, whether it holds, and what it may sign.

use std::collections::BTreeMap;

use jiff::Timestamp as Time;

use super::judge::judge;
use crate::tuf::verify::SetAside;
use crate::tuf::{DelegationName, Loaded, Metadata, Role, Targets, TrustedSet, VerifyError, walk};

/// A role that holds targets.
pub(in crate::engine) struct Node<'a> {
    pub(in crate::engine) role: Role,
    /// Effective path prefixes.
    pub(in crate::engine) paths: Vec<String>,
    pub(in crate::engine) state: RoleState,
    /// Whether what it lists counts: it and all above it are good.
    pub(in crate::engine) trusted: bool,
    /// Its file, if there is one.
    pub(in crate::engine) file: Option<&'a Loaded<Targets>>,
}

impl Node<'_> {
    /// Whether the role may sign `tag`.
    pub(in crate::engine) fn allows(&self, tag: &str) -> bool {
        self.paths.iter().any(|path| tag.starts_with(path.as_str()))
    }
}

/// `targets` and all delegations, breadth first in order of creation: the order in which tags are searched.
pub(in crate::engine) fn nodes(set: &TrustedSet, now: Time) -> Vec<Node<'_>> {
    let Some(targets) = set.targets() else { return Vec::new() };
    let files: BTreeMap<DelegationName, &Targets> =
        set.delegations().iter().map(|(name, loaded)| (name.clone(), &loaded.content)).collect();
    let is_current = judge(set, now).is_ok();
    // Of every role met: whether its file holds, and whether it counts.
    let mut met: BTreeMap<Role, (bool, bool)> = BTreeMap::new();
    let mut nodes = Vec::new();
    for reached in walk(&targets.content, &files) {
        let above = reached.role.delegation().map(DelegationName::parent);
        // What is wrong further up than the file that lists it is said there.
        let (sound, counts) = match above {
            Some(parent) => met.get(&parent).copied().unwrap_or_default(),
            None => (true, is_current),
        };
        let (state, file) = match &reached.role {
            Role::Delegation(name) if sound => stand(set, name, now),
            Role::Delegation(name) => (RoleState::Unreachable, set.delegations().get(name)),
            _ => (state_of(targets, now), Some(targets)),
        };
        let good = state == RoleState::Good;
        met.insert(reached.role.clone(), (good, counts && good));
        nodes.push(Node { role: reached.role, paths: reached.paths, state, trusted: counts && good, file });
    }
    nodes
}

/// Whether a role's file holds by itself, at `now`.
pub(in crate::engine) fn state_of<T: Metadata>(loaded: &Loaded<T>, now: Time) -> RoleState {
    if !loaded.tally.is_met() {
        RoleState::UnderThreshold { signed: loaded.tally.distinct() }
    } else if loaded.content.expires() <= now {
        RoleState::Expired
    } else {
        RoleState::Good
    }
}

fn stand<'a>(set: &'a TrustedSet, name: &DelegationName, now: Time) -> (RoleState, Option<&'a Loaded<Targets>>) {
    if let Some(loaded) = set.delegations().get(name) {
        return (state_of(loaded, now), Some(loaded));
    }
    let state = match set.aside().get(name) {
        Some(SetAside::Hidden) => RoleState::Hidden,
        Some(SetAside::Invalid(VerifyError::Limit { what, .. })) => RoleState::OverLimit { limit: what.clone() },
        Some(SetAside::Invalid(_)) => RoleState::Unreachable,
        // The snapshot names a file, but nobody has it here.
        None if set.expected(&Role::from(name.clone())).is_some() => RoleState::Missing,
        None => RoleState::NeverSigned,
    };
    (state, None)
}

/// How a role's file stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum RoleState {
    /// Signed by enough current keys, not expired.
    Good,
    /// Expired.
    Expired,
    /// Too few current keys have signed it: `signed` of `threshold`.
    UnderThreshold { signed: usize },
    /// Listed, but nobody has signed a file yet.
    NeverSigned,
    /// Listed and seen before, but the snapshot does not name it any more.
    Hidden,
    /// The snapshot names a file that is not at hand, such as one that is damaged in the cache.
    Missing,
    /// The server has a file of it that is not read: a repository may have only so much. `limit` says what is too much.
    OverLimit { limit: String },
    /// Its parent is not trusted.
    Unreachable,
}

/// Names of tags, sorted: what a later look is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct TagNames {
    /// Those that any role lists.
    pub(in crate::engine) listed: Vec<String>,
    /// Those that a role lists that Docker pulls from.
    pub(in crate::engine) released: Vec<String>,
}

impl TagNames {
    /// All inside their role's paths.
    pub(in crate::engine) fn of(set: &TrustedSet, now: Time) -> Self {
        let nodes = nodes(set, now);
        let released: Vec<&Node<'_>> = nodes.iter().filter(|node| node.role.is_released()).collect();
        Self { listed: sorted(nodes.iter()), released: sorted(released.into_iter()) }
    }

    /// Those that are gone since: from all lists, or from those that Docker pulls from.
    pub(in crate::engine) fn missing_in(self, now: &Self) -> Vec<String> {
        let gone = |before: Vec<String>, now: &[String]| {
            let mut before = before;
            before.retain(|tag| now.binary_search(tag).is_err());
            before
        };
        let mut all = gone(self.listed, &now.listed);
        all.extend(gone(self.released, &now.released));
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn sorted<'a>(nodes: impl Iterator<Item = &'a Node<'a>>) -> Vec<String> {
    let listed = nodes.flat_map(|node| {
        let names = node.file.iter().flat_map(|file| file.content.targets.keys());
        names.filter(|name| node.allows(name.as_str()))
    });
    let mut names: Vec<&str> = listed.map(|name| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}
