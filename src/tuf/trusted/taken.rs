//! What was taken so far, to read.

use std::collections::BTreeMap;

use jiff::Timestamp as Time;

use super::super::check::raise;
use super::super::known::KnownSignatures;
use super::super::loaded::{Leap, Leaps, Loaded, Purpose, Seen, SeenRoles, SetAside};
use super::super::metadata::{RoleKeys, Root, Snapshot, Targets, Timestamp};
use super::super::names::{DelegationName, Gun, Role};
use super::TrustedSet;
use super::limits::LEAP;

impl TrustedSet {
    /// What this machine has now seen: the old marks raised by every file that was accepted.
    #[must_use]
    pub fn seen(&self) -> SeenRoles {
        let mut seen = self.seen.clone();
        seen.retain(|role, _| role.delegation().is_none_or(|name| !self.is_delisted(name)));
        raise(&mut seen, &Role::Root, &self.root);
        self.timestamp.iter().for_each(|loaded| raise(&mut seen, &Role::Timestamp, loaded));
        self.snapshot.iter().for_each(|loaded| raise(&mut seen, &Role::Snapshot, loaded));
        self.targets.iter().for_each(|loaded| raise(&mut seen, &Role::Targets, loaded));
        for (name, loaded) in &self.delegations {
            raise(&mut seen, &Role::Delegation(name.clone()), loaded);
        }
        seen
    }

    /// Roles whose signed file is far above what was seen of it, as this set began with it or as `before` says.
    #[must_use]
    pub fn leaps(&self, before: &SeenRoles) -> Leaps {
        let leap = |(role, mark): (Role, Seen)| {
            let from =
                [before, &self.seen].iter().filter_map(|marks| marks.get(&role)).map(|mark| mark.version).max()?;
            let leap = Leap { from, to: mark.version };
            (leap.to > leap.from.saturating_add(LEAP)).then_some((role, leap))
        };
        self.seen().into_iter().filter_map(leap).collect()
    }

    /// Who signed the files that are loaded now; root is verified each time all the same.
    #[must_use]
    pub fn signatures(&self) -> KnownSignatures {
        let mut known = KnownSignatures::default();
        self.timestamp.iter().for_each(|loaded| known.note(&loaded.envelope, &loaded.tally));
        self.snapshot.iter().for_each(|loaded| known.note(&loaded.envelope, &loaded.tally));
        let delegations = self.delegations.values();
        self.targets.iter().chain(delegations).for_each(|loaded| known.note(&loaded.envelope, &loaded.tally));
        known
    }

    /// The repository's name.
    #[must_use]
    pub fn gun(&self) -> &Gun {
        &self.gun
    }

    /// The time that expiry was judged at.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// What the set was loaded for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &Loaded<Root> {
        &self.root
    }

    /// The timestamp, once loaded.
    #[must_use]
    pub fn timestamp(&self) -> Option<&Loaded<Timestamp>> {
        self.timestamp.as_ref()
    }

    /// The snapshot, once loaded.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Loaded<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// The targets, once loaded.
    #[must_use]
    pub fn targets(&self) -> Option<&Loaded<Targets>> {
        self.targets.as_ref()
    }

    /// All delegation files that were loaded, those set aside as invalid included (`standing` tells).
    #[must_use]
    pub fn delegations(&self) -> &BTreeMap<DelegationName, Loaded<Targets>> {
        &self.delegations
    }

    /// Delegations that are not trusted, and why.
    #[must_use]
    pub fn aside(&self) -> &BTreeMap<DelegationName, SetAside> {
        &self.aside
    }

    /// Keys and threshold of any role that the trusted files list. Includes roles without a file.
    #[must_use]
    pub fn role_keys(&self, role: &Role) -> Option<RoleKeys> {
        match role {
            Role::Delegation(name) => self.parent_of(name)?.delegation_role_keys(name),
            base => Some(self.root.content.role_keys(base)),
        }
    }
}
