//! Computes a plan: applies the staged changes to a draft and compares it with what is there.
//!
//! Invariant: pure. Versions and times may differ between two plans with the same effect; nothing else may.

use std::collections::BTreeMap;

use super::effect::{effect, signed};
use super::facts::{KnownFiles, PlanFacts, root_key};
use super::names::Names;
use super::needs::Needs;
use super::roles::role_diffs;
use super::strangers::unknown_files;
use super::tags::tag_effect;
use super::warnings::warnings;
use super::{NeededKey, PlannedChange, RepositoryPlan, TagEffect};
use crate::engine::draft::applied::{Applied, Refusal};
use crate::engine::draft::apply::apply;
use crate::engine::draft::change::{Change, StagedChange};
use crate::engine::draft::{Draft, Ground};
use crate::engine::error::EngineError;
use crate::tuf::{CanonicalKeyId, Role};

/// Applies the changes in order.
///
/// # Errors
/// `Absent` or `Change`; beside it, what was applied before.
pub fn draft<'a>(facts: &PlanFacts<'a>) -> Result<(Draft<'a>, Vec<PlannedChange>), EngineError> {
    let set = match facts.known {
        KnownFiles::Nothing => {
            let message = format!("what the server holds for {} is not known yet", facts.name);
            return Err(EngineError::Input { message, hint: "read the repository first".to_owned() });
        }
        KnownFiles::Absent | KnownFiles::Lost(_) => None,
        KnownFiles::Files(set) => Some(set),
    };
    let copy = if let KnownFiles::Lost(copy) = facts.known { copy } else { None };
    let mut draft = Draft::new(Ground { set, copy, at_hand: facts.at_hand, now: facts.now });
    let mut planned = Vec::new();
    for staged in facts.changes {
        // Staged before anybody knew that there is no trust data yet.
        let creation = staged.change.creation([]).filter(|_| set.is_none() && draft.creates().is_none());
        if let Some(change) = creation {
            let applied = apply(&mut draft, &change).map_err(|refusal| refused(facts, &change, refusal))?;
            let creation = planned_change(&StagedChange { change, ..staged.clone() }, applied);
            planned.push(PlannedChange { comes_along: true, ..creation });
        }
        let applied = apply(&mut draft, &staged.change).map_err(|refusal| refused(facts, &staged.change, refusal))?;
        planned.push(planned_change(staged, applied));
    }
    Ok((draft, planned))
}

fn refused(facts: &PlanFacts<'_>, change: &Change, refusal: Refusal) -> EngineError {
    if matches!(facts.known, KnownFiles::Absent) && refusal.role.is_none() && !matches!(change, Change::Sign { .. }) {
        return EngineError::Absent { gun: facts.gun.clone(), server: facts.server.to_owned() };
    }
    if let (KnownFiles::Lost(copy), None) = (facts.known, &refusal.role) {
        let (gun, server) = (facts.gun.clone(), facts.server.to_owned());
        return EngineError::Lost { gun, server, copy: copy.is_some() };
    }
    let what = format!("cannot {}: {}", change.describe(), refusal.what);
    let looked = facts.elsewhere.one_of(&refusal.lacks);
    let hint = refusal.hint.clone().and(looked);
    super::refused::refused(facts.gun, Refusal { what, hint, ..refusal })
}

fn planned_change(staged: &StagedChange, applied: Applied) -> PlannedChange {
    PlannedChange {
        entry: staged.id,
        comes_along: false,
        change: staged.change.clone(),
        mark: applied.mark,
        thing: applied.thing,
        roles: applied.roles,
        ids: applied.ids,
        no_effect: applied.no_effect,
    }
}

/// Plans one repository.
#[must_use]
pub fn plan_repository(facts: &PlanFacts<'_>) -> RepositoryPlan {
    plan_with_needs(facts).0
}

/// The same with what its publish will need.
pub(in crate::engine) fn plan_with_needs(facts: &PlanFacts<'_>) -> (RepositoryPlan, Needs) {
    let mut needs = Needs::default();
    let mut plan = RepositoryPlan {
        gun: facts.gun.clone(),
        name: facts.name.to_owned(),
        server: facts.server.to_owned(),
        data_of: facts.verified_at,
        changes: Vec::new(),
        roles: Vec::new(),
        tags: TagEffect::default(),
        keys: Vec::new(),
        republishes: false,
        unknown: Vec::new(),
        warnings: Vec::new(),
        failed: None,
        creates: false,
        deletes: false,
        effect: String::new(),
    };
    let mut files = Vec::new();
    match draft(facts) {
        Ok((draft, changes)) => {
            let names = Names::new(&draft, facts.labels);
            fill(&mut plan, facts, &draft, &names, changes);
            needs = Needs::of(facts, &draft, &names);
            files = signed(&draft);
        }
        Err(error) => plan.failed = Some(error.problem()),
    }
    plan.effect = effect(&plan, facts.changes, &files);
    (plan, needs)
}

fn fill(
    plan: &mut RepositoryPlan,
    facts: &PlanFacts<'_>,
    draft: &Draft<'_>,
    names: &Names<'_>,
    changes: Vec<PlannedChange>,
) {
    plan.creates = draft.creates().is_some();
    plan.deletes = draft.deletes();
    plan.republishes = draft.republishes();
    plan.tags = tag_effect(draft, &changes);
    plan.changes = changes;
    if !plan.deletes {
        plan.roles = role_diffs(draft, names, root_key(facts, draft).as_ref());
        plan.keys = needed_keys(facts, draft, names);
    }
    plan.unknown = unknown_files(draft, names);
    plan.warnings = warnings(facts, draft, names, plan);
    plan.warnings.sort_by_key(|warning| warning.weight);
}

fn needed_keys(facts: &PlanFacts<'_>, draft: &Draft<'_>, names: &Names<'_>) -> Vec<NeededKey> {
    let mut signs: BTreeMap<CanonicalKeyId, Vec<Role>> = BTreeMap::new();
    let mut order: Vec<CanonicalKeyId> = Vec::new();
    let mut needs = |id: &CanonicalKeyId, role: &Role| {
        if !order.contains(id) {
            order.push(id.clone());
        }
        let roles = signs.entry(id.clone()).or_default();
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    };
    let mut new = Vec::new();
    if draft.creates().is_some() {
        match root_key(facts, draft) {
            Some(id) => needs(&id, &Role::Root),
            None => new.push(NeededKey::New { role: Role::Root }),
        }
        new.push(NeededKey::New { role: Role::Targets });
    }
    let snapshot = draft.signs_snapshot().then_some(Role::Snapshot);
    for role in draft.touched().keys().chain(&snapshot) {
        draft.signers(role).iter().for_each(|key| needs(key.canonical_id(), role));
    }
    let unlock = |id: CanonicalKeyId| {
        let key = facts.keys.get(&id);
        NeededKey::Unlock {
            label: names.label(&id),
            role: key.map(|k| k.role.clone()).unwrap_or_default(),
            locked: key.is_none_or(|k| k.locked),
            signs: signs.remove(&id).unwrap_or_default(),
            id,
        }
    };
    order.into_iter().map(unlock).chain(new).collect()
}
