//! Steps, keys and commands of wizards in words.

use crate::engine::RootKeyChoice;
use crate::engine::plan::NeededKey;
use crate::engine::wizard::{Holder, RepositoryFacts, StepKind, StepState, StepView, Way, Wizard, steps};
use crate::tuf::{CanonicalKeyId, Role};
use crate::tui::kit::format::count;
use crate::tui::state::guide::{Footing, Guide};
use crate::tui::state::{State, words as shared};

/// A step's name where there is little room.
#[must_use]
pub(super) fn short(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Choose => "who",
        StepKind::Key => "key",
        StepKind::RootKey => "root",
        StepKind::Signers => "signer",
        StepKind::Tags => "tags",
        StepKind::BackUp | StepKind::BackUpMade => "backup",
        StepKind::Stage => "stage",
        StepKind::Publish => "review",
        StepKind::Wait => "wait",
        StepKind::Remove => "remove",
        StepKind::Check => "check",
        StepKind::HandOver => "tell",
        StepKind::Retire => "retire",
    }
}

/// A step's name in the list.
#[must_use]
pub(super) fn listed(step: &StepView) -> &str {
    match step.kind {
        StepKind::Choose => "who and where",
        StepKind::Wait => "wait for a signature",
        StepKind::HandOver => "hand over",
        StepKind::Retire => "retire the old key",
        StepKind::BackUpMade => "back up what was made",
        _ => &step.title,
    }
}

/// How a step stands.
#[must_use]
pub(super) fn stand(stand: &StepState) -> &'static str {
    match stand {
        StepState::Done => "done",
        StepState::Now => "now",
        StepState::Later => "later",
        StepState::Blocked(_) => "waits",
    }
}

/// What is done, as the top line says it: verb and object.
#[must_use]
pub(in crate::tui) fn brief(wizard: &Wizard) -> (&'static str, String) {
    match wizard {
        Wizard::DelegationKey { signer } => ("rotate", signer.to_string()),
        Wizard::TakeOver { signer } => ("take over", signer.to_string()),
        Wizard::FirstSetup => ("set up", "trust data".to_owned()),
        Wizard::RenewRoot | Wizard::RenewTargets { .. } => ("renew", wizard.role().short().to_owned()),
        Wizard::Snapshot { holder: Holder::Here } => ("bring", "snapshot here".to_owned()),
        _ => ("rotate", wizard.role().to_string()),
    }
}

/// The heading of the step that is looked at.
#[must_use]
pub(super) fn title(guide: &Guide) -> String {
    match guide.step() {
        Some(step) if step.kind == StepKind::Choose => "Who and where".to_owned(),
        Some(step) => capital(&step.title),
        None => "Finished".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What the engine says, with keys and repositories as the panes call them.
#[must_use]
pub(super) fn said(state: &State, text: &str) -> String {
    let mut text = shared::short_names(state, text);
    for key in state.keyring.keys.iter().filter(|key| !key.place.is_of_server() && key.label != key.id.short()) {
        let named = key.called();
        if text.contains(key.id.short()) && !text.contains(&named) {
            text = text.replace(key.id.short(), &named);
        }
    }
    state.spoken(&text)
}

fn distinct(mut ids: Vec<CanonicalKeyId>) -> Vec<CanonicalKeyId> {
    ids.sort();
    ids.dedup();
    ids
}

/// New keys, each once.
#[must_use]
pub(super) fn new_keys(guide: &Guide) -> Vec<CanonicalKeyId> {
    distinct(guide.choice().keys.values().flatten().map(|key| key.canonical_id().clone()).collect())
}

/// Keys that a step backs up: those without a tested backup.
#[must_use]
pub(super) fn to_back_up(guide: &Guide) -> Vec<CanonicalKeyId> {
    let facts = &guide.facts;
    let mut ids = new_keys(guide);
    if guide.choice().wizard == Wizard::FirstSetup {
        let first = &guide.choice().first;
        ids.extend(first.signers.values().flatten().map(|key| key.canonical_id().clone()));
        if let Some(RootKeyChoice::Stored(id)) = &first.root_key {
            ids.push(id.clone());
        }
        if guide.step().is_some_and(|step| step.kind == StepKind::BackUpMade) {
            let roles = facts.repositories.iter().flat_map(|r| [r.role(&Role::Root), r.role(&Role::Targets)]);
            ids.extend(roles.flatten().flat_map(|role| role.ids()));
        }
    }
    let is_copied = |id: &CanonicalKeyId| facts.backed_up.contains(id) || facts.on_token.contains_key(id);
    ids.retain(|id| facts.at_hand.contains(id) && !is_copied(id));
    distinct(ids)
}

/// New keys that are on tokens only, where nothing can copy them.
#[must_use]
pub(super) fn only_on_tokens(guide: &Guide) -> Vec<CanonicalKeyId> {
    let mut ids = new_keys(guide);
    if let Some(RootKeyChoice::Stored(id)) = &guide.choice().first.root_key {
        ids.push(id.clone());
    }
    ids.retain(|id| guide.facts.only_on_token(id).is_some());
    distinct(ids)
}

/// Keys that the role had when the wizard began and that the new ones replace.
#[must_use]
pub(super) fn old_keys(guide: &Guide) -> Vec<CanonicalKeyId> {
    let new = new_keys(guide);
    let chosen = guide.guns();
    let before = guide.choice().before.iter().filter(|(gun, _)| chosen.contains(gun));
    distinct(before.flat_map(|(_, before)| before.keys.clone()).filter(|id| !new.contains(id)).collect())
}

/// Those of them whose private half is in a file here and that nothing lists any more.
#[must_use]
pub(super) fn old_keys_here(guide: &Guide) -> Vec<CanonicalKeyId> {
    let facts = &guide.facts;
    let is_file = |id: &CanonicalKeyId| facts.at_hand.contains(id) && !facts.on_token.contains_key(id);
    old_keys(guide).into_iter().filter(is_file).collect()
}

/// Whether another key can still be chosen: this one is listed nowhere and not on the stage.
#[must_use]
pub(super) fn is_changeable(guide: &Guide) -> bool {
    let later = |step: &StepView| step.kind == StepKind::Stage && step.state != StepState::Done;
    guide.phase == Footing::Walking && guide.steps.iter().any(later)
}

/// What is worth knowing about a repository before it is chosen.
#[must_use]
pub(super) fn repository(state: &State, guide: &Guide, facts: &RepositoryFacts) -> String {
    if let Err(problem) = &facts.state {
        return problem.message.clone();
    }
    if facts.there().is_none() {
        return "no trust data yet".to_owned();
    }
    let wizard = &guide.choice().wizard;
    let tags = tags(state, facts, TAGS);
    let Some(role) = facts.role(&wizard.role()) else { return format!("no {}", wizard.role()) };
    if let (Wizard::RenewRoot | Wizard::RenewTargets { .. }, Some(version)) = (wizard, role.version) {
        return format!("v{version}   {tags}");
    }
    let keys: Vec<String> = role.ids().iter().map(|id| state.keyring.called_with_id(id)).collect();
    format!("{}   {tags}", keys.join(", "))
}

/// Words for one tag and for several.
pub(super) const TAGS: (&str, &str) = ("tag", "tags");
/// The same where it is said that they are pulled.
pub(super) const PULLED: (&str, &str) = ("tag can be pulled", "tags can be pulled");

/// How many tags it has, as its row counts them; how many of them are pulled, if that is not all.
#[must_use]
pub(super) fn tags(state: &State, facts: &RepositoryFacts, (one, several): (&str, &str)) -> String {
    let pulled = facts.there().map_or(0, |there| there.tags);
    let view = state.find(&facts.gun).and_then(|r| r.view.as_ref());
    let listed = view.map_or(0, |view| view.trusted() + view.orphaned()).max(pulled);
    match pulled {
        _ if pulled == listed => count(listed, one, several),
        0 => format!("{}, none can be pulled", count(listed, TAGS.0, TAGS.1)),
        _ => format!("{}, {pulled} can be pulled", count(listed, TAGS.0, TAGS.1)),
    }
}

/// What the engine says of a step; nothing while that is still to come, when it would speak of what is not there yet.
#[must_use]
pub(super) fn detail<'a>(guide: &Guide, step: &'a StepView) -> &'a [String] {
    let comes_last =
        matches!(step.kind, StepKind::Check | StepKind::HandOver | StepKind::Retire | StepKind::BackUpMade);
    let is_later = guide.stand(guide.shown()) == StepState::Later;
    if comes_last && is_later { &[] } else { &step.detail }
}

/// With which key a step works.
#[must_use]
pub(super) fn with_key(state: &State, guide: &Guide, step: &StepView) -> String {
    let new = || new_keys(guide).iter().map(|id| state.keyring.called_with_id(id)).collect::<Vec<_>>().join(", ");
    match step.kind {
        StepKind::BackUp if !only_on_tokens(guide).is_empty() => String::new(),
        StepKind::BackUp | StepKind::BackUpMade if guide.choice().wizard.needs_key() => {
            format!("{}, unlocked from the copy", new())
        }
        StepKind::Publish | StepKind::Remove | StepKind::Stage => signers(state, guide),
        StepKind::Wait => "the new key, where its private half is".to_owned(),
        StepKind::Check => "none: an empty cache and the root that was pinned".to_owned(),
        _ => String::new(),
    }
}

/// The keys that the plan asks for, else those that the kind of wizard needs.
fn signers(state: &State, guide: &Guide) -> String {
    let plans = guide.guns().into_iter().filter_map(|gun| state.plan_of(&gun).cloned());
    let mut names: Vec<String> = Vec::new();
    for needed in plans.flat_map(|plan| plan.keys) {
        let name = match &needed {
            NeededKey::Unlock { label, role, .. } if label == role => format!("the {role} key"),
            NeededKey::Unlock { id, label, role, .. } if role.is_empty() => shared::key_name(state, id, label),
            NeededKey::Unlock { id, label, role, .. } => format!("{} ({role})", shared::key_name(state, id, label)),
            NeededKey::New { .. } => shared::needed_key(state, &needed),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        return names.join(", ");
    }
    match &guide.choice().wizard {
        Wizard::DelegationKey { .. } => "the targets key, and the new key for the tags".to_owned(),
        Wizard::TakeOver { .. } => "your new key".to_owned(),
        Wizard::Root => "the old root key and the new one, both".to_owned(),
        Wizard::Targets => "the root key, and the new targets key".to_owned(),
        Wizard::Snapshot { .. } | Wizard::Timestamp | Wizard::RenewRoot => "the root key".to_owned(),
        Wizard::RenewTargets { role } => format!("the {role} key"),
        Wizard::FirstSetup => "the root and targets keys; what is missing is made at publish".to_owned(),
    }
}

/// How a signer's key is replaced.
#[must_use]
pub(super) fn way(guide: &Guide) -> &'static str {
    match guide.choice().way {
        Way::OnePublish => "one publish",
        Way::TwoPublishes => "two publishes",
        Way::Colleague => "colleague flow",
    }
}

/// A line under a step's name in the list.
#[must_use]
pub(super) fn note(state: &State, guide: &Guide, step: &StepView) -> String {
    let guns = guide.guns();
    match step.kind {
        StepKind::Choose => match guns.as_slice() {
            [gun] => state.short_name(&state.name_of(gun)).to_owned(),
            guns => format!("{} repositories", guns.len()),
        },
        StepKind::Key => {
            new_keys(guide).iter().map(|id| state.keyring.called_with_id(id)).collect::<Vec<_>>().join(", ")
        }
        StepKind::BackUp if !only_on_tokens(guide).is_empty() => "on a token, no copy".to_owned(),
        StepKind::BackUp | StepKind::BackUpMade if guide.choice().without_backup => "without, by choice".to_owned(),
        StepKind::BackUp if step.state == StepState::Done => "a copy was unlocked".to_owned(),
        StepKind::Signers => {
            guide.choice().first.signers.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        StepKind::Stage if matches!(guide.choice().wizard, Wizard::DelegationKey { .. }) => way(guide).to_owned(),
        _ => String::new(),
    }
}

/// Everything about the step that is looked at.
#[must_use]
pub(super) fn page(state: &State, guide: &Guide) -> Vec<String> {
    let Some(step) = guide.step() else { return vec!["Every step is done.".to_owned()] };
    let mut lines: Vec<String> = detail(guide, step).iter().map(|text| said(state, text)).collect();
    if let StepState::Blocked(why) = guide.stand(guide.shown())
        && !step.detail.contains(&why)
    {
        lines.insert(0, said(state, &why));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    for (label, text) in labelled(state, guide, step) {
        lines.push(format!("{label}: {text}"));
    }
    if let Some(reminder) = step.reminder.as_ref().filter(|reminder| reminder.due > state.now) {
        lines.push(format!("later: you are reminded on {} to {}", reminder.due.strftime("%-d %b"), reminder.what));
    }
    lines
}

/// How the new key gets to the other machines of its signer; the commands among it are marked.
#[must_use]
pub(super) fn carrying(state: &State, guide: &Guide) -> Vec<(String, bool)> {
    let name = guide.choice().wizard.key_name();
    let here = new_keys(guide).into_iter().find(|id| guide.facts.at_hand.contains(id));
    if let Some(token) = here.as_ref().and_then(|id| guide.facts.on_token.get(id)) {
        let lines = [
            format!("The new key is on token {token} and cannot be sent."),
            "It signs where the token is plugged in.".to_owned(),
            format!("Other machines that sign as {name} need own keys."),
        ];
        return lines.into_iter().map(|line| (line, false)).collect();
    }
    let Some(id) = here else { return vec![("The new key is where it was made: nothing to carry.".to_owned(), false)] };
    vec![
        (format!("Build machines and laptops that sign as {name} need the new key."), false),
        (
            state.spoken(&format!("Here: x in Keys, on {}, exports it into a file such as {name}.pem.", id.short())),
            false,
        ),
        ("There, and delete the file afterwards:".to_owned(), false),
        (format!("  docker trust key load --name {name} {name}.pem"), true),
    ]
}

/// Why, with which key, what can go wrong, how to go back.
#[must_use]
pub(super) fn labelled(state: &State, guide: &Guide, step: &StepView) -> Vec<(&'static str, String)> {
    let all = [
        ("why", step.why.to_owned()),
        ("signs", with_key(state, guide, step)),
        ("risk", step.risk.to_owned()),
        ("back", back(guide, step).to_owned()),
    ];
    let all = due(state, step).into_iter().chain(all);
    let told = all.filter(|(_, text)| !text.is_empty());
    told.map(|(label, text)| (label, state.spoken(&text))).collect()
}

/// How to go back, where that is still possible.
fn back(guide: &Guide, step: &StepView) -> &'static str {
    let is_sent = guide.is_sent();
    let holds = match step.kind {
        StepKind::Choose if guide.phase != Footing::Walking => true,
        StepKind::Choose if !is_sent => return "X gives the wizard up; nothing was sent yet.",
        StepKind::Choose => false,
        StepKind::Stage => !is_sent,
        StepKind::Key | StepKind::RootKey | StepKind::Signers | StepKind::Tags | StepKind::BackUp => {
            step.state != StepState::Done || is_changeable(guide)
        }
        _ => true,
    };
    if holds { step.back } else { "" }
}

/// What a step reminds of by now.
fn due(state: &State, step: &StepView) -> Option<(&'static str, String)> {
    let reminder = step.reminder.as_ref().filter(|reminder| reminder.due <= state.now)?;
    Some(("due", reminder.what.to_owned()))
}

/// The commands of all steps, in their order.
#[must_use]
pub(super) fn commands(guide: &Guide) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // While repositories are chosen: of those that are, not of all that could be.
    let chosen = guide.guns();
    let mut facts = guide.facts.clone();
    facts.repositories.retain(|repository| chosen.contains(&repository.gun));
    for step in &steps(&facts) {
        for command in &step.commands {
            if !lines.contains(command) {
                lines.push(command.clone());
            }
        }
    }
    lines.push("# the rotate and renew commands go on with what was begun; add --publish to send at once".to_owned());
    lines
}
