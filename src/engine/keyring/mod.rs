//! Keys at hand: what the store holds, what is unlocked, and what people call it.
//!
//! Invariant: nothing here waits for the network, and only [`Engine::unlock`] computes for long.

pub(in crate::engine) mod backed_up;
pub(in crate::engine) mod index;
pub(in crate::engine) mod labels;
pub(in crate::engine) mod names;
pub(in crate::engine) mod open;
pub(in crate::engine) mod refused_pins;
pub(in crate::engine) mod seen_tokens;
pub mod sources;
pub mod tokens;
pub(in crate::engine) mod tried;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use names::role_label;

use super::{Engine, EngineError, Problem, Settings};
use crate::keys::{KeyError, KeyStore, NewPassphrase, Passphrase, PrivateKey, StoredKey, Tokens};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, Role};
use index::IndexFile;
use open::OpenKeys;
use seen_tokens::TokenNotes;
use sources::RefusedPins;
use tokens::Seen;

/// Unlocked keys, labels, and passphrases chosen for keys that will be made.
pub(super) struct Keyring {
    pub(super) store: KeyStore,
    pub(super) tokens: Tokens,
    pub(super) token_notes: TokenNotes,
    labels: Mutex<labels::ByKey>,
    index: Mutex<IndexFile>,
    open: Mutex<OpenKeys>,
    chosen: Mutex<HashMap<Role, NewPassphrase>>,
    listing: Mutex<Option<Listing>>,
    pub(super) refused_pins: RefusedPins,
}

/// The store as it was at some time.
#[derive(Clone)]
struct Listing {
    keys: Arc<BTreeMap<CanonicalKeyId, StoredKey>>,
    /// When the directory was changed last, before it was read.
    modified: Option<SystemTime>,
    /// How long this is known to hold while the directory looks the same.
    valid: Valid,
}

/// Changes so close to the look at them may be followed by others with the same time stamp.
#[derive(Clone, Copy)]
enum Valid {
    /// The last change was long ago.
    Always,
    /// It was not: one computation may go on with it, which asks many times.
    Until(Instant),
}

/// Coarser than the time stamps of any file system in use.
const SETTLED: Duration = Duration::from_secs(3);
/// Of one computation.
const MOMENT: Duration = Duration::from_millis(10);

impl Keyring {
    /// Opens the key store below the trust directory and reads the labels.
    pub(super) fn open(settings: &Settings) -> Result<Self, EngineError> {
        Ok(Self {
            store: KeyStore::new(&settings.trust_dir),
            tokens: Tokens::new(settings.pkcs11_module.clone()),
            token_notes: TokenNotes::default(),
            labels: Mutex::new(labels::load(&settings.state_dir)?),
            index: Mutex::new(IndexFile::new(settings)),
            open: Mutex::new(OpenKeys::new(settings.idle_lock)),
            chosen: Mutex::default(),
            listing: Mutex::default(),
            refused_pins: RefusedPins::default(),
        })
    }

    /// Keys in the store, read again only if the directory changed. Labels and marks for every repository need it.
    pub(super) fn stored(&self) -> Arc<BTreeMap<CanonicalKeyId, StoredKey>> {
        let looked = SystemTime::now();
        let modified = self.store.dir().symlink_metadata().and_then(|dir| dir.modified()).ok();
        let mut listing = hold(&self.listing);
        let holds = |known: &&Listing| match known.valid {
            _ if known.modified != modified => false,
            Valid::Always => true,
            Valid::Until(end) => Instant::now() < end,
        };
        if let Some(known) = listing.as_ref().filter(holds) {
            return Arc::clone(&known.keys);
        }
        // What cannot be read is named by `Engine::key_problems`.
        let (keys, _) = hold(&self.index).list(&self.store).unwrap_or_default();
        let keys = Arc::new(keys.into_iter().map(|key| (key.id.clone(), key)).collect());
        let settled = modified.is_some_and(|at| looked.duration_since(at).is_ok_and(|age| age > SETTLED));
        let valid = if settled { Valid::Always } else { Valid::Until(Instant::now() + MOMENT) };
        *listing = Some(Listing { keys: Arc::clone(&keys), modified, valid });
        keys
    }

    /// Keys in the store as it is now, and the files that cannot be used.
    ///
    /// # Errors
    /// `Disk`.
    pub(super) fn look(&self) -> Result<(Vec<StoredKey>, Vec<KeyError>), KeyError> {
        hold(&self.index).list(&self.store)
    }

    /// Forgets the listing: the store was changed here.
    pub(super) fn changed(&self) {
        *hold(&self.listing) = None;
    }

    /// Forgets that a key is unlocked.
    pub(super) fn forget(&self, id: &CanonicalKeyId) {
        hold(&self.open).remove(id);
    }

    /// The user's name for a key.
    pub(super) fn user_label(&self, id: &CanonicalKeyId) -> Option<String> {
        hold(&self.labels).get(id).cloned()
    }

    /// All names that the user gave to keys.
    pub(super) fn labels(&self) -> labels::ByKey {
        hold(&self.labels).clone()
    }

    /// The kind of a stored key, if it was open once.
    pub(super) fn algorithm(&self, id: &CanonicalKeyId) -> Option<Algorithm> {
        hold(&self.index).algorithm(id)
    }

    /// Keeps an unlocked key.
    pub(super) fn keep_open(&self, key: PrivateKey, passphrase: &Passphrase) {
        hold(&self.index).learn(key.id(), key.public().algorithm());
        hold(&self.open).insert(key, passphrase, Instant::now());
    }

    /// Keeps a key on a token that a PIN has just opened.
    pub(super) fn keep_token_open(&self, key: PrivateKey, pin: &Passphrase) {
        hold(&self.open).insert(key, pin, Instant::now());
    }

    /// Looks at an unlocked key without using it.
    pub(super) fn peek<T>(&self, id: &CanonicalKeyId, look: impl FnOnce(&PrivateKey) -> T) -> Option<T> {
        hold(&self.open).peek(id, Instant::now()).map(look)
    }
}

/// No code that panics runs under these locks; if it did, what they guard would still be whole.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For the rest of the engine.
impl Engine {
    /// The key store.
    pub(super) fn key_store(&self) -> &KeyStore {
        &self.inner.keyring.store
    }

    /// Private keys in the store and on tokens, by ID.
    pub(super) fn keys_at_hand(&self) -> BTreeSet<CanonicalKeyId> {
        let mut ids: BTreeSet<CanonicalKeyId> = self.inner.keyring.stored().keys().cloned().collect();
        ids.extend(self.token_keys(Seen::Once).into_iter().map(|entry| entry.public.canonical_id().clone()));
        ids
    }

    /// Whether a stored key can sign without a passphrase now: unlocked, or stored in the clear.
    pub(super) fn is_open(&self, id: &CanonicalKeyId) -> bool {
        let keyring = &self.inner.keyring;
        keyring.peek(id, |_| ()).is_some() || self.is_plain(id)
    }

    /// An unlocked key.
    pub(super) fn signing_key(&self, id: &CanonicalKeyId) -> Option<Arc<PrivateKey>> {
        let keyring = &self.inner.keyring;
        let open = hold(&keyring.open).take(id, Instant::now());
        open.or_else(|| {
            let plain = self.is_plain(id);
            plain.then(|| keyring.store.load(id, None).ok().map(Arc::new)).flatten()
        })
    }

    /// Whether a key is stored in the clear, and on no token that comes first.
    fn is_plain(&self, id: &CanonicalKeyId) -> bool {
        let plain = self.inner.keyring.stored().get(id).is_some_and(|key| !key.encrypted);
        plain && self.token_key(id).is_none()
    }

    /// Writes a key that was just made into the store, and keeps it unlocked.
    ///
    /// # Errors
    /// `Key`: the file cannot be written.
    pub(super) fn keep_new_key(
        &self,
        key: PrivateKey,
        role: &Role,
        gun: &Gun,
        passphrase: &NewPassphrase,
    ) -> Result<PathBuf, EngineError> {
        let path = self.key_store().save(&key, role.as_str(), Some(gun), passphrase)?;
        self.inner.keyring.changed();
        self.inner.keyring.keep_open(key, passphrase);
        Ok(path)
    }

    /// What people call a key: the user's label, else the role header of its file (a signer's name), else `None`.
    pub(super) fn label(&self, id: &CanonicalKeyId) -> Option<String> {
        let keyring = &self.inner.keyring;
        let of_file = || keyring.stored().get(id).and_then(|key| role_label(&key.role));
        let of_token = || self.token_key(id).and_then(|entry| role_label(&entry.role));
        keyring.user_label(id).or_else(of_file).or_else(of_token)
    }

    /// The passphrase chosen for a new key of `role`.
    pub(super) fn chosen_passphrase(&self, role: &Role) -> Option<NewPassphrase> {
        hold(&self.inner.keyring.chosen).get(role).cloned()
    }
}

impl Engine {
    /// The directory of the key store.
    #[must_use]
    pub fn key_dir(&self) -> &Path {
        self.key_store().dir()
    }

    /// What people call a stored key: the user's label, else its signer's name.
    #[must_use]
    pub fn key_label(&self, id: &CanonicalKeyId) -> Option<String> {
        self.label(id)
    }

    /// The `role` header of a stored key, or the role of one on a token.
    #[must_use]
    pub fn stored_role(&self, id: &CanonicalKeyId) -> Option<String> {
        let stored = self.inner.keyring.stored();
        let of_token = || self.token_key(id).map(|entry| entry.role);
        stored.get(id).map(|key| key.role.clone()).or_else(of_token)
    }

    /// Files of the key directory that cannot be used, and why; and what is wrong with the module of tokens.
    pub fn key_problems(&self) -> Vec<Problem> {
        let found = self.inner.keyring.look();
        let mut problems = found.map_or_else(|error| vec![error], |(_, problems)| problems);
        self.token_keys(Seen::Once);
        problems.extend(self.inner.keyring.tokens.problem().map(KeyError::Token));
        problems.into_iter().map(|error| EngineError::Key(error).problem()).collect()
    }

    /// Gives a key a label, known to this machine only; an empty one takes it away.
    ///
    /// # Errors
    /// `Disk`, `State`; `Input` if it is longer than 80 characters or would be taken for a key ID.
    pub fn set_label(&self, id: &CanonicalKeyId, label: &str) -> Result<(), EngineError> {
        self.set_labels(&[(id.clone(), label.to_owned())])
    }

    /// Refuses a label before anything is done that it is for.
    ///
    /// # Errors
    /// `Input`, as [`Engine::set_label`].
    pub fn check_label(&self, label: &str) -> Result<(), EngineError> {
        labels::check(label)
    }

    pub(super) fn set_labels(&self, new: &[(CanonicalKeyId, String)]) -> Result<(), EngineError> {
        new.iter().try_for_each(|(_, label)| labels::check(label))?;
        let all = labels::set(&self.inner.settings.state_dir, new)?;
        *hold(&self.inner.keyring.labels) = all;
        Ok(())
    }

    /// Unlocks a stored key for this session, or with its PIN a key on a token. Blocking (key derivation, token): call
    /// it on a blocking thread.
    ///
    /// # Errors
    /// [`crate::keys::KeyError::WrongPassphrase`], naming another key that it opens, if any;
    /// [`crate::keys::TokenError::WrongPin`].
    pub fn unlock(&self, key: &CanonicalKeyId, passphrase: &Passphrase) -> Result<(), EngineError> {
        if let Some(entry) = self.token_key(key) {
            return self.unlock_token(&entry.place.token, passphrase);
        }
        match self.try_passphrase(key, passphrase) {
            Err(KeyError::WrongPassphrase { id, .. }) => {
                Err(KeyError::WrongPassphrase { opens: self.opens_instead(&id, passphrase), id }.into())
            }
            other => Ok(other?),
        }
    }

    /// The same for a key in the store, without looking for what the passphrase opens instead.
    pub(super) fn try_passphrase(&self, key: &CanonicalKeyId, passphrase: &Passphrase) -> Result<(), KeyError> {
        let keyring = &self.inner.keyring;
        keyring.keep_open(keyring.store.load(key, Some(passphrase))?, passphrase);
        Ok(())
    }

    /// Another key that a passphrase opens which does not open `wanted`: for a slip of the hand or of a script.
    #[must_use]
    pub fn opens_instead(&self, wanted: &CanonicalKeyId, passphrase: &Passphrase) -> Option<CanonicalKeyId> {
        let open = hold(&self.inner.keyring.open).opened_by(passphrase).cloned();
        open.or_else(|| self.neighbour(wanted, passphrase))
    }

    /// Another stored key that a passphrase opens. Tries only few and cheap ones: it is for a slip of the hand, and
    /// whoever waits for an answer waits for this too.
    fn neighbour(&self, wanted: &CanonicalKeyId, passphrase: &Passphrase) -> Option<CanonicalKeyId> {
        const TRIED: usize = 4;
        let stored = self.inner.keyring.stored();
        let others = stored.values().filter(|key| key.encrypted && key.id != *wanted);
        let mut found = others.take(TRIED).filter(|key| self.key_store().opens_quickly(&key.id, passphrase));
        found.next().map(|key| key.id.clone())
    }

    /// Sets the passphrase for keys that the next publish makes (`root`, `targets`).
    pub fn choose_passphrase(&self, role: &Role, passphrase: NewPassphrase) {
        hold(&self.inner.keyring.chosen).insert(role.clone(), passphrase);
    }

    /// Forgets all unlocked keys.
    pub fn lock_all(&self) {
        hold(&self.inner.keyring.open).clear();
        hold(&self.inner.keyring.chosen).clear();
    }

    /// Forgets keys that were not used for a while; returns how long the next one stays, if any is unlocked.
    pub fn lock_idle(&self) -> Option<Duration> {
        let (dropped, next) = hold(&self.inner.keyring.open).expire(Instant::now());
        if dropped {
            // Passphrases for new keys belong to the same round.
            hold(&self.inner.keyring.chosen).clear();
        }
        next
    }
}
