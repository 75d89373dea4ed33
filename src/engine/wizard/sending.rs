//! Steps from the publish on.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{phase, retiring};
use super::choice::{Holder, Wizard};
use super::command::{command, names};
use super::facts::{Facts, RepositoryFacts};
use super::phase::Phase;
use super::progress::{is_finished, is_sent};
use super::setup::fingerprints;
use super::step::{StepDraft, StepKind, draft};
use crate::engine::reference::{familiar_name, in_command};
use crate::engine::wording::count;
use crate::tuf::{CanonicalKeyId, Gun, PublicKey, Role};

/// The first, or only, publish.
pub(super) fn publish(facts: &Facts) -> StepDraft {
    let mut draft = draft(facts, StepKind::Publish, "review and publish", "One upload for each repository.");
    draft.view.risk = match facts.choice.wizard {
        Wizard::Snapshot { holder: Holder::Here } => "From then on every signer needs the snapshot key to publish.",
        Wizard::FirstSetup => "From then on docker pulls only signed tags, wherever trust is demanded.",
        Wizard::Root => "Pins that name the root certificate must name the new one.",
        Wizard::RenewRoot => "If a new certificate is made, pins that name the old one must name it.",
        _ => "If the connection breaks, it may have arrived or not: start trustdeck again, it asks the server.",
    };
    draft.view.back = match facts.choice.wizard {
        Wizard::FirstSetup => "Until it is sent, undo; afterwards, delete the trust data on the server.",
        Wizard::RenewRoot | Wizard::RenewTargets { .. } => {
            "Until it is sent, undo; afterwards, only newer files count."
        }
        _ => "Until it is sent, undo; afterwards, rotate again.",
    };
    draft.view.commands = vec![format!("trustdeck publish {}", names(facts))];
    draft.done = is_sent(facts);
    draft.blocked = facts.repositories.iter().find_map(|r| Some(format!("{}: {}", r.name, r.blocked.as_ref()?)));
    let in_flight = facts.repositories.iter().filter(|r| r.in_flight);
    draft.view.detail = in_flight.map(|r| format!("{}: the end of the last publish is not known", r.name)).collect();
    draft
}

/// A colleague signs with the new key.
pub(super) fn wait(facts: &Facts) -> StepDraft {
    let why = "Tags stay trusted only if a key that stays has signed their role file.";
    let mut draft = draft(facts, StepKind::Wait, "wait for a signature with the new key", why);
    draft.view.risk = "Removing the old key too early would orphan the tags; it is not offered before.";
    draft.view.back = "Remove the new key again.";
    for repository in &facts.repositories {
        if let Phase::Waiting(roles) = phase(facts, repository) {
            let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
            draft.view.detail.push(format!("{}: {} not signed with it yet", repository.name, roles.join(" and ")));
            let command = format!("trustdeck witness {} {} --publish", in_command(&repository.gun), roles.join(" "));
            draft.view.commands.push(command);
        }
    }
    draft.done = is_sent(facts) && draft.view.detail.is_empty();
    draft.blocked = draft.view.detail.first().cloned();
    draft
}

/// The old key goes in a publish of its own.
pub(super) fn remove(facts: &Facts) -> StepDraft {
    let why = "As long as the old key is listed, whoever has it can sign.";
    let mut draft = draft(facts, StepKind::Remove, "remove the old key", why);
    draft.view.back = "Add the old key again.";
    draft.view.commands = vec![command(facts)];
    draft.done = is_finished(facts);
    if !facts.choice.remove_old {
        draft.view.detail.push("the old key stays until you say that it may go".to_owned());
    }
    draft
}

/// What a client without a cache sees.
pub(super) fn check(facts: &Facts) -> StepDraft {
    let why = "What counts is what a client without any cache sees.";
    let mut draft = draft(facts, StepKind::Check, "check as a fresh client", why);
    draft.view.back = "Tags that were lost are repaired by signing their role again.";
    draft.view.commands = vec![format!("trustdeck inspect {}", names(facts))];
    let own = facts.choice.wizard.role();
    let mut checked = vec![Role::Root, Role::Targets];
    // A base role's keys cannot change what is the matter with the delegations: that is not waited for.
    if own.delegation().is_some() || facts.choice.wizard == Wizard::FirstSetup {
        checked.push(Role::releases());
    }
    checked.push(own);
    let is_refused = |repository: &RepositoryFacts, role: &Role| {
        repository.role(role).is_some_and(|facts| facts.version.is_some() && !facts.trusted)
    };
    let good = |r: &RepositoryFacts| r.there().is_some() && !checked.iter().any(|role| is_refused(r, role));
    let refused = facts.repositories.iter().flat_map(|r| {
        let roles = checked.iter().filter(|role| is_refused(r, role));
        roles.map(|role| format!("{}: {role} is not trusted: no key that may sign it has", r.name))
    });
    let tags = |r: &RepositoryFacts| Some(format!("{}: {} can be pulled", r.name, count(r.there()?.tags, "tag")));
    draft.view.detail = refused.chain(facts.repositories.iter().filter_map(tags)).collect();
    if matches!(facts.choice.wizard, Wizard::FirstSetup | Wizard::Root | Wizard::RenewRoot) {
        // What consumers pin, and compare before they believe.
        draft.view.detail.extend(fingerprints(facts));
    }
    draft.done = is_finished(facts) && facts.repositories.iter().all(good);
    draft
}

/// Other places that have the old key.
pub(super) fn hand_over(facts: &Facts) -> StepDraft {
    let why = "Wherever the old key still signs, publishing fails from now on.";
    let mut draft = draft(facts, StepKind::HandOver, "hand over to machines and people", why);
    draft.view.back = "Nothing to take back.";
    let name = facts.choice.wizard.key_name();
    let new = facts.choice.keys.values().flatten().map(PublicKey::canonical_id);
    let to_carry = new.filter(|id| facts.at_hand.contains(id) && !facts.on_token.contains_key(id));
    for id in to_carry.collect::<BTreeSet<_>>() {
        draft.view.commands.push(format!("trustdeck key export {} --out {name}.pem", id.short()));
        draft.view.commands.push(format!("docker trust key load --name {name} {name}.pem    # there"));
    }
    for repository in &facts.repositories {
        let state = repository.there();
        for key in retiring(facts, repository) {
            let roles = state.map(|state| state.listing(&key)).unwrap_or_default();
            draft
                .view
                .detail
                .extend(roles.iter().map(|role| format!("{}: {role} still lists {}", repository.name, key.short())));
        }
    }
    // Nobody else can tell whether they know.
    draft.done = is_finished(facts) && draft.view.detail.is_empty() && facts.choice.told;
    draft.view.detail.extend(listed_elsewhere(facts));
    draft
}

/// Repositories that were not chosen, and still list a key that is replaced.
fn listed_elsewhere(facts: &Facts) -> Vec<String> {
    const SHOWN: usize = 6;
    let mut roles: BTreeMap<(&Gun, &CanonicalKeyId), Vec<&str>> = BTreeMap::new();
    for (gun, role, key) in &facts.elsewhere {
        roles.entry((gun, key)).or_default().push(role.short());
    }
    let more = roles.len().saturating_sub(SHOWN);
    let line = |((gun, key), roles): ((&Gun, &CanonicalKeyId), Vec<&str>)| {
        let list = if roles.len() == 1 { "lists" } else { "list" };
        format!("{}: {} still {list} {}", familiar_name(gun), roles.join(" and "), key.short())
    };
    let lines = roles.into_iter().take(SHOWN).map(line);
    lines.chain((more > 0).then(|| format!("and {more} more repositories"))).collect()
}

/// The old private keys.
pub(super) fn retire(facts: &Facts) -> StepDraft {
    let why = "A key that signs nothing any more is only a thing to lose.";
    let mut draft = draft(facts, StepKind::Retire, "retire the old private key", why);
    draft.view.risk = "A copy of the repository that was not updated may still need it.";
    draft.view.back = "Restore it from a backup.";
    let old = facts.repositories.iter().flat_map(|repository| retiring(facts, repository));
    let mut old: Vec<CanonicalKeyId> = old.filter(|key| facts.at_hand.contains(key)).collect();
    old.sort();
    old.dedup();
    if facts.choice.wizard == Wizard::Root && !facts.same_root.is_empty() {
        let others: Vec<&str> = facts.same_root.iter().map(crate::tuf::Gun::as_str).collect();
        draft.view.detail.push(format!("still the root key of {}", others.join(", ")));
    }
    let elsewhere = listed_elsewhere(facts);
    if !elsewhere.is_empty() {
        draft.view.risk = "Other repositories still list it: rotate there first.";
        draft.view.detail.extend(elsewhere);
    }
    let place = |key: &CanonicalKeyId| match facts.on_token.get(key) {
        Some(token) => format!("{} is on token {token}", key.short()),
        None => format!("{} is in the key store", key.short()),
    };
    draft.view.detail.extend(old.iter().map(place));
    draft.view.commands = old.iter().map(|key| format!("trustdeck key remove {}", key.short())).collect();
    draft.done = is_finished(facts) && old.is_empty();
    draft
}
