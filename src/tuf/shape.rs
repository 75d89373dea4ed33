//! The form of each role file, as data.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::budget;
use super::canonical::EXACT;
use super::names::{DelegationName, KeyId, Role};
use super::time;

/// What may stand in a place.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// A text: which in words, and whether one is that.
    Text(&'static str, fn(&str) -> bool),
    /// True or false.
    Truth,
    /// A whole number from the first to the last.
    Whole(u64, u64),
    /// An object with these members.
    Object(&'static [Member]),
    /// An object whose members are all alike: what one is called before its name, what names are allowed.
    Map(&'static str, &'static Shape, &'static Shape),
    /// An array; the word is for one element.
    List(&'static str, &'static Shape),
    /// The same or null.
    Optional(&'static Shape),
}

/// A member that Notary knows.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) needed: bool,
}

const fn needed(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, needed: true }
}

const fn free(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, needed: false }
}

const TEXT: Shape = Shape::Text("a text", |_| true);
const TIME: Shape = Shape::Text("a time such as 2030-01-31T12:00:00Z", |text| time::parse(text).is_some());
const BASE64: Shape = Shape::Text("base64", |text| BASE64_STANDARD.decode(text).is_ok());
const KEY_ID: Shape = Shape::Text("a key ID of 64 hexadecimal digits", |text| KeyId::parse(text).is_ok());
const ROLE: Shape = Shape::Text("the name of a role", |text| Role::parse(text).is_ok());
const CHILD: Shape = Shape::Text("targets/NAME with a-z 0-9 _ - and /", |text| DelegationName::parse(text).is_ok());
/// As the typed form holds it.
const THRESHOLD: Shape = Shape::Whole(1, u32::MAX as u64);
const NAME: Shape = Shape::Text("a name of at most 65536 bytes", |text| text.len() <= budget::NAME);
const SIZE: Shape = Shape::Whole(0, EXACT);
const VERSION: Shape = Shape::Whole(1, EXACT);
const KEY_IDS: Shape = Shape::Optional(&Shape::List("key ID", &KEY_ID));

const KEYVAL: Shape = Shape::Object(&[free("private", Shape::Any), needed("public", BASE64)]);
const KEY: Shape = Shape::Object(&[needed("keytype", TEXT), needed("keyval", KEYVAL)]);
const KEYS: Shape = Shape::Map("key ", &KEY_ID, &KEY);
const HASHES: Shape = Shape::Map("", &TEXT, &BASE64);
const FILE: Shape = Shape::Object(&[needed("hashes", HASHES), needed("length", SIZE)]);
const TARGET: Shape = Shape::Object(&[free("custom", Shape::Any), needed("hashes", HASHES), needed("length", SIZE)]);
const BASE_ROLE: Shape = Shape::Object(&[free("keyids", KEY_IDS), needed("threshold", THRESHOLD)]);

const ROOT: Shape = Shape::Object(&[
    needed("_type", Shape::Text("Root", |text| text == "Root")),
    free("consistent_snapshot", Shape::Truth),
    needed("expires", TIME),
    needed("keys", KEYS),
    needed("roles", Shape::Map("", &TEXT, &BASE_ROLE)),
    needed("version", VERSION),
]);

const DELEGATION: Shape = Shape::Object(&[
    free("keyids", KEY_IDS),
    needed("name", CHILD),
    free("paths", Shape::Optional(&Shape::List("path", &TEXT))),
    needed("threshold", THRESHOLD),
]);

const DELEGATIONS: Shape =
    Shape::Object(&[needed("keys", KEYS), free("roles", Shape::Optional(&Shape::List("delegation", &DELEGATION)))]);

const TARGETS: Shape = Shape::Object(&[
    needed("_type", Shape::Text("Targets", |text| text == "Targets")),
    needed("delegations", DELEGATIONS),
    needed("expires", TIME),
    needed("targets", Shape::Map("", &NAME, &TARGET)),
    needed("version", VERSION),
]);

const SNAPSHOT: Shape = Shape::Object(&[
    needed("_type", Shape::Text("Snapshot", |text| text == "Snapshot")),
    needed("expires", TIME),
    needed("meta", Shape::Map("", &ROLE, &FILE)),
    needed("version", VERSION),
]);

const TIMESTAMP: Shape = Shape::Object(&[
    needed("_type", Shape::Text("Timestamp", |text| text == "Timestamp")),
    needed("expires", TIME),
    needed("meta", Shape::Object(&[needed("snapshot", FILE)])),
    needed("version", VERSION),
]);

const SIGNATURES: Shape =
    Shape::List("signature", &Shape::Object(&[needed("keyid", KEY_ID), needed("method", TEXT), needed("sig", BASE64)]));

const fn file_of(signed: Shape) -> [Member; 2] {
    [needed("signed", signed), needed("signatures", SIGNATURES)]
}

/// The form of a whole file of `role`.
pub(super) fn shape_of(role: &Role) -> &'static Shape {
    const ROOT_FILE: Shape = Shape::Object(&file_of(ROOT));
    const TARGETS_FILE: Shape = Shape::Object(&file_of(TARGETS));
    const SNAPSHOT_FILE: Shape = Shape::Object(&file_of(SNAPSHOT));
    const TIMESTAMP_FILE: Shape = Shape::Object(&file_of(TIMESTAMP));
    match role {
        Role::Root => &ROOT_FILE,
        Role::Targets | Role::Delegation(_) => &TARGETS_FILE,
        Role::Snapshot => &SNAPSHOT_FILE,
        Role::Timestamp => &TIMESTAMP_FILE,
    }
}
