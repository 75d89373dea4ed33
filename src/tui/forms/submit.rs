//! What a filled-in form comes to.

use std::path::PathBuf;

use crate::engine::{Change, Health, RootKeyChoice, SignedTarget, typed};
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey, Role, SignerName, TargetName};
use crate::tui::dialogs::form::{Form, Purpose, Wait};
use crate::tui::dialogs::label::Label;
use crate::tui::messages::effect::Effect;
use crate::tui::state::{State, staging};

/// Checks a form. `None`: something is missing, and the cursor was put there.
///
/// # Errors
/// What is wrong, in a sentence.
pub(in crate::tui) fn submit(form: &mut Form, state: &State) -> Result<Option<Vec<Effect>>, String> {
    let purpose = form.purpose.clone();
    let by_token = is_token(form);
    if !form.is_complete(|label| must(&purpose, by_token, label))? {
        return Ok(None);
    }
    match purpose {
        Purpose::AddRepository => Ok(Some(vec![Effect::AddRepository(form.text(Label::Repository).to_owned())])),
        Purpose::AddSigner { .. } => {
            signer_name(form)?;
            Ok(Some(read_files(form)))
        }
        Purpose::AddDelegation { .. } => {
            delegation_name(form)?;
            if form.paths().is_empty() { Ok(Some(with_keys(form, state, vec![])?)) } else { Ok(Some(read_files(form))) }
        }
        Purpose::EditDelegation { .. } => {
            if form.paths().is_empty() {
                Ok(Some(with_keys(form, state, vec![])?))
            } else {
                Ok(Some(read_files(form)))
            }
        }
        Purpose::SignTag { gun } => Ok(Some(staging::add(state, vec![(gun, sign(form)?)]))),
        Purpose::LogIn { gun, host } => {
            let user = (!is_token(form)).then(|| form.text(Label::User).to_owned());
            let secret = form.secret(Label::Password);
            Ok(Some(vec![Effect::LogIn { gun, host, user, secret }]))
        }
        _ => Ok(None),
    }
}

/// Whether a login is by identity token, which needs no user.
fn is_token(form: &Form) -> bool {
    form.switches().first().copied().unwrap_or(false)
}

/// Whether a field must be filled in.
fn must(purpose: &Purpose, by_token: bool, label: Label) -> bool {
    match purpose {
        Purpose::AddRepository => true,
        Purpose::LogIn { .. } => label != Label::User || !by_token,
        Purpose::AddSigner { .. } => matches!(label, Label::Name | Label::KeyFile),
        Purpose::AddDelegation { .. } => label == Label::Role,
        Purpose::SignTag { .. } => label != Label::Roles,
        _ => false,
    }
}

fn read_files(form: &mut Form) -> Vec<Effect> {
    let paths = form.paths().into_iter().map(PathBuf::from).collect();
    form.busy = Some(Wait::Work("reading the key files"));
    form.error = None;
    vec![Effect::ReadKeyFiles(paths)]
}

/// Takes the public keys that the files of a form hold.
///
/// # Errors
/// The form again, saying what is wrong.
pub fn files_read(
    mut form: Form,
    state: &State,
    keys: Result<Vec<PublicKey>, String>,
) -> Result<Vec<Effect>, Box<Form>> {
    form.busy = None;
    keys.and_then(|keys| with_keys(&form, state, keys)).map_err(|error| {
        form.error = Some(error);
        Box::new(form)
    })
}

/// Goes on once the key files were read.
///
/// # Errors
/// What is wrong, in a sentence.
fn with_keys(form: &Form, state: &State, keys: Vec<PublicKey>) -> Result<Vec<Effect>, String> {
    match &form.purpose {
        Purpose::AddSigner { guns } => add_signer(form, state, guns, &keys),
        Purpose::AddDelegation { gun } => {
            let role = delegation_name(form)?;
            let paths = paths_typed(form, Label::Paths, form.switches().first() == Some(&true));
            Ok(staging::add(state, vec![(gun.clone(), Change::AddDelegation { role, keys, paths })]))
        }
        Purpose::EditDelegation { gun, role, keys: listed } => {
            let changes = edit_delegation(form, role, listed, keys);
            if changes.is_empty() {
                return Err("nothing was changed".to_owned());
            }
            Ok(staging::add(state, changes.into_iter().map(|c| (gun.clone(), c)).collect()))
        }
        _ => Ok(vec![]),
    }
}

fn add_signer(form: &Form, state: &State, guns: &[Gun], keys: &[PublicKey]) -> Result<Vec<Effect>, String> {
    let name = signer_name(form)?;
    let mut changes = Vec::new();
    for gun in guns {
        let is_new = state.find(gun).is_some_and(|r| r.health() == Health::New);
        let created = state.stage.changes.iter().any(|s| s.gun == *gun && matches!(s.change, Change::Create { .. }));
        if is_new && !created {
            changes.push((gun.clone(), Change::Create { root_key: RootKeyChoice::Auto }));
        }
        changes.push((gun.clone(), Change::AddSigner { name: name.clone(), keys: keys.to_vec() }));
    }
    Ok(staging::add(state, changes))
}

fn edit_delegation(form: &Form, role: &DelegationName, listed: &[CanonicalKeyId], keys: Vec<PublicKey>) -> Vec<Change> {
    let switches = form.switches();
    let (all_paths, keep) = switches.split_first().map_or((false, &[][..]), |(all, keep)| (*all, keep));
    let mut changes = Vec::new();
    let paths = paths_typed(form, Label::AddPaths, all_paths);
    if !keys.is_empty() || !paths.is_empty() {
        changes.push(Change::AddDelegation { role: role.clone(), keys, paths });
    }
    let removed = listed.iter().zip(keep).filter(|(_, keep)| !**keep);
    let remove_keys: Vec<CanonicalKeyId> = removed.map(|(id, _)| id.clone()).collect();
    let remove_paths = paths_typed(form, Label::DropPaths, false);
    if !remove_keys.is_empty() || !remove_paths.is_empty() {
        changes.push(Change::EditDelegation { role: role.clone(), remove_keys, remove_paths, clear_paths: false });
    }
    changes
}

/// Path prefixes, separated by blanks or commas; all paths is the empty prefix.
fn paths_typed(form: &Form, label: Label, all: bool) -> Vec<String> {
    if all {
        return vec![String::new()];
    }
    let typed = form.text(label).split([',', ' ']).filter(|p| !p.is_empty());
    typed.map(str::to_owned).collect()
}

fn signer_name(form: &Form) -> Result<SignerName, String> {
    SignerName::parse(form.text(Label::Name)).map_err(|e| e.to_string())
}

fn delegation_name(form: &Form) -> Result<DelegationName, String> {
    typed::delegation(form.text(Label::Role)).map_err(|e| e.to_string())
}

fn sign(form: &Form) -> Result<Change, String> {
    let (tag, target) = signed_target(form)?;
    let names = form.text(Label::Roles).split([',', ' ']).filter(|name| !name.is_empty());
    let roles =
        names.map(|name| typed::role(name).map_err(|e| e.to_string())).collect::<Result<Vec<Role>, String>>()?;
    Ok(Change::Sign { tag, target, roles })
}

/// A tag, its digest and size, from the fields of these names.
///
/// # Errors
/// What is wrong, in a sentence.
pub(in crate::tui) fn signed_target(form: &Form) -> Result<(TargetName, SignedTarget), String> {
    let tag = TargetName::parse(form.text(Label::Tag)).map_err(|e| e.to_string())?;
    let target = typed::manifest(form.text(Label::Digest), form.text(Label::Size)).map_err(|e| e.to_string())?;
    Ok((tag, target))
}
