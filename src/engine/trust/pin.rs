//! Which root this machine trusts: the one in the cache, checked against the copy of the last good one.
//!
//! Invariant: a root that this machine remembers is never replaced by one that it has not signed.

use crate::tuf::verify::{SeenRoles, forget_replaced, tally};
use crate::tuf::{CanonicalKeyId, Envelope, KeyId, Metadata, Role, Root};

/// What the two copies say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum RootPin {
    /// There is none: first contact.
    None,
    /// The root to start from. `mend` says why the cache must get it again, if it must.
    Known { root: Vec<u8>, mend: Option<&'static str> },
    /// No copy that can be trusted, or two that exclude each other.
    Lost { what: String, known: Vec<KeyId>, found: Vec<KeyId> },
}

/// Compares the cached root with the copy of the last good one.
///
/// `docker` and `notary` may have taken newer roots in the meantime: one that the copy's keys have signed is taken.
/// One that is several rotations ahead is not known to be good before the roots between were walked, so the copy is
/// the start then.
pub(in crate::engine) fn resolve(cached: Option<Vec<u8>>, copy: Option<Vec<u8>>) -> RootPin {
    match (cached, copy) {
        (None, None) => RootPin::None,
        (Some(cached), None) => match read(&cached) {
            Some(_) => RootPin::Known { root: cached, mend: None },
            None => RootPin::Lost { what: "damaged in the cache".to_owned(), known: Vec::new(), found: Vec::new() },
        },
        (None, Some(copy)) => from_copy(copy, "was missing"),
        (Some(cached), Some(copy)) if cached == copy => RootPin::Known { root: cached, mend: None },
        (Some(cached), Some(copy)) => match (read(&cached), read(&copy)) {
            (None, Some(_)) => from_copy(copy, "was damaged"),
            (Some(_), None) => RootPin::Known { root: cached, mend: None },
            (None, None) => {
                RootPin::Lost { what: "damaged in the cache".to_owned(), known: Vec::new(), found: Vec::new() }
            }
            (Some(found), Some(known)) => compare((cached, found), (copy, known)),
        },
    }
}

/// IDs of the keys of a root file, if it can be read.
pub(in crate::engine) fn root_keys(bytes: &[u8]) -> Vec<KeyId> {
    read(bytes).map(|(_, root)| ids(&root)).unwrap_or_default()
}

/// The same keys without the certificates that wrap them, which differ between repositories.
pub(in crate::engine) fn bare_root_keys(bytes: &[u8]) -> Vec<CanonicalKeyId> {
    let bare = |root: &Root| root.role_keys(&Role::Root).keys.iter().map(|key| key.canonical_id().clone()).collect();
    read(bytes).map(|(_, root)| bare(&root)).unwrap_or_default()
}

/// Forgets what was seen of roles whose keys were replaced between the last good root and the one that is taken now.
pub(in crate::engine) fn forget_replaced_keys(seen: &mut SeenRoles, copy: &[u8], root: &[u8]) {
    if copy == root {
        return;
    }
    if let (Some((_, before)), Some((_, now))) = (read(copy), read(root))
        && before.version < now.version
    {
        forget_replaced(seen, &before, &now);
    }
}

type Parsed = (Envelope, Root);

fn compare((cached, found): (Vec<u8>, Parsed), (copy, known): (Vec<u8>, Parsed)) -> RootPin {
    let (new, old) = (found.1.version, known.1.version);
    let signs = |old: &Parsed, new: &Parsed| tally(&new.0, &old.1.role_keys(&Role::Root)).is_met();
    if new > old && signs(&known, &found) {
        return RootPin::Known { root: cached, mend: None };
    }
    if new > old + 1 {
        return RootPin::Known { root: copy, mend: None };
    }
    if new < old && signs(&found, &known) {
        return from_copy(copy, "was older than the last good one");
    }
    let what = "another than this machine remembers".to_owned();
    RootPin::Lost { what, known: ids(&known.1), found: ids(&found.1) }
}

fn from_copy(copy: Vec<u8>, why: &'static str) -> RootPin {
    match read(&copy) {
        Some(_) => RootPin::Known { root: copy, mend: Some(why) },
        None => RootPin::Lost { what: "lost".to_owned(), known: Vec::new(), found: Vec::new() },
    }
}

fn read(bytes: &[u8]) -> Option<Parsed> {
    let envelope = Envelope::parse(&Role::Root, bytes).ok()?;
    let root = Root::read(&Role::Root, &envelope).ok()?;
    tally(&envelope, &root.role_keys(&Role::Root)).is_met().then_some((envelope, root))
}

/// IDs of the keys that a root lists for itself.
pub(in crate::engine) fn ids(root: &Root) -> Vec<KeyId> {
    root.role_keys(&Role::Root).keys.iter().map(|key| key.id().clone()).collect()
}
