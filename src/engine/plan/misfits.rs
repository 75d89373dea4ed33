//! Keys that take another role than they were made for. No client refuses that, so it is said.

use std::collections::BTreeMap;

use super::facts::PlanFacts;
use super::warning::{Warnings, plain};
use super::{RepositoryPlan, Weight};
use crate::engine::draft::Draft;
use crate::engine::draft::applied::Mark;
use crate::engine::wording::some;
use crate::tuf::{CanonicalKeyId, Role};

/// The roles that a repository's root lists.
const BASE: [Role; 4] = [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp];

pub(super) fn warn(facts: &PlanFacts<'_>, draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    let mut misfits: BTreeMap<(&CanonicalKeyId, String), Vec<String>> = BTreeMap::new();
    for diff in &plan.roles {
        for key in diff.keys.iter().filter(|key| key.mark == Mark::Added) {
            if let Some(why) = other_use(facts, draft, &key.id, &diff.role) {
                misfits.entry((&key.id, why)).or_default().push(diff.role.to_string());
            }
        }
    }
    for ((id, why), mut roles) in misfits {
        roles.sort();
        let headline = format!("key {} gets {}, but {why}", id.short(), some(&roles));
        let detail = "Clients take it all the same. Whoever holds it then holds both; a key for each role is safer.";
        found.push(plain(Weight::Warning, headline, detail));
    }
}

/// What else a key is for, by the header of its file or by the root of the repository.
fn other_use(facts: &PlanFacts<'_>, draft: &Draft<'_>, id: &CanonicalKeyId, role: &Role) -> Option<String> {
    let lists = |base: &&Role| draft.role_keys(base).is_some_and(|k| k.keys.iter().any(|key| key.canonical_id() == id));
    if let Some(base) = BASE.iter().filter(|base| *base != role).find(lists) {
        return Some(format!("is a {base} key of this repository"));
    }
    let made_for = facts.keys.get(id).map(|key| key.role.as_str()).filter(|made_for| !made_for.is_empty())?;
    let is_base = BASE.iter().any(|base| base.as_str() == made_for);
    let fits = if BASE.contains(role) { made_for == role.as_str() } else { !is_base };
    (!fits).then(|| format!("its file says that it is for {made_for}"))
}
