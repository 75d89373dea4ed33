//! Writing files so that they are there whole or not at all, also after a crash: aside, synced, renamed, and their
//! folders synced.
//!
//! Syncing is what takes time, and syncing more at once costs little more. So writers do not take turns: who comes
//! while another writes waits, and then one writes for all who wait; and all files are on their way to the disk before
//! the first is waited for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::fs::{AtFlags, Mode, OFlags};

/// Files that are open at once; a process may open only so many.
const PORTION: usize = 32;

/// From so many files on, such as the cache of a repository, whole file systems are synced: one call instead of one for
/// each file. Keys and journals are fewer, and always synced each for itself.
const MANY: usize = 8;

/// Only while less than this waits for the disk, in KiB: others may be writing a lot more.
const LITTLE: u64 = 8 << 10;

/// A file that is about to be written.
#[derive(Clone)]
pub(in crate::engine) struct Pending {
    pub(in crate::engine) folder: Arc<OwnedFd>,
    pub(in crate::engine) name: String,
    pub(in crate::engine) bytes: Vec<u8>,
}

/// What one caller wants written, in the order of renaming.
struct WriteJob {
    files: Vec<Pending>,
    asides: Vec<String>,
    outcome: Arc<OnceLock<io::Result<()>>>,
    fault: Option<io::Error>,
}

/// Jobs that wait for a writer, of the whole process: it is the disk that they share.
static WAITING: Mutex<Vec<WriteJob>> = Mutex::new(Vec::new());
/// Held by whoever writes.
static TURN: Mutex<()> = Mutex::new(());

/// Writes files; they appear under their names in the order given. Returns once all are on the disk.
pub(in crate::engine) fn write_all(files: Vec<Pending>) -> io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let outcome = Arc::new(OnceLock::new());
    let (asides, mine) = (Vec::with_capacity(files.len()), Arc::clone(&outcome));
    hold(&WAITING).push(WriteJob { files, asides, outcome: mine, fault: None });
    let turn = hold(&TURN);
    if outcome.get().is_none() {
        let jobs = std::mem::take(&mut *hold(&WAITING));
        write_jobs(jobs);
    }
    drop(turn);
    let ended_early = || Err(io::Error::other("the thread that wrote it ended early"));
    Arc::into_inner(outcome).and_then(OnceLock::into_inner).unwrap_or_else(ended_early)
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What they guard is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes files that can be had again: nothing is synced. They are whole for every program that runs meanwhile, also if
/// this one is killed; after a power cut one may be old, empty or torn, which its reader must find out.
pub(in crate::engine) fn write_loose(files: Vec<Pending>) -> io::Result<()> {
    let mut job = [WriteJob { files, asides: Vec::new(), outcome: Arc::default(), fault: None }];
    each_good(&mut job, WriteJob::write_asides);
    each_good(&mut job, WriteJob::rename);
    let [job] = job;
    job.settle()
}

/// Writes one file; after a crash it may still be the old one, since its folder is not synced.
pub(in crate::engine) fn write_soon(file: Pending) -> io::Result<()> {
    let mut job = [WriteJob { files: vec![file], asides: Vec::new(), outcome: Arc::default(), fault: None }];
    replace_files(&mut job);
    let [job] = job;
    job.settle()
}

fn write_jobs(mut jobs: Vec<WriteJob>) {
    replace_files(&mut jobs);
    sync_folders(&mut jobs);
    for job in jobs {
        let outcome = Arc::clone(&job.outcome);
        // Set here only.
        let _ = outcome.set(job.settle());
    }
}

fn replace_files(jobs: &mut [WriteJob]) {
    each_good(jobs, WriteJob::write_asides);
    sync_asides(jobs);
    each_good(jobs, WriteJob::rename);
}

fn each_good(jobs: &mut [WriteJob], act: impl Fn(&mut WriteJob) -> io::Result<()>) {
    for job in jobs.iter_mut().filter(|job| job.fault.is_none()) {
        job.fault = act(job).err();
    }
}

impl WriteJob {
    fn write_asides(&mut self) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for file in &self.files {
            let aside = aside_name(&file.name);
            let opened = rustix::fs::openat(&file.folder, aside.as_str(), flags, Mode::RUSR | Mode::WUSR);
            self.asides.push(aside);
            File::from(opened?).write_all(&file.bytes)?;
        }
        Ok(())
    }

    fn rename(&mut self) -> io::Result<()> {
        for (file, aside) in self.files.iter().zip(&self.asides) {
            rustix::fs::renameat(&file.folder, aside.as_str(), &file.folder, file.name.as_str())?;
        }
        Ok(())
    }

    /// What became of it; nothing stays aside.
    fn settle(self) -> io::Result<()> {
        let Some(fault) = self.fault else { return Ok(()) };
        for (file, aside) in self.files.iter().zip(&self.asides) {
            // Those that were renamed are not there any more; the first error is the one to report.
            let _ = rustix::fs::unlinkat(&file.folder, aside.as_str(), AtFlags::empty());
        }
        Err(fault)
    }
}

/// Syncs all files aside of jobs that are good so far.
fn sync_asides(jobs: &mut [WriteJob]) {
    let mut asides = Vec::new();
    for (n, job) in jobs.iter().enumerate().filter(|(_, job)| job.fault.is_none()) {
        asides.extend(job.files.iter().zip(&job.asides).map(|(file, aside)| (n, &*file.folder, aside.as_str())));
    }
    if asides.len() >= MANY && sync_file_systems(asides.iter().map(|(_, folder, _)| *folder)).is_ok() {
        return;
    }
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |(n, folder, aside): &(usize, &OwnedFd, &str)| {
        let file = rustix::fs::openat(folder, *aside, flags, Mode::empty());
        file.iter().for_each(start_writing);
        (*n, file)
    };
    let sync = |(n, file): (usize, rustix::io::Result<OwnedFd>)| (n, file.and_then(synced));
    let mut outcomes = Vec::with_capacity(asides.len());
    for portion in asides.chunks(PORTION) {
        let opened: Vec<_> = portion.iter().map(open).collect();
        outcomes.extend(opened.into_iter().map(sync));
    }
    note(jobs, outcomes);
}

/// Syncs the folders in which something was renamed, each once.
fn sync_folders(jobs: &mut [WriteJob]) {
    let mut folders = BTreeMap::new();
    for (n, job) in jobs.iter_mut().enumerate().filter(|(_, job)| job.fault.is_none()) {
        for file in &job.files {
            match rustix::fs::fstat(&file.folder) {
                Ok(facts) => {
                    let entry = folders.entry((facts.st_dev, facts.st_ino));
                    entry.or_insert_with(|| (Arc::clone(&file.folder), Vec::new())).1.push(n);
                }
                Err(error) => job.fault = Some(error.into()),
            }
        }
    }
    if folders.len() >= MANY && sync_file_systems(folders.values().map(|(folder, _)| &**folder)).is_ok() {
        return;
    }
    // One after the other: the first brings all the renames to the disk, the others find nothing left to do.
    for (folder, users) in folders.into_values() {
        if let Err(error) = synced(&*folder) {
            note(jobs, users.into_iter().map(|n| (n, Err(error))).collect());
        }
    }
}

fn note(jobs: &mut [WriteJob], outcomes: Vec<(usize, rustix::io::Result<()>)>) {
    for (n, outcome) in outcomes {
        if let (Some(job), Err(error)) = (jobs.get_mut(n), outcome) {
            job.fault.get_or_insert_with(|| error.into());
        }
    }
}

/// Has a file's content written to the disk from now on, without waiting for it. Does what it can: syncing follows.
#[cfg(target_os = "linux")]
fn start_writing(file: &OwnedFd) {
    // For content that is not needed soon, Linux begins to write at once.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

/// Only Linux does.
#[cfg(not(target_os = "linux"))]
fn start_writing(_: &OwnedFd) {}

/// Syncs the file systems that these folders are on, if that is quick.
#[cfg(target_os = "linux")]
fn sync_file_systems<'a>(folders: impl Iterator<Item = &'a OwnedFd>) -> rustix::io::Result<()> {
    let waiting = std::fs::read_to_string("/proc/meminfo").ok().and_then(|facts| waiting(&facts));
    if waiting.is_none_or(|waiting| waiting > LITTLE) {
        return Err(rustix::io::Errno::BUSY);
    }
    let mut synced = Vec::new();
    for folder in folders {
        let device = rustix::fs::fstat(folder)?.st_dev;
        if !synced.contains(&device) {
            SYNCS.fetch_add(1, Ordering::Relaxed);
            rustix::fs::syncfs(folder)?;
            synced.push(device);
        }
    }
    Ok(())
}

/// How much waits for the disks, in KiB, by what Linux says of its memory.
#[cfg(target_os = "linux")]
fn waiting(facts: &str) -> Option<u64> {
    let of = |name: &str| {
        let line = facts.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    };
    Some(of("Dirty:")? + of("Writeback:")?)
}

/// Only Linux can.
#[cfg(not(target_os = "linux"))]
fn sync_file_systems<'a>(_: impl Iterator<Item = &'a OwnedFd>) -> rustix::io::Result<()> {
    Err(rustix::io::Errno::NOSYS)
}

/// How often this process has waited for a disk, for tests and benches.
static SYNCS: AtomicUsize = AtomicUsize::new(0);

fn synced(file: impl AsFd) -> rustix::io::Result<()> {
    SYNCS.fetch_add(1, Ordering::Relaxed);
    rustix::fs::fsync(file)
}

/// How often this process has waited for a disk.
pub(in crate::engine) fn syncs() -> usize {
    SYNCS.load(Ordering::Relaxed)
}

pub(super) fn aside_name(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".{name}.{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The process that writes a file aside, by the file's name.
pub(in crate::engine) fn writer(name: &str) -> Option<u32> {
    let (_, tail) = name.strip_prefix('.')?.rsplit_once('.')?;
    let (process, number) = tail.split_once('-')?;
    number.parse::<u64>().ok()?;
    process.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::engine::disk::folder::open_own;

    fn pending(dir: &Path, name: &str, content: &str) -> Pending {
        Pending { folder: Arc::new(open_own(dir).unwrap()), name: name.to_owned(), bytes: content.as_bytes().to_vec() }
    }

    #[test]
    fn many_writers_at_once_get_their_own_files_and_their_own_faults() {
        let dir = tempfile::tempdir().unwrap();
        // A folder where a file should go cannot be replaced by one.
        fs::create_dir(dir.path().join("taken")).unwrap();
        fs::write(dir.path().join("taken/inside"), "").unwrap();
        let write = |n: usize| {
            let name = if n % 7 == 3 { "taken".to_owned() } else { format!("{n}") };
            (n, write_all(vec![pending(dir.path(), &format!("first-{n}"), "1"), pending(dir.path(), &name, "2")]))
        };
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..60).map(|n| scope.spawn(move || write(n))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (n, outcome) in outcomes {
            assert_eq!(outcome.is_err(), n % 7 == 3, "{n}");
            if outcome.is_ok() {
                assert_eq!(fs::read_to_string(dir.path().join(format!("{n}"))).unwrap(), "2");
            }
        }
        let left = fs::read_dir(dir.path())
            .unwrap()
            .filter(|e| writer(&e.as_ref().unwrap().file_name().to_string_lossy()).is_some());
        assert_eq!(left.count(), 0, "nothing is left aside");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_waits_for_the_disk_is_read_as_linux_writes_it() {
        let facts = "MemTotal:       24651372 kB\nDirty:               236 kB\nWriteback:            12 kB\nWritebackTmp:          5 kB\n";
        assert_eq!(waiting(facts), Some(248));
        assert_eq!(waiting("MemTotal:       24651372 kB\n"), None);
        let here = std::fs::read_to_string("/proc/meminfo").unwrap();
        assert!(waiting(&here).is_some());
    }

    #[test]
    fn a_batch_of_many_files_is_written_whole() {
        let dir = tempfile::tempdir().unwrap();
        let files = (0..3 * PORTION).map(|n| pending(dir.path(), &format!("{n}"), &format!("content {n}"))).collect();
        write_all(files).unwrap();
        for n in 0..3 * PORTION {
            assert_eq!(fs::read_to_string(dir.path().join(format!("{n}"))).unwrap(), format!("content {n}"));
        }
    }
}
