//! The roles of a repository as they stand now: which file is there, whether it holds, and what it may sign.

use std::collections::{BTreeMap, BTreeSet};

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

/// Names of tags by the role that lists them: what a later look is compared with. Only roles that count say anything: who
/// puts a file of his own in the place of another's, or hides it, adds no tag and takes none away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct TagNames {
    /// Sorted; inside the role's paths.
    pub(in crate::engine) listed: BTreeMap<Role, Vec<String>>,
}

impl TagNames {
    /// Those of the roles that count, and of the others those that were `known` before.
    pub(in crate::engine) fn of(set: &TrustedSet, now: Time, known: &Self) -> Self {
        let nodes: BTreeMap<Role, Node<'_>> =
            nodes(set, now).into_iter().map(|node| (node.role.clone(), node)).collect();
        let counting = nodes.values().filter(|node| node.trusted);
        let mut listed: BTreeMap<Role, Vec<String>> =
            counting.map(|node| (node.role.clone(), names(node))).filter(|(_, names)| !names.is_empty()).collect();
        let uncounted = known.listed.iter().filter(|(role, _)| is_out(&nodes, role));
        listed.extend(uncounted.map(|(role, names)| (role.clone(), names.clone())));
        Self { listed }
    }

    /// Those that are gone since: from all lists, or from those that Docker pulls from.
    pub(in crate::engine) fn missing_in(&self, now: &Self) -> Vec<String> {
        let gone = |is_asked: fn(&Role) -> bool| {
            let now: BTreeSet<&String> = now.names(is_asked).collect();
            self.names(is_asked).filter(|tag| !now.contains(tag)).cloned().collect::<BTreeSet<String>>()
        };
        let mut all = gone(|_| true);
        all.extend(gone(Role::is_released));
        all.into_iter().collect()
    }

    fn names(&self, is_asked: fn(&Role) -> bool) -> impl Iterator<Item = &String> {
        self.listed.iter().filter(move |(role, _)| is_asked(role)).flat_map(|(_, names)| names)
    }
}

/// Whether a role does not count now, or the one through which it was reached does not.
fn is_out(nodes: &BTreeMap<Role, Node<'_>>, role: &Role) -> bool {
    match (nodes.get(role), role.delegation()) {
        (Some(node), _) => !node.trusted,
        (None, Some(name)) => is_out(nodes, &name.parent()),
        (None, None) => true,
    }
}

fn names(node: &Node<'_>) -> Vec<String> {
    let names = node.file.iter().flat_map(|file| file.content.targets.keys());
    let mut names: Vec<String> = names.filter(|name| node.allows(name.as_str())).map(ToString::to_string).collect();
    names.sort_unstable();
    names
}
