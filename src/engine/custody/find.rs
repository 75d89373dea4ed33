//! From what people type to a key: an ID, the beginning of one, four words, or a label.

use std::collections::BTreeSet;

use super::part::Custody;
use crate::engine::called;
use crate::engine::error::{EngineError, refuse};
use crate::engine::keyring::other_stores;
use crate::engine::keyring::tokens::LookAge;
use crate::engine::view::keys::KeyView;
use crate::keys::{KeyError, words};
use crate::tuf::CanonicalKeyId;
use crate::tuf::content::{CONTENT_GIVEN, holds_key, quoted};

impl Custody {
    /// Finds a key of the store or of a token by its ID, an unambiguous beginning of it, its words or its label. The ID of a
    /// certificate around it is taken too.
    ///
    /// # Errors
    /// `Input` if nothing or more than one key fits, or one in another trust directory does; `Key` if a whole ID is not in the store.
    pub fn find_key(&self, typed: &str) -> Result<CanonicalKeyId, EngineError> {
        let typed = typed.trim();
        let stored = self.keyring.held.stored();
        let labelled = |id: &CanonicalKeyId, role: &str| {
            let own = self.keyring.held.user_label(id);
            own.as_deref() == Some(typed) || called::of_role(role).as_deref() == Some(typed)
        };
        let fits = |id: &&CanonicalKeyId| begins(id.as_str(), typed) || words::words(id) == typed;
        let tokens = self.keyring.token_keys(LookAge::Lately);
        let on_tokens: BTreeSet<CanonicalKeyId> = tokens.iter().map(|e| e.public.canonical_id().clone()).collect();
        let mut found: BTreeSet<CanonicalKeyId> = stored.keys().chain(&on_tokens).filter(fits).cloned().collect();
        let called = tokens.iter().filter(|entry| labelled(entry.public.canonical_id(), &entry.role));
        found.extend(called.map(|entry| entry.public.canonical_id().clone()));
        found.extend(stored.values().filter(|key| labelled(&key.id, &key.role)).map(|key| key.id.clone()));
        if found.is_empty() {
            // Repositories have to be read for this.
            let own = |view: &KeyView| stored.contains_key(&view.id) || on_tokens.contains(&view.id);
            let views = self.views.keys()?;
            let views = views.iter().filter(|view| own(view) && wraps(view, typed));
            found.extend(views.map(|view| view.id.clone()));
        }
        let elsewhere = match found.is_empty() {
            true => other_stores::where_one_fits(self.context.settings(), |id| fits(&id)),
            false => None,
        };
        match (one(typed, found), CanonicalKeyId::parse(typed), elsewhere) {
            (Err(error), _, Some(hint)) => Err(EngineError::Input { message: error.to_string(), hint }),
            (Err(_), Ok(id), None) if !stored.contains_key(&id) && !on_tokens.contains(&id) => {
                Err(KeyError::NotFound(id).into())
            }
            (found, ..) => found,
        }
    }

    /// The same among all keys that are known, also those of others.
    ///
    /// # Errors
    /// `Input`, and those of [`Views::keys`](crate::engine::view::Views::keys).
    pub fn find_any_key(&self, typed: &str) -> Result<CanonicalKeyId, EngineError> {
        let typed = typed.trim();
        let fits = |view: &&KeyView| {
            begins(view.id.as_str(), typed) || view.words() == typed || view.label == typed || wraps(view, typed)
        };
        one(typed, self.views.keys()?.iter().filter(fits).map(|view| view.id.clone()).collect())
    }
}

fn begins(id: &str, typed: &str) -> bool {
    !typed.is_empty() && id.starts_with(&typed.to_ascii_lowercase())
}

fn wraps(view: &KeyView, typed: &str) -> bool {
    view.certificate_ids.iter().any(|id| begins(id.as_str(), typed))
}

fn one(typed: &str, found: BTreeSet<CanonicalKeyId>) -> Result<CanonicalKeyId, EngineError> {
    if holds_key(typed) {
        return Err(refuse(
            CONTENT_GIVEN,
            "name a key by its ID, its words or its label: trustdeck key list shows them",
        ));
    }
    let refused = |message: String, hint: &str| Err(EngineError::Input { message, hint: hint.to_owned() });
    let mut ids = found.iter();
    match (ids.next(), found.len()) {
        (Some(only), 1) => Ok(only.clone()),
        (None, _) => {
            refused(format!("no key is called {}", quoted(typed)), "trustdeck key list shows the keys there are")
        }
        (Some(first), count) => {
            let shorts: Vec<&str> = std::iter::once(first).chain(ids).take(5).map(CanonicalKeyId::short).collect();
            let more = if count > 5 { ", …" } else { "" };
            refused(format!("{typed:?} means {count} keys: {}{more}", shorts.join(", ")), "give more digits of the ID")
        }
    }
}
