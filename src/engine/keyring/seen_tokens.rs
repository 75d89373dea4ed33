//! Which keys were seen on which token: `tokens.json` in the state directory. A token that is not plugged in is then
//! named where its key is wanted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::part::Keyring;
use crate::engine::Settings;
use crate::engine::disk::note;
use crate::engine::disk::note::Note;
use crate::keys::token::TokenEntry;
use crate::tuf::CanonicalKeyId;

/// Where a key was seen last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct SeenOn {
    /// What the token is called.
    token: String,
    serial: String,
}

#[derive(Default, Serialize, Deserialize)]
struct SeenTokens {
    keys: BTreeMap<CanonicalKeyId, SeenOn>,
}

impl Note for SeenTokens {
    const FILE: &'static str = "tokens.json";
}

/// What the file says, read once.
#[derive(Default)]
pub(in crate::engine) struct TokenNotes(Mutex<Option<BTreeMap<CanonicalKeyId, SeenOn>>>);

impl TokenNotes {
    /// Writes down what is new. This helps the memory only, so a failure is none.
    pub(in crate::engine) fn learn(&self, settings: &Settings, found: &[TokenEntry]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_with(|| load(settings));
        let seen = |entry: &TokenEntry| {
            let name = &entry.place.token;
            let seen = SeenOn { token: name.to_string(), serial: name.serial.clone() };
            (entry.public.canonical_id().clone(), seen)
        };
        let new: Vec<_> = found.iter().map(seen).filter(|(id, seen)| known.get(id) != Some(seen)).collect();
        if !new.is_empty() {
            known.extend(new.iter().cloned());
            let _ = note::change(&settings.state_dir, |all: &mut SeenTokens| all.keys.extend(new));
        }
    }

    /// Forgets a key that was removed from its token.
    pub(in crate::engine) fn forget(&self, settings: &Settings, id: &CanonicalKeyId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(|| load(settings)).remove(id);
        let _ = note::change(&settings.state_dir, |all: &mut SeenTokens| all.keys.remove(id));
    }

    fn token_of(&self, settings: &Settings, id: &CanonicalKeyId) -> Option<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(|| load(settings)).get(id).map(|seen| seen.token.clone())
    }
}

fn load(settings: &Settings) -> BTreeMap<CanonicalKeyId, SeenOn> {
    note::load::<SeenTokens>(&settings.state_dir).unwrap_or_default().keys
}

impl Keyring {
    /// The token that a key was seen on, if neither that nor a file of the key is here now.
    #[must_use]
    pub fn absent_token(&self, id: &CanonicalKeyId) -> Option<String> {
        let token = self.held.token_notes.token_of(self.context.settings(), id)?;
        (!self.has_file(id) && self.token_of(id).is_none()).then_some(token)
    }

    /// What people call a key in a plan; one that is missing because its token is, says so.
    pub(in crate::engine) fn label_in_plan(&self, id: &CanonicalKeyId) -> Option<String> {
        let label = self.label(id);
        match self.absent_token(id) {
            Some(token) => {
                let label = label.map(|label| format!("{label}, ")).unwrap_or_default();
                Some(format!("{label}on token {token}, which is not plugged in"))
            }
            None => label,
        }
    }
}
