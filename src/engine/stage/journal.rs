//! The journal: what is staged and what is being sent, on disk.
//!
//! Invariant: the file is whole at every moment (written aside, synced, renamed) and changes only under its lock.
//! One journal belongs to one trust directory. It never holds a secret.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::deed::{Deed, Lasting, Waiting};
use super::stamp::Stamp;
use crate::engine::disk::folder::real;
use crate::engine::disk::lock::{Lock, PATIENCE};
use crate::engine::disk::note::{self, Note};
use crate::engine::disk::read;
use crate::engine::disk::state::StateFolder;
use crate::engine::draft::change::{EntryId, Stage, StagedChange};
use crate::engine::error::EngineError;
use crate::engine::settings::Settings;
use crate::tuf::{Gun, Role};

/// Acts that can be taken back.
const UNDO_DEPTH: usize = 200;

/// One act of staging, as it can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Act {
    pub(super) what: String,
    pub(super) added: Vec<StagedChange>,
    /// With the places where they stood, in ascending order.
    pub(super) removed: Vec<(usize, StagedChange)>,
}

/// A file of an upload: its role, version and the SHA-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct SentFile {
    pub(in crate::engine) role: Role,
    pub(in crate::engine) version: u64,
    pub(in crate::engine) sha256: String,
}

/// What an upload was about to change, written before it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Sent {
    pub(in crate::engine) gun: Gun,
    pub(in crate::engine) server: String,
    pub(in crate::engine) at: Time,
    pub(in crate::engine) entries: Vec<EntryId>,
    /// Empty for a deletion.
    pub(in crate::engine) files: Vec<SentFile>,
    /// The root file of a repository that is created, which becomes its pin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::engine) created_root: Option<String>,
}

/// The file's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct JournalContent {
    trust_dir: PathBuf,
    next: u64,
    pub(in crate::engine) entries: Vec<StagedChange>,
    pub(super) undo: Vec<Act>,
    pub(super) redo: Vec<Act>,
    pub(in crate::engine) sent: Vec<Sent>,
}

impl Note for JournalContent {
    const KIND: &'static str = "stage";
}

impl JournalContent {
    fn new(trust_dir: &Path) -> Self {
        let (undo, redo) = (Vec::new(), Vec::new());
        let trust_dir = trust_dir.to_owned();
        Self { trust_dir, next: 1, entries: Vec::new(), undo, redo, sent: Vec::new() }
    }

    /// The stage as people see it.
    pub(in crate::engine) fn stage(&self) -> Stage {
        let last = |acts: &[Act]| acts.last().map(|act| act.what.clone());
        let (undo, redo) = (last(&self.undo), last(&self.redo));
        Stage { changes: self.entries.clone(), undo, redo, undoes: self.undoes(), redoes: self.redoes() }
    }

    /// A name for a new entry.
    pub(in crate::engine) fn new_id(&mut self) -> EntryId {
        let id = EntryId(self.next);
        self.next = self.next.saturating_add(1);
        id
    }

    /// Removes and appends entries as one act that can be undone.
    pub(in crate::engine) fn act(&mut self, what: String, removed: &[EntryId], added: Vec<StagedChange>) {
        let removed: HashSet<&EntryId> = removed.iter().collect();
        let taken = take(&mut self.entries, |entry| removed.contains(&entry.id));
        if taken.is_empty() && added.is_empty() {
            return;
        }
        self.entries.extend(added.iter().cloned());
        self.undo.push(Act { what, added, removed: taken });
        let surplus = self.undo.len().saturating_sub(UNDO_DEPTH);
        self.undo.drain(..surplus);
        self.redo.clear();
    }

    /// Takes the last act back.
    pub(in crate::engine) fn undo(&mut self) {
        let Some(act) = self.undo.pop() else { return };
        let added: HashSet<EntryId> = act.added.iter().map(|entry| entry.id).collect();
        take(&mut self.entries, |entry| added.contains(&entry.id));
        for (place, entry) in &act.removed {
            self.entries.insert((*place).min(self.entries.len()), entry.clone());
        }
        self.redo.push(act);
    }

    /// Does the act that was taken back again.
    pub(in crate::engine) fn redo(&mut self) {
        let Some(act) = self.redo.pop() else { return };
        let removed: HashSet<EntryId> = act.removed.iter().map(|(_, entry)| entry.id).collect();
        take(&mut self.entries, |entry| removed.contains(&entry.id));
        self.entries.extend(act.added.iter().cloned());
        self.undo.push(act);
    }

    /// Removes entries of a repository that were published. What was published cannot be undone, nor can what was
    /// staged and dropped before it: undo stops there, in that repository.
    pub(in crate::engine) fn published(&mut self, gun: &Gun, entries: &[EntryId]) {
        let gone: HashSet<&EntryId> = entries.iter().collect();
        self.entries.retain(|entry| !gone.contains(&entry.id));
        if entries.is_empty() {
            return;
        }
        let staged: HashSet<EntryId> = self.entries.iter().map(|entry| entry.id).collect();
        for act in self.undo.iter_mut().chain(&mut self.redo) {
            let before = (act.added.len(), act.removed.len());
            act.added.retain(|entry| entry.gun != *gun || staged.contains(&entry.id));
            act.removed.retain(|(_, entry)| entry.gun != *gun);
            act.name_anew(before);
        }
        let means_something = |act: &Act| !act.added.is_empty() || !act.removed.is_empty();
        self.undo.retain(means_something);
        self.redo.retain(means_something);
    }
}

fn take(entries: &mut Vec<StagedChange>, chosen: impl Fn(&StagedChange) -> bool) -> Vec<(usize, StagedChange)> {
    let numbered = std::mem::take(entries).into_iter().enumerate();
    let (taken, kept): (Vec<_>, Vec<_>) = numbered.partition(|(_, entry)| chosen(entry));
    *entries = kept.into_iter().map(|(_, entry)| entry).collect();
    taken
}

/// A repository's turn to be published, held until it is dropped.
pub(in crate::engine) type PublishTurn = Lock;

/// The journal of one trust directory.
pub(in crate::engine) struct Journal {
    folder: StateFolder,
    /// The name of its file, without the ending.
    stem: String,
    trust_dir: PathBuf,
    last: Mutex<Option<KnownJournal>>,
    /// What publishes want written down; they come side by side, and one write does for all that wait.
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever changes the file, before the lock of the file: this process does not wait for itself by trying.
    turn: Mutex<()>,
}

/// A file that this process has read or written.
struct KnownJournal {
    /// Kept open, so that no later file can get its number.
    _file: File,
    stamp: Stamp,
    content: Arc<JournalContent>,
}

impl Journal {
    /// Finds the journal. It is not read: a bad one is for those to name who need what is staged.
    pub(in crate::engine) fn open(settings: &Settings) -> Result<Self, EngineError> {
        // Two spellings of one directory must not have two stages.
        let trust_dir = real(&settings.trust_dir);
        let digest = Sha256::digest(trust_dir.as_os_str().as_encoded_bytes());
        let folder = StateFolder::new(&settings.state_dir).below("stage");
        let stem = hex::encode(&digest[..8]);
        folder.check()?;
        let (last, waiting, turn) = (Mutex::default(), Mutex::default(), Mutex::default());
        Ok(Self { folder, stem, trust_dir, last, waiting, turn })
    }

    /// Its folder, where what belongs to the stage is kept.
    pub(in crate::engine) fn folder(&self) -> &StateFolder {
        &self.folder
    }

    pub(super) fn file(&self) -> String {
        format!("{}.json", self.stem)
    }

    fn failed(&self) -> impl Fn(io::Error) -> EngineError {
        self.folder.failed(&self.file())
    }

    /// What it holds now, whoever wrote it.
    ///
    /// # Errors
    /// `Stage` for a damaged file or what is none, `State` for one of a newer version; `OwnDir`.
    pub(in crate::engine) fn read(&self) -> Result<Arc<JournalContent>, EngineError> {
        self.read_file().map_err(super::unreadable::unreadable)
    }

    fn read_file(&self) -> Result<Arc<JournalContent>, EngineError> {
        let failed = self.failed();
        let Some(file) = self.folder.find(&self.file())? else {
            return Ok(Arc::new(JournalContent::new(&self.trust_dir)));
        };
        let mut last = hold(&self.last);
        let stamp = Stamp::of(&file).map_err(&failed)?;
        if let Some(known) = last.as_ref().filter(|known| known.stamp == stamp) {
            return Ok(Arc::clone(&known.content));
        }
        let bytes = file.try_clone().and_then(|file| read::read_opened(file, read::OWN)).map_err(failed)?;
        let content = Arc::new(parse(&self.folder.path().join(self.file()), &bytes)?);
        *last = Some(KnownJournal { _file: file, stamp, content: Arc::clone(&content) });
        Ok(content)
    }

    /// Holds it still, in this process and in others.
    pub(super) fn hold_still(&self) -> Result<(MutexGuard<'_, ()>, Lock), EngineError> {
        let turn = hold(&self.turn);
        Ok((turn, self.lock()?))
    }

    fn lock(&self) -> Result<Lock, EngineError> {
        self.folder.lock(&format!("{}.lock", self.stem), PATIENCE)
    }

    /// Changes it under the lock. Nothing is written if `change` fails.
    ///
    /// # Errors
    /// `BusyLocal` if another process keeps the lock; as [`Journal::read`]; `Disk`.
    pub(in crate::engine) fn change<T>(
        &self,
        change: impl FnOnce(&mut JournalContent) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let _turn = hold(&self.turn);
        self.change_to(Lasting::New, change)
    }

    /// Records what is about to be sent.
    ///
    /// # Errors
    /// As [`Journal::change`].
    pub(in crate::engine) fn record(&self, sent: Sent) -> Result<(), EngineError> {
        self.note(Deed::Sent(sent))
    }

    /// Takes what was published off the stage, and the record of what was sent.
    ///
    /// # Errors
    /// As [`Journal::change`].
    pub(in crate::engine) fn finish(&self, gun: &Gun, published: &[EntryId]) -> Result<(), EngineError> {
        self.note(Deed::Finished(gun.clone(), published.to_vec()))
    }

    /// Writes a note down with those of all others that wait; returns once it is written.
    fn note(&self, deed: Deed) -> Result<(), EngineError> {
        let written = Arc::new(AtomicBool::new(false));
        hold(&self.waiting).push(Waiting { deed: deed.clone(), written: Arc::clone(&written) });
        let _turn = hold(&self.turn);
        if written.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut all = std::mem::take(&mut *hold(&self.waiting));
        // Who took it along before could not write it: then it is its own.
        if !all.iter().any(|one| Arc::ptr_eq(&one.written, &written)) {
            all.push(Waiting { deed, written });
        }
        let lasting = all.iter().map(|one| one.deed.lasting()).max().unwrap_or(Lasting::New);
        self.change_to(lasting, |content| {
            all.iter().for_each(|one| one.deed.clone().apply(content));
            Ok(())
        })?;
        all.iter().for_each(|one| one.written.store(true, Ordering::Release));
        Ok(())
    }

    fn change_to<T>(
        &self,
        lasting: Lasting,
        change: impl FnOnce(&mut JournalContent) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let _lock = self.lock()?;
        let before = self.read()?;
        let mut after = JournalContent::clone(&before);
        let result = change(&mut after)?;
        if after != *before {
            match lasting {
                Lasting::New => self.folder.store(&self.file(), &after),
                Lasting::Either => self.folder.replace(&self.file(), &after),
            }?;
            // Nobody else replaces it under the lock. What cannot be opened now is read anew next time.
            let written = self.folder.find(&self.file()).ok().flatten();
            let known = written.and_then(|file| {
                let stamp = Stamp::of(&file).ok()?;
                Some(KnownJournal { _file: file, stamp, content: Arc::new(after) })
            });
            *hold(&self.last) = known;
        }
        Ok(result)
    }

    /// The lock that whoever publishes `gun` holds, in any process.
    pub(in crate::engine) fn publishing(&self, gun: &Gun) -> Result<PublishTurn, EngineError> {
        let name = hex::encode(&Sha256::digest(gun.as_str().as_bytes())[..8]);
        self.folder.lock(&format!("{}-{name}.lock", self.stem), Duration::ZERO)
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What they guard is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the bytes of a journal that lies at `path`.
///
/// # Errors
/// `State` for a damaged one or one of a newer version.
pub(in crate::engine) fn parse(path: &Path, bytes: &[u8]) -> Result<JournalContent, EngineError> {
    note::decode(path, bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::draft::change::Change;

    fn entry(content: &mut JournalContent, gun: &str, role: Role) -> StagedChange {
        StagedChange {
            id: content.new_id(),
            gun: Gun::parse(gun).unwrap(),
            server: String::new(),
            at: Time::UNIX_EPOCH,
            change: Change::Witness { role },
        }
    }

    #[test]
    fn undo_stops_at_a_publish_of_its_repository() {
        let mut content = JournalContent::new(Path::new("/trust"));
        let dropped = entry(&mut content, "a.example/app", Role::Root);
        let sent = entry(&mut content, "a.example/app", Role::Targets);
        let other = entry(&mut content, "b.example/app", Role::Targets);
        content.act("one".to_owned(), &[], vec![dropped.clone()]);
        content.act("drop one".to_owned(), &[dropped.id], vec![]);
        content.act("two".to_owned(), &[], vec![sent.clone()]);
        content.act("other".to_owned(), &[], vec![other.clone()]);
        content.published(&sent.gun, &[sent.id]);
        content.undo();
        assert_eq!((content.entries.clone(), content.stage().undo), (vec![], None), "nothing of before comes back");
        content.redo();
        assert_eq!(content.entries, [other]);
    }

    #[test]
    fn what_one_wizard_staged_is_taken_back_below_what_was_staged_since() {
        let mut content = JournalContent::new(Path::new("/trust"));
        let own = entry(&mut content, "a.example/app", Role::Root);
        let later = entry(&mut content, "a.example/app", Role::Targets);
        content.act("own".to_owned(), &[], vec![own.clone()]);
        content.act("later".to_owned(), &[], vec![later.clone()]);
        assert_eq!(content.undo_only(&[own.id]), Some("own".to_owned()));
        assert_eq!(content.entries, [later]);
        assert_eq!(content.undo_only(&[own.id]), None);
    }
}
