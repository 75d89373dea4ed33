//! The steps of a wizard as a user sees them.

use super::changes::{Phase, changes, phase, retiring};
use super::choice::{Holder, Way, Wizard};
use super::facts::{Facts, RepositoryFacts};
use crate::tuf::{CanonicalKeyId, PublicKey, Role};

/// The steps, in their order; not every wizard has all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// Choosing what and where.
    Choose,
    /// The new key.
    Key,
    /// A tested backup of the new key.
    BackUp,
    /// Filling the stage.
    Stage,
    /// Review and publish.
    Publish,
    /// Waiting for a colleague's signature.
    Wait,
    /// Removing the old key in a second publish.
    Remove,
    /// What a client without a cache sees.
    Check,
    /// Other places and people that have the old key.
    HandOver,
    /// The old private key.
    Retire,
}

/// How a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Nothing is left to do.
    Done,
    /// This is next.
    Now,
    /// After others.
    Later,
    /// This is next and cannot be done, and why.
    Blocked(String),
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// Which.
    pub kind: StepKind,
    /// What to do, in a few words.
    pub title: String,
    /// Why, in one sentence.
    pub why: &'static str,
    /// What can go wrong.
    pub risk: &'static str,
    /// How to go back.
    pub back: &'static str,
    /// How it is.
    pub state: StepState,
    /// One line for each thing to know, with keys and repositories.
    pub detail: Vec<String>,
    /// The same as commands.
    pub commands: Vec<String>,
    /// Tags that could break if what is staged now were published.
    pub tags_at_risk: usize,
}

/// A step before it is known which one is next.
struct Draft {
    view: StepView,
    done: bool,
    blocked: Option<String>,
}

/// Whether nothing is left to do on the servers. What remains then is up to people.
#[must_use]
pub fn is_finished(facts: &Facts) -> bool {
    facts.repositories.iter().all(|repository| phase(facts, repository) == Phase::Done)
}

/// The steps with the one that is next.
#[must_use]
pub fn steps(facts: &Facts) -> Vec<StepView> {
    let drafts = drafts(facts);
    let next = drafts.iter().position(|draft| !draft.done);
    let view = |(place, draft): (usize, Draft)| {
        let state = match (draft.done, Some(place) == next, draft.blocked) {
            (true, ..) => StepState::Done,
            (false, true, Some(why)) => StepState::Blocked(why),
            (false, true, None) => StepState::Now,
            (false, false, _) => StepState::Later,
        };
        StepView { state, ..draft.view }
    };
    drafts.into_iter().enumerate().map(view).collect()
}

fn drafts(facts: &Facts) -> Vec<Draft> {
    let wizard = &facts.choice.wizard;
    let mut drafts = vec![choose(facts)];
    if wizard.needs_key() {
        drafts.push(key(facts));
        drafts.extend(back_up(facts));
    }
    drafts.push(stage(facts));
    drafts.push(publish(facts));
    if needs_two(facts) {
        drafts.push(wait(facts));
        drafts.push(remove(facts));
    }
    drafts.push(check(facts));
    match wizard {
        Wizard::DelegationKey { .. } => drafts.extend([hand_over(facts), retire(facts)]),
        Wizard::Targets | Wizard::Root | Wizard::Snapshot { holder: Holder::Here } => drafts.push(retire(facts)),
        _ => {}
    }
    drafts
}

fn draft(facts: &Facts, kind: StepKind, title: impl Into<String>, why: &'static str) -> Draft {
    let view = StepView {
        kind,
        title: title.into(),
        why,
        risk: "",
        back: "",
        state: StepState::Later,
        detail: Vec::new(),
        commands: Vec::new(),
        tags_at_risk: facts.repositories.iter().map(|repository| repository.at_risk).sum(),
    };
    Draft { view, done: false, blocked: None }
}

fn names(facts: &Facts) -> String {
    facts.repositories.iter().map(|r| r.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn choose(facts: &Facts) -> Draft {
    let role = facts.choice.wizard.role();
    let mut draft =
        draft(facts, StepKind::Choose, facts.choice.wizard.title(), "Every change belongs to a repository.");
    let first = matches!(facts.choice.wizard, Wizard::FirstSetup { .. });
    for repository in &facts.repositories {
        let problem = match (&repository.state, repository.role(&role)) {
            (Err(problem), _) => Some(problem.message.clone()),
            (Ok(_), None) if !first => Some(format!("it has no {role}")),
            _ => None,
        };
        let keys = repository.role(&role).map(|facts| shorts(facts.ids().iter())).unwrap_or_default();
        draft.view.detail.push(match &problem {
            Some(problem) => format!("{}: {problem}", repository.name),
            None if keys.is_empty() => repository.name.clone(),
            None => format!("{}: {role} has {keys}", repository.name),
        });
        draft.blocked = draft.blocked.or_else(|| problem.map(|problem| format!("{}: {problem}", repository.name)));
    }
    draft.view.back = "Choose again; nothing was done yet.";
    draft.done = draft.blocked.is_none();
    draft
}

fn key(facts: &Facts) -> Draft {
    let mut draft = draft(facts, StepKind::Key, "new key", "The new key takes the old one's place.");
    draft.view.risk = "Lost before it is backed up, it must be rotated again.";
    draft.view.back = "Choose another key; this one is listed nowhere yet.";
    let chosen = |repository: &RepositoryFacts| facts.choice.keys.get(&repository.gun);
    for key in distinct(facts.repositories.iter().filter_map(chosen)) {
        let here = facts.at_hand.contains(key.canonical_id());
        let place = if here { "its private half is here" } else { "a colleague holds its private half" };
        draft.view.detail.push(format!("{} {place}", key.canonical_id().short()));
    }
    let signer = matches!(facts.choice.wizard, Wizard::DelegationKey { .. } | Wizard::FirstSetup { .. });
    draft.done = facts
        .repositories
        .iter()
        .all(|repository| chosen(repository).is_some_and(|key| signer || facts.at_hand.contains(key.canonical_id())));
    draft
}

/// None for a key that a colleague holds.
fn back_up(facts: &Facts) -> Option<Draft> {
    let new = distinct(facts.repositories.iter().filter_map(|repository| facts.choice.keys.get(&repository.gun)));
    let ids: Vec<&CanonicalKeyId> = new.iter().map(|key| key.canonical_id()).collect();
    if facts.choice.colleague {
        return None;
    }
    let why = "A key that is lost cannot be had again, and for root that is the end of the repository.";
    let mut draft = draft(facts, StepKind::BackUp, "back it up", why);
    draft.view.risk = "A backup that was never opened may be none; ours is opened before it counts.";
    draft.view.back = "Go on without one, by choice.";
    let missing = ids.iter().filter(|id| !facts.backed_up.contains(**id));
    draft.view.detail = missing.map(|id| format!("{} has no tested backup", id.short())).collect();
    draft.view.commands = vec![format!(
        "trustdeck key backup --out FILE {}",
        ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
    )];
    draft.done = !ids.is_empty() && (draft.view.detail.is_empty() || facts.choice.without_backup);
    Some(draft)
}

fn distinct<'a>(keys: impl Iterator<Item = &'a PublicKey>) -> Vec<&'a PublicKey> {
    let mut seen: Vec<&PublicKey> = Vec::new();
    keys.for_each(|key| {
        if !seen.contains(&key) {
            seen.push(key)
        }
    });
    seen
}

fn stage(facts: &Facts) -> Draft {
    let mut draft = draft(facts, StepKind::Stage, "fill the stage", "Nothing is sent before it was reviewed.");
    draft.view.back = "Undo takes the changes off the stage.";
    draft.view.commands = vec![command(facts)];
    let wanted = changes(facts);
    draft.view.detail = wanted.iter().map(|(gun, change)| format!("{gun}: {}", change.describe())).collect();
    let staged =
        |gun: &crate::tuf::Gun, change| facts.repositories.iter().any(|r| r.gun == *gun && r.staged.contains(change));
    let left = wanted.iter().any(|(gun, change)| !staged(gun, change));
    draft.done = is_sent(facts) || (!left && !wanted.is_empty());
    draft.blocked = facts.repositories.iter().find_map(|r| match phase(facts, r) {
        Phase::Blocked(why) => Some(format!("{}: {why}", r.name)),
        _ => None,
    });
    draft
}

/// Whether the first, or only, publish has reached every server.
fn is_sent(facts: &Facts) -> bool {
    let is_sent = |repository: &RepositoryFacts| match phase(facts, repository) {
        Phase::Done | Phase::Waiting(_) | Phase::Added => true,
        Phase::ToDo(_) => needs_two(facts) && lists_new(facts, repository),
        Phase::Blocked(_) => false,
    };
    facts.repositories.iter().all(is_sent)
}

fn lists_new(facts: &Facts, repository: &RepositoryFacts) -> bool {
    let role = repository.role(&facts.choice.wizard.role());
    let key = facts.choice.keys.get(&repository.gun);
    key.is_some_and(|key| role.is_some_and(|role| role.ids().contains(key.canonical_id())))
}

fn publish(facts: &Facts) -> Draft {
    let mut draft = draft(facts, StepKind::Publish, "review and publish", "One upload for each repository.");
    draft.view.risk = match facts.choice.wizard {
        Wizard::Snapshot { holder: Holder::Here } => "From then on every signer needs the snapshot key to publish.",
        Wizard::Root | Wizard::RenewRoot => "Pins that name the root certificate must name the new one.",
        _ => "A lost answer: the next start finds out whether it arrived.",
    };
    draft.view.back = "Until it is sent, undo; afterwards, rotate again.";
    draft.view.commands = vec![format!("trustdeck publish {}", names(facts))];
    draft.done = is_sent(facts);
    draft.blocked = facts.repositories.iter().find_map(|r| Some(format!("{}: {}", r.name, r.blocked.as_ref()?)));
    let in_flight = facts.repositories.iter().filter(|r| r.in_flight);
    draft.view.detail = in_flight.map(|r| format!("{}: the end of the last publish is not known", r.name)).collect();
    draft
}

/// Whether the old key of a signer goes in a publish of its own.
fn needs_two(facts: &Facts) -> bool {
    let Wizard::DelegationKey { .. } = facts.choice.wizard else { return false };
    let colleague = facts.choice.keys.values().any(|key| !facts.at_hand.contains(key.canonical_id()));
    let waits = |r: &RepositoryFacts| matches!(phase(facts, r), Phase::Waiting(_));
    facts.choice.way == Way::AddOnly || colleague || facts.repositories.iter().any(waits)
}

fn wait(facts: &Facts) -> Draft {
    let why = "Tags stay trusted only if a key that stays has signed their role file.";
    let mut draft = draft(facts, StepKind::Wait, "wait for a signature with the new key", why);
    draft.view.risk = "Removing the old key too early would orphan the tags; it is not offered before.";
    draft.view.back = "Remove the new key again.";
    for repository in &facts.repositories {
        if let Phase::Waiting(roles) = phase(facts, repository) {
            let roles: Vec<&str> = roles.iter().map(Role::as_str).collect();
            draft.view.detail.push(format!("{}: {} not signed with it yet", repository.name, roles.join(" and ")));
            let command = format!("trustdeck witness {} {} --publish", repository.name, roles.join(" "));
            draft.view.commands.push(command);
        }
    }
    draft.done = is_sent(facts) && draft.view.detail.is_empty();
    draft.blocked = draft.view.detail.first().cloned();
    draft
}

fn remove(facts: &Facts) -> Draft {
    let why = "As long as the old key is listed, whoever has it can sign.";
    let mut draft = draft(facts, StepKind::Remove, "remove the old key", why);
    draft.view.back = "Add the old key again.";
    draft.view.commands = vec![command(facts)];
    draft.done = is_finished(facts);
    let kept = facts.choice.way == Way::AddOnly;
    draft.blocked = kept.then(|| "the old key stays until you choose to remove it".to_owned());
    draft
}

fn check(facts: &Facts) -> Draft {
    let why = "What counts is what a client without any cache sees.";
    let mut draft = draft(facts, StepKind::Check, "check as a fresh client", why);
    draft.view.back = "Tags that were lost are repaired by signing their role again.";
    draft.view.commands = vec![format!("trustdeck inspect {}", names(facts))];
    let (own, releases) = (facts.choice.wizard.role(), Role::releases());
    let good = |repository: &RepositoryFacts| {
        let roles = [&Role::Root, &Role::Targets, &own, &releases].into_iter().filter_map(|r| repository.role(r));
        repository.there().is_some() && roles.filter(|r| r.version.is_some()).all(|r| r.trusted)
    };
    let tags = |r: &RepositoryFacts| Some(format!("{}: {} tags can be pulled", r.name, r.there()?.tags));
    draft.view.detail = facts.repositories.iter().filter_map(tags).collect();
    draft.done = is_finished(facts) && facts.repositories.iter().all(good);
    draft
}

fn hand_over(facts: &Facts) -> Draft {
    let why = "Wherever the old key still signs, publishing fails from now on.";
    let mut draft = draft(facts, StepKind::HandOver, "hand over to machines and people", why);
    draft.view.back = "Nothing to take back.";
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
    draft.done = is_finished(facts) && draft.view.detail.is_empty();
    draft
}

fn retire(facts: &Facts) -> Draft {
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
    draft.view.detail.extend(old.iter().map(|key| format!("{} is in the key store", key.short())));
    draft.view.commands = old.iter().map(|key| format!("trustdeck key remove {}", key.short())).collect();
    draft.done = is_finished(facts) && old.is_empty();
    draft
}

fn shorts<'a>(ids: impl Iterator<Item = &'a CanonicalKeyId>) -> String {
    ids.map(CanonicalKeyId::short).collect::<Vec<_>>().join(" ")
}

/// The command that does what the wizard does.
fn command(facts: &Facts) -> String {
    let names = names(facts);
    match &facts.choice.wizard {
        Wizard::DelegationKey { signer } => format!("trustdeck rotate signer {signer} {names}"),
        Wizard::Targets | Wizard::Timestamp | Wizard::Root => {
            format!("trustdeck rotate {} {names}", facts.choice.wizard.role())
        }
        Wizard::Snapshot { holder: Holder::Here } => format!("trustdeck rotate snapshot {names} --local"),
        Wizard::Snapshot { holder: Holder::Server } => format!("trustdeck rotate snapshot {names} --server-managed"),
        Wizard::RenewRoot | Wizard::RenewTargets { .. } => {
            format!("trustdeck renew {} {names}", facts.choice.wizard.role())
        }
        Wizard::FirstSetup { signer, .. } => format!("trustdeck signer add --key {signer}.pub {signer} {names}"),
    }
}
