//! What the server demands of an upload, in Notary's order and with its messages.
//!
//! The rules are the server's, not a client's: signatures are counted by key ID, paths are not looked at, targets may
//! skip versions. One difference: hashes are those of the received bytes, where Notary takes its own re-encoding.
//! Source: docs/notary-v1.md sections 4.3, 9 and 11.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp as Time, ToSpan};
use serde::Serialize;

use super::answer::{Code, TrustRefusal};
use super::sign;
use super::sign::SignError;
use super::store::{Store, Update};
use super::upload::Uploaded;
use crate::tuf::{Envelope, FileMeta, Metadata, PublicKey, Role, RoleKeys, Root, Snapshot, Targets, VerifyError};

/// `detail` of an `INVALID_UPDATE`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Invalid<'a> {
    name: &'a str,
    error: Reason<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reason<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a str>,
    msg: &'a str,
}

fn invalid(name: &str, msg: &str) -> TrustRefusal {
    TrustRefusal::with(Code::InvalidUpdate, &Invalid { name, error: Reason { missing: None, msg } })
}

/// Where uploads are judged: the stored files, the keys held and the time.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    /// Stored files.
    pub(super) store: &'a Store,
    /// Keys held.
    pub(super) keys: &'a super::held::HeldKeys,
    /// Repository.
    pub(super) gun: &'a str,
    /// Now.
    pub(super) now: Time,
}

/// Files accepted so far, as later ones are checked against them.
struct Accepted {
    root: Root,
    targets: BTreeMap<Role, Targets>,
    /// Hashes of every file that was looked at, uploaded or stored.
    files: BTreeMap<Role, FileMeta>,
}

impl Judge<'_> {
    /// Checks an upload and adds the snapshot, if the server holds its key, and the timestamp.
    ///
    /// # Errors
    /// `INVALID_UPDATE` with Notary's reason.
    pub(super) fn validate(self, uploaded: BTreeMap<Role, Uploaded>) -> Result<Vec<Update>, TrustRefusal> {
        let stored = self.stored_root()?;
        let (root, bytes) = self.root(stored, uploaded.get(&Role::Root))?;
        let files = BTreeMap::from([(Role::Root, FileMeta::of(&bytes))]);
        let mut updates = Vec::new();
        if uploaded.contains_key(&Role::Root) {
            updates.push(Update { role: Role::Root, version: root.version, bytes });
        }
        let mut accepted = Accepted { root, targets: BTreeMap::new(), files };
        for (role, file) in in_depth_order(&uploaded) {
            let version = self.targets(&mut accepted, role, &file.bytes)?;
            updates.push(Update { role: role.clone(), version, bytes: file.bytes.clone() });
        }
        let snapshot = match uploaded.get(&Role::Snapshot) {
            Some(file) => self.snapshot(&accepted, &file.bytes)?,
            None => self.make_snapshot(&accepted)?,
        };
        let timestamp = self.make_timestamp(&accepted.root, &snapshot)?;
        updates.extend([snapshot, timestamp]);
        Ok(updates)
    }

    fn stored_root(self) -> Result<Option<(Root, Vec<u8>)>, TrustRefusal> {
        let Some(stored) = self.store.current(self.gun, &Role::Root).map_err(TrustRefusal::fault)? else {
            return Ok(None);
        };
        let (_, root) = read::<Root>(&Role::Root, &stored.bytes).map_err(|msg| invalid("ErrBadRoot", &msg))?;
        Ok(Some((root, stored.bytes)))
    }

    fn root(
        self,
        stored: Option<(Root, Vec<u8>)>,
        uploaded: Option<&Uploaded>,
    ) -> Result<(Root, Vec<u8>), TrustRefusal> {
        let Some(update) = uploaded else {
            let msg = "no pre-existing root and no root provided in update.";
            return stored.ok_or_else(|| invalid("ErrValidation", msg));
        };
        // Without a stored root, Notary counts from 1 all the same.
        let current = stored.as_ref().map_or(1, |(root, _)| root.version);
        let new = update.version;
        let follows = u64::try_from(new).is_ok_and(|new| new == current || Some(new) == current.checked_add(1));
        if !follows {
            let msg = format!("Root modifications must increment the version. Current {current}, new {new}");
            return Err(invalid("ErrBadRoot", &msg));
        }
        let root = self.new_root(stored.as_ref().map(|(root, _)| root), &update.bytes, current);
        root.map(|root| (root, update.bytes.clone())).map_err(|msg| invalid("ErrBadRoot", &msg))
    }

    fn new_root(self, previous: Option<&Root>, bytes: &[u8], current: u64) -> Result<Root, String> {
        let (envelope, root) = read::<Root>(&Role::Root, bytes)?;
        let leaves = usable_leaves(&root, self.gun, Some(self.now));
        if leaves.keys.is_empty() {
            return Err(untrusted("unable to retrieve valid leaf certificates"));
        }
        if let Some(previous) = previous {
            let trusted = usable_leaves(previous, self.gun, None);
            signed_by(&envelope, &trusted, &Role::Root).map_err(|_| {
                "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates"
            })?;
        }
        signed_by(&envelope, &leaves, &Role::Root).map_err(|_| untrusted("failed to validate integrity of roots"))?;
        fresh(&Role::Root, &root, current, self.now)?;
        Ok(root)
    }

    /// Takes the targets or a delegation; the files above it come from the store if they were not uploaded.
    fn targets(self, accepted: &mut Accepted, role: &Role, bytes: &[u8]) -> Result<u64, TrustRefusal> {
        let bad = |msg: String| invalid("ErrBadTargets", &msg);
        let unknown = || bad(format!("tuf: invalid role {role}. delegation does not exist"));
        let keys = self.keys_of(accepted, role)?.ok_or_else(unknown)?;
        let envelope = parse(role, bytes).map_err(bad)?;
        if *role == Role::Targets {
            // Notary looks at signatures first here, and at the content first in delegations.
            signed_by(&envelope, &keys, role).map_err(bad)?;
        }
        let targets: Targets = content(role, &envelope).map_err(bad)?;
        signed_by(&envelope, &keys, role).map_err(bad)?;
        fresh(role, &targets, 1, self.now).map_err(bad)?;
        let version = targets.version;
        accepted.files.insert(role.clone(), FileMeta::of(bytes));
        accepted.targets.insert(role.clone(), targets);
        Ok(version)
    }

    fn keys_of(self, accepted: &mut Accepted, role: &Role) -> Result<Option<RoleKeys>, TrustRefusal> {
        let Role::Delegation(name) = role else { return Ok(Some(accepted.root.role_keys(role))) };
        let parent = name.parent();
        if !accepted.targets.contains_key(&parent) {
            self.load_parent(accepted, &parent)?;
        }
        Ok(accepted.targets.get(&parent).and_then(|targets| targets.delegation_role_keys(name)))
    }

    /// Loads a stored file that lists what was uploaded. A missing one lists nothing; a bad one stops the upload.
    fn load_parent(self, accepted: &mut Accepted, role: &Role) -> Result<(), TrustRefusal> {
        let Some(keys) = self.keys_of(accepted, role)? else { return Ok(()) };
        let Some(stored) = self.store.current(self.gun, role).map_err(TrustRefusal::fault)? else { return Ok(()) };
        let refused = |_| TrustRefusal::new(Code::InvalidUpdate);
        let (envelope, targets) = read::<Targets>(role, &stored.bytes).map_err(refused)?;
        signed_by(&envelope, &keys, role).map_err(refused)?;
        accepted.files.insert(role.clone(), FileMeta::of(&stored.bytes));
        accepted.targets.insert(role.clone(), targets);
        Ok(())
    }

    fn snapshot(self, accepted: &Accepted, bytes: &[u8]) -> Result<Update, TrustRefusal> {
        let role = Role::Snapshot;
        let checked = || {
            let envelope = parse(&role, bytes)?;
            signed_by(&envelope, &accepted.root.role_keys(&role), &role)?;
            let snapshot: Snapshot = content(&role, &envelope)?;
            for named in [Role::Root, Role::Targets] {
                if snapshot.meta.get(&named).is_none_or(|meta| meta.hashes.get("sha256").is_none()) {
                    return Err(format!("snapshot type metadata invalid: missing {named} sha256 checksum information"));
                }
            }
            fresh(&role, &snapshot, 1, self.now)?;
            accepted.files.iter().try_for_each(|(role, file)| same_hashes(role, file, snapshot.meta.get(role)))?;
            Ok(snapshot.version)
        };
        let version = checked().map_err(|msg| invalid("ErrBadSnapshot", &msg))?;
        Ok(Update { role: Role::Snapshot, version, bytes: bytes.to_vec() })
    }

    fn make_snapshot(self, accepted: &Accepted) -> Result<Update, TrustRefusal> {
        let stored = self.store.current(self.gun, &Role::Snapshot).map_err(TrustRefusal::fault)?;
        let previous = match stored {
            Some(stored) => {
                let read = read::<Snapshot>(&Role::Snapshot, &stored.bytes);
                Some(read.map_err(|_| TrustRefusal::new(Code::InvalidUpdate))?.1)
            }
            None if accepted.files.contains_key(&Role::Targets) => None,
            None => return Err(invalid("ErrValidation", "targets must be loaded first")),
        };
        sign::next_snapshot(self, &accepted.root, previous, &accepted.files).map_err(|error| match error {
            SignError::Keys => {
                let msg =
                    "no snapshot was included in update and server does not hold current snapshot key for repository";
                let error = Reason { missing: Some(Role::Snapshot.as_str()), msg };
                TrustRefusal::with(Code::InvalidUpdate, &Invalid { name: "ErrBadHierarchy", error })
            }
            SignError::Store(error) => TrustRefusal::fault(error),
        })
    }

    fn make_timestamp(self, root: &Root, snapshot: &Update) -> Result<Update, TrustRefusal> {
        let stored = self.store.current(self.gun, &Role::Timestamp).map_err(TrustRefusal::fault)?;
        let previous = stored.map_or(0, |stored| stored.version);
        sign::next_timestamp(self, root, previous, &snapshot.bytes).map_err(|error| match error {
            // Two blanks, as Notary has it.
            SignError::Keys => invalid("ErrBadRoot", "no  timestamp keys exist on the server"),
            SignError::Store(error) => TrustRefusal::fault(error),
        })
    }
}

/// Targets and delegations, those with fewer segments first.
fn in_depth_order(uploaded: &BTreeMap<Role, Uploaded>) -> Vec<(&Role, &Uploaded)> {
    let mut targets: Vec<_> = uploaded.iter().filter(|(role, _)| role.holds_targets()).collect();
    targets.sort_by_key(|(role, _)| (role.as_str().matches('/').count(), role.as_str()));
    targets
}

fn untrusted(why: &str) -> String {
    format!("could not validate the path to a trusted root: {why}")
}

/// Parses a file and reads its content.
pub(super) fn read<T: Metadata>(role: &Role, bytes: &[u8]) -> Result<(Envelope, T), String> {
    let envelope = parse(role, bytes)?;
    let content = content(role, &envelope)?;
    Ok((envelope, content))
}

fn parse(role: &Role, bytes: &[u8]) -> Result<Envelope, String> {
    Envelope::parse(role, bytes).map_err(reason)
}

fn content<T: Metadata>(role: &Role, envelope: &Envelope) -> Result<T, String> {
    T::read(role, envelope).map_err(reason)
}

fn reason(error: VerifyError) -> String {
    match error {
        VerifyError::Format { role, at } => format!("{role} type metadata invalid: {at}"),
        other => other.to_string(),
    }
}

fn signed_by(envelope: &Envelope, keys: &RoleKeys, role: &Role) -> Result<(), String> {
    if envelope.signatures().is_empty() {
        return Err("tuf: data has no signatures".to_owned());
    }
    let has_signed = |key: &&PublicKey| {
        envelope.signatures().iter().any(|s| s.key == *key.id() && key.verifies(envelope.canonical(), s))
    };
    let signed: BTreeSet<_> = keys.keys.iter().filter(has_signed).map(PublicKey::id).collect();
    let needed = usize::try_from(keys.threshold).unwrap_or(usize::MAX);
    if signed.len() >= needed { Ok(()) } else { Err(format!("valid signatures did not meet threshold for {role}")) }
}

fn fresh(role: &Role, content: &impl Metadata, least: u64, now: Time) -> Result<(), String> {
    let (version, expires) = (content.version(), content.expires());
    if version < least {
        return Err(format!("version {version} is lower than current version {least}"));
    }
    if expires < now {
        return Err(format!("{role} expired at {}", expires.strftime("%a %b %-d %H:%M:%S UTC %Y")));
    }
    Ok(())
}

/// Root's keys whose leaf certificate is usable for the repository; at `now`, or at any time.
fn usable_leaves(root: &Root, gun: &str, now: Option<Time>) -> RoleKeys {
    let mut keys = root.role_keys(&Role::Root);
    keys.keys.retain(|key| {
        key.certificate().is_some_and(|leaf| {
            let named = match leaf.common_name.strip_suffix('*') {
                Some(prefix) => gun.starts_with(prefix.trim_end_matches('*')),
                None => leaf.common_name == gun,
            };
            let in_time = now.is_none_or(|now| {
                leaf.not_after > now && now.checked_add(24.hours()).is_ok_and(|tomorrow| leaf.not_before <= tomorrow)
            });
            named && in_time && !leaf.is_ca && !leaf.sha1
        })
    });
    keys
}

fn same_hashes(role: &Role, file: &FileMeta, named: Option<&FileMeta>) -> Result<(), String> {
    let mut checked = 0;
    for (algorithm, expected) in named.into_iter().flat_map(|named| named.hashes.iter()) {
        let Some(actual) = file.hashes.get(algorithm) else { continue };
        checked += 1;
        if actual != expected {
            let expected = hex::encode(expected);
            return Err(format!("{algorithm} checksum for {role} did not match: expected {expected}"));
        }
    }
    if checked > 0 { Ok(()) } else { Err(format!("no checksums for supported algorithms were provided for {role}")) }
}
