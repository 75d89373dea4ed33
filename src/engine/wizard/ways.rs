//! The ways to replace a signer's key, and what speaks for each.

use super::changes::{retiring, who_vouches};
use super::choice::{Way, Wizard};
use super::facts::{Facts, RepositoryFacts};
use crate::tuf::{CanonicalKeyId, Role};

/// A way, as a user chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayView {
    /// Which.
    pub way: Way,
    /// Its name.
    pub title: &'static str,
    /// What happens, and whom it suits.
    pub lines: &'static [&'static str],
    /// Whether it is the one to take.
    pub recommended: bool,
    /// Why it cannot be taken.
    pub impossible: Option<String>,
}

/// The ways, best first; none for wizards that have only one.
#[must_use]
pub fn ways(facts: &Facts) -> Vec<WayView> {
    if !matches!(facts.choice.wizard, Wizard::DelegationKey { .. }) {
        return Vec::new();
    }
    let gap = facts.repositories.iter().find_map(|repository| {
        let roles = who_vouches(facts, repository);
        let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
        let why = || format!("{}: no key that stays and is here can sign {}", repository.name, roles.join(" and "));
        (!roles.is_empty()).then(why)
    });
    let one = WayView {
        way: Way::OnePublish,
        title: "one publish for each repository",
        lines: &["adds the new key, signs again, removes the old key, all at once", "nobody sees a gap"],
        recommended: gap.is_none(),
        impossible: gap.clone(),
    };
    let two = WayView {
        way: Way::TwoPublishes,
        title: "two publishes",
        lines: &["now adds the new key, later removes the old one", "if the old key still signs somewhere meanwhile"],
        recommended: false,
        impossible: None,
    };
    let colleague = WayView {
        way: Way::Colleague,
        title: "colleague",
        lines: &[
            "you add the key, they sign with it on their machine, you remove the old one",
            "their key never leaves them",
        ],
        recommended: gap.is_some(),
        impossible: None,
    };
    vec![one, two, colleague]
}

/// Who signed a signer's roles last, one line for each role and repository.
#[must_use]
pub fn last_signatures(facts: &Facts) -> Vec<String> {
    let Wizard::DelegationKey { signer } = &facts.choice.wizard else { return Vec::new() };
    let roles = [Role::from(signer.role()), Role::releases()];
    let line = |repository: &RepositoryFacts, role: &Role| {
        let now = repository.role(role)?;
        let version = now.version?;
        let old = retiring(facts, repository);
        let (leaving, staying): (Vec<_>, Vec<_>) = now.signed_by.iter().partition(|key| old.contains(*key));
        let shorts =
            |keys: Vec<&CanonicalKeyId>| keys.into_iter().map(CanonicalKeyId::short).collect::<Vec<_>>().join(" ");
        let signed = match (staying.is_empty(), leaving.is_empty()) {
            (false, _) => format!("signed with {}, which stays", shorts(staying)),
            (true, false) => format!("signed with {} only, to be signed again", shorts(leaving)),
            (true, true) => "not signed with any listed key".to_owned(),
        };
        Some(format!("{}: {role} v{version} {signed}", repository.name))
    };
    facts.repositories.iter().flat_map(|r| roles.iter().filter_map(move |role| line(r, role))).collect()
}
