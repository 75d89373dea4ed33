//! The single rules that [`super::trusted`] puts in order: one function each.

use jiff::Timestamp as Time;

use super::blob::Blob;
use super::count::tally;
use super::envelope::Envelope;
use super::fault::VerifyError;
use super::key::PublicKey;
use super::loaded::{Loaded, Seen, SeenRoles, Standing};
use super::metadata::{FileMeta, Metadata, RoleKeys, Root};
use super::names::Role;
use super::pinning::RootKey;
use super::tally::Tally;

/// A file that belongs where it stands; `fault` says why it may still not be trusted.
pub(super) struct CheckedFile<T> {
    pub(super) loaded: Loaded<T>,
    pub(super) fault: Option<VerifyError>,
}

impl<T> CheckedFile<T> {
    /// The file if it is good, or of a standing that is tolerated.
    pub(super) fn accept(self, tolerated: impl Fn(Standing) -> bool) -> Result<Loaded<T>, VerifyError> {
        match self.fault {
            Some(fault) if !tolerated(self.loaded.standing) => Err(fault),
            _ => Ok(self.loaded),
        }
    }
}

/// Refuses an older version than was seen, and other bytes under the version that was.
pub(super) fn check_seen(seen: &SeenRoles, role: &Role, got: u64, envelope: &Envelope) -> Result<(), VerifyError> {
    match seen.get(role) {
        Some(mark) if mark.version > got => Err(VerifyError::Rollback { role: role.clone(), seen: mark.version, got }),
        _ => check_equivocation(seen, role, got, envelope),
    }
}

/// Refuses other bytes under the version that was seen; older versions are taken.
pub(super) fn check_equivocation(
    seen: &SeenRoles,
    role: &Role,
    version: u64,
    envelope: &Envelope,
) -> Result<(), VerifyError> {
    match seen.get(role) {
        Some(mark) if mark.version == version && mark.sha256 != envelope.sha256() => {
            Err(VerifyError::Equivocation { role: role.clone(), version })
        }
        _ => Ok(()),
    }
}

/// Compares `bytes` with what `parent` names.
pub(super) fn check_file(
    role: &Role,
    parent: &Role,
    named: Option<&FileMeta>,
    bytes: &Blob,
) -> Result<(), VerifyError> {
    let (role, parent) = (role.clone(), parent.clone());
    match named {
        None => Err(VerifyError::Missing { role, parent }),
        Some(file) => file.mismatch(bytes).map_or(Ok(()), |what| Err(VerifyError::Mix { role, parent, what })),
    }
}

/// Refuses a file that too few distinct keys have signed.
pub(super) fn demand_threshold(role: &Role, envelope: &Envelope, tally: &Tally) -> Result<(), VerifyError> {
    if tally.is_met() {
        return Ok(());
    }
    let keys = tally.signed.iter().chain(&tally.unsigned);
    Err(VerifyError::Threshold {
        role: role.clone(),
        signed: tally.distinct(),
        threshold: tally.threshold,
        expected: keys.map(|key| key.canonical_id().clone()).collect(),
        found: envelope.signatures().iter().map(|signature| signature.key.clone()).collect(),
    })
}

pub(super) fn standing_at<T: Metadata>(now: Time, content: &T) -> Standing {
    if content.expires() < now { Standing::Expired } else { Standing::Good }
}

pub(super) fn expired<T: Metadata>(role: &Role, content: &T) -> VerifyError {
    VerifyError::Expired { role: role.clone(), expired: content.expires() }
}

/// The root role with only those of its keys that may sign for the repository.
pub(super) fn limited(root: &Root, usable: &[RootKey]) -> RoleKeys {
    let keys = usable.iter().map(|root| root.key.clone()).collect();
    RoleKeys { keys, threshold: root.role_keys(&Role::Root).threshold }
}

/// Counts usable keys only, and reports the others as unsigned.
pub(super) fn tally_root(envelope: &Envelope, root: &Root, usable: &[RootKey]) -> Tally {
    let mut tally = tally(envelope, &limited(root, usable));
    let is_usable = |key: &PublicKey| usable.iter().any(|root| root.key.id() == key.id());
    tally.unsigned.extend(root.role_keys(&Role::Root).keys.into_iter().filter(|key| !is_usable(key)));
    tally
}

/// Raises the mark of a role whose file is signed, expired or not.
pub(super) fn raise<T: Metadata>(seen: &mut SeenRoles, role: &Role, loaded: &Loaded<T>) {
    let version = loaded.content.version();
    let higher = seen.get(role).is_none_or(|mark| mark.version < version);
    if higher && loaded.standing != Standing::UnderThreshold {
        seen.insert(role.clone(), Seen { version, sha256: loaded.envelope.sha256().to_owned() });
    }
}
