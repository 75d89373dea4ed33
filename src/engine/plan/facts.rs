//! What a plan is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp as Time};

use crate::engine::draft::Draft;
use crate::engine::draft::change::{RootKeyChoice, StagedChange};
use crate::tuf::{CanonicalKeyId, Gun, Role, TrustedSet};

/// A private key in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAtHand {
    /// `role` header of its file.
    pub role: String,
    /// Whether its passphrase is still needed.
    pub locked: bool,
    /// Whether it is on a token that is plugged in.
    pub on_token: bool,
}

/// Which root key a new repository gets where none was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootKeyAtHand {
    /// There is none: one is made.
    New,
    /// The one on a token, else the only one there is.
    One(CanonicalKeyId),
    /// Several, and nothing says which.
    Several(Vec<CanonicalKeyId>),
}

impl RootKeyAtHand {
    /// Chooses among the keys at hand: one on a token comes first, as with `docker` and `notary`.
    #[must_use]
    pub fn of(keys: &BTreeMap<CanonicalKeyId, KeyAtHand>) -> Self {
        let roots = keys.iter().filter(|(_, key)| key.role == Role::Root.as_str());
        let (on_token, in_files): (Vec<_>, Vec<_>) = roots.partition(|(_, key)| key.on_token);
        let first = if on_token.is_empty() { in_files } else { on_token };
        let mut ids: Vec<CanonicalKeyId> = first.into_iter().map(|(id, _)| id.clone()).collect();
        match (ids.pop(), ids.is_empty()) {
            (None, _) => Self::New,
            (Some(only), true) => Self::One(only),
            (Some(last), false) => Self::Several(ids.into_iter().chain([last]).collect()),
        }
    }
}

/// What is known about a repository on its server.
#[derive(Clone, Copy, Debug)]
pub enum KnownFiles<'a> {
    /// Nothing; it was never read.
    Nothing,
    /// The server has no trust data for it.
    Absent,
    /// The server has no trust data for it, and this machine has verified some before: its whole copy, if it has that.
    Lost(Option<&'a TrustedSet>),
    /// Its verified files.
    Files(&'a TrustedSet),
}

/// All that a plan for one repository is computed from.
#[derive(Clone, Copy)]
pub struct PlanFacts<'a> {
    /// Name.
    pub gun: &'a Gun,
    /// Name as Docker's users write it.
    pub name: &'a str,
    /// Base URL of the server.
    pub server: &'a str,
    /// What is there.
    pub known: KnownFiles<'a>,
    /// When that was verified.
    pub verified_at: Option<Time>,
    /// The server's clock less this machine's, if it was just asked.
    pub skew: Option<SignedDuration>,
    /// The staged changes, in order.
    pub changes: &'a [StagedChange],
    /// Private keys in the store.
    pub keys: &'a BTreeMap<CanonicalKeyId, KeyAtHand>,
    /// The same, IDs only.
    pub at_hand: &'a BTreeSet<CanonicalKeyId>,
    /// What the user calls keys.
    pub labels: &'a (dyn Fn(&CanonicalKeyId) -> Option<String> + Sync),
    /// Where keys lie that are not at hand.
    pub elsewhere: &'a dyn OtherPlaces,
    /// The time.
    pub now: Time,
}

/// Places of keys that are not looked into, in sentences.
pub trait OtherPlaces: Sync {
    /// Where keys were looked for, and which other place holds one of these.
    fn one_of(&self, wanted: &[CanonicalKeyId]) -> Option<String>;

    /// The same for a root key.
    fn root_key(&self) -> Option<String>;
}

/// The stored key that becomes the root key of a new repository; `None` if one will be made.
pub(in crate::engine) fn root_key(facts: &PlanFacts<'_>, draft: &Draft<'_>) -> Option<CanonicalKeyId> {
    match draft.creates()? {
        RootKeyChoice::New => None,
        RootKeyChoice::Stored(id) => Some(id.clone()),
        RootKeyChoice::Auto => match RootKeyAtHand::of(facts.keys) {
            RootKeyAtHand::One(id) => Some(id),
            // The plan is blocked then.
            RootKeyAtHand::Several(ids) => ids.into_iter().next(),
            RootKeyAtHand::New => None,
        },
    }
}

/// The keys in the store, in the forms that plans take.
#[derive(Default)]
pub(in crate::engine) struct KeysAtHand {
    pub(in crate::engine) keys: BTreeMap<CanonicalKeyId, KeyAtHand>,
    pub(in crate::engine) ids: BTreeSet<CanonicalKeyId>,
    /// What all plans of these keys have in common.
    pub(in crate::engine) named: Arc<NamedKeys>,
}

/// Keys and what they are called; not which of them are locked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct NamedKeys {
    /// `role` headers, by key.
    pub(in crate::engine) roles: Vec<(CanonicalKeyId, String)>,
    /// The user's labels, by key.
    pub(in crate::engine) labels: BTreeMap<CanonicalKeyId, String>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn keys(keys: &[(char, &str, bool)]) -> BTreeMap<CanonicalKeyId, KeyAtHand> {
        let key = |(digit, role, on_token): &(char, &str, bool)| {
            let id = CanonicalKeyId::parse(&digit.to_string().repeat(64)).unwrap();
            (id, KeyAtHand { role: (*role).to_owned(), locked: true, on_token: *on_token })
        };
        keys.iter().map(key).collect()
    }

    #[test]
    fn a_root_key_on_a_token_comes_before_the_only_one_and_several_are_nobodys_choice() {
        let id = |digit: char| CanonicalKeyId::parse(&digit.to_string().repeat(64)).unwrap();
        let signer = ('a', "alice", false);
        assert_eq!(RootKeyAtHand::of(&keys(&[signer, ('b', "targets", true)])), RootKeyAtHand::New);
        assert_eq!(RootKeyAtHand::of(&keys(&[signer, ('1', "root", false)])), RootKeyAtHand::One(id('1')));
        let several = keys(&[('1', "root", false), ('2', "root", false)]);
        assert_eq!(RootKeyAtHand::of(&several), RootKeyAtHand::Several(vec![id('1'), id('2')]));
        let on_token = keys(&[('1', "root", false), ('2', "root", false), ('3', "root", true)]);
        assert_eq!(RootKeyAtHand::of(&on_token), RootKeyAtHand::One(id('3')));
        let on_tokens = keys(&[('1', "root", false), ('2', "root", true), ('3', "root", true)]);
        assert_eq!(RootKeyAtHand::of(&on_tokens), RootKeyAtHand::Several(vec![id('2'), id('3')]));
    }
}
