//! What is held in memory of the keys: the store's listing, unlocked keys, labels.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::index::IndexFile;
use super::labels;
use super::open::OpenKeys;
use super::refused_pins::RefusedPins;
use super::seen_tokens::TokenNotes;
use crate::engine::error::EngineError;
use crate::engine::settings::Settings;
use crate::keys::{KeyError, KeyStore, NewPassphrase, Passphrase, PrivateKey, StoredKey, Tokens};
use crate::tuf::{Algorithm, CanonicalKeyId, Role};

/// Unlocked keys, labels, and passphrases chosen for keys that will be made.
pub(in crate::engine) struct KeyringState {
    pub(in crate::engine) store: KeyStore,
    pub(in crate::engine) tokens: Tokens,
    pub(in crate::engine) token_notes: TokenNotes,
    pub(super) labels: Mutex<labels::ByKey>,
    pub(super) index: Mutex<IndexFile>,
    pub(super) open: Mutex<OpenKeys>,
    pub(super) chosen: Mutex<HashMap<Role, NewPassphrase>>,
    /// Keys that the next publish stores, made before so that their IDs can be told.
    pub(super) prepared: Mutex<HashMap<Role, PrivateKey>>,
    pub(super) listing: Mutex<Option<StoreListing>>,
    /// How often the store was listed.
    pub(super) listed: AtomicUsize,
    pub(in crate::engine) refused_pins: RefusedPins,
}

/// The store as it was at some time.
#[derive(Clone)]
pub(in crate::engine) struct StoreListing {
    keys: Arc<BTreeMap<CanonicalKeyId, StoredKey>>,
    /// When the directory was changed last, before it was read.
    modified: Option<SystemTime>,
    /// How long this is known to hold while the directory looks the same.
    valid: Valid,
}

/// Changes so close to the look at them may be followed by others with the same time stamp.
#[derive(Clone, Copy)]
pub(in crate::engine) enum Valid {
    /// The last change was long ago.
    Always,
    /// It was not: one computation may go on with it, which asks many times.
    Until(Instant),
}

/// Coarser than the time stamps of any file system in use.
pub(in crate::engine) const SETTLED: Duration = Duration::from_secs(3);

/// Of one computation.
pub(in crate::engine) const MOMENT: Duration = Duration::from_millis(10);

impl KeyringState {
    /// Opens the key store below the trust directory and reads the labels.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        Ok(Self {
            store: KeyStore::new(&settings.trust_dir),
            tokens: Tokens::new(settings.pkcs11_module.clone()),
            token_notes: TokenNotes::default(),
            labels: Mutex::new(labels::load(&settings.state_dir)?),
            index: Mutex::new(IndexFile::new(settings)),
            open: Mutex::new(OpenKeys::new(settings.idle_lock)),
            chosen: Mutex::default(),
            prepared: Mutex::default(),
            listing: Mutex::default(),
            listed: AtomicUsize::new(0),
            refused_pins: RefusedPins::default(),
        })
    }

    /// Keys in the store, read again only if the directory changed. Labels and marks for every repository need it.
    pub(in crate::engine) fn stored(&self) -> Arc<BTreeMap<CanonicalKeyId, StoredKey>> {
        let looked = SystemTime::now();
        let modified = self.store.dir().symlink_metadata().and_then(|dir| dir.modified()).ok();
        let mut listing = hold(&self.listing);
        let holds = |known: &&StoreListing| match known.valid {
            _ if known.modified != modified => false,
            Valid::Always => true,
            Valid::Until(end) => Instant::now() < end,
        };
        if let Some(known) = listing.as_ref().filter(holds) {
            return Arc::clone(&known.keys);
        }
        self.listed.fetch_add(1, Ordering::Relaxed);
        // What cannot be read is named by `Engine::key_problems`.
        let (keys, _) = hold(&self.index).list(&self.store).unwrap_or_default();
        let keys = Arc::new(keys.into_iter().map(|key| (key.id.clone(), key)).collect());
        let settled = modified.is_some_and(|at| looked.duration_since(at).is_ok_and(|age| age > SETTLED));
        let valid = if settled { Valid::Always } else { Valid::Until(Instant::now() + MOMENT) };
        *listing = Some(StoreListing { keys: Arc::clone(&keys), modified, valid });
        keys
    }

    /// Keys in the store as it is now, and the files that cannot be used.
    ///
    /// # Errors
    /// `Disk`.
    pub(in crate::engine) fn look(&self) -> Result<(Vec<StoredKey>, Vec<KeyError>), KeyError> {
        self.listed.fetch_add(1, Ordering::Relaxed);
        hold(&self.index).list(&self.store)
    }

    /// Forgets the listing: the store was changed here.
    pub(in crate::engine) fn changed(&self) {
        *hold(&self.listing) = None;
    }

    /// Forgets that a key is unlocked.
    pub(in crate::engine) fn forget(&self, id: &CanonicalKeyId) {
        hold(&self.open).remove(id);
    }

    /// The user's name for a key.
    pub(in crate::engine) fn user_label(&self, id: &CanonicalKeyId) -> Option<String> {
        hold(&self.labels).get(id).cloned()
    }

    /// All names that the user gave to keys.
    pub(in crate::engine) fn labels(&self) -> labels::ByKey {
        hold(&self.labels).clone()
    }

    /// The kind of a stored key, if it was open once.
    pub(in crate::engine) fn algorithm(&self, id: &CanonicalKeyId) -> Option<Algorithm> {
        hold(&self.index).algorithm(id)
    }

    /// Keeps an unlocked key.
    pub(in crate::engine) fn keep_open(&self, key: PrivateKey, passphrase: &Passphrase) {
        hold(&self.index).learn(key.id(), key.public().algorithm());
        hold(&self.open).insert(key, passphrase, Instant::now());
    }

    /// Keeps a key on a token that a PIN has just opened.
    pub(in crate::engine) fn keep_token_open(&self, key: PrivateKey, pin: &Passphrase) {
        hold(&self.open).insert(key, pin, Instant::now());
    }

    /// Looks at an unlocked key without using it.
    pub(in crate::engine) fn peek<T>(&self, id: &CanonicalKeyId, look: impl FnOnce(&PrivateKey) -> T) -> Option<T> {
        hold(&self.open).peek(id, Instant::now()).map(look)
    }
}

/// No code that panics runs under these locks; if it did, what they guard would still be whole.
pub(in crate::engine) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
