//! Blobs and uploads as files: written aside, checked, and only then named by their digest.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::remote::registry::Digest;
use crate::remote::registry::digest::Hasher;

/// All that is stored, in bytes; a sandbox is no place for more.
const MOST: u64 = 8 << 30;

/// The directories of blobs and uploads, and how much is in them.
#[derive(Clone)]
pub(in crate::sandbox) struct BlobFiles {
    dir: Arc<PathBuf>,
    used: Arc<AtomicU64>,
}

impl BlobFiles {
    /// Opens the directories below `dir`, making them if they are missing.
    pub(in crate::sandbox) fn open(dir: &Path) -> std::io::Result<Self> {
        let mut used = 0;
        for part in ["blobs/sha256", "blobs/sha384", "blobs/sha512", "uploads"] {
            let part = dir.join(part);
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&part)?;
            for entry in fs::read_dir(&part)? {
                used += entry?.metadata()?.len();
            }
        }
        Ok(Self { dir: Arc::new(dir.to_owned()), used: Arc::new(AtomicU64::new(used)) })
    }

    /// The file of a blob. Its digest is one that can be computed here, so that its parts are plain names.
    pub(in crate::sandbox) fn blob(&self, digest: &Digest) -> PathBuf {
        self.dir.join("blobs").join(digest.algorithm().as_ref()).join(digest.digest())
    }

    /// The file of an upload.
    pub(super) fn upload(&self, id: &str) -> PathBuf {
        self.dir.join("uploads").join(id)
    }

    /// Makes the file of a new upload.
    pub(super) fn begin(&self, id: &str) -> std::io::Result<()> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.upload(id)).map(drop)
    }

    /// Takes room for `bytes`. Says whether there was any.
    pub(super) fn take_room(&self, bytes: u64) -> bool {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= MOST;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Removes a file with its room.
    pub(super) fn remove(&self, file: &Path) -> std::io::Result<()> {
        let length = fs::metadata(file)?.len();
        fs::remove_file(file)?;
        self.give_back(length);
        Ok(())
    }

    /// Names an upload by `digest` if that is what it holds; gives its size, or the digest that it has.
    pub(super) fn keep(&self, id: &str, digest: &Digest) -> std::io::Result<Result<u64, String>> {
        let upload = self.upload(id);
        let mut file = File::open(&upload)?;
        let (found, size) = digest_of(&mut file, digest)?;
        if found != digest.as_ref() {
            self.remove(&upload)?;
            return Ok(Err(found));
        }
        file.sync_all()?;
        let blob = self.blob(digest);
        if blob.exists() {
            self.give_back(size);
        }
        fs::rename(&upload, &blob)?;
        sync_dir(&blob)?;
        Ok(Ok(size))
    }

    /// Writes a blob of the scene under `digest`, whatever its bytes are; not synced.
    pub(in crate::sandbox) fn seed(&self, digest: &Digest, bytes: &[u8]) -> std::io::Result<()> {
        let file = self.blob(digest);
        self.used.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
        file.write_all(bytes)
    }

    /// Waits until all that was written is on the disk.
    pub(in crate::sandbox) fn sync(&self) -> std::io::Result<()> {
        let dir = File::open(&*self.dir)?;
        Ok(rustix::fs::syncfs(&dir)?)
    }
}

fn sync_dir(file: &Path) -> std::io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("/"));
    File::open(dir)?.sync_all()
}

/// The digest of a file by the algorithm of `like`, and its size.
fn digest_of(file: &mut File, like: &Digest) -> std::io::Result<(String, u64)> {
    let Some(mut hasher) = Hasher::of(like.algorithm()) else {
        return Err(std::io::Error::other("unknown algorithm"));
    };
    let (mut buffer, mut size) = (vec![0; 256 << 10], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hasher.finish(), size));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
        size += read as u64;
    }
}
