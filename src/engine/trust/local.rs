//! What this machine holds of a repository: pin, cached files, marks; verified without asking anybody. Blocking.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use jiff::Timestamp as Time;

use super::cache::{Cache, Drawer};
use super::memory::{Memory, Record, raise};
use super::notice::Notice;
use super::pin;
use super::pin::RootPin;
use super::source::BIG;
use super::tree::TagNames;
use crate::engine::error::EngineError;
use crate::engine::lanes::side_by_side;
use crate::tuf::verify::{Pinning, Purpose, Seen, SeenRoles, tally};
use crate::tuf::{
    Blob, DelegationName, Envelope, FileMeta, Gun, KnownSignatures, ListedKeys, Metadata, Prepared, Remembered, Role,
    RoleKeys, Snapshot, Targets, TrustedSet, VerifyError,
};

/// Files at hand, by role; which of them is the right one is for the verified chain to say.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct FilesAtHand(BTreeMap<Role, Vec<Blob>>);

impl FilesAtHand {
    pub(in crate::engine) fn put(&mut self, role: Role, bytes: Blob) {
        self.0.entry(role).or_default().push(bytes);
    }

    /// The file that has the length and hashes of `meta`.
    pub(in crate::engine) fn find(&self, role: &Role, meta: &FileMeta) -> Option<Blob> {
        self.0.get(role)?.iter().find(|bytes| meta.matches(bytes)).cloned()
    }

    /// Gives a set the last good files of roles whose file on the server is unknown or hidden.
    pub(in crate::engine) fn recall(&self, set: &mut TrustedSet) {
        for (role, sha256) in set.missed() {
            let files = self.0.get(&role).into_iter().flatten();
            let mut good = files.filter(|bytes| hex::encode(bytes.sha256()) == sha256);
            // One that cannot be read any more is none.
            let _ = good.next().map(|bytes| set.recall(&role, bytes));
        }
    }

    /// Whether some file of this role is there, so that the role is not new to us.
    pub(in crate::engine) fn knows(&self, role: &Role) -> bool {
        self.0.contains_key(role)
    }

    /// Takes all files of another shelf.
    pub(in crate::engine) fn extend(&mut self, other: Self) {
        for (role, files) in other.0 {
            self.0.entry(role).or_default().extend(files);
        }
    }

    fn only(&self, role: &Role) -> Option<&Blob> {
        self.0.get(role)?.first()
    }

    /// All files of a verified set.
    pub(in crate::engine) fn of(set: &TrustedSet) -> Self {
        let mut shelf = Self::default();
        for (role, bytes) in files(set) {
            shelf.put(role, bytes);
        }
        for (role, _) in set.missed() {
            if let Some(good) = set.last_good(&role) {
                shelf.put(role, good.file().envelope.bytes().clone());
            }
        }
        shelf
    }
}

/// All files of a set in the order in which they are stored: what names others comes after them.
pub(in crate::engine) fn files(set: &TrustedSet) -> Vec<(Role, Blob)> {
    let bytes = |envelope: &Arc<Envelope>| envelope.bytes().clone();
    let mut files = vec![(Role::Root, bytes(&set.root().envelope))];
    let delegations = set.delegations().iter();
    files.extend(delegations.map(|(name, loaded)| (Role::from(name.clone()), bytes(&loaded.envelope))));
    files.extend(set.targets().map(|loaded| (Role::Targets, bytes(&loaded.envelope))));
    files.extend(set.snapshot().map(|loaded| (Role::Snapshot, bytes(&loaded.envelope))));
    files.extend(set.timestamp().map(|loaded| (Role::Timestamp, bytes(&loaded.envelope))));
    files
}

/// A repository as this machine holds it.
pub(in crate::engine) struct Local {
    /// Root bytes to start from, `None` on first contact.
    pub(in crate::engine) root: Option<Vec<u8>>,
    /// Highest versions that trustdeck remembers.
    pub(in crate::engine) remembered: SeenRoles,
    /// The same, raised by what the cache holds.
    pub(in crate::engine) seen: SeenRoles,
    /// Signatures that need not be verified again.
    pub(in crate::engine) known: Arc<KnownSignatures>,
    /// Files that need not be fetched again.
    pub(in crate::engine) shelf: FilesAtHand,
    /// The cache, verified as far as it goes. Expired files are loaded.
    pub(in crate::engine) set: Option<TrustedSet>,
    /// Why the cache could not be verified to its end.
    pub(in crate::engine) broken: Option<VerifyError>,
    /// Delegations whose file is in neither cache.
    pub(in crate::engine) missing: Vec<DelegationName>,
    /// Keys that verified files list for roles, or once listed.
    pub(in crate::engine) keys: ListedKeys,
    /// Tags at the last refresh.
    pub(in crate::engine) tags: TagNames,
    /// Last verification against the server.
    pub(in crate::engine) verified_at: Option<Time>,
    /// What was mended.
    pub(in crate::engine) notices: Vec<Notice>,
}

impl Local {
    /// Loads a repository. `accepted`: the user has just accepted another root, so pin and marks do not count.
    ///
    /// # Errors
    /// `PinLost`, `Disk`, `State`.
    pub(in crate::engine) fn load(
        cache: &Cache,
        memory: &Memory,
        gun: &Gun,
        now: Time,
        accepted: bool,
    ) -> Result<Self, EngineError> {
        let record = if accepted { Record::default() } else { memory.record(gun)? };
        let tags = record.names();
        let notices = Notice::of_leaps(&record.leaps).collect();
        let mut local = Self {
            root: None,
            remembered: record.seen.clone(),
            seen: record.seen,
            known: Arc::new(record.signatures),
            shelf: FilesAtHand::default(),
            set: None,
            broken: None,
            missing: Vec::new(),
            tags,
            keys: record.keys,
            verified_at: memory.verified_at(gun),
            notices,
        };
        let mut drawer = cache.drawer(gun);
        let copy = if accepted { None } else { memory.root(gun)? };
        let pin = if accepted { RootPin::None } else { pin::resolve(drawer.read(&Role::Root)?, copy.clone()) };
        let root = match pin {
            RootPin::None => return Ok(local),
            RootPin::Lost { what, known, found } => {
                return Err(EngineError::PinLost { gun: gun.clone(), what, known, found });
            }
            RootPin::Known { root, mend } => {
                if let Some(why) = mend {
                    match cache.store(gun, &[(Role::Root, &root)]) {
                        Ok(()) => local.notices.push(Notice::RootRestored(why)),
                        // The good copy is used from here on; that nothing can be kept is told when it is tried next.
                        Err(error) if error.is_unkept() => {}
                        Err(error) => return Err(error),
                    }
                }
                root
            }
        };
        if let Some(copy) = copy {
            // `docker` may have taken the new root.
            pin::forget_replaced_keys(&mut local.seen, &copy, &root);
        }
        local.read_files(&mut drawer, memory, gun)?;
        match TrustedSet::start(gun, &root, &Pinning::default(), local.seen.clone(), Purpose::Renew, now) {
            Ok(set) => {
                let remembered = Remembered { keys: local.keys.clone(), files: local.remembered.clone() };
                local.climb(set.knowing(Arc::clone(&local.known)).remembering(&remembered), &mut drawer)?;
            }
            Err(error) => local.broken = Some(error),
        }
        local.root = Some(root);
        Ok(local)
    }

    /// Whether everything that the chain names is there and verified, so that an unchanged timestamp is enough.
    pub(in crate::engine) fn is_complete(&self) -> bool {
        self.broken.is_none() && self.missing.is_empty() && self.set.as_ref().is_some_and(|set| set.targets().is_some())
    }

    fn read_files(&mut self, drawer: &mut Drawer<'_>, memory: &Memory, gun: &Gun) -> Result<(), EngineError> {
        for role in [Role::Timestamp, Role::Snapshot, Role::Targets] {
            if let Some(bytes) = drawer.read(&role)? {
                self.shelf.put(role, bytes.into());
            }
        }
        for (role, bytes) in memory.set_aside(gun)? {
            self.shelf.put(role, bytes.into());
        }
        Ok(())
    }

    fn climb(&mut self, mut set: TrustedSet, drawer: &mut Drawer<'_>) -> Result<(), EngineError> {
        self.broken = self.base(&mut set).err();
        if self.broken.is_none() && set.targets().is_some() {
            self.delegations(&mut set, drawer)?;
            self.seen = set.seen();
            for (role, _) in set.missed() {
                if let Some(bytes) = drawer.read(&role)? {
                    self.shelf.put(role, bytes.into());
                }
            }
            self.shelf.recall(&mut set);
        } else {
            let marks = self.signed_marks(&set, drawer)?;
            raise(&mut self.seen, &marks);
        }
        self.keys.extend(set.listed_keys());
        self.set = Some(set);
        Ok(())
    }

    fn base(&self, set: &mut TrustedSet) -> Result<(), VerifyError> {
        let Some(timestamp) = self.shelf.only(&Role::Timestamp) else { return Ok(()) };
        set.update_timestamp(timestamp)?;
        let Some(snapshot) = self.shelf.only(&Role::Snapshot) else { return Ok(()) };
        set.update_snapshot(snapshot)?;
        let Some(targets) = self.shelf.only(&Role::Targets) else { return Ok(()) };
        set.update_targets(targets)
    }

    fn delegations(&mut self, set: &mut TrustedSet, drawer: &mut Drawer<'_>) -> Result<(), EngineError> {
        loop {
            let pending: Vec<_> = set.pending().into_iter().filter(|(name, _)| !self.missing.contains(name)).collect();
            if pending.is_empty() {
                return Ok(());
            }
            let mut size = 0;
            for (name, _) in &pending {
                let role = Role::from(name.clone());
                if let Some(bytes) = drawer.read(&role)? {
                    size += bytes.len();
                    self.shelf.put(role, bytes.into());
                }
            }
            let lanes = if size < BIG { 1 } else { available_parallelism().map_or(1, NonZero::get) };
            let mut files = side_by_side(lanes, pending.into_iter().enumerate().collect(), |(n, (name, meta))| {
                let role = Role::from(name.clone());
                let file = self.shelf.find(&role, &meta).map(|bytes| Prepared::read(&role, bytes, &meta));
                (n, name, file)
            });
            files.sort_unstable_by_key(|(n, ..)| *n);
            for (_, name, file) in files {
                if !matches!(file.map(|file| set.take_delegation(&name, file)), Some(Ok(()))) {
                    self.missing.push(name);
                }
            }
        }
    }

    /// Versions of cached files that carry enough signatures although the chain above them is broken: `docker` may
    /// have been left with a new timestamp above an old snapshot, and forgets the versions then.
    fn signed_marks(&mut self, set: &TrustedSet, drawer: &mut Drawer<'_>) -> Result<SeenRoles, EngineError> {
        let root = &set.root().content;
        let mut marks = SeenRoles::new();
        if let Some(bytes) = self.shelf.only(&Role::Snapshot) {
            mark::<Snapshot>(&mut marks, &Role::Snapshot, bytes, &root.role_keys(&Role::Snapshot));
        }
        let Some(bytes) = self.shelf.only(&Role::Targets).cloned() else { return Ok(marks) };
        let targets = mark::<Targets>(&mut marks, &Role::Targets, &bytes, &root.role_keys(&Role::Targets));
        targets.iter().for_each(|targets| self.keys.note_all(targets));
        for delegation in targets.iter().flat_map(|targets| targets.delegations.iter().flatten()) {
            let role = Role::from(delegation.name.clone());
            let Some(bytes) = drawer.read(&role)? else { continue };
            let bytes = Blob::from(bytes);
            if let Some(keys) = targets.as_ref().and_then(|targets| targets.delegation_role_keys(&delegation.name)) {
                mark::<Targets>(&mut marks, &role, &bytes, &keys);
            }
            self.shelf.put(role, bytes);
        }
        Ok(marks)
    }
}

fn mark<T: Metadata>(marks: &mut SeenRoles, role: &Role, bytes: &Blob, keys: &RoleKeys) -> Option<T> {
    let (envelope, content) = T::open(role, bytes.clone()).ok()?;
    if !tally(&envelope, keys).is_met() {
        return None;
    }
    let sha256 = envelope.sha256().to_owned();
    marks.insert(role.clone(), Seen { version: content.version(), sha256 });
    Some(content)
}
