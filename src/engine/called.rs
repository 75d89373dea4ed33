//! What a key is called.
//!
//! - The user's label goes before the role that the key's file or token names, that before the signers who hold it, these
//!   before a base role; with none of them it is called by its short ID.
//! - Labels are the user's and signers' names a server's: raw, until a screen or a command makes them printable.

use std::collections::BTreeMap;

use crate::tuf::{CanonicalKeyId, DelegationName};

/// The label, else the short ID.
#[must_use]
pub fn or_id(label: Option<String>, id: &CanonicalKeyId) -> String {
    label.filter(|label| !label.is_empty()).unwrap_or_else(|| id.short().to_owned())
}

/// Label and short ID as a sentence has them: `jeff 1234567`.
#[must_use]
pub fn with_id(label: &str, id: &CanonicalKeyId) -> String {
    format!("{label} {}", id.short())
}

/// The same as the head of a dialog: `jeff  1234567`.
#[must_use]
pub fn heading(label: &str, id: &CanonicalKeyId) -> String {
    format!("{label}  {}", id.short())
}

/// A `role` header as a name. `delegation` is what importers write for want of one.
pub(in crate::engine) fn of_role(role: &str) -> Option<String> {
    let name = match DelegationName::parse(role) {
        Ok(delegation) => delegation.short().to_owned(),
        Err(_) => role.to_owned(),
    };
    Some(name).filter(|name| !name.is_empty() && name != "delegation")
}

/// The delegations that list each key, `targets/releases` apart: their names are the signers'.
#[derive(Default)]
pub(in crate::engine) struct Signers(BTreeMap<CanonicalKeyId, Vec<String>>);

impl Signers {
    /// Most names that a key is called by: a hostile file can list one key in thousands of roles, each of which shows it.
    const MOST: usize = 8;

    /// Notes that a delegation lists a key.
    pub(in crate::engine) fn learn(&mut self, id: &CanonicalKeyId, role: &DelegationName) {
        if role.is_releases() {
            return;
        }
        let names = self.0.entry(id.clone()).or_default();
        // One more than is shown, to tell that there are more.
        if names.len() <= Self::MOST {
            names.push(role.short().to_owned());
        }
    }

    /// The one that lists a key first.
    pub(in crate::engine) fn first(&self, id: &CanonicalKeyId) -> Option<String> {
        self.0.get(id)?.first().cloned()
    }

    /// All of them. Names of nested roles only say more about a key that is in no signer's own role.
    pub(in crate::engine) fn all(&self, id: &CanonicalKeyId) -> Option<String> {
        let names = self.0.get(id)?;
        let own: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.contains('/')).collect();
        let mut shown = if own.is_empty() { names.iter().map(String::as_str).collect() } else { own };
        if names.len() > Self::MOST {
            shown.truncate(Self::MOST);
            shown.push("…");
        }
        Some(shown.join(", "))
    }
}
