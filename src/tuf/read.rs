//! Reads `signed` into the typed role files, strictly, and names what these would lose.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp as Time;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::blob::Blob;
use super::canonical::{EXACT, Text};
use super::envelope::Envelope;
use super::fault::VerifyError;
use super::hashes::Hashes;
use super::key::PublicKey;
use super::members::lost_members;
use super::metadata::{BaseRole, Delegation, FileMeta, Metadata, Root, Snapshot, Target, Targets, Timestamp};
use super::names::{DelegationName, KeyId, Role, TargetName};
use super::write;

#[derive(Deserialize)]
struct RawRoot {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(default)]
    consistent_snapshot: bool,
    expires: String,
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
    custom: Option<Value>,
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
            let mut hashes = Hashes::default();
            let mut short = [0; 96];
            while let Some(algorithm) = map.next_key_seed(Text)? {
                let text = map.next_value_seed(Text)?;
                let wrong = |_| de::Error::custom("expected base64");
                match BASE64.decode_slice(&*text, &mut short) {
                    Ok(length) => hashes.insert(&algorithm, short.get(..length).unwrap_or_default()),
                    // Longer than the digests in use, or wrong.
                    Err(_) => hashes.insert(&algorithm, &BASE64.decode(&*text).map_err(wrong)?),
                }
            }
            Ok(hashes)
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
                let RawTarget { custom, hashes, length } = target;
                entries.push((TargetName::received(name), Target { length, hashes, custom }));
            }
            // Built at once from a list in order, which is quicker than one by one.
            Ok(entries.into_iter().collect())
        }
    }

    deserializer.deserialize_map(Entries)
}

/// Most delegations that one file may list; looking one up costs time in proportion.
const LISTED: usize = 4096;

type Read<T> = Result<T, String>;

fn demand(holds: bool, expectation: &str) -> Read<()> {
    if holds { Ok(()) } else { Err(format!("expected {expectation}")) }
}

/// The checks that all role files share.
fn read_common(kind: &str, wanted: &str, version: u64, expires: &str) -> Read<Time> {
    demand(kind == wanted, &format!("{wanted} in _type"))?;
    demand(version >= 1, "a version of at least 1")?;
    // jiff would also take a space for the `T`, and more behind the offset.
    let shaped = expires.as_bytes().get(10) == Some(&b'T') && !expires.contains(['[', 'z']);
    let time = if shaped { expires.parse().ok() } else { None };
    time.ok_or_else(|| "expected an RFC 3339 time in expires".to_owned())
}

/// A role's key IDs must be listed, none twice, and its threshold at least 1.
fn check_keys(ids: Option<&Vec<KeyId>>, threshold: u32, keys: &BTreeMap<KeyId, PublicKey>, role: &str) -> Read<()> {
    demand(threshold >= 1, &format!("a threshold of at least 1 for {role}"))?;
    let ids = ids.map(Vec::as_slice).unwrap_or_default();
    demand(ids.iter().all(|id| keys.contains_key(id)), &format!("the keys that {role} lists"))?;
    demand(ids.iter().collect::<BTreeSet<_>>().len() == ids.len(), &format!("each key once for {role}"))
}

fn check_key_ids(keys: &BTreeMap<KeyId, PublicKey>) -> Read<()> {
    demand(keys.iter().all(|(id, key)| id == key.id()), "keys under their own IDs")
}

fn read_file(role: &Role, file: RawFile) -> Read<FileMeta> {
    let RawFile { hashes, length } = file;
    let fits = |algorithm: &str, length: usize| hashes.get(algorithm).map(|digest| digest.len() == length);
    let (sha256, sha512) = (fits("sha256", 32), fits("sha512", 64));
    demand(sha256.or(sha512).is_some(), &format!("sha256 or sha512 for {role}"))?;
    demand(sha256 != Some(false) && sha512 != Some(false), &format!("hashes of the right length for {role}"))?;
    Ok(FileMeta { hashes, length })
}

fn read_root(raw: RawRoot) -> Read<Root> {
    let expires = read_common(&raw.kind, "Root", raw.version, &raw.expires)?;
    check_key_ids(&raw.keys)?;
    for role in Role::BASE {
        demand(raw.roles.contains_key(role.as_str()), &format!("role {role}"))?;
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
    demand(listed <= LISTED, &format!("at most {LISTED} delegations in one file"))?;
    let mut names = BTreeSet::new();
    for entry in raw.delegations.roles.iter().flatten() {
        check_keys(entry.keyids.as_ref(), entry.threshold, &delegation_keys, entry.name.as_str())?;
        demand(names.insert(&entry.name), &format!("{} once", entry.name))?;
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
    let snapshot = raw.meta.remove(&Role::Snapshot).ok_or("expected snapshot in meta")?;
    Ok(Timestamp { expires, snapshot: read_file(&Role::Snapshot, snapshot)?, version: raw.version })
}

/// Turns a reader of `signed` into one of the whole file, which refuses members that Go would fold into known ones.
fn read_checked<T: Metadata>(role: &Role, envelope: &Envelope, read: Read<T>) -> Result<T, VerifyError> {
    let format = |at| VerifyError::Format { role: role.clone(), at };
    let content = read.map_err(format)?;
    for lost in lost_members(envelope, &content) {
        lost.check_case().map_err(format)?;
    }
    Ok(content)
}

fn unknown<T: Metadata>(envelope: &Envelope, read: impl FnOnce() -> Read<T>) -> Vec<String> {
    if envelope.exact.get().copied().unwrap_or_default() {
        return envelope.extra().to_vec();
    }
    let lost = read().map(|content| lost_members(envelope, &content)).unwrap_or_default();
    // Empty paths of a delegation mean what absence means, and Notary writes absence.
    let real =
        lost.into_iter().filter(|l| !(l.name == "paths" && l.path.starts_with("delegations.roles["))).map(|l| l.path);
    real.chain(envelope.extra().iter().cloned()).collect()
}

macro_rules! metadata {
    ($kind:ident, $read:ident, $write:path $(, $check:ident, $shallow:ident)?) => {
        impl Metadata for $kind {
            fn read(role: &Role, envelope: &Envelope) -> Result<Self, VerifyError> {
                let content = read_checked(role, envelope, envelope.read().and_then($read))?;
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
                unknown(envelope, || envelope.read().and_then($read))
            }
        }
    };
}

metadata!(Root, read_root, write::root);
metadata!(Targets, read_targets, write::targets, check_children, is_shallow);
metadata!(Snapshot, read_snapshot, write::snapshot);
metadata!(Timestamp, read_timestamp, write::timestamp);

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
            let at = format!("{} is not a direct child, expected {role}/NAME", entry.name);
            Err(VerifyError::Format { role: role.clone(), at })
        }
    }
}
