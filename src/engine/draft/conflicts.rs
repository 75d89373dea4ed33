//! Which staged changes cannot stand beside each other, and the way out.

use super::Draft;
use super::applied::Refusal;
use super::apply::apply;
use super::change::{Change, StagedChange, role_word};
use crate::tuf::{DelegationName, Role};

const DROP: &str = "drop that first, or publish it";

/// Refuses `new` if it contradicts a change that is staged for the same repository.
pub(in crate::engine) fn contradiction(staged: &Change, new: &Change) -> Option<Refusal> {
    let refusal = |role: Option<Role>, what: String| Some(Refusal::of(role, what, DROP));
    let beside = || format!("{} is staged already", staged.describe());
    match (staged, new) {
        (Change::Republish, _) | (_, Change::Republish) => {
            refusal(None, format!("{}, and a copy is sent alone", beside()))
        }
        (Change::Delete, _) => refusal(None, format!("{}, and a deletion is published alone", beside())),
        (_, Change::Delete) => {
            refusal(None, format!("a deletion is published alone, and another change is staged: {}", staged.describe()))
        }
        (Change::Create { .. }, Change::Create { .. }) => refusal(None, format!("{} with another root key", beside())),
        (Change::Create { .. }, Change::RotateKeys { role, .. })
        | (Change::RotateKeys { role, .. }, Change::Create { .. }) => {
            refusal(Some(role.clone()), format!("{}, which makes a new {role} key anyway", beside()))
        }
        (Change::RotateKeys { role, .. }, Change::RotateKeys { role: other, .. }) if role == other => {
            refusal(Some(role.clone()), beside())
        }
        (Change::AddSigner { name, .. }, Change::RemoveSigner { name: other })
        | (Change::RemoveSigner { name: other }, Change::AddSigner { name, .. })
            if name == other =>
        {
            refusal(Some(name.role().into()), beside())
        }
        (Change::AddDelegation { role, .. }, Change::RemoveDelegation { role: other })
        | (Change::RemoveDelegation { role: other }, Change::AddDelegation { role, .. })
            if role == other =>
        {
            refusal(Some(role.clone().into()), beside())
        }
        (Change::Sign { tag, roles, .. }, Change::Sign { tag: other, roles: others, .. })
        | (Change::Sign { tag, roles, .. }, Change::Revoke { tag: other, roles: others })
        | (Change::Revoke { tag, roles }, Change::Sign { tag: other, roles: others, .. })
            if tag == other && overlap(roles, others) =>
        {
            refusal(None, beside())
        }
        _ => needs_removed_role(staged, new, &beside),
    }
}

/// Whether `new` takes the place of a change that is staged: it signs or revokes the tag that this signs, in all its roles.
pub(in crate::engine) fn replaces(new: &Change, staged: &Change) -> bool {
    let Change::Sign { tag: other, roles: others, .. } = staged else { return false };
    let is_within = |roles: &[Role]| others.iter().all(|role| roles.contains(role));
    match new {
        Change::Sign { tag, roles, .. } => tag == other && roles.is_empty() == others.is_empty() && is_within(roles),
        // Without roles, in all that this machine can sign.
        Change::Revoke { tag, roles } => tag == other && (roles.is_empty() || !others.is_empty() && is_within(roles)),
        _ => false,
    }
}

/// No roles means those that are chosen when the plan is made, which may be any.
fn overlap(a: &[Role], b: &[Role]) -> bool {
    a.is_empty() || b.is_empty() || a.iter().any(|role| b.contains(role))
}

fn needs_removed_role(staged: &Change, new: &Change, beside: &dyn Fn() -> String) -> Option<Refusal> {
    let of_pair = |remover: &Change, user: &Change| {
        let gone = removed_role(remover)?;
        uses(user).into_iter().find(|role| is_within(role, &gone))
    };
    let role = of_pair(staged, new).or_else(|| of_pair(new, staged))?;
    let what = format!("{}, which goes against it: {} would be gone", beside(), role_word(&role));
    Some(Refusal::of(Some(role), what, DROP))
}

fn removed_role(change: &Change) -> Option<DelegationName> {
    match change {
        Change::RemoveSigner { name } => Some(name.role()),
        Change::RemoveDelegation { role } => Some(role.clone()),
        _ => None,
    }
}

/// Roles that must still be there once a change is applied.
fn uses(change: &Change) -> Vec<Role> {
    match change {
        Change::Sign { roles, .. } | Change::Revoke { roles, .. } => roles.clone(),
        Change::Witness { role } | Change::Restore { role } => vec![role.clone()],
        Change::AddDelegation { role, .. } | Change::EditDelegation { role, .. } => vec![role.clone().into()],
        Change::RemoveSignerKey { name, .. } => vec![name.role().into()],
        _ => Vec::new(),
    }
}

fn is_within(role: &Role, gone: &DelegationName) -> bool {
    let Role::Delegation(name) = role else { return false };
    name == gone || name.as_str().strip_prefix(gone.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Applies what is staged, then what is new. Old changes that no longer fit are the plan's to report.
pub(in crate::engine) fn applicable(
    mut draft: Draft<'_>,
    staged: &[&StagedChange],
    new: &[&StagedChange],
) -> Result<(), Refusal> {
    for entry in staged {
        apply(&mut draft, &entry.change).ok();
    }
    for entry in new {
        let cannot = |refusal: Refusal| {
            let what = format!("cannot {}: {}", entry.change.describe(), refusal.what);
            Refusal { what, ..refusal }
        };
        if let Some(missing) = apply(&mut draft, &entry.change).map_err(cannot)?.missing {
            return Err(cannot(missing));
        }
    }
    Ok(())
}
