//! Computes a plan: applies the staged changes to a draft and compares it with what is there.
//!
//! Invariant: pure. Versions and times may differ between two plans with the same effect; nothing else may.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::facts::{Facts, Known, root_key};
use super::names::Names;
use super::needs::{Needs, signs_snapshot};
use super::roles::role_diffs;
use super::tags::tag_effect;
use super::warnings::warnings;
use super::{NeededKey, Plan, PlanId, PlannedChange, RepositoryPlan, TagEffect};
use crate::engine::draft::applied::{Applied, Refusal};
use crate::engine::draft::apply::apply;
use crate::engine::draft::change::{Change, RootKeyChoice, StagedChange};
use crate::engine::draft::{Draft, Ground};
use crate::engine::error::EngineError;
use crate::tuf::{CanonicalKeyId, Role};

/// Applies the changes in order.
///
/// # Errors
/// `Absent` or `Change`; beside it, what was applied before.
pub fn draft<'a>(facts: &Facts<'a>) -> Result<(Draft<'a>, Vec<PlannedChange>), EngineError> {
    let set = match facts.known {
        Known::Nothing => {
            let message = format!("what the server holds for {} is not known yet", facts.name);
            return Err(EngineError::Input { message, hint: "read the repository first".to_owned() });
        }
        Known::Absent => None,
        Known::Files(set) => Some(set),
    };
    let mut draft = Draft::new(Ground { set, at_hand: facts.at_hand, now: facts.now });
    let mut planned = Vec::new();
    for staged in facts.changes {
        // Staged before anybody knew that there is no trust data yet.
        if matches!(staged.change, Change::AddSigner { .. }) && set.is_none() && draft.creates().is_none() {
            let change = Change::Create { root_key: RootKeyChoice::Auto };
            let applied = apply(&mut draft, &change).map_err(|refusal| refused(facts, &change, refusal))?;
            planned.push(planned_change(&StagedChange { change, ..staged.clone() }, applied));
        }
        let applied = apply(&mut draft, &staged.change).map_err(|refusal| refused(facts, &staged.change, refusal))?;
        planned.push(planned_change(staged, applied));
    }
    Ok((draft, planned))
}

fn refused(facts: &Facts<'_>, change: &Change, refusal: Refusal) -> EngineError {
    if matches!(facts.known, Known::Absent) && refusal.role.is_none() && !matches!(change, Change::Sign { .. }) {
        return EngineError::Absent { gun: facts.gun.clone(), server: facts.server.to_owned() };
    }
    let what = format!("cannot {}: {}", change.describe(), refusal.what);
    EngineError::Change { gun: facts.gun.clone(), role: refusal.role, what, hint: refusal.hint }
}

fn planned_change(staged: &StagedChange, applied: Applied) -> PlannedChange {
    PlannedChange {
        entry: staged.id,
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
pub fn plan_repository(facts: &Facts<'_>) -> RepositoryPlan {
    plan_with_needs(facts).0
}

/// The same with what its publish will need.
pub(in crate::engine) fn plan_with_needs(facts: &Facts<'_>) -> (RepositoryPlan, Needs) {
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
        warnings: Vec::new(),
        failed: None,
        creates: false,
        deletes: false,
        effect: String::new(),
    };
    match draft(facts) {
        Ok((draft, changes)) => {
            fill(&mut plan, facts, &draft, changes);
            needs = Needs::of(facts, &draft);
        }
        Err(error) => plan.failed = Some(error.problem()),
    }
    plan.effect = effect_hash(&plan, facts.changes);
    (plan, needs)
}

fn fill(plan: &mut RepositoryPlan, facts: &Facts<'_>, draft: &Draft<'_>, changes: Vec<PlannedChange>) {
    let names = Names::new(draft, facts.labels);
    plan.creates = draft.creates().is_some();
    plan.deletes = draft.deletes();
    plan.tags = tag_effect(draft, &changes);
    plan.changes = changes;
    if !plan.deletes {
        plan.roles = role_diffs(draft, &names, root_key(facts, draft).as_ref());
        plan.keys = needed_keys(facts, draft, &names);
    }
    plan.warnings = warnings(facts, draft, &names, plan);
    plan.warnings.sort_by_key(|warning| warning.weight);
}

fn needed_keys(facts: &Facts<'_>, draft: &Draft<'_>, names: &Names<'_>) -> Vec<NeededKey> {
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
    let snapshot = signs_snapshot(draft).then_some(Role::Snapshot);
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

/// Puts the plans of all repositories under one ID.
pub fn whole(repositories: Vec<RepositoryPlan>, elsewhere: Vec<crate::engine::draft::change::EntryId>) -> Plan {
    let mut hash = Sha256::new();
    for plan in &repositories {
        hash.update(plan.effect.as_bytes());
    }
    let digits = hex::encode(&hash.finalize()[..4]);
    let (left, right) = digits.split_at(4);
    Plan { id: PlanId(format!("{left}-{right}")), repositories, elsewhere }
}

/// A hash over what the plan would do: not over versions, times, labels, or what others may change meanwhile
/// without touching on it.
fn effect_hash(plan: &RepositoryPlan, changes: &[StagedChange]) -> String {
    let changes: Vec<&Change> = changes.iter().map(|staged| &staged.change).collect();
    let no_effects: Vec<bool> = plan.changes.iter().map(|change| change.no_effect.is_some()).collect();
    let roles: Vec<serde_json::Value> = plan.roles.iter().map(role_effect).collect();
    let (tags, failed) = (&plan.tags, plan.failed.as_ref().map(|problem| &problem.message));
    let heavy = plan.warnings.iter().filter(|w| w.weight <= super::Weight::Danger);
    let heavy: Vec<&str> = heavy.map(|w| w.headline.as_str()).collect();
    let what = (&plan.gun, &plan.server, changes, no_effects, plan.creates, plan.deletes, roles, failed, heavy);
    let tags = [&tags.orphaned, &tags.signed, &tags.revoked, &tags.vouched, &tags.repaired];
    // Plain data with text for keys: there is nothing that JSON could not hold.
    let all = serde_json::to_vec(&(what, tags)).unwrap_or_default();
    hex::encode(Sha256::digest(&all))
}

fn role_effect(role: &super::RoleDiff) -> serde_json::Value {
    use crate::engine::draft::applied::Mark;
    let changed = |mark: &Mark| *mark != Mark::Kept;
    let keys: Vec<String> =
        role.keys.iter().filter(|k| changed(&k.mark)).map(|k| format!("{:?} {}", k.mark, k.id)).collect();
    let paths: Vec<String> =
        role.paths.iter().filter(|(m, _)| changed(m)).map(|(mark, path)| format!("{mark:?} {path}")).collect();
    let mark = format!("{:?}", role.mark);
    serde_json::json!([role.role, mark, keys, paths, role.loses_trust])
}
