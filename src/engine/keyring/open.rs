//! Keys that were unlocked in this process, each until it was not used for a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;

use crate::keys::{Passphrase, PrivateKey};
use crate::tuf::CanonicalKeyId;

/// Unlocked keys. Their passphrases are not kept, only what recognises them.
pub(in crate::engine) struct OpenKeys {
    idle: Duration,
    /// Random for each process, so that the marks are worth nothing elsewhere.
    marker: Option<hmac::Key>,
    keys: HashMap<CanonicalKeyId, Open>,
}

struct Open {
    key: Arc<PrivateKey>,
    mark: Option<hmac::Tag>,
    used: Instant,
}

impl OpenKeys {
    /// None yet; each will be kept for `idle` after its last use.
    pub(in crate::engine) fn new(idle: Duration) -> Self {
        let random = aws_lc_rs::rand::SystemRandom::new();
        Self { idle, marker: hmac::Key::generate(hmac::HMAC_SHA256, &random).ok(), keys: HashMap::new() }
    }

    /// Keeps a key that `passphrase` has just opened.
    pub(in crate::engine) fn insert(&mut self, key: PrivateKey, passphrase: &Passphrase, now: Instant) {
        let mark = self.marker.as_ref().map(|marker| hmac::sign(marker, passphrase.bytes()));
        let id = key.id().clone();
        self.keys.insert(id, Open { key: Arc::new(key), mark, used: now });
    }

    /// A key, to sign with; counts as use.
    pub(in crate::engine) fn take(&mut self, id: &CanonicalKeyId, now: Instant) -> Option<Arc<PrivateKey>> {
        self.expire(now);
        let open = self.keys.get_mut(id)?;
        open.used = now;
        Some(Arc::clone(&open.key))
    }

    /// A key, to show; does not count as use.
    pub(in crate::engine) fn peek(&self, id: &CanonicalKeyId, now: Instant) -> Option<&PrivateKey> {
        let open = self.keys.get(id)?;
        (now.saturating_duration_since(open.used) < self.idle).then_some(&*open.key)
    }

    /// An open key with this very passphrase.
    pub(in crate::engine) fn opened_by(&self, passphrase: &Passphrase) -> Option<&CanonicalKeyId> {
        let marker = self.marker.as_ref()?;
        let same = |open: &Open| {
            open.mark.as_ref().is_some_and(|mark| hmac::verify(marker, passphrase.bytes(), mark.as_ref()).is_ok())
        };
        self.keys.iter().find(|(_, open)| same(open)).map(|(id, _)| id)
    }

    /// Drops keys that were not used for a while; says whether there were any, and when the next one is due.
    pub(in crate::engine) fn expire(&mut self, now: Instant) -> (bool, Option<Duration>) {
        let before = self.keys.len();
        let idle = self.idle;
        self.keys.retain(|_, open| now.saturating_duration_since(open.used) < idle);
        let left = |open: &Open| idle.saturating_sub(now.saturating_duration_since(open.used));
        (self.keys.len() < before, self.keys.values().map(left).min())
    }

    /// Drops one key.
    pub(in crate::engine) fn remove(&mut self, id: &CanonicalKeyId) {
        self.keys.remove(id);
    }

    /// Drops all keys.
    pub(in crate::engine) fn clear(&mut self) {
        self.keys.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::tuf::Algorithm;

    #[test]
    fn a_key_stays_until_it_was_not_used_for_a_while() {
        let minute = Duration::from_secs(60);
        let mut open = OpenKeys::new(15 * minute);
        let key = PrivateKey::generate(&Algorithm::EcdsaP256).unwrap();
        let id = key.id().clone();
        let start = Instant::now();
        open.insert(key, &Passphrase::from_text("one"), start);
        assert!(open.take(&id, start + 14 * minute).is_some());
        assert_eq!(open.expire(start + 20 * minute), (false, Some(9 * minute)));
        assert!(open.peek(&id, start + 28 * minute).is_some());
        assert!(open.peek(&id, start + 29 * minute).is_none());
        assert_eq!(open.expire(start + 29 * minute), (true, None));
        assert!(open.take(&id, start).is_none());
    }

    #[test]
    fn a_passphrase_is_recognised_as_another_keys() {
        let mut open = OpenKeys::new(Duration::from_secs(60));
        let key = PrivateKey::generate(&Algorithm::EcdsaP256).unwrap();
        let id = key.id().clone();
        open.insert(key, &Passphrase::from_text("one"), Instant::now());
        assert_eq!(open.opened_by(&Passphrase::from_text("one")), Some(&id));
        assert_eq!(open.opened_by(&Passphrase::from_text("two")), None);
        open.clear();
        assert_eq!(open.opened_by(&Passphrase::from_text("one")), None);
    }
}
