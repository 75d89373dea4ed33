//! A look at a file as it was received: what is wrong with it, and which members Notary does not know.
//!
//! Invariant: a look takes time in proportion to the file and memory in proportion to its depth.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::budget::NAMED;
use super::canonical::{Text, place};
use super::names::Role;
use super::shape::{Member, Shape, shape_of};

/// Members that Notary does not know.
#[derive(Debug, Default, PartialEq, Eq)]
struct Unknown {
    /// Paths of the first ones in what is signed, and beside it.
    named: [Vec<String>; 2],
    /// How many more there are.
    more: usize,
}

/// Names the members of a file that Notary does not know, the first 64 of them; a last entry counts the others.
///
/// # Errors
/// Where the file is not of the form of `role`, and what is allowed there.
pub(super) fn unknown(role: &Role, file: &[u8]) -> Result<Vec<String>, String> {
    let Unknown { named: [signed, beside], more } = look(role, file, false)?;
    let more = (more > 0).then(|| format!("and {more} more"));
    Ok(signed.into_iter().chain(beside).chain(more).collect())
}

/// Says where a file that cannot be read is not of the form of `role`, and what is allowed there.
pub(super) fn fault(role: &Role, file: &[u8]) -> Option<String> {
    look(role, file, true).err()
}

fn look(role: &Role, file: &[u8], closely: bool) -> Result<Unknown, String> {
    let look = Look { closely, ..Look::default() };
    let mut reader = serde_json::Deserializer::from_slice(file);
    let read = Place { shape: shape_of(role), look: &look }.deserialize(&mut reader).and_then(|()| reader.end());
    match (look.fault.take(), read) {
        (Some(fault), _) => Err(fault),
        (None, Err(error)) => Err(format!("{}: is not JSON, {}", words(&look.path.borrow()), place(&error))),
        (None, Ok(())) => Ok(look.unknown.take()),
    }
}

/// One step down into a file.
enum Step {
    /// A member of a fixed name.
    Member(&'static str),
    /// An entry of a map.
    Entry(&'static str, String),
    /// An element of a list, from 0.
    Element(&'static str, usize),
}

/// A walk through a file.
#[derive(Default)]
struct Look {
    /// Whether to look into texts as well.
    closely: bool,
    path: RefCell<Vec<Step>>,
    unknown: Cell<Unknown>,
    fault: Cell<Option<String>>,
}

impl Look {
    /// Notes what is wrong in this place, and ends the walk.
    fn fault<E: Error>(&self, wanted: &str) -> E {
        self.fault.set(Some(format!("{}: {wanted}", words(&self.path.borrow()))));
        E::custom("not of the form")
    }

    fn note_unknown(&self, name: &str) {
        let mut unknown = self.unknown.take();
        if unknown.named.iter().map(Vec::len).sum::<usize>() < NAMED {
            let (place, path) = path(&self.path.borrow(), name);
            unknown.named[usize::from(place != Part::Signed)].push(path);
        } else {
            unknown.more += 1;
        }
        self.unknown.set(unknown);
    }

    /// Reads what stands one step further down.
    fn within<T, E>(&self, step: Step, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(step);
        // After a fault the path stays, to tell where it is.
        let found = read()?;
        self.path.borrow_mut().pop();
        Ok(found)
    }
}

/// The part of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Signed,
    Beside,
}

/// The path of a member called `name` as a program would write it, such as `delegations.roles[0].name`.
fn path(steps: &[Step], name: &str) -> (Part, String) {
    let (part, steps) = match steps.split_first() {
        Some((Step::Member("signed"), below)) => (Part::Signed, below),
        _ => (Part::Beside, steps),
    };
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Element(_, at) => text.push_str(&format!("[{at}]")),
            Step::Member(name) => push_name(&mut text, name),
            Step::Entry(_, name) => push_name(&mut text, &shown(name)),
        }
    }
    push_name(&mut text, &shown(name));
    (part, text)
}

fn push_name(path: &mut String, name: &str) {
    path.push_str(if path.is_empty() { "" } else { "." });
    path.push_str(name);
}

/// A place in words, the innermost first, such as `threshold of targets`.
fn words(steps: &[Step]) -> String {
    let mut parts = Vec::new();
    let mut in_entry = false;
    for step in steps.iter().rev() {
        match step {
            Step::Entry(kind, name) => parts.push(format!("{kind}{}", shown(name))),
            Step::Element(kind, at) => parts.push(format!("{kind} {}", at + 1)),
            Step::Member(name) if !in_entry && *name != "signed" => parts.push((*name).to_owned()),
            Step::Member(_) => {}
        }
        in_entry |= !matches!(step, Step::Member(_));
    }
    match steps.last() {
        Some(Step::Member(name)) if parts.is_empty() => (*name).to_owned(),
        _ if parts.is_empty() => "the file".to_owned(),
        _ => parts.join(" of "),
    }
}

/// The start of a name from outside, made printable.
fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let start: String = name.chars().take(LONGEST).map(printable).collect();
    if name.chars().nth(LONGEST).is_some() { start + "…" } else { start }
}

/// Reads one value, which should be of a shape.
#[derive(Clone, Copy)]
struct Place<'l> {
    shape: &'static Shape,
    look: &'l Look,
}

impl Place<'_> {
    fn refuse<T, E: Error>(self) -> Result<T, E> {
        let wanted = match self.shape {
            Shape::Optional(inner) => return Place { shape: inner, ..self }.refuse(),
            Shape::Any => "expected a value".to_owned(),
            Shape::Text(which, _) => format!("expected {which}"),
            Shape::Truth => "expected true or false".to_owned(),
            Shape::Whole(from, to) => format!("expected a whole number from {from} to {to}"),
            Shape::Object(_) | Shape::Map(..) => "expected an object".to_owned(),
            Shape::List(..) => "expected an array".to_owned(),
        };
        Err(self.look.fault(&wanted))
    }

    fn accept<E: Error>(self, fits: bool) -> Result<(), E> {
        if fits { Ok(()) } else { self.refuse() }
    }

    fn members<'de, A: MapAccess<'de>>(self, known: &'static [Member], mut map: A) -> Result<(), A::Error> {
        let mut seen = vec![false; known.len()];
        while let Some(name) = map.next_key_seed(Text)? {
            match known.iter().position(|member| member.name == name) {
                Some(at) => {
                    let (Some(member), Some(seen)) = (known.get(at), seen.get_mut(at)) else { continue };
                    *seen = true;
                    let inner = Place { shape: &member.shape, look: self.look };
                    self.look.within(Step::Member(member.name), || map.next_value_seed(inner))?;
                }
                None => {
                    if let Err(wanted) = refuse_other_case(&name, known.iter().map(|member| member.name)) {
                        return Err(self.look.fault(&wanted));
                    }
                    self.look.note_unknown(&name);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match known.iter().zip(seen).find(|(member, seen)| member.needed && !seen) {
            None => Ok(()),
            Some((missing, _)) => self.look.within(Step::Member(missing.name), || Err(self.look.fault("is missing"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.shape {
            Shape::Any => IgnoredAny::deserialize(deserializer).map(|_| ()),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.accept(matches!(self.shape, Shape::Optional(_)))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.accept(matches!(self.shape, Shape::Truth))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.accept(matches!(self.shape, Shape::Whole(from, to) if (*from..=*to).contains(&value)))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.accept(matches!(self.shape, Shape::Text(_, is) if !self.look.closely || is(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        match self.shape {
            Shape::Optional(shape) => Place { shape, ..self }.visit_seq(elements),
            Shape::List(kind, shape) => {
                let mut at = 0;
                let inner = Place { shape, ..self };
                while self.look.within(Step::Element(kind, at), || elements.next_element_seed(inner))?.is_some() {
                    at += 1;
                }
                Ok(())
            }
            _ => self.refuse(),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        match self.shape {
            Shape::Optional(shape) => Place { shape, ..self }.visit_map(map),
            Shape::Object(known) => self.members(known, map),
            Shape::Map(kind, names, shape) => {
                while let Some(name) = map.next_key_seed(Text)? {
                    self.look.within(Step::Entry(kind, name.clone().into_owned()), || {
                        Place { shape: names, ..self }.visit_str(&name)?;
                        map.next_value_seed(Place { shape, ..self })
                    })?;
                }
                Ok(())
            }
            _ => self.refuse(),
        }
    }
}

/// Refuses a member that Go's decoder, which folds case, would take for one of `known`, or for one of those that are
/// left out where they are empty.
pub(super) fn refuse_other_case(name: &str, known: impl Iterator<Item = &'static str>) -> Result<(), String> {
    let mut known = known.chain(["custom", "paths"]);
    match known.find(|known| *known != name && folds_to(name, known)) {
        Some(known) => Err(format!("a member differs in case only, expected {known}")),
        None => Ok(()),
    }
}

/// Whether `name` is `known`, which is ASCII in lower case, in any case. Files of a million names come here.
fn folds_to(name: &str, known: &str) -> bool {
    let fold = |c: char| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        'İ' | 'ı' => 'i',
        c => c.to_ascii_lowercase(),
    };
    name.len() >= known.len() && name.chars().map(fold).eq(known.chars())
}
