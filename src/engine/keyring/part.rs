//! Keys at hand: what the store holds, what is unlocked, and what people call it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::held::{KeyringState, hold};
use super::labels;
use super::tokens::LookAge;
use crate::engine::called;
use crate::engine::context::Context;
use crate::engine::error::{EngineError, Problem};
use crate::keys::{Exposure, KeyError, KeyStore, NewPassphrase, Passphrase, PrivateKey};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, Role};

/// Keys at hand: what the store holds, what is unlocked, and what people call it. All clones are one.
#[derive(Clone)]
pub struct Keyring {
    pub(in crate::engine) context: Context,
    pub(in crate::engine) held: Arc<KeyringState>,
}

impl Keyring {
    pub(in crate::engine) fn open(context: &Context) -> Result<Self, EngineError> {
        Ok(Self { context: context.clone(), held: Arc::new(KeyringState::open(context.settings())?) })
    }
}

/// For the rest of the engine.
impl Keyring {
    /// The key store.
    pub(in crate::engine) fn key_store(&self) -> &KeyStore {
        &self.held.store
    }

    /// Private keys in the store and on tokens, by ID.
    pub fn keys_at_hand(&self) -> BTreeSet<CanonicalKeyId> {
        let mut ids: BTreeSet<CanonicalKeyId> = self.held.stored().keys().cloned().collect();
        ids.extend(self.token_keys(LookAge::Once).into_iter().map(|entry| entry.public.canonical_id().clone()));
        ids
    }

    /// Whether a stored key can sign without a passphrase now: unlocked, or stored in the clear.
    pub(in crate::engine) fn is_open(&self, id: &CanonicalKeyId) -> bool {
        let keyring = &self.held;
        keyring.peek(id, |_| ()).is_some() || self.is_plain(id)
    }

    /// An unlocked key.
    pub(in crate::engine) fn signing_key(&self, id: &CanonicalKeyId) -> Option<Arc<PrivateKey>> {
        let keyring = &self.held;
        let open = hold(&keyring.open).take(id, Instant::now());
        open.or_else(|| {
            let plain = self.is_plain(id);
            plain.then(|| keyring.store.load(id, None).ok().map(Arc::new)).flatten()
        })
    }

    /// Whether a key is stored in the clear, and on no token that comes first.
    fn is_plain(&self, id: &CanonicalKeyId) -> bool {
        let plain = self.held.stored().get(id).is_some_and(|key| !key.encrypted);
        plain && self.token_key(id).is_none()
    }

    /// Writes a key that was just made into the store, and keeps it unlocked.
    ///
    /// # Errors
    /// `Key`: the file cannot be written.
    pub(in crate::engine) fn keep_new_key(
        &self,
        key: PrivateKey,
        role: &Role,
        gun: &Gun,
        passphrase: &NewPassphrase,
    ) -> Result<PathBuf, EngineError> {
        let path = self.key_store().save(&key, role.as_str(), Some(gun), passphrase)?;
        self.held.changed();
        self.held.keep_open(key, passphrase);
        Ok(path)
    }

    /// A new key for a role: the one that was prepared, else one made now.
    ///
    /// # Errors
    /// `Key`: the system gave no random numbers.
    pub(in crate::engine) fn new_key(&self, role: &Role) -> Result<PrivateKey, EngineError> {
        match hold(&self.held.prepared).remove(role) {
            Some(key) => Ok(key),
            None => Ok(PrivateKey::generate(&Algorithm::EcdsaP256)?),
        }
    }

    /// What people call a key: the user's label, else the role header of its file (a signer's name), else `None`.
    #[must_use]
    pub fn label(&self, id: &CanonicalKeyId) -> Option<String> {
        let keyring = &self.held;
        let of_file = || keyring.stored().get(id).and_then(|key| called::of_role(&key.role));
        let of_token = || self.token_key(id).and_then(|entry| called::of_role(&entry.role));
        keyring.user_label(id).or_else(of_file).or_else(of_token)
    }

    /// The passphrase chosen for a new key of `role`.
    pub(in crate::engine) fn chosen_passphrase(&self, role: &Role) -> Option<NewPassphrase> {
        hold(&self.held.chosen).get(role).cloned()
    }
}

impl Keyring {
    /// How often this process has listed the key store: for tests and benches.
    #[must_use]
    pub fn store_looks(&self) -> usize {
        self.held.listed.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The directory of the key store.
    #[must_use]
    pub fn key_dir(&self) -> &Path {
        self.key_store().dir()
    }

    /// The `role` header of a stored key, or the role of one on a token.
    #[must_use]
    pub fn stored_role(&self, id: &CanonicalKeyId) -> Option<String> {
        let stored = self.held.stored();
        let of_token = || self.token_key(id).map(|entry| entry.role);
        stored.get(id).map(|key| key.role.clone()).or_else(of_token)
    }

    /// The file of a stored key that others may read, and how.
    #[must_use]
    pub fn exposed(&self, id: &CanonicalKeyId) -> Option<(PathBuf, Exposure)> {
        let stored = self.held.stored();
        let key = stored.get(id)?;
        Some((key.path.clone(), key.exposure?))
    }

    /// Files of the key directory that cannot be used, and why; and what is wrong with the module of tokens.
    pub fn key_problems(&self) -> Vec<Problem> {
        let found = self.held.look();
        let mut problems = found.map_or_else(|error| vec![error], |(_, problems)| problems);
        self.token_keys(LookAge::Once);
        problems.extend(self.held.tokens.problem().map(KeyError::Token));
        problems.into_iter().map(|error| EngineError::Key(error).problem()).collect()
    }

    /// Gives a key a label, known to this machine only; an empty one takes it away.
    ///
    /// # Errors
    /// `Disk`, `State`; `Input` if it is longer than 80 characters or would be taken for a key ID.
    pub fn set_label(&self, id: &CanonicalKeyId, label: &str) -> Result<(), EngineError> {
        self.context.check_writable()?;
        self.set_labels(&[(id.clone(), label.to_owned())])
    }

    /// Refuses a label before anything is done that it is for.
    ///
    /// # Errors
    /// `Input`, as [`Keyring::set_label`].
    pub fn check_label(&self, label: &str) -> Result<(), EngineError> {
        labels::check(label)
    }

    pub(in crate::engine) fn set_labels(&self, new: &[(CanonicalKeyId, String)]) -> Result<(), EngineError> {
        new.iter().try_for_each(|(_, label)| labels::check(label))?;
        let all = labels::set(&self.context.settings().state_dir, new)?;
        *hold(&self.held.labels) = all;
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
    pub(in crate::engine) fn try_passphrase(
        &self,
        key: &CanonicalKeyId,
        passphrase: &Passphrase,
    ) -> Result<(), KeyError> {
        let keyring = &self.held;
        keyring.keep_open(keyring.store.load(key, Some(passphrase))?, passphrase);
        Ok(())
    }

    /// Another key that a passphrase opens which does not open `wanted`: for a slip of the hand or of a script.
    #[must_use]
    pub fn opens_instead(&self, wanted: &CanonicalKeyId, passphrase: &Passphrase) -> Option<CanonicalKeyId> {
        let open = hold(&self.held.open).opened_by(passphrase).cloned();
        open.or_else(|| self.neighbour(wanted, passphrase))
    }

    /// Another stored key that a passphrase opens. Tries only few and cheap ones: it is for a slip of the hand, and
    /// whoever waits for an answer waits for this too.
    fn neighbour(&self, wanted: &CanonicalKeyId, passphrase: &Passphrase) -> Option<CanonicalKeyId> {
        const TRIED: usize = 4;
        let stored = self.held.stored();
        let others = stored.values().filter(|key| key.encrypted && key.id != *wanted);
        let mut found = others.take(TRIED).filter(|key| self.key_store().opens_quickly(&key.id, passphrase));
        found.next().map(|key| key.id.clone())
    }

    /// Sets the passphrase for keys that the next publish makes (`root`, `targets`).
    pub fn choose_passphrase(&self, role: &Role, passphrase: NewPassphrase) {
        hold(&self.held.chosen).insert(role.clone(), passphrase);
    }

    /// Makes the key that the next publish stores for a role (`root`, `targets`), so that its ID can be told.
    ///
    /// # Errors
    /// `Key`: the system gave no random numbers.
    pub fn prepare_key(&self, role: &Role) -> Result<CanonicalKeyId, EngineError> {
        let key = PrivateKey::generate(&Algorithm::EcdsaP256)?;
        let id = key.id().clone();
        hold(&self.held.prepared).insert(role.clone(), key);
        Ok(id)
    }

    /// Forgets all unlocked keys.
    pub fn lock_all(&self) {
        hold(&self.held.open).clear();
        hold(&self.held.chosen).clear();
        hold(&self.held.prepared).clear();
    }

    /// Forgets keys that were not used for a while; returns how long the next one stays, if any is unlocked.
    pub fn lock_idle(&self) -> Option<Duration> {
        let (dropped, next) = hold(&self.held.open).expire(Instant::now());
        if dropped {
            // Passphrases for new keys belong to the same round.
            hold(&self.held.chosen).clear();
        }
        next
    }
}
