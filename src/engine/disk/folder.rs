//! Files and folders by handle: no symbolic link is followed.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::commit::writer;
use super::read;
use super::read::read_opened;
use crate::keys::files::is_nowhere;

/// After so many seconds a file aside is removed if its process has ended. Not at once: a process of another container
/// or host seems to have ended too.
const LEFT: i64 = 60;
/// After so many seconds it is removed in any case: its process's number may be somebody else's by now.
const LEFT_LONG: i64 = 24 * 3600;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Makes a directory with its parents, 0700.
pub(in crate::engine) fn make_private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// A directory's one name, whether it is there yet or not: two spellings of it must not have two states.
pub(in crate::engine) fn real(dir: &Path) -> PathBuf {
    let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    for above in whole.ancestors() {
        if let Ok(mut there) = above.canonicalize() {
            // Not with an empty path, which would add a slash.
            there.extend(whole.strip_prefix(above).iter().flat_map(|below| below.components()));
            return there;
        }
    }
    whole
}

/// Whether a file was being written when its process ended.
pub(in crate::engine) fn is_aside(name: &str) -> bool {
    writer(name).is_some()
}

/// Removes what processes left aside when they were killed. Does what it can: nothing depends on it.
pub(in crate::engine) fn sweep(folder: &OwnedFd) {
    sweep_where(folder, |_| true);
}

/// The same in a folder of somebody else's, where only what was to become `whole` is ours.
pub(in crate::engine) fn sweep_of(folder: &OwnedFd, whole: &str) {
    sweep_where(folder, |name| name.starts_with(&format!(".{whole}.")));
}

fn sweep_where(folder: &OwnedFd, is_ours: impl Fn(&str) -> bool) {
    for (name, kind) in entries(folder).unwrap_or_default() {
        if kind == FileType::RegularFile && is_ours(&name) && is_left(folder, &name) {
            let _ = rustix::fs::unlinkat(folder, name.as_str(), AtFlags::empty());
        }
    }
}

fn is_left(folder: &OwnedFd, name: &str) -> bool {
    let Some(process) = writer(name) else { return false };
    let Ok(facts) = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { return false };
    let now = jiff::Timestamp::now().as_second();
    let age = now.saturating_sub(facts.st_mtime);
    age > LEFT_LONG || age > LEFT && has_ended(process)
}

fn has_ended(process: u32) -> bool {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    id.is_none_or(|id| rustix::process::test_kill_process(id) == Err(Errno::SRCH))
}

/// Reads a file of at most `limit` bytes below a folder's handle, `None` if there is none.
pub(in crate::engine) fn read_at(folder: &OwnedFd, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
    find_at(folder, name)?.map(|file| read_opened(file, limit)).transpose()
}

/// Opens a file below a folder's handle to read it, `None` if there is none.
pub(in crate::engine) fn find_at(folder: &OwnedFd, name: &str) -> io::Result<Option<File>> {
    // Without NONBLOCK a named pipe would hold us for ever.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(explain(error)),
    }
}

/// Opens a folder below a handle, `None` if there is none.
pub(in crate::engine) fn open_folder(above: &OwnedFd, name: &str) -> io::Result<Option<OwnedFd>> {
    match rustix::fs::openat(above, name, DIRECTORY, Mode::empty()) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(explain(error)),
    }
}

fn explain(error: Errno) -> io::Error {
    match error {
        Errno::NOTDIR => io::Error::other("has a symbolic link or a file where a directory is expected"),
        other => read::explain(other.into()),
    }
}

/// Names and kinds in a folder; names that are not UTF-8 are left out.
pub(in crate::engine) fn entries(folder: &OwnedFd) -> io::Result<Vec<(String, FileType)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if let Ok(name) = std::str::from_utf8(name)
            && !matches!(name, "." | "..")
        {
            found.push((name.to_owned(), entry.file_type()));
        }
    }
    Ok(found)
}

/// Opens a directory of the program's own by path, `None` if there is none.
pub(in crate::engine) fn find_own(dir: &Path) -> io::Result<Option<OwnedFd>> {
    match open_own(dir) {
        Ok(folder) => Ok(Some(folder)),
        Err(error) if is_nowhere(dir, &error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a directory of the program's own by path.
pub(in crate::engine) fn open_own(dir: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(CWD, dir, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty())?)
}
