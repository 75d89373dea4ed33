//! What becomes of a change that is applied to a draft, and why one is refused.

use crate::tuf::{CanonicalKeyId, Role};

/// How a line of a difference reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `+`
    Added,
    /// `−`
    Removed,
    /// `~` signed again.
    Resigned,
    /// Unchanged, shown for context.
    Kept,
}

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Glyph.
    pub mark: Mark,
    /// What, such as `signer ben`.
    pub thing: String,
    /// Roles that it concerns.
    pub roles: Vec<Role>,
    /// Short key IDs or digest.
    pub ids: Vec<String>,
    /// Why it changes nothing, if so.
    pub no_effect: Option<String>,
    /// Set if it changes nothing for want of keys, or of what it is about: nobody stages such a thing on purpose.
    pub missing: Option<Refusal>,
}

/// Stands in hints for the name of the repository, which a draft does not know.
pub(in crate::engine) const REPOSITORY: &str = "{repository}";

/// Why a change cannot be applied, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The role it is about.
    pub role: Option<Role>,
    /// Cause.
    pub what: String,
    /// Next step, with `{repository}` in the place of the repository's name.
    pub hint: String,
    /// Whether what the server has looks like an attack, so that it is no matter of what was typed.
    pub suspicious: bool,
    /// Keys of which one would do, if it were at hand.
    pub lacks: Vec<CanonicalKeyId>,
}

pub(in crate::engine) type Result<T> = std::result::Result<T, Refusal>;

pub(in crate::engine) fn refuse<T>(role: impl Into<Option<Role>>, what: String, hint: &str) -> Result<T> {
    Err(Refusal::of(role.into(), what, hint))
}

impl Refusal {
    pub(in crate::engine) fn of(role: Option<Role>, what: String, hint: &str) -> Self {
        Self { role, what, hint: hint.to_owned(), suspicious: false, lacks: Vec::new() }
    }
}

impl Applied {
    pub(in crate::engine) fn new(mark: Mark, thing: String, roles: Vec<Role>) -> Self {
        Self { mark, thing, roles, ids: Vec::new(), no_effect: None, missing: None }
    }

    pub(in crate::engine) fn about<'k>(mut self, keys: impl IntoIterator<Item = &'k CanonicalKeyId>) -> Self {
        for key in keys {
            let id = key.short().to_owned();
            if !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
        self
    }

    /// Nothing happened, for want of something.
    pub(in crate::engine) fn missing(self, refusal: Refusal) -> Self {
        Self { no_effect: Some(refusal.what.clone()), missing: Some(refusal), ..self }
    }

    pub(in crate::engine) fn unless(mut self, happened: bool, why_not: &str) -> Self {
        self.no_effect = (!happened).then(|| why_not.to_owned());
        self
    }
}
