//! How far a wizard is, over all its repositories.

use super::changes::phase;
use super::choice::{Way, Wizard};
use super::facts::{Facts, RepositoryFacts};
use super::phase::{Phase, lists_all};

/// Whether nothing is left to do on the servers. What remains then is up to people.
#[must_use]
pub fn is_finished(facts: &Facts) -> bool {
    facts.repositories.iter().all(|repository| phase(facts, repository) == Phase::Done)
}

/// Whether the first, or only, publish has reached every server.
pub(super) fn is_sent(facts: &Facts) -> bool {
    let is_sent = |repository: &RepositoryFacts| match phase(facts, repository) {
        Phase::Done | Phase::Waiting(_) | Phase::Added => true,
        Phase::ToDo(_) => needs_two(facts) && lists_new(facts, repository),
        Phase::Blocked(_) => false,
    };
    facts.repositories.iter().all(is_sent)
}

pub(super) fn lists_new(facts: &Facts, repository: &RepositoryFacts) -> bool {
    let new = facts.choice.new_keys(&repository.gun);
    !new.is_empty() && lists_all(repository.role(&facts.choice.wizard.role()), new)
}

/// Whether the old key of a signer goes in a publish of its own.
pub(super) fn needs_two(facts: &Facts) -> bool {
    let Wizard::DelegationKey { .. } = facts.choice.wizard else { return false };
    let waits = |r: &RepositoryFacts| matches!(phase(facts, r), Phase::Waiting(_));
    facts.choice.way != Way::OnePublish || facts.repositories.iter().any(waits)
}
