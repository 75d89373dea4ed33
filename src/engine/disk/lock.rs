//! The one kind of lock on our own files: waited for a bounded time, and whoever holds it is named.
//!
//! The system gives a lock back when its process ends, however that ends; so what a dead one leaves blocks nobody.

use std::fs::{File, TryLockError};
use std::io;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::note::{self, Note};
use super::read;
use crate::engine::error::{EngineError, LockHolder};

/// How long another process may hold a lock. Each is held for as long as a few files need to come to the disk.
pub(in crate::engine) const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);
/// Longest content of a lock's file, in bytes.
const LENGTH: u64 = 4 << 10;

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(in crate::engine) struct Lock(File);

/// What the file of a lock says while it is held.
#[derive(Serialize, Deserialize)]
struct LockFile {
    pid: u32,
    program: String,
}

impl Note for LockFile {
    const KIND: &'static str = "lock";
}

impl Lock {
    /// Takes a lock, waiting at most `patience`; its file is made if it is missing.
    ///
    /// # Errors
    /// `BusyLocal` with the holder, as far as the system tells; what `failed` makes of a file that cannot be opened.
    pub(in crate::engine) fn take(
        path: &Path,
        patience: Duration,
        failed: impl Fn(io::Error) -> EngineError,
    ) -> Result<Self, EngineError> {
        let file = read::open_own(path).map_err(&failed)?;
        let end = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                    return Err(EngineError::BusyLocal { path: path.to_owned(), holder: holder(&file, path) });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
        }
        let lock = Self(file);
        lock.sign();
        Ok(lock)
    }

    /// Says who holds it. This helps whoever waits, so a failure is none.
    fn sign(&self) {
        let held = LockFile { pid: std::process::id(), program: env!("CARGO_PKG_NAME").to_owned() };
        let _ = self.0.set_len(0);
        let _ = note::encode(&held).map(|bytes| (&self.0).write_all(&bytes));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Else somebody who locks the file without writing into it would be taken for us.
        let _ = self.0.set_len(0);
    }
}

/// Who holds the lock: by what the system says, else by what the file does, as for holders in other containers.
fn holder(file: &File, path: &Path) -> Option<LockHolder> {
    let facts = file.metadata().ok()?;
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let named = || {
        let bytes = read::read_own(path, LENGTH).ok().flatten()?;
        let held: LockFile = note::decode(path, &bytes).ok()?;
        Some(LockHolder { pid: held.pid, program: Some(held.program), is_stopped: false })
    };
    locker(&locks, facts.dev(), facts.ino()).map(described).or_else(named)
}

/// The process that has locked a file, by what Linux says of locks.
fn locker(locks: &str, device: u64, inode: u64) -> Option<u32> {
    let found = locks.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (kind, _, _, pid, file) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
        let mut parts = file.split(':');
        let mut hex = || u32::from_str_radix(parts.next()?, 16).ok();
        let of_device = rustix::fs::makedev(hex()?, hex()?);
        let is_it = kind == "FLOCK" && parts.next()?.parse() == Ok(inode);
        let pid = pid.parse::<u32>().ok().filter(|pid| *pid > 0)?;
        is_it.then_some((of_device, pid))
    });
    // Some file systems have another number of their device here. Then one inode must be enough.
    let found: Vec<(u64, u32)> = found.collect();
    let exact = found.iter().find(|(of_device, _)| *of_device == device);
    exact.or(if let [one] = &found[..] { Some(one) } else { None }).map(|(_, pid)| *pid)
}

fn described(pid: u32) -> LockHolder {
    let fact = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
    let program = fact("comm").map(|name| name.trim_end().to_owned());
    let state = fact("stat").and_then(|stat| stat.rsplit_once(')')?.1.trim_start().chars().next());
    LockHolder { pid, program, is_stopped: matches!(state, Some('T' | 't')) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn take(path: &Path) -> Result<Lock, EngineError> {
        Lock::take(path, Duration::ZERO, |source| EngineError::Disk { path: path.to_owned(), source })
    }

    #[test]
    fn the_holder_is_named_and_nothing_stays_when_it_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.lock");
        let held = take(&path).unwrap();
        let Err(EngineError::BusyLocal { holder: Some(holder), .. }) = take(&path) else { panic!("nobody is named") };
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.is_stopped && holder.program.is_some());
        drop(held);
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        take(&path).unwrap();
    }

    #[test]
    fn what_a_dead_process_left_blocks_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.lock");
        std::fs::write(&path, r#"{"kind":"lock","version":2,"content":{"pid":1,"program":"trustdeck"}}"#).unwrap();
        let held = take(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&std::process::id().to_string()) && !text.contains("\"pid\":1,"), "{text}");
        drop(held);
    }

    #[test]
    fn linux_says_who_has_locked_a_file() {
        let locks = "1: FLOCK  ADVISORY  WRITE 4711 fe:01:99 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 12 fe:01:100 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 815 00:2a:100 0 EOF\n\
                     3: -> FLOCK  ADVISORY  WRITE 816 00:2a:100 0 EOF\n\
                     4: FLOCK  ADVISORY  READ  0 fe:01:101 0 EOF\n\
                     5: FLOCK  ADVISORY  WRITE 1 00:2b:7 0 EOF\n\
                     6: FLOCK  ADVISORY  WRITE 2 00:2c:7 0 EOF\n";
        let device = rustix::fs::makedev(0xfe, 1);
        assert_eq!(locker(locks, device, 99), Some(4711));
        assert_eq!(locker(locks, device, 100), Some(815), "another device, but no other file of this number");
        assert_eq!(locker(locks, device, 101), None, "of another container");
        assert_eq!(locker(locks, device, 7), None, "two files of this number");
        assert_eq!(locker(locks, rustix::fs::makedev(0, 0x2c), 7), Some(2));
        assert_eq!(locker("", device, 99), None);
    }

    #[test]
    fn what_is_no_plain_file_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let [folder, link] = ["folder", "link"].map(|name| dir.path().join(name));
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink("elsewhere", &link).unwrap();
        for path in [folder, link] {
            assert!(matches!(take(&path), Err(EngineError::Disk { .. })), "{}", path.display());
        }
    }
}
