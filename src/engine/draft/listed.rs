//! Refuses roles that are not listed, or that nobody can say whether they are.

use super::Draft;
use super::applied::{Result, refuse};
use crate::tuf::{DelegationName, Role};

/// Refuses a delegation that is not there, or that nobody can say whether it is.
pub(super) fn unknown<T>(draft: &Draft<'_>, role: &DelegationName) -> Result<T> {
    if let Some(refusal) = draft.shut(&role.parent()) {
        return Err(refusal);
    }
    refuse(Role::from(role.clone()), format!("there is no delegation {role}"), "check the name, or add it first")
}

/// Refuses roles that cannot hold tags or are not there.
pub(super) fn check_target_role(draft: &Draft<'_>, role: &Role) -> Result<()> {
    match role {
        Role::Targets => Ok(()),
        Role::Delegation(name) if draft.entry(name).is_some() => Ok(()),
        Role::Delegation(name) => unknown(draft, name),
        base => refuse(base.clone(), format!("{base} holds no tags"), "name targets or a delegation"),
    }
}
