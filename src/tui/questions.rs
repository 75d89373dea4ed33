//! The one gate before a publish: typed confirmations, then passphrases, then the effect.

use std::collections::VecDeque;

use super::dialogs::confirm::Subject;
use super::dialogs::prompt::{Prompt, What};
use super::dialogs::{Confirm, Dialog};
use super::kit::field::TextField;
use super::kit::format::{count, short_name};
use super::messages::effect::Effect;
use super::state::binding::Action;
use super::state::gate::Gate;
use super::state::publishing::{Publishing, Track};
use super::state::{Screen, State, words};
use crate::engine::keyring::tokens::TokenName;
use crate::engine::plan::NeededKey;
use crate::engine::plan::locked::{Missing, missing};
use crate::engine::publish::job::Approval;
use crate::engine::view::keys::{KeyPlace, KeyWarning};
use crate::engine::{KeyView, Passphrase, RepositoryPlan};
use crate::printable::printable;
use crate::tuf::{CanonicalKeyId, Gun, Role};

/// Begins to ask for what publishing these repositories needs.
pub fn begin(state: &mut State, approval: Approval) -> Vec<Effect> {
    let Some(plan) = state.plan.clone() else { return vec![] };
    let chosen = plan.repositories.iter().filter(|p| approval.repositories.contains(&p.gun));
    let confirms = chosen.clone().filter(|p| p.is_dangerous()).map(|p| p.gun.clone()).collect();
    let prompts = prompts(state, chosen);
    state.gate = Some(Gate { approval, confirms, prompts, asked: 0, same: None });
    next(state)
}

/// Each key once, with all that it will sign.
fn prompts<'a>(state: &State, plans: impl Iterator<Item = &'a RepositoryPlan> + Clone) -> VecDeque<What> {
    let plan_of = |gun: &Gun| plans.clone().find(|plan| plan.gun == *gun);
    let name = |gun: &Gun| plan_of(gun).map(|plan| state.short_name(&plan.name).to_owned()).unwrap_or_default();
    let line = |(gun, role): &(Gun, Role)| {
        let versions = plan_of(gun).map(|plan| versions(plan, role)).unwrap_or_default();
        (name(gun), role.short().to_owned(), versions)
    };
    let prompt = |secret| match secret {
        Missing::Locked(key) => What::Unlock {
            label: words::key_name(state, &key.id, &key.label),
            signs: key.signs.iter().map(line).collect(),
            role: key.role,
            id: key.id,
        },
        Missing::New { role, repositories } => What::New { role, names: repositories.iter().map(name).collect() },
    };
    missing(plans.clone()).into_iter().map(prompt).collect()
}

fn versions(plan: &RepositoryPlan, role: &Role) -> String {
    let diff = plan.roles.iter().find(|r| r.role == *role);
    match diff.map(|d| d.version) {
        Some((Some(before), Some(after))) => format!("v{before} → v{after}"),
        Some((None, Some(after))) => format!("v{after}, new"),
        _ => String::new(),
    }
}

/// The name was typed.
pub fn confirmed(state: &mut State) -> Vec<Effect> {
    if let Some(gate) = &mut state.gate {
        gate.confirms.pop_front();
    }
    next(state)
}

/// A key was unlocked, or the passphrase of a new one chosen.
pub fn answered(state: &mut State) -> Vec<Effect> {
    let Some(gate) = &mut state.gate else { return next(state) };
    let done = gate.prompts.pop_front();
    gate.asked += 1;
    // One PIN opens all keys of its token.
    if let Some((Some(opened), _)) = done.map(|what| token(state, &what)) {
        let waiting: Vec<What> = state.gate.iter().flat_map(|gate| gate.prompts.iter().cloned()).collect();
        let prompts = waiting.into_iter().filter(|what| token(state, what).0.as_ref() != Some(&opened)).collect();
        if let Some(gate) = &mut state.gate {
            gate.prompts = prompts;
        }
    }
    next(state)
}

/// Keeps what was typed for the first key, if other keys are locked.
pub fn remember(state: &mut State, typed: &Passphrase) {
    if let Some(gate) = &mut state.gate {
        let first = gate.asked == 0 && gate.locked().len() > 1;
        gate.same = first.then(|| typed.clone());
    }
}

/// The passphrase that opened the first key, with the keys it can be tried for; given once.
pub fn take_same(state: &mut State) -> Option<(Vec<CanonicalKeyId>, Passphrase)> {
    let gate = state.gate.as_mut()?;
    let same = gate.same.take()?;
    let locked = gate.locked();
    // A passphrase is no PIN, and a token counts wrong ones.
    Some((in_files(state, locked), same))
}

fn in_files(state: &State, ids: Vec<CanonicalKeyId>) -> Vec<CanonicalKeyId> {
    ids.into_iter().filter(|id| token_of(state, id).is_none()).collect()
}

fn token_of<'a>(state: &'a State, id: &CanonicalKeyId) -> Option<&'a KeyView> {
    state.keyring.find(id).filter(|key| matches!(key.place, KeyPlace::Token(_)))
}

/// The token whose PIN is asked for, and what is to be known about that.
fn token(state: &State, what: &What) -> (Option<TokenName>, Option<String>) {
    let What::Unlock { id, .. } = what else { return (None, None) };
    match token_of(state, id) {
        Some(key @ KeyView { place: KeyPlace::Token(place), .. }) => (Some(place.token.clone()), about_pin(key)),
        _ => (None, None),
    }
}

/// What to know about the PIN. A key can have other warnings, which are no reason to type it with more care.
fn about_pin(key: &KeyView) -> Option<String> {
    key.warning.as_ref().filter(|warning| matches!(warning, KeyWarning::Pin(_))).map(ToString::to_string)
}

/// What is set for the key that is asked for, and is wrong.
fn named_wrong(state: &State, what: &What) -> Option<String> {
    let What::Unlock { id, .. } = what else { return None };
    state.keyring.wrong_sources.get(id).map(|words| printable(words))
}

/// Some keys were opened together. `None`: the one that is asked for is not among them.
pub fn opened(state: &mut State, ids: &[CanonicalKeyId]) -> Option<Vec<Effect>> {
    let gate = state.gate.as_mut()?;
    let is_open = |what: &What| matches!(what, What::Unlock { id, .. } if ids.contains(id));
    let asked_for = gate.prompts.front().is_some_and(is_open);
    let before = gate.prompts.len();
    gate.prompts.retain(|what| !is_open(what));
    gate.asked += before - gate.prompts.len();
    asked_for.then(|| next(state))
}

/// The number of the key that is asked for.
#[must_use]
pub fn number(state: &State) -> usize {
    state.gate.as_ref().map_or(1, |gate| gate.asked + 1)
}

/// Whether the gate waits for this key.
#[must_use]
pub fn waits_for(state: &State, id: &CanonicalKeyId) -> bool {
    let first = state.gate.as_ref().and_then(|g| g.prompts.front());
    matches!(first, Some(What::Unlock { id: wanted, .. }) if wanted == id)
}

fn next(state: &mut State) -> Vec<Effect> {
    let Some(gate) = &state.gate else { return vec![] };
    if let Some(dialog) = gate.confirms.front().and_then(|gun| state.plan_of(gun)).map(|plan| confirm(state, plan)) {
        state.dialogs.push(Dialog::Confirm(dialog));
        return vec![];
    }
    if let Some(what) = gate.prompts.front() {
        let (token, known) = token(state, what);
        let offers = gate.same.is_some() && token.is_none() && matches!(what, What::Unlock { .. });
        let same = if offers { in_files(state, gate.locked()).len() } else { 0 };
        let prompt = Prompt::new(what.clone(), gate.asked + 1, gate.asked + gate.prompts.len()).offering(same);
        let known = named_wrong(state, what).or(known);
        let prompt = prompt.on_token(token.map(|token| printable(&token.to_string())), known);
        state.dialogs.push(Dialog::Prompt(prompt));
        return vec![];
    }
    let approval = gate.approval.clone();
    state.gate = None;
    let publishing = publishing(state, &approval);
    state.screen = Screen::Publish(publishing);
    state.message = None;
    vec![Effect::Publish(approval)]
}

/// A publish that begins now.
fn publishing(state: &State, approval: &Approval) -> Publishing {
    let track = |gun: &Gun| Track {
        gun: gun.clone(),
        name: state.short_name(&state.name_of(gun)).to_owned(),
        step: None,
        notes: Default::default(),
        began: None,
        ended: None,
        touch: None,
        wrong_sources: wrong_sources(state, gun),
    };
    let tracks: Vec<Track> = approval.repositories.iter().map(track).collect();
    let line = |track: &Track, words: &String| (state.now, track.name.clone(), words.clone());
    let log = tracks.iter().flat_map(|track| track.wrong_sources.iter().map(|words| line(track, words))).collect();
    Publishing {
        plan: approval.plan.0.clone(),
        tracks,
        cursor: 0,
        began: state.now,
        ended: None,
        stopping: false,
        failure: None,
        log,
    }
}

fn wrong_sources(state: &State, gun: &Gun) -> Vec<String> {
    let keys = state.plan_of(gun).map_or(&[][..], |plan| plan.keys.as_slice());
    let id = |key: &NeededKey| if let NeededKey::Unlock { id, .. } = key { Some(id.clone()) } else { None };
    keys.iter()
        .filter_map(id)
        .filter_map(|id| state.keyring.wrong_sources.get(&id))
        .map(|words| printable(words))
        .collect()
}

fn confirm(state: &State, plan: &RepositoryPlan) -> Confirm {
    let name = plan.name.clone();
    let lost = plan.tags.orphaned.len();
    let (title, sentences, expected) = if plan.deletes {
        let sentence =
            "Roles, keys and every signature of this repository are deleted on the server. It cannot be undone.";
        ("Publish and delete all trust data".to_owned(), vec![sentence.to_owned()], name.clone())
    } else {
        let sentences = vec![
            format!(
                "From this moment every pull of {} of {name} with content trust is refused, until somebody re-signs.",
                count(lost, "tag", "tags")
            ),
            format!("Cannot be undone with {}.", state.key(Action::Undo)),
        ];
        (format!("Publish and orphan {}", count(lost, "tag", "tags")), sentences, short_name(&name).to_owned())
    };
    let subject = Subject::Publish(plan.gun.clone());
    Confirm { subject, title, name, sentences, expected, typed: TextField::default() }
}
