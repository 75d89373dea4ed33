//! The tree of delegations: which names a role may sign, and in which order roles are searched.

use std::collections::BTreeMap;

use super::metadata::{Delegation, Targets};
use super::names::{DelegationName, Role, TargetName};

/// The paths that a child may really use: those of its own that start with one of its parent's.
///
/// Source: Notary `tuf/data/roles.go`, `DelegationRole.Restrict`.
#[must_use]
pub fn effective_paths(parent: &[String], child: &[String]) -> Vec<String> {
    let under = |path: &&String| parent.iter().any(|p| path.starts_with(p.as_str()));
    child.iter().filter(under).cloned().collect()
}

/// A role met on the way down, with the paths left to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached<'a> {
    /// The role.
    pub role: Role,
    /// Its entry in the role above; `None` for `targets`.
    pub entry: Option<&'a Delegation>,
    /// Prefixes that it may sign.
    pub paths: Vec<String>,
}

/// Visits `targets` and all delegations below it breadth first, in order of creation, as Notary searches them.
/// `files` are the roles whose file verified; children of others are not reached.
#[must_use]
pub fn walk<'a>(targets: &'a Targets, files: &'a BTreeMap<DelegationName, &'a Targets>) -> Vec<Reached<'a>> {
    let mut reached = vec![Reached { role: Role::Targets, entry: None, paths: vec![String::new()] }];
    let mut next = 0;
    while let Some(parent) = reached.get(next) {
        let listing = match &parent.role {
            Role::Delegation(name) => files.get(name).copied(),
            _ => Some(targets),
        };
        let entries = listing.and_then(|listing| listing.delegations.as_ref()).into_iter().flatten();
        let child = |entry: &'a Delegation| Reached {
            role: Role::Delegation(entry.name.clone()),
            entry: Some(entry),
            paths: effective_paths(&parent.paths, &entry.paths),
        };
        let children: Vec<Reached<'a>> = entries.map(child).collect();
        reached.extend(children);
        next += 1;
    }
    reached
}

impl TargetName {
    /// Whether the name begins with one of the prefixes that a role may sign.
    #[must_use]
    pub fn is_within(&self, paths: &[String]) -> bool {
        paths.iter().any(|path| self.as_str().starts_with(path.as_str()))
    }
}
