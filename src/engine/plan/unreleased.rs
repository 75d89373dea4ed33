//! Tags that are signed where Docker does not look: `targets/releases` is listed, and cannot be signed here for them.

use super::Weight;
use super::facts::PlanFacts;
use super::names::Names;
use super::warning::{Warnings, plain};
use crate::engine::draft::Draft;
use crate::engine::draft::change::Change;
use crate::engine::wording::{count, some};
use crate::tuf::{Role, TargetName};

/// Says of tags that no role was named for what keeps them out of releases: headline and reason.
pub(super) fn sentences(facts: &PlanFacts<'_>, draft: &Draft<'_>, names: &Names<'_>) -> Vec<(String, String)> {
    let releases = Role::releases();
    let Some(listed) = draft.role_keys(&releases) else { return Vec::new() };
    let paths = draft.paths(&releases);
    if draft.can_sign(&releases) && paths.iter().any(String::is_empty) {
        return Vec::new();
    }
    let left_out = facts.changes.iter().filter_map(|staged| match &staged.change {
        Change::Sign { tag, target, roles } if roles.is_empty() => {
            let there = draft.content(&releases).and_then(|file| file.targets.get(tag));
            (there.is_none() || there != target.target().as_ref()).then_some(tag)
        }
        _ => None,
    });
    let (here, outside): (Vec<&TargetName>, Vec<&TargetName>) = left_out.partition(|tag| draft.allows(&releases, tag));
    let mut found = Vec::new();
    if !here.is_empty() {
        let absent = listed.keys.iter().filter(|key| !facts.at_hand.contains(key.canonical_id()));
        let absent: Vec<String> = absent.map(|key| names.named(key.canonical_id())).collect();
        let is = if absent.len() == 1 { "is" } else { "are" };
        let keys = count(listed.threshold as usize, "key");
        let why = format!("{releases} needs {keys}, and {} {is} not on this machine", some(&absent));
        found.push((headline(&here), why));
    }
    if !outside.is_empty() {
        let paths: Vec<String> = paths.iter().map(|path| format!("{path:?}")).collect();
        let why = match paths.is_empty() {
            true => format!("{releases} has no paths"),
            false => format!("{releases} signs only what begins with {}", some(&paths)),
        };
        found.push((headline(&outside), why));
    }
    found
}

fn headline(tags: &[&TargetName]) -> String {
    match tags {
        [one] => format!("{one} is not released"),
        more => format!("{} are not released", count(more.len(), "tag")),
    }
}

pub(super) fn warn(facts: &PlanFacts<'_>, draft: &Draft<'_>, names: &Names<'_>, found: &mut Warnings) {
    let warnings = sentences(facts, draft, names).into_iter();
    found.extend(warnings.map(|(headline, why)| {
        plain(Weight::Warning, headline, format!("{why}. Docker pulls what {} lists.", Role::releases()))
    }));
}
