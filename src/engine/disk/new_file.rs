//! Files that must not exist yet, written whole.

use std::io::Write;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

#[cfg(target_os = "linux")]
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
#[cfg(target_os = "linux")]
use rustix::io::Errno;

use super::{commit, folder};
use crate::engine::error::{EngineError, refuse};

/// What a file is called before it is whole, where it needs a name: `.new-trustdeck.PROCESS-NUMBER`.
const ASIDE: &str = "new-trustdeck";

/// Writes a file that must not exist yet, 0600.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    let disk = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => EngineError::Disk { path: path.to_owned(), source },
    };
    // Whole or not at all, also if this run is killed: half a file would be in the way of the next one.
    let dir = path.parent().filter(|dir| *dir != Path::new("")).unwrap_or(Path::new("."));
    write_nameless(dir, path, bytes).unwrap_or_else(|| write_aside(dir, path, bytes)).map_err(disk)
}

/// Names a file only when it is whole, so that nothing is left of it if this run is killed. `None` where that cannot be.
#[cfg(target_os = "linux")]
fn write_nameless(dir: &Path, path: &Path, bytes: &[u8]) -> Option<io::Result<()>> {
    let file = match nameless(dir, bytes)? {
        Ok(file) => file,
        Err(error) => return Some(Err(error)),
    };
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    match rustix::fs::linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Some(Ok(())),
        Err(Errno::EXIST) => Some(Err(Errno::EXIST.into())),
        // Such as without /proc.
        Err(_) => None,
    }
}

#[cfg(target_os = "linux")]
fn nameless(dir: &Path, bytes: &[u8]) -> Option<io::Result<fs::File>> {
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    let mut file = fs::File::from(rustix::fs::open(dir, flags, Mode::RUSR | Mode::WUSR).ok()?);
    Some(file.write_all(bytes).and_then(|()| file.sync_all()).map(|()| file))
}

/// Only Linux has such files.
#[cfg(not(target_os = "linux"))]
fn write_nameless(_: &Path, _: &Path, _: &[u8]) -> Option<io::Result<()>> {
    None
}

/// The same under another name first. What killed runs left there goes away.
fn write_aside(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Nothing depends on it.
    let _ = folder::open_own(dir).map(|dir| folder::sweep_of(&dir, ASIDE));
    let mut file = tempfile::Builder::new().prefix(&commit::aside_name(ASIDE)).rand_bytes(0).tempfile_in(dir)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all())?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

fn taken(path: &Path) -> EngineError {
    refuse(format!("{} exists already and is not overwritten", path.display()), "name another file")
}

/// A file that did not exist before, 0600. Gone again unless it is written: half a file must not be taken for a whole one.
pub(in crate::engine) struct NewFile {
    path: PathBuf,
    file: fs::File,
    written: bool,
}

impl NewFile {
    pub(in crate::engine) fn create(path: &Path) -> Result<Self, EngineError> {
        let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = opened.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => taken(path),
            _ => EngineError::Disk { path: path.to_owned(), source },
        })?;
        Ok(Self { path: path.to_owned(), file, written: false })
    }

    pub(in crate::engine) fn write(mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        self.written = written.is_ok();
        written.map_err(|source| EngineError::Disk { path: self.path.clone(), source })
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.written {
            // Whatever went wrong is the error to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_being_written_has_no_name_that_a_killed_run_could_leave() {
        let dir = tempfile::tempdir().unwrap();
        if let Some(file) = nameless(dir.path(), b"secret") {
            let file = file.unwrap();
            assert_eq!((names(dir.path()), file.metadata().unwrap().len()), (vec![], 6));
        }
    }

    #[test]
    fn where_it_needs_a_name_the_next_run_sweeps_what_a_killed_one_left() {
        let dir = tempfile::tempdir().unwrap();
        let left = dir.path().join(format!(".{ASIDE}.999999999-0"));
        for path in [&left, &dir.path().join(".notes.999999999-0"), &dir.path().join("new-trustdeck.txt")] {
            let file = fs::File::create(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
        }
        let path = dir.path().join("backup");
        write_aside(dir.path(), &path, b"whole").unwrap();
        assert_eq!(names(dir.path()), [".notes.999999999-0", "backup", "new-trustdeck.txt"], "and nothing of others");
        assert_eq!(write_aside(dir.path(), &path, b"other").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(matches!(write_new(&path, b"other"), Err(EngineError::Input { .. })));
        assert_eq!((fs::read(&path).unwrap(), names(dir.path()).len()), (b"whole".to_vec(), 3));
    }
}
