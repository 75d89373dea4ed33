//! The colleague's half of a rotation: his roles signed with his new key.

use super::choice::held_back;
use super::facts::{Facts, RepositoryFacts, RoleFacts};
use super::phase::Phase;
use crate::engine::draft::change::Change;
use crate::tuf::{CanonicalKeyId, PublicKey, Role};

/// How far a repository is.
pub(super) fn phase(facts: &Facts, repository: &RepositoryFacts, own: &Role, new: &[PublicKey]) -> Phase {
    if let Some(named) = facts.choice.roots.get(&repository.gun) {
        let there = repository.role(&Role::Root).map(RoleFacts::ids).unwrap_or_default();
        // One that is not named would do for whoever forged the root: he can list the genuine one beside it.
        if there.is_empty() || !there.iter().all(|id| named.contains(id)) {
            // Two that begin alike are told apart by all their digits.
            let alike = there.iter().any(|id| named.iter().any(|other| other != id && other.short() == id.short()));
            let digits = |id: &CanonicalKeyId| if alike { id.to_string() } else { id.short().to_owned() };
            let there: Vec<String> = there.iter().map(digits).collect();
            let named: Vec<String> = named.iter().map(digits).collect();
            let (there, named) = (there.join(" "), named.join(" "));
            return Phase::Blocked(format!(
                "its root key is {there}, and the hand-over file names {named}: ask the sender"
            ));
        }
    }
    let version = |role: &Role| repository.role(role).and_then(|now| now.version);
    if let Some(what) = facts.choice.sent.get(&repository.gun).and_then(|sent| held_back(sent, version)) {
        return Phase::Blocked(format!("{what}: it may be held back; ask the sender and whoever runs the server"));
    }
    let mut changes = Vec::new();
    for role in [own.clone(), Role::releases()] {
        let Some(now) = repository.role(&role) else { continue };
        let listed = |key: &&PublicKey| now.ids().contains(key.canonical_id());
        let Some(key) = new.iter().find(listed) else {
            return Phase::Blocked(format!("{role} does not list the new key yet: the sender has not published it"));
        };
        if now.version.is_some() && !now.signed_by.contains(key.canonical_id()) {
            changes.push(Change::Witness { role });
        }
    }
    if changes.is_empty() { Phase::Done } else { Phase::ToDo(changes) }
}
