//! Changes, roles and keys in words.

use std::collections::BTreeSet;

use super::State;
use crate::engine::called;
use crate::engine::keyring::tokens::TokenPlace;
use crate::engine::plan::{NeededKey, PlanWarning, Remedy};
use crate::engine::trust::tree::RoleState;
use crate::engine::view::{RoleKeyView, RoleView, SignedBy};
use crate::engine::{Admission, Change, KeyView, Kind, RepositoryPlan, Stage};
use crate::tuf::{Algorithm, CanonicalKeyId, DelegationName, Gun, Role, SignerName};
use crate::tui::kit::canvas::shared;
use crate::tui::kit::format::count;
use crate::tui::messages::failure::Ask;

/// What a change does, with its repository: `remove signer ben from admin/api`.
#[must_use]
pub fn change(change: &Change, name: &str) -> String {
    change.describe_at(name)
}

/// Behind what was staged: whether something that was staged before left for it.
#[must_use]
pub fn instead(now: &Stage, before: &Stage) -> &'static str {
    if now.replaced(before).is_empty() { "" } else { ", in place of what was staged" }
}

/// Where on which token.
#[must_use]
pub fn on_token(place: &TokenPlace) -> String {
    format!("on token {}, slot {}", place.token, place.slot_name)
}

/// Several changes in one short line.
#[must_use]
pub fn changes(state: &State, changes: &[(Gun, Change)]) -> String {
    let telling: Vec<&(Gun, Change)> = changes.iter().filter(|(_, c)| !matches!(c, Change::Create { .. })).collect();
    match telling.as_slice() {
        [(gun, only)] => change(only, state.short_name(&state.name_of(gun))),
        [(gun, first), rest @ ..] if rest.iter().all(|(_, c)| c == first) => {
            let more = rest.len();
            format!(
                "{} and {} more",
                change(first, state.short_name(&state.name_of(gun))),
                count(more, "repository", "repositories")
            )
        }
        _ => count(changes.len(), "change", "changes"),
    }
}

/// The removal of a delegation: of a signer, if it is one.
#[must_use]
pub fn removal(role: &DelegationName) -> Change {
    match SignerName::parse(role.short()) {
        Ok(name) => Change::RemoveSigner { name },
        Err(_) => Change::RemoveDelegation { role: role.clone() },
    }
}

/// What a failure is, in a word or two: it stands before its sentence, or as a heading. JSON has the class instead.
#[must_use]
pub fn failed(kind: Kind) -> &'static str {
    match kind {
        Kind::Input => "not done",
        Kind::Rollback => "older than seen",
        Kind::Freeze => "expired",
        Kind::Mix => "does not match",
        Kind::Pin => "root key",
        Kind::Equivocation => "two versions",
        Kind::Format => "malformed",
        Kind::Limit => "too large",
        Kind::Role => "role file",
        Kind::Tls => "TLS",
        Kind::Busy => "server busy",
        Kind::Redirect => "redirected",
        Kind::Absent => "not found",
        Kind::Auth => "login",
        Kind::Stale => "from the cache",
        Kind::OutcomeUnknown => "outcome unknown",
        Kind::Policy => "refused",
        Kind::Cancelled => "stopped",
        Kind::NotStored => "not stored",
        Kind::Keystore => "key store",
        Kind::BusyLocal => "in use",
        Kind::Signature
        | Kind::Network
        | Kind::Server
        | Kind::Forbidden
        | Kind::Conflict
        | Kind::Passphrase
        | Kind::Disk
        | Kind::Program => kind.word(),
    }
}

/// How a role's file stands.
#[must_use]
pub fn role_state(role: &RoleView) -> &'static str {
    match &role.state {
        RoleState::Good => "ok",
        RoleState::Expired => "expired",
        RoleState::UnderThreshold { .. } if !role.vouched && !role.former => "signed by nobody known",
        RoleState::UnderThreshold { .. } => "signed by removed keys only",
        RoleState::NeverSigned => "never signed",
        RoleState::Hidden => "hidden by the server",
        RoleState::Missing => "not in the cache",
        RoleState::OverLimit { .. } => "over a limit",
        RoleState::Unreachable => "parent refused",
    }
}

/// A key of a role: its name as all panes have it, short ID, what is special.
#[must_use]
pub fn role_key(state: &State, key: &RoleKeyView) -> String {
    let facts = [
        (key.signed, "signed last"),
        (key.at_hand, "yours"),
        (key.certificate_expires.is_some(), "listed as a certificate"),
    ];
    let facts: Vec<&str> = facts.into_iter().filter(|(is, _)| *is).map(|(_, words)| words).collect();
    let text = called::with_id(&key_name(state, &key.canonical, &key.label), &key.canonical);
    if facts.is_empty() { text } else { format!("{text} ({})", facts.join(", ")) }
}

/// What a repository asks, as the key that opens the question says it.
#[must_use]
pub fn question(ask: &Ask) -> &'static str {
    match ask {
        Ask::Admission(Admission::Login { .. }) => "log in",
        Ask::Admission(Admission::Realm { .. }) => "allow its login server",
        Ask::FirstContact { .. } => "compare its root",
        Ask::PinLost { .. } => "compare both roots",
        Ask::SetStageAside => "move what is staged aside",
        Ask::OtherKey(_) | Ask::Pin | Ask::ManagementKey => "try again",
    }
}

/// Who signed a role: the key's name as all panes have it.
#[must_use]
pub fn signer(state: &State, role: &RoleView, by: &SignedBy) -> String {
    let key = role.keys.iter().find(|key| key.id == by.key);
    key.map_or_else(|| by.label.clone(), |key| key_name(state, &key.canonical, &by.label))
}

/// 64 digits in groups of 8.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let chars: Vec<char> = digits.chars().collect();
    let groups: Vec<String> = chars.chunks(8).map(|c| c.iter().collect()).collect();
    groups.join(" ")
}

/// A kind of key.
#[must_use]
pub fn algorithm(algorithm: &Algorithm) -> String {
    match algorithm {
        Algorithm::EcdsaP256 => "ECDSA P-256".to_owned(),
        Algorithm::EcdsaP384 => "ECDSA P-384".to_owned(),
        Algorithm::EcdsaP521 => "ECDSA P-521".to_owned(),
        Algorithm::Rsa(bits) => format!("RSA {bits}"),
        Algorithm::Ed25519 => "Ed25519".to_owned(),
        Algorithm::Unknown(name) => format!("{name}, not understood"),
    }
}

/// The same for a column.
#[must_use]
pub fn short_algorithm(algorithm: &Algorithm) -> String {
    match algorithm {
        Algorithm::EcdsaP256 => "P-256".to_owned(),
        Algorithm::EcdsaP384 => "P-384".to_owned(),
        Algorithm::EcdsaP521 => "P-521".to_owned(),
        Algorithm::Unknown(_) => "unknown".to_owned(),
        known => self::algorithm(known),
    }
}

/// A key that a publish asks for, by the name that its row has; with its role where that is the name of a repository.
#[must_use]
pub fn needed_key(state: &State, key: &NeededKey) -> String {
    match key {
        NeededKey::Unlock { id, label, role, .. } => with_role(state, key_name(state, id, label), role),
        NeededKey::New { role } => format!("a new {role} key"),
    }
}

/// A text with the names of repositories as rows show them: without the registry that most of them are in. Commands keep
/// whole names.
#[must_use]
pub fn short_names(state: &State, text: &str) -> String {
    let Some(registry) = state.known.registry.as_ref().filter(|_| !text.contains("trustdeck ")) else {
        return text.to_owned();
    };
    let (prefix, mut rest, mut short) = (format!("{registry}/"), text, String::new());
    while let Some((before, after)) = rest.split_once(prefix.as_str()) {
        short.push_str(before);
        // In an address, or in another host's name, it is no name of a repository; or another is called what is left.
        let is_part = short.chars().last().is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '@'));
        let name = after.split(|c: char| !(c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'))).next();
        if is_part || name.is_some_and(|name| state.known.repositories.named(name.trim_end_matches('.')).is_some()) {
            short.push_str(&prefix);
        }
        rest = after;
    }
    short + rest
}

/// The name of a key, with its role where that is the name of a repository.
#[must_use]
pub fn with_role(state: &State, name: String, role: &str) -> String {
    if likeness(state, &name).is_some() { format!("{name} ({role})") } else { name }
}

/// How a repository's name, short or whole, is like those of others; `None` for any other text.
#[must_use]
pub fn likeness(state: &State, text: &str) -> Option<(usize, usize)> {
    let short = || state.known.repositories.named(&format!("{}/{text}", state.known.registry.as_ref()?));
    let found = state.known.repositories.named(text).or_else(short)?;
    let registry = text.chars().count() - state.short_name(text).chars().count();
    Some((found.shared.0 + registry, found.shared.1))
}

/// The same of a role's name, short or whole, beside those of its repository.
#[must_use]
pub fn role_likeness(state: &State, text: &str) -> Option<(usize, usize)> {
    // Most of what is drawn is no name.
    if text.contains(' ') {
        return None;
    }
    let shown = state.view().into_iter().flat_map(|view| view.roles.iter().map(|role| &role.role));
    let here = state.lists.shown.iter().filter_map(|gun| state.plan_of(gun)).flat_map(planned_roles);
    let others = state.plan.iter().flat_map(|plan| &plan.repositories).map(planned_roles);
    let is_it = |role: &&Role| role.short() == text || role.as_str() == text;
    let roles = std::iter::once(shown.chain(here).collect()).chain(others).find(|roles| roles.iter().any(&is_it))?;
    let is_short = roles.iter().any(|role| role.short() == text);
    let names: Vec<&str> = roles.iter().map(|role| if is_short { role.short() } else { role.as_str() }).collect();
    let at = names.iter().position(|name| *name == text)?;
    shared(&names).get(at).copied()
}

fn planned_roles(plan: &RepositoryPlan) -> Vec<&Role> {
    plan.roles.iter().map(|diff| &diff.role).collect()
}

/// Why there is a warning, and the key that helps.
#[must_use]
pub fn warning(warning: &PlanWarning) -> String {
    match remedy(warning) {
        Some(remedy) => format!("{} {remedy}.", warning.detail),
        None => warning.detail.clone(),
    }
}

/// What helps, with its key.
#[must_use]
pub fn remedy(warning: &PlanWarning) -> Option<String> {
    let remedy = warning.remedy.as_ref()?;
    let key = match remedy {
        Remedy::NameRootKey => "W, set up trust data, asks for it",
        Remedy::SendAgain => "S in Repositories",
        Remedy::SetUpAnew => "D in Repositories, then W",
        Remedy::LeaveSnapshot => "t on snapshot in Roles",
        Remedy::AddKey(_) => "a in Roles, then w",
        Remedy::SignAgain(_) => "w in Roles",
        Remedy::Renew(_) => "t in Roles, where its key is",
        Remedy::LoadKey { .. } => "a in Keys loads it, then w in Roles",
    };
    Some(format!("{}: {key}", remedy.words()))
}

/// The label; a base role's key that nobody named is told apart by its repository.
pub fn key_label(state: &State, key: &KeyView) -> String {
    let guns = key.used_in.iter().map(|(gun, _)| gun.to_string()).chain(key.gun.clone()).collect();
    label_of(state, &key.label, &key.role, &guns)
}

/// The same of a key in a file, of which it is known in which repositories it is used.
pub fn label_of(state: &State, label: &str, role: &str, guns: &BTreeSet<String>) -> String {
    let name = |gun: &String| {
        let known = Gun::parse(gun).ok().and_then(|gun| state.known.repositories.find(&gun));
        state.short_name(known.map_or(gun.as_str(), |r| r.entry.name.as_str())).to_owned()
    };
    let unnamed = label == role && matches!(Role::parse(role), Ok(Role::Targets | Role::Snapshot | Role::Timestamp));
    match (guns.first(), guns.len()) {
        (Some(gun), 1) if unnamed => name(gun),
        (Some(_), n) if unnamed => format!("{role} of {n} repositories"),
        _ => label.to_owned(),
    }
}

/// The name of a key as the rows have it; `known` if there is no row for it.
#[must_use]
pub fn key_name(state: &State, id: &CanonicalKeyId, known: &str) -> String {
    state.keyring.find(id).map_or_else(|| known.to_owned(), |key| key_label(state, key))
}

/// What is said of a repository of whose signed tags some are not what was signed: in a few words, and what follows.
#[must_use]
pub fn tampered(tags: usize) -> (String, String) {
    let what = count(tags, "tag is not what is signed", "tags are not what is signed");
    (
        what,
        "Pulls that check digests fail. Push the image again and verify it (V in Tags), or revoke the tag.".to_owned(),
    )
}
