//! Taking tags away.

use super::applied::{Applied, Mark, Refusal, Result};
use super::listed::check_target_role;
use super::{Draft, DraftRemark};
use crate::tuf::{CanonicalKeyId, Role, TargetName, Targets};

/// Removes a tag from the named roles, or from all that can be signed here.
///
/// # Errors
/// [`Refusal`] for roles that are not there, and for those whose content nobody known speaks for.
pub(super) fn revoke(draft: &mut Draft<'_>, tag: &TargetName, named: &[Role]) -> Result<Applied> {
    for role in named {
        check_target_role(draft, role)?;
    }
    refuse_shut(draft, tag, named)?;
    let mut roles = Vec::new();
    for role in holders(draft, tag) {
        let wanted = if named.is_empty() { draft.can_sign(&role) } else { named.contains(&role) };
        if wanted {
            draft.tags_mut(&role)?.remove(tag);
            draft.touch(role.clone(), format!("revokes {tag}"));
            roles.push(role);
        } else {
            draft.remark(DraftRemark::StillListed { tag: tag.clone(), role });
        }
    }
    let applied = Applied::new(Mark::Removed, format!("tag {tag}"), roles);
    Ok(if applied.roles.is_empty() { applied.missing(nowhere(draft, tag, named)) } else { applied })
}

/// Whether a role lists the tag, or may do so, of those that a revocation is about.
pub(in crate::engine) fn may_be_listed(draft: &Draft<'_>, tag: &TargetName, named: &[Role]) -> bool {
    let is_meant = |role: &Role| named.is_empty() || named.contains(role);
    refuse_shut(draft, tag, named).is_err() || holders(draft, tag).iter().any(is_meant)
}

fn holders(draft: &Draft<'_>, tag: &TargetName) -> Vec<Role> {
    let all = std::iter::once(Role::Targets).chain(draft.tree().into_iter().map(Role::from));
    all.filter(|role| draft.content(role).is_some_and(|t: &Targets| t.targets.contains_key(tag))).collect()
}

/// Refuses to revoke a tag of a role that cannot be edited: what it really lists, nobody can say.
fn refuse_shut(draft: &Draft<'_>, tag: &TargetName, named: &[Role]) -> Result<()> {
    let Some(set) = draft.ground().set else { return Ok(()) };
    let all = std::iter::once(Role::Targets).chain(draft.tree().into_iter().map(Role::from));
    for role in all.filter(|role| if named.is_empty() { draft.can_sign(role) } else { named.contains(role) }) {
        let Some(refusal) = draft.shut(&role) else { continue };
        let files = [set.unknown(&role).map(|file| &file.content), set.last_good(&role).map(|good| good.content())];
        if files.into_iter().flatten().any(|content| content.targets.contains_key(tag)) || !named.is_empty() {
            return Err(refusal);
        }
    }
    Ok(())
}

/// Why a tag is revoked nowhere: another key is needed, or nobody has signed it.
fn nowhere(draft: &Draft<'_>, tag: &TargetName, named: &[Role]) -> Refusal {
    let listing: Vec<Role> = draft.remarks().iter().filter_map(|remark| remark.still_lists(tag)).collect();
    if listing.is_empty() {
        let place = if named.is_empty() { "no role lists it" } else { "the role does not list it" };
        return Refusal::of(None, format!("{tag} is not signed: {place}"), "look at the tags that are signed there");
    }
    let roles: Vec<&str> = listing.iter().map(Role::as_str).collect();
    if !named.is_empty() {
        let what = format!("{tag} is listed by {}, which was not named", roles.join(", "));
        return Refusal::of(listing.first().cloned(), what, "name that role, or none for all");
    }
    let keys = listing.iter().filter_map(|role| draft.role_keys(role)).flat_map(|keys| keys.keys);
    let mut lacks: Vec<CanonicalKeyId> = keys.map(|key| key.canonical_id().clone()).collect();
    lacks.sort();
    lacks.dedup();
    let ids: Vec<&str> = lacks.iter().map(CanonicalKeyId::short).collect();
    let what = format!("no key on this machine may sign {}, which list{} {tag}", roles.join(", "), s(roles.len()));
    let hint = format!("revoke it where one of these keys is, or load one: {}", ids.join(" "));
    Refusal { lacks, ..Refusal::of(listing.first().cloned(), what, hint) }
}

fn s(count: usize) -> &'static str {
    if count == 1 { "s" } else { "" }
}
