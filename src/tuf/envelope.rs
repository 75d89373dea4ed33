//! A role file as received: its bytes, what they say, and the signatures beside it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::algorithm::Method;
use super::blob::Blob;
use super::canonical::{Encoder, Notes, Text, html_escape, place, write_text};
use super::fault::VerifyError;
use super::hashes::digits;
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
    extra: Vec<String>,
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
        let mut canonical = Vec::with_capacity(bytes.len());
        let notes = Notes::default();
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let file = File { canonical: &mut canonical, notes: &notes };
        let parsed = (&mut reader).deserialize_map(file).and_then(|parts| reader.end().map(|()| parts));
        if notes.too_deep.get() {
            return Err(VerifyError::Limit { role: role.clone(), what: "nested more than 64 levels deep".to_owned() });
        }
        let parts = match parsed {
            Ok(parts) => parts,
            Err(e) => return Err(VerifyError::Format { role: role.clone(), at: place(&e) }),
        };
        if parts.too_many {
            let what = format!("more than {SIGNATURES} signatures");
            return Err(VerifyError::Limit { role: role.clone(), what });
        }
        if notes.inexact.get() {
            let at = "expected integers below 2^53 only".to_owned();
            return Err(VerifyError::Format { role: role.clone(), at });
        }
        let canonical = Canonical::of(&bytes, canonical);
        let Parts { signatures, extra, .. } = parts;
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
        let notes = Notes::default();
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let file = Plain { notes: &notes, signed: PhantomData };
        let (signed, (signatures, extra)) = (&mut reader).deserialize_map(file).ok()?;
        reader.end().ok()?;
        if signatures.len() > SIGNATURES || notes.too_deep.get() || notes.inexact.get() {
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

    /// The parsed `signed`, as a tree that is built on each call.
    #[must_use]
    pub fn signed(&self) -> Value {
        // The same bytes were read once already, when this value was made.
        self.read::<Value>().unwrap_or_default()
    }

    /// Reads `signed` into `T`.
    ///
    /// # Errors
    /// Where it is not a `T`, and what was expected there.
    pub(super) fn read<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, String> {
        #[derive(serde::Deserialize)]
        struct Signed<T> {
            signed: T,
        }
        serde_json::from_slice::<Signed<T>>(&self.bytes).map(|file| file.signed).map_err(|e| place(&e))
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

    /// Paths of members beside `signed` that Notary does not know.
    pub(super) fn extra(&self) -> &[String] {
        &self.extra
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

/// Reads the outer object where it has the usual two members in the usual order.
struct Plain<'o, R> {
    notes: &'o Notes,
    signed: PhantomData<R>,
}

impl<'de, R: serde::Deserialize<'de>> Visitor<'de> for Plain<'_, R> {
    type Value = (R, (Vec<Signature>, Vec<String>));

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with signed and signatures")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        demand_member(&mut map, Some("signed"))?;
        let signed = map.next_value()?;
        demand_member(&mut map, Some("signatures"))?;
        let signatures = map.next_value_seed(Signatures { notes: self.notes })?;
        demand_member(&mut map, None)?;
        Ok((signed, signatures))
    }
}

fn demand_member<'de, A: MapAccess<'de>>(map: &mut A, name: Option<&str>) -> Result<(), A::Error> {
    let found = map.next_key_seed(Text)?;
    if found.as_deref() == name { Ok(()) } else { Err(de::Error::custom("another member, or in another order")) }
}

#[derive(Default)]
struct Parts {
    signatures: Vec<Signature>,
    too_many: bool,
    extra: Vec<String>,
}

/// Reads the outer object: `signed` goes into `canonical`.
struct File<'o> {
    canonical: &'o mut Vec<u8>,
    notes: &'o Notes,
}

impl<'de> Visitor<'de> for File<'_> {
    type Value = Parts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with signed and signatures")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts, A::Error> {
        let mut parts = Parts::default();
        let mut names: Vec<Cow<'de, str>> = Vec::new();
        while let Some(name) = map.next_key_seed(Text)? {
            if names.contains(&name) {
                return Err(de::Error::custom("two members have the same name, expected one"));
            }
            match &*name {
                "signed" => map.next_value_seed(Encoder::new(self.canonical, self.notes).below(1))?,
                "signatures" => {
                    let (signatures, extra) = map.next_value_seed(Signatures { notes: self.notes })?;
                    parts.too_many = signatures.len() > SIGNATURES;
                    parts.signatures = signatures;
                    parts.extra.extend(extra);
                }
                other => {
                    refuse_other_case(other, &["signed", "signatures"]).map_err(de::Error::custom)?;
                    parts.extra.push(other.to_owned());
                    map.next_value_seed(Encoder::new(&mut Vec::new(), &Notes::default()).below(1))?;
                }
            }
            names.push(name);
        }
        for needed in ["signed", "signatures"] {
            if !names.iter().any(|n| n == needed) {
                return Err(de::Error::custom(format_args!("missing member {needed}")));
            }
        }
        Ok(parts)
    }
}

/// Reads `signatures`, up to one more than [`SIGNATURES`] of them.
struct Signatures<'o> {
    notes: &'o Notes,
}

impl<'de> DeserializeSeed<'de> for Signatures<'_> {
    type Value = (Vec<Signature>, Vec<String>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Signatures<'_> {
    type Value = (Vec<Signature>, Vec<String>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of signatures")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let (mut signatures, mut extra) = (Vec::new(), Vec::new());
        loop {
            // Encoded first: that refuses duplicate members and bounds the depth.
            let mut bytes = Vec::new();
            let entry = Encoder::new(&mut bytes, self.notes).below(2);
            if entries.next_element_seed(entry)?.is_none() {
                return Ok((signatures, extra));
            }
            if signatures.len() > SIGNATURES {
                continue;
            }
            let entry: serde_json::Map<String, Value> =
                serde_json::from_slice(&bytes).map_err(|_| de::Error::custom("expected a signature"))?;
            let index = signatures.len();
            for name in entry.keys().filter(|n| !MEMBERS.contains(&n.as_str())) {
                refuse_other_case(name, &MEMBERS).map_err(de::Error::custom)?;
                extra.push(format!("signatures[{index}].{name}"));
            }
            signatures.push(signature(&entry).map_err(de::Error::custom)?);
        }
    }
}

const MEMBERS: [&str; 3] = ["keyid", "method", "sig"];

fn signature(entry: &serde_json::Map<String, Value>) -> Result<Signature, &'static str> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let key = text("keyid").and_then(|id| KeyId::parse(id).ok()).ok_or("expected a key ID in keyid")?;
    let method = text("method").ok_or("expected a text in method")?;
    let bytes = text("sig").and_then(|sig| BASE64.decode(sig).ok()).ok_or("expected base64 in sig")?;
    Ok(Signature { key, method: Method::parse(method), bytes })
}

/// Refuses a member that Go's decoder, which folds case, would take for one of `known`.
pub(super) fn refuse_other_case(name: &str, known: &[&str]) -> Result<(), String> {
    let fold = |text: &str| text.to_uppercase().to_lowercase();
    match known.iter().find(|k| **k != name && fold(k) == fold(name)) {
        Some(known) => Err(format!("a member differs in case only, expected {known}")),
        None => Ok(()),
    }
}
