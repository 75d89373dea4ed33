//! What a wizard still has to change in a repository.

use std::collections::BTreeSet;

use super::choice::{Way, Wizard};
use super::facts::{Facts, RepositoryFacts, RoleFacts};
use crate::engine::{Change, NewKeys, RootKeyChoice};
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey, Role, SignerName};

/// How far a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing can be done yet, and why.
    Blocked(String),
    /// These changes lead on.
    ToDo(Vec<Change>),
    /// The new key is listed; these roles wait for a signature of a key that stays.
    Waiting(Vec<Role>),
    /// The new key is listed, and the old one stays by choice.
    Added,
    /// Nothing is left to change.
    Done,
}

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
    let new = facts.choice.keys.get(&repository.gun);
    let wizard = &facts.choice.wizard;
    if let Wizard::FirstSetup { signer, root_key } = wizard {
        return first_setup(repository, signer, root_key, new);
    }
    let role = wizard.role();
    match (repository.there().is_some(), repository.role(&role), wizard, new) {
        (false, ..) => Phase::Blocked("it has no trust data".to_owned()),
        (_, None, Wizard::DelegationKey { signer }, _) => Phase::Blocked(format!("there is no signer {signer}")),
        (_, None, ..) => Phase::Blocked(format!("there is no {role}")),
        (_, Some(now), Wizard::RenewRoot | Wizard::RenewTargets { .. }, _) => renewal(facts, repository, role, now),
        (_, _, Wizard::DelegationKey { signer }, Some(key)) => signer_phase(facts, repository, signer, key),
        (.., None) if wizard.needs_key() => no_key(),
        (_, Some(now), ..) => base_key(facts, repository, role, now, new),
    }
}

fn no_key() -> Phase {
    Phase::Blocked("no new key was chosen".to_owned())
}

fn first_setup(
    repository: &RepositoryFacts,
    signer: &SignerName,
    root_key: &RootKeyChoice,
    new: Option<&PublicKey>,
) -> Phase {
    let Some(key) = new else { return no_key() };
    let add = Change::AddSigner { name: signer.clone(), keys: vec![key.clone()] };
    match repository.there() {
        None => Phase::ToDo(vec![Change::Create { root_key: root_key.clone() }, add]),
        Some(_) if lists(repository.role(&signer.role().into()), key.canonical_id()) => Phase::Done,
        Some(_) => Phase::ToDo(vec![add]),
    }
}

fn lists(role: Option<&RoleFacts>, key: &CanonicalKeyId) -> bool {
    role.is_some_and(|role| role.keys.iter().any(|listed| listed.canonical_id() == key))
}

fn renewal(facts: &Facts, repository: &RepositoryFacts, role: Role, now: &RoleFacts) -> Phase {
    let before = facts.choice.before.get(&repository.gun).and_then(|before| before.version);
    match now.version > before {
        true => Phase::Done,
        false => Phase::ToDo(vec![Change::Witness { role }]),
    }
}

fn base_key(
    facts: &Facts,
    repository: &RepositoryFacts,
    role: Role,
    now: &RoleFacts,
    new: Option<&PublicKey>,
) -> Phase {
    let listed = now.ids();
    match new.filter(|_| facts.choice.wizard.needs_key()) {
        Some(key) if listed == BTreeSet::from([key.canonical_id().clone()]) => Phase::Done,
        Some(key) => Phase::ToDo(vec![Change::RotateKeys { role, keys: NewKeys::Here(vec![key.clone()]) }]),
        None => {
            let before = facts.choice.before.get(&repository.gun).map(|before| before.keys.as_slice());
            match before.unwrap_or_default().iter().any(|key| listed.contains(key)) {
                false => Phase::Done,
                true => Phase::ToDo(vec![Change::RotateKeys { role, keys: NewKeys::Server }]),
            }
        }
    }
}

/// Keys of a signer that the wizard retires and that are still listed for him.
pub(super) fn retiring(facts: &Facts, repository: &RepositoryFacts) -> BTreeSet<CanonicalKeyId> {
    let new = facts.choice.keys.get(&repository.gun).map(PublicKey::canonical_id);
    let before = facts.choice.before.get(&repository.gun).map(|before| before.keys.clone()).unwrap_or_default();
    before.into_iter().filter(|key| Some(key) != new).collect()
}

fn signer_phase(facts: &Facts, repository: &RepositoryFacts, signer: &SignerName, new: &PublicKey) -> Phase {
    let (own, releases) = (Role::from(signer.role()), Role::releases());
    let retiring = retiring(facts, repository);
    let shared = held_by_others(repository, &signer.role());
    let leaving_releases: BTreeSet<CanonicalKeyId> = retiring.difference(&shared).cloned().collect();
    let is_listed = [&own, &releases].iter().all(|role| lists(repository.role(role), new.canonical_id()));
    let mut changes = Vec::new();
    if !is_listed {
        changes.push(Change::AddSigner { name: signer.clone(), keys: vec![new.clone()] });
    }
    if facts.choice.way == Way::AddOnly {
        return if changes.is_empty() { Phase::Added } else { Phase::ToDo(changes) };
    }
    let (mut waiting, mut witnesses) = (Vec::new(), Vec::new());
    for (role, leaving) in [(&own, &retiring), (&releases, &leaving_releases)] {
        match vouching(facts, repository.role(role), leaving, new) {
            Vouching::Signed => {}
            Vouching::CanSign => witnesses.push(Change::Witness { role: role.clone() }),
            Vouching::Nobody => waiting.push(role.clone()),
        }
    }
    if !waiting.is_empty() {
        return if changes.is_empty() { Phase::Waiting(waiting) } else { Phase::ToDo(changes) };
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

fn vouching(facts: &Facts, role: Option<&RoleFacts>, leaving: &BTreeSet<CanonicalKeyId>, new: &PublicKey) -> Vouching {
    let Some(role) = role.filter(|role| role.version.is_some()) else { return Vouching::Signed };
    let mut staying: BTreeSet<CanonicalKeyId> = role.ids().difference(leaving).cloned().collect();
    staying.insert(new.canonical_id().clone());
    let enough = |keys: usize| keys >= role.threshold as usize;
    let signed: BTreeSet<&CanonicalKeyId> = role.signed_by.iter().filter(|key| staying.contains(*key)).collect();
    if enough(signed.len()) {
        return Vouching::Signed;
    }
    match enough(staying.intersection(&facts.at_hand).count()) {
        true => Vouching::CanSign,
        false => Vouching::Nobody,
    }
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
