//! Tags: who lists them, who vouches for them, and whether they can be pulled.

use std::collections::{BTreeSet, HashMap};

use super::{TagState, TagView};
use crate::engine::trust::tree::Node;
use crate::engine::wording::natural;
use crate::printable::look_alikes;
use crate::tuf::hashes::digits;
use crate::tuf::{Custom, Role, Target};

/// The tags of a repository and what roles list outside their paths.
pub(in crate::engine) struct SignedTags {
    pub(in crate::engine) tags: Vec<TagView>,
    pub(in crate::engine) ignored: Vec<(Role, String)>,
}

/// One tag with one digest.
struct SignedRow<'a> {
    name: &'a str,
    digest: Option<&'a [u8]>,
    length: u64,
    sha512: Option<&'a [u8]>,
    custom: Option<&'a Custom>,
    roles: Vec<Role>,
    signers: Vec<String>,
    /// A role that Docker pulls from lists it, and counts.
    released: bool,
    /// A role that Docker pulls from lists it, but its file is refused.
    refused: bool,
}

/// Applies paths, groups by tag and digest, and decides what is pulled.
pub(in crate::engine) fn tags(nodes: &[Node<'_>]) -> SignedTags {
    let mut rows: Vec<SignedRow<'_>> = Vec::new();
    let mut places: HashMap<(&str, Option<&[u8]>), usize> = HashMap::new();
    let mut ignored = Vec::new();
    for node in nodes {
        let listed = node.file.iter().flat_map(|file| &file.content.targets);
        for (name, target) in listed {
            if !node.allows(name.as_str()) {
                ignored.push((node.role.clone(), name.as_str().to_owned()));
                continue;
            }
            let digest = target.hashes.get("sha256");
            let place = *places.entry((name.as_str(), digest)).or_insert(rows.len());
            match rows.get_mut(place) {
                Some(row) => row.add(node, target),
                None => rows.push(SignedRow::new(node, name.as_str(), target)),
            }
        }
    }
    drop(places);
    let pulled = pulled(nodes);
    rows.sort_by(|a, b| natural(a.name, b.name).then_with(|| a.digest.cmp(&b.digest)));
    let alike: BTreeSet<&str> = look_alikes(rows.iter().map(|row| row.name));
    let tags = rows.into_iter().map(|row| TagView {
        state: row.state(pulled.get(row.name) == Some(&row.digest)),
        name: row.name.into(),
        digest: row.digest.map(digits).unwrap_or_default(),
        length: row.length,
        sha512: row.sha512.map(digits),
        custom: row.custom.cloned(),
        look_alike: alike.contains(row.name),
        roles: row.roles,
        signers: row.signers,
    });
    SignedTags { tags: tags.collect(), ignored }
}

/// The digest that Docker pulls for each tag: that of `targets/releases`, else that of `targets`.
fn pulled<'a>(nodes: &[Node<'a>]) -> HashMap<&'a str, Option<&'a [u8]>> {
    let mut pulled = HashMap::new();
    let released = nodes.iter().filter(|node| node.trusted && node.role.is_released());
    // `targets` is met first, so that releases overwrites it.
    for node in released {
        let listed = node.file.into_iter().flat_map(|file| &file.content.targets);
        let allowed = listed.filter(|(name, _)| node.allows(name.as_str()));
        pulled.extend(allowed.map(|(name, target)| (name.as_str(), target.hashes.get("sha256"))));
    }
    pulled
}

impl<'a> SignedRow<'a> {
    fn new(node: &Node<'_>, name: &'a str, target: &'a Target) -> Self {
        let digest = target.hashes.get("sha256");
        let (roles, signers) = (Vec::with_capacity(2), Vec::new());
        let (sha512, custom) = (None, None);
        let mut row = Self {
            name,
            digest,
            length: target.length,
            sha512,
            custom,
            roles,
            signers,
            released: false,
            refused: false,
        };
        row.add(node, target);
        row
    }

    fn add(&mut self, node: &Node<'_>, target: &'a Target) {
        self.length = target.length;
        self.sha512 = self.sha512.or_else(|| target.hashes.get("sha512"));
        self.custom = self.custom.or(target.custom.as_ref());
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
