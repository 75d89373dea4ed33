//! What acts of staging are called.

use std::collections::BTreeSet;

use crate::engine::draft::change::Change;
use crate::tuf::Gun;

/// What staging these is called.
pub(in crate::engine) fn describe_all(changes: &[(Gun, Change)]) -> String {
    match changes {
        [(gun, change)] => change.describe_at(gun.as_str()),
        [(gun, first), rest @ ..] if rest.iter().all(|(g, c)| g == gun && c.describe() == first.describe()) => {
            first.describe_at(gun.as_str())
        }
        [(gun, _), rest @ ..] if rest.iter().all(|(g, _)| g == gun) => format!("{} changes in {gun}", changes.len()),
        [(gun, first), rest @ ..] if rest.iter().all(|(_, c)| c.describe() == first.describe()) => {
            let others = rest.iter().filter(|(other, _)| other != gun).map(|(other, _)| other).collect::<BTreeSet<_>>();
            let word = if others.len() == 1 { "repository" } else { "repositories" };
            format!("{} and {} {word} more", first.describe_at(gun.as_str()), others.len())
        }
        more => format!("{} changes", more.len()),
    }
}
