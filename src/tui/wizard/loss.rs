//! What it means to lose a key that has no copy.

use super::words::to_back_up;
use crate::engine::RootKeyChoice;
use crate::engine::wizard::{StepKind, Wizard};
use crate::tuf::Role;
use crate::tui::state::guide::Guide;

/// What the loss of a new key without a backup means.
#[must_use]
pub(super) fn loss(guide: &Guide) -> &'static str {
    let is_made = guide.step().is_some_and(|step| step.kind == StepKind::BackUpMade);
    match guide.choice().wizard {
        Wizard::FirstSetup if !copies_root(guide) && !is_made => "if it is lost, whoever holds targets replaces it",
        Wizard::FirstSetup if !copies_root(guide) => "if it is lost, whoever holds root replaces it",
        Wizard::Root | Wizard::FirstSetup => "if root is lost, nobody can replace it",
        Wizard::Targets | Wizard::Snapshot { .. } => "if it is lost, whoever holds root replaces it",
        _ => "if it is lost, whoever holds targets replaces it",
    }
}

/// Whether a root key is among those that want a copy.
fn copies_root(guide: &Guide) -> bool {
    let listed = guide.facts.repositories.iter().filter_map(|r| r.role(&Role::Root)).flat_map(|role| role.ids());
    let stored = match &guide.choice().first.root_key {
        Some(RootKeyChoice::Stored(id)) => Some(id.clone()),
        _ => None,
    };
    let copies = to_back_up(guide);
    listed.chain(stored).any(|id| copies.contains(&id))
}
