//! The trust directory shared with `docker` and `notary`: cached role files below `tuf/<GUN>/metadata`.
//!
//! Invariants: every step down is taken from a directory handle and follows no symbolic link, so nothing outside
//! the trust directory is read or written; a file appears under its name only whole and synced.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::EngineError;
use crate::tuf::{Gun, Role};

/// No cached file is bigger: 100,000 tags are about 10 MB.
pub(super) const FILE_LIMIT: u64 = 64 << 20;

/// Files of one repository that are synced at once.
const LANES: usize = 8;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The trust directory.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Makes the trust directory if it is missing. It may itself be a symbolic link; what lies below may not.
    pub(super) fn open(dir: &Path) -> Result<Self, EngineError> {
        make_private(dir)?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Reads a cached role file, `None` if there is none.
    ///
    /// # Errors
    /// `Disk`; also for a symbolic link on the way and for a file over the limit.
    pub(super) fn read(&self, gun: &Gun, role: &Role) -> Result<Option<Vec<u8>>, EngineError> {
        let (folders, name) = place(gun, role);
        self.attempt(&folders, &name, || {
            let Some(folder) = self.descend(&folders)? else { return Ok(None) };
            read_at(&folder, &name, FILE_LIMIT)
        })
    }

    /// Stores role files, each aside, synced and renamed; the order given is kept.
    pub(super) fn store<B: AsRef<[u8]>>(&self, gun: &Gun, files: &[(Role, B)]) -> Result<(), EngineError> {
        self.store_after(Vec::new(), gun, files)
    }

    /// [`Cache::store`] after other files, all synced side by side.
    pub(super) fn store_after<B: AsRef<[u8]>>(
        &self,
        first: Vec<Pending>,
        gun: &Gun,
        files: &[(Role, B)],
    ) -> Result<(), EngineError> {
        let mut pending = first;
        for (role, bytes) in files {
            let (folders, name) = place(gun, role);
            let folder = self.attempt(&folders, "", || self.make(&folders))?;
            pending.push(Pending { folder, name, bytes: bytes.as_ref().to_vec() });
        }
        self.attempt(&folders(gun), "metadata", || write_all(&pending))
    }

    /// Removes the cached files and Notary's staged changes of one repository; those of nested names stay.
    pub(super) fn delete(&self, gun: &Gun) -> Result<(), EngineError> {
        let folders = folders(gun);
        self.attempt(&folders, "metadata", || {
            let Some(folder) = self.descend(&folders)? else { return Ok(()) };
            clear(&folder, "metadata", ".json")?;
            clear(&folder, "changelist", ".change")
        })?;
        self.prune(&folders);
        Ok(())
    }

    /// Repositories with a cached root or changes staged by `notary`. Directories whose path is no name are skipped,
    /// and so are symbolic links.
    pub(super) fn guns(&self) -> Result<Vec<Gun>, EngineError> {
        let mut found = Vec::new();
        let top = ["tuf".to_owned()];
        self.attempt(&top, "", || match self.descend(&top)? {
            Some(folder) => collect(&folder, "", &mut found),
            None => Ok(()),
        })?;
        found.sort();
        Ok(found)
    }

    /// How many changes `notary` has staged for a repository.
    pub(super) fn foreign_changes(&self, gun: &Gun) -> usize {
        let mut folders = folders(gun);
        folders.push("changelist".to_owned());
        let entries = self.descend(&folders).ok().flatten().and_then(|folder| entries(&folder).ok());
        entries.unwrap_or_default().iter().filter(|(name, _)| name.ends_with(".change")).count()
    }

    fn attempt<T>(
        &self,
        folders: &[String],
        name: &str,
        act: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, EngineError> {
        act().map_err(|source| {
            let path = folders.iter().fold(self.dir.clone(), |path, folder| path.join(folder)).join(name);
            EngineError::Disk { path, source }
        })
    }

    fn top(&self) -> io::Result<OwnedFd> {
        // The trust directory itself may be a link that the user made.
        Ok(rustix::fs::openat(CWD, &self.dir, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty())?)
    }

    fn descend(&self, folders: &[String]) -> io::Result<Option<OwnedFd>> {
        let mut folder = self.top()?;
        for name in folders {
            folder = match open_folder(&folder, name)? {
                Some(next) => next,
                None => return Ok(None),
            };
        }
        Ok(Some(folder))
    }

    fn make(&self, folders: &[String]) -> io::Result<OwnedFd> {
        let mut folder = self.top()?;
        for name in folders {
            match rustix::fs::mkdirat(&folder, name.as_str(), Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = open_folder(&folder, name)?.ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(folder)
    }

    /// Removes directories that are empty now, upwards, `tuf` excepted.
    fn prune(&self, folders: &[String]) {
        for depth in (2..=folders.len()).rev() {
            let Some((name, above)) = folders.get(..depth).and_then(<[String]>::split_last) else { return };
            let Ok(Some(parent)) = self.descend(above) else { return };
            if rustix::fs::unlinkat(&parent, name.as_str(), AtFlags::REMOVEDIR).is_err() {
                return;
            }
        }
    }
}

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
    let mut asides = Vec::with_capacity(files.len());
    let written = files.iter().try_for_each(|file| {
        asides.push(aside_name(&file.name));
        file.write_aside(asides.last().map_or("", String::as_str))
    });
    let written: io::Result<()> = written.and_then(|()| {
        side_by_side(files.iter().zip(&asides), |(file, aside)| file.sync(aside))?;
        for (file, aside) in files.iter().zip(&asides) {
            rustix::fs::renameat(&file.folder, aside.as_str(), &file.folder, file.name.as_str())?;
        }
        side_by_side(distinct_folders(files)?, |folder| Ok(rustix::fs::fsync(folder)?))
    });
    if written.is_err() {
        for (file, aside) in files.iter().zip(&asides) {
            // Those that were renamed are not there any more; the first error is the one to report.
            let _ = rustix::fs::unlinkat(&file.folder, aside.as_str(), AtFlags::empty());
        }
    }
    written
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

fn is_aside(name: &str) -> bool {
    name.starts_with('.') && name.contains(".json.")
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
    let file = match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => std::fs::File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(explain(error)),
    };
    let facts = file.metadata()?;
    if !facts.is_file() {
        return Err(io::Error::other("is not a plain file"));
    }
    if facts.len() > limit {
        return Err(io::Error::other(format!("is bigger than {limit} bytes")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or_default());
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn folders(gun: &Gun) -> Vec<String> {
    std::iter::once("tuf").chain(gun.as_str().split('/')).map(str::to_owned).collect()
}

fn place(gun: &Gun, role: &Role) -> (Vec<String>, String) {
    let mut folders = folders(gun);
    folders.push("metadata".to_owned());
    let mut segments: Vec<&str> = role.as_str().split('/').collect();
    let name = segments.pop().unwrap_or_default();
    folders.extend(segments.into_iter().map(str::to_owned));
    (folders, format!("{name}.json"))
}

fn open_folder(above: &OwnedFd, name: &str) -> io::Result<Option<OwnedFd>> {
    match rustix::fs::openat(above, name, DIRECTORY, Mode::empty()) {
        Ok(folder) => Ok(Some(folder)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(explain(error)),
    }
}

fn explain(error: Errno) -> io::Error {
    match error {
        Errno::LOOP => io::Error::other("is a symbolic link, which is not followed"),
        Errno::NOTDIR => io::Error::other("has a symbolic link or a file where a directory is expected"),
        other => other.into(),
    }
}

fn entries(folder: &OwnedFd) -> io::Result<Vec<(String, FileType)>> {
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

/// Removes files that end in `ending` from a directory and its own sub-directories, and what is empty then.
fn clear(above: &OwnedFd, name: &str, ending: &str) -> io::Result<()> {
    let Some(folder) = open_folder(above, name)? else { return Ok(()) };
    for (entry, kind) in entries(&folder)? {
        if kind == FileType::Directory && ending == ".json" {
            // A repository may be nested in a directory of that name.
            if open_folder(&folder, &entry)?.is_some_and(|inner| !holds_repository(&inner)) {
                clear(&folder, &entry, ending)?;
            }
        } else if kind != FileType::Directory && (entry.ends_with(ending) || is_aside(&entry)) {
            rustix::fs::unlinkat(&folder, entry.as_str(), AtFlags::empty())?;
        }
    }
    match rustix::fs::unlinkat(above, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn holds_repository(folder: &OwnedFd) -> bool {
    let holds = |name: &str| open_folder(folder, name).is_ok_and(|found| found.is_some());
    holds("metadata") || holds("changelist")
}

fn collect(folder: &OwnedFd, path: &str, found: &mut Vec<Gun>) -> io::Result<()> {
    let mut is_repository = false;
    for (name, kind) in entries(folder)? {
        if kind != FileType::Directory {
            continue;
        }
        // Somebody may remove it under our hands.
        let Ok(Some(inner)) = open_folder(folder, &name) else { continue };
        match name.as_str() {
            "metadata" => is_repository |= entries(&inner)?.iter().any(|(file, _)| file == "root.json"),
            "changelist" => is_repository |= entries(&inner)?.iter().any(|(file, _)| file.ends_with(".change")),
            _ if path.len() + name.len() < 255 => {
                let below = if path.is_empty() { name } else { format!("{path}/{name}") };
                collect(&inner, &below, found)?;
            }
            _ => {}
        }
    }
    found.extend(is_repository.then(|| Gun::parse(path).ok()).flatten());
    Ok(())
}

/// Opens a directory of the program's own by path.
pub(super) fn open_own(dir: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(CWD, dir, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty())?)
}
