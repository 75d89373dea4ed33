//! The trust directory shared with `docker` and `notary`: cached role files below `tuf/<GUN>/metadata`.
//!
//! Invariants: every step down is taken from a directory handle and follows no symbolic link, so nothing outside
//! the trust directory is read or written; a file appears under its name only whole.
//!
//! What relies on what: `root.json` is docker's and notary's pin, so it is on the disk before anything goes on, and so are
//! our own marks and pin (`memory`), which come with it. All other files are named by hash from there on: after a power cut
//! one may be torn, fails its hash for whoever reads it, and is fetched again. So they are not waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use super::limits;
use crate::engine::disk::commit::{Pending, write_all, write_loose};
use crate::engine::disk::folder::{entries, find_own, is_aside, make_private, open_folder, open_own, read_at, sweep};
use crate::engine::error::{EngineError, OwnDir};
use crate::tuf::{Gun, Role};

/// Whether a role's file could be another repository's: below `metadata` in its name, the cache of a repository named
/// after what stands before begins. `targets/metadata/root` of `a` is the root of `a/metadata/targets`.
pub(in crate::engine) fn is_shared(role: &Role) -> bool {
    let mut segments = role.as_str().split('/');
    segments.next_back();
    segments.any(|segment| segment == "metadata")
}

/// The trust directory.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// The trust directory may itself be a symbolic link; what lies below may not. It is made when a file is stored first.
    pub(in crate::engine) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Reads a cached role file, `None` if there is none, or if it could be another repository's.
    ///
    /// # Errors
    /// `Disk`; also for a symbolic link on the way and for a file over the limit.
    pub(in crate::engine) fn read(&self, gun: &Gun, role: &Role) -> Result<Option<Vec<u8>>, EngineError> {
        self.drawer(gun).read(role)
    }

    /// The files of one repository, for several of them.
    pub(in crate::engine) fn drawer(&self, gun: &Gun) -> Drawer<'_> {
        let mut path = folders(gun);
        path.push("metadata".to_owned());
        Drawer { cache: self, path, open: BTreeMap::new() }
    }

    /// Stores role files, each aside and renamed; the order given is kept. A file that could be another
    /// repository's is left out: whoever names a role must not write the root of a repository that is not theirs.
    pub(in crate::engine) fn store<B: AsRef<[u8]>>(&self, gun: &Gun, files: &[(Role, B)]) -> Result<(), EngineError> {
        self.drawer(gun).store_after(Vec::new(), self.failed(), files)
    }

    /// Removes the cached files and Notary's staged changes of one repository; those of nested names stay.
    pub(in crate::engine) fn delete(&self, gun: &Gun) -> Result<(), EngineError> {
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
    pub(in crate::engine) fn guns(&self) -> Result<Vec<Gun>, EngineError> {
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
    pub(in crate::engine) fn foreign_changes(&self, gun: &Gun) -> usize {
        let mut folders = folders(gun);
        folders.push("changelist".to_owned());
        let entries = self.descend(&folders).ok().flatten().and_then(|folder| entries(&folder).ok());
        entries.unwrap_or_default().iter().filter(|(name, _)| name.ends_with(".change")).count()
    }

    fn failed(&self) -> impl Fn(io::Error) -> EngineError + use<> {
        let path = self.dir.clone();
        move |source| EngineError::OwnDir { dir: OwnDir::Trust, path: path.clone(), source }
    }

    fn attempt<T>(
        &self,
        folders: &[String],
        name: &str,
        act: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, EngineError> {
        act().map_err(|source| {
            let path = folders.iter().fold(self.dir.clone(), |path, folder| path.join(folder)).join(name);
            EngineError::OwnDir { dir: OwnDir::Trust, path, source }
        })
    }

    fn top(&self) -> io::Result<Option<OwnedFd>> {
        // The trust directory itself may be a link that the user made.
        find_own(&self.dir)
    }

    fn made(&self) -> io::Result<OwnedFd> {
        make_private(&self.dir)?;
        open_own(&self.dir)
    }

    fn descend(&self, folders: &[String]) -> io::Result<Option<OwnedFd>> {
        let Some(mut folder) = self.top()? else { return Ok(None) };
        for name in folders {
            folder = match open_folder(&folder, name)? {
                Some(next) => next,
                None => return Ok(None),
            };
        }
        Ok(Some(folder))
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

/// The cached files of one repository. Each of its folders is looked up once and kept open.
pub(in crate::engine) struct Drawer<'a> {
    cache: &'a Cache,
    path: Vec<String>,
    open: BTreeMap<String, Arc<OwnedFd>>,
}

impl Drawer<'_> {
    /// Reads a cached role file, `None` if there is none.
    ///
    /// # Errors
    /// As [`Cache::read`].
    pub(in crate::engine) fn read(&mut self, role: &Role) -> Result<Option<Vec<u8>>, EngineError> {
        if is_shared(role) {
            return Ok(None);
        }
        let (below, name) = place(role);
        let read = self.folder(below).and_then(|folder| match folder {
            Some(folder) => read_at(&folder, &name, limits::FILE),
            None => Ok(None),
        });
        self.named(below, &name, read)
    }

    /// Stores role files after other files, all of them together; the order given is kept. `failed` names those others,
    /// which count although these cannot be stored.
    ///
    /// # Errors
    /// `OwnDir`, and that of `failed`.
    pub(in crate::engine) fn store_after<B: AsRef<[u8]>>(
        &mut self,
        first: Vec<Pending>,
        failed: impl Fn(io::Error) -> EngineError,
        files: &[(Role, B)],
    ) -> Result<(), EngineError> {
        let (mut pending, placed) = (first.clone(), self.placed(files));
        let (lasting, loose): (Vec<_>, Vec<_>) = match placed {
            Ok(files) => files.into_iter().partition(|(role, _)| *role == Role::Root),
            Err(error) => {
                write_all(first).map_err(failed)?;
                return Err(error);
            }
        };
        let files = |files: Vec<(Role, Pending)>| files.into_iter().map(|(_, file)| file);
        pending.extend(files(lasting));
        let written = write_all(pending).and_then(|()| write_loose(files(loose).collect()));
        if written.is_err() {
            write_all(first).map_err(failed)?;
        }
        self.named("", "", written)
    }

    fn placed<B: AsRef<[u8]>>(&mut self, files: &[(Role, B)]) -> Result<Vec<(Role, Pending)>, EngineError> {
        let (mut pending, mut swept) = (Vec::with_capacity(files.len()), BTreeSet::new());
        for (role, bytes) in files.iter().filter(|(role, _)| !is_shared(role)) {
            let (below, name) = place(role);
            let made = self.made(below);
            let folder = self.named(below, "", made)?;
            if swept.insert(below) {
                sweep(&folder);
            }
            pending.push((role.clone(), Pending { folder, name, bytes: bytes.as_ref().to_vec() }));
        }
        Ok(pending)
    }

    fn folder(&mut self, below: &str) -> io::Result<Option<Arc<OwnedFd>>> {
        if let Some(open) = self.open.get(below) {
            return Ok(Some(Arc::clone(open)));
        }
        let found = match split(below) {
            None => self.cache.descend(&self.path)?,
            Some((above, name)) => match self.folder(above)? {
                Some(above) => open_folder(&above, name)?,
                None => None,
            },
        };
        Ok(found.map(|found| self.keep(below, found)))
    }

    fn made(&mut self, below: &str) -> io::Result<Arc<OwnedFd>> {
        if let Some(open) = self.folder(below)? {
            return Ok(open);
        }
        let made = match split(below) {
            None => {
                let mut folder = self.cache.made()?;
                for name in &self.path {
                    folder = make_folder(&folder, name)?;
                }
                folder
            }
            Some((above, name)) => make_folder(&*self.made(above)?, name)?,
        };
        Ok(self.keep(below, made))
    }

    fn keep(&mut self, below: &str, folder: OwnedFd) -> Arc<OwnedFd> {
        let folder = Arc::new(folder);
        self.open.insert(below.to_owned(), Arc::clone(&folder));
        folder
    }

    fn named<T>(&self, below: &str, name: &str, outcome: io::Result<T>) -> Result<T, EngineError> {
        let folders: Vec<String> = self.path.iter().cloned().chain(split_all(below)).collect();
        self.cache.attempt(&folders, name, || outcome)
    }
}

/// A folder below `metadata` as the one above it and its own name.
fn split(below: &str) -> Option<(&str, &str)> {
    if below.is_empty() { None } else { Some(below.rsplit_once('/').unwrap_or(("", below))) }
}

fn split_all(below: &str) -> impl Iterator<Item = String> {
    below.split('/').filter(|name| !name.is_empty()).map(str::to_owned)
}

fn folders(gun: &Gun) -> Vec<String> {
    std::iter::once("tuf").chain(gun.as_str().split('/')).map(str::to_owned).collect()
}

/// The folder of a role's file below `metadata`, empty for that itself, and the file's name.
fn place(role: &Role) -> (&str, String) {
    let (below, name) = role.as_str().rsplit_once('/').unwrap_or(("", role.as_str()));
    (below, format!("{name}.json"))
}

fn make_folder(above: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    match rustix::fs::mkdirat(above, name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(open_folder(above, name)?.ok_or(io::ErrorKind::NotFound)?)
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
        let is_of_roles = name == "targets" && path.rsplit('/').next() == Some("metadata");
        if kind != FileType::Directory || is_of_roles {
            continue;
        }
        // Somebody may remove it under our hands.
        let Ok(Some(inner)) = open_folder(folder, &name) else { continue };
        let is_marked = match name.as_str() {
            "metadata" => |file: &str| file == "root.json",
            "changelist" => |file: &str| file.ends_with(".change"),
            _ => |_: &str| false,
        };
        if matches!(name.as_str(), "metadata" | "changelist") {
            let held = entries(&inner)?;
            is_repository |= held.iter().any(|(file, _)| is_marked(file));
            // A name may hold these words too. What lies in `targets` here are files of roles.
            if !held.iter().any(|(below, kind)| *kind == FileType::Directory && below != "targets") {
                continue;
            }
        }
        if path.len() + name.len() < 255 {
            let below = if path.is_empty() { name } else { format!("{path}/{name}") };
            collect(&inner, &below, found)?;
        }
    }
    found.extend(is_repository.then(|| Gun::parse(path).ok()).flatten());
    Ok(())
}
