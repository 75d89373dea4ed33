//! What a wizard does, as commands.

use super::choice::{Holder, Way, Wizard};
use super::facts::Facts;
use crate::engine::draft::change::RootKeyChoice;
use crate::engine::reference::in_command;
use crate::tuf::CanonicalKeyId;

/// The repositories as typed on a command line.
pub(super) fn names(facts: &Facts) -> String {
    facts.repositories.iter().map(|r| in_command(&r.gun)).collect::<Vec<_>>().join(" ")
}

/// Short IDs in one line.
pub(super) fn shorts<'a>(ids: impl Iterator<Item = &'a CanonicalKeyId>) -> String {
    ids.map(CanonicalKeyId::short).collect::<Vec<_>>().join(" ")
}

/// The command that does what the wizard does.
pub(super) fn command(facts: &Facts) -> String {
    let (choice, names) = (&facts.choice, names(facts));
    let keys = chosen(facts);
    match &choice.wizard {
        Wizard::DelegationKey { signer } => {
            let keep = if choice.way == Way::OnePublish || choice.remove_old { "" } else { " --add-only" };
            format!("trustdeck rotate signer {signer} {names}{keys}{keep}")
        }
        Wizard::TakeOver { .. } => "trustdeck rotate take-over FILE".to_owned(),
        Wizard::Targets | Wizard::Root => format!("trustdeck rotate {} {names}{keys}", choice.wizard.role()),
        Wizard::Timestamp => format!("trustdeck rotate timestamp {names}"),
        Wizard::Snapshot { holder: Holder::Here } => format!("trustdeck rotate snapshot {names} --local{keys}"),
        Wizard::Snapshot { holder: Holder::Server } => format!("trustdeck rotate snapshot {names} --server-managed"),
        Wizard::RenewRoot | Wizard::RenewTargets { .. } => format!("trustdeck renew {} {names}", choice.wizard.role()),
        Wizard::FirstSetup => {
            let root = match &choice.first.root_key {
                Some(RootKeyChoice::Stored(id)) => format!(" --root-key {}", id.short()),
                Some(RootKeyChoice::New) => " --root-key new".to_owned(),
                _ => String::new(),
            };
            let signers: String =
                choice.first.signers.keys().map(|name| format!(" --signer {name}={name}.pub")).collect();
            format!("trustdeck setup {names}{root}{signers}")
        }
    }
}

/// The new keys as options; one that each repository has for itself is made by the command.
fn chosen(facts: &Facts) -> String {
    if facts.choice.wizard.has_key_for_each() && facts.repositories.len() > 1 {
        return String::new();
    }
    let mut options: Vec<String> = Vec::new();
    for key in facts.choice.keys.values().flatten() {
        let here = facts.at_hand.contains(key.canonical_id());
        let option = format!(" --key {}", if here { key.canonical_id().short() } else { "FILE" });
        if !options.contains(&option) {
            options.push(option);
        }
    }
    options.concat()
}
