//! Making keys, and what becomes of stored ones: export, another passphrase, removal. Blocking.

use std::path::{Path, PathBuf};

use serde::Serialize;
use zeroize::Zeroizing;

use super::part::Custody;
use crate::engine::disk::new_file::write_new;
use crate::engine::error::{EngineError, refuse};
use crate::engine::reference::in_command;
use crate::keys::pem::Block;
use crate::keys::{KeyError, NewPassphrase, Passphrase, PrivateKey};
use crate::tuf::content::quoted;
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, PublicKey, Role};

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// A signer's name, `root`, `targets` or `snapshot`: the `role` header of its file.
    pub name: String,
    /// What kind of key.
    pub algorithm: Algorithm,
    /// The repository of a `targets` or `snapshot` key.
    pub gun: Option<Gun>,
    /// Where `NAME.pub` is written.
    pub dir: PathBuf,
}

impl NewKey {
    /// Refuses a name, kind or repository that does not go together, before anybody is asked for a passphrase.
    ///
    /// # Errors
    /// `Input`.
    pub fn check(&self) -> Result<(), EngineError> {
        check_new(self)
    }
}

/// A key that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeKey {
    /// Its ID.
    pub id: CanonicalKeyId,
    /// Its file in the key store.
    pub file: PathBuf,
    /// The file of its public half; `None` for Ed25519, which no PEM reader of Notary takes.
    pub public_file: Option<PathBuf>,
}

/// What anybody may see of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicHalf {
    /// ID of the bare key.
    pub id: CanonicalKeyId,
    /// What its file says it is for.
    pub role: String,
    /// As OpenSSL and admission controllers read it: without headers. A root key's certificate follows it.
    pub pem: String,
}

/// Where the public half goes; `None` for Ed25519.
///
/// # Errors
/// `Input` if something is there.
fn public_file(new: &NewKey) -> Result<Option<PathBuf>, EngineError> {
    let file = (new.algorithm != Algorithm::Ed25519).then(|| new.dir.join(format!("{}.pub", new.name)));
    if let Some(taken) = file.as_ref().filter(|file| file.symlink_metadata().is_ok()) {
        return Err(refuse(format!("{} exists already", taken.display()), "choose another name, or another --dir"));
    }
    if file.is_some() && !new.dir.is_dir() {
        return Err(refuse(format!("{} is no directory", new.dir.display()), "make it, or choose another --dir"));
    }
    if file.is_some() {
        check_writable(&new.dir)?;
    }
    Ok(file)
}

impl Custody {
    /// Makes a key, keeps it in the store and unlocked, and writes `NAME.pub` as `docker trust key generate` does.
    ///
    /// # Errors
    /// `Input`: a name, kind or repository that does not go together, or a file `NAME.pub` that exists; `Disk`, `Key`.
    pub fn generate_key(&self, new: &NewKey, passphrase: &NewPassphrase) -> Result<MadeKey, EngineError> {
        self.generate_key_until(new, passphrase, || false)
    }

    /// The same, unless `stopped` by the time that the key is made; long RSA keys take seconds. Nothing is written then.
    ///
    /// # Errors
    /// As [`Custody::generate_key`], and `Cancelled`.
    pub fn generate_key_until(
        &self,
        new: &NewKey,
        passphrase: &NewPassphrase,
        stopped: impl Fn() -> bool,
    ) -> Result<MadeKey, EngineError> {
        self.context.check_writable()?;
        check_new(new)?;
        let public_file = public_file(new)?;
        let key = PrivateKey::generate(&new.algorithm)?;
        if stopped() {
            return Err(EngineError::Cancelled);
        }
        self.keep_made(new, key, public_file, passphrase)
    }

    /// The same with a passphrase that is chosen once the ID is known.
    ///
    /// # Errors
    /// As [`Custody::generate_key`], and those of `choose`; nothing is written then.
    pub fn generate_key_with<E: From<EngineError>>(
        &self,
        new: &NewKey,
        choose: impl FnOnce(&CanonicalKeyId) -> Result<NewPassphrase, E>,
    ) -> Result<MadeKey, E> {
        check_new(new)?;
        let public_file = public_file(new)?;
        let key = PrivateKey::generate(&new.algorithm).map_err(EngineError::from)?;
        let passphrase = choose(key.id())?;
        Ok(self.keep_made(new, key, public_file, &passphrase)?)
    }

    fn keep_made(
        &self,
        new: &NewKey,
        key: PrivateKey,
        public_file: Option<PathBuf>,
        passphrase: &NewPassphrase,
    ) -> Result<MadeKey, EngineError> {
        let id = key.id().clone();
        // The private half first: a public one whose private one never was would be in the way of the next try.
        let saved = self.keyring.key_store().save(&key, &new.name, new.gun.as_ref(), passphrase)?;
        let written = public_file.as_ref().map(|file| write_new(file, public_pem(key.public(), &new.name).as_bytes()));
        if let Some(Err(error)) = written {
            // Half a pair helps nobody; the error about the public half is the one to report.
            let _ = self.keyring.key_store().remove(&id);
            return Err(error);
        }
        let made = MadeKey { id, file: saved, public_file };
        self.keyring.held.changed();
        self.keyring.held.keep_open(key, passphrase);
        Ok(made)
    }

    /// Refuses a name, kind or repository that does not go together, before anybody is asked for a passphrase.
    ///
    /// # Errors
    /// `Input`.
    pub fn check_new_key(&self, new: &NewKey) -> Result<(), EngineError> {
        check_new(new)
    }

    /// The same, and that its files can be written.
    ///
    /// # Errors
    /// `Input`, `Disk`.
    pub fn check_new_files(&self, new: &NewKey) -> Result<(), EngineError> {
        check_new(new)?;
        public_file(new)?;
        let store = self.keyring.key_dir();
        // It is made with the first key.
        let there = store.ancestors().find(|place| place.exists()).unwrap_or(store);
        check_writable(there)
    }

    /// Stored keys as a PEM set, each block as it is in the store with its ID in a `path` header: what `notary key
    /// export` writes, and what `notary key import` and `docker trust key load` read back.
    ///
    /// # Errors
    /// `Key`.
    pub fn export_keys(&self, keys: &[CanonicalKeyId]) -> Result<Zeroizing<String>, EngineError> {
        let mut out = Zeroizing::new(String::with_capacity(keys.len() * 2048));
        for id in keys {
            out.push_str(&self.exported(id)?.write());
        }
        Ok(out)
    }

    /// The public halves of keys that are here.
    ///
    /// # Errors
    /// `Key` if the public half is not known: the key is locked, and no repository that was read lists it.
    pub fn export_public(&self, keys: &[CanonicalKeyId]) -> Result<Vec<PublicHalf>, EngineError> {
        let half = |id: &CanonicalKeyId| {
            let public = self.public_half(id).ok_or_else(|| KeyError::Locked(id.clone()))?;
            if public.algorithm() == Algorithm::Ed25519 {
                let message =
                    format!("key {} is an Ed25519 key, whose public half has no PEM form in Notary", id.short());
                return Err(refuse(message, "leave it out"));
            }
            let role = self.keyring.stored_role(id).unwrap_or_default();
            Ok(PublicHalf { id: id.clone(), role, pem: plain_pem(&public) })
        };
        keys.iter().map(half).collect()
    }

    /// The root of a repository as admission controllers pin it: each key's public half and certificate, as PEM.
    ///
    /// # Errors
    /// `Input` if this machine has never read the repository; those of reading what it has.
    pub fn export_root(&self, gun: &Gun) -> Result<Vec<PublicHalf>, EngineError> {
        let set = self.trust.base(gun)?.and_then(|base| base.set).ok_or_else(|| EngineError::Input {
            message: format!("this machine has no verified root of {gun}"),
            hint: format!("read it first: trustdeck inspect {}", in_command(gun)),
        })?;
        let half = |key: PublicKey| {
            let mut pem = key.unwrapped().map(|bare| plain_pem(&bare)).unwrap_or_default();
            // A root key's certificates are PEM already, in the only form that is valid.
            pem.push_str(&String::from_utf8_lossy(key.public()));
            PublicHalf { id: key.canonical_id().clone(), role: Role::Root.to_string(), pem }
        };
        Ok(set.root().content.role_keys(&Role::Root).keys.into_iter().map(half).collect())
    }

    /// Writes what [`Custody::export_keys`] gave into a new file, 0600.
    ///
    /// # Errors
    /// `Input` if the file exists, `Disk`.
    pub fn write_export(&self, set: &str, file: &Path) -> Result<(), EngineError> {
        write_new(file, set.as_bytes())
    }

    pub(in crate::engine) fn exported(&self, id: &CanonicalKeyId) -> Result<Block, EngineError> {
        self.check_in_file(id)?;
        let stored = self.keyring.key_store().find(id)?;
        let format = |what: String| KeyError::Format { path: stored.path.clone(), what };
        let mut block = Block::read(&self.keyring.key_store().read(id)?).map_err(|error| format(error.to_string()))?;
        block.headers.retain(|(name, _)| name != "path");
        block.headers.push(("path".to_owned(), id.to_string()));
        Ok(block)
    }

    /// Encrypts a key with another passphrase, and keeps it unlocked. `old` is `None` for a key stored in the clear.
    ///
    /// # Errors
    /// `Key`: the old passphrase is wrong; `Input`: the key is on a token.
    pub fn change_passphrase(
        &self,
        id: &CanonicalKeyId,
        old: Option<&Passphrase>,
        new: &NewPassphrase,
    ) -> Result<(), EngineError> {
        self.context.check_writable()?;
        self.check_in_file(id)?;
        self.keyring.key_store().reseal(id, old, new)?;
        self.keyring.held.changed();
        self.keyring.held.forget(id);
        self.keyring.unlock(id, new)
    }

    /// Refuses for a key on a token what only files can do: it is never exported, encrypted or backed up.
    ///
    /// # Errors
    /// `Input`.
    pub fn check_in_file(&self, id: &CanonicalKeyId) -> Result<(), EngineError> {
        match self.keyring.token_of(id).filter(|_| !self.keyring.key_store().holds(id)) {
            Some(place) => Err(refuse(
                format!("key {} is on token {}, and never leaves it", id.short(), place.token),
                "its PIN is changed with the token's own tool; there is nothing else to export or encrypt",
            )),
            None => Ok(()),
        }
    }
}

/// Longest name of a key, in bytes.
const LONGEST_NAME: usize = 128;

/// Whether Docker takes the name of a key: `[a-z0-9][a-z0-9_-]*`.
pub(in crate::engine) fn check_name(name: &str) -> Result<(), EngineError> {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fits = name.bytes().all(|b| inside(b) || matches!(b, b'_' | b'-')) && name.bytes().next().is_some_and(inside);
    if name.len() > LONGEST_NAME {
        let message = format!("a name for a key has at most {LONGEST_NAME} letters, and this one has {}", name.len());
        return Err(refuse(message, "take a shorter one"));
    }
    if fits {
        return Ok(());
    }
    let message = format!(
        "{} is no name for a key: lower-case letters, digits, - and _; it begins with a letter or digit",
        quoted(name)
    );
    Err(refuse(message, "take a name such as alice"))
}

/// Why no key is called timestamp.
pub(super) fn of_the_server() -> EngineError {
    refuse("the server holds timestamp keys".to_owned(), "take another name")
}

fn check_writable(dir: &Path) -> Result<(), EngineError> {
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(dir, access).map_err(|error| EngineError::Disk { path: dir.to_owned(), source: error.into() })
}

/// Refuses what no key here can be called, whatever its kind and repository.
///
/// # Errors
/// `Input`.
pub fn check_new_name(name: &str) -> Result<(), EngineError> {
    check_name(name)?;
    if name == Role::Timestamp.as_str() { Err(of_the_server()) } else { Ok(()) }
}

fn check_new(new: &NewKey) -> Result<(), EngineError> {
    check_new_name(&new.name)?;
    let of_repository = matches!(Role::parse(&new.name), Ok(Role::Targets | Role::Snapshot));
    if of_repository && new.gun.is_none() {
        return Err(refuse(format!("a {} key belongs to one repository", new.name), "name it with --repository REPO"));
    }
    if !of_repository && new.gun.is_some() {
        return Err(refuse(
            "only targets and snapshot keys belong to one repository".to_owned(),
            "leave --repository out; signer add and root keys serve any repository",
        ));
    }
    if new.algorithm == Algorithm::Ed25519 && !of_repository {
        return Err(refuse(
            "notary takes Ed25519 keys for targets and snapshot only: there is no certificate or public key file for them"
                .to_owned(),
            "take ecdsa, which docker makes too",
        ));
    }
    Ok(())
}

/// The public half as `docker trust key generate` writes it.
pub(in crate::engine) fn public_pem(key: &PublicKey, name: &str) -> Zeroizing<String> {
    public_block(key, vec![("role".to_owned(), name.to_owned())])
}

fn plain_pem(key: &PublicKey) -> String {
    public_block(key, Vec::new()).to_string()
}

fn public_block(key: &PublicKey, headers: Vec<(String, String)>) -> Zeroizing<String> {
    let der = Zeroizing::new(key.public().to_vec());
    Block { label: "PUBLIC KEY".to_owned(), headers, der }.write()
}
