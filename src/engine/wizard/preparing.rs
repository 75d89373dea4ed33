//! Steps before anything is sent.

use super::changes::{changes, phase};
use super::choice::{Holder, Way, Wizard};
use super::command::{command, shorts};
use super::facts::{Facts, RepositoryFacts};
use super::phase::Phase;
use super::progress::is_sent;
use super::setup::chosen_keys;
use super::step::{StepDraft, StepKind, draft};
use super::ways::last_signatures;
use crate::engine::draft::change::RootKeyChoice;
use crate::tuf::{CanonicalKeyId, Gun, PublicKey};

/// Backs up the keys that have no tested backup.
const BACK_UP: &str = "trustdeck key backup --out FILE";

/// Why a key of a role that another one can change wants a copy.
const LOST: &str = "A key that is lost cannot be had again: its role would need yet another one.";

/// What it is good for.
fn purpose(wizard: &Wizard) -> &'static str {
    match wizard {
        Wizard::DelegationKey { .. } => "Each repository lists the signer's keys by itself, so each is changed.",
        Wizard::TakeOver { .. } => "Your new key is listed and has signed nothing; the old one goes after it has.",
        Wizard::Root => "For a root key that was seen by others, or is to go to a safer place; clients follow it.",
        Wizard::Targets => "For a targets key that was lost or seen by others: root lists another one.",
        Wizard::Snapshot { holder: Holder::Here } => "Without the server's help nobody mixes old and new files.",
        Wizard::Snapshot { holder: Holder::Server } => "The server then signs snapshots: signers need no key for it.",
        Wizard::Timestamp => "For a key of the server that others may have seen: root lists another one.",
        Wizard::RenewRoot => {
            "When root expires, nothing can be pulled. Its key stays, but a certificate that is renewed with it has a new \
             ID: pins that name the old one must name it."
        }
        Wizard::RenewTargets { .. } => "When it expires, nothing can be pulled. Its key stays.",
        Wizard::FirstSetup => "With trust data, clients that demand it pull only what your signers signed.",
    }
}

/// What and where.
pub(super) fn choose(facts: &Facts) -> StepDraft {
    let role = facts.choice.wizard.role();
    let mut draft = draft(facts, StepKind::Choose, facts.choice.wizard.title(), purpose(&facts.choice.wizard));
    let first = facts.choice.wizard == Wizard::FirstSetup;
    for repository in &facts.repositories {
        let problem = match (&repository.state, repository.role(&role)) {
            (Err(problem), _) => Some(problem.message.clone()),
            (Ok(_), None) if !first => Some(format!("it has no {role}")),
            _ => None,
        };
        let keys = repository.role(&role).map(|facts| shorts(facts.ids().iter())).unwrap_or_default();
        draft.view.detail.push(match &problem {
            Some(problem) => format!("{}: {problem}", repository.name),
            None if first && keys.is_empty() => {
                format!("{}: no trust data yet on {}", repository.gun, repository.server)
            }
            None if first => format!("{}: has trust data with root key {keys}; it is added to", repository.gun),
            None if keys.is_empty() => repository.name.clone(),
            None => format!("{}: {role} has {keys}", repository.name),
        });
        draft.blocked = draft.blocked.or_else(|| problem.map(|problem| format!("{}: {problem}", repository.name)));
    }
    draft.view.back = "Choose again; nothing was done yet.";
    draft.done = draft.blocked.is_none();
    draft
}

/// The new key, or the one that is taken over.
pub(super) fn key(facts: &Facts) -> StepDraft {
    let (title, why) = match facts.choice.wizard {
        Wizard::TakeOver { .. } => ("your private key", "Only its private half can sign, and it never leaves you."),
        _ => ("new key", "The new key takes the old one's place."),
    };
    let mut draft = draft(facts, StepKind::Key, title, why);
    draft.view.risk = "Lost before it is backed up, it must be rotated again.";
    draft.view.back = "Choose another key; this one is listed nowhere yet.";
    let chosen = |repository: &RepositoryFacts| facts.choice.new_keys(&repository.gun);
    for key in distinct(facts) {
        let id = key.canonical_id();
        let place = match facts.on_token.get(id) {
            Some(token) => format!("its private half is on token {token}"),
            None if facts.at_hand.contains(id) => "its private half is here".to_owned(),
            None if facts.away.contains_key(id) => continue,
            None => "a colleague holds its private half".to_owned(),
        };
        draft.view.detail.push(format!("{} {place}", id.short()));
    }
    let colleague = facts.choice.way == Way::Colleague && matches!(facts.choice.wizard, Wizard::DelegationKey { .. });
    let is_usable = |key: &PublicKey| colleague || facts.at_hand.contains(key.canonical_id());
    let is_done = |keys: &[PublicKey]| !keys.is_empty() && keys.iter().all(is_usable);
    draft.done = facts.repositories.iter().all(|repository| is_done(chosen(repository)));
    let away = facts.away.first_key_value();
    draft.blocked = away.map(|(id, token)| format!("{} is on token {token}, which is not plugged in", id.short()));
    draft
}

/// None if a colleague holds the new keys.
pub(super) fn back_up(facts: &Facts) -> Option<StepDraft> {
    let first = facts.choice.wizard == Wizard::FirstSetup;
    let new = distinct(facts).into_iter().map(|key| key.canonical_id().clone());
    let ids: Vec<CanonicalKeyId> = if first { chosen_keys(facts) } else { new.collect() };
    if facts.choice.way == Way::Colleague || first && ids.is_empty() && facts.choice.first.root_key.is_some() {
        return None;
    }
    let is_root =
        |id: &CanonicalKeyId| matches!(&facts.choice.first.root_key, Some(RootKeyChoice::Stored(root)) if root == id);
    let copies_root = ids.iter().any(|id| is_root(id) && !facts.backed_up.contains(id));
    let why = match facts.choice.wizard {
        Wizard::FirstSetup if !copies_root && !ids.is_empty() => LOST,
        Wizard::Root => "A root key that is lost is the end of the repository: nobody can replace it.",
        Wizard::FirstSetup => "A key that is lost cannot be had again, and for root that is the end of the repository.",
        _ => LOST,
    };
    let mut draft = draft(facts, StepKind::BackUp, "back it up", why);
    draft.view.risk = "A backup that was never opened may be none; ours is opened before it counts.";
    draft.view.back = "Go on without one, by choice.";
    let missing: Vec<&CanonicalKeyId> = ids.iter().filter(|id| !facts.backed_up.contains(*id)).collect();
    let line = |id: &&CanonicalKeyId| match facts.only_on_token(id) {
        Some(token) => format!("{} is on token {token} and cannot be copied out of it", id.short()),
        None => format!("{} has no tested backup", id.short()),
    };
    draft.view.detail = missing.iter().map(line).collect();
    let ids_to_copy: Vec<&str> =
        ids.iter().filter(|id| facts.only_on_token(id).is_none()).map(CanonicalKeyId::short).collect();
    if !ids_to_copy.is_empty() {
        draft.view.commands = vec![format!("{BACK_UP} {}", ids_to_copy.join(" "))];
    }
    if missing.iter().any(|id| facts.only_on_token(id).is_some()) {
        draft.view.risk = "If the token is lost, breaks or locks itself, the key is gone: no program can copy it.";
        draft.view.back = "For a copy: make a key here, back it up, import it into each token (m in Keys).";
    }
    draft.done = !ids.is_empty() && (draft.view.detail.is_empty() || facts.choice.without_backup);
    Some(draft)
}

/// Whether the command makes the new key, which only then can be backed up.
fn makes_its_key(facts: &Facts) -> bool {
    let here = facts.choice.way != Way::Colleague && facts.choice.wizard.needs_key();
    here && distinct(facts).is_empty()
}

/// The new keys, each once.
fn distinct(facts: &Facts) -> Vec<&PublicKey> {
    let mut seen: Vec<&PublicKey> = Vec::new();
    for key in facts.repositories.iter().flat_map(|repository| facts.choice.new_keys(&repository.gun)) {
        if !seen.contains(&key) {
            seen.push(key);
        }
    }
    seen
}

/// Filling the stage.
pub(super) fn stage(facts: &Facts) -> StepDraft {
    let mut draft = draft(facts, StepKind::Stage, "fill the stage", "Nothing is sent before it was reviewed.");
    draft.view.back = "Undo takes the changes off the stage.";
    draft.view.commands = vec![command(facts)];
    if makes_its_key(facts) {
        draft.view.commands.push(BACK_UP.to_owned());
    }
    let wanted = changes(facts);
    draft.view.detail = last_signatures(facts);
    draft.view.detail.extend(wanted.iter().map(|(gun, change)| format!("{gun}: {}", change.describe())));
    let staged = |gun: &Gun, change| facts.repositories.iter().any(|r| r.gun == *gun && r.staged.contains(change));
    let left = wanted.iter().any(|(gun, change)| !staged(gun, change));
    draft.done = is_sent(facts) || (!left && !wanted.is_empty());
    draft.blocked = facts.repositories.iter().find_map(|r| match phase(facts, r) {
        Phase::Blocked(why) => Some(format!("{}: {why}", r.name)),
        _ => None,
    });
    draft
}
