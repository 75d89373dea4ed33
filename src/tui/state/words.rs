//! Changes, roles and keys in words.

use super::State;
use crate::engine::Change;
use crate::engine::keyring::tokens::TokenPlace;
use crate::engine::plan::NeededKey;
use crate::engine::trust::tree::RoleState;
use crate::engine::view::RoleKeyView;
use crate::tuf::{Algorithm, DelegationName, Gun, SignerName};
use crate::tui::kit::format::count;
use crate::tui::messages::effect::Effect;

/// What a change does, with its repository: `remove signer ben from admin/api`.
#[must_use]
pub fn change(change: &Change, name: &str) -> String {
    let preposition = match change {
        Change::Create { .. } => "",
        Change::AddSigner { .. } => "to ",
        Change::RemoveSigner { .. } | Change::RemoveDelegation { .. } => "from ",
        Change::Delete => "of ",
        _ => "in ",
    };
    format!("{} {preposition}{name}", change.describe())
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

/// The effect that stages changes; none if there are none.
#[must_use]
pub fn stage(state: &State, list: Vec<(Gun, Change)>) -> Vec<Effect> {
    if list.is_empty() {
        return vec![];
    }
    let said = changes(state, &list);
    vec![Effect::Stage { changes: list, said }]
}

/// The removal of a delegation: of a signer, if it is one.
#[must_use]
pub fn removal(role: &DelegationName) -> Change {
    match SignerName::parse(role.short()) {
        Ok(name) => Change::RemoveSigner { name },
        Err(_) => Change::RemoveDelegation { role: role.clone() },
    }
}

/// How a role's file stands.
#[must_use]
pub fn role_state(state: &RoleState) -> &'static str {
    match state {
        RoleState::Good => "ok",
        RoleState::Expired => "expired",
        RoleState::UnderThreshold { .. } => "signed by removed keys only",
        RoleState::NeverSigned => "never signed",
        RoleState::Hidden => "not in snapshot",
        RoleState::Unreachable => "parent refused",
    }
}

/// A key of a role: label, short ID, what is special.
#[must_use]
pub fn role_key(key: &RoleKeyView) -> String {
    let mut text = format!("{} {}", key.label, key.canonical.short());
    if key.signed {
        text.push_str(" signed");
    }
    if key.at_hand {
        text.push_str(" yours");
    }
    if key.certificate_expires.is_some() {
        text.push_str(" in a certificate");
    }
    text
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

/// A key that a publish asks for.
#[must_use]
pub fn needed_key(key: &NeededKey) -> String {
    match key {
        NeededKey::Unlock { label, .. } => label.clone(),
        NeededKey::New { role } => format!("a new {role} key"),
    }
}
