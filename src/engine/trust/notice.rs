//! What happened while a repository was looked at: no fault, but worth a line.

use std::fmt;

use jiff::Timestamp as Time;

use super::alike::Alike;
use crate::tuf::verify::{Leap, Leaps, SeenRoles};
use crate::tuf::{CanonicalKeyId, KeyId, Role, TrustedSet};

/// Something that happened on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The repository is new to this machine, and its root key is trusted.
    FirstContact {
        /// The bare root keys, without their certificates: the words are of the same.
        keys: Vec<CanonicalKeyId>,
        /// The IDs by which root lists them: of their certificates, as `docker` shows them.
        listed: Vec<KeyId>,
        /// Four words for each of them, to compare by ear.
        words: Vec<String>,
        /// What it could be taken for.
        alike: Vec<Alike>,
        /// Whether it is from now on: else nothing could be kept.
        is_kept: bool,
    },
    /// The root that this machine trusts is not one that the configuration allows; why. It was trusted before.
    Unpinned(String),
    /// The root in the cache was not the one that is known; why.
    RootRestored(&'static str),
    /// This machine's clock was ahead when the repository was last verified, at this time; the server says that it is
    /// right now.
    ClockWasAhead(Time),
    /// The version of a role rose far at once, in a file that its signers have signed.
    Leap(Role, Leap),
    /// A newer root replaced the keys of timestamp or snapshot, and a higher version that the old ones signed no longer
    /// counts.
    Replaced {
        /// `timestamp` or `snapshot`.
        role: Role,
        /// Version of the root.
        root: u64,
        /// What was seen under the old keys.
        version: u64,
    },
}

/// For how long a root key is trusted that nobody has compared.
#[must_use]
pub fn trusted_for(is_kept: bool) -> &'static str {
    if is_kept { "trusted from now on" } else { "trusted for this run only" }
}

impl Notice {
    /// Nothing could be kept of what is told.
    pub(super) fn is_not_kept(&mut self) {
        if let Self::FirstContact { is_kept, .. } = self {
            *is_kept = false;
        }
    }

    /// The leaps that were told before and are still the last of their role.
    pub(super) fn still_leaps(notices: &[Self], set: &TrustedSet) -> Leaps {
        let seen = set.seen();
        let is_last = |role: &Role, leap: &Leap| seen.get(role).is_some_and(|mark| mark.version == leap.to);
        let leaps = notices.iter().filter_map(|notice| match notice {
            Self::Leap(role, leap) if is_last(role, leap) => Some((role.clone(), *leap)),
            _ => None,
        });
        leaps.collect()
    }

    /// Versions of before that count no longer; nothing but a root that replaces keys lowers them.
    pub(super) fn of_replaced(before: &SeenRoles, set: &TrustedSet) -> Vec<Self> {
        let (now, root) = (set.seen(), set.root().content.version);
        let lowered = [Role::Timestamp, Role::Snapshot].into_iter().filter_map(|role| {
            let (old, new) = (before.get(&role)?.version, now.get(&role)?.version);
            (new < old).then_some(Self::Replaced { role, root, version: old })
        });
        lowered.collect()
    }

    /// One notice each.
    pub(super) fn of_leaps(leaps: &Leaps) -> impl Iterator<Item = Self> {
        leaps.iter().map(|(role, leap)| Self::Leap(role.clone(), *leap))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstContact { keys, listed, words, alike, is_kept } => {
                let keys: Vec<&str> = keys.iter().map(CanonicalKeyId::as_str).collect();
                let listed: Vec<&str> = listed.iter().map(KeyId::as_str).collect();
                let wrapped = match keys == listed {
                    true => String::new(),
                    false => format!(" (with its certificate {})", listed.join(", ")),
                };
                write!(
                    f,
                    "new to this machine; its root key {}{wrapped} is {}; compare its words with the owner's: {}",
                    keys.join(", "),
                    trusted_for(*is_kept),
                    words.join(", ")
                )?;
                alike.iter().try_for_each(|alike| write!(f, "; WARNING: {alike}"))
            }
            Self::ClockWasAhead(last) => write!(
                f,
                "this machine's clock was ahead when this was verified at {last:.0}; the server says it is right now, \
                 so that the record is corrected"
            ),
            Self::Leap(role, Leap { from, to }) => write!(
                f,
                "{role} leapt from version {from} to {to}, and is validly signed: ask its signers whether they have \
                 published so often; with a stolen key somebody can use up the versions of a role"
            ),
            Self::Replaced { role, root, version } => {
                write!(f, "root {root} replaced the server's keys, so that {role} version {version} no longer counts")
            }
            Self::Unpinned(why) => write!(
                f,
                "{why}; this machine trusted the root before: ask its owner which is right, then mend the entry or forget \
                 the root (trustdeck delete)"
            ),
            Self::RootRestored(why) => write!(f, "the cached root {why}: it was restored from the last good copy"),
        }
    }
}
