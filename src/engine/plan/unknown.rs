//! Content that would be signed although nobody known has signed it, or only who was removed since: all that somebody
//! must compare first.

use crate::tuf::{KeyId, Role};

/// A role file that nobody known has signed, or only keys of before, and not as this machine verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFile {
    /// Its role.
    pub role: Role,
    /// Version that it claims.
    pub version: u64,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// What people call the keys of before that have signed it; none where nobody known has.
    pub removed: Vec<String>,
    /// IDs on its signatures. They prove nothing.
    pub claimed: Vec<KeyId>,
    /// Version of the last good file, if this machine has it.
    pub last_good: Option<u64>,
    /// Its tags, in natural order.
    pub tags: Vec<UnknownTag>,
    /// Tags of the last good file that are gone.
    pub gone: Vec<String>,
    /// Delegations that it lists, each with its keys.
    pub delegations: Vec<String>,
}

/// A tag in such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTag {
    /// The tag, raw.
    pub tag: String,
    /// SHA-256 of the manifest in hexadecimal; empty if there is none.
    pub digest: String,
    /// Length of the manifest, in bytes.
    pub length: u64,
    /// What the last good file says.
    pub before: TagBefore,
    /// Who is known to have signed the tag with this digest: roles whose files are good.
    pub signed_by: Vec<String>,
}

/// What the last good file says of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagBefore {
    /// The same.
    Same,
    /// It does not list the tag, or there is no such file.
    Added,
    /// Another digest.
    Other(String),
}

impl UnknownFile {
    /// One line for each thing to compare, tags with their whole digests. Text from outside in it is raw.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for tag in &self.tags {
            let before = match &tag.before {
                TagBefore::Same => "as in the last good file".to_owned(),
                TagBefore::Added if self.last_good.is_some() => "not in the last good file".to_owned(),
                TagBefore::Added => String::new(),
                TagBefore::Other(digest) => format!("the last good file has sha256:{digest}"),
            };
            let by = match (tag.signed_by.is_empty(), self.removed.is_empty()) {
                (true, true) => "signed by nobody known".to_owned(),
                (true, false) => format!("signed only by {}, removed since", self.removed.join(", ")),
                (false, _) => format!("signed by {}", tag.signed_by.join(", ")),
            };
            let words: Vec<String> = [by, before].into_iter().filter(|word| !word.is_empty()).collect();
            lines.push(format!("{}  sha256:{}  {} bytes  {}", tag.tag, tag.digest, tag.length, words.join("; ")));
        }
        lines.extend(self.gone.iter().map(|tag| format!("{tag}  gone: only the last good file lists it")));
        lines.extend(self.delegations.iter().map(|entry| format!("delegation {entry}")));
        lines
    }
}
