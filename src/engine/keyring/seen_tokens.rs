//! Which keys were seen on which token: `tokens.json` in the state directory. A token that is not plugged in is then
//! named where its key is wanted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::engine::disk::note::Note;
use crate::engine::disk::state::StateFolder;
use crate::engine::settings::Settings;
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
    const KIND: &'static str = "tokens";
}

const FILE: &str = "tokens.json";

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
            let _ = StateFolder::new(&settings.state_dir).change(FILE, |all: &mut SeenTokens| all.keys.extend(new));
        }
    }

    /// Forgets a key that was removed from its token.
    pub(in crate::engine) fn forget(&self, settings: &Settings, id: &CanonicalKeyId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(|| load(settings)).remove(id);
        let _ = StateFolder::new(&settings.state_dir).change(FILE, |all: &mut SeenTokens| all.keys.remove(id));
    }

    pub(super) fn token_of(&self, settings: &Settings, id: &CanonicalKeyId) -> Option<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_with(|| load(settings)).get(id).map(|seen| seen.token.clone())
    }
}

fn load(settings: &Settings) -> BTreeMap<CanonicalKeyId, SeenOn> {
    StateFolder::new(&settings.state_dir).load::<SeenTokens>(FILE).unwrap_or_default().keys
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_form_before_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let id = "ab".repeat(32);
        let before = format!(r#"{{"version":1,"keys":{{"{id}":{{"token":"mine","serial":"7"}}}}}}"#);
        std::fs::write(dir.path().join(FILE), before).unwrap();
        let all: SeenTokens = StateFolder::new(dir.path()).load(FILE).unwrap();
        assert_eq!(all.keys[&CanonicalKeyId::parse(&id).unwrap()].token, "mine");
    }
}
