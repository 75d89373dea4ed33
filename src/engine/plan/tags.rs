//! What a plan does to tags, as somebody who pulls sees it.

use std::collections::BTreeSet;

use super::{PlannedChange, ReplacedTag, TagEffect};
use crate::engine::draft::Draft;
use crate::engine::draft::change::Change;
use crate::engine::draft::pulled::listed;
use crate::engine::wording::natural;
use crate::tuf::hashes::digits;
use crate::tuf::{Target, TargetName};

/// Compares the tags before and after.
pub(in crate::engine) fn tag_effect(draft: &Draft<'_>, changes: &[PlannedChange]) -> TagEffect {
    let base = Draft::new(draft.ground());
    let copy = draft.sent_copy();
    let (before, after) = (listed(&base), listed(copy.as_ref().unwrap_or(draft)));
    let mut asked_to_sign = BTreeSet::new();
    let mut asked_to_revoke = BTreeSet::new();
    for planned in changes {
        match &planned.change {
            Change::Sign { tag, .. } => asked_to_sign.insert(tag),
            Change::Revoke { tag, .. } => asked_to_revoke.insert(tag),
            _ => false,
        };
    }
    let mut effect = TagEffect { before: before.len(), after: after.len(), ..TagEffect::default() };
    for (tag, target) in &after {
        match before.get(tag) {
            Some(old) if old == target => {}
            None if !asked_to_sign.contains(tag) => effect.repaired.push(tag.to_string()),
            old => {
                effect.signed.push(tag.to_string());
                let [old, new] = [old.copied(), Some(*target)].map(digest);
                if old.is_some() && old != new {
                    let short = |digits: String| digits.chars().take(12).collect::<String>();
                    let [old, new] = [old, new].map(|digits| digits.map_or_else(|| "no SHA-256".to_owned(), short));
                    effect.replaced.push(ReplacedTag { tag: tag.to_string(), digests: [old, new] });
                }
            }
        }
    }
    for tag in before.keys().filter(|tag| !after.contains_key(*tag)) {
        match asked_to_revoke.contains(tag) {
            true => effect.revoked.push(tag.to_string()),
            false if draft.deletes() => effect.revoked.push(tag.to_string()),
            false => effect.orphaned.push(tag.to_string()),
        }
    }
    effect.vouched = vouched(&base, draft).into_iter().map(TargetName::to_string).collect();
    effect.replaced.sort_by(|a, b| natural(&a.tag, &b.tag));
    let lists =
        [&mut effect.orphaned, &mut effect.signed, &mut effect.revoked, &mut effect.vouched, &mut effect.repaired];
    lists.into_iter().for_each(|list| list.sort_by(|a, b| natural(a, b)));
    effect
}

/// What a tag stands for: all of it, since a beginning can be made alike.
fn digest(target: Option<&Target>) -> Option<String> {
    target?.hashes.get("sha256").map(digits)
}

/// Tags in files that are signed again on request, or that no current key had signed any more.
pub(in crate::engine) fn vouched<'d>(base: &Draft<'_>, draft: &'d Draft<'_>) -> BTreeSet<&'d TargetName> {
    let mut found = BTreeSet::new();
    for role in draft.touched().keys() {
        let was_trusted = base.stands(role) && !draft.witnessed().contains(role);
        let (Some(old), Some(new), false) = (draft.loaded(role), draft.content(role), was_trusted) else { continue };
        let same = new.targets.iter().filter(|(tag, target)| old.content.targets.get(tag) == Some(target));
        let paths = draft.paths(role);
        found.extend(same.map(|(tag, _)| tag).filter(|tag| tag.is_within(&paths)));
    }
    found
}
