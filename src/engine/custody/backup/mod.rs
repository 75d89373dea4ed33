//! Backups of keys: written, opened again, and every key unlocked from them before they are called tested. Blocking.
//!
//! What is kept is the PEM set that `notary key export` writes, each key still under its own passphrase, behind one
//! line of JSON that says what is in it. An encrypted backup is that set in an `age` file with a passphrase, so that
//! `age -d` and Notary's tools restore it without trustdeck.

mod archive;
mod restore;
mod seal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Custody;
use super::load::{FoundKey, KeySet, read_to};
use crate::engine::disk::new_file::write_new;
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::engine::keyring::backed_up::BackupRecord;
use crate::engine::view::keys::{KeyPlace, KeyView};
use crate::keys::{NewPassphrase, OpenError, Passphrase};
use crate::tuf::{CanonicalKeyId, KeyId};

pub use restore::{Archive, KeyStanding, RestoreKey, Restored, Untested};

/// Stands before the manifest in a backup.
const MANIFEST: &str = "trustdeck-backup: ";

/// What is in the bytes of a backup; nothing is compared or written.
///
/// # Errors
/// As [`crate::engine::custody::Custody::open_backup`].
pub fn parse(bytes: &[u8], passphrase: Option<&Passphrase>) -> Result<KeySet, EngineError> {
    Ok(archive::parse(Path::new("backup"), bytes, passphrase)?.set)
}

/// The bytes of a backup, read once: they may come through a pipe.
pub struct BackupFile {
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
}

impl BackupFile {
    /// Reads a file or a pipe; `-` is standard input. Blocking.
    ///
    /// # Errors
    /// `Input` for what is too large or no file; `Disk`.
    pub fn read(path: &Path) -> Result<Self, EngineError> {
        if path == Path::new("-") {
            let path = PathBuf::from("standard input");
            let bytes = read_to(std::io::stdin().lock(), &path)?;
            return Ok(Self { path, bytes });
        }
        let file = read::open_named(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::Other => refuse(format!("{} {source}", path.display()), "name a backup"),
            _ => EngineError::Disk { path: path.to_owned(), source },
        })?;
        Ok(Self { path: path.to_owned(), bytes: read_to(file, path)? })
    }

    /// What it is called in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it has a passphrase of its own.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        archive::is_sealed(&self.bytes)
    }

    fn parse(&self, passphrase: Option<&Passphrase>) -> Result<Contents, EngineError> {
        archive::parse(&self.path, &self.bytes, passphrase)
    }
}

/// How a backup is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackupForm {
    /// One `age` file with a passphrase.
    Encrypted(NewPassphrase),
    /// A PEM set that the old tools read; each key is under its own passphrase.
    Plain,
}

/// What a backup holds. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifest {
    /// When it was made.
    pub made: Time,
    /// Its keys.
    pub keys: Vec<ManifestKey>,
}

/// One key of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestKey {
    /// ID of the bare key.
    pub id: CanonicalKeyId,
    /// IDs under which certificates wrap it.
    pub certificate_ids: Vec<KeyId>,
    /// Four words for the ID.
    pub words: String,
    /// What its owner calls it.
    pub label: String,
    /// `role` header.
    pub role: String,
    /// `gun` header.
    pub gun: Option<String>,
    /// Roles that listed it when the backup was made, each as `GUN ROLE`.
    pub used_in: Vec<String>,
}

/// A backup that was written and tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// The manifest beside it.
    pub manifest: PathBuf,
    /// Keys that were unlocked from the file.
    pub tested: Vec<CanonicalKeyId>,
    /// Keys that are in the file, but whose passphrase nobody gave.
    pub untested: Vec<CanonicalKeyId>,
}

impl Custody {
    /// Keys of the store without a tested backup: what a backup takes if nothing else is said.
    ///
    /// # Errors
    /// `Disk`, `State`.
    pub fn not_backed_up(&self) -> Result<Vec<CanonicalKeyId>, EngineError> {
        let backups = self.keyring.backups()?;
        let stored = self.keyring.held.stored();
        Ok(stored.keys().filter(|id| !backups.contains_key(*id)).cloned().collect())
    }

    /// Whether a passphrase opens a stored key; unlike [`Keyring::unlock`](crate::engine::keyring::Keyring::unlock) nothing is kept. Slow (key derivation).
    ///
    /// # Errors
    /// Whatever is wrong with the file, but not a wrong passphrase.
    pub fn opens(&self, id: &CanonicalKeyId, passphrase: Option<&Passphrase>) -> Result<bool, EngineError> {
        match self.keyring.key_store().load(id, passphrase) {
            Ok(_) => Ok(true),
            Err(crate::keys::KeyError::WrongPassphrase { .. } | crate::keys::KeyError::Locked(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes keys into `file`, which must not exist, and a manifest beside it; reads the file back and unlocks every
    /// key whose passphrase is given. Those are remembered as backed up. Both files are there afterwards, or none.
    ///
    /// # Errors
    /// `Input`: no keys, a file that exists, or a plain set with a key that has no passphrase;
    /// `NotStored`-like `Input` if the file does not read back; `Disk`, `Key`.
    pub fn back_up(
        &self,
        keys: &[CanonicalKeyId],
        passphrases: &BTreeMap<CanonicalKeyId, Passphrase>,
        form: &BackupForm,
        file: &Path,
    ) -> Result<Backup, EngineError> {
        self.back_up_until(keys, passphrases, form, file, || false)
    }

    /// The same, unless `stopped` in between; the file is taken away then.
    ///
    /// # Errors
    /// As [`Custody::back_up`], and `Cancelled`.
    pub fn back_up_until(
        &self,
        keys: &[CanonicalKeyId],
        passphrases: &BTreeMap<CanonicalKeyId, Passphrase>,
        form: &BackupForm,
        file: &Path,
        stopped: impl Fn() -> bool,
    ) -> Result<Backup, EngineError> {
        if keys.is_empty() {
            return Err(refuse("there is no key to back up".to_owned(), "name keys, or make one first"));
        }
        let manifest = self.manifest(keys)?;
        let set = self.backup_set(keys, &manifest, form)?;
        let bytes = match form {
            BackupForm::Plain => Zeroizing::new(set.as_bytes().to_vec()),
            BackupForm::Encrypted(passphrase) => {
                Zeroizing::new(seal::seal(set.as_bytes(), passphrase).map_err(|what| refuse(what, "try again"))?)
            }
        };
        let beside = manifest_path(file);
        self.check_backup_place(file)?;
        if stopped() {
            return Err(EngineError::Cancelled);
        }
        write_new(file, &bytes)?;
        let finished = self.prove(keys, passphrases, form, file).and_then(|tested| match stopped() {
            // Asked for by nobody any more.
            true => Err(EngineError::Cancelled),
            false => write_new(&beside, crate::printable::json_escaped(&manifest).as_bytes()).map(|()| tested),
        });
        let tested = finished.inspect_err(|_| {
            // Half of it would be in the way of the next try, and nobody was told of it; that error is the one to report.
            let _ = fs::remove_file(file);
        })?;
        let absolute = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        self.keyring.note_backups(tested.iter().cloned(), &BackupRecord { at: self.context.now(), file: absolute })?;
        let untested = keys.iter().filter(|id| !tested.contains(id)).cloned().collect();
        Ok(Backup { file: file.to_owned(), manifest: beside, tested, untested })
    }

    /// Refuses a place for a backup before anybody is asked for passphrases.
    ///
    /// # Errors
    /// `Input`: the file, or the manifest that would lie beside it, exists; its directory does not.
    pub fn check_backup_place(&self, file: &Path) -> Result<(), EngineError> {
        let beside = manifest_path(file);
        if let Some(taken) = [file, &beside].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            let message = format!("{} exists already and is not overwritten", taken.display());
            let hint = match beside.symlink_metadata() {
                Ok(_) => "name another file",
                Err(_) => "name another file; it may be left of a backup that was stopped before it was tested",
            };
            return Err(refuse(message, hint));
        }
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if parent.is_dir() {
            return Ok(());
        }
        Err(refuse(format!("there is no directory {}", parent.display()), "name a file in a directory that exists"))
    }

    fn manifest(&self, keys: &[CanonicalKeyId]) -> Result<BackupManifest, EngineError> {
        let views = self.views.keys()?;
        let own = |view: &&KeyView| matches!(view.place, KeyPlace::File(_)) && keys.contains(&view.id);
        let entry = |view: &KeyView| ManifestKey {
            id: view.id.clone(),
            certificate_ids: view.certificate_ids.clone(),
            words: view.words(),
            label: view.label.clone(),
            role: view.role.clone(),
            gun: view.gun.clone(),
            used_in: view.used_in.iter().map(|(gun, role)| format!("{gun} {role}")).collect(),
        };
        Ok(BackupManifest { made: self.context.now(), keys: views.iter().filter(own).map(entry).collect() })
    }

    fn backup_set(
        &self,
        keys: &[CanonicalKeyId],
        manifest: &BackupManifest,
        form: &BackupForm,
    ) -> Result<Zeroizing<String>, EngineError> {
        let mut set = Zeroizing::new(String::with_capacity(keys.len() * 4096));
        set.push_str(&format!("{MANIFEST}{}\n", crate::printable::json_line(manifest)));
        for id in keys {
            let block = self.exported(id)?;
            if matches!(form, BackupForm::Plain) && !block.is_encrypted() {
                let hint =
                    format!("give it one with: trustdeck key passwd {}; or make an encrypted backup", id.short());
                return Err(refuse(format!("key {} has no passphrase and would lie open", id.short()), &hint));
            }
            set.push_str(&block.write());
        }
        Ok(set)
    }

    /// Opens the file as a stranger would and unlocks the keys in it.
    fn prove(
        &self,
        keys: &[CanonicalKeyId],
        passphrases: &BTreeMap<CanonicalKeyId, Passphrase>,
        form: &BackupForm,
        file: &Path,
    ) -> Result<Vec<CanonicalKeyId>, EngineError> {
        let passphrase = match form {
            BackupForm::Encrypted(passphrase) => Some(&**passphrase),
            BackupForm::Plain => None,
        };
        let set = BackupFile::read(file)?.parse(passphrase)?.set;
        let unproven = |id: &CanonicalKeyId, why: &str| {
            refuse(
                format!("key {} does not read back from {}: {why}", id.short(), file.display()),
                "nothing was kept of it; look at the disk and try again",
            )
        };
        let mut tested = Vec::new();
        for id in keys {
            let found = set.keys.iter().find(|key| key.claimed.as_ref() == Some(id));
            let found: &FoundKey = found.ok_or_else(|| unproven(id, "it is not in the file"))?;
            match found.open(passphrases.get(id)) {
                Ok(opened) if opened.id() == id => tested.push(id.clone()),
                Ok(_) => return Err(unproven(id, "another key is in its place")),
                Err(OpenError::Locked) => {}
                Err(error) => return Err(unproven(id, &error.to_string())),
            }
        }
        Ok(tested)
    }
}

fn manifest_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".manifest.json");
    PathBuf::from(name)
}

fn refuse(message: String, hint: &str) -> EngineError {
    EngineError::Input { message, hint: hint.to_owned() }
}

/// The manifest in front of a PEM set, if there is one.
fn read_manifest(set: &[u8]) -> Option<BackupManifest> {
    let line = set.split(|b| *b == b'\n').next()?.strip_prefix(MANIFEST.as_bytes())?;
    serde_json::from_slice(line).ok()
}

/// A PEM set with what it says about itself.
struct Contents {
    set: KeySet,
    manifest: Option<BackupManifest>,
}
