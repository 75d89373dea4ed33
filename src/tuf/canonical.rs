//! Canonical JSON, byte for byte as Notary's encoder writes it.
//!
//! Invariant: what was encoded here had no duplicate members, and sorts them by their UTF-8 bytes.
//! Source: notary-v1 `docker/go/canonical/json`.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::fmt;
use std::io::Write;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Deepest nesting that is read.
pub const DEPTH: usize = 64;

/// Notary reads numbers as floats, which are exact up to here.
pub(super) const EXACT: u64 = 1 << 53;

/// The value has no canonical form: it holds a fraction or an integer that Notary would round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number is not an integer below 2^53")]
pub struct NotCanonical;

/// Appends the canonical form of `value` to `out`.
///
/// # Errors
/// [`NotCanonical`] for fractions.
pub fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    let notes = Notes::default();
    let start = out.len();
    let encoded = Encoder::new(out, &notes).without_depth_limit().deserialize(value);
    if encoded.is_err() || notes.inexact.get() {
        out.truncate(start);
        return Err(NotCanonical);
    }
    Ok(())
}

/// Parses strict JSON: no duplicate members, depth at most 64, nothing after the value.
///
/// # Errors
/// The position and what was expected there, never the bytes.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    let notes = Notes::default();
    let mut scratch = Vec::with_capacity(bytes.len());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Encoder::new(&mut scratch, &notes).deserialize(&mut reader).and_then(|()| reader.end()).map_err(|e| place(&e))?;
    serde_json::from_slice(bytes).map_err(|e| place(&e))
}

/// Escapes `<`, `>`, `&`, U+2028 and U+2029 as Go's encoder does when it stores signed bytes in a file.
#[must_use]
pub fn html_escape(canonical: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(canonical.len() + 16);
    let mut rest = canonical;
    // Runs of bytes that stay as they are go over in one.
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xE2)) {
        let (run, from) = rest.split_at(at);
        out.extend_from_slice(run);
        let (escaped, length): (&[u8], usize) = match from {
            [b'<', ..] => (b"\\u003c", 1),
            [b'>', ..] => (b"\\u003e", 1),
            [b'&', ..] => (b"\\u0026", 1),
            [0xE2, 0x80, 0xA8, ..] => (b"\\u2028", 3),
            [0xE2, 0x80, 0xA9, ..] => (b"\\u2029", 3),
            _ => (&[0xE2], 1),
        };
        out.extend_from_slice(escaped);
        rest = from.get(length..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// Appends `text` as a canonical string: only `"` and `\` are escaped.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        let (run, from) = rest.split_at(at);
        out.extend_from_slice(run);
        out.push(b'\\');
        out.extend(from.first());
        rest = from.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Spells control characters, which stand raw in canonical texts, so that they can be read as JSON again.
pub(super) fn escape_controls(canonical: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(canonical.len());
    for byte in canonical {
        match byte {
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
    out
}

/// Says where parsing stopped and what was expected, without what was found there.
pub(super) fn place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once("expected ") {
        Some((_, wanted)) => format!("expected {wanted}"),
        None => text,
    }
}

/// What an [`Encoder`] met; its caller decides what that means.
#[derive(Default)]
pub(super) struct Notes {
    /// Nested too deeply; encoding stopped there.
    pub(super) too_deep: Cell<bool>,
    /// A number has no canonical form; the output is of no use.
    pub(super) inexact: Cell<bool>,
    /// Two members of one object have the same name.
    pub(super) duplicate: Cell<bool>,
    /// Where members are sorted.
    scratch: RefCell<Vec<u8>>,
}

/// Writes the canonical form of whatever is deserialized into it, without building a tree.
pub(super) struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    depth_left: usize,
    notes: &'o Notes,
}

impl<'o> Encoder<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, notes: &'o Notes) -> Self {
        Self { out, depth_left: DEPTH, notes }
    }

    /// For values that stand `depth` levels deep in what is read.
    pub(super) fn below(self, depth: usize) -> Self {
        Self { depth_left: self.depth_left.saturating_sub(depth), ..self }
    }

    fn without_depth_limit(self) -> Self {
        Self { depth_left: usize::MAX, ..self }
    }

    fn inner<E: de::Error>(&mut self) -> Result<Encoder<'_>, E> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            self.notes.too_deep.set(true);
            return Err(E::custom("nested too deeply"));
        };
        Ok(Encoder { out: &mut *self.out, depth_left, notes: self.notes })
    }

    fn integer(self, text: fmt::Arguments<'_>, magnitude: u64) {
        self.notes.inexact.set(self.notes.inexact.get() || magnitude > EXACT);
        // Writing to memory cannot fail.
        let _ = self.out.write_fmt(text);
    }
}

impl<'de> DeserializeSeed<'de> for Encoder<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Encoder<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.integer(format_args!("{value}"), value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.integer(format_args!("{value}"), value.unsigned_abs());
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "the branch is for whole numbers below 2^53")]
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        if value.fract() == 0.0 && value.abs() <= EXACT as f64 {
            return self.visit_i64(value as i64);
        }
        self.notes.inexact.set(true);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        write_text(value, self.out);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        let start = self.out.len();
        loop {
            let end = self.out.len();
            if end > start {
                self.out.push(b',');
            }
            if elements.next_element_seed(self.inner()?)?.is_none() {
                self.out.truncate(end);
                self.out.push(b']');
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let start = self.out.len();
        let mut members: Vec<ObjectMember> = Vec::new();
        while let Some(name) = map.next_key_seed(Text)? {
            let from = self.out.len();
            write_text(&name, self.out);
            let name_end = self.out.len() - 1;
            self.out.push(b':');
            map.next_value_seed(self.inner()?)?;
            self.out.push(b',');
            let member = ObjectMember::new(start, from, name_end, self.out.len());
            members.push(member.ok_or_else(|| de::Error::custom("an object of more than 4 GiB"))?);
        }
        if self.sort(&mut members, start).is_err() {
            self.notes.duplicate.set(true);
            return Err(de::Error::custom("two members have the same name, expected one"));
        }
        if !members.is_empty() {
            self.out.pop();
        }
        self.out.push(b'}');
        Ok(())
    }
}

impl Encoder<'_> {
    /// Brings the members written from `start` on into order; refuses two of one name.
    fn sort(&mut self, members: &mut [ObjectMember], start: usize) -> Result<(), ()> {
        let written = self.out.get(start..).unwrap_or_default();
        if members.is_sorted_by(|a, b| a.order(b, written) == Ordering::Less) {
            return Ok(());
        }
        members.sort_unstable_by(|a, b| a.order(b, written));
        if !members.is_sorted_by(|a, b| a.order(b, written) == Ordering::Less) {
            return Err(());
        }
        let mut scratch = self.notes.scratch.borrow_mut();
        scratch.clear();
        scratch.extend_from_slice(written);
        self.out.truncate(start);
        members.iter().for_each(|member| self.out.extend_from_slice(member.whole(&scratch)));
        Ok(())
    }
}

/// Where a member stands in what was written of its object. Small, for there may be a million.
struct ObjectMember {
    from: u32,
    name_end: u32,
    to: u32,
}

impl ObjectMember {
    fn new(start: usize, from: usize, name_end: usize, to: usize) -> Option<Self> {
        let within = |at: usize| u32::try_from(at - start).ok();
        Some(Self { from: within(from)?, name_end: within(name_end)?, to: within(to)? })
    }

    /// Name and value, with the comma after them.
    fn whole<'a>(&self, written: &'a [u8]) -> &'a [u8] {
        written.get(self.from as usize..self.to as usize).unwrap_or_default()
    }

    /// The name as it is written, without its quotes.
    fn name<'a>(&self, written: &'a [u8]) -> &'a [u8] {
        written.get(self.from as usize + 1..self.name_end as usize).unwrap_or_default()
    }

    /// Compares the names, which are written with escapes, as they are without.
    fn order(&self, other: &Self, written: &[u8]) -> Ordering {
        let (a, b) = (self.name(written), other.name(written));
        let Some(at) = a.iter().zip(b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
        let escaped = a.get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
        let meant = |name: &[u8]| match name.get(at) {
            Some(b'\\') if !escaped => name.get(at + 1).copied(),
            byte => byte.copied(),
        };
        meant(a).cmp(&meant(b))
    }
}

/// Reads a text, such as a member's name, without copying it where that is possible.
pub(super) struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
