//! The list of keys: what the store holds, joined with what repositories list.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::part::Views;
use crate::engine::called;
use crate::engine::error::EngineError;
use crate::engine::keyring::tokens::{LookAge, PinState, pin_words};
use crate::keys::token::{TokenEntry, TokenPlace};
use crate::keys::{Exposure, StoredKey};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, KeyId, PublicKey, Role, TrustedSet};

/// All that repositories say about one bare key.
struct Listed {
    key: PublicKey,
    certificate_ids: Vec<KeyId>,
    used_in: Vec<(Gun, Role)>,
}

type KnownKeys = BTreeMap<CanonicalKeyId, Listed>;

impl Views {
    /// All keys: in the store, behind servers, and public ones of repositories. Own keys come first (root, targets,
    /// then signers by label), then those of others, then those behind servers. Repositories that were not loaded yet
    /// are read from the cache.
    ///
    /// # Errors
    /// `Disk`, `State`: the key directory or the list of repositories cannot be read.
    pub fn keys(&self) -> Result<Vec<KeyView>, EngineError> {
        let guns: Vec<Gun> = self.entries()?.into_iter().map(|entry| entry.gun).collect();
        self.load_side_by_side(&guns);
        self.keys_of(guns)
    }

    /// The same, without repositories that this process has not loaded yet. Instant.
    ///
    /// # Errors
    /// As [`Views::keys`].
    pub fn loaded_keys(&self) -> Result<Vec<KeyView>, EngineError> {
        self.keys_of(self.trust.repositories.loaded())
    }

    /// Loads what the cache holds of repositories, on all processors.
    fn load_side_by_side(&self, guns: &[Gun]) {
        let lanes = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            for share in guns.chunks(guns.len().div_ceil(lanes).max(1)) {
                // A repository that cannot be read has its own row that says so.
                let load = move || share.iter().for_each(|gun| drop(self.trust.base(gun)));
                // Without a thread they are loaded one by one.
                let _ = std::thread::Builder::new().spawn_scoped(scope, load);
            }
        });
    }

    fn keys_of(&self, guns: Vec<Gun>) -> Result<Vec<KeyView>, EngineError> {
        let mut known = KnownKeys::new();
        for gun in guns {
            let base = self.trust.base(&gun).ok().flatten();
            if let Some(set) = base.and_then(|base| base.set) {
                collect(&mut known, &set);
            }
        }
        let (stored, _) = self.keyring.held.look()?;
        let backups = self.keyring.backups()?;
        let mut on_tokens: BTreeMap<CanonicalKeyId, TokenEntry> = BTreeMap::new();
        for entry in self.keyring.token_keys(LookAge::Lately) {
            on_tokens.entry(entry.public.canonical_id().clone()).or_insert(entry);
        }
        let mut keys = Vec::new();
        for stored in stored {
            let listed = known.remove(&stored.id);
            let view = match on_tokens.remove(&stored.id) {
                // The token signs, as with Notary; what is left in a file should be known.
                Some(entry) => {
                    let view = self.on_token(entry, listed);
                    KeyView { warning: view.warning.clone().or(Some(KeyWarning::CopyLeft(stored.path))), ..view }
                }
                None => self.own(stored, listed),
            };
            keys.push(view);
        }
        for (id, entry) in on_tokens {
            keys.push(self.on_token(entry, known.remove(&id)));
        }
        keys.iter_mut().for_each(|key| key.backup = backups.get(&key.id).cloned());
        keys.extend(known.into_iter().map(|(id, listed)| self.foreign(id, listed)));
        keys.sort_by_cached_key(|key| (rank(key), key.label.clone(), key.gun.clone(), key.id.clone()));
        Ok(keys)
    }

    fn own(&self, stored: StoredKey, listed: Option<Listed>) -> KeyView {
        let opened = self.keyring.held.peek(&stored.id, |key| key.public().algorithm());
        let (algorithm, certificate_ids, used_in) = match listed {
            Some(listed) => (Some(listed.key.algorithm()), listed.certificate_ids, listed.used_in),
            None => (opened.clone().or_else(|| self.keyring.held.algorithm(&stored.id)), Vec::new(), Vec::new()),
        };
        let state = match (stored.encrypted, opened) {
            (false, _) => KeyState::Plain,
            (true, Some(_)) => KeyState::Open,
            (true, None) => KeyState::Locked,
        };
        KeyView {
            label: self.label(&stored.id, &stored.role, &used_in),
            id: stored.id,
            certificate_ids,
            role: stored.role,
            gun: stored.gun,
            algorithm,
            place: KeyPlace::File(stored.path),
            state,
            warning: stored.exposure.map(KeyWarning::Exposed),
            backup: None,
            used_in,
        }
    }

    fn on_token(&self, entry: TokenEntry, listed: Option<Listed>) -> KeyView {
        let id = entry.public.canonical_id().clone();
        let (certificate_ids, used_in) =
            listed.map(|listed| (listed.certificate_ids, listed.used_in)).unwrap_or_default();
        let open = self.keyring.held.peek(&id, |key| key.token().is_some()).unwrap_or_default();
        KeyView {
            label: self.label(&id, &entry.role, &used_in),
            id,
            certificate_ids,
            role: entry.role,
            gun: entry.gun,
            algorithm: Some(entry.public.algorithm()),
            state: if open { KeyState::Open } else { KeyState::Locked },
            warning: pin_warning(self.keyring.pin_state(&entry.place.token)),
            place: KeyPlace::Token(entry.place),
            backup: None,
            used_in,
        }
    }

    fn foreign(&self, id: CanonicalKeyId, listed: Listed) -> KeyView {
        let place = place_of(&listed.used_in);
        let warning = self.keyring.absent_token(&id).map(KeyWarning::TokenAbsent);
        let role = listed.used_in.first().map(|(_, role)| role.to_string()).unwrap_or_default();
        KeyView {
            label: self.label(&id, "", &listed.used_in),
            id,
            certificate_ids: listed.certificate_ids,
            role,
            gun: None,
            algorithm: Some(listed.key.algorithm()),
            place,
            state: KeyState::Theirs,
            warning,
            backup: None,
            used_in: listed.used_in,
        }
    }

    /// `header` is the role that its file or token names. Not `Keyring::label`, which would look at the store again for
    /// each key.
    fn label(&self, id: &CanonicalKeyId, header: &str, used_in: &[(Gun, Role)]) -> String {
        let signer = || {
            used_in.iter().find_map(|(_, role)| match role {
                Role::Delegation(name) if !name.is_releases() => called::of_role(name.as_str()),
                _ => None,
            })
        };
        let base = || used_in.iter().map(|(_, role)| role).find(|role| !matches!(role, Role::Delegation(_)));
        let given = self.keyring.held.user_label(id).or_else(|| called::of_role(header));
        called::or_id(given.or_else(signer).or_else(|| base().map(Role::to_string)), id)
    }
}

/// Adds the keys of all roles of a repository.
fn collect(known: &mut KnownKeys, set: &TrustedSet) {
    let base = [Role::Root, Role::Targets, Role::Snapshot, Role::Timestamp];
    let targets = set.targets().map(|file| &file.content);
    let files = targets.into_iter().chain(set.delegations().values().map(|file| &file.content));
    let delegations = files.flat_map(|file| file.delegations.iter().flatten());
    let delegations = delegations.map(|delegation| Role::from(delegation.name.clone()));
    for role in base.into_iter().chain(delegations) {
        let Some(keys) = set.role_keys(&role) else { continue };
        for key in keys.keys {
            let id = key.canonical_id().clone();
            let listed = known.entry(id).or_insert_with(|| Listed {
                key: key.clone(),
                certificate_ids: Vec::new(),
                used_in: Vec::new(),
            });
            let wrapped = key.id().as_str() != key.canonical_id().as_str();
            if wrapped && !listed.certificate_ids.contains(key.id()) {
                listed.certificate_ids.push(key.id().clone());
            }
            let used = (set.gun().clone(), role.clone());
            if !listed.used_in.contains(&used) {
                listed.used_in.push(used);
            }
        }
    }
}

/// Where the private half of a key is that is not here, as far as the roles tell that list it. A snapshot key may be the
/// server's or a person's: no file says which.
fn place_of(used_in: &[(Gun, Role)]) -> KeyPlace {
    let only = |wanted: &[Role]| used_in.iter().all(|(_, role)| wanted.contains(role));
    if used_in.iter().any(|(_, role)| *role == Role::Timestamp) && only(&[Role::Timestamp, Role::Snapshot]) {
        KeyPlace::Server
    } else if only(&[Role::Snapshot]) {
        KeyPlace::Away
    } else {
        KeyPlace::Public
    }
}

fn rank(key: &KeyView) -> u8 {
    match (&key.place, key.role.as_str()) {
        (KeyPlace::File(_) | KeyPlace::Token(_), "root") => 0,
        (KeyPlace::File(_) | KeyPlace::Token(_), "targets") => 1,
        (KeyPlace::File(_) | KeyPlace::Token(_), "snapshot" | "timestamp") => 3,
        (KeyPlace::File(_) | KeyPlace::Token(_), _) => 2,
        (KeyPlace::Public, _) => 4,
        (KeyPlace::Away | KeyPlace::Server, _) => 5,
    }
}

/// Where a private key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// In the key store.
    File(PathBuf),
    /// On a hardware token that is plugged in; a PIN unlocks it.
    Token(TokenPlace),
    /// Behind a trust server.
    Server,
    /// A snapshot key that is not here: the trust server holds it, or somebody does.
    Away,
    /// Somebody else's: only the public half is known.
    Public,
}

impl KeyPlace {
    /// The word for it, in columns and in JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Token(_) => "token",
            Self::Server => "server",
            Self::Away => "away",
            Self::Public => "public",
        }
    }

    /// Whether it is no key that people choose or name: one for each repository, held elsewhere.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        matches!(self, Self::Server | Self::Away)
    }
}

/// Whether a key can sign now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Needs its passphrase.
    Locked,
    /// Unlocked in this session.
    Open,
    /// Stored without a passphrase.
    Plain,
    /// Not ours to use.
    Theirs,
}

/// A key: in the store, behind a server, or somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// ID of the bare key.
    pub id: CanonicalKeyId,
    /// IDs under which certificates wrap the same key.
    pub certificate_ids: Vec<KeyId>,
    /// The user's label, else the role header or signer's name.
    pub label: String,
    /// Role header of the key file, or the role that lists the key.
    pub role: String,
    /// GUN header of the key file.
    pub gun: Option<String>,
    /// Kind, when known (an encrypted key that no repository lists does not tell).
    pub algorithm: Option<Algorithm>,
    /// Where it is.
    pub place: KeyPlace,
    /// Whether it can sign now.
    pub state: KeyState,
    /// What is to be known before it is used, if anything.
    pub warning: Option<KeyWarning>,
    /// The last tested backup that trustdeck made of it.
    pub backup: Option<crate::engine::keyring::backed_up::BackupRecord>,
    /// Roles that list it, by repository.
    pub used_in: Vec<(Gun, Role)>,
}

/// What is to be known of a key before it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyWarning {
    /// Others can read or change its file.
    Exposed(Exposure),
    /// It is on a token, but this file holds it too.
    CopyLeft(PathBuf),
    /// The PIN of its token wants care.
    Pin(PinState),
    /// The token of this name has it, which is not plugged in.
    TokenAbsent(String),
}

impl fmt::Display for KeyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exposed(exposure) => exposure.fmt(f),
            Self::CopyLeft(path) => write!(f, "a copy is still in the key store: {}", path.display()),
            Self::Pin(state) => f.write_str(pin_words(*state).unwrap_or("the PIN is ready")),
            Self::TokenAbsent(token) => write!(f, "on token {token}, which is not plugged in"),
        }
    }
}

fn pin_warning(state: PinState) -> Option<KeyWarning> {
    pin_words(state).map(|_| KeyWarning::Pin(state))
}

impl KeyView {
    /// Label and short ID: `jeff 1234567`.
    #[must_use]
    pub fn called(&self) -> String {
        called::with_id(&self.label, &self.id)
    }

    /// The same as the head of a dialog.
    #[must_use]
    pub fn heading(&self) -> String {
        called::heading(&self.label, &self.id)
    }

    /// Four words for the ID, to compare by ear.
    #[must_use]
    pub fn words(&self) -> String {
        crate::keys::words::words(&self.id)
    }
}
