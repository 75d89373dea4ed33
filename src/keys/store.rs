//! The key directory shared with `docker` and `notary`.
//!
//! Invariant: symbolic links are never followed, existing files never replaced, and a file is either whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::error::KeyError;
use super::index::KeyIndex;
use super::open_error::OpenError;
use super::passphrase::Passphrase;
use super::pem::{self, Block, Head, MAX_FILE};
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
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((keys, problems)),
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
                    key.warning = warning(facts);
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
            let what = "holds keys in the layout of notary 0.3; `notary key list` moves them".to_owned();
            return Err(KeyError::Format { path: path.to_owned(), what });
        }
        let Some(stem) = name.strip_suffix(".key") else { return Ok(None) };
        let format = |what: &str| KeyError::Format { path: path.to_owned(), what: what.to_owned() };
        let id = CanonicalKeyId::parse(stem).map_err(|_| format("is not named after a key ID"))?;
        let (file, metadata) = open_file(path)?;
        let mut start = Zeroizing::new(Vec::with_capacity(HEAD));
        file.take(HEAD as u64).read_to_end(&mut start).map_err(disk(path))?;
        let head = Head::read(&start).map_err(|error| format(&error.to_string()))?;
        Ok(Some(StoredKey {
            id,
            role: head.header("role").unwrap_or_default().to_owned(),
            gun: head.header("gun").map(str::to_owned),
            path: path.to_owned(),
            encrypted: pem::is_encrypted(&head.label, head.header("Proc-Type")),
            warning: warning(&metadata),
        }))
    }

    /// Whether there is a file for this key. Cheap.
    #[must_use]
    pub fn holds(&self, id: &CanonicalKeyId) -> bool {
        self.path(id).symlink_metadata().is_ok_and(|metadata| metadata.is_file())
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
        let bytes = read_file(&path).map_err(|error| missing(id, error))?;
        let opened =
            Block::read(&bytes).map_err(OpenError::from).and_then(|block| PrivateKey::from_block(&block, passphrase));
        let key = opened.map_err(|error| match error {
            OpenError::Locked => KeyError::Locked(id.clone()),
            OpenError::WrongPassphrase => KeyError::WrongPassphrase { id: id.clone(), opens: None },
            OpenError::Format(what) => KeyError::Format { path: path.clone(), what },
        })?;
        if key.id() == id { Ok(key) } else { Err(KeyError::OtherKey { path, found: key.id().clone() }) }
    }

    /// Whether a passphrase opens a key, if finding out takes no longer than for the files of Notary.
    #[must_use]
    pub fn opens_quickly(&self, id: &CanonicalKeyId, passphrase: &Passphrase) -> bool {
        let block = read_file(&self.path(id)).ok().and_then(|bytes| Block::read(&bytes).ok());
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
        let aside = self.write_aside(file).map_err(disk(&path))?;
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
        let aside = self.write_aside(text.as_bytes()).map_err(disk(&path))?;
        // What was just written must open before it replaces the only copy.
        let written = read_file(aside.path())?;
        let reread = PrivateKey::from_pem(&written, Some(new)).ok().filter(|reread| reread.id() == id);
        reread.ok_or_else(|| KeyError::Unsupported("the key did not open with its new passphrase".to_owned()))?;
        aside.persist(&path).map_err(|error| disk(&path)(error.error))?;
        self.sync().map_err(disk(&self.dir))
    }

    /// Deletes the file of a key.
    ///
    /// # Errors
    /// `NotFound`, [`KeyError::Disk`].
    pub fn remove(&self, id: &CanonicalKeyId) -> Result<(), KeyError> {
        let path = self.path(id);
        fs::remove_file(&path).map_err(|error| missing(id, disk(&path)(error)))?;
        self.sync().map_err(disk(&self.dir))
    }

    fn write_aside(&self, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        // Not named `*.key`: the tools that share the directory must not list half a file.
        let mut file = tempfile::Builder::new().prefix(".new-").suffix(".tmp").tempfile_in(&self.dir)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
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

/// Reads a private key file that lies anywhere, without following a symbolic link or waiting for a pipe.
///
/// # Errors
/// `Format` if it is no regular file or too large, `Disk`.
pub fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (file, metadata) = open_file(path)?;
    // One more byte than allowed, so that the reader sees that it is too large.
    let limit = MAX_FILE + 1;
    let room = usize::try_from(metadata.len()).unwrap_or(limit).min(limit) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(limit as u64).read_to_end(&mut bytes).map_err(disk(path))?;
    Ok(bytes)
}

fn open_file(path: &Path) -> Result<(File, fs::Metadata), KeyError> {
    let format = |what: &str| KeyError::Format { path: path.to_owned(), what: what.to_owned() };
    // Without NONBLOCK, opening a pipe would wait for its writer.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let opened = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path);
    let file = match opened {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(format("is a symbolic link, which is not followed"));
        }
        opened => opened.map_err(disk(path))?,
    };
    let metadata = file.metadata().map_err(disk(path))?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(format("is not a regular file")) }
}

/// Makes a directory and those above it, 0700, and sees to it that they are still there after a crash.
fn make_private_dir(dir: &Path) -> Result<(), KeyError> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(disk(dir))?;
    match dir.parent() {
        Some(parent) => File::open(parent).and_then(|parent| parent.sync_all()).map_err(disk(parent)),
        None => Ok(()),
    }
}

/// What is wrong with the mode or owner of a key file.
fn warning(metadata: &fs::Metadata) -> Option<String> {
    let owner = metadata.uid();
    let mode = metadata.mode() & 0o777;
    if owner != rustix::process::geteuid().as_raw() {
        return Some(format!("belongs to user {owner}"));
    }
    (mode & 0o077 != 0).then(|| format!("can be read or changed by others (mode {mode:04o}, expected 0600)"))
}

fn missing(id: &CanonicalKeyId, error: KeyError) -> KeyError {
    match error {
        KeyError::Disk { source, .. } if source.kind() == io::ErrorKind::NotFound => KeyError::NotFound(id.clone()),
        other => other,
    }
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::Disk { path, source }
}
