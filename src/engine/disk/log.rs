//! The log: what happened, with time, for whoever looks later.
//!
//! Invariant: nobody waits for it, and it stays below [`LONGEST`] bytes twice. It takes sentences that were made to be
//! shown; what is secret has no form that could be in one.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rustix::fs::OFlags;

use super::read::open_own;
use crate::printable::printable;

/// Length from which on a new file is begun, in bytes; one old one is kept.
const LONGEST: u64 = 1 << 20;
/// Longest line, in characters.
const LINE: usize = 4000;
/// Most lines that wait for the disk; more are dropped.
const WAITING: usize = 256;

/// A log that is written by a thread of its own. What could not be written yet is written when it is dropped.
#[derive(Debug)]
pub struct Log {
    lines: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
}

impl Log {
    /// Begins to write; without a disk that takes it, it is silent.
    #[must_use]
    pub fn open(path: PathBuf) -> Self {
        let (lines, waiting) = sync_channel(WAITING);
        let writer = std::thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&path, &waiting));
        Self { lines: Some(lines), writer: writer.ok() }
    }

    /// Writes a line.
    pub fn write(&self, at: jiff::Timestamp, level: &str, text: &str) {
        let text: String = printable(text).chars().take(LINE).collect();
        let line = format!("{} {} {level}: {text}\n", at.strftime("%Y-%m-%dT%H:%M:%SZ"), std::process::id());
        if let Some(lines) = &self.lines {
            // Full, or the writer is gone: a line less.
            let _ = lines.try_send(line);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            // It ends once it has written what was left.
            let _ = writer.join();
        }
    }
}

fn write_all(path: &Path, waiting: &Receiver<String>) {
    while let Ok(mut text) = waiting.recv() {
        text.extend(waiting.try_iter());
        // Nobody could be told.
        let _ = append(path, &text);
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    if let Some(dir) = path.parent().filter(|dir| !dir.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    rotate(path);
    open(path)?.write_all(text.as_bytes())
}

fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("is not a plain file")) }
}

/// Begins a new file where the old one is long enough.
fn rotate(path: &Path) {
    let is_long = || path.symlink_metadata().is_ok_and(|facts| facts.is_file() && facts.len() >= LONGEST);
    if !is_long() {
        return;
    }
    // Another process that rotates at the same time would take the new file for the old one.
    if let Ok(turn) = open_own(&beside(path, "lock"))
        && turn.try_lock().is_ok()
        && is_long()
    {
        // If it fails, the file grows until it works.
        let _ = std::fs::rename(path, beside(path, "1"));
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_whole_printable_and_the_file_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state/trustdeck.log");
        let log = Log::open(path.clone());
        log.write(jiff::Timestamp::UNIX_EPOCH, "error", "server: it said \u{1b}[31mno\nand more");
        drop(log);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("1970-01-01T00:00:00Z ") && text.contains(" error: server: it said "), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}'));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_long_file_is_set_aside_and_only_one_of_them_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trustdeck.log");
        for round in 0..3 {
            std::fs::write(&path, vec![b'a' + round; usize::try_from(LONGEST).unwrap()]).unwrap();
            let log = Log::open(path.clone());
            log.write(jiff::Timestamp::UNIX_EPOCH, "note", "next");
        }
        assert!(path.metadata().unwrap().len() < 200);
        assert_eq!(std::fs::read(beside(&path, "1")).unwrap().first(), Some(&b'c'));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "log, old log, lock");
    }

    #[test]
    fn what_is_no_plain_file_takes_nothing_and_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        std::os::unix::fs::symlink(&target, dir.path().join("link")).unwrap();
        for path in [dir.path().join("link"), dir.path().to_owned(), PathBuf::from("/dev/null")] {
            Log::open(path).write(jiff::Timestamp::UNIX_EPOCH, "note", "nothing");
        }
        assert!(!target.exists());
    }
}
