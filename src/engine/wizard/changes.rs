//! What a wizard still has to change in a repository.

use std::collections::BTreeSet;

use super::choice::{Way, Wizard};
use super::facts::{Facts, RepositoryFacts, RoleFacts};
use super::phase::{Phase, ids, lists, lists_all};
use crate::engine::draft::change::{Change, NewKeys};
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey, Role, SignerName};

/// All changes that lead on, in the repositories' order. Those that are staged already are among them.
#[must_use]
pub fn changes(facts: &Facts) -> Vec<(Gun, Change)> {
    let of = |repository: &RepositoryFacts| match phase(facts, repository) {
        Phase::ToDo(changes) => changes.into_iter().map(|change| (repository.gun.clone(), change)).collect(),
        _ => Vec::new(),
    };
    facts.repositories.iter().flat_map(of).collect()
}

/// How far one repository is.
#[must_use]
pub fn phase(facts: &Facts, repository: &RepositoryFacts) -> Phase {
    if let Err(problem) = &repository.state {
        return Phase::Blocked(problem.message.clone());
    }
    let wizard = &facts.choice.wizard;
    if *wizard == Wizard::FirstSetup {
        return super::setup::phase(facts, repository);
    }
    let (new, role) = (facts.choice.new_keys(&repository.gun), wizard.role());
    match (repository.there().is_some(), repository.role(&role), wizard) {
        (false, ..) => Phase::Blocked("it has no trust data".to_owned()),
        (_, None, Wizard::DelegationKey { signer } | Wizard::TakeOver { signer }) => {
            Phase::Blocked(format!("there is no signer {signer}"))
        }
        (_, None, _) => Phase::Blocked(format!("there is no {role}")),
        (_, Some(now), Wizard::RenewRoot | Wizard::RenewTargets { .. }) => renewal(facts, repository, role, now),
        _ if wizard.needs_key() && new.is_empty() => Phase::Blocked("no new key was chosen".to_owned()),
        (_, _, Wizard::DelegationKey { signer }) => signer_phase(facts, repository, signer, new),
        (_, _, Wizard::TakeOver { .. }) => super::take_over::phase(facts, repository, &role, new),
        (_, Some(now), _) => base_key(facts, repository, role, now, new),
    }
}

fn renewal(facts: &Facts, repository: &RepositoryFacts, role: Role, now: &RoleFacts) -> Phase {
    let before = facts.choice.before.get(&repository.gun).and_then(|before| before.version);
    match now.version > before {
        true => Phase::Done,
        false => Phase::ToDo(vec![Change::Witness { role }]),
    }
}

fn base_key(facts: &Facts, repository: &RepositoryFacts, role: Role, now: &RoleFacts, new: &[PublicKey]) -> Phase {
    let listed = now.ids();
    let legacy = facts.choice.legacy.get(&repository.gun).cloned().unwrap_or_default();
    match facts.choice.wizard.needs_key() {
        true if listed == ids(new) => Phase::Done,
        true => Phase::ToDo(vec![Change::RotateKeys { role, keys: NewKeys::Here(new.to_vec()), legacy }]),
        false => {
            let before = facts.choice.before.get(&repository.gun).map(|before| before.keys.as_slice());
            match before.unwrap_or_default().iter().any(|key| listed.contains(key)) {
                false => Phase::Done,
                true => Phase::ToDo(vec![Change::RotateKeys { role, keys: NewKeys::Server, legacy }]),
            }
        }
    }
}

/// Keys of a signer that the wizard retires and that are still listed for him.
pub(super) fn retiring(facts: &Facts, repository: &RepositoryFacts) -> BTreeSet<CanonicalKeyId> {
    let new = ids(facts.choice.new_keys(&repository.gun));
    let before = facts.choice.before.get(&repository.gun).map(|before| before.keys.clone()).unwrap_or_default();
    before.into_iter().filter(|key| !new.contains(key)).collect()
}

fn signer_phase(facts: &Facts, repository: &RepositoryFacts, signer: &SignerName, new: &[PublicKey]) -> Phase {
    let (own, releases) = (Role::from(signer.role()), Role::releases());
    let retiring = retiring(facts, repository);
    let shared = held_by_others(repository, &signer.role());
    let leaving_releases: BTreeSet<CanonicalKeyId> = retiring.difference(&shared).cloned().collect();
    let is_listed = [&own, &releases].iter().all(|role| lists_all(repository.role(role), new));
    let mut changes = Vec::new();
    if !is_listed {
        changes.push(Change::AddSigner { name: signer.clone(), keys: new.to_vec() });
    }
    let may_remove = facts.choice.way == Way::OnePublish || facts.choice.remove_old;
    if facts.choice.way == Way::TwoPublishes && !may_remove {
        return if changes.is_empty() { Phase::Added } else { Phase::ToDo(changes) };
    }
    let (mut waiting, mut witnesses) = (Vec::new(), Vec::new());
    for (role, leaving) in [(&own, &retiring), (&releases, &leaving_releases)] {
        match vouching(facts, facts.choice.way, repository.role(role), leaving, new) {
            Vouching::Signed => {}
            Vouching::CanSign => witnesses.push(Change::Witness { role: role.clone() }),
            Vouching::Nobody => waiting.push(role.clone()),
        }
    }
    if !waiting.is_empty() {
        return if changes.is_empty() { Phase::Waiting(waiting) } else { Phase::ToDo(changes) };
    }
    if !may_remove {
        return if changes.is_empty() { Phase::Added } else { Phase::ToDo(changes) };
    }
    let still = |role: &Role, keys: &BTreeSet<CanonicalKeyId>| -> Vec<CanonicalKeyId> {
        keys.iter().filter(|key| lists(repository.role(role), key)).cloned().collect()
    };
    let (of_own, of_releases) = (still(&own, &retiring), still(&releases, &leaving_releases));
    let only_releases: Vec<CanonicalKeyId> = of_releases.into_iter().filter(|key| !of_own.contains(key)).collect();
    if changes.is_empty() && of_own.is_empty() && only_releases.is_empty() {
        return Phase::Done;
    }
    changes.extend(witnesses);
    changes.extend(of_own.into_iter().map(|key| Change::RemoveSignerKey { name: signer.clone(), key }));
    if !only_releases.is_empty() {
        let (role, remove_paths) = (DelegationName::releases(), Vec::new());
        changes.push(Change::EditDelegation { role, remove_keys: only_releases, remove_paths, clear_paths: false });
    }
    Phase::ToDo(changes)
}

/// Who vouches for a role's file once keys have left.
enum Vouching {
    /// There is no file, or keys that stay have signed it.
    Signed,
    /// Nobody who stays has signed it, but keys at hand can.
    CanSign,
    /// Somebody else has to sign it first.
    Nobody,
}

fn vouching(
    facts: &Facts,
    way: Way,
    role: Option<&RoleFacts>,
    leaving: &BTreeSet<CanonicalKeyId>,
    new: &[PublicKey],
) -> Vouching {
    let Some(role) = role.filter(|role| role.version.is_some()) else { return Vouching::Signed };
    let mut staying: BTreeSet<CanonicalKeyId> = role.ids().difference(leaving).cloned().collect();
    staying.extend(ids(new));
    let enough = |keys: usize| keys >= role.threshold as usize;
    let signed: BTreeSet<&CanonicalKeyId> = role.signed_by.iter().filter(|key| staying.contains(*key)).collect();
    if enough(signed.len()) {
        return Vouching::Signed;
    }
    match enough(staying.intersection(&facts.at_hand).count()) {
        true if way != Way::Colleague => Vouching::CanSign,
        _ => Vouching::Nobody,
    }
}

/// Roles whose file no key that stays has signed, nor can sign here: why one publish is not enough.
pub(super) fn who_vouches(facts: &Facts, repository: &RepositoryFacts) -> Vec<Role> {
    let Wizard::DelegationKey { signer } = &facts.choice.wizard else { return Vec::new() };
    let new = facts.choice.new_keys(&repository.gun);
    let retiring = retiring(facts, repository);
    let leaving = retiring.difference(&held_by_others(repository, &signer.role())).cloned().collect();
    let is_gap = |(role, leaving): &(Role, &BTreeSet<CanonicalKeyId>)| {
        matches!(vouching(facts, Way::OnePublish, repository.role(role), leaving, new), Vouching::Nobody)
    };
    let roles = [(Role::from(signer.role()), &retiring), (Role::releases(), &leaving)];
    roles.into_iter().filter(is_gap).map(|(role, _)| role).collect()
}

/// Keys that other signers hold too, which therefore stay in releases.
fn held_by_others(repository: &RepositoryFacts, own: &DelegationName) -> BTreeSet<CanonicalKeyId> {
    let roles = repository.there().into_iter().flat_map(|state| &state.roles);
    let others = roles.filter(|(role, _)| match role {
        Role::Delegation(name) => name != own && !name.is_releases() && name.depth() == 1,
        _ => false,
    });
    others.flat_map(|(_, facts)| facts.ids()).collect()
}
