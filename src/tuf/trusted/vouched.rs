//! Whose content may be the base of an edit: what was verified, now or before.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::blob::Blob;
use super::super::check::standing_at;
use super::super::count::tally;
use super::super::envelope::Envelope;
use super::super::fault::VerifyError;
use super::super::key::PublicKey;
use super::super::loaded::{Loaded, Origin, Seen, SetAside, Verified};
use super::super::metadata::{Metadata, RoleKeys, Targets};
use super::super::names::{DelegationName, Role};
use super::super::remembered::{ListedKeys, Remembered};
use super::super::tally::Tally;

use super::TrustedSet;

impl TrustedSet {
    /// What this machine verified before, to know content by whose signers were removed since.
    #[must_use]
    pub fn remembering(mut self, remembered: &Remembered) -> Self {
        self.remembered.keys.extend(&remembered.keys);
        for (role, mark) in &remembered.files {
            if self.remembered.files.get(role).is_none_or(|own| own.version < mark.version) {
                self.remembered.files.insert(role.clone(), mark.clone());
            }
        }
        self
    }

    /// Keys that verified files list for roles, and those of before.
    #[must_use]
    pub fn listed_keys(&self) -> &ListedKeys {
        &self.remembered.keys
    }

    /// Gives up newer files for which only keys of before spoke, where the file of now is signed by keys that count: somebody
    /// who knew of them has signed it.
    pub fn give_up_former(&mut self, role: &Role) {
        let settled = self.file(role).filter(|file| file.origin.is_settled()).map(|file| file.content.version);
        let former = self.remembered.keys.former(role).map(|former| former.version);
        if settled.is_some() && former > settled {
            self.remembered.keys.give_up_former(role);
        }
    }

    /// The newest file of a role that this machine has verified, in this set or before.
    #[must_use]
    pub fn newest_verified(&self, role: &Role) -> Option<Seen> {
        let loaded = self.verified(role).map(|verified| Seen {
            version: verified.content().version,
            sha256: verified.file().envelope.sha256().to_owned(),
        });
        self.marks(role).cloned().chain(loaded).max_by_key(|mark| mark.version)
    }

    /// The newest of them for which keys spoke that counted: one for which only keys of before speak says nothing of how
    /// far the versions have come.
    #[must_use]
    pub fn newest_settled(&self, role: &Role) -> Option<u64> {
        let loaded = self.file(role).filter(|file| file.origin.is_settled()).map(|file| file.content.version);
        self.good_marks(role).map(|mark| mark.version).chain(loaded).max()
    }

    /// The version of a role's file for which only keys of before speak, and those that signed it.
    #[must_use]
    pub fn former_signers(&self, role: &Role) -> Option<(u64, &[PublicKey])> {
        let file = self.file(role)?;
        if let Origin::Former(keys) = &file.origin { Some((file.content.version, keys)) } else { None }
    }

    /// The content of `targets` or of a delegation, if it may be the base of an edit.
    #[must_use]
    pub fn verified(&self, role: &Role) -> Option<Verified<'_>> {
        self.file(role).filter(|file| file.origin.is_verified()).map(|file| Verified { file })
    }

    /// A file for which only keys of before speak, and that does not say what this machine verified of the role while they
    /// counted: whoever holds such a key may have written it since. Where it verified nothing, there is nothing to hold
    /// it against.
    #[must_use]
    pub fn only_former(&self, role: &Role) -> Option<&Loaded<Targets>> {
        let file = self.file(role).filter(|file| matches!(file.origin, Origin::Former(_)))?;
        let is_same = |old: &Targets, new: &Targets| {
            old.targets == new.targets
                && old.delegations == new.delegations
                && old.delegation_keys == new.delegation_keys
        };
        let is_known = self.last_good(role).is_some_and(|good| is_same(good.content(), &file.content));
        (!is_known && self.good_marks(role).next().is_some()).then_some(file)
    }

    /// A file that the server has and that nobody known has signed.
    #[must_use]
    pub fn unknown(&self, role: &Role) -> Option<&Loaded<Targets>> {
        self.file(role).filter(|file| !file.origin.is_verified())
    }

    /// Whether the server leaves out a role that is listed and has been seen.
    #[must_use]
    pub fn is_hidden(&self, role: &Role) -> bool {
        role.delegation().is_some_and(|name| self.aside.get(name) == Some(&SetAside::Hidden))
    }

    /// The last good file of a role whose file on the server is unknown, hidden, or signed by keys of before alone, if it
    /// is at hand: one that this machine verified while its keys counted.
    #[must_use]
    pub fn last_good(&self, role: &Role) -> Option<Verified<'_>> {
        self.recalled.get(role).map(|file| Verified { file })
    }

    /// Roles whose last good file is wanted, with its SHA-256: the server has an unknown one in its place or one that only
    /// keys of before have signed, or hides it.
    #[must_use]
    pub fn missed(&self) -> Vec<(Role, String)> {
        let hidden = self.aside.iter().filter(|(_, why)| **why == SetAside::Hidden).map(|(name, _)| name.clone());
        let files = self.delegations.iter().filter(|(_, file)| !file.origin.is_settled());
        let unknown = files.map(|(name, _)| Role::Delegation(name.clone()));
        let targets = self.targets.iter().filter(|file| !file.origin.is_settled()).map(|_| Role::Targets);
        let roles: BTreeSet<Role> = hidden.map(Role::Delegation).chain(unknown).chain(targets).collect();
        let wanted = |role: Role| {
            let mark = self.good_marks(&role).max_by_key(|mark| mark.version)?.clone();
            Some((role, mark.sha256))
        };
        roles.into_iter().filter_map(wanted).collect()
    }

    /// Takes the last good file of a role: byte for byte what this machine verified before.
    ///
    /// # Errors
    /// `Missing` if it is not that file, `Format`.
    pub fn recall(&mut self, role: &Role, bytes: impl Into<Blob>) -> Result<(), VerifyError> {
        let (envelope, content) = Targets::open(role, bytes.into())?;
        let mark = self.good_marks(role).max_by_key(|mark| mark.version);
        if mark.is_none_or(|mark| mark.sha256 != envelope.sha256()) {
            return Err(VerifyError::Missing { role: role.clone(), parent: Role::Snapshot });
        }
        let listed = self.role_keys(role).unwrap_or(RoleKeys { keys: Vec::new(), threshold: 1 });
        let (tally, standing) = (tally(&envelope, &listed), standing_at(self.now, &content));
        let file = Loaded { envelope: Arc::new(envelope), content, tally, standing, origin: Origin::Seen };
        self.recalled.insert(role.clone(), file);
        Ok(())
    }

    /// The files with which a server that has lost them can begin again, as they were: root, then what holds tags, the
    /// roles above first. Content that nobody known has signed is left out, and so is what lies below it. The snapshot
    /// is the last, if it still holds and names these files and no others.
    #[must_use]
    pub fn files_to_republish(&self) -> Vec<(Role, Blob)> {
        let mut names: Vec<&DelegationName> = self.delegations.keys().collect();
        names.sort_by_key(|name| name.depth());
        let roles = std::iter::once(Role::Targets).chain(names.into_iter().map(|name| Role::Delegation(name.clone())));
        let good = roles.filter_map(|role| {
            let bytes = self.verified(&role)?.file().envelope.bytes().clone();
            self.is_listed_by_verified(&role).then_some((role, bytes))
        });
        let mut files: Vec<_> = std::iter::once((Role::Root, self.root.envelope.bytes().clone())).chain(good).collect();
        if let Some(snapshot) = self.snapshot.as_ref().filter(|file| file.content.expires > self.now) {
            let meta = &snapshot.content.meta;
            let is_named = |(role, bytes): &(Role, Blob)| meta.get(role).is_some_and(|meta| meta.matches(bytes));
            if meta.len() == files.len() && files.iter().all(is_named) {
                files.push((Role::Snapshot, snapshot.envelope.bytes().clone()));
            }
        }
        files
    }

    fn file(&self, role: &Role) -> Option<&Loaded<Targets>> {
        match role {
            Role::Targets => self.targets.as_ref(),
            Role::Delegation(name) => self.delegations.get(name),
            _ => None,
        }
    }

    /// Whether the file that lists a delegation may be believed; a base role is listed by root.
    pub(super) fn is_listed_by_verified(&self, role: &Role) -> bool {
        let is_settled = |parent: Role| self.file(&parent).is_some_and(|file| file.origin.is_settled());
        role.delegation().map(DelegationName::parent).is_none_or(is_settled)
    }

    /// Remembers the keys that a verified file lists, and the file itself where only keys of before speak for it.
    pub(super) fn note_verified(&mut self, role: &Role, file: &Loaded<Targets>) {
        let keys = &mut self.remembered.keys;
        if file.origin.is_settled() {
            keys.note_all(&file.content);
        }
        if matches!(file.origin, Origin::Former(_)) {
            let sha256 = file.envelope.sha256().to_owned();
            keys.note_former(role, Seen { version: file.content.version, sha256 });
        }
    }

    /// Marks of the files of a role that were verified before.
    fn marks(&self, role: &Role) -> impl Iterator<Item = &Seen> {
        self.good_marks(role).chain(self.remembered.keys.former(role))
    }

    /// The same without files for which only keys of before spoke.
    fn good_marks(&self, role: &Role) -> impl Iterator<Item = &Seen> {
        [self.seen.get(role), self.remembered.files.get(role)].into_iter().flatten()
    }

    /// Who speaks for a file.
    pub(super) fn origin(&self, role: &Role, envelope: &Envelope, version: u64, tally: &Tally) -> Origin {
        let listed = self.is_listed_by_verified(role);
        if tally.is_met() && listed {
            return Origin::Signed;
        }
        let is_it = |mark: &Seen| mark.sha256 == envelope.sha256();
        match self.marks(role).max_by_key(|mark| mark.version) {
            Some(mark) if is_it(mark) && self.good_marks(role).any(is_it) => Origin::Seen,
            // An old file in the place of a newer one, or another under its version.
            Some(mark) if mark.version >= version && !is_it(mark) => Origin::Unknown,
            _ if !listed => Origin::Unknown,
            _ => self.signed_by_former(role, envelope, tally),
        }
    }

    fn signed_by_former(&self, role: &Role, envelope: &Envelope, current: &Tally) -> Origin {
        let known = RoleKeys { keys: self.remembered.keys.of(role), threshold: current.threshold };
        let known = super::super::count::tally_knowing(envelope, &known, &self.known);
        let mut signers: Vec<_> = known.signed;
        signers.extend(current.signed.iter().cloned());
        let distinct: BTreeSet<_> = signers.iter().map(|key| key.canonical_id().clone()).collect();
        signers.retain(|key| !current.signed.contains(key));
        if distinct.len() >= current.threshold as usize && !signers.is_empty() {
            return Origin::Former(signers);
        }
        Origin::Unknown
    }
}
