//! What an edit begins with: verified content, and nothing else.
//!
//! Invariant: a draft's files come from `Verified` content, which only verification makes. What nobody known has signed
//! enters by one door, [`Draft::adopt`], which the plan turns into a danger that somebody must accept.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Draft;
use super::applied::{Hint, Refusal, Result};
use super::change::role_word;
use crate::tuf::verify::SetAside;
use crate::tuf::{Loaded, Role, Targets, TrustedSet, VerifyError};

/// Why a role's file cannot be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shut {
    /// Nobody known has signed what the server has.
    Unknown,
    /// The same, where this machine never verified a file of it and so knows no older keys.
    Unmet,
    /// The server leaves it out.
    Hidden,
    /// The server has a file of it that was not read.
    Unread,
}

impl Shut {
    fn attack(self, role: &Role) -> Option<String> {
        let word = role_word(role);
        match self {
            Self::Unknown => Some(format!("{word} carries no valid signature: this may be an attack")),
            Self::Unmet => Some(format!(
                "{word} carries no valid signature, and this machine does not know its older keys: it cannot tell a removed \
                 signer from a stranger"
            )),
            Self::Hidden => Some(format!("the server hides {word}: this may be an attack")),
            Self::Unread => None,
        }
    }
}

impl<'a> Draft<'a> {
    /// The content of a role that is about to change; a role that has no file begins empty.
    ///
    /// # Errors
    /// [`Refusal`] if the server has a file of it, or had one, whose content nobody known speaks for.
    pub(in crate::engine) fn content_mut(&mut self, role: &Role) -> Result<&mut Targets> {
        if let Some(refusal) = self.shut(role) {
            return Err(refusal);
        }
        Ok(self.files.entry(role.clone()).or_insert_with(|| Cow::Owned(Targets::empty())).to_mut())
    }

    /// Why a role's file cannot be edited, if so.
    pub(in crate::engine) fn shut(&self, role: &Role) -> Option<Refusal> {
        if self.files.contains_key(role) {
            return None;
        }
        self.why_shut(role).map(|why| self.refusal(role, why))
    }

    fn why_shut(&self, role: &Role) -> Option<Shut> {
        let set = self.ground().set?;
        if set.unknown(role).is_some() {
            return Some(if set.newest_verified(role).is_some() { Shut::Unknown } else { Shut::Unmet });
        }
        let name = role.delegation()?;
        if set.is_hidden(role) {
            return Some(Shut::Hidden);
        }
        // Below a role that was replaced nothing is read; its last good file may come back, or its false one be taken.
        let parent = name.parent();
        let good = [set.verified(&parent), set.last_good(&parent)].into_iter().flatten().map(|file| file.content());
        let mut above = good.chain(set.unknown(&parent).map(|file| &file.content));
        let has_file = set.expected(role).is_some() || set.newest_verified(role).is_some();
        (has_file && above.any(|above| above.delegation(name).is_some())).then_some(Shut::Unread)
    }

    /// What looks like an attack on a role that this draft leaves as the server has it, and what was known of it before.
    pub(in crate::engine) fn doubt(&self, role: &Role) -> Option<(String, String)> {
        if self.files.contains_key(role) {
            return None;
        }
        let attack = self.why_shut(role)?.attack(role)?;
        Some((attack, self.before(role)))
    }

    fn refusal(&self, role: &Role, why: Shut) -> Refusal {
        let what = match why.attack(role) {
            Some(attack) => format!("{attack}. {}", self.before(role)),
            None if let Some(limit) = self.limit(role) => {
                format!("the file of {} is not read ({limit}), so signing it would lose its tags", role_word(role))
            }
            None => format!("the file of {} could not be read, so signing it would lose its tags", role_word(role)),
        };
        let has_good = self.ground().set.is_some_and(|set| set.last_good(role).is_some());
        let hint: Hint = match (why, has_good) {
            (Shut::Unread, _) if self.limit(role).is_some() => {
                "ask whoever lists it to take delegations out; trustdeck reads no more of them".into()
            }
            (Shut::Unread, _) => "renew the role above it first, or ask whoever runs the server".into(),
            (_, true) => Hint::naming(
                "sign the last good file again: trustdeck restore ",
                format!(" {role}; or ask its signers"),
            ),
            (Shut::Hidden, false) => "ask whoever runs the server why it leaves the role out".into(),
            (_, false) => Hint::naming(
                "compare what it lists with its signers; then trustdeck witness ",
                format!(" {role} signs it, with --accept"),
            ),
        };
        Refusal { suspicious: true, ..Refusal::of(Some(role.clone()), what, hint) }
    }

    /// The limit for which a role's file is not read.
    fn limit(&self, role: &Role) -> Option<&str> {
        match self.ground().set?.aside().get(role.delegation()?) {
            Some(SetAside::Invalid(VerifyError::Limit { what, .. })) => Some(what),
            _ => None,
        }
    }

    /// What this machine knows of a role from before, in a sentence.
    fn before(&self, role: &Role) -> String {
        let Some(set) = self.ground().set else { return String::new() };
        match (set.last_good(role), set.newest_verified(role)) {
            (Some(good), _) => {
                let content = good.content();
                let tags: Vec<String> = content.targets.keys().map(ToString::to_string).collect();
                let listed = if tags.is_empty() { "no tags".to_owned() } else { few(&tags) };
                format!("This machine last verified version {} of it, which lists {listed}", content.version)
            }
            (None, Some(mark)) => format!("This machine last verified version {} of it", mark.version),
            (None, None) => "This machine has never seen a good file of it".to_owned(),
        }
    }

    /// Takes the server's file of a role as it is, although nobody known may have signed it. Returns whether there is one.
    pub(in crate::engine) fn adopt(&mut self, role: &Role) -> bool {
        let Some(file) = self.ground().set.and_then(|set| set.unknown(role)) else {
            return self.files.contains_key(role);
        };
        if !self.files.contains_key(role) {
            self.files.insert(role.clone(), Cow::Borrowed(&file.content));
            self.adopted.insert(role.clone());
        }
        true
    }

    /// Takes the last good file of a role in the place of what the server has. Returns whether there is one.
    pub(in crate::engine) fn restore(&mut self, role: &Role) -> bool {
        let Some(good) = self.ground().set.and_then(|set| set.last_good(role)) else { return false };
        self.files.insert(role.clone(), Cow::Borrowed(good.content()));
        self.adopted.remove(role);
        self.restored.insert(role.clone());
        self.touch(role.clone(), format!("its last good file, version {}, signed again", good.content().version));
        true
    }

    /// Whether the last good file of a role is signed again, whatever the server has.
    #[must_use]
    pub fn is_restored(&self, role: &Role) -> bool {
        self.restored.contains(role)
    }

    /// The server's file of a role that is signed although nobody known has signed it, or only keys of before have, and
    /// not as this machine verified it.
    #[must_use]
    pub fn unseen(&self, role: &Role) -> Option<&'a Loaded<Targets>> {
        let set = self.ground().set?;
        let former = || set.only_former(role).filter(|_| !self.restored.contains(role));
        set.unknown(role).filter(|_| self.adopted.contains(role)).or_else(former)
    }

    /// Roles whose content on the server is signed although nobody known has signed it.
    #[must_use]
    pub fn adopted(&self) -> &BTreeSet<Role> {
        &self.adopted
    }
}

/// All content of a set that an edit may begin with.
pub(super) fn verified_files(set: &TrustedSet) -> impl Iterator<Item = (Role, Cow<'_, Targets>)> {
    let delegations = set.delegations().keys().map(|name| Role::Delegation(name.clone()));
    let roles = std::iter::once(Role::Targets).chain(delegations);
    roles.filter_map(|role| {
        let content = Cow::Borrowed(set.verified(&role)?.content());
        Some((role, content))
    })
}

/// A few names, and how many more there are.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
