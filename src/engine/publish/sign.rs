//! Turns a draft into the files of one upload.
//!
//! Invariant: pure but for the randomness of signatures. Each file is in Notary's bytes, one version above all that is
//! known of its role, signed by every listed key that is open here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp as Time;

use crate::engine::draft::Draft;
use crate::engine::draft::base_roles::replace_keys;
use crate::engine::draft::signing::Rise;
use crate::engine::trust::limits;
use crate::keys::{KeyError, PrivateKey, root_certificate};
use crate::tuf::metadata::{BaseRole, default_expiry};
use crate::tuf::verify::{HIGHEST_VERSION, SeenRoles};
use crate::tuf::{
    Blob, CanonicalKeyId, Envelope, FileMeta, Gun, KeyId, Metadata, PublicKey, Role, RoleKeys, Root, Targets,
    TrustedSet, VerifyError,
};

/// Finds an open key.
pub type FindOpen<'a> = &'a dyn Fn(&CanonicalKeyId) -> Option<Arc<PrivateKey>>;

/// A signed role file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFile {
    /// Its role.
    pub role: Role,
    /// Its version.
    pub version: u64,
    /// Its bytes, as uploaded.
    pub bytes: Vec<u8>,
}

/// The keys of a repository that is created.
#[derive(Clone)]
pub struct BaseKeys {
    /// Signs root.
    pub root: Arc<PrivateKey>,
    /// The same key in its certificate for this repository.
    pub root_certificate: PublicKey,
    /// Signs targets.
    pub targets: Arc<PrivateKey>,
    /// The server's.
    pub snapshot: PublicKey,
    /// The server's.
    pub timestamp: PublicKey,
}

/// Keys that a publish has made on the way.
#[derive(Clone, Default)]
pub struct MadeKeys {
    /// Those of a repository that is created.
    pub created: Option<BaseKeys>,
    /// New ones of the server, for roles whose key it takes over or replaces.
    pub server: BTreeMap<Role, PublicKey>,
}

/// Why a file cannot be signed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the variants say what their fields are
pub enum SigningError {
    /// Keys that are in the store but locked or gone.
    #[error("too few keys of {role} are open")]
    Locked { role: Role, missing: Vec<CanonicalKeyId> },
    /// Somebody has used up the version numbers that Notary can count.
    #[error("the next version of {role} would be {version}, more than Notary can count")]
    Version { role: Role, version: u64 },
    /// Only a file that no key of the role has signed asks for such a version.
    #[error(
        "the version of {role} would jump from {} to {version}, which only a file that none of its keys of now has signed asks for",
        .verified.map_or_else(|| "none".to_owned(), |version| version.to_string())
    )]
    Jump { role: Role, version: u64, verified: Option<u64> },
    /// Nobody could read the file.
    #[error("{0}")]
    TooMuch(VerifyError),
    /// A key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Signs everything that a draft touches, and the snapshot if its key is here. `found` are versions met elsewhere;
/// `step` is told how many files of how many are done.
///
/// # Errors
/// [`SigningError`]; nothing is kept then.
pub fn sign(
    draft: &Draft<'_>,
    keys: FindOpen<'_>,
    made: &MadeKeys,
    found: &SeenRoles,
    step: &dyn Fn(usize, usize),
) -> Result<Vec<SignedFile>, SigningError> {
    if let Some(copy) = draft.ground().copy.filter(|_| draft.republishes()) {
        return Ok(copied(copy));
    }
    let created = made.created.as_ref();
    let total = draft.touched().len() + usize::from(draft.signs_snapshot());
    let mut files = Vec::new();
    for role in draft.touched().keys() {
        step(files.len(), total);
        let version = countable(draft, role, draft.next_version(role, found))?;
        let bytes = match role {
            Role::Root => sign_root(draft, keys, made, version)?,
            _ => {
                let Some(content) = draft.content(role) else { continue };
                let bytes = sign_file(draft, keys, created, role, content, version)?;
                readable(role, content, &bytes)?;
                bytes
            }
        };
        files.push(SignedFile { role: role.clone(), version, bytes });
    }
    // The roles above first, as a server checks them.
    files.sort_by_key(|file| rank(&file.role));
    if draft.signs_snapshot() {
        step(files.len(), total);
        if let Some(file) = sign_snapshot(draft, keys, &files, found)? {
            files.push(file);
        }
    }
    step(total, total);
    Ok(files)
}

fn rank(role: &Role) -> usize {
    match role {
        Role::Root => 0,
        Role::Targets => 1,
        Role::Delegation(name) => 1 + name.depth(),
        _ => usize::MAX,
    }
}

fn sign_root(draft: &Draft<'_>, keys: FindOpen<'_>, made: &MadeKeys, version: u64) -> Result<Vec<u8>, SigningError> {
    match (draft.ground().set, &made.created) {
        (None, Some(base)) => {
            sign_file(draft, keys, Some(base), &Role::Root, &first_root(base, draft.ground().now), version)
        }
        (Some(set), _) => sign_next_root(draft, keys, made, set.gun(), version),
        (None, None) => Err(SigningError::Locked { role: Role::Root, missing: Vec::new() }),
    }
}

/// Root with what was not known before: new keys of the server, certificates around new root keys. Signed by the old
/// and the new root keys.
fn sign_next_root(
    draft: &Draft<'_>,
    keys: FindOpen<'_>,
    made: &MadeKeys,
    gun: &Gun,
    version: u64,
) -> Result<Vec<u8>, SigningError> {
    let now = draft.ground().now;
    let locked = |missing| SigningError::Locked { role: Role::Root, missing };
    let mut content = draft.base.root().cloned().ok_or_else(|| locked(Vec::new()))?;
    for role in draft.base.server_made() {
        let key = made.server.get(role).ok_or_else(|| locked(Vec::new()))?;
        replace_keys(&mut content, role, std::slice::from_ref(key));
    }
    let mut certified: BTreeMap<KeyId, PublicKey> = BTreeMap::new();
    let mut listed = content.role_keys(&Role::Root).keys;
    for key in listed.iter_mut().filter(|key| key.key_type().unwrapped() == *key.key_type()) {
        let private = keys(key.canonical_id()).ok_or_else(|| locked(vec![key.canonical_id().clone()]))?;
        let certificate = root_certificate(&private, gun, now)?;
        content.keys.remove(key.id());
        certified.insert(key.id().clone(), certificate.clone());
        *key = certificate;
    }
    replace_keys(&mut content, &Role::Root, &listed);
    content.renew(version, default_expiry(&Role::Root, now));
    let canonical = content.canonical();
    let sign = |(listed, key): &(PublicKey, Arc<PrivateKey>)| {
        key.sign(certified.get(listed.id()).unwrap_or(listed), &canonical)
    };
    let signatures: Result<Vec<_>, KeyError> = signers(draft, keys, None, &Role::Root)?.iter().map(sign).collect();
    Ok(Envelope::file(&canonical, &signatures?))
}

/// The root of a new repository, as `docker trust` makes it.
fn first_root(base: &BaseKeys, now: Time) -> Root {
    let listed = [
        (Role::Root, &base.root_certificate),
        (Role::Targets, base.targets.public()),
        (Role::Snapshot, &base.snapshot),
        (Role::Timestamp, &base.timestamp),
    ];
    let role = |(role, key): &(Role, &PublicKey)| {
        let key_ids: Vec<KeyId> = vec![key.id().clone()];
        (role.to_string(), BaseRole { key_ids: Some(key_ids), threshold: 1 })
    };
    Root {
        consistent_snapshot: false,
        expires: default_expiry(&Role::Root, now),
        keys: listed.iter().map(|(_, key)| (key.id().clone(), (*key).clone())).collect(),
        roles: listed.iter().map(role).collect(),
        version: 1,
    }
}

/// The keys that sign a role: as listed, with their private halves.
fn signers(
    draft: &Draft<'_>,
    keys: FindOpen<'_>,
    created: Option<&BaseKeys>,
    role: &Role,
) -> Result<Vec<(PublicKey, Arc<PrivateKey>)>, SigningError> {
    match (created, role) {
        (Some(base), Role::Root) => return Ok(vec![(base.root_certificate.clone(), base.root.clone())]),
        (Some(base), Role::Targets) => return Ok(vec![(base.targets.public().clone(), base.targets.clone())]),
        _ => {}
    }
    let (mut open, mut missing) = (Vec::new(), Vec::new());
    for listed in draft.signers(role) {
        match keys(listed.canonical_id()) {
            Some(key) => open.push((listed, key)),
            None => missing.push(listed.canonical_id().clone()),
        }
    }
    let is_met = |listing: &RoleKeys| {
        let of_listing = open.iter().map(|(key, _)| key).filter(|key| listing.keys.contains(key));
        let distinct: BTreeSet<&CanonicalKeyId> = of_listing.map(PublicKey::canonical_id).collect();
        distinct.len() >= listing.threshold as usize
    };
    let listings = draft.listings(role);
    if listings.is_empty() || !listings.iter().all(is_met) {
        return Err(SigningError::Locked { role: role.clone(), missing });
    }
    Ok(open)
}

fn sign_file<M: Metadata>(
    draft: &Draft<'_>,
    keys: FindOpen<'_>,
    created: Option<&BaseKeys>,
    role: &Role,
    content: &M,
    version: u64,
) -> Result<Vec<u8>, SigningError> {
    let mut content = content.clone();
    content.renew(version, default_expiry(role, draft.ground().now));
    let canonical = content.canonical();
    let signatures: Result<Vec<_>, KeyError> =
        signers(draft, keys, created, role)?.iter().map(|(listed, key)| key.sign(listed, &canonical)).collect();
    Ok(Envelope::file(&canonical, &signatures?))
}

/// Refuses what this program, and every other one on the way, would refuse to read.
fn readable(role: &Role, content: &Targets, bytes: &[u8]) -> Result<(), SigningError> {
    if bytes.len() as u64 > limits::FILE {
        let what = format!("more than {} bytes", limits::FILE);
        return Err(SigningError::TooMuch(VerifyError::Limit { role: role.clone(), what }));
    }
    content.check_written(role, bytes).map_err(SigningError::TooMuch)?;
    // What the other checks do not know of: all that a reader refuses.
    Targets::open(role, bytes.to_vec().into()).map(drop).map_err(SigningError::TooMuch)
}

/// A new snapshot: the old one with the signed files in it and without removed delegations.
fn sign_snapshot(
    draft: &Draft<'_>,
    keys: FindOpen<'_>,
    files: &[SignedFile],
    found: &SeenRoles,
) -> Result<Option<SignedFile>, SigningError> {
    let Some(old) = draft.ground().set.and_then(|set| set.snapshot()) else { return Ok(None) };
    let mut content = old.content.clone();
    for name in draft.removed() {
        content.meta.remove(&Role::Delegation(name.clone()));
    }
    let new: BTreeMap<Role, FileMeta> =
        files.iter().map(|file| (file.role.clone(), FileMeta::of(&file.bytes))).collect();
    content.meta.extend(new);
    let version = countable(draft, &Role::Snapshot, draft.next_version(&Role::Snapshot, found))?;
    let bytes = sign_file(draft, keys, None, &Role::Snapshot, &content, version)?;
    Ok(Some(SignedFile { role: Role::Snapshot, version, bytes }))
}

fn countable(draft: &Draft<'_>, role: &Role, version: u64) -> Result<u64, SigningError> {
    if draft.rise(role, version) == Rise::TooFar {
        let verified = draft.verified_version(role);
        return Err(SigningError::Jump { role: role.clone(), version, verified });
    }
    match version {
        ..=HIGHEST_VERSION => Ok(version),
        _ => Err(SigningError::Version { role: role.clone(), version }),
    }
}

/// The files of this machine's copy, as they are.
fn copied(copy: &TrustedSet) -> Vec<SignedFile> {
    let version = |role: &Role| match role {
        Role::Root => copy.root().content.version,
        Role::Snapshot => copy.snapshot().map_or(0, |file| file.content.version),
        role => copy.verified(role).map_or(0, |verified| verified.content().version),
    };
    let file = |(role, bytes): (Role, Blob)| SignedFile { version: version(&role), role, bytes: bytes.to_vec() };
    copy.files_to_republish().into_iter().map(file).collect()
}
