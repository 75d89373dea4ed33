//! What each kind of change does to a repository's files.
//!
//! Invariant: pure. A change either is applied whole, is found to change nothing, or is refused with the way out.
//! Source: docs/notary-v1.md sections 10, 12 and 14.5 to 14.8.

use super::applied::{Applied, Mark, Refusal, Result, refuse};
use super::change::{Change, SignedTarget, role_word};
use super::listed::{check_target_role, unknown};
use super::revoke::revoke;
use super::rotation::{renew_certificates, rotate};
use super::{Draft, DraftRemark};
use crate::tuf::{CanonicalKeyId, DelegationName, PublicKey, Role, SignerName, TargetName};

/// Applies one change.
///
/// # Errors
/// [`Refusal`]; the draft is as it was before.
pub fn apply(draft: &mut Draft<'_>, change: &Change) -> Result<Applied> {
    let is_there = draft.ground().set.is_some() || draft.creates().is_some();
    if !is_there && !matches!(change, Change::Create { .. } | Change::Delete | Change::Republish) {
        return refuse(None, "there is no trust data yet".to_owned(), "add a signer first, which creates it");
    }
    match change {
        Change::Create { root_key } => {
            let applied = Applied::new(Mark::Added, "repository".to_owned(), vec![Role::Root, Role::Targets]);
            if !is_there {
                draft.create(root_key.clone());
            }
            Ok(applied.unless(!is_there, "it has trust data already"))
        }
        Change::AddSigner { name, keys } => add_signer(draft, name, keys),
        Change::RemoveSigner { name } => remove_signer(draft, name),
        Change::RemoveSignerKey { name, key } => remove_signer_key(draft, name, key),
        Change::AddDelegation { role, keys, paths } => add_delegation(draft, role, keys, paths),
        Change::EditDelegation { role, remove_keys, remove_paths, clear_paths } => {
            let chosen = |path: &str| *clear_paths || remove_paths.iter().any(|p| p == path);
            edit_delegation(draft, role, remove_keys, chosen)
        }
        Change::RemoveDelegation { role } => {
            let applied =
                Applied::new(Mark::Removed, format!("delegation {}", role.short()), vec![role.clone().into()]);
            if draft.remove(role)? { Ok(applied) } else { unknown(draft, role) }
        }
        Change::PurgeKeys { keys } => purge(draft, keys),
        Change::Sign { tag, target, roles } => sign(draft, tag, target, roles),
        Change::Revoke { tag, roles } => revoke(draft, tag, roles),
        Change::Witness { role } => witness(draft, role),
        Change::Restore { role } => restore(draft, role),
        Change::Republish => republish(draft),
        Change::RotateKeys { role, keys, legacy } => rotate(draft, role, keys, legacy),
        Change::Delete => {
            draft.delete();
            Ok(Applied::new(Mark::Removed, "all trust data".to_owned(), Vec::new())
                .unless(is_there, "the server has no trust data"))
        }
    }
}

fn canonical(keys: &[PublicKey]) -> Vec<CanonicalKeyId> {
    keys.iter().map(|key| key.canonical_id().clone()).collect()
}

fn add_signer(draft: &mut Draft<'_>, name: &SignerName, keys: &[PublicKey]) -> Result<Applied> {
    if keys.is_empty() {
        return refuse(Role::from(name.role()), format!("signer {name} needs a key"), "give a public key file");
    }
    let (role, releases, all) = (name.role(), DelegationName::releases(), [String::new()]);
    let known = draft.entry(&role).is_some();
    let own = draft.add_to(&role, keys, &all)?;
    let shared = draft.add_to(&releases, keys, &all)?;
    let thing = match (known, keys.len()) {
        (false, _) => format!("signer {name}"),
        (true, 1) => format!("key of signer {name}"),
        (true, _) => format!("keys of signer {name}"),
    };
    let applied = Applied::new(Mark::Added, thing, vec![releases.into(), role.into()]);
    let happened = own.is_something() || shared.is_something();
    Ok(applied.about(&canonical(keys)).unless(happened, "the signer has these keys already"))
}

/// The signers other than `name` that hold `key`.
fn other_holder(draft: &Draft<'_>, name: &DelegationName, key: &CanonicalKeyId) -> Option<DelegationName> {
    let signers = draft.content(&Role::Targets).into_iter().flat_map(|t| t.delegations.iter().flatten());
    let mut others = signers.map(|d| &d.name).filter(|n| *n != name && !n.is_releases());
    let holds = |n: &&DelegationName| {
        let keys = draft.role_keys(&Role::Delegation((*n).clone()));
        keys.is_some_and(|keys| keys.keys.iter().any(|k| k.canonical_id() == key))
    };
    others.find(holds).cloned()
}

fn signer_keys(draft: &Draft<'_>, name: &SignerName) -> Result<Vec<CanonicalKeyId>> {
    let role = Role::from(name.role());
    match draft.role_keys(&role) {
        Some(keys) => Ok(canonical(&keys.keys)),
        None => match draft.shut(&Role::Targets) {
            Some(refusal) => Err(refusal),
            None => {
                let hint = "check the name; `delegation list` shows who there is";
                refuse(role, format!("there is no signer {name}"), hint)
            }
        },
    }
}

/// Removes keys from releases, but for those that another signer holds.
fn remove_from_releases(
    draft: &mut Draft<'_>,
    name: &SignerName,
    keys: &[CanonicalKeyId],
) -> Result<Vec<CanonicalKeyId>> {
    let mut gone = Vec::new();
    for key in keys {
        match other_holder(draft, &name.role(), key) {
            Some(signer) => draft.remark(DraftRemark::KeyKept { key: key.clone(), signer }),
            None => gone.push(key.clone()),
        }
    }
    draft.remove_keys(&DelegationName::releases(), &gone)
}

fn remove_signer(draft: &mut Draft<'_>, name: &SignerName) -> Result<Applied> {
    let keys = signer_keys(draft, name)?;
    remove_from_releases(draft, name, &keys)?;
    draft.remove(&name.role())?;
    let roles = vec![Role::releases(), name.role().into()];
    Ok(Applied::new(Mark::Removed, format!("signer {name}"), roles).about(&keys))
}

fn remove_signer_key(draft: &mut Draft<'_>, name: &SignerName, key: &CanonicalKeyId) -> Result<Applied> {
    if !signer_keys(draft, name)?.contains(key) {
        let what = format!("signer {name} has no key {}", key.short());
        return refuse(Role::from(name.role()), what, "check the ID; `delegation list` shows the keys");
    }
    let gone = std::slice::from_ref(key);
    remove_from_releases(draft, name, gone)?;
    draft.remove_keys(&name.role(), gone)?;
    let roles = vec![Role::releases(), name.role().into()];
    Ok(Applied::new(Mark::Removed, format!("key of signer {name}"), roles).about(gone))
}

fn add_delegation(
    draft: &mut Draft<'_>,
    role: &DelegationName,
    keys: &[PublicKey],
    paths: &[String],
) -> Result<Applied> {
    if draft.entry(role).is_none() {
        draft.check_room(role)?;
    }
    let parent = role.parent();
    if let Role::Delegation(above) = &parent
        && draft.entry(above).is_none()
    {
        let what = format!("{role} lies below {above}, which is not there");
        return refuse(parent.clone(), what, "add the upper one first");
    }
    let known = draft.entry(role).is_some();
    if !known && keys.is_empty() {
        return refuse(Role::from(role.clone()), format!("{role} is new and needs a key"), "give a public key file");
    }
    let allowed = draft.paths(&parent);
    let outside = paths.iter().find(|path| !allowed.iter().any(|above| path.starts_with(above.as_str())));
    if let Some(path) = outside {
        let what = format!("{parent} may not sign {path:?}, so {role} cannot either");
        return refuse(Role::from(role.clone()), what, "choose a path that begins with one of the upper role's");
    }
    let added = draft.add_to(role, keys, paths)?;
    let thing = if known { format!("to delegation {}", role.short()) } else { format!("delegation {}", role.short()) };
    let applied = Applied::new(Mark::Added, thing, vec![role.clone().into()]).about(&canonical(keys));
    Ok(applied.unless(added.is_something(), "the delegation has all of that already"))
}

fn edit_delegation(
    draft: &mut Draft<'_>,
    role: &DelegationName,
    keys: &[CanonicalKeyId],
    chosen: impl Fn(&str) -> bool,
) -> Result<Applied> {
    if draft.entry(role).is_none() {
        return unknown(draft, role);
    }
    let gone = draft.remove_keys(role, keys)?;
    let paths = draft.remove_paths(role, chosen)?;
    let applied = Applied::new(Mark::Removed, format!("from delegation {}", role.short()), vec![role.clone().into()]);
    Ok(applied.about(keys).unless(!gone.is_empty() || !paths.is_empty(), "the delegation has none of that"))
}

fn purge(draft: &mut Draft<'_>, keys: &[CanonicalKeyId]) -> Result<Applied> {
    if let Some(refusal) = draft.shut(&Role::Targets) {
        return Err(refusal);
    }
    let mut roles = Vec::new();
    for name in draft.tree() {
        let listed = draft.role_keys(&name.clone().into()).map(|k| canonical(&k.keys)).unwrap_or_default();
        if !listed.iter().any(|key| keys.contains(key)) {
            continue;
        }
        if draft.can_sign(&name.parent()) {
            draft.remove_keys(&name, keys)?;
            roles.push(Role::from(name));
        } else {
            draft.remark(DraftRemark::PurgeSkipped { role: name.into() });
        }
    }
    let happened = !roles.is_empty();
    let applied = Applied::new(Mark::Removed, "key everywhere".to_owned(), roles).about(keys);
    Ok(applied.unless(happened, "no delegation that can be changed here lists it"))
}

fn sign(draft: &mut Draft<'_>, tag: &TargetName, target: &SignedTarget, named: &[Role]) -> Result<Applied> {
    if TargetName::parse(tag.as_str()).is_err() {
        return refuse(None, format!("{tag} is no name that can be signed"), "give another name");
    }
    let Some(content) = target.target() else {
        return refuse(None, format!("the digest of {tag} is not hexadecimal of the right length"), "give sha256:HEX");
    };
    // Those that `docker trust sign` would choose. Source: docs/notary-v1.md section 14.5.
    let roles = if named.is_empty() { draft.signable(tag) } else { named.to_vec() };
    if roles.is_empty() {
        if let Some(refusal) = draft.shut(&Role::Targets) {
            return Err(refusal);
        }
        let what = format!("no key on this machine may sign {tag}");
        let hint = "add a signer with a key that you hold, or load the key of one";
        let tree = draft.tree().into_iter().map(Role::from).chain([Role::Targets]);
        let may = tree.filter(|role| draft.allows(role, tag)).filter_map(|role| draft.role_keys(&role));
        let lacks = may.flat_map(|keys| canonical(&keys.keys)).collect();
        return Err(Refusal { lacks, ..Refusal::of(None, what, hint) });
    }
    if !named.is_empty() {
        roles.iter().try_for_each(|role| check_signable(draft, role, tag))?;
    }
    if let Some(refusal) = roles.iter().find_map(|role| draft.shut(role)) {
        return Err(refusal);
    }
    let mut signed = Vec::new();
    for role in &roles {
        let same = draft.content(role).and_then(|t| t.targets.get(tag)) == Some(&content);
        let is_trusted = || draft.touched().contains_key(role) || draft.stands(role);
        if !(same && is_trusted()) {
            draft.tags_mut(role)?.insert(tag.clone(), content.clone());
            draft.touch(role.clone(), format!("signs {tag}"));
            signed.push(role.clone());
        }
    }
    let happened = !signed.is_empty();
    let shown = if happened { signed } else { roles };
    let mut applied = Applied::new(Mark::Added, format!("tag {tag}"), shown);
    applied.ids = vec![target.sha256.chars().take(8).collect()];
    Ok(applied.unless(happened, "these roles list it with this digest already"))
}

/// Refuses roles that cannot hold this tag.
fn check_signable(draft: &Draft<'_>, role: &Role, tag: &TargetName) -> Result<()> {
    check_target_role(draft, role)?;
    if draft.allows(role, tag) {
        return Ok(());
    }
    let what = format!("{role} may not sign {tag}: it is outside its paths");
    refuse(role.clone(), what, "choose another role, or add a path to this one")
}

fn restore(draft: &mut Draft<'_>, role: &Role) -> Result<Applied> {
    let word = role_word(role);
    let applied = Applied::new(Mark::Resigned, format!("last good {word}"), vec![role.clone()]);
    if matches!(role, Role::Root | Role::Snapshot | Role::Timestamp) {
        let what = format!("{role} lists no tags and is not restored by itself");
        return refuse(
            role.clone(),
            what,
            "without a role, restore sends the whole copy of a repository that was lost",
        );
    }
    if draft.stands(role) && draft.shut(role).is_none() {
        let what = "what the server has of it is good".to_owned();
        return Ok(applied.missing(Refusal::of(Some(role.clone()), what, "nothing needs to be done")));
    }
    if draft.shut(role).is_none() && draft.unseen(role).is_none() {
        // The last good file is there, but its signers have lost the role, or it has expired.
        return witness(draft, role);
    }
    if !draft.restore(role) {
        let what = format!("this machine has no good file of {word}");
        return refuse(role.clone(), what, "try where it was read before, such as on its signers' machines");
    }
    Ok(applied)
}

fn republish(draft: &mut Draft<'_>) -> Result<Applied> {
    let applied = Applied::new(Mark::Added, "this machine's verified copy".to_owned(), Vec::new());
    if draft.ground().set.is_some() || draft.creates().is_some() {
        let hint = "with a role, restore signs this machine's last good file of that one";
        return Ok(applied.missing(Refusal::of(None, "the server has trust data".to_owned(), hint)));
    }
    let Some(copy) = draft.ground().copy else {
        let what = "this machine has no whole verified copy of it".to_owned();
        return refuse(None, what, "try where the repository was read before, such as on its signers' machines");
    };
    let roles = std::iter::once(Role::Root).chain(super::begin::verified_files(copy).map(|(role, _)| role));
    let applied = Applied { roles: roles.collect(), ..applied };
    draft.republish();
    Ok(applied)
}

fn witness(draft: &mut Draft<'_>, role: &Role) -> Result<Applied> {
    if draft.creates().is_some() {
        return refuse(
            role.clone(),
            format!("{role} is signed anyway when the repository is created"),
            "drop this change",
        );
    }
    match role {
        Role::Root => {}
        Role::Targets => drop(draft.adopt(&Role::Targets)),
        Role::Snapshot | Role::Timestamp => {
            let what = format!("{role} is signed anew at every publish");
            return refuse(role.clone(), what, "nothing needs to be done");
        }
        Role::Delegation(name) => check_witness(draft, name)?,
    }
    draft.witness(role.clone());
    if *role == Role::Root {
        renew_certificates(draft);
    }
    let thing = if *role == Role::Root { "root".to_owned() } else { role_word(role).to_owned() };
    Ok(Applied::new(Mark::Resigned, thing, vec![role.clone()]))
}

fn check_witness(draft: &mut Draft<'_>, name: &DelegationName) -> Result<()> {
    let role = Role::from(name.clone());
    let Some(keys) = draft.role_keys(&role) else { return unknown(draft, name) };
    if keys.keys.is_empty() {
        return refuse(role, format!("{name} has no keys, so nobody can sign it"), "add a key to it first");
    }
    if keys.keys.len() < keys.threshold as usize {
        let what = format!("{name} needs {} keys and lists {}", keys.threshold, keys.keys.len());
        return refuse(role, what, "add keys to it first");
    }
    if !draft.adopt(&role) {
        if let Some(refusal) = draft.shut(&role) {
            return Err(refusal);
        }
        return refuse(role, format!("{name} has no file yet that could be signed again"), "sign a tag into it");
    }
    Ok(())
}
