//! Files and folders by handle: no symbolic link is followed, nothing is ever seen half-written.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::EngineError;
use super::files::{self, read_opened};

/// Files of one repository that are synced at once.
const LANES: usize = 8;

/// After so many seconds a file aside is removed if its process has ended. Not at once: a process of another container
/// or host seems to have ended too.
const LEFT: i64 = 60;
/// After so many seconds it is removed in any case: its process's number may be somebody else's by now.
const LEFT_LONG: i64 = 24 * 3600;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Makes a directory with its parents, 0700.
pub(super) fn make_private(dir: &Path) -> Result<(), EngineError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|source| EngineError::Disk { path: dir.to_owned(), source })
}

/// A file that is about to be written.
pub(super) struct Pending {
    pub(super) folder: OwnedFd,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Writes files aside, syncs them, renames them in order, and syncs their folders. Syncing side by side costs about as
/// much as syncing once, because the file system gathers it.
pub(super) fn write_all(files: &[Pending]) -> io::Result<()> {
    replace_all(files)?;
    side_by_side(distinct_folders(files)?, |folder| Ok(rustix::fs::fsync(folder)?))
}

/// The same without the folders: each file is the old or the new one whatever happens, and not surely the new one yet.
fn replace_all(files: &[Pending]) -> io::Result<()> {
    let mut asides = Vec::with_capacity(files.len());
    let written = files.iter().try_for_each(|file| {
        asides.push(aside_name(&file.name));
        file.write_aside(asides.last().map_or("", String::as_str))
    });
    let written: io::Result<()> = written.and_then(|()| {
        side_by_side(files.iter().zip(&asides), |(file, aside)| file.sync(aside))?;
        let mut renames = files.iter().zip(&asides);
        renames.try_for_each(|(file, aside)| {
            Ok(rustix::fs::renameat(&file.folder, aside.as_str(), &file.folder, file.name.as_str())?)
        })
    });
    if written.is_err() {
        for (file, aside) in files.iter().zip(&asides) {
            // Those that were renamed are not there any more; the first error is the one to report.
            let _ = rustix::fs::unlinkat(&file.folder, aside.as_str(), AtFlags::empty());
        }
    }
    written
}

/// [`write_all`] for one file of the program's own, by path.
pub(super) fn write_one(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_all(&[pending(path, bytes)?])
}

/// [`write_one`] for what is found out again if the old file comes back after a crash of the machine.
pub(super) fn replace_one(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_all(&[pending(path, bytes)?])
}

fn pending(path: &Path, bytes: &[u8]) -> io::Result<Pending> {
    let folder = open_own(path.parent().unwrap_or(Path::new(".")))?;
    sweep(&folder);
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?.to_owned();
    Ok(Pending { folder, name, bytes: bytes.to_vec() })
}

impl Pending {
    fn write_aside(&self, aside: &str) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, aside, flags, Mode::RUSR | Mode::WUSR)?;
        std::fs::File::from(file).write_all(&self.bytes)
    }

    fn sync(&self, aside: &str) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, aside, flags, Mode::empty())?;
        Ok(rustix::fs::fsync(file)?)
    }
}

fn aside_name(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".{name}.{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The process that writes a file aside, by the file's name.
fn writer(name: &str) -> Option<u32> {
    let (_, tail) = name.strip_prefix('.')?.rsplit_once('.')?;
    let (process, number) = tail.split_once('-')?;
    number.parse::<u64>().ok()?;
    process.parse().ok()
}

/// Whether a file was being written when its process ended.
pub(super) fn is_aside(name: &str) -> bool {
    writer(name).is_some()
}

/// Removes what processes left aside when they were killed. Does what it can: nothing depends on it.
pub(super) fn sweep(folder: &OwnedFd) {
    for (name, kind) in entries(folder).unwrap_or_default() {
        if kind == FileType::RegularFile && is_left(folder, &name) {
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

fn distinct_folders(files: &[Pending]) -> io::Result<Vec<&OwnedFd>> {
    let mut met = BTreeSet::new();
    let mut folders = Vec::new();
    for file in files {
        let facts = rustix::fs::fstat(&file.folder)?;
        if met.insert((facts.st_dev, facts.st_ino)) {
            folders.push(&file.folder);
        }
    }
    Ok(folders)
}

/// Runs short blocking work on a few threads, and gives the first error.
fn side_by_side<T>(
    work: impl IntoIterator<Item = T, IntoIter: Send>,
    act: impl Fn(T) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let work = Mutex::new(work.into_iter());
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    let lane = || {
        while let Some(item) = next() {
            act(item)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        // Where no thread can be had, this one does it all.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, lane).ok();
        let others: Vec<_> = (1..LANES).filter_map(spawn).collect();
        let ended = |_| Err(io::Error::other("a thread ended early"));
        let mine = lane();
        others.into_iter().map(|other| other.join().unwrap_or_else(ended)).fold(mine, io::Result::and)
    })
}

/// Reads a file of at most `limit` bytes below a folder's handle, `None` if there is none.
pub(super) fn read_at(folder: &OwnedFd, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
    // Without NONBLOCK a named pipe would hold us for ever.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => read_opened(file.into(), limit).map(Some),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(explain(error)),
    }
}

/// Opens a folder below a handle, `None` if there is none.
pub(super) fn open_folder(above: &OwnedFd, name: &str) -> io::Result<Option<OwnedFd>> {
    match rustix::fs::openat(above, name, DIRECTORY, Mode::empty()) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(explain(error)),
    }
}

fn explain(error: Errno) -> io::Error {
    match error {
        Errno::NOTDIR => io::Error::other("has a symbolic link or a file where a directory is expected"),
        other => files::explain(other.into()),
    }
}

/// Names and kinds in a folder; names that are not UTF-8 are left out.
pub(super) fn entries(folder: &OwnedFd) -> io::Result<Vec<(String, FileType)>> {
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

/// Opens a directory of the program's own by path.
pub(super) fn open_own(dir: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(CWD, dir, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty())?)
}
