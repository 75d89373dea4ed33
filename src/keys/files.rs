//! Files with private keys: never read through links that lead elsewhere, and written whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use zeroize::Zeroizing;

use super::error::KeyError;
use super::pem::MAX_FILE;
use super::stored::Exposure;

/// Reads a private key file that lies anywhere, without following a symbolic link or waiting for a pipe.
///
/// # Errors
/// `Format` if it is no regular file or too large, `Disk`.
pub fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (file, metadata) = open_file(path)?;
    read_opened(path, file, &metadata)
}

/// Reads a file of the key store, perhaps behind a link that stays in it.
pub(super) fn read_in(dir: &Path, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (file, metadata) = open_in(dir, path)?;
    read_opened(path, file, &metadata)
}

fn read_opened(path: &Path, file: File, metadata: &Metadata) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    // One more byte than allowed, so that the reader sees that it is too large.
    let limit = MAX_FILE + 1;
    let room = usize::try_from(metadata.len()).unwrap_or(limit).min(limit) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(limit as u64).read_to_end(&mut bytes).map_err(disk(path))?;
    Ok(bytes)
}

fn open_file(path: &Path) -> Result<(File, Metadata), KeyError> {
    let format = |what: &str| KeyError::Format { path: path.to_owned(), what: what.to_owned() };
    // Without NONBLOCK, opening a pipe would wait for its writer.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let opened = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path);
    let file = match opened {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(link(path, "is a symbolic link, which is not followed"));
        }
        opened => opened.map_err(disk(path))?,
    };
    let metadata = file.metadata().map_err(disk(path))?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(format("is not a regular file")) }
}

/// Opens a file of the key store. A link is followed where all of its way stays in the store and ends in a regular file
/// of the user or root: so Kubernetes mounts secrets.
pub(super) fn open_in(dir: &Path, path: &Path) -> Result<(File, Metadata), KeyError> {
    if !is_link(path) {
        return open_file(path);
    }
    let real = path.canonicalize().map_err(disk(path))?;
    if !real.starts_with(dir.canonicalize().map_err(disk(dir))?) {
        return Err(link(path, "is a symbolic link out of the key store, which is not followed"));
    }
    let (file, metadata) = open_file(&real)?;
    if metadata.uid() != 0 && metadata.uid() != user() {
        return Err(link(path, "is a symbolic link to a file of another user, which is not followed"));
    }
    Ok((file, metadata))
}

/// Refuses to change a key through a link: whoever mounted it there would change it back, or lose it.
pub(super) fn check_own(path: &Path) -> Result<(), KeyError> {
    if is_link(path) { Err(link(path, "is mounted there through a link, and is not changed")) } else { Ok(()) }
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink())
}

fn link(path: &Path, what: &str) -> KeyError {
    KeyError::Link { path: path.to_owned(), what: what.to_owned() }
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// What is wrong with the mode or owner of a key file.
pub(super) fn exposure(metadata: &Metadata) -> Option<Exposure> {
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o777);
    let others = match owner {
        _ if owner == user() => 0o077,
        // A mounted secret is root's, and read through its group.
        0 => 0o007,
        _ => return Some(Exposure::Owner(owner)),
    };
    (mode & others != 0).then_some(Exposure::Mode(mode))
}

/// Makes a directory and those above it, 0700, and sees to it that they are still there after a crash.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), KeyError> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(disk(dir))?;
    match dir.parent() {
        Some(parent) => File::open(parent).and_then(|parent| parent.sync_all()).map_err(disk(parent)),
        None => Ok(()),
    }
}

/// Not named `*.key`: the tools that share the directory must not list half a file.
const ASIDE: (&str, &str) = (".new-", ".tmp");

/// Writes a file beside the one that it is to become. It is locked, so that nobody takes it for left behind.
pub(super) fn write_aside(dir: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut file = locked_aside(dir)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// An empty file aside, locked. One that somebody swept before it was locked is made again.
fn locked_aside(dir: &Path) -> io::Result<tempfile::NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(ASIDE.0).suffix(ASIDE.1).tempfile_in(dir)?;
        // Some network file systems have no locks; there it is as it was before.
        let _ = flock(file.as_file(), FlockOperation::LockExclusive);
        if file.as_file().metadata()?.nlink() > 0 {
            return Ok(file);
        }
    }
}

/// Deletes the copies of private keys that killed runs left aside.
///
/// # Errors
/// The first that cannot be deleted.
pub(super) fn sweep(dir: &Path) -> Result<(), KeyError> {
    let Ok(entries) = fs::read_dir(dir) else { return Ok(()) };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let is_aside = name.to_str().is_some_and(|name| name.starts_with(ASIDE.0) && name.ends_with(ASIDE.1));
        let path = entry.path();
        if !is_aside {
            continue;
        }
        let Ok((file, _)) = open_file(&path) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(disk(&path)(error)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether what the system says of a path is that nothing is there, perhaps because a file is in the way to it.
#[must_use]
pub fn is_nowhere(path: &Path, error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::NotFound => true,
        io::ErrorKind::NotADirectory => !path.exists(),
        _ => false,
    }
}

pub(super) fn disk(path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::Disk { path, source }
}
