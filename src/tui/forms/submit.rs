//! What a filled-in form comes to.

use std::path::PathBuf;

use super::pasted;
use crate::engine::reference::parse_bare;
use crate::engine::tags::candidate::WantedTag;
use crate::engine::{Change, Health, SignedTarget, typed};
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey, Role, SignerName, TargetName};
use crate::tui::dialogs::form::{Form, Purpose, Wait};
use crate::tui::dialogs::label::Label;
use crate::tui::messages::effect::Effect;
use crate::tui::messages::registry::{LookUp, RegistryWork};
use crate::tui::state::{State, staging};

/// Checks a form. `None`: something is missing, and the cursor was put there.
///
/// # Errors
/// What is wrong, in a sentence.
pub(in crate::tui) fn submit(form: &mut Form, state: &mut State) -> Result<Option<Vec<Effect>>, String> {
    let purpose = form.purpose.clone();
    let by_token = is_token(form);
    if !form.is_complete(|label| must(&purpose, by_token, label))? {
        return Ok(None);
    }
    match purpose {
        Purpose::AddRepository => {
            let name = form.text(Label::Repository).to_owned();
            // A name that Docker would not take can still be a collection of notary.
            let parsed = parse_bare(&name, false).or_else(|first| parse_bare(&name, true).map_err(|_| first));
            state.here.wanted = Some(parsed.map_err(|error| error.to_string())?);
            Ok(Some(vec![Effect::AddRepository(name)]))
        }
        Purpose::AddSigner { .. } => {
            signer_name(form).inspect_err(|_| form.focus_on(Label::Name))?;
            Ok(Some(read_files(form)))
        }
        Purpose::AddDelegation { .. } => {
            delegation_name(form).inspect_err(|_| form.focus_on(Label::Role))?;
            if form.paths().is_empty() { Ok(Some(with_keys(form, state, vec![])?)) } else { Ok(Some(read_files(form))) }
        }
        Purpose::EditDelegation { .. } => {
            if form.paths().is_empty() {
                Ok(Some(with_keys(form, state, vec![])?))
            } else {
                Ok(Some(read_files(form)))
            }
        }
        Purpose::SignTag { gun } => sign(form, state, gun).map(Some),
        Purpose::SignMarked { gun, tags } => {
            let wanted = tags.into_iter().map(|tag| WantedTag { tag, target: None }).collect();
            look_up(form, gun, wanted).map(Some)
        }
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
        Purpose::AddRepository | Purpose::NameServer => true,
        Purpose::LogIn { .. } => label != Label::User || !by_token,
        Purpose::AddSigner { .. } => matches!(label, Label::Name | Label::KeyFile),
        Purpose::AddDelegation { .. } => label == Label::Role,
        Purpose::SignTag { .. } => label == Label::Tag,
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
        form.error = Some(error.into());
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
        let staged = state.stage.changes.iter().filter(|staged| staged.gun == *gun).map(|staged| &staged.change);
        let signer = Change::AddSigner { name: name.clone(), keys: keys.to_vec() };
        let creation = signer.creation(staged).filter(|_| is_new);
        changes.extend(creation.into_iter().chain([signer]).map(|change| (gun.clone(), change)));
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

/// Signs what was typed once the registry has it; without a digest, what the registry holds.
fn sign(form: &mut Form, state: &State, gun: Gun) -> Result<Vec<Effect>, String> {
    let typed = form.text(Label::Tag).to_owned();
    if pasted::fill(form, &typed)
        && let Some(error) = form.error.take()
    {
        return Err(error.what);
    }
    let tag = |form: &Form| TargetName::parse(form.text(Label::Tag)).map_err(|e| e.to_string());
    let wanted = match (form.text(Label::Digest), form.text(Label::Size)) {
        ("", "") => WantedTag { tag: tag(form)?, target: None },
        (digest, "") if !state.here.offline => {
            let target = typed::unsized_manifest(digest).map_err(|e| e.to_string())?;
            WantedTag { tag: tag(form)?, target: Some(target) }
        }
        _ => {
            let (tag, target) = signed_target(form)?;
            WantedTag { tag, target: Some(target) }
        }
    };
    match wanted {
        WantedTag { tag, target: Some(target) } if state.here.offline => {
            Ok(staging::add(state, vec![(gun, Change::Sign { tag, target, roles: roles_typed(form)? })]))
        }
        WantedTag { target: None, .. } if state.here.offline => {
            Err("the registry is not asked while offline; give digest and size".to_owned())
        }
        wanted => look_up(form, gun, vec![wanted]),
    }
}

fn look_up(form: &mut Form, gun: Gun, wanted: Vec<WantedTag>) -> Result<Vec<Effect>, String> {
    let roles = roles_typed(form)?;
    form.busy = Some(Wait::Work("asking the registry"));
    Ok(vec![Effect::Registry(RegistryWork::LookUp(LookUp { gun, wanted, roles, of_form: true }))])
}

fn roles_typed(form: &Form) -> Result<Vec<Role>, String> {
    let names = form.text(Label::Roles).split([',', ' ']).filter(|name| !name.is_empty());
    names.map(|name| typed::role(name).map_err(|e| e.to_string())).collect()
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
