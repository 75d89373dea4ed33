//! What this machine remembers of a repository, whatever `docker` does to the cache: last good root, highest
//! versions seen, tags, time of the last verification. One set of files for each trust directory and GUN.
//!
//! Invariant: the marks of a listed role only rise. Processes that write at once merge under a lock.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp as Time;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine::disk::commit::{Pending, write_all};
use crate::engine::disk::folder::{make_private, open_own, read_at, sweep};
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::tuf::verify::{Seen, SeenRoles};
use crate::tuf::{Blob, Gun, KnownSignatures, ListedKeys, Remembered, Role};

/// Version of the files' form.
const FORMAT: u32 = 1;

/// The state directory's part for one trust directory.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Memory {
    dir: PathBuf,
    /// Whether this process has looked for files left aside.
    swept: Arc<AtomicBool>,
}

/// What is remembered of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Record {
    /// Highest version and its hash, by role.
    #[serde(default)]
    pub(in crate::engine) seen: SeenRoles,
    /// Tags at the last refresh, sorted.
    #[serde(default)]
    pub(in crate::engine) tags: Vec<String>,
    /// Signatures that were valid at the last refresh. They lie where the copy of the root does.
    #[serde(default)]
    pub(in crate::engine) signatures: KnownSignatures,
    /// Keys that verified files list for roles, or once listed.
    #[serde(default)]
    pub(in crate::engine) keys: ListedKeys,
    /// When this machine first trusted the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::engine) met: Option<Time>,
}

impl Record {
    /// What content is known by whose signers were removed since.
    pub(in crate::engine) fn remembered(&self) -> Remembered {
        Remembered { keys: self.keys.clone(), files: self.seen.clone() }
    }
}

/// What a refresh found.
pub(in crate::engine) struct Found<'a> {
    pub(in crate::engine) seen: SeenRoles,
    pub(in crate::engine) tags: Vec<String>,
    pub(in crate::engine) signatures: KnownSignatures,
    pub(in crate::engine) keys: &'a ListedKeys,
    pub(in crate::engine) now: Time,
    pub(in crate::engine) root: &'a [u8],
    pub(in crate::engine) aside: &'a [(Role, Blob)],
}

/// Files that wait to be written; nobody else changes them meanwhile.
pub(in crate::engine) struct Draft {
    _lock: File,
    pub(in crate::engine) pending: Vec<Pending>,
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    format: u32,
    #[serde(flatten)]
    content: T,
}

#[derive(Default, Serialize, Deserialize)]
pub(in crate::engine) struct List {
    /// Added by name.
    pub(in crate::engine) repositories: Vec<Gun>,
    /// Taken off although the cache holds them.
    #[serde(default)]
    pub(in crate::engine) hidden: Vec<Gun>,
}

#[derive(Default, Serialize, Deserialize)]
struct Aside {
    files: BTreeMap<Role, String>,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Memory {
    /// Makes the directory for `trust_dir`, 0700.
    pub(in crate::engine) fn open(state_dir: &Path, trust_dir: &Path) -> Result<Self, EngineError> {
        let real = trust_dir.canonicalize().unwrap_or_else(|_| trust_dir.to_owned());
        let id = digits(real.as_os_str().as_encoded_bytes(), 16);
        let dir = state_dir.join("repositories").join(id);
        make_private(state_dir)?;
        make_private(&dir)?;
        Ok(Self { dir, swept: Arc::default() })
    }

    /// Reads what is remembered of a repository; nothing yet is an empty record.
    ///
    /// # Errors
    /// `State` if a newer trustdeck wrote it or it is damaged, `Disk`.
    pub(in crate::engine) fn record(&self, gun: &Gun) -> Result<Record, EngineError> {
        self.load(&file(gun, "json"))
    }

    /// Prepares what a refresh changes: raised marks, tags, the copy of the root, files set aside. Roles that are in
    /// `before`, the marks that the refresh began with, and not in `seen` are listed no more: they are forgotten, so
    /// that they can come anew.
    pub(in crate::engine) fn draft(
        &self,
        gun: &Gun,
        before: &SeenRoles,
        found: Found<'_>,
    ) -> Result<Draft, EngineError> {
        self.sweep_once();
        let lock = self.lock(&file(gun, "lock"))?;
        let old = self.record(gun)?;
        let is_new = old.seen.is_empty() && self.root(gun)?.is_none();
        let met = old.met.or(is_new.then_some(found.now));
        let (tags, signatures) = (found.tags, found.signatures);
        let mut new = Record { seen: old.seen.clone(), tags, signatures, keys: old.keys.clone(), met };
        new.keys.extend(found.keys);
        new.seen.retain(|role, _| found.seen.contains_key(role) || !before.contains_key(role));
        raise(&mut new.seen, &found.seen);
        let mut draft = Draft { _lock: lock, pending: Vec::new() };
        if new != old {
            draft.pending.push(self.pending(file(gun, "json"), self.encode(&new)?)?);
        }
        if self.root(gun)?.as_deref() != Some(found.root) {
            draft.pending.push(self.pending(file(gun, "root"), found.root.to_vec())?);
        }
        let encode = |(role, bytes): &(Role, Blob)| (role.clone(), BASE64.encode(bytes));
        let files: BTreeMap<Role, String> = found.aside.iter().map(encode).collect();
        if self.load::<Aside>(&file(gun, "aside"))?.files != files {
            draft.pending.push(self.pending(file(gun, "aside"), self.encode(&Aside { files })?)?);
        }
        Ok(draft)
    }

    /// The copy of the last good root.
    pub(in crate::engine) fn root(&self, gun: &Gun) -> Result<Option<Vec<u8>>, EngineError> {
        self.read(&file(gun, "root"))
    }

    /// Keeps a copy of a root that was verified.
    pub(in crate::engine) fn keep_root(&self, gun: &Gun, root: &[u8]) -> Result<(), EngineError> {
        if self.root(gun)?.as_deref() == Some(root) { Ok(()) } else { self.write(&file(gun, "root"), root.to_vec()) }
    }

    /// Files that were set aside at the last refresh: not trusted, but shown.
    pub(in crate::engine) fn set_aside(&self, gun: &Gun) -> Result<Vec<(Role, Vec<u8>)>, EngineError> {
        let aside: Aside = self.load(&file(gun, "aside"))?;
        let decode = |(role, text): (Role, String)| Some((role, BASE64.decode(text).ok()?));
        Ok(aside.files.into_iter().filter_map(decode).collect())
    }

    /// When the repository was last verified against its server.
    pub(in crate::engine) fn verified_at(&self, gun: &Gun) -> Option<Time> {
        let bytes = self.read(&file(gun, "time")).ok().flatten()?;
        let mut lines = std::str::from_utf8(&bytes).ok()?.lines();
        let (first, second) = (lines.next()?, lines.next());
        // The second tells a time that is being written from one that is whole.
        if second.is_some_and(|second| second != first) { None } else { first.parse().ok() }
    }

    /// Notes that it was verified at `now`. Written in place and not synced, for it is done at every refresh: a crash
    /// may lose it, and a reader in between finds no time rather than a wrong one.
    pub(in crate::engine) fn note_verified(&self, gun: &Gun, now: Time) -> Result<(), EngineError> {
        let path = self.dir.join(file(gun, "time"));
        let text = format!("{now:.9}\n{now:.9}\n");
        write_in_place(&path, text.as_bytes()).map_err(|source| EngineError::Disk { path, source })
    }

    /// Forgets pin, marks, tags and time.
    pub(in crate::engine) fn forget(&self, gun: &Gun) -> Result<(), EngineError> {
        let _lock = self.lock(&file(gun, "lock"))?;
        for ending in ["json", "root", "aside", "time"] {
            let path = self.dir.join(file(gun, ending));
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(EngineError::Disk { path, source });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Repositories that were added by name.
    pub(in crate::engine) fn list(&self) -> Result<List, EngineError> {
        self.load("list.json")
    }

    /// Changes the list of repositories.
    pub(in crate::engine) fn change_list(&self, change: impl FnOnce(&mut List)) -> Result<(), EngineError> {
        let _lock = self.lock("list.lock")?;
        let mut list: List = self.load("list.json")?;
        change(&mut list);
        self.save("list.json", list)
    }

    fn sweep_once(&self) {
        if !self.swept.swap(true, Ordering::Relaxed)
            && let Ok(folder) = open_own(&self.dir)
        {
            sweep(&folder);
        }
    }

    fn load<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, EngineError> {
        let Some(bytes) = self.read(name)? else { return Ok(T::default()) };
        let wrong = |what: String| EngineError::State { path: self.dir.join(name), what };
        let damaged = |error: serde_json::Error| wrong(format!("is damaged at line {}", error.line()));
        let Format { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if format > FORMAT {
            return Err(wrong(format!("was written by a newer trustdeck (format {format}, this one knows {FORMAT})")));
        }
        serde_json::from_slice::<Stored<T>>(&bytes).map(|stored| stored.content).map_err(damaged)
    }

    fn save<T: Serialize>(&self, name: &str, content: T) -> Result<(), EngineError> {
        self.write(name, self.encode(&content)?)
    }

    fn encode<T: Serialize>(&self, content: &T) -> Result<Vec<u8>, EngineError> {
        let bytes = serde_json::to_vec(&Stored { format: FORMAT, content });
        bytes.map_err(|error| EngineError::State { path: self.dir.clone(), what: error.to_string() })
    }

    fn pending(&self, name: String, bytes: Vec<u8>) -> Result<Pending, EngineError> {
        let folder = open_own(&self.dir).map_err(|source| EngineError::Disk { path: self.dir.clone(), source })?;
        Ok(Pending { folder: folder.into(), name, bytes })
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let read = open_own(&self.dir).and_then(|folder| read_at(&folder, name, read::OWN));
        read.map_err(|source| EngineError::Disk { path: self.dir.join(name), source })
    }

    fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), EngineError> {
        let pending = self.pending(name.to_owned(), bytes)?;
        write_all(vec![pending]).map_err(|source| EngineError::Disk { path: self.dir.join(name), source })
    }

    fn lock(&self, name: &str) -> Result<File, EngineError> {
        let path = self.dir.join(name);
        let locked = read::open_own(&path).and_then(|file| file.lock().map(|()| file));
        locked.map_err(|source| EngineError::Disk { path, source })
    }
}

/// Raises every mark of `marks` to that of `others`.
pub(in crate::engine) fn raise(marks: &mut SeenRoles, others: &SeenRoles) {
    for (role, other) in others {
        let is_lower = |mine: &Seen| mine.version < other.version;
        if marks.get(role).is_none_or(is_lower) {
            marks.insert(role.clone(), other.clone());
        }
    }
}

fn file(gun: &Gun, ending: &str) -> String {
    format!("{}.{ending}", digits(gun.as_str().as_bytes(), 32))
}

fn digits(bytes: &[u8], count: usize) -> String {
    hex::encode(Sha256::digest(bytes)).chars().take(count).collect()
}

fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    let file = read::open_own(path)?;
    file.write_all_at(bytes, 0)?;
    let length = bytes.len() as u64;
    if file.metadata()?.len() == length { Ok(()) } else { file.set_len(length) }
}
