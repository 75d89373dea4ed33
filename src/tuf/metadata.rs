//! The four kinds of role file, typed, read strictly and written as Notary writes them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp as Time};
use sha2::{Digest, Sha256, Sha512};

use super::blob::Blob;
use super::budget::{KEYS, LISTED, NAME, PATHS, check_values, limit};
use super::custom::Custom;
use super::envelope::Envelope;
use super::fault::VerifyError;
use super::hashes::{Hashes, digits};
use super::key::PublicKey;
use super::names::{DelegationName, KeyId, Role, TargetName};

/// Days that a signature of each role lasts; Notary's defaults.
pub const LIFETIME_DAYS: [(&str, i64); 4] = [("root", 3650), ("targets", 1095), ("snapshot", 1095), ("timestamp", 14)];

/// Content of a role file that can be read from an envelope and written in Notary's bytes.
pub trait Metadata: Sized + Clone {
    /// Reads `signed` strictly: `_type`, `version` ≥ 1, `expires`, thresholds ≥ 1, key IDs known.
    ///
    /// # Errors
    /// [`VerifyError::Format`], naming the member.
    fn read(role: &Role, envelope: &Envelope) -> Result<Self, VerifyError>;

    /// Parses and reads a file in one go.
    ///
    /// # Errors
    /// [`VerifyError::Format`] or [`VerifyError::Limit`].
    fn open(role: &Role, bytes: Blob) -> Result<(Envelope, Self), VerifyError>;

    /// The canonical bytes of `signed`, which signatures are over.
    fn canonical(&self) -> Vec<u8>;

    /// Version, at least 1 once published.
    fn version(&self) -> u64;

    /// When the file stops being trusted.
    fn expires(&self) -> Time;

    /// Sets what every signing changes.
    fn renew(&mut self, version: u64, expires: Time);

    /// Paths of members in `envelope` that Notary does not know and that signing again would lose: the first 64, and
    /// how many more there are. Worth asking for files that enough keys signed.
    fn unknown_members(envelope: &Envelope) -> Vec<String>;
}

/// When a file of `role` signed at `now` expires: Notary's default lifetimes.
#[must_use]
pub fn default_expiry(role: &Role, now: Time) -> Time {
    let name = if role.holds_targets() { Role::Targets.as_str() } else { role.as_str() };
    let days = LIFETIME_DAYS.iter().find(|(role, _)| *role == name).map_or(0, |(_, days)| *days);
    now.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(Time::MAX)
}

/// Prints `time` as Go does: RFC 3339 in UTC, up to nine digits of fraction, none of them a trailing zero.
#[must_use]
pub fn format_time(time: Time) -> String {
    time.to_string()
}

/// The keys of a role and how many of them must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeys {
    /// Keys in the order of `keyids`.
    pub keys: Vec<PublicKey>,
    /// How many distinct bare keys must have signed, at least 1.
    pub threshold: u32,
}

/// A base role's entry in root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseRole {
    /// IDs, as listed; `null` and `[]` are kept apart.
    pub key_ids: Option<Vec<KeyId>>,
    /// At least 1.
    pub threshold: u32,
}

/// `root.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// `consistent_snapshot`, written back as read; false in new files.
    pub consistent_snapshot: bool,
    /// When it expires.
    pub expires: Time,
    /// All keys, superseded root certificates included.
    pub keys: BTreeMap<KeyId, PublicKey>,
    /// The base roles, and others that were found.
    pub roles: BTreeMap<String, BaseRole>,
    /// Version.
    pub version: u64,
}

impl Root {
    /// The keys of a base role; for root itself all listed keys, whatever their certificate says.
    #[must_use]
    pub fn role_keys(&self, role: &Role) -> RoleKeys {
        let Some(entry) = self.roles.get(role.as_str()) else {
            // Reading demands all base roles; no other role has keys here, and nobody can sign for it.
            return RoleKeys { keys: Vec::new(), threshold: 1 };
        };
        let ids = entry.key_ids.iter().flatten();
        RoleKeys { keys: ids.filter_map(|id| self.keys.get(id)).cloned().collect(), threshold: entry.threshold }
    }
}

/// One delegation, as the role above lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Full name, a direct child of the file it stands in.
    pub name: DelegationName,
    /// IDs; `None` where the file says `null`.
    pub key_ids: Option<Vec<KeyId>>,
    /// Prefixes of target names; `""` allows all, none allows nothing.
    pub paths: Vec<String>,
    /// At least 1.
    pub threshold: u32,
}

/// What a target's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Length, in bytes; for images, of the manifest.
    pub length: u64,
    /// `sha256` and perhaps `sha512`.
    pub hashes: Hashes,
    /// Opaque data, if any.
    pub custom: Option<Custom>,
}

impl Target {
    /// An image manifest's target, as `docker trust sign` makes it.
    #[must_use]
    pub fn image(sha256: [u8; 32], length: u64) -> Self {
        Self { length, hashes: [("sha256", sha256)].into_iter().collect(), custom: None }
    }

    /// The SHA-256 digest in hexadecimal, if there is one.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        self.hashes.get("sha256").map(digits)
    }
}

/// `targets.json` or a delegation's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Keys of the roles listed below.
    pub delegation_keys: BTreeMap<KeyId, PublicKey>,
    /// Delegations in order of creation; `None` where the file says `null`.
    pub delegations: Option<Vec<Delegation>>,
    /// When it expires.
    pub expires: Time,
    /// Targets by name.
    pub targets: BTreeMap<TargetName, Target>,
    /// Version; 0 in a file that was never signed.
    pub version: u64,
}

impl Targets {
    /// An empty file, version 0, `{"keys":{},"roles":[]}`.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            delegation_keys: BTreeMap::new(),
            delegations: Some(Vec::new()),
            expires: Time::UNIX_EPOCH,
            targets: BTreeMap::new(),
            version: 0,
        }
    }

    /// Whether a file of this content can be read again, here and elsewhere; `bytes` are the file.
    ///
    /// # Errors
    /// `Limit`.
    pub fn check_written(&self, role: &Role, bytes: &[u8]) -> Result<(), VerifyError> {
        check_values(role, bytes)?;
        let listed = self.delegations.as_deref().unwrap_or_default();
        let paths = listed.iter().map(|entry| entry.paths.len()).max().unwrap_or_default();
        let name = self.targets.keys().map(|name| name.as_str().len()).max().unwrap_or_default();
        let counts = [
            (name, NAME, "bytes in the name of a tag"),
            (self.delegation_keys.len(), KEYS, "keys"),
            (listed.len(), LISTED, "delegations"),
            (paths, PATHS, "paths of one delegation"),
        ];
        match counts.iter().find(|(count, most, _)| count > most) {
            Some((_, most, what)) => Err(limit(role, format!("more than {most} {what}"))),
            None => Ok(()),
        }
    }

    /// The entry of a direct child.
    #[must_use]
    pub fn delegation(&self, name: &DelegationName) -> Option<&Delegation> {
        self.delegations.iter().flatten().find(|d| d.name == *name)
    }

    /// The keys of a direct child.
    #[must_use]
    pub fn delegation_role_keys(&self, name: &DelegationName) -> Option<RoleKeys> {
        let delegation = self.delegation(name)?;
        let ids = delegation.key_ids.iter().flatten();
        let keys = ids.filter_map(|id| self.delegation_keys.get(id)).cloned().collect();
        Some(RoleKeys { keys, threshold: delegation.threshold })
    }
}

/// Hashes and length of a file, as the file above names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    /// Digests by algorithm.
    pub hashes: Hashes,
    /// Length, in bytes.
    pub length: u64,
}

impl FileMeta {
    /// SHA-256, SHA-512 and length of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let (sha256, sha512) = (Sha256::digest(bytes), Sha512::digest(bytes));
        let hashes = [("sha256", sha256.as_slice()), ("sha512", sha512.as_slice())].into_iter().collect();
        Self { hashes, length: bytes.len() as u64 }
    }

    /// The SHA-256 in lower-case hexadecimal, as file names on the server have it.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        self.hashes.get("sha256").map(digits)
    }

    /// Whether `bytes` have this length and all supported hashes, of which there is at least one.
    #[must_use]
    pub fn matches(&self, bytes: &Blob) -> bool {
        self.mismatch(bytes).is_none()
    }

    /// What about `bytes` is not as named here.
    #[must_use]
    pub fn mismatch(&self, bytes: &Blob) -> Option<String> {
        if self.length != bytes.len() as u64 {
            return Some(format!("its length is {}, expected {}", bytes.len(), self.length));
        }
        let sha256 = self.hashes.get("sha256").map(|named| named == bytes.sha256());
        let sha512 = self.hashes.get("sha512").map(|named| named == bytes.sha512());
        match (sha256, sha512) {
            (None, None) => Some("neither sha256 nor sha512 is named".to_owned()),
            (Some(false), _) => Some("its sha256 is another".to_owned()),
            (_, Some(false)) => Some("its sha512 is another".to_owned()),
            _ => None,
        }
    }
}

/// `snapshot.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// When it expires.
    pub expires: Time,
    /// Role name to file.
    pub meta: BTreeMap<Role, FileMeta>,
    /// Version.
    pub version: u64,
}

/// `timestamp.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// When it expires, 14 days after signing.
    pub expires: Time,
    /// The snapshot's file.
    pub snapshot: FileMeta,
    /// Version.
    pub version: u64,
}
