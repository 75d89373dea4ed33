//! The canonical bytes of `signed`, member for member as Notary's client writes them.

use std::collections::BTreeMap;
use std::io::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp as Time;

use super::canonical::write_text;
use super::hashes::Hashes;
use super::key::PublicKey;
use super::metadata::{Delegation, FileMeta, Root, Snapshot, Target, Targets, Timestamp, format_time};
use super::names::{KeyId, Role};

/// An object that is being written; members must come in order.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    fn member(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        write_text(name, self.out);
        self.out.push(b':');
        self.out
    }

    fn text(&mut self, name: &str, value: &str) {
        write_text(value, self.member(name));
    }

    fn number(&mut self, name: &str, value: u64) {
        // Writing to memory cannot fail.
        let _ = write!(self.member(name), "{value}");
    }

    fn time(&mut self, value: Time) {
        self.text("expires", &format_time(value));
    }

    fn close(self) {
        self.out.push(b'}');
    }
}

fn list<T>(items: impl IntoIterator<Item = T>, out: &mut Vec<u8>, write: impl Fn(T, &mut Vec<u8>)) {
    out.push(b'[');
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

fn map<'a, K: AsRef<str>, V: 'a>(
    entries: impl Iterator<Item = (K, V)>,
    out: &mut Vec<u8>,
    write: impl Fn(V, &mut Vec<u8>),
) {
    let mut object = Object::open(out);
    for (name, value) in entries {
        write(value, object.member(name.as_ref()));
    }
    object.close();
}

fn key_ids(ids: Option<&Vec<KeyId>>, out: &mut Vec<u8>) {
    match ids {
        None => out.extend_from_slice(b"null"),
        Some(ids) => list(ids, out, |id, out| write_text(id.as_str(), out)),
    }
}

fn keys(keys: &BTreeMap<KeyId, PublicKey>, out: &mut Vec<u8>) {
    map(keys.iter().map(|(id, key)| (id.as_str(), key)), out, PublicKey::write);
}

fn hashes(hashes: &Hashes, out: &mut Vec<u8>) {
    map(hashes.iter(), out, |digest, out| {
        // On the stack: a file has one for each of its many targets.
        let mut text = [0; 128];
        match BASE64.encode_slice(digest, &mut text).ok().and_then(|length| text.get(..length)) {
            Some(text) => {
                out.push(b'"');
                out.extend_from_slice(text);
                out.push(b'"');
            }
            None => write_text(&BASE64.encode(digest), out),
        }
    });
}

fn file_meta(file: &FileMeta, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    hashes(&file.hashes, object.member("hashes"));
    object.number("length", file.length);
    object.close();
}

fn target(target: &Target, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    if let Some(custom) = &target.custom {
        object.member("custom").extend_from_slice(custom.canonical());
    }
    hashes(&target.hashes, object.member("hashes"));
    object.number("length", target.length);
    object.close();
}

fn delegation(delegation: &Delegation, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    key_ids(delegation.key_ids.as_ref(), object.member("keyids"));
    object.text("name", delegation.name.as_str());
    if !delegation.paths.is_empty() {
        list(&delegation.paths, object.member("paths"), |path, out| write_text(path, out));
    }
    object.number("threshold", delegation.threshold.into());
    object.close();
}

pub(super) fn root(root: &Root) -> Vec<u8> {
    let mut out = Vec::with_capacity(4096);
    let mut object = Object::open(&mut out);
    object.text("_type", "Root");
    let consistent: &[u8] = if root.consistent_snapshot { b"true" } else { b"false" };
    object.member("consistent_snapshot").extend_from_slice(consistent);
    object.time(root.expires);
    keys(&root.keys, object.member("keys"));
    map(root.roles.iter(), object.member("roles"), |role, out| {
        let mut object = Object::open(out);
        key_ids(role.key_ids.as_ref(), object.member("keyids"));
        object.number("threshold", role.threshold.into());
        object.close();
    });
    object.number("version", root.version);
    object.close();
    out
}

pub(super) fn targets(targets: &Targets) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024 + 160 * targets.targets.len());
    let mut object = Object::open(&mut out);
    object.text("_type", "Targets");
    let mut delegations = Object::open(object.member("delegations"));
    keys(&targets.delegation_keys, delegations.member("keys"));
    match &targets.delegations {
        None => delegations.member("roles").extend_from_slice(b"null"),
        Some(roles) => list(roles, delegations.member("roles"), delegation),
    }
    delegations.close();
    object.time(targets.expires);
    map(targets.targets.iter().map(|(name, t)| (name.as_str(), t)), object.member("targets"), target);
    object.number("version", targets.version);
    object.close();
    out
}

pub(super) fn snapshot(snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    let mut object = Object::open(&mut out);
    object.text("_type", "Snapshot");
    object.time(snapshot.expires);
    // `Role` is not ordered by its text, the members are.
    let by_name: BTreeMap<&str, &FileMeta> = snapshot.meta.iter().map(|(role, file)| (role.as_str(), file)).collect();
    map(by_name.into_iter(), object.member("meta"), file_meta);
    object.number("version", snapshot.version);
    object.close();
    out
}

pub(super) fn timestamp(timestamp: &Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut object = Object::open(&mut out);
    object.text("_type", "Timestamp");
    object.time(timestamp.expires);
    let meta = [(Role::Snapshot.as_str(), &timestamp.snapshot)];
    map(meta.into_iter(), object.member("meta"), file_meta);
    object.number("version", timestamp.version);
    object.close();
    out
}
