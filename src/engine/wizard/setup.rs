//! The first trust data of a repository: its root key, signers and tags.

use super::facts::{Facts, RepositoryFacts};
use super::phase::{Phase, lists_all};
use super::step::{StepDraft, StepKind, draft};
use crate::engine::draft::change::{Change, RootKeyChoice};
use crate::engine::reference::image_in_command;
use crate::engine::wording::counted;
use crate::keys::words;
use crate::tuf::{CanonicalKeyId, PublicKey, Role};

/// How far a repository is: created, with all chosen signers and tags.
pub(super) fn phase(facts: &Facts, repository: &RepositoryFacts) -> Phase {
    let first = &facts.choice.first;
    let Some(root_key) = &first.root_key else { return Phase::Blocked("no root key was chosen".to_owned()) };
    if first.signers.is_empty() {
        return Phase::Blocked("no signer was chosen".to_owned());
    }
    let mut changes = Vec::new();
    if repository.there().is_none() {
        changes.push(Change::Create { root_key: root_key.clone() });
    }
    for (name, keys) in &first.signers {
        let own = Role::from(name.role());
        // Whoever is a signer with other keys has been given them since: the first ones stay away.
        let has_others =
            repository.role(&own).is_some_and(|role| !role.keys.is_empty() && !lists_all(Some(role), keys));
        let roles = [&own, &Role::releases()];
        if !has_others && !roles.iter().all(|role| lists_all(repository.role(role), keys)) {
            changes.push(Change::AddSigner { name: name.clone(), keys: keys.clone() });
        }
    }
    let there = repository.there().map(|state| &state.first_tags);
    for (tag, target) in first.tags.get(&repository.gun).into_iter().flatten() {
        if !there.is_some_and(|there| there.contains(tag)) {
            changes.push(Change::Sign { tag: tag.clone(), target: target.clone(), roles: Vec::new() });
        }
    }
    if changes.is_empty() { Phase::Done } else { Phase::ToDo(changes) }
}

/// Keys of a new repository that are here or should be, before it is created.
pub(super) fn chosen_keys(facts: &Facts) -> Vec<CanonicalKeyId> {
    let first = &facts.choice.first;
    let root = match &first.root_key {
        Some(RootKeyChoice::Stored(id)) => Some(id.clone()),
        _ => None,
    };
    let signers = first.signers.values().flatten().map(|key| key.canonical_id().clone());
    let mut keys: Vec<CanonicalKeyId> =
        root.into_iter().chain(signers.filter(|id| facts.at_hand.contains(id))).collect();
    keys.dedup();
    keys
}

/// Choosing or making the root key.
pub(super) fn root_key(facts: &Facts) -> StepDraft {
    let why = "The root key says which other keys count; it outlives them all and can serve many repositories.";
    let mut draft = draft(facts, StepKind::RootKey, "root key", why);
    draft.view.risk = "Without it nothing can be mended once another key is lost; there is no way around it.";
    draft.view.back = "Choose another; nothing lists it yet.";
    draft.done = match &facts.choice.first.root_key {
        None => false,
        Some(RootKeyChoice::Stored(id)) => {
            draft.view.detail.push(format!("{} {}", id.short(), words::words(id)));
            facts.at_hand.contains(id)
        }
        Some(RootKeyChoice::New) => {
            draft.view.detail.push("a new one is made when this is published".to_owned());
            true
        }
        Some(RootKeyChoice::Auto) => {
            draft.view.detail.push("the first of the key store, else a new one".to_owned());
            true
        }
    };
    draft
}

/// Choosing who may sign.
pub(super) fn signers(facts: &Facts) -> StepDraft {
    let why = "Signers sign tags with keys of their own; the root and targets keys can then stay locked away.";
    let mut draft = draft(facts, StepKind::Signers, "first signers", why);
    draft.view.risk = "A repository without a signer refuses docker trust sign to everybody but its owner.";
    draft.view.back = "Choose others; nothing lists them yet.";
    for (name, keys) in &facts.choice.first.signers {
        for key in keys {
            let here = facts.at_hand.contains(key.canonical_id());
            let place = if here { "here" } else { "with a colleague" };
            draft.view.detail.push(format!("{name}: {}, private half {place}", key.canonical_id().short()));
        }
    }
    draft.done = facts.choice.first.signers.values().any(|keys| !keys.is_empty());
    draft
}

/// Choosing the first tags, or none.
pub(super) fn tags(facts: &Facts) -> StepDraft {
    let why = "With trust data, docker pulls only what is signed: tags that are not signed cannot be pulled any more.";
    let mut draft = draft(facts, StepKind::Tags, "first tags", why);
    draft.view.risk = "Clients that demand trust see an empty repository until something is signed.";
    draft.view.back = "Choose others; sign more at any time.";
    let first = &facts.choice.first;
    let count: usize = first.tags.values().map(std::collections::BTreeMap::len).sum();
    if count > 0 {
        draft.view.detail.push(format!("{} signed with the first publish", counted(count, "tag is", "tags are")));
    } else if first.without_tags {
        draft.view.detail.push("tags are signed later".to_owned());
    }
    let sign = |r: &RepositoryFacts| {
        format!("trustdeck sign {} --digest sha256:HEX --size BYTES", image_in_command(&r.gun, "TAG"))
    };
    draft.view.commands = facts.repositories.iter().map(sign).collect();
    draft.done = count > 0 || first.without_tags;
    draft
}

/// A backup of the keys that the publish has made.
pub(super) fn back_up_made(facts: &Facts) -> StepDraft {
    let why = "The targets key was made with the repository; signers cannot be changed without it.";
    let mut draft = draft(facts, StepKind::BackUpMade, "back up the keys that were made", why);
    draft.view.risk = "A lost targets key can be replaced with the root key; a lost root key cannot be replaced.";
    draft.view.back = "Go on without a backup, by choice.";
    // Those that were there before have a step of their own.
    let chosen = chosen_keys(facts);
    let mut missing: Vec<CanonicalKeyId> = Vec::new();
    for repository in &facts.repositories {
        let roles = [Role::Root, Role::Targets];
        let listed = roles.iter().filter_map(|role| repository.role(role)).flat_map(|role| role.ids());
        let bare = |id: &CanonicalKeyId| facts.at_hand.contains(id) && !facts.backed_up.contains(id);
        missing.extend(listed.filter(|id| bare(id) && !chosen.contains(id)));
    }
    missing.sort();
    missing.dedup();
    draft.view.detail = missing.iter().map(|id| format!("{} has no tested backup", id.short())).collect();
    let ids: Vec<&str> = missing.iter().map(CanonicalKeyId::as_str).collect();
    draft.view.commands = vec![format!("trustdeck key backup --out FILE {}", ids.join(" ")).trim_end().to_owned()];
    let is_there = facts.repositories.iter().all(|repository| repository.there().is_some());
    draft.done = is_there && (missing.is_empty() || facts.choice.without_backup);
    draft
}

/// What consumers pin, one line for each repository that is there.
#[must_use]
pub fn fingerprints(facts: &Facts) -> Vec<String> {
    let line = |repository: &RepositoryFacts| {
        let root = repository.role(&Role::Root)?;
        let one = |key: &PublicKey| {
            let (id, bare) = (key.id(), key.canonical_id());
            format!("{}: root {} (key {}, words {})", repository.name, id, bare.short(), words::words(bare))
        };
        Some(root.keys.iter().map(one).collect::<Vec<_>>())
    };
    facts.repositories.iter().filter_map(line).flatten().collect()
}
