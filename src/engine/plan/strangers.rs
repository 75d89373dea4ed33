//! Finds what a plan would sign unseen, and demands that somebody accepts it.

use std::collections::BTreeSet;

use super::names::Names;
use super::unknown::{TagBefore, UnknownFile, UnknownTag};
use super::warning::{Warnings, attack};
use super::{RepositoryPlan, RoleDiff, Weight};
use crate::engine::draft::Draft;
use crate::engine::draft::applied::Mark;
use crate::engine::draft::change::{Change, role_word};
use crate::engine::draft::signing::Rise;
use crate::engine::wording::{count, natural, some};
use crate::tuf::{Loaded, Origin, Role, Target, TargetName, Targets, TrustedSet};

/// What a plan would sign unseen.
pub(super) fn unknown_files(draft: &Draft<'_>, names: &Names<'_>) -> Vec<UnknownFile> {
    let Some(set) = draft.ground().set else { return Vec::new() };
    draft.touched().keys().filter_map(|role| Some(describe(set, role, draft.unseen(role)?, names))).collect()
}

fn describe(set: &TrustedSet, role: &Role, file: &Loaded<Targets>, names: &Names<'_>) -> UnknownFile {
    let good = set.last_good(role).map(|good| good.content());
    let mut tags: Vec<UnknownTag> =
        file.content.targets.iter().map(|(tag, target)| of_tag(set, role, tag, target, good)).collect();
    tags.sort_by(|a, b| natural(&a.tag, &b.tag));
    let listed = good.into_iter().flat_map(|good| good.targets.keys());
    let gone = listed.filter(|tag| !file.content.targets.contains_key(*tag)).map(ToString::to_string).collect();
    let delegations = file.content.delegations.iter().flatten().map(|entry| {
        let keys = file.content.delegation_role_keys(&entry.name).map(|listed| listed.keys).unwrap_or_default();
        let paths: Vec<String> = entry.paths.iter().map(|path| format!("{path:?}")).collect();
        let ids: Vec<&str> = keys.iter().map(|key| key.canonical_id().as_str()).collect();
        format!(
            "{} ({}) with keys {}, paths {}, threshold {}",
            entry.name.short(),
            names.of(&keys).join(", "),
            ids.join(" "),
            paths.join(" "),
            entry.threshold
        )
    });
    UnknownFile {
        role: role.clone(),
        version: file.content.version,
        sha256: file.envelope.sha256().to_owned(),
        removed: match &file.origin {
            Origin::Former(keys) => names.of(keys),
            _ => Vec::new(),
        },
        claimed: file.envelope.signatures().iter().map(|signature| signature.key.clone()).collect(),
        last_good: good.map(|good| good.version),
        tags,
        gone,
        delegations: delegations.collect(),
    }
}

fn of_tag(set: &TrustedSet, role: &Role, tag: &TargetName, target: &Target, good: Option<&Targets>) -> UnknownTag {
    let sha256 = |target: &Target| target.hashes.get("sha256").map(hex::encode).unwrap_or_default();
    let before = match good.and_then(|good| good.targets.get(tag)) {
        Some(old) if old.hashes == target.hashes && old.length == target.length => TagBefore::Same,
        Some(old) => TagBefore::Other(sha256(old)),
        None => TagBefore::Added,
    };
    let mut signed_by: Vec<String> = set
        .delegations()
        .keys()
        .map(|name| Role::Delegation(name.clone()))
        .chain([Role::Targets])
        .filter(|other| other != role)
        .filter(|other| {
            let good = set.verified(other).filter(|_| set.only_former(other).is_none());
            let listed = good.and_then(|verified| verified.content().targets.get(tag));
            listed.is_some_and(|known| known.hashes == target.hashes)
        })
        .map(|role| role_word(&role).to_owned())
        .collect();
    if before == TagBefore::Same {
        signed_by.insert(0, format!("{} before", role_word(role)));
    }
    UnknownTag { tag: tag.to_string(), digest: sha256(target), length: target.length, before, signed_by }
}

/// Signing what nobody known has signed: an acceptance of its own.
pub(super) fn warn(draft: &Draft<'_>, names: &Names<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    for file in &plan.unknown {
        let word = role_word(&file.role);
        let is_met = draft.ground().set.is_some_and(|set| set.newest_verified(&file.role).is_some());
        let headline = match (file.removed.is_empty(), is_met) {
            (false, _) => format!("only a removed key has signed {word}: this may be an attack"),
            (true, true) => format!("nobody known has signed {word}: this may be an attack"),
            (true, false) => format!("nobody known has signed {word}: its older keys are not known here"),
        };
        let known = |tag: &&UnknownTag| !tag.signed_by.is_empty();
        let (tags, by) = (count(file.tags.len(), "tag"), file.tags.iter().filter(known).count());
        let by_whom = match file.removed.is_empty() {
            true => {
                "without a valid signature of a key that is or was one of the role's, so anybody may have written it"
                    .to_owned()
            }
            false => format!(
                "signed by {}, removed since, and not as this machine verified it while that counted: it may have been \
                 written after the removal",
                file.removed.join(", ")
            ),
        };
        let mut detail = format!(
            "The server has version {} of it {by_whom}. Signing it again vouches for its {tags}, {by} of which \
             somebody known has signed",
            file.version
        );
        if !file.delegations.is_empty() {
            detail.push_str(&format!(", and for its {}", count(file.delegations.len(), "delegation")));
        }
        detail.push_str(". Compare each line with whoever built the image, by another way than this server.");
        let mut warning = attack(Weight::Danger, headline, detail);
        if let Some(version) = file.last_good {
            let words = format!("sign the last good file of {word} (version {version}) instead, same publish");
            warning.fix = Some((vec![Change::Restore { role: file.role.clone() }], words));
        }
        found.push(warning);
    }
    older(draft, found);
    left_out(draft, names, found);
    jumps(draft, names, found);
    untouched(draft, plan, found);
}

/// Files to sign that are older than one of which this machine knows, though those who sign now have signed them.
fn older(draft: &Draft<'_>, found: &mut Warnings) {
    let Some(set) = draft.ground().set else { return };
    for role in draft.touched().keys() {
        // Of one that is shown the review says what it lists.
        let is_restored = draft.is_restored(role) && set.is_hidden(role);
        let base = if is_restored { set.last_good(role) } else { set.verified(role) };
        let Some(base) = base.map(|base| base.content().version) else { continue };
        let Some(known) = set.listed_keys().former(role).filter(|known| known.version > base) else { continue };
        let word = role_word(role);
        let (headline, detail) = if is_restored {
            let headline = format!("the last good file of {word} is older than one that this machine knows");
            let detail = format!(
                "Version {base} is signed again, and version {} was on the server before it was hidden, whose signer has \
                 left since: what only that one lists is lost. Ask who signed it, and whoever runs the server for the file.",
                known.version
            );
            (headline, detail)
        } else {
            let headline = format!("{word} on the server is older than the one that this machine knows");
            let detail = format!(
                "The server has version {base} of it, and version {} was here, whose signer has left since: what only that \
                 one lists is lost when this one is signed. A server that was restored from a backup looks like this, and \
                 so does an attack. Ask whoever runs it, and compare the tags.",
                known.version
            );
            (headline, detail)
        };
        found.push(attack(Weight::Danger, headline, detail));
    }
}

/// Tags of a file that only removed keys have signed, in whose place the last good one is signed again.
fn left_out(draft: &Draft<'_>, names: &Names<'_>, found: &mut Warnings) {
    let Some(set) = draft.ground().set else { return };
    for role in draft.touched().keys().filter(|role| draft.is_restored(role)) {
        let (Some(file), Some(good)) = (set.only_former(role), set.last_good(role)) else { continue };
        let good = &good.content().targets;
        let differs = |(tag, target): &(&TargetName, &Target)| {
            good.get(*tag).is_none_or(|old| old.hashes != target.hashes || old.length != target.length)
        };
        let mut tags: Vec<String> =
            file.content.targets.iter().filter(differs).map(|(tag, _)| tag.to_string()).collect();
        if tags.is_empty() {
            continue;
        }
        tags.sort_by(|a, b| natural(a, b));
        let by = if let Origin::Former(keys) = &file.origin { some(&names.of(keys)) } else { String::new() };
        let word = role_word(role);
        let headline = format!("{} of the newer {word} left out: {}", count(tags.len(), "tag"), some(&tags));
        let detail = format!(
            "{by}, removed since, has signed version {} with it, perhaps after the removal. The last good file says \
             something else or nothing. Ask {by}, and sign what is right anew.",
            file.content.version
        );
        found.push(attack(Weight::Warning, headline, detail));
    }
}

/// Roles that look attacked and that the plan leaves so. Where it takes keys from one whose good file this machine has,
/// clients that still see that file lose its tags, whatever the server shows here.
fn untouched(draft: &Draft<'_>, plan: &RepositoryPlan, found: &mut Warnings) {
    /// A server may hide thousands of roles.
    const NAMED: usize = 8;
    let base = Draft::new(draft.ground());
    let roles = base.tree().into_iter().map(Role::from).filter_map(|role| Some((draft.doubt(&role)?, role)));
    let (losing, others): (Vec<_>, Vec<_>) = roles.partition(|(_, role)| loses_tags(draft, plan, role));
    for ((what, before), role) in losing {
        let word = role_word(&role);
        let detail =
            format!("{before}. Keys of it are taken away: for clients that have that file its tags are orphaned.");
        let mut warning = attack(Weight::Danger, what, detail);
        if draft.can_sign(&role) {
            let words = format!("sign the last good file of {word} again, same publish");
            warning.fix = Some((vec![Change::Restore { role }], words));
        }
        found.push(warning);
    }
    let hint = "It does not count, and this publish does not mend it.";
    let warnings = others.iter().map(|((what, before), _)| attack(Weight::Warning, what, format!("{before}. {hint}")));
    found.extend(warnings.take(NAMED));
    if let Some(more) = others.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let headline = format!("{more} more roles do not count: this may be an attack");
        found.push(attack(Weight::Warning, headline, "`trustdeck status` names them all."));
    }
}

/// Whether the plan takes keys from a role that clients pull from and whose last good file lists tags.
fn loses_tags(draft: &Draft<'_>, plan: &RepositoryPlan, role: &Role) -> bool {
    let good = draft.ground().set.and_then(|set| set.last_good(role));
    let has_tags = good.is_some_and(|good| !good.content().targets.is_empty());
    let loses = |diff: &RoleDiff| diff.mark == Mark::Removed || diff.keys.iter().any(|key| key.mark == Mark::Removed);
    has_tags && role.is_released() && plan.roles.iter().any(|diff| diff.role == *role && loses(diff))
}

/// Versions far above what was verified: from files that keys of now have not signed.
fn jumps(draft: &Draft<'_>, names: &Names<'_>, found: &mut Warnings) {
    let roles: BTreeSet<&Role> = draft.touched().keys().collect();
    for role in roles {
        let next = draft.next_version(role, &crate::tuf::verify::SeenRoles::new());
        let (rise, word, verified) = (draft.rise(role, next), role_word(role), draft.verified_version(role));
        let former = draft.ground().set.and_then(|set| set.former_signers(role)).map(|(_, keys)| names.of(keys));
        let by = former.as_ref().map_or_else(
            || "none of its keys has signed".to_owned(),
            |signers| format!("counted only by the signature of {}, removed since", signers.join(", ")),
        );
        let begins = rise == Rise::Far && verified.is_none();
        let headline = match begins {
            true => format!("{word} would begin with version {next}"),
            false => format!("the version of {word} would jump to {next}"),
        };
        let verified = verified.map_or_else(|| "none".to_owned(), |version| version.to_string());
        let demands = format!(
            "The highest version that was verified is {verified}; the server demands more because of a file that {by}."
        );
        let (weight, detail) = match rise {
            Rise::Usual => continue,
            Rise::Far if begins => {
                let by = if former.is_some() { by } else { "nobody known has signed".to_owned() };
                let detail = format!(
                    "This machine has verified no version of it, and the server demands one above that of a file that \
                     {by}. Ask its signers whether they have published so often."
                );
                (Weight::Danger, detail)
            }
            Rise::Far => {
                let detail = format!(
                    "{demands} So often may have been published before the removal; but whoever has that key still can \
                     use up the versions of the role so. Ask its signers whether they have published so often."
                );
                (Weight::Danger, detail)
            }
            Rise::TooFar => {
                let detail = format!(
                    "{demands} After such a jump there may be no room for another version: ask whoever runs the server to \
                     remove that file."
                );
                (Weight::Block, detail)
            }
        };
        found.push(attack(weight, headline, detail));
    }
}
