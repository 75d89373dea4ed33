//! Tags: who lists them, who vouches for them, and whether they can be pulled.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp as Time;
use serde_json::Value;

use super::natural::natural;
use super::tree::{Node, nodes};
use super::view::{TagState, TagView};
use crate::printable::look_alikes;
use crate::tuf::{Role, TrustedSet};

/// The tags of a repository and what roles list outside their paths.
pub(super) struct Tags {
    pub(super) tags: Vec<TagView>,
    pub(super) ignored: Vec<(Role, String)>,
}

/// One tag with one digest.
#[derive(Default)]
struct Row {
    length: u64,
    sha512: Option<String>,
    custom: Option<Value>,
    roles: Vec<Role>,
    signers: Vec<String>,
    /// A role that Docker pulls from lists it, and counts.
    released: bool,
    /// A role that Docker pulls from lists it, but its file is refused.
    refused: bool,
}

/// Applies paths, groups by tag and digest, and decides what is pulled.
pub(super) fn tags(nodes: &[Node<'_>]) -> Tags {
    let mut rows: BTreeMap<(&str, String), Row> = BTreeMap::new();
    let mut ignored = Vec::new();
    for node in nodes {
        let listed = node.file.iter().flat_map(|file| &file.content.targets);
        for (name, target) in listed {
            if !node.allows(name.as_str()) {
                ignored.push((node.role.clone(), name.as_str().to_owned()));
                continue;
            }
            let row = rows.entry((name.as_str(), target.sha256().unwrap_or_default())).or_default();
            row.length = target.length;
            row.sha512 = row.sha512.take().or_else(|| target.hashes.get("sha512").map(hex::encode));
            row.custom = row.custom.take().or_else(|| target.custom.clone());
            row.add(node);
        }
    }
    let pulled = pulled(nodes);
    let alike: BTreeSet<&str> = look_alikes(rows.keys().map(|(name, _)| *name).collect::<BTreeSet<_>>());
    let view = |((name, digest), row): (&(&str, String), &Row)| TagView {
        state: row.state(pulled.get(name) == Some(digest)),
        name: (*name).to_owned(),
        digest: digest.clone(),
        length: row.length,
        sha512: row.sha512.clone(),
        custom: row.custom.clone(),
        roles: row.roles.clone(),
        signers: row.signers.clone(),
        look_alike: alike.contains(name),
    };
    let mut tags: Vec<TagView> = rows.iter().map(view).collect();
    tags.sort_by(|a, b| natural(&a.name, &b.name));
    Tags { tags, ignored }
}

/// All tags inside their role's paths, sorted.
pub(super) fn names(set: &TrustedSet, now: Time) -> Vec<String> {
    let nodes = nodes(set, now);
    let listed = nodes.iter().flat_map(|node| {
        let names = node.file.iter().flat_map(|file| file.content.targets.keys());
        names.filter(|name| node.allows(name.as_str()))
    });
    let names: BTreeSet<&str> = listed.map(|name| name.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The digest that Docker pulls for each tag: that of `targets/releases`, else that of `targets`.
fn pulled<'a>(nodes: &'a [Node<'_>]) -> BTreeMap<&'a str, String> {
    let mut pulled = BTreeMap::new();
    let released = nodes.iter().filter(|node| node.trusted && node.role.is_released());
    // `targets` is met first, so that releases overwrites it.
    for node in released {
        let listed = node.file.iter().flat_map(|file| &file.content.targets);
        let allowed = listed.filter(|(name, _)| node.allows(name.as_str()));
        pulled.extend(allowed.map(|(name, target)| (name.as_str(), target.sha256().unwrap_or_default())));
    }
    pulled
}

impl Row {
    fn add(&mut self, node: &Node<'_>) {
        self.roles.push(node.role.clone());
        match (node.role.is_released(), node.trusted) {
            (true, true) => self.released = true,
            (true, false) => self.refused = true,
            (false, true) => self.signers.push(node.role.short().to_owned()),
            (false, false) => {}
        }
    }

    fn state(&self, is_pulled: bool) -> TagState {
        match (self.released && is_pulled, self.refused) {
            (true, _) => TagState::Trusted,
            (false, true) => TagState::Orphaned,
            (false, false) => TagState::Held,
        }
    }
}
