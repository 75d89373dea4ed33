//! New keys for base roles, and new certificates for root keys.
//!
//! Invariant: pure. Source: docs/notary-v1.md section 12.

use std::collections::BTreeSet;

use super::Draft;
use super::applied::{Applied, Mark, Refusal, Result, refuse};
use super::base_roles::certificates_are_due;
use super::change::NewKeys;
use crate::tuf::{Algorithm, CanonicalKeyId, PublicKey, Role};

/// Puts new keys in the place of a base role's.
///
/// # Errors
/// [`Refusal`] for what Notary's clients or the keys do not allow.
pub(in crate::engine) fn rotate(
    draft: &mut Draft<'_>,
    role: &Role,
    keys: &NewKeys,
    legacy: &[PublicKey],
) -> Result<Applied> {
    if draft.creates().is_some() {
        let what = format!("the {role} key is made when the repository is created");
        return refuse(role.clone(), what, "drop this change");
    }
    match keys {
        NewKeys::Server => to_server(draft, role),
        NewKeys::Here(keys) => {
            check_legacy(draft, role, legacy)?;
            let applied = to_keys(draft, role, keys)?;
            draft.base.sign_also(legacy);
            Ok(applied)
        }
    }
}

/// Only what root itself still names as a root key of the past may sign beside the new ones.
fn check_legacy(draft: &Draft<'_>, role: &Role, legacy: &[PublicKey]) -> Result<()> {
    if legacy.is_empty() {
        return Ok(());
    }
    if *role != Role::Root {
        return refuse(role.clone(), "only root is signed with older keys too".to_owned(), "leave --legacy out");
    }
    let known = |key: &PublicKey| draft.base.root().is_some_and(|root| root.keys.contains_key(key.id()));
    match legacy.iter().find(|key| !known(key)) {
        None => Ok(()),
        Some(key) => {
            let what = format!("root does not name key {} any more", key.id().short());
            refuse(role.clone(), what, "leave --legacy out")
        }
    }
}

fn to_server(draft: &mut Draft<'_>, role: &Role) -> Result<Applied> {
    if !matches!(role, Role::Snapshot | Role::Timestamp) {
        let what = format!("a server never holds the {role} key");
        return refuse(role.clone(), what, "make a new one here, or give one with --key");
    }
    draft.base.leave_to_server(role);
    draft.touch(Role::Root, format!("lists a new {role} key of the server"));
    Ok(Applied::new(Mark::Resigned, format!("{role}, by server"), vec![Role::Root]))
}

fn to_keys(draft: &mut Draft<'_>, role: &Role, keys: &[PublicKey]) -> Result<Applied> {
    check(draft, role, keys)?;
    let ids = canonical(keys);
    let mut roles = vec![Role::Root];
    if draft.role_keys(role).is_some_and(|listed| canonical(&listed.keys) == ids) {
        let applied = Applied::new(Mark::Resigned, format!("{role} key"), roles).about(&ids);
        return Ok(applied.unless(false, "the role has this key already"));
    }
    draft.base.replace(role, keys);
    draft.touch(Role::Root, format!("lists a new {role} key"));
    match role {
        Role::Targets => {
            draft.content_mut(&Role::Targets)?;
            draft.touch(Role::Targets, "signed with its new key".to_owned());
            roles.push(Role::Targets);
        }
        Role::Snapshot => roles.push(Role::Snapshot),
        _ => {}
    }
    Ok(Applied::new(Mark::Resigned, format!("{role} key"), roles).about(&ids))
}

fn check(draft: &Draft<'_>, role: &Role, keys: &[PublicKey]) -> Result<()> {
    match role {
        Role::Root | Role::Targets | Role::Snapshot => {}
        Role::Timestamp => {
            return refuse(
                role.clone(),
                "only a server can hold the timestamp key".to_owned(),
                "leave it to the server",
            );
        }
        Role::Delegation(name) => {
            let what = format!("{name} is no base role");
            return refuse(
                role.clone(),
                what,
                "it is rotated with its signer: trustdeck rotate signer, or t on it in Roles",
            );
        }
    }
    let ids = canonical(keys);
    let threshold = draft.role_keys(role).map_or(1, |listed| listed.threshold as usize);
    if ids.len() < threshold {
        let what = format!("{role} must be signed by {threshold} keys, and {} come in their place", ids.len());
        return refuse(role.clone(), what, "give as many keys with --key");
    }
    let certifiable = |key: &&PublicKey| !matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Unknown(_));
    if let Some(key) = keys.iter().find(|key| *role == Role::Root && !certifiable(key)) {
        let what =
            format!("key {} cannot be a root key: Notary has no certificates for it", key.canonical_id().short());
        return refuse(role.clone(), what, "take an ECDSA or RSA key");
    }
    let absent = ids.iter().find(|id| !draft.ground().at_hand.contains(*id));
    absent.map_or(Ok(()), |id| {
        let what =
            format!("the new {role} key {} is not in the key store, so nobody here could sign with it", id.short());
        let refusal = Refusal::of(Some(role.clone()), what, "load its private half first, or plug its token in");
        Err(Refusal { lacks: vec![id.clone()], ..refusal })
    })
}

fn canonical(keys: &[PublicKey]) -> BTreeSet<CanonicalKeyId> {
    keys.iter().map(|key| key.canonical_id().clone()).collect()
}

/// Gives the root keys at hand new certificates, if renewing root would be of no use without.
pub(in crate::engine) fn renew_certificates(draft: &mut Draft<'_>) {
    let ground = draft.ground();
    if !draft.base.root().is_some_and(|root| certificates_are_due(root, ground.now)) {
        return;
    }
    if !draft.base.unwrap_root_keys(ground.at_hand).is_empty() {
        draft.touch(Role::Root, "gets a new certificate".to_owned());
    }
}
