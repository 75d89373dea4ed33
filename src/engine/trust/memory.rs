//! What this machine remembers of a repository, whatever `docker` does to the cache: last good root, highest
//! versions seen, tags, time of the last verification. One set of files for each trust directory and GUN.
//!
//! Invariant: the marks of a listed role only rise, unless a newer root replaces the server's keys. Processes that
//! write at once merge under a lock.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engine::disk::commit::{Pending, write_all};
use crate::engine::disk::folder::real;
use crate::engine::disk::lock::{Lock, PATIENCE};
use crate::engine::disk::note::{self, Note};
use crate::engine::disk::state::StateFolder;
use crate::engine::error::EngineError;
use crate::engine::trust::pin;
use crate::engine::trust::tree::TagNames;
use crate::tuf::verify::{Leaps, Seen, SeenRoles};
use crate::tuf::{Blob, Gun, KnownSignatures, ListedKeys, Remembered, Role};

/// The state directory's part for one trust directory.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Memory {
    folder: StateFolder,
}

/// What is remembered of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Record {
    /// Highest version and its hash, by role.
    #[serde(default)]
    pub(in crate::engine) seen: SeenRoles,
    /// Tags of each role when it counted last, sorted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::engine) listed: BTreeMap<Role, Vec<String>>,
    /// Those that Docker pulled at the last refresh, as they once were kept. Read only.
    #[serde(default, skip_serializing)]
    released: Vec<String>,
    /// Signatures that were valid at the last refresh. They lie where the copy of the root does.
    #[serde(default)]
    pub(in crate::engine) signatures: KnownSignatures,
    /// Keys that verified files list for roles, or once listed.
    #[serde(default)]
    pub(in crate::engine) keys: ListedKeys,
    /// Roles whose version rose far at once, as long as that file is their last.
    #[serde(default, skip_serializing_if = "Leaps::is_empty")]
    pub(in crate::engine) leaps: Leaps,
    /// When this machine first trusted the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::engine) met: Option<Time>,
}

impl Record {
    /// What content is known by whose signers were removed since.
    pub(in crate::engine) fn remembered(&self) -> Remembered {
        Remembered { keys: self.keys.clone(), files: self.seen.clone() }
    }

    /// The tags of the last refresh.
    pub(in crate::engine) fn names(&self) -> TagNames {
        let mut listed = self.listed.clone();
        // Once nobody wrote down which role they were of: those that Docker did not pull may be of any, or of one that
        // did not count.
        if listed.is_empty() && !self.released.is_empty() {
            listed = BTreeMap::from([(Role::releases(), self.released.clone())]);
        }
        TagNames { listed }
    }
}

/// What a refresh found.
pub(in crate::engine) struct Refreshed<'a> {
    pub(in crate::engine) seen: SeenRoles,
    pub(in crate::engine) tags: TagNames,
    pub(in crate::engine) leaps: Leaps,
    pub(in crate::engine) signatures: KnownSignatures,
    pub(in crate::engine) keys: &'a ListedKeys,
    pub(in crate::engine) now: Time,
    pub(in crate::engine) root: &'a [u8],
    pub(in crate::engine) aside: &'a [(Role, Blob)],
}

/// Files that wait to be written; nobody else changes them meanwhile.
pub(in crate::engine) struct PendingFiles {
    _lock: Lock,
    pub(in crate::engine) pending: Vec<Pending>,
}

impl Note for Record {
    const KIND: &'static str = "record";
}

#[derive(Default, Serialize, Deserialize)]
pub(in crate::engine) struct RepositoryList {
    /// Added by name.
    pub(in crate::engine) repositories: Vec<Gun>,
    /// Taken off although the cache holds them.
    #[serde(default)]
    pub(in crate::engine) hidden: Vec<Gun>,
}

impl Note for RepositoryList {
    const KIND: &'static str = "repositories";
}

#[derive(Default, Serialize, Deserialize)]
struct Aside {
    files: BTreeMap<Role, String>,
}

impl Note for Aside {
    const KIND: &'static str = "aside";
}

/// When a repository was verified. Both say the same, or it is being written.
#[derive(Serialize, Deserialize)]
struct VerifiedAt {
    at: String,
    again: String,
    /// The server that was found to have lost it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<String>,
}

impl Note for VerifiedAt {
    const KIND: &'static str = "verified";
}

/// Names and files of a server that are kept of one repository, in bytes; what is over is asked for again, or not
/// missed when it is gone. It leaves the notes room for what else stands in them.
const KEPT: usize = 6 << 20;

/// As many as are kept, in their order.
fn kept<T>(all: impl IntoIterator<Item = T>, length: impl Fn(&T) -> usize) -> impl Iterator<Item = T> {
    all.into_iter().scan(0, move |total, one| {
        *total += length(&one);
        (*total <= KEPT).then_some(one)
    })
}

/// The names that are kept: of the roles that Docker pulls from, releases first, whatever others list; and of those.
fn kept_names(listed: BTreeMap<Role, Vec<String>>) -> BTreeMap<Role, Vec<String>> {
    let (released, others): (Vec<_>, Vec<_>) = listed.into_iter().rev().partition(|(role, _)| role.is_released());
    let mut all = BTreeMap::<Role, Vec<String>>::new();
    for group in [released, others] {
        let names = group.into_iter().flat_map(|(role, names)| names.into_iter().map(move |name| (role.clone(), name)));
        kept(names, |(_, name)| name.len()).for_each(|(role, name)| all.entry(role).or_default().push(name));
    }
    all
}

impl Memory {
    /// The part for `trust_dir`.
    pub(in crate::engine) fn new(state_dir: &Path, trust_dir: &Path) -> Self {
        let id = digits(real(trust_dir).as_os_str().as_encoded_bytes(), 16);
        Self { folder: StateFolder::new(state_dir).below("repositories").below(&id) }
    }

    /// Reads what is remembered of a repository; nothing yet is an empty record.
    ///
    /// # Errors
    /// `State` if a newer trustdeck wrote it or it is damaged, `Disk`.
    pub(in crate::engine) fn record(&self, gun: &Gun) -> Result<Record, EngineError> {
        self.folder.load(&file(gun, "json"))
    }

    /// Prepares what a refresh changes: raised marks, tags, the copy of the root, files set aside. Roles that are in
    /// `before`, the marks that the refresh began with, and not in `seen` are listed no more: they are forgotten, so
    /// that they can come anew.
    pub(in crate::engine) fn draft(
        &self,
        gun: &Gun,
        before: &SeenRoles,
        found: Refreshed<'_>,
    ) -> Result<PendingFiles, EngineError> {
        let lock = self.folder.lock(&file(gun, "lock"), PATIENCE)?;
        let old = self.record(gun)?;
        let is_new = old.seen.is_empty() && self.root(gun)?.is_none();
        let met = old.met.or(is_new.then_some(found.now));
        let listed = kept_names(found.tags.listed);
        let signatures = found.signatures;
        let (seen, keys, leaps) = (old.seen.clone(), old.keys.clone(), found.leaps);
        let mut new = Record { seen, listed, released: Vec::new(), signatures, keys, leaps, met };
        new.keys.extend(found.keys);
        new.seen.retain(|role, _| found.seen.contains_key(role) || !before.contains_key(role));
        if let Some(copy) = self.root(gun)? {
            pin::forget_replaced_keys(&mut new.seen, &copy, found.root);
        }
        raise(&mut new.seen, &found.seen);
        let mut draft = PendingFiles { _lock: lock, pending: Vec::new() };
        if new != old {
            draft.pending.push(self.folder.pending(&file(gun, "json"), note::encode(&new)?)?);
        }
        if self.root(gun)?.as_deref() != Some(found.root) {
            draft.pending.push(self.folder.pending(&file(gun, "root"), found.root.to_vec())?);
        }
        let encode = |(role, bytes): &(Role, Blob)| (role.clone(), BASE64.encode(bytes));
        let files: BTreeMap<Role, String> = kept(found.aside, |(_, file)| file.len()).map(encode).collect();
        if self.folder.load::<Aside>(&file(gun, "aside"))?.files != files {
            draft.pending.push(self.folder.pending(&file(gun, "aside"), note::encode(&Aside { files })?)?);
        }
        Ok(draft)
    }

    /// What an error of the system means for what is remembered of a repository.
    pub(in crate::engine) fn failed(&self, gun: &Gun) -> impl Fn(io::Error) -> EngineError + use<> {
        self.folder.failed(&file(gun, "json"))
    }

    /// The copy of the last good root.
    pub(in crate::engine) fn root(&self, gun: &Gun) -> Result<Option<Vec<u8>>, EngineError> {
        self.folder.read(&file(gun, "root"))
    }

    /// Keeps a copy of a root that was verified.
    pub(in crate::engine) fn keep_root(&self, gun: &Gun, root: &[u8]) -> Result<(), EngineError> {
        if self.root(gun)?.as_deref() == Some(root) {
            return Ok(());
        }
        let name = file(gun, "root");
        let pending = self.folder.pending(&name, root.to_vec())?;
        write_all(vec![pending]).map_err(self.folder.failed(&name))
    }

    /// Files that were set aside at the last refresh: not trusted, but shown.
    pub(in crate::engine) fn set_aside(&self, gun: &Gun) -> Result<Vec<(Role, Vec<u8>)>, EngineError> {
        let aside: Aside = self.folder.load(&file(gun, "aside"))?;
        let decode = |(role, text): (Role, String)| Some((role, BASE64.decode(text).ok()?));
        Ok(aside.files.into_iter().filter_map(decode).collect())
    }

    /// When the repository was last verified against its server.
    pub(in crate::engine) fn verified_at(&self, gun: &Gun) -> Option<Time> {
        let name = file(gun, "time");
        let bytes = self.folder.read(&name).ok().flatten()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        if text.starts_with('{') {
            let VerifiedAt { at, again, .. } = note::decode(&self.folder.path().join(name), &bytes).ok()?;
            return if at == again { at.parse().ok() } else { None };
        }
        // Once it was a line, and then the same line twice.
        let (first, second) = text.split_once('\n').unwrap_or((text, ""));
        if second.is_empty() || second.trim_end() == first { first.parse().ok() } else { None }
    }

    /// Notes that it was verified at `now`. Written in place and not synced, for it is done at every refresh: a crash
    /// may lose it, and a reader in between finds no time rather than a wrong one.
    pub(in crate::engine) fn note_verified(&self, gun: &Gun, now: Time) -> Result<(), EngineError> {
        let at = format!("{now:.9}");
        self.folder.overwrite(&file(gun, "time"), &VerifiedAt { again: at.clone(), at, lost: None })
    }

    /// Notes which server has lost it, if one has: until it is verified again, or something of it is there.
    pub(in crate::engine) fn note_lost(&self, gun: &Gun, lost: Option<String>) -> Result<(), EngineError> {
        let Some(at) = self.verified_at(gun).filter(|_| self.lost_by(gun) != lost) else { return Ok(()) };
        let at = format!("{at:.9}");
        self.folder.overwrite(&file(gun, "time"), &VerifiedAt { again: at.clone(), at, lost })
    }

    /// The server that had lost it when it was asked last.
    pub(in crate::engine) fn lost_by(&self, gun: &Gun) -> Option<String> {
        let (name, path) = (file(gun, "time"), self.folder.path());
        let bytes = self.folder.read(&name).ok().flatten()?;
        note::decode::<VerifiedAt>(&path.join(name), &bytes).ok()?.lost
    }

    /// Forgets pin, marks, tags and time.
    pub(in crate::engine) fn forget(&self, gun: &Gun) -> Result<(), EngineError> {
        if !self.has_something(gun) {
            return Ok(());
        }
        let _lock = self.folder.lock(&file(gun, "lock"), PATIENCE)?;
        notes_of(gun).iter().try_for_each(|name| self.folder.remove(name))
    }

    /// Whether there is anything that [`Memory::forget`] forgets, readable or not.
    pub(in crate::engine) fn has_something(&self, gun: &Gun) -> bool {
        notes_of(gun).iter().any(|name| !matches!(self.folder.read(name), Ok(None)))
    }

    /// Repositories that were added by name, and those that were hidden.
    pub(in crate::engine) fn list(&self) -> Result<RepositoryList, EngineError> {
        self.folder.load(LIST)
    }

    /// Changes the list of repositories.
    pub(in crate::engine) fn change_list(&self, change: impl FnOnce(&mut RepositoryList)) -> Result<(), EngineError> {
        self.folder.change(LIST, change)
    }
}

const LIST: &str = "list.json";

/// The files that are about one repository.
fn notes_of(gun: &Gun) -> [String; 4] {
    ["json", "root", "aside", "time"].map(|ending| file(gun, ending))
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_role_leave_room_for_those_that_docker_pulls() {
        let many: Vec<String> = (0..7).map(|n| format!("{n}{}", "x".repeat(1 << 20))).collect();
        let few = vec!["1.0".to_owned()];
        let role = |name: &str| Role::parse(name).unwrap();
        let listed = [(role("targets/dev"), many), (Role::releases(), few.clone()), (Role::Targets, few.clone())];
        let kept = kept_names(listed.into_iter().collect());
        assert_eq!((&kept[&Role::releases()], &kept[&Role::Targets]), (&few, &few));
        assert_eq!(kept[&role("targets/dev")].len(), 5, "and those of others are bounded");
    }

    #[test]
    fn names_of_before_are_missed_where_docker_pulled_them_alone() {
        let old = r#"{"tags":["1.0","qa"],"released":["1.0"]}"#;
        let names = serde_json::from_str::<Record>(old).unwrap().names();
        assert_eq!(names.listed, BTreeMap::from([(Role::releases(), vec!["1.0".to_owned()])]));
    }
}
