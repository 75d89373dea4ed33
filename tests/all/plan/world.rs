//! A forged repository with two signers, and plans for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp as Time};
use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::draft::pulled::{Pulled, pulled};
use trustdeck::engine::plan::compute::{draft, plan_repository};
use trustdeck::engine::plan::facts::{KeyAtHand, KnownFiles, OtherPlaces, PlanFacts};
use trustdeck::engine::plan::{RepositoryPlan, RoleDiff};
use trustdeck::engine::publish::sign::{MadeKeys, SignedFile, SigningError, sign};
use trustdeck::engine::{Change, EngineError, EntryId, StagedChange};
use trustdeck::keys::PrivateKey;
use trustdeck::tuf::verify::{Pinning, Purpose, SeenRoles};
use trustdeck::tuf::{CanonicalKeyId, FileMeta, Gun, Remembered, Role, RoleKeys, Snapshot, Timestamp, TrustedSet};

use super::support::forge::{Files, Key, Repository, noon};
use super::support::machine::role;

/// No other places.
pub(crate) struct Nowhere;

impl OtherPlaces for Nowhere {
    fn one_of(&self, _: &[CanonicalKeyId]) -> Option<String> {
        None
    }

    fn root_key(&self) -> Option<String> {
        None
    }
}

pub(crate) const GUN: &str = "registry.example.test/team/app";

/// A repository, the keys on this machine, and the time.
#[derive(Clone)]
pub(crate) struct World {
    pub repository: Repository,
    pub keys: Vec<(Key, &'static str)>,
    pub now: Time,
    /// The server's clock less this machine's.
    pub skew: Option<SignedDuration>,
    /// What this machine verified before.
    pub remembered: Remembered,
}

impl World {
    /// Signers alice (tag 1.0) and ben (tag 1.1); releases holds both and was signed by ben last. All private keys are
    /// here but those of the server.
    pub(crate) fn new() -> Self {
        let (alice, ben, now) = (Key::named("alice"), Key::named("ben"), noon());
        let mut repository = Repository::new(GUN, now);
        repository.delegate("targets/alice", std::slice::from_ref(&alice), &[""]);
        repository.delegate("targets/releases", &[alice.clone(), ben.clone()], &[""]);
        repository.delegate("targets/ben", std::slice::from_ref(&ben), &[""]);
        for (name, tags) in
            [("targets/alice", &["1.0"][..]), ("targets/releases", &["1.0", "1.1"]), ("targets/ben", &["1.1"])]
        {
            repository.add_file(role(name), now);
            tags.iter().for_each(|tag| repository.tag(&role(name), tag));
        }
        repository.signers.insert(role("targets/releases"), vec![ben.clone()]);
        let keys =
            vec![(Key::named("root"), "root"), (Key::named("targets"), "targets"), (alice, "alice"), (ben, "ben")];
        Self { repository, keys, now, skew: None, remembered: Remembered::default() }
    }

    /// This machine has verified a file that listed this key for a role.
    pub(crate) fn remember(&mut self, role_name: &str, key: &str) {
        let listed = RoleKeys { keys: vec![Key::named(key).public()], threshold: 1 };
        self.remembered.keys.note(&role(role_name), &listed);
    }

    /// Takes a private key away.
    pub(crate) fn without(mut self, holder: &str) -> Self {
        self.keys.retain(|(_, role)| *role != holder);
        self
    }

    pub(crate) fn files(&self) -> Files {
        self.repository.build()
    }

    pub(crate) fn set(&self) -> TrustedSet {
        let seen = self.remembered.files.clone();
        self.files().load_knowing(&self.remembered, &Pinning::default(), seen, Purpose::Renew, self.now).unwrap()
    }

    pub(crate) fn plan(&self, changes: &[Change]) -> RepositoryPlan {
        let set = self.set();
        self.with_facts(KnownFiles::Files(&set), changes, plan_repository)
    }

    /// A plan for files that somebody else has put together.
    pub(crate) fn plan_of(&self, set: &TrustedSet, changes: &[Change]) -> RepositoryPlan {
        self.with_facts(KnownFiles::Files(set), changes, plan_repository)
    }

    /// What such a plan signs.
    pub(crate) fn signed_of(&self, set: &TrustedSet, changes: &[Change]) -> Result<Vec<SignedFile>, EngineError> {
        self.with_facts(KnownFiles::Files(set), changes, |facts| {
            let (draft, _) = draft(facts)?;
            let files = sign(&draft, &|id| self.open_key(id), &MadeKeys::default(), &SeenRoles::new(), &|_, _| {});
            files.map_err(|error| EngineError::Input { message: error.to_string(), hint: String::new() })
        })
    }

    /// Any files under a new snapshot and timestamp, as whoever holds the server's keys can put them together.
    pub(crate) fn reseal(&self, mut files: Files, unnamed: &BTreeSet<Role>) -> Files {
        let seals = [Role::Snapshot, Role::Timestamp];
        let named = files.files.iter().filter(|(role, _)| !unnamed.contains(role) && !seals.contains(role));
        let meta = named.map(|(role, bytes)| (role.clone(), FileMeta::of(bytes))).collect();
        let (version, expires) = self.repository.snapshot;
        let snapshot = self.repository.sign(&Role::Snapshot, &Snapshot { expires, meta, version: version + 1 });
        let (version, expires) = self.repository.timestamp;
        let timestamp = Timestamp { expires, snapshot: FileMeta::of(&snapshot), version: version + 1 };
        files.files.insert(Role::Timestamp, self.repository.sign(&Role::Timestamp, &timestamp));
        files.files.insert(Role::Snapshot, snapshot);
        files
    }

    pub(crate) fn with_facts<T>(
        &self,
        known: KnownFiles<'_>,
        changes: &[Change],
        act: impl FnOnce(&PlanFacts<'_>) -> T,
    ) -> T {
        let gun = Gun::parse(GUN).unwrap();
        let keys: BTreeMap<CanonicalKeyId, KeyAtHand> = self
            .keys
            .iter()
            .map(|(key, role)| {
                (
                    key.public().canonical_id().clone(),
                    KeyAtHand { role: (*role).to_owned(), locked: false, on_token: false },
                )
            })
            .collect();
        let at_hand: BTreeSet<CanonicalKeyId> = keys.keys().cloned().collect();
        act(&PlanFacts {
            gun: &gun,
            name: GUN,
            server: "https://trust.example.test",
            known,
            verified_at: Some(self.now),
            skew: self.skew,
            changes: &staged(changes, self.now),
            keys: &keys,
            at_hand: &at_hand,
            labels: &|id| keys.get(id).map(|key| key.role.clone()),
            elsewhere: &Nowhere,
            now: self.now,
        })
    }

    fn open_key(&self, id: &CanonicalKeyId) -> Option<Arc<PrivateKey>> {
        let (key, _) = self.keys.iter().find(|(key, _)| key.public().canonical_id() == id)?;
        Some(Arc::new(key.private()))
    }

    /// Signs what the changes come to; with the tags that Docker is to pull then.
    pub(crate) fn signed(&self, changes: &[Change]) -> Result<(Vec<SignedFile>, Pulled), EngineError> {
        let set = self.set();
        self.with_facts(KnownFiles::Files(&set), changes, |facts| {
            let (draft, _) = draft(facts)?;
            let files = sign(&draft, &|id| self.open_key(id), &MadeKeys::default(), &SeenRoles::new(), &|_, _| {});
            match files {
                Ok(files) => Ok((files, pulled(&draft))),
                Err(SigningError::Locked { missing, .. }) => Err(EngineError::Locked(missing)),
                Err(SigningError::Key(error)) => Err(EngineError::Key(error)),
                Err(error) => panic!("{error}"),
            }
        })
    }

    /// Tries to sign above versions that were met elsewhere.
    pub(crate) fn sign_above(&self, changes: &[Change], found: &SeenRoles) -> Result<Vec<SignedFile>, SigningError> {
        let set = self.set();
        self.with_facts(KnownFiles::Files(&set), changes, |facts| {
            let (draft, _) = draft(facts).unwrap();
            sign(&draft, &|id| self.open_key(id), &MadeKeys::default(), found, &|_, _| {})
        })
    }

    /// What the server holds after an upload: it signs snapshot and timestamp.
    pub(crate) fn uploaded(&self, upload: &[SignedFile]) -> Files {
        let mut files = self.files();
        for file in upload {
            files.files.insert(file.role.clone(), file.bytes.clone());
        }
        let named = files.files.iter().filter(|(role, _)| !matches!(role, Role::Snapshot | Role::Timestamp));
        let meta = named.map(|(role, bytes)| (role.clone(), FileMeta::of(bytes))).collect();
        let (version, expires) = self.repository.snapshot;
        let snapshot = Snapshot { expires, meta, version: version + 1 };
        let snapshot = self.repository.sign(&Role::Snapshot, &snapshot);
        let (version, expires) = self.repository.timestamp;
        let timestamp = Timestamp { expires, snapshot: FileMeta::of(&snapshot), version: version + 1 };
        files.files.insert(Role::Timestamp, self.repository.sign(&Role::Timestamp, &timestamp));
        files.files.insert(Role::Snapshot, snapshot);
        files
    }
}

fn staged(changes: &[Change], now: Time) -> Vec<StagedChange> {
    let entry = |(id, change): (u64, &Change)| StagedChange {
        id: EntryId(id),
        gun: Gun::parse(GUN).unwrap(),
        server: "https://trust.example.test".to_owned(),
        at: now,
        change: change.clone(),
    };
    (1..).zip(changes).map(entry).collect()
}

/// A plan as a few lines: roles, then tags.
pub(crate) fn lines(plan: &RepositoryPlan) -> String {
    assert_eq!(plan.failed, None);
    let mut lines: Vec<String> = plan.roles.iter().map(role_line).collect();
    let tags = &plan.tags;
    lines.push(format!("tags {} > {}", tags.before, tags.after));
    let lists = [
        ("orphaned", &tags.orphaned),
        ("signed", &tags.signed),
        ("revoked", &tags.revoked),
        ("vouched", &tags.vouched),
        ("repaired", &tags.repaired),
    ];
    for (word, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        lines.push(format!("{word} {}", list.join(" ")));
    }
    lines.join("\n")
}

fn mark(mark: Mark) -> char {
    match mark {
        Mark::Added => '+',
        Mark::Removed => '-',
        Mark::Resigned => '~',
        Mark::Kept => ' ',
    }
}

fn role_line(diff: &RoleDiff) -> String {
    let version = |v: Option<u64>| v.map_or("none".to_owned(), |v| v.to_string());
    let keys =
        diff.keys.iter().filter(|key| key.mark != Mark::Kept).map(|key| format!(" {}{}", mark(key.mark), key.label));
    let paths = diff.paths.iter().map(|(m, path)| format!(" {}{path:?}", mark(*m)));
    let mut line = format!("{} {} {}>{}", mark(diff.mark), diff.role, version(diff.version.0), version(diff.version.1));
    line.extend(keys.chain(paths));
    if !diff.signs_with.is_empty() {
        line.push_str(&format!(" by {}", diff.signs_with.join(",")));
    }
    if diff.loses_trust {
        line.push_str(" untrusted");
    }
    line
}
