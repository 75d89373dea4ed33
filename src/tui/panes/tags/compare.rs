//! Asking the registry for all tags: when, and what is done with the answers.

use std::sync::Arc;

use super::reindex;
use crate::engine::Freshness;
use crate::engine::tags::ask::{News, TagQuestion, UNASKED};
use crate::engine::tags::compare::TagStanding;
use crate::engine::tags::registered::TagAnswer;
use crate::engine::tags::verify::CheckedPart;
use crate::engine::view::TagState;
use crate::tuf::Gun;
use crate::tui::kit::message::Tone;
use crate::tui::kit::pane::Pane;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::failure::Failure;
use crate::tui::messages::registry::RegistryWork;
use crate::tui::state::registry::Comparing;
use crate::tui::state::rows::{TagRow, TagRows};
use crate::tui::state::{Screen, State};

/// Rows from the first visible one that are asked about before all others: at least as many as fit a screen.
const ON_SCREEN: usize = 100;

/// Compares a small repository once, when its tags are looked at, and then asks about what comes on the screen.
pub fn follow(state: &mut State) -> Vec<Effect> {
    let looks = state.focus == Pane::Tags && matches!(state.screen, Screen::Main) && !state.here.offline;
    let Some(repository) = state.repository().filter(|_| looks) else { return vec![] };
    let (gun, registry) = (repository.entry.gun.clone(), &repository.registry);
    if registry.work != Comparing::Idle || registry.failure.is_some() {
        return vec![];
    }
    if registry.known.is_some() {
        return look(state, &gun);
    }
    let small = repository
        .view
        .as_ref()
        .is_some_and(|view| matches!(view.freshness, Freshness::Fresh { .. }) && view.tags.len() <= UNASKED);
    if small { begin(state, &gun, true) } else { vec![] }
}

/// Asks what the tags on the screen are that nobody has signed: there may be too many to ask about all.
fn look(state: &mut State, gun: &Gun) -> Vec<Effect> {
    let rows = &state.lists.tag_rows;
    let is_unknown = |row: &&TagRow| row.row.standing == TagStanding::Unsigned && row.row.registry.is_none();
    let seen = state.lists.tags.window(ON_SCREEN).filter_map(|(_, index, _)| rows.get(index)).filter(is_unknown);
    let names: Vec<Arc<str>> = seen.map(|row| Arc::clone(&row.row.name)).collect();
    let is_here = state.lists.shown.as_ref() == Some(gun) && !names.is_empty();
    let Some(registry) = state.find_mut(gun).map(|repository| &mut repository.registry) else { return vec![] };
    if !is_here || !registry.answered || registry.looking {
        return vec![];
    }
    registry.looking = true;
    vec![Effect::Registry(RegistryWork::Look(gun.clone(), names))]
}

/// Takes what tags on the screen are.
pub(super) fn seen(state: &mut State, gun: &Gun, answers: Vec<TagAnswer>, result: Result<(), Failure>) {
    found(state, gun, answers);
    if let Some(repository) = state.find_mut(gun) {
        repository.registry.looking = false;
        repository.registry.failure = result.as_ref().err().cloned();
    }
    if let Err(failure) = &result {
        state.complain(failure);
    }
}

/// Compares all signed tags, however many; again, that is stopped.
pub(super) fn toggle(state: &mut State, gun: &Gun) -> Vec<Effect> {
    let Some(repository) = state.find_mut(gun) else { return vec![] };
    if repository.registry.is_idle() {
        return begin(state, gun, false);
    }
    repository.registry.stop();
    count(state, gun);
    state.say(Tone::Note, "stopped", "comparing with the registry; = goes on anew");
    vec![Effect::Registry(RegistryWork::StopComparing(gun.clone()))]
}

fn begin(state: &mut State, gun: &Gun, unless_many: bool) -> Vec<Effect> {
    let list = &state.lists.tags;
    let first = list.window(ON_SCREEN).map(|(_, _, name)| Arc::clone(name)).collect();
    let view = state.find(gun).and_then(|repository| repository.view.as_deref());
    let signed = view.into_iter().flat_map(|view| view.tags.iter()).map(|tag| Arc::clone(&tag.name)).collect();
    let Some(repository) = state.find_mut(gun) else { return vec![] };
    // Before the registry's list is known, no unsigned tag is on the screen.
    let others = if repository.registry.known.is_none() { ON_SCREEN } else { 0 };
    repository.registry.begin();
    let asking = TagQuestion { first, signed, others, unless_many };
    vec![Effect::Registry(RegistryWork::Compare(gun.clone(), asking))]
}

/// Takes an answer.
pub(super) fn heard(state: &mut State, gun: &Gun, news: News) {
    match news {
        News::Found(answers) => found(state, gun, answers),
        news => {
            let now = state.now;
            if let Some(repository) = state.find_mut(gun) {
                repository.registry.hear(news, now);
            }
            count(state, gun);
            list_anew(state, gun);
        }
    }
}

fn found(state: &mut State, gun: &Gun, answers: Vec<TagAnswer>) {
    let now = state.now;
    let names: Vec<Arc<str>> = answers.iter().map(|(name, _)| Arc::clone(name)).collect();
    let Some(repository) = state.find_mut(gun) else { return };
    repository.registry.hear(News::Found(answers), now);
    show(state, gun, &names);
}

/// Takes what a tag is that was looked at alone.
pub(super) fn learn(state: &mut State, gun: &Gun, answer: Option<TagAnswer>) {
    let Some((answer, repository)) = answer.zip(state.find_mut(gun)) else { return };
    let (Some(known), name) = (&mut repository.registry.known, Arc::clone(&answer.0)) else { return };
    known.learn(answer);
    show(state, gun, &[name]);
}

fn show(state: &mut State, gun: &Gun, names: &[Arc<str>]) {
    let Some(repository) = state.known.repositories.find(gun) else { return };
    if state.lists.shown.as_ref() != Some(gun) {
        return;
    }
    let learned = state.lists.tag_rows.learn(names.iter(), &repository.registry);
    if !learned {
        list_anew(state, gun);
    } else if !state.lists.tags.filter.is_empty() {
        state.lists.tags.set(state.lists.tag_rows.shown());
    }
}

/// Takes what was found of a part of a signed tag.
pub(super) fn checked(state: &mut State, gun: &Gun, tag: &str, part: &CheckedPart) {
    let Some(repository) = state.find_mut(gun) else { return };
    let Some(view) = repository.view.clone() else { return };
    let signed = view.tags.iter().find(|signed| *signed.name == *tag && signed.state == TagState::Trusted);
    if signed.is_some_and(|signed| repository.registry.check(&signed.digest, part)) {
        repository.registry.count(Some(&view));
        // What its image is decides how the repository stands.
        state.lists.behind = true;
        list_anew(state, gun);
    }
}

fn list_anew(state: &mut State, gun: &Gun) {
    if state.lists.shown.as_ref() == Some(gun) {
        state.lists.tag_rows = TagRows::default();
        reindex(state);
    }
}

/// Takes the end.
pub(super) fn ended(state: &mut State, gun: &Gun, result: Result<(), Failure>) {
    let failure = result.err();
    if let Some(failure) = &failure {
        state.complain(failure);
    }
    if let Some(repository) = state.find_mut(gun) {
        repository.registry.end(failure);
    }
    count(state, gun);
}

fn count(state: &mut State, gun: &Gun) {
    if let Some(repository) = state.find_mut(gun) {
        let view = repository.view.clone();
        repository.registry.count(view.as_deref());
    }
}
