//! Reading whole files that others may have put there: plain ones only, up to a size, and never waiting.

use std::fs::{File, OpenOptions};
use std::io;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::{Errno, retry_on_intr};

/// Longest file that the program itself keeps, in bytes: some 30,000 staged tags, or all tags of a repository with
/// hundreds of thousands. What others put there in its place takes ten times its length of memory at most.
pub(crate) const OWN: u64 = 24 << 20;
/// How long somebody has to open the other end of a pipe, in seconds.
const WRITER: i64 = 5;
/// Longest configuration file, in bytes.
pub(crate) const CONFIGURATION: u64 = 2 << 20;

/// Reads a file that the user keeps, `None` if there is none. A symbolic link is followed, since many keep their
/// configuration elsewhere; a pipe or a device at its end is refused.
///
/// # Errors
/// Whatever the system says; `Other` for what is no plain file, `FileTooLarge` for what is longer than `limit`.
pub(crate) fn read_kept(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    read(path, OFlags::empty(), limit)
}

/// Reads a file of the program's own, `None` if there is none. It is never a symbolic link.
///
/// # Errors
/// As [`read_kept`].
pub(in crate::engine) fn read_own(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    read(path, OFlags::NOFOLLOW, limit)
}

/// Opens a file that the user names for this one time: a plain one, or a pipe that somebody writes into soon.
///
/// # Errors
/// Whatever the system says; `Other` for what is neither.
pub(in crate::engine) fn open_named(path: &Path) -> io::Result<File> {
    let file = find(path, OFlags::empty())?.ok_or(Errno::NOENT)?;
    if !file.metadata()?.file_type().is_fifo() {
        return plain(file);
    }
    // A pipe is at its end as long as nobody has opened it to write: a writer gets some time for that.
    let mut waited = [PollFd::new(&file, PollFlags::IN)];
    let patience = Timespec { tv_sec: WRITER, tv_nsec: 0 };
    if retry_on_intr(|| poll(&mut waited, Some(&patience)))? == 0 {
        return Err(io::Error::other("is a pipe, and nobody writes into it"));
    }
    rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}

/// Reads a file that the user names for this one time: a plain one, or a pipe that somebody opens soon. Who has opened it
/// may take as long as he likes.
///
/// # Errors
/// As [`open_named`]; `FileTooLarge` for what is longer than `limit`.
pub(crate) fn read_named(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = find(path, OFlags::empty())?.ok_or(Errno::NOENT)?;
    let mut bytes = Vec::new();
    if file.metadata()?.file_type().is_fifo() {
        bytes.extend(first_of_pipe(&file)?);
        rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
    } else {
        file = plain(file)?;
    }
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_long(limit)) } else { Ok(bytes) }
}

/// Waits until somebody has opened the other end of a pipe that was opened without waiting. Returns what was read of it.
fn first_of_pipe(mut file: &File) -> io::Result<Option<u8>> {
    const PAUSES: i64 = 50;
    let mut first = [0];
    let mut is_awake = false;
    for _ in 0..PAUSES {
        match file.read(&mut first) {
            Ok(0) if is_awake => return Ok(None),
            Ok(0) => {}
            Ok(_) => return Ok(Some(first[0])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        let pause = Timespec { tv_sec: 0, tv_nsec: WRITER * 1_000_000_000 / PAUSES };
        // At its end it wakes at once, if somebody had it open and has written nothing.
        is_awake = retry_on_intr(|| poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&pause)))? > 0;
    }
    Err(io::Error::other("is a pipe, and nobody writes into it"))
}

fn plain(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("is not a plain file")) }
}

fn read(path: &Path, flags: OFlags, limit: u64) -> io::Result<Option<Vec<u8>>> {
    find(path, flags)?.map(|file| read_opened(file, limit)).transpose()
}

fn find(path: &Path, flags: OFlags) -> io::Result<Option<File>> {
    // Without NONBLOCK a named pipe would hold us for ever.
    let flags = (flags | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(explain(error)),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads what was opened without waiting.
pub(in crate::engine) fn read_opened(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let file = plain(file)?;
    let facts = file.metadata()?;
    if facts.len() > limit {
        return Err(too_long(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or_default());
    // It may have grown meanwhile.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_long(limit)) } else { Ok(bytes) }
}

fn too_long(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("is longer than {limit} bytes"))
}

/// Opens a file of the program's own for writing, made 0600 if it is missing; it keeps its content.
///
/// # Errors
/// Whatever the system says; `Other` for what is no plain file.
pub(in crate::engine) fn open_own(path: &Path) -> io::Result<File> {
    // A pipe at the other end of the name would make the opening wait.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path);
    plain(opened.map_err(explain)?)
}

/// Says in words what the system has numbers for.
pub(in crate::engine) fn explain(error: io::Error) -> io::Error {
    let is = |code: Errno| error.raw_os_error() == Some(code.raw_os_error());
    match () {
        () if is(Errno::LOOP) => io::Error::other("is a symbolic link, which is not followed"),
        () if is(Errno::NXIO) => io::Error::other("is not a plain file"),
        () => error,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_of_the_size_expected_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let [plain, link, pipe] = ["plain", "link", "pipe"].map(|name| dir.path().join(name));
        std::fs::write(&plain, "12345").unwrap();
        std::os::unix::fs::symlink(&plain, &link).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert_eq!(read_own(&plain, 5).unwrap().unwrap(), b"12345");
        assert_eq!(read_kept(&link, 5).unwrap().unwrap(), b"12345");
        assert!(read_own(&dir.path().join("none"), 5).unwrap().is_none());
        for (path, limit, words) in [
            (plain.as_path(), 4, "longer"),
            (&link, 5, "symbolic link"),
            (&pipe, 5, "plain file"),
            (Path::new("/dev/zero"), 5, "plain file"),
            (dir.path(), 5, "plain file"),
        ] {
            let error = read_own(path, limit).unwrap_err().to_string();
            assert!(error.contains(words), "{}: {error}", path.display());
        }
        assert!(open_own(&plain).is_ok() && open_own(&dir.path().join("new")).is_ok());
        assert!(open_own(&link).is_err() && open_own(&pipe).is_err());
        assert_eq!(std::fs::read(&plain).unwrap(), b"12345");
    }
}
