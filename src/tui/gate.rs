//! The one gate before a publish: typed confirmations, then passphrases, then the effect.

use std::collections::VecDeque;

use super::dialogs::confirm::Subject;
use super::dialogs::field::TextField;
use super::dialogs::prompt::{Prompt, What};
use super::dialogs::{Confirm, Dialog};
use super::effect::Effect;
use super::format::{count, short_name};
use super::screens::publish::Publishing;
use super::state::{Screen, State};
use crate::engine::plan::NeededKey;
use crate::engine::{Approval, RepositoryPlan};
use crate::tuf::{CanonicalKeyId, Gun};

/// What is still to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub approval: Approval,
    confirms: VecDeque<Gun>,
    prompts: VecDeque<What>,
    asked: usize,
}

/// Begins to ask for what publishing these repositories needs.
pub fn begin(state: &mut State, approval: Approval) -> Vec<Effect> {
    let Some(plan) = state.plan.clone() else { return vec![] };
    let chosen = plan.repositories.iter().filter(|p| approval.repositories.contains(&p.gun));
    let confirms = chosen.clone().filter(|p| p.is_dangerous()).map(|p| p.gun.clone()).collect();
    let prompts = prompts(state, chosen);
    state.gate = Some(Gate { approval, confirms, prompts, asked: 0 });
    next(state)
}

/// Each key once, with all that it will sign.
fn prompts<'a>(state: &State, plans: impl Iterator<Item = &'a RepositoryPlan>) -> VecDeque<What> {
    let mut prompts: VecDeque<What> = VecDeque::new();
    for plan in plans {
        let name = state.short_name(&plan.name).to_owned();
        for key in &plan.keys {
            match key {
                NeededKey::Unlock { locked: false, .. } => {}
                NeededKey::Unlock { id, label, role, signs, .. } => {
                    let lines = signs.iter().map(|role| (name.clone(), role.short().to_owned(), versions(plan, role)));
                    let place = prompts.iter().position(|w| matches!(w, What::Unlock { id: known, .. } if known == id));
                    match place.and_then(|i| prompts.get_mut(i)) {
                        Some(What::Unlock { signs, .. }) => signs.extend(lines),
                        _ => prompts.push_back(What::Unlock {
                            id: id.clone(),
                            label: label.clone(),
                            role: role.clone(),
                            signs: lines.collect(),
                        }),
                    }
                }
                NeededKey::New { role } => {
                    let place =
                        prompts.iter().position(|w| matches!(w, What::New { role: known, .. } if known == role));
                    match place.and_then(|i| prompts.get_mut(i)) {
                        Some(What::New { names, .. }) => names.push(name.clone()),
                        _ => prompts.push_back(What::New { role: role.clone(), names: vec![name.clone()] }),
                    }
                }
            }
        }
    }
    prompts
}

fn versions(plan: &RepositoryPlan, role: &crate::tuf::Role) -> String {
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
    if let Some(gate) = &mut state.gate {
        gate.prompts.pop_front();
        gate.asked += 1;
    }
    next(state)
}

/// Whether the gate waits for this key.
#[must_use]
pub fn waits_for(state: &State, id: &CanonicalKeyId) -> bool {
    let first = state.gate.as_ref().and_then(|g| g.prompts.front());
    matches!(first, Some(What::Unlock { id: wanted, .. }) if wanted == id)
}

fn next(state: &mut State) -> Vec<Effect> {
    let Some(gate) = &state.gate else { return vec![] };
    if let Some(dialog) = gate.confirms.front().and_then(|gun| state.plan_of(gun)).map(confirm) {
        state.dialogs.push(Dialog::Confirm(dialog));
        return vec![];
    }
    if let Some(what) = gate.prompts.front() {
        let prompt = Prompt::new(what.clone(), gate.asked + 1, gate.asked + gate.prompts.len());
        state.dialogs.push(Dialog::Prompt(prompt));
        return vec![];
    }
    let approval = gate.approval.clone();
    state.gate = None;
    let publishing = Publishing::new(state, &approval);
    state.screen = Screen::Publish(publishing);
    state.message = None;
    vec![Effect::Publish(approval)]
}

fn confirm(plan: &RepositoryPlan) -> Confirm {
    let name = plan.name.clone();
    let lost = plan.tags.orphaned.len();
    let (title, sentences, expected) = if plan.deletes {
        let sentence =
            "Roles, keys and every signature of this repository are deleted on the server. It cannot be undone.";
        ("Publish and delete all trust data".to_owned(), vec![sentence.to_owned()], name.clone())
    } else {
        let sentences = vec![
            format!(
                "From this moment every pull of {} tags of {name} with content trust is refused, until somebody re-signs.",
                lost
            ),
            "Cannot be undone with u.".to_owned(),
        ];
        (format!("Publish and orphan {}", count(lost, "tag", "tags")), sentences, short_name(&name).to_owned())
    };
    let subject = Subject::Publish(plan.gun.clone());
    Confirm { subject, title, name, sentences, expected, typed: TextField::default() }
}
