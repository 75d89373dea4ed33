//! Snapshots and timestamps that the server signs itself.

use std::collections::BTreeMap;

use super::store::Update;
use super::store_error::StoreError;
use super::validate::Judge;
use crate::tuf::metadata::default_expiry;
use crate::tuf::{Envelope, FileMeta, Metadata, Role, Root, Snapshot, Timestamp};

/// Why the server could not sign.
#[derive(Debug)]
pub(super) enum SignError {
    /// It holds too few of the role's keys.
    Keys,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for SignError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The snapshot after `previous` with the entries of `files` replaced.
///
/// # Errors
/// [`SignError::Keys`] if the snapshot is the client's to sign.
pub(super) fn next_snapshot(
    at: Judge<'_>,
    root: &Root,
    previous: Option<Snapshot>,
    files: &BTreeMap<Role, FileMeta>,
) -> Result<Update, SignError> {
    let expires = default_expiry(&Role::Snapshot, at.now);
    let mut snapshot = previous.unwrap_or(Snapshot { expires, meta: BTreeMap::new(), version: 0 });
    snapshot.renew(snapshot.version.saturating_add(1), expires);
    snapshot.meta.extend(files.iter().map(|(role, file)| (role.clone(), file.clone())));
    sign(at, root, &Role::Snapshot, &snapshot)
}

/// The timestamp after version `previous`, naming `snapshot`.
///
/// # Errors
/// [`SignError::Keys`] if the root names a timestamp key that the server does not hold.
pub(super) fn next_timestamp(at: Judge<'_>, root: &Root, previous: u64, snapshot: &[u8]) -> Result<Update, SignError> {
    let expires = default_expiry(&Role::Timestamp, at.now);
    let timestamp = Timestamp { expires, snapshot: FileMeta::of(snapshot), version: previous.saturating_add(1) };
    sign(at, root, &Role::Timestamp, &timestamp)
}

fn sign(at: Judge<'_>, root: &Root, role: &Role, content: &impl Metadata) -> Result<Update, SignError> {
    let (keys, message) = (root.role_keys(role), content.canonical());
    let signatures = at.keys.sign(at.gun, role, &keys, &message)?;
    if signatures.is_empty() || signatures.len() < usize::try_from(keys.threshold).unwrap_or(usize::MAX) {
        return Err(SignError::Keys);
    }
    let bytes = Envelope::file(&message, &signatures);
    Ok(Update { role: role.clone(), version: content.version(), bytes })
}
