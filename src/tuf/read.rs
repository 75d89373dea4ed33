//! Reads `signed` into the typed role files, strictly, and names what these would lose.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp as Time;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::blob::Blob;
use super::budget::{DIGESTS, KEYS, LISTED, NAME, PATHS};
use super::canonical::{EXACT, Text, place};
use super::custom::Custom;
use super::envelope::Envelope;
use super::fault::VerifyError;
use super::hashes::{Gathered, Hashes};
use super::key::PublicKey;
use super::metadata::{BaseRole, Delegation, FileMeta, Metadata, Root, Snapshot, Target, Targets, Timestamp};
use super::names::{DelegationName, KeyId, Role, TargetName};
use super::{look, time, write};

#[derive(Deserialize)]
struct RawRoot {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(default)]
    consistent_snapshot: bool,
    expires: String,
    #[serde(deserialize_with = "keys")]
    keys: BTreeMap<KeyId, PublicKey>,
    roles: BTreeMap<String, RawBaseRole>,
    #[serde(deserialize_with = "whole")]
    version: u64,
}

#[derive(Deserialize)]
struct RawBaseRole {
    keyids: Option<Vec<KeyId>>,
    threshold: u32,
}

#[derive(Deserialize)]
struct RawTargets {
    #[serde(rename = "_type")]
    kind: String,
    delegations: RawDelegations,
    expires: String,
    #[serde(deserialize_with = "targets")]
    targets: BTreeMap<TargetName, Target>,
    #[serde(deserialize_with = "whole")]
    version: u64,
}

#[derive(Deserialize)]
struct RawDelegations {
    #[serde(deserialize_with = "keys")]
    keys: BTreeMap<KeyId, PublicKey>,
    roles: Option<Vec<RawDelegation>>,
}

#[derive(Deserialize)]
struct RawDelegation {
    keyids: Option<Vec<KeyId>>,
    name: DelegationName,
    paths: Option<Vec<String>>,
    threshold: u32,
}

#[derive(Deserialize)]
struct RawTarget {
    custom: Option<Custom>,
    #[serde(deserialize_with = "hashes")]
    hashes: Hashes,
    #[serde(deserialize_with = "whole")]
    length: u64,
}

#[derive(Deserialize)]
struct RawMeta {
    #[serde(rename = "_type")]
    kind: String,
    expires: String,
    meta: BTreeMap<Role, RawFile>,
    #[serde(deserialize_with = "whole")]
    version: u64,
}

#[derive(Deserialize)]
struct RawFile {
    #[serde(deserialize_with = "hashes")]
    hashes: Hashes,
    #[serde(deserialize_with = "whole")]
    length: u64,
}

/// Reads an object of digests straight into its map: a file has one for each of its many targets.
fn hashes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hashes, D::Error> {
    struct Digests;

    impl<'de> Visitor<'de> for Digests {
        type Value = Hashes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of digests")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut hashes = Gathered::default();
            let mut short = [0; 96];
            while let Some(algorithm) = map.next_key_seed(Text)? {
                if hashes.len() == DIGESTS {
                    return Err(de::Error::custom(format_args!("expected at most {DIGESTS} digests")));
                }
                let text = map.next_value_seed(Text)?;
                let wrong = |_| de::Error::custom("expected base64");
                match BASE64.decode_slice(&*text, &mut short) {
                    Ok(length) => hashes.set(&algorithm, short.get(..length).unwrap_or_default()),
                    // Longer than the digests in use, or wrong.
                    Err(_) => hashes.set(&algorithm, &BASE64.decode(&*text).map_err(wrong)?),
                }
            }
            Ok(hashes.packed())
        }
    }

    deserializer.deserialize_map(Digests)
}

/// Reads a number that Notary, which reads floats, does not round.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number <= EXACT { Ok(number) } else { Err(de::Error::custom("expected an integer below 2^53")) }
}

/// Reads the many targets straight into their map.
fn targets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<TargetName, Target>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = BTreeMap<TargetName, Target>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of targets")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((name, target)) = map.next_entry::<String, RawTarget>()? {
                if name.len() > NAME {
                    return Err(de::Error::custom(format_args!("expected a name of at most {NAME} bytes")));
                }
                let RawTarget { custom, hashes, length } = target;
                entries.push((TargetName::received(name), Target { length, hashes, custom }));
            }
            // Built at once from a list in order, which is quicker than one by one.
            Ok(entries.into_iter().collect())
        }
    }

    deserializer.deserialize_map(Entries)
}

/// Reads the keys of a file, up to a number that no repository has.
fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<KeyId, PublicKey>, D::Error> {
    struct Listed;

    impl<'de> Visitor<'de> for Listed {
        type Value = BTreeMap<KeyId, PublicKey>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of keys")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut keys = BTreeMap::new();
            while let Some((id, key)) = map.next_entry()? {
                if keys.len() == KEYS {
                    return Err(de::Error::custom(format_args!("expected at most {KEYS} keys")));
                }
                keys.insert(id, key);
            }
            Ok(keys)
        }
    }

    deserializer.deserialize_map(Listed)
}

type Read<T> = Result<T, String>;

fn demand(holds: bool, place: impl FnOnce() -> String, expectation: &str) -> Read<()> {
    if holds { Ok(()) } else { Err(format!("{}: expected {expectation}", place())) }
}

fn member(name: &str) -> impl FnOnce() -> String {
    move || name.to_owned()
}

/// The checks that all role files share.
fn read_common(kind: &str, wanted: &str, version: u64, expires: &str) -> Read<Time> {
    demand(kind == wanted, member("_type"), wanted)?;
    demand(version >= 1, member("version"), &format!("a whole number from 1 to {EXACT}"))?;
    time::parse(expires).ok_or_else(|| "expires: expected a time such as 2030-01-31T12:00:00Z".to_owned())
}

/// A role's key IDs must be listed, none twice, and its threshold at least 1.
fn check_keys(ids: Option<&Vec<KeyId>>, threshold: u32, keys: &BTreeMap<KeyId, PublicKey>, role: &str) -> Read<()> {
    let whole = format!("a whole number from 1 to {}", u32::MAX);
    demand(threshold >= 1, || format!("threshold of {role}"), &whole)?;
    let place = || format!("keyids of {role}");
    let ids = ids.map(Vec::as_slice).unwrap_or_default();
    demand(ids.iter().all(|id| keys.contains_key(id)), place, "keys that the file lists")?;
    demand(ids.iter().collect::<BTreeSet<_>>().len() == ids.len(), place, "each key once")
}

fn check_key_ids(keys: &BTreeMap<KeyId, PublicKey>) -> Read<()> {
    demand(keys.iter().all(|(id, key)| id == key.id()), member("keys"), "each key under its own ID")
}

fn read_file(role: &Role, file: RawFile) -> Read<FileMeta> {
    let RawFile { hashes, length } = file;
    let fits = |algorithm: &str, length: usize| hashes.get(algorithm).map(|digest| digest.len() == length);
    let (sha256, sha512) = (fits("sha256", 32), fits("sha512", 64));
    let place = || format!("hashes of {role}");
    demand(sha256.or(sha512).is_some(), place, "sha256 or sha512")?;
    demand(sha256 != Some(false) && sha512 != Some(false), place, "32 bytes for sha256, 64 for sha512")?;
    Ok(FileMeta { hashes, length })
}

fn read_root(raw: RawRoot) -> Read<Root> {
    let expires = read_common(&raw.kind, "Root", raw.version, &raw.expires)?;
    check_key_ids(&raw.keys)?;
    for role in Role::BASE {
        demand(raw.roles.contains_key(role.as_str()), member("roles"), &format!("{role} among them"))?;
    }
    let mut roles = BTreeMap::new();
    for (name, role) in raw.roles {
        let label = Role::parse(&name).map_or("another role", |_| name.as_str()).to_owned();
        check_keys(role.keyids.as_ref(), role.threshold, &raw.keys, &label)?;
        roles.insert(name, BaseRole { key_ids: role.keyids, threshold: role.threshold });
    }
    let RawRoot { consistent_snapshot, keys, version, .. } = raw;
    Ok(Root { consistent_snapshot, expires, keys, roles, version })
}

fn read_targets(raw: RawTargets) -> Read<Targets> {
    let expires = read_common(&raw.kind, "Targets", raw.version, &raw.expires)?;
    let delegation_keys = raw.delegations.keys;
    check_key_ids(&delegation_keys)?;
    let listed = raw.delegations.roles.as_ref().map_or(0, Vec::len);
    demand(listed <= LISTED, member("roles of delegations"), &format!("at most {LISTED}"))?;
    let mut names = BTreeSet::new();
    for entry in raw.delegations.roles.iter().flatten() {
        check_keys(entry.keyids.as_ref(), entry.threshold, &delegation_keys, entry.name.as_str())?;
        demand(names.insert(&entry.name), member("roles of delegations"), &format!("{} once", entry.name))?;
        let paths = entry.paths.as_ref().map_or(0, Vec::len);
        demand(paths <= PATHS, || format!("paths of {}", entry.name), &format!("at most {PATHS}"))?;
    }
    let delegations = raw.delegations.roles.map(|roles| roles.into_iter().map(Delegation::from).collect());
    Ok(Targets { delegation_keys, delegations, expires, targets: raw.targets, version: raw.version })
}

impl From<RawDelegation> for Delegation {
    fn from(raw: RawDelegation) -> Self {
        let RawDelegation { keyids, name, paths, threshold } = raw;
        Self { name, key_ids: keyids, paths: paths.unwrap_or_default(), threshold }
    }
}

fn read_snapshot(raw: RawMeta) -> Read<Snapshot> {
    let expires = read_common(&raw.kind, "Snapshot", raw.version, &raw.expires)?;
    let files = raw.meta.into_iter().map(|(role, file)| read_file(&role, file).map(|file| (role, file)));
    Ok(Snapshot { expires, meta: files.collect::<Read<_>>()?, version: raw.version })
}

fn read_timestamp(mut raw: RawMeta) -> Read<Timestamp> {
    let expires = read_common(&raw.kind, "Timestamp", raw.version, &raw.expires)?;
    let snapshot = raw.meta.remove(&Role::Snapshot).ok_or("snapshot of meta: is missing")?;
    Ok(Timestamp { expires, snapshot: read_file(&Role::Snapshot, snapshot)?, version: raw.version })
}

/// Reads `signed`, and refuses members that Go would fold into known ones.
fn read_checked<'a, R: Deserialize<'a>, T: Metadata>(
    role: &Role,
    envelope: &'a Envelope,
    read: impl FnOnce(R) -> Read<T>,
) -> Result<T, VerifyError> {
    let format = |at| VerifyError::Format { role: role.clone(), at };
    let raw = envelope.read().map_err(|error| {
        let fault = look::fault(role, envelope.bytes());
        format(fault.unwrap_or_else(|| place(&error)))
    })?;
    let content = read(raw).map_err(format)?;
    if content.canonical() == envelope.canonical() {
        // Set before, then to the same.
        let _ = envelope.exact.set(true);
    } else {
        look::unknown(role, envelope.bytes()).map_err(format)?;
    }
    Ok(content)
}

/// Paths of the members that Notary does not know.
fn unknown(role: &Role, envelope: &Envelope) -> Vec<String> {
    if !envelope.has_extra() && envelope.exact.get().copied().unwrap_or_default() {
        return Vec::new();
    }
    // What cannot be read has no member that could be lost.
    look::unknown(role, envelope.bytes()).unwrap_or_default()
}

macro_rules! metadata {
    ($kind:ident, $role:expr, $read:ident, $write:path $(, $check:ident, $shallow:ident)?) => {
        impl Metadata for $kind {
            fn read(role: &Role, envelope: &Envelope) -> Result<Self, VerifyError> {
                let content = read_checked(role, envelope, $read)?;
                $($check(role, &content)?;)?
                Ok(content)
            }

            fn open(role: &Role, bytes: Blob) -> Result<(Envelope, Self), VerifyError> {
                let read = |raw| $read(raw).ok()$(.filter($shallow))?;
                if let Some((envelope, content)) = Envelope::plain(&bytes, read, $write) {
                    $($check(role, &content)?;)?
                    return Ok((envelope, content));
                }
                let envelope = Envelope::parse(role, bytes)?;
                let content = Self::read(role, &envelope)?;
                Ok((envelope, content))
            }

            fn canonical(&self) -> Vec<u8> {
                $write(self)
            }

            fn version(&self) -> u64 {
                self.version
            }

            fn expires(&self) -> Time {
                self.expires
            }

            fn renew(&mut self, version: u64, expires: Time) {
                self.version = version;
                self.expires = expires;
            }

            fn unknown_members(envelope: &Envelope) -> Vec<String> {
                unknown(&$role, envelope)
            }
        }
    };
}

metadata!(Root, Role::Root, read_root, write::root);
metadata!(Targets, Role::Targets, read_targets, write::targets, check_children, is_shallow);
metadata!(Snapshot, Role::Snapshot, read_snapshot, write::snapshot);
metadata!(Timestamp, Role::Timestamp, read_timestamp, write::timestamp);

/// Custom data may be nested, and only [`Envelope::parse`] bounds how deeply.
fn is_shallow(content: &Targets) -> bool {
    content.targets.values().all(|target| target.custom.is_none())
}

/// A file may delegate to its direct children only.
fn check_children(role: &Role, content: &Targets) -> Result<(), VerifyError> {
    let stranger = content.delegations.iter().flatten().find(|entry| entry.name.parent() != *role);
    match stranger {
        None => Ok(()),
        Some(entry) => {
            let at = format!("{} of delegations: expected {role}/NAME", entry.name);
            Err(VerifyError::Format { role: role.clone(), at })
        }
    }
}
