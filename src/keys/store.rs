//! The key directory shared with `docker` and `notary`.
//!
//! Invariant: symbolic links are followed within the directory only and for reading only, existing files never replaced,
//! and a file is either whole or not there.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::KeyError;
use super::files::{check_own, disk, exposure, is_nowhere, make_private_dir, open_in, read_in, sweep, write_aside};
use super::index::KeyIndex;
use super::old_names;
use super::open_error::OpenError;
use super::passphrase::Passphrase;
use super::pem::{self, Block, Head};
use super::private::PrivateKey;
use super::stored::StoredKey;
use super::strength::NewPassphrase;
use crate::tuf::{CanonicalKeyId, Gun, Role};

/// Enough for the label and the headers of every key that Notary writes: a GUN has at most 255 bytes.
const HEAD: usize = 1024;

/// `<trust>/private`.
#[derive(Clone, Debug)]
pub struct KeyStore {
    dir: PathBuf,
}

impl KeyStore {
    /// The store below a trust directory. Made on the first write.
    #[must_use]
    pub fn new(trust_dir: &Path) -> Self {
        Self { dir: trust_dir.join("private") }
    }

    /// Where the key files are.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All `*.key` files, by ID; files that are none are left out and named beside.
    ///
    /// # Errors
    /// [`KeyError::Disk`]; a missing directory is an empty store.
    pub fn list(&self) -> Result<(Vec<StoredKey>, Vec<KeyError>), KeyError> {
        self.list_with(&mut KeyIndex::default())
    }

    /// [`KeyStore::list`], without opening the files that `index` knows. Brings the index up to date.
    ///
    /// # Errors
    /// As there.
    pub fn list_with(&self, index: &mut KeyIndex) -> Result<(Vec<StoredKey>, Vec<KeyError>), KeyError> {
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if is_nowhere(&self.dir, &error) => return Ok((keys, problems)),
            entries => entries.map_err(disk(&self.dir))?,
        };
        let mut seen = index.look();
        for entry in entries {
            let entry = entry.map_err(disk(&self.dir))?;
            // Does not follow links; what is no plain file is for `inspect` to name.
            let facts = entry.metadata().ok().filter(fs::Metadata::is_file);
            let name = entry.file_name();
            let known = facts.as_ref().and_then(|facts| seen.recall(name.to_str()?, facts));
            let found = match (known, &facts) {
                (Some(mut key), Some(facts)) => {
                    key.path = entry.path();
                    key.exposure = exposure(facts);
                    Ok(Some(key))
                }
                _ => self.inspect(&entry.path()),
            };
            match found {
                Ok(Some(key)) => {
                    if let Some((facts, name)) = facts.as_ref().zip(name.to_str()) {
                        seen.note(name, facts, &key);
                    }
                    keys.push(key);
                }
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        index.replace(seen);
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        problems.sort_by_key(ToString::to_string);
        Ok((keys, problems))
    }

    /// Judges one directory entry by its name and first bytes. `None` for what cannot be a key.
    fn inspect(&self, path: &Path) -> Result<Option<StoredKey>, KeyError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if matches!(&*name, "root_keys" | "tuf_keys") && path.is_dir() {
            let what = "is a key in the layout of notary 0.1 to 0.3";
            let left = old_names::first_other(path, |id| self.holds(id));
            return left.map_or(Ok(None), |path| Err(KeyError::ToLoad { path, what }));
        }
        let is_pem = name.ends_with(".pem");
        let Some(stem) = name.strip_suffix(if is_pem { ".pem" } else { ".key" }) else { return Ok(None) };
        let format = |what: &str| KeyError::Format { path: path.to_owned(), what: what.to_owned() };
        let (file, metadata) = open_in(&self.dir, path)?;
        let mut start = Zeroizing::new(Vec::with_capacity(HEAD));
        file.take(HEAD as u64).read_to_end(&mut start).map_err(disk(path))?;
        let head = Head::read(&start);
        let is_key = head.as_ref().is_ok_and(|head| head.label.ends_with("PRIVATE KEY"));
        if is_pem {
            let what = "is a private key that nobody looks for under this name";
            return if is_key { Err(KeyError::ToLoad { path: path.to_owned(), what }) } else { Ok(None) };
        }
        let id = CanonicalKeyId::parse(stem).map_err(|_| match is_key {
            true => KeyError::ToLoad { path: path.to_owned(), what: "is not named after a key ID" },
            false => format("is no private key, and is not named after a key ID"),
        })?;
        let head = head.map_err(|error| format(&error.to_string()))?;
        Ok(Some(StoredKey {
            id,
            role: head.name("role").unwrap_or_default().to_owned(),
            gun: head.name("gun").map(str::to_owned),
            path: path.to_owned(),
            encrypted: pem::is_encrypted(&head.label, head.header("Proc-Type")),
            exposure: exposure(&metadata),
        }))
    }

    /// Whether there is a file for this key. Cheap.
    #[must_use]
    pub fn holds(&self, id: &CanonicalKeyId) -> bool {
        let path = self.path(id);
        let is = |metadata: fs::Metadata| metadata.is_file() || open_in(&self.dir, &path).is_ok();
        path.symlink_metadata().is_ok_and(is)
    }

    /// The file of a key, whether or not it exists.
    #[must_use]
    pub fn path(&self, id: &CanonicalKeyId) -> PathBuf {
        self.dir.join(format!("{id}.key"))
    }

    /// One key, as [`KeyStore::list`] shows it.
    ///
    /// # Errors
    /// `NotFound`, `Format`, `Disk`.
    pub fn find(&self, id: &CanonicalKeyId) -> Result<StoredKey, KeyError> {
        match self.inspect(&self.path(id)) {
            Ok(found) => found.ok_or_else(|| KeyError::NotFound(id.clone())),
            Err(error) => Err(missing(id, error)),
        }
    }

    /// Reads and decrypts a key. Slow (key derivation).
    ///
    /// # Errors
    /// `NotFound`, `Locked`, `WrongPassphrase` (`opens` is not filled here), `Format`, `OtherKey`, `Disk`.
    pub fn load(&self, id: &CanonicalKeyId, passphrase: Option<&Passphrase>) -> Result<PrivateKey, KeyError> {
        let path = self.path(id);
        let bytes = read_in(&self.dir, &path).map_err(|error| missing(id, error))?;
        let opened =
            Block::read(&bytes).map_err(OpenError::from).and_then(|block| PrivateKey::from_block(&block, passphrase));
        let key = opened.map_err(|error| match error {
            OpenError::Locked => KeyError::Locked(id.clone()),
            OpenError::WrongPassphrase => KeyError::WrongPassphrase { id: id.clone(), opens: None },
            OpenError::Convertible(what) => KeyError::Convertible { path: path.clone(), what },
            OpenError::Format(what) => KeyError::Format { path: path.clone(), what },
        })?;
        if key.id() == id { Ok(key) } else { Err(KeyError::OtherKey { path, found: key.id().clone() }) }
    }

    /// The file of a key as it is.
    ///
    /// # Errors
    /// `Format`, `Link`, `Disk`.
    pub fn read(&self, id: &CanonicalKeyId) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        read_in(&self.dir, &self.path(id))
    }

    /// Whether a passphrase opens a key, if finding out takes no longer than for the files of Notary.
    #[must_use]
    pub fn opens_quickly(&self, id: &CanonicalKeyId, passphrase: &Passphrase) -> bool {
        let block = self.read(id).ok().and_then(|bytes| Block::read(&bytes).ok());
        block.is_some_and(|block| {
            block.is_quick() && PrivateKey::from_block(&block, Some(passphrase)).is_ok_and(|key| key.id() == id)
        })
    }

    /// Writes a new key in Notary's form, 0600, aside and renamed. An existing file is never replaced.
    /// `role` is `root`, `targets`, … or a signer's name; `gun` is kept for targets and snapshot only.
    ///
    /// # Errors
    /// [`KeyError::Disk`]; [`KeyError::Unsupported`] for an empty passphrase, which would protect nothing.
    pub fn save(
        &self,
        key: &PrivateKey,
        role: &str,
        gun: Option<&Gun>,
        passphrase: &NewPassphrase,
    ) -> Result<PathBuf, KeyError> {
        let text = sealed(key, headers_for(role, gun.map(Gun::as_str)), passphrase)?;
        self.add(key.id(), text.as_bytes())
    }

    /// Writes the file of a key that is not in the store yet, as it is: 0600, aside and renamed.
    ///
    /// # Errors
    /// [`KeyError::Disk`], also if there is a file of that name.
    pub fn add(&self, id: &CanonicalKeyId, file: &[u8]) -> Result<PathBuf, KeyError> {
        let path = self.path(id);
        make_private_dir(&self.dir)?;
        self.sweep();
        let aside = write_aside(&self.dir, file).map_err(disk(&path))?;
        aside.persist_noclobber(&path).map_err(|error| disk(&path)(error.error))?;
        self.sync().map_err(disk(&self.dir))?;
        Ok(path)
    }

    /// Encrypts a stored key with another passphrase; its headers stay. The old file is replaced in one step.
    ///
    /// # Errors
    /// As [`KeyStore::load`] and [`KeyStore::save`].
    pub fn reseal(&self, id: &CanonicalKeyId, old: Option<&Passphrase>, new: &NewPassphrase) -> Result<(), KeyError> {
        let (key, stored) = (self.load(id, old)?, self.find(id)?);
        let text = sealed(&key, headers_for(&stored.role, stored.gun.as_deref()), new)?;
        let path = self.path(id);
        check_own(&path)?;
        self.sweep();
        let aside = write_aside(&self.dir, text.as_bytes()).map_err(disk(&path))?;
        // What was just written must open before it replaces the only copy.
        let written = read_in(&self.dir, aside.path())?;
        let reread = PrivateKey::from_pem(&written, Some(new)).ok().filter(|reread| reread.id() == id);
        reread.ok_or_else(|| KeyError::Unsupported("the key did not open with its new passphrase".to_owned()))?;
        aside.persist(&path).map_err(|error| disk(&path)(error.error))?;
        self.sync().map_err(disk(&self.dir))
    }

    /// Writes another role and repository into the headers of a stored key, which stays as it is otherwise.
    ///
    /// # Errors
    /// `NotFound`, `Format`, `Link`, `Disk`.
    pub fn rename(&self, id: &CanonicalKeyId, role: &str, gun: Option<&Gun>) -> Result<(), KeyError> {
        let path = self.path(id);
        check_own(&path)?;
        let file = self.read(id).map_err(|error| missing(id, error))?;
        let format = |error: pem::PemError| KeyError::Format { path: path.clone(), what: error.to_string() };
        let mut block = Block::read(&file).map_err(format)?;
        block.headers.retain(|(name, _)| !matches!(&**name, "role" | "gun" | "path"));
        block.headers.extend(headers_for(role, gun.map(Gun::as_str)));
        self.sweep();
        let aside = write_aside(&self.dir, block.write().as_bytes()).map_err(disk(&path))?;
        aside.persist(&path).map_err(|error| disk(&path)(error.error))?;
        self.sync().map_err(disk(&self.dir))
    }

    /// Deletes the file of a key, and copies that killed runs left.
    ///
    /// # Errors
    /// `NotFound`, `Link`, [`KeyError::Disk`].
    pub fn remove(&self, id: &CanonicalKeyId) -> Result<(), KeyError> {
        let path = self.path(id);
        check_own(&path)?;
        sweep(&self.dir)?;
        fs::remove_file(&path).map_err(|error| missing(id, disk(&path)(error)))?;
        self.sync().map_err(disk(&self.dir))
    }

    fn sweep(&self) {
        // What cannot be deleted now is told when a key is removed.
        let _ = sweep(&self.dir);
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

/// The headers of a key's file. As in Notary, only keys of one repository say which.
#[must_use]
pub fn headers_for(role: &str, gun: Option<&str>) -> Vec<(String, String)> {
    let of_repository = matches!(Role::parse(role), Ok(Role::Targets | Role::Snapshot | Role::Timestamp));
    let gun = gun.filter(|_| of_repository).map(|gun| ("gun".to_owned(), gun.to_owned()));
    let role = Some(role).filter(|role| !role.is_empty()).map(|role| ("role".to_owned(), role.to_owned()));
    gun.into_iter().chain(role).collect()
}

fn sealed(
    key: &PrivateKey,
    headers: Vec<(String, String)>,
    passphrase: &NewPassphrase,
) -> Result<Zeroizing<String>, KeyError> {
    Ok(key.to_block(headers, passphrase)?.write())
}

fn missing(id: &CanonicalKeyId, error: KeyError) -> KeyError {
    match error {
        KeyError::Disk { source, .. } if source.kind() == io::ErrorKind::NotFound => KeyError::NotFound(id.clone()),
        other => other,
    }
}
