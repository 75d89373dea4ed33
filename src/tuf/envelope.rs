//! A role file as received: its bytes, what they say, and the signatures beside it.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::algorithm::Method;
use super::blob::Blob;
use super::budget::{UNSIGNED, check_values, limit};
use super::canonical::{Encoder, Notes, Text, html_escape, place, write_text};
use super::fault::VerifyError;
use super::hashes::digits;
use super::look;
use super::message::Message;
use super::names::{KeyId, Role};
use super::signature::Signature;

/// Most signatures that are read; each costs a verification.
pub const SIGNATURES: usize = 64;

/// A role file that was parsed and verified by nobody yet.
///
/// The received bytes are what is hashed and stored; the canonical form is what is verified.
#[derive(Clone, Debug)]
pub struct Envelope {
    bytes: Blob,
    canonical: Canonical,
    signatures: Vec<Signature>,
    /// Whether there are members beside `signed` that Notary does not know.
    extra: bool,
    sha256: OnceLock<String>,
    /// Whether the typed form was found to write exactly the canonical bytes, so that it loses nothing.
    pub(super) exact: OnceLock<bool>,
}

/// Files are nearly always received in canonical form; only the others need a copy.
#[derive(Clone, Debug)]
enum Canonical {
    Received(Range<usize>),
    Encoded(Vec<u8>),
}

impl Envelope {
    /// Parses a role file: strict JSON, exact members, at most 64 signatures. `signed` is not looked into.
    ///
    /// # Errors
    /// [`VerifyError::Format`] or [`VerifyError::Limit`].
    pub fn parse(role: &Role, bytes: impl Into<Blob>) -> Result<Self, VerifyError> {
        let bytes = bytes.into();
        check_values(role, &bytes)?;
        let mut canonical = Vec::with_capacity(bytes.len());
        let notes = Notes::default();
        let beside = Beside { notes: &notes, too_many: Cell::default() };
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let file = File { canonical: &mut canonical, beside: &beside };
        let parsed = (&mut reader).deserialize_map(file).and_then(|parts| reader.end().map(|()| parts));
        if let Some(what) = beside.over_limit() {
            return Err(limit(role, what));
        }
        let format = |at: &str| VerifyError::Format { role: role.clone(), at: at.to_owned() };
        let Parts { signatures, extra } = parsed.map_err(|error| {
            if notes.duplicate.get() {
                return format("two members of one object have the same name");
            }
            look::fault(role, &bytes).map_or_else(|| format(&place(&error)), |fault| format(&fault))
        })?;
        if notes.inexact.get() {
            let otherwise = "a number is not whole, expected whole numbers below 2^53 only";
            return Err(format(&look::fault(role, &bytes).unwrap_or_else(|| otherwise.to_owned())));
        }
        let canonical = Canonical::of(&bytes, canonical);
        Ok(Self { bytes, canonical, signatures, extra, sha256: OnceLock::new(), exact: OnceLock::new() })
    }

    /// Parses and reads a file in one go if it is exactly what Notary writes, as nearly all are: `signed` first, in
    /// the canonical form of what was read, then `signatures`. `None` for any other, also for a wrong one:
    /// [`Envelope::parse`] looks closer and says what is wrong.
    ///
    /// What `write` makes of the content is in canonical form, names each member once and holds nothing unknown; so
    /// the same goes for bytes that are equal to it.
    pub(super) fn plain<'a, R: serde::Deserialize<'a>, T>(
        bytes: &'a Blob,
        read: impl FnOnce(R) -> Option<T>,
        write: impl FnOnce(&T) -> Vec<u8>,
    ) -> Option<(Self, T)> {
        check_values(&Role::Root, bytes).ok()?;
        let notes = Notes::default();
        let beside = Beside { notes: &notes, too_many: Cell::default() };
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let file = Plain { beside: &beside, signed: PhantomData };
        let (signed, Parts { signatures, extra }) = (&mut reader).deserialize_map(file).ok()?;
        reader.end().ok()?;
        if beside.over_limit().is_some() || notes.inexact.get() {
            return None;
        }
        let content = read(signed)?;
        let Canonical::Received(range) = Canonical::of(bytes, write(&content)) else { return None };
        let (canonical, bytes) = (Canonical::Received(range), bytes.clone());
        let (sha256, exact) = (OnceLock::new(), OnceLock::from(true));
        Some((Self { bytes, canonical, signatures, extra, sha256, exact }, content))
    }

    /// Builds the file that Notary's client would write: `signed` in canonical form, HTML-escaped, then the signatures.
    #[must_use]
    pub fn file(canonical: &[u8], signatures: &[Signature]) -> Vec<u8> {
        let mut out = Vec::with_capacity(canonical.len() + 64 + 256 * signatures.len());
        out.extend_from_slice(b"{\"signed\":");
        out.extend_from_slice(&html_escape(canonical));
        out.extend_from_slice(b",\"signatures\":[");
        for (n, signature) in signatures.iter().enumerate() {
            let mut entry = Vec::with_capacity(192);
            let Signature { key, method, bytes } = signature;
            for (name, value) in [("keyid", key.as_str()), ("method", method.as_str()), ("sig", &BASE64.encode(bytes))]
            {
                entry.push(if entry.is_empty() { b'{' } else { b',' });
                write_text(name, &mut entry);
                entry.push(b':');
                write_text(value, &mut entry);
            }
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&html_escape(&entry));
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        out
    }

    /// The file as received.
    #[must_use]
    pub fn bytes(&self) -> &Blob {
        &self.bytes
    }

    /// SHA-256 of the file, in lower-case hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| digits(self.bytes.sha256()))
    }

    /// The version that `signed` claims, if it claims one. Nobody need have signed it.
    #[must_use]
    pub fn claimed_version(&self) -> Option<u64> {
        #[derive(serde::Deserialize)]
        struct Claim {
            version: u64,
        }
        self.read::<Claim>().ok().map(|claim| claim.version)
    }

    /// Reads `signed` into `T`.
    ///
    /// # Errors
    /// Where it is not a `T`, as serde says it.
    pub(super) fn read<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        #[derive(serde::Deserialize)]
        struct Signed<T> {
            signed: T,
        }
        serde_json::from_slice::<Signed<T>>(&self.bytes).map(|file| file.signed)
    }

    /// What signatures are over, to be verified with many of them.
    pub(super) fn message(&self) -> Message<'_> {
        Message::new(self.canonical())
    }

    /// The bytes that signatures are over.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        match &self.canonical {
            Canonical::Received(range) => self.bytes.get(range.clone()).unwrap_or_default(),
            Canonical::Encoded(bytes) => bytes,
        }
    }

    /// The signatures, in file order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Whether there are members beside `signed` that Notary does not know.
    pub(super) fn has_extra(&self) -> bool {
        self.extra
    }
}

impl Canonical {
    fn of(bytes: &[u8], encoded: Vec<u8>) -> Self {
        const OPENING: &[u8] = b"{\"signed\":";
        let range = OPENING.len()..OPENING.len() + encoded.len();
        let as_received = bytes.starts_with(OPENING) && bytes.get(range.clone()) == Some(encoded.as_slice());
        if as_received { Self::Received(range) } else { Self::Encoded(encoded) }
    }
}

/// What is met beside `signed`.
struct Beside<'o> {
    notes: &'o Notes,
    /// What there is too much of.
    too_many: Cell<Option<&'static str>>,
}

impl Beside<'_> {
    fn over_limit(&self) -> Option<String> {
        if self.notes.too_deep.get() {
            return Some("nested more than 64 levels deep".to_owned());
        }
        self.too_many.get().map(str::to_owned)
    }

    /// Reads the value of a member that Notary does not know, which is kept by nobody.
    fn skip<'de, A: MapAccess<'de>>(&self, map: &mut A, depth: usize) -> Result<(), A::Error> {
        map.next_value_seed(Encoder::new(&mut Vec::new(), self.notes).below(depth))
    }

    /// Counts the names that Notary does not know, and refuses one that stands twice.
    fn note<'de, E: de::Error>(&self, seen: &mut BTreeSet<Cow<'de, str>>, name: Cow<'de, str>) -> Result<(), E> {
        if seen.len() >= UNSIGNED {
            self.too_many.set(Some("more than 1024 members beside what is signed"));
            return Err(E::custom("too many members"));
        }
        if seen.insert(name) {
            return Ok(());
        }
        self.notes.duplicate.set(true);
        Err(E::custom("two members have the same name, expected one"))
    }
}

/// Reads the outer object where it has the usual two members in the usual order.
struct Plain<'o, R> {
    beside: &'o Beside<'o>,
    signed: PhantomData<R>,
}

impl<'de, R: serde::Deserialize<'de>> Visitor<'de> for Plain<'_, R> {
    type Value = (R, Parts);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with signed and signatures")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        demand_member(&mut map, Some("signed"))?;
        let signed = map.next_value()?;
        demand_member(&mut map, Some("signatures"))?;
        let parts = map.next_value_seed(Signatures { beside: self.beside })?;
        demand_member(&mut map, None)?;
        Ok((signed, parts))
    }
}

fn demand_member<'de, A: MapAccess<'de>>(map: &mut A, name: Option<&str>) -> Result<(), A::Error> {
    let found = map.next_key_seed(Text)?;
    if found.as_deref() == name { Ok(()) } else { Err(de::Error::custom("another member, or in another order")) }
}

#[derive(Default)]
struct Parts {
    signatures: Vec<Signature>,
    extra: bool,
}

/// Reads the outer object: `signed` goes into `canonical`.
struct File<'o> {
    canonical: &'o mut Vec<u8>,
    beside: &'o Beside<'o>,
}

const PARTS: [&str; 2] = ["signed", "signatures"];

impl<'de> Visitor<'de> for File<'_> {
    type Value = Parts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with signed and signatures")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts, A::Error> {
        let mut parts = Parts::default();
        let mut names: BTreeSet<Cow<'de, str>> = BTreeSet::new();
        while let Some(name) = map.next_key_seed(Text)? {
            self.beside.note(&mut names, name.clone())?;
            match &*name {
                "signed" => map.next_value_seed(Encoder::new(self.canonical, self.beside.notes).below(1))?,
                "signatures" => {
                    let found = map.next_value_seed(Signatures { beside: self.beside })?;
                    parts = Parts { extra: found.extra || parts.extra, ..found };
                }
                other => {
                    look::refuse_other_case(other, PARTS.into_iter()).map_err(de::Error::custom)?;
                    parts.extra = true;
                    self.beside.skip(&mut map, 1)?;
                }
            }
        }
        match PARTS.iter().find(|needed| !names.contains(**needed)) {
            Some(needed) => Err(de::Error::custom(format_args!("missing member {needed}"))),
            None => Ok(parts),
        }
    }
}

/// Reads `signatures`, up to one more than [`SIGNATURES`] of them.
struct Signatures<'o> {
    beside: &'o Beside<'o>,
}

impl<'de> DeserializeSeed<'de> for Signatures<'_> {
    type Value = Parts;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Signatures<'_> {
    type Value = Parts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of signatures")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut parts = Parts::default();
        while let Some((signature, extra)) = entries.next_element_seed(Entry { beside: self.beside })? {
            if parts.signatures.len() >= SIGNATURES {
                self.beside.too_many.set(Some("more than 64 signatures"));
                return Err(de::Error::custom("too many signatures"));
            }
            parts.signatures.push(signature);
            parts.extra |= extra;
        }
        Ok(parts)
    }
}

/// Reads one signature, and whether it holds more than Notary knows.
struct Entry<'o> {
    beside: &'o Beside<'o>,
}

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = (Signature, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

const MEMBERS: [&str; 3] = ["keyid", "method", "sig"];

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = (Signature, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a signature")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut key, mut method, mut bytes) = (None, None, None);
        let mut names: BTreeSet<Cow<'de, str>> = BTreeSet::new();
        while let Some(name) = map.next_key_seed(Text)? {
            self.beside.note(&mut names, name.clone())?;
            match &*name {
                "keyid" => key = KeyId::parse(&map.next_value_seed(Text)?).ok(),
                "method" => method = Some(Method::parse(&map.next_value_seed(Text)?)),
                "sig" => bytes = BASE64.decode(map.next_value_seed(Text)?.as_bytes()).ok(),
                other => {
                    look::refuse_other_case(other, MEMBERS.into_iter()).map_err(de::Error::custom)?;
                    self.beside.skip(&mut map, 3)?;
                }
            }
        }
        let signature = key.zip(method).zip(bytes).map(|((key, method), bytes)| Signature { key, method, bytes });
        let signature = signature.ok_or_else(|| de::Error::custom("expected keyid, method and sig"))?;
        Ok((signature, names.len() > MEMBERS.len()))
    }
}
