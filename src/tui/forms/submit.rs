//! What a filled-in form comes to.

use std::path::PathBuf;

use crate::engine::{Change, Health, RootKeyChoice, SignedTarget};
use crate::tuf::{CanonicalKeyId, DelegationName, Gun, PublicKey, Role, SignerName, TargetName};
use crate::tui::dialogs::form::{Form, Input, Purpose};
use crate::tui::messages::effect::Effect;
use crate::tui::state::State;
use crate::tui::state::words;
use crate::tui::wizard::forms;

/// Checks a form. `None`: something is missing, and the cursor was put there.
///
/// # Errors
/// What is wrong, in a sentence.
pub(in crate::tui) fn submit(form: &mut Form, state: &State) -> Result<Option<Vec<Effect>>, String> {
    if let Some(empty) = first_empty(form) {
        if form.focus == empty {
            return Err(format!("{} is still empty", form.fields.get(empty).map_or("a field", |f| f.label)));
        }
        form.focus = empty;
        return Ok(None);
    }
    match form.purpose.clone() {
        Purpose::AddRepository => Ok(Some(vec![Effect::AddRepository(form.text("repository").to_owned())])),
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
        Purpose::SignTag { gun } => Ok(Some(words::stage(state, vec![(gun, sign(form)?)]))),
        Purpose::Wizard(ask) => forms::submit(form, &ask, state).map(Some),
        Purpose::LogIn { gun, host } => {
            let user = (!is_token(form)).then(|| form.text("user").to_owned());
            let secret = form.secret("password");
            Ok(Some(vec![Effect::LogIn { gun, host, user, secret }]))
        }
        _ => Ok(None),
    }
}

/// Whether a login is by identity token, which needs no user.
fn is_token(form: &Form) -> bool {
    form.switches().first().copied().unwrap_or(false)
}

/// The first field that must be filled in and is not.
fn first_empty(form: &Form) -> Option<usize> {
    let must = |purpose: &Purpose, label: &str| match purpose {
        Purpose::AddRepository => true,
        Purpose::LogIn { .. } => label != "user" || !is_token(form),
        Purpose::AddSigner { .. } => matches!(label, "name" | "key file"),
        Purpose::AddDelegation { .. } => label == "role",
        Purpose::EditDelegation { .. } => false,
        Purpose::SignTag { .. } => label != "roles",
        Purpose::Wizard(ask) => forms::must(ask, label),
        _ => false,
    };
    form.fields.iter().position(|field| {
        let empty = match &field.input {
            Input::Text(text) | Input::Path(text) => text.trimmed().is_empty(),
            Input::Secret(secret) | Input::NewSecret(secret) => secret.is_empty(),
            Input::Switch(..) | Input::Pick(..) | Input::Token(..) => false,
        };
        empty && must(&form.purpose, field.label)
    })
}

fn read_files(form: &mut Form) -> Vec<Effect> {
    let paths = form.paths().into_iter().map(PathBuf::from).collect();
    form.busy = Some("reading the key files");
    form.error = None;
    vec![Effect::ReadKeyFiles(paths)]
}

/// Goes on once the key files were read.
///
/// # Errors
/// What is wrong, in a sentence.
pub(in crate::tui) fn with_keys(form: &Form, state: &State, keys: Vec<PublicKey>) -> Result<Vec<Effect>, String> {
    match &form.purpose {
        Purpose::AddSigner { guns } => add_signer(form, state, guns, &keys),
        Purpose::AddDelegation { gun } => {
            let role = delegation_name(form)?;
            let paths = paths_typed(form, "paths", form.switches().first() == Some(&true));
            Ok(words::stage(state, vec![(gun.clone(), Change::AddDelegation { role, keys, paths })]))
        }
        Purpose::EditDelegation { gun, role, keys: listed } => {
            let changes = edit_delegation(form, role, listed, keys);
            if changes.is_empty() {
                return Err("nothing was changed".to_owned());
            }
            Ok(words::stage(state, changes.into_iter().map(|c| (gun.clone(), c)).collect()))
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
    Ok(words::stage(state, changes))
}

fn edit_delegation(form: &Form, role: &DelegationName, listed: &[CanonicalKeyId], keys: Vec<PublicKey>) -> Vec<Change> {
    let switches = form.switches();
    let (all_paths, keep) = switches.split_first().map_or((false, &[][..]), |(all, keep)| (*all, keep));
    let mut changes = Vec::new();
    let paths = paths_typed(form, "add paths", all_paths);
    if !keys.is_empty() || !paths.is_empty() {
        changes.push(Change::AddDelegation { role: role.clone(), keys, paths });
    }
    let removed = listed.iter().zip(keep).filter(|(_, keep)| !**keep);
    let remove_keys: Vec<CanonicalKeyId> = removed.map(|(id, _)| id.clone()).collect();
    let remove_paths = paths_typed(form, "drop paths", false);
    if !remove_keys.is_empty() || !remove_paths.is_empty() {
        changes.push(Change::EditDelegation { role: role.clone(), remove_keys, remove_paths, clear_paths: false });
    }
    changes
}

/// Path prefixes, separated by blanks or commas; all paths is the empty prefix.
fn paths_typed(form: &Form, label: &str, all: bool) -> Vec<String> {
    if all {
        return vec![String::new()];
    }
    let typed = form.text(label).split([',', ' ']).filter(|p| !p.is_empty());
    typed.map(str::to_owned).collect()
}

fn signer_name(form: &Form) -> Result<SignerName, String> {
    SignerName::parse(form.text("name")).map_err(|e| e.to_string())
}

fn delegation_name(form: &Form) -> Result<DelegationName, String> {
    let typed = form.text("role");
    let full = if typed.starts_with("targets/") { typed.to_owned() } else { format!("targets/{typed}") };
    DelegationName::parse(&full).map_err(|e| e.to_string())
}

fn sign(form: &Form) -> Result<Change, String> {
    let (tag, target) = signed_target(form)?;
    let mut roles = Vec::new();
    for name in form.text("roles").split([',', ' ']).filter(|r| !r.is_empty()) {
        let full =
            if name == "targets" || name.starts_with("targets/") { name.to_owned() } else { format!("targets/{name}") };
        roles.push(Role::parse(&full).map_err(|e| e.to_string())?);
    }
    Ok(Change::Sign { tag, target, roles })
}

/// A tag, its digest and size, from the fields of these names.
///
/// # Errors
/// What is wrong, in a sentence.
pub(in crate::tui) fn signed_target(form: &Form) -> Result<(TargetName, SignedTarget), String> {
    let tag = TargetName::parse(form.text("tag")).map_err(|e| e.to_string())?;
    let typed = form.text("digest");
    let sha256 = typed.strip_prefix("sha256:").unwrap_or(typed).to_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("the digest must be sha256: and 64 hexadecimal digits".to_owned());
    }
    let length = form.text("size").parse::<u64>().map_err(|_| "the size must be a number of bytes".to_owned())?;
    Ok((tag, SignedTarget { length, sha256, sha512: None, custom: None }))
}
