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

/// Why a change cannot be applied, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The role it is about.
    pub role: Option<Role>,
    /// Cause.
    pub what: String,
    /// Next step.
    pub hint: Hint,
    /// Whether what the server has looks like an attack, so that it is no matter of what was typed.
    pub suspicious: bool,
    /// Keys of which one would do, if it were at hand.
    pub lacks: Vec<CanonicalKeyId>,
}

/// What to do next. A draft does not know what its repository is called, so the name has a place of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Repository,
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self(vec![Part::Text(text)])
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Hint {
    /// The repository between two texts, such as the parts of a command.
    pub(in crate::engine) fn naming(before: &str, after: String) -> Self {
        Self(vec![Part::Text(before.to_owned()), Part::Repository, Part::Text(after)])
    }

    /// The same, and more that helps.
    pub(in crate::engine) fn and(mut self, more: Option<String>) -> Self {
        self.0.extend(more.map(|more| Part::Text(format!("; {more}"))));
        self
    }

    /// Its words for a repository, which a command names like this.
    #[must_use]
    pub fn of(&self, repository: &str) -> String {
        let words = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Repository => repository,
        });
        words.collect()
    }
}

pub(in crate::engine) type Result<T> = std::result::Result<T, Refusal>;

pub(in crate::engine) fn refuse<T>(role: impl Into<Option<Role>>, what: String, hint: &str) -> Result<T> {
    Err(Refusal::of(role.into(), what, hint))
}

impl Refusal {
    pub(in crate::engine) fn of(role: Option<Role>, what: String, hint: impl Into<Hint>) -> Self {
        Self { role, what, hint: hint.into(), suspicious: false, lacks: Vec::new() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_place_names_the_repository() {
        let hint = Hint::naming("trustdeck restore ", " targets/releases".to_owned());
        let more = Some("keys are in /srv/{repository}/private".to_owned());
        let words = "trustdeck restore team/app targets/releases; keys are in /srv/{repository}/private";
        assert_eq!(hint.and(more).of("team/app"), words);
    }
}
