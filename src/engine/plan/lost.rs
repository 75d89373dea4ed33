//! What to know of a repository that its server does not know any more.

use super::facts::{KnownFiles, PlanFacts};
use super::warning::{Warnings, plain};
use super::{PlanWarning, Remedy, Weight};
use crate::engine::draft::Draft;
use crate::engine::draft::change::role_word;
use crate::tuf::{Role, TrustedSet};

/// notary-server begins a repository with roots of versions up to this.
const FIRST_ROOTS: u64 = 2;

/// A copy that is sent again whole.
pub(super) fn republication(draft: &Draft<'_>, found: &mut Warnings) {
    let files = draft.ground().copy.map(TrustedSet::files_to_republish).unwrap_or_default();
    let roles: Vec<&str> = files.iter().map(|(role, _)| role_word(role)).collect();
    let has_snapshot = files.iter().any(|(role, _)| *role == Role::Snapshot);
    let signs = if has_snapshot {
        "The server signs the timestamp, if it still has the key"
    } else {
        "The server signs snapshot and timestamp, if it still has the keys"
    };
    let detail = format!(
        "Nothing is signed: {} go to the server byte for byte as this machine verified them. {signs} that root lists. What \
         was published since this machine looked last is not among it.",
        roles.join(", ")
    );
    found.push(plain(Weight::Note, "sends this machine's verified copy again", detail));
    let version = draft.ground().copy.map_or(1, |copy| copy.root().content.version);
    if version > FIRST_ROOTS {
        let detail = format!(
            "The root is version {version}, and notary-server begins a repository with a root of version 1 or 2 only. \
             Whoever runs the server restores its database from a backup; where there is none, the repository is set up \
             anew, with another root."
        );
        found.push(plain(Weight::Warning, "the server will probably refuse it", detail));
    }
}

/// A repository that this machine knows, made anew because the server says that there is none.
pub(super) fn anew(facts: &PlanFacts<'_>, draft: &Draft<'_>, found: &mut Warnings) {
    let KnownFiles::Lost(copy) = facts.known else { return };
    if draft.creates().is_none() {
        return;
    }
    let targets = copy.and_then(TrustedSet::targets).map(|file| &file.content);
    let entries = targets.into_iter().flat_map(|targets| targets.delegations.iter().flatten());
    let signers: Vec<&str> = entries.map(|entry| entry.name.short()).filter(|name| *name != "releases").collect();
    let lost =
        if signers.is_empty() { String::new() } else { format!(" Its signers are lost: {}.", signers.join(", ")) };
    let detail = format!(
        "This machine has verified trust data of it before: the server has lost it, or this is another server. Made \
         anew, it gets another root or other keys, and clients that know the old ones refuse it.{lost}"
    );
    let warning = plain(Weight::Danger, "makes anew a repository that was known here before", detail);
    found.push(PlanWarning { remedy: copy.map(|_| Remedy::SendAgain), ..warning });
}
