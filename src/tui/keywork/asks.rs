//! The passphrases that a task asks for, in words.

use std::path::Path;

use super::{report, words};
use crate::tuf::CanonicalKeyId;
use crate::tui::dialogs::prompt::Request;
use crate::tui::kit::format::count;
use crate::tui::messages::keywork::{Closed, Look};
use crate::tui::state::key_task::{Aim, KeyTask};
use crate::tui::state::{State, words as in_words};

/// The passphrase of a backup.
pub(super) fn sealed(file: &Path) -> Request {
    Request {
        label: "encrypted backup".to_owned(),
        right: "age file".to_owned(),
        id: file.display().to_string(),
        about: vec![],
        note: "The one it was made with; the keys in it have their own.".to_owned(),
        is_new: false,
        is_of_file: true,
        skip: None,
    }
}

impl KeyTask {
    /// The passphrase of a key.
    pub(super) fn ask_for(&self, state: &State, at: usize) -> Option<Request> {
        let others = self.locked().len().saturating_sub(1);
        let more = (others > 0).then(|| format!("It is tried on {} too.", count(others, "other key", "other keys")));
        let with_more =
            |note: &str| [Some(note.to_owned()), more.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        Some(match self.keys.get(at)? {
            Closed::Stored(id, role) => {
                let known = state.keyring.find(id);
                let uses = known.map(|k| k.used_in.clone()).unwrap_or_default();
                Request {
                    label: in_words::key_name(state, id, id.short()),
                    right: format!("{} key, file", short_role(role)),
                    id: named(id),
                    about: report::uses(state, &uses, 3),
                    note: with_more("Opens the copy in the backup, to prove it."),
                    is_new: false,
                    is_of_file: false,
                    skip: Some("leave untested"),
                }
            }
            Closed::InFile(set, at) => {
                let found = set.inner().keys.get(*at)?;
                let Aim::Load { name, .. } = &self.job else { return None };
                Request {
                    label: words::role_of(set.inner(), found, name).0,
                    right: format!("key {} of {} in the file", at + 1, set.inner().keys.len()),
                    id: found.claimed.as_ref().map(named).unwrap_or_default(),
                    about: vec![],
                    note: with_more("The one it has in the file; it keeps it."),
                    is_new: false,
                    is_of_file: false,
                    skip: Some("leave it out"),
                }
            }
            Closed::InBackup(archive, at) => {
                let key = archive.inner().keys.get(*at)?;
                let id = key.found.claimed.as_ref();
                Request {
                    label: report::label_in(state, archive.inner(), *at),
                    right: format!("{} key, backup", short_role(key.found.role.as_deref().unwrap_or_default())),
                    id: id.map(named).unwrap_or_default(),
                    about: report::uses(state, &key.may_sign, 3),
                    note: with_more("Proves that the key is whole."),
                    is_new: false,
                    is_of_file: false,
                    skip: Some("restore untested"),
                }
            }
        })
    }

    /// A new passphrase for keys that have none.
    pub(super) fn ask_new(&self) -> Request {
        let bare = self.looks.values().filter(|look| look.is_bare());
        let n = bare.clone().count();
        let has_short = bare.clone().any(|look| matches!(look, Look::Open { with: Some(_), .. }));
        let label = match has_short {
            false => count(n, "key without a passphrase", "keys without a passphrase"),
            true => count(n, "key with too short a passphrase", "keys with too short a passphrase or none"),
        };
        Request {
            label,
            right: "key store".to_owned(),
            id: "stored encrypted, as notary and docker do".to_owned(),
            about: vec![],
            note: "Nobody can recover it. Longer is better than stranger.".to_owned(),
            is_new: true,
            is_of_file: false,
            skip: None,
        }
    }
}

/// ID and words.
fn named(id: &CanonicalKeyId) -> String {
    format!("{}  {}", id.short(), crate::engine::words(id))
}

fn short_role(role: &str) -> &str {
    role.strip_prefix("targets/").unwrap_or(role)
}
