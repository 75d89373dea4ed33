//! Changes that `notary` staged in the shared trust directory: read, shown, adopted or moved aside, never deleted.
//!
//! Source: docs/notary-v1.md section 10.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp as Time;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::disk::read;
use crate::engine::disk::state::StateFolder;
use crate::engine::draft::change::{Change, SignedTarget};
use crate::engine::error::{EngineError, Problem};
use crate::keys::files::is_nowhere;
use crate::tuf::{CanonicalKeyId, Custom, DelegationName, Gun, PublicKey, Role, TargetName, canonical};

/// Largest change file that is read, in bytes; real ones are below 10 KiB.
const SIZE_LIMIT: u64 = 1 << 20;
/// Most bytes that are read of one repository's changes.
const ALL: u64 = 32 << 20;

/// A change file and what it holds.
pub(in crate::engine) struct ForeignFile {
    path: PathBuf,
    content: Result<ChangeFile, String>,
}

/// The members of a change file.
#[derive(Clone, Debug, Deserialize)]
struct ChangeFile {
    action: String,
    role: String,
    #[serde(rename = "type")]
    kind: String,
    path: String,
    data: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DelegationData {
    new_name: Option<String>,
    threshold: u32,
    add_keys: Vec<PublicKey>,
    remove_keys: Vec<CanonicalKeyId>,
    add_paths: Vec<String>,
    remove_paths: Vec<String>,
    clear_paths: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetData {
    length: u64,
    hashes: BTreeMap<String, String>,
    #[serde(default)]
    custom: Option<Value>,
}

/// Reads all change files of a repository, in the order in which Notary applies them.
pub(in crate::engine) fn read(trust_dir: &Path, gun: &Gun) -> Result<Vec<ForeignFile>, EngineError> {
    let dir = trust_dir.join("tuf").join(gun.as_str()).join("changelist");
    if leads_out(trust_dir, gun, &dir) {
        let link = std::io::Error::other("a link on the way leads elsewhere; it is not followed");
        return Err(disk(&dir, link));
    }
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if is_nowhere(&dir, &e) => return Ok(Vec::new()),
        Err(e) => return Err(disk(&dir, e)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| disk(&dir, e))?;
        // Links are not followed: they could lead out of the trust directory.
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    let mut left = ALL;
    let mut found = Vec::with_capacity(paths.len());
    for path in paths {
        let length = path.symlink_metadata().map_or(0, |facts| facts.len());
        let fits = left.checked_sub(length);
        left = fits.unwrap_or(0);
        let content = match fits {
            Some(_) => read_file(&path),
            None => Err(format!("there are more than {ALL} bytes of changes")),
        };
        found.push(ForeignFile { path, content });
    }
    Ok(found)
}

/// Whether a symbolic link on the way leads somewhere else than the path says.
fn leads_out(trust_dir: &Path, gun: &Gun, dir: &Path) -> bool {
    let (Ok(real), Ok(base)) = (dir.canonicalize(), trust_dir.canonicalize()) else { return false };
    real != base.join("tuf").join(gun.as_str()).join("changelist")
}

fn read_file(path: &Path) -> Result<ChangeFile, String> {
    let read = read::read_own(path, SIZE_LIMIT).map_err(|e| format!("it {e}"))?;
    let bytes = read.ok_or("it is gone")?;
    serde_json::from_slice(&bytes).map_err(|_| "it is no change of Notary's form".to_owned())
}

/// One line for each change, and whether all can be taken over.
pub(in crate::engine) fn describe(gun: &Gun, found: &[ForeignFile]) -> ForeignChanges {
    let line = |found: &ForeignFile| match &found.content {
        Ok(file) => format!("{}{}", file.line(), file.details()),
        Err(why) => format!("{}: {why}", found.name()),
    };
    ForeignChanges {
        lines: found.iter().map(line).collect(),
        adoptable: adopt(gun, found).map_err(|error| error.problem()),
    }
}

/// Translates all changes into ours, or names the first that has no counterpart.
pub(in crate::engine) fn adopt(gun: &Gun, found: &[ForeignFile]) -> Result<Vec<Change>, EngineError> {
    let mut changes = Vec::new();
    for one in found {
        let file = one.content.as_ref().map_err(Clone::clone);
        let translated = file.and_then(|file| file.changes().map_err(|why| format!("{}: {why}", file.line())));
        changes.extend(translated.map_err(|why| EngineError::Change {
            gun: gun.clone(),
            role: None,
            what: format!("cannot adopt {} ({why})", one.name()),
            hint: "publish it with notary, or drop these changes; nothing was adopted".to_owned(),
        })?);
    }
    Ok(merged(changes))
}

/// Joins the two halves in which `notary delegation add` writes keys and paths.
fn merged(changes: Vec<Change>) -> Vec<Change> {
    let mut merged: Vec<Change> = Vec::new();
    for change in changes {
        match (merged.last_mut(), change) {
            (
                Some(Change::AddDelegation { role, paths, .. }),
                Change::AddDelegation { role: same, keys: none, paths: more },
            ) if *role == same && none.is_empty() => paths.extend(more),
            (_, change) => merged.push(change),
        }
    }
    merged
}

impl ForeignFile {
    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl ChangeFile {
    fn line(&self) -> String {
        let path = if self.path.is_empty() { String::new() } else { format!(" {}", self.path) };
        format!("{} {}{path} in {}", self.action, self.kind, self.role)
    }

    /// Which keys, paths and content: whoever adopts a change answers for it.
    fn details(&self) -> String {
        let list = |word: &str, names: Vec<String>| match names.is_empty() {
            true => None,
            false => Some(format!("{word} {}", names.join(", "))),
        };
        let short = |keys: &[CanonicalKeyId]| keys.iter().map(|id| id.short().to_owned()).collect::<Vec<_>>();
        let quoted = |paths: &[String]| paths.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>();
        let of = |change: &Change| match change {
            Change::Sign { target, .. } => vec![Some(format!("{} bytes, sha256 {}", target.length, target.sha256))],
            Change::AddDelegation { keys, paths, .. } => {
                let ids = keys.iter().map(|key| key.canonical_id().short().to_owned()).collect();
                vec![list("adds key", ids), list("adds path", quoted(paths))]
            }
            Change::EditDelegation { remove_keys, remove_paths, clear_paths, .. } => vec![
                list("removes key", short(remove_keys)),
                list("removes path", quoted(remove_paths)),
                clear_paths.then(|| "removes all paths".to_owned()),
            ],
            Change::PurgeKeys { keys } => vec![list("removes key", short(keys))],
            _ => Vec::new(),
        };
        let changes = self.changes().unwrap_or_default();
        let words: Vec<String> = changes.iter().flat_map(of).flatten().collect();
        if words.is_empty() { String::new() } else { format!(": {}", words.join("; ")) }
    }

    fn changes(&self) -> Result<Vec<Change>, String> {
        let role = || Role::parse(&self.role).map_err(|e| e.to_string());
        let delegation = || DelegationName::parse(&self.role).map_err(|e| e.to_string());
        let tag = || TargetName::parse(&self.path).map_err(|e| e.to_string());
        match (self.kind.as_str(), self.action.as_str()) {
            ("target", "create") => {
                Ok(vec![Change::Sign { tag: tag()?, target: self.target()?, roles: vec![role()?] }])
            }
            ("target", "delete") => Ok(vec![Change::Revoke { tag: tag()?, roles: vec![role()?] }]),
            ("witness", "update") => match role()? {
                role @ (Role::Targets | Role::Delegation(_)) => Ok(vec![Change::Witness { role }]),
                base => Err(format!("Notary cannot witness {base}")),
            },
            ("delegation", "delete") => Ok(vec![Change::RemoveDelegation { role: delegation()? }]),
            ("delegation", "update") if self.role == "targets/*" => self.purge(),
            ("delegation", "create" | "update") => self.delegation(&delegation()?),
            _ => Err("trustdeck has no such change".to_owned()),
        }
    }

    fn data<'de, T: Deserialize<'de>>(&self) -> Result<T, String> {
        let text = self.data.as_deref().unwrap_or_default();
        let bytes = STANDARD.decode(text).map_err(|_| "its data is not base64".to_owned())?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| "its data is not JSON".to_owned())?;
        T::deserialize(value).map_err(|e| e.to_string())
    }

    fn purge(&self) -> Result<Vec<Change>, String> {
        let data: DelegationData = self.data()?;
        let only_keys = data.add_keys.is_empty() && data.add_paths.is_empty() && data.remove_paths.is_empty();
        match only_keys && !data.clear_paths && data.new_name.is_none() {
            true => Ok(vec![Change::PurgeKeys { keys: data.remove_keys }]),
            false => Err("it changes more than keys in every delegation".to_owned()),
        }
    }

    /// Notary adds keys, removes keys, removes paths, clears them and adds paths, in this order.
    fn delegation(&self, role: &DelegationName) -> Result<Vec<Change>, String> {
        let data: DelegationData = self.data()?;
        if data.new_name.is_some() {
            return Err("it renames a delegation".to_owned());
        }
        if data.threshold > 1 {
            return Err(format!("it asks for a threshold of {}", data.threshold));
        }
        let edits = !data.remove_keys.is_empty() || !data.remove_paths.is_empty() || data.clear_paths;
        let mut changes = Vec::new();
        let add = |keys, paths| Change::AddDelegation { role: role.clone(), keys, paths };
        if !edits {
            changes.push(add(data.add_keys, data.add_paths));
            return Ok(changes);
        }
        if !data.add_keys.is_empty() {
            changes.push(add(data.add_keys, Vec::new()));
        }
        changes.push(Change::EditDelegation {
            role: role.clone(),
            remove_keys: data.remove_keys,
            remove_paths: data.remove_paths,
            clear_paths: data.clear_paths,
        });
        if !data.add_paths.is_empty() {
            changes.push(add(Vec::new(), data.add_paths));
        }
        Ok(changes)
    }

    fn target(&self) -> Result<SignedTarget, String> {
        let data: TargetData = self.data()?;
        let mut digests: BTreeMap<String, String> = BTreeMap::new();
        for (algorithm, digest) in data.hashes {
            let raw = STANDARD.decode(digest).map_err(|_| format!("its {algorithm} is not base64"))?;
            digests.insert(algorithm, hex::encode(raw));
        }
        let sha256 = digests.remove("sha256").ok_or("it has no sha256")?;
        let sha512 = digests.remove("sha512");
        if let Some(other) = digests.keys().next() {
            return Err(format!("it has a digest of kind {other}"));
        }
        let custom = data.custom.filter(|custom| !custom.is_null());
        custom.as_ref().map(is_safe_custom).transpose()?;
        let custom = custom.as_ref().map(Custom::of).transpose().map_err(|e| format!("its custom data: {e}"))?;
        let target = SignedTarget { length: data.length, sha256, sha512, custom, from_registry: false };
        target.target().map(|_| target.clone()).ok_or_else(|| "a digest has the wrong length".to_owned())
    }
}

/// Custom data that is not in canonical form is signed in one form and verified in another.
fn is_safe_custom(custom: &Value) -> Result<(), String> {
    let mut bytes = Vec::new();
    canonical::write(custom, &mut bytes).map_err(|e| format!("its custom data: {e}"))?;
    let text = String::from_utf8_lossy(&bytes);
    match text.contains(|c: char| c.is_control() || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')) {
        true => {
            Err("its custom data holds characters that Notary signs in one form and verifies in another".to_owned())
        }
        false => Ok(()),
    }
}

/// Moves the files that were read into a new directory below `place`, and returns it.
pub(in crate::engine) fn move_aside(
    place: &StateFolder,
    gun: &Gun,
    now: Time,
    found: &[ForeignFile],
) -> Result<PathBuf, EngineError> {
    let name = hex::encode(&Sha256::digest(gun.as_str().as_bytes())[..8]);
    let dir = place.below(&format!("{name}-{}", now.as_nanosecond())).make()?;
    for file in found {
        let to = dir.join(file.name());
        let moved = std::fs::rename(&file.path, &to).or_else(|_| {
            // The state directory may be on another file system.
            std::fs::copy(&file.path, &to)?;
            std::fs::File::open(&to)?.sync_all()?;
            std::fs::remove_file(&file.path)
        });
        moved.map_err(|e| disk(&file.path, e))?;
    }
    Ok(dir)
}

fn disk(path: &Path, source: std::io::Error) -> EngineError {
    EngineError::Disk { path: path.to_owned(), source }
}

/// Staged changes of `notary` found in the trust directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignChanges {
    /// One line each, in order.
    pub lines: Vec<String>,
    /// The same as our changes, or the first thing that cannot be represented.
    pub adoptable: Result<Vec<Change>, Problem>,
}
