//! The staged changes of a real `notary`, adopted and applied, against what it uploaded itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use trustdeck::engine::plan::compute::draft;
use trustdeck::engine::plan::facts::{KeyAtHand, KnownFiles, PlanFacts};
use trustdeck::engine::publish::sign::{MadeKeys, SignedFile, sign};
use trustdeck::engine::{Engine, Kind, StagedChange};
use trustdeck::keys::{KeyStore, Passphrase};
use trustdeck::tuf::verify::{Pinning, Purpose, SeenRoles};
use trustdeck::tuf::{CanonicalKeyId, Gun, Role, TrustedSet};

use super::support::machine::settings_of;
use super::world::{GUN, Nowhere};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A copy of the trust directory of the real tools.
struct Copied {
    dir: TempDir,
    engine: Engine,
}

impl Copied {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        copy(&fixtures().join("trust"), &dir.path().join("trust"));
        let settings = settings_of(dir.path(), &dir.path().join("trust"), "https://trust.example.test");
        let engine = Engine::open(settings, Arc::new(|| "2026-11-23T00:00:00Z".parse().unwrap())).unwrap();
        Self { dir, engine }
    }

    fn changelist(&self) -> PathBuf {
        self.dir.path().join("trust/tuf").join(GUN).join("changelist")
    }

    /// The hand-made rotation of a base role, which comes last.
    fn remove_rotation(&self) {
        let last = files(&self.changelist()).into_iter().next_back().unwrap();
        std::fs::remove_file(last).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// All files below a directory, in order of their names.
fn files(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(entry.path());
        }
    }
    found
}

fn gun() -> Gun {
    Gun::parse(GUN).unwrap()
}

#[test]
fn foreign_changes_are_shown_and_refused_whole_if_one_has_no_counterpart() {
    let copied = Copied::new();
    let found = copied.engine.stage().foreign_changes(&gun()).unwrap().unwrap();
    assert_eq!(found.lines.len(), 14);
    assert!(found.lines[0].starts_with("create target staged-add in targets: "), "{}", found.lines[0]);
    assert!(found.lines[0].contains(" bytes, sha256 "), "{}", found.lines[0]);
    assert!(found.lines.iter().any(|line| line.contains("adds key ")), "{:?}", found.lines);
    let problem = found.adoptable.unwrap_err();
    assert!(problem.message.contains("create role timestamp in root"), "{problem}");
    assert_eq!(copied.engine.stage().adopt_foreign(&gun()).unwrap_err().kind(), Kind::Input);
    assert!(copied.engine.stage().staged().unwrap().changes.is_empty());
    assert_eq!(files(&copied.changelist()).len(), 14);
}

#[test]
fn dropped_foreign_changes_are_moved_aside() {
    let copied = Copied::new();
    let before: Vec<_> = files(&copied.changelist()).iter().map(|f| std::fs::read(f).unwrap()).collect();
    let place = copied.engine.stage().drop_foreign(&gun()).unwrap();
    assert_eq!(copied.engine.stage().foreign_changes(&gun()).unwrap(), None);
    let after: Vec<_> = files(&place).iter().map(|f| std::fs::read(f).unwrap()).collect();
    assert_eq!(after, before);
}

/// A file without what differs from signing to signing.
fn comparable(bytes: &[u8]) -> Value {
    let mut file: Value = serde_json::from_slice(bytes).unwrap();
    let signed = file["signed"].as_object_mut().unwrap();
    signed.remove("expires");
    Value::Object(signed.clone())
}

fn load() -> TrustedSet {
    let metadata = fixtures().join("trust/tuf").join(GUN).join("metadata");
    let read = |role: &Role| std::fs::read(metadata.join(format!("{role}.json"))).unwrap();
    let now = "2026-11-23T00:00:00Z".parse().unwrap();
    let (pinning, seen) = (Pinning::default(), SeenRoles::new());
    let mut set = TrustedSet::start(&gun(), read(&Role::Root), &pinning, seen, Purpose::Renew, now).unwrap();
    set.finish_root().unwrap();
    set.update_timestamp(read(&Role::Timestamp)).unwrap();
    set.update_snapshot(read(&Role::Snapshot)).unwrap();
    set.update_targets(read(&Role::Targets)).unwrap();
    loop {
        let pending = set.pending();
        if pending.is_empty() {
            return set;
        }
        for (name, _) in pending {
            set.update_delegation(&name, read(&Role::Delegation(name.clone()))).unwrap();
        }
    }
}

fn signed(changes: &[StagedChange]) -> Vec<SignedFile> {
    let store = KeyStore::new(&fixtures().join("trust"));
    let (stored, problems) = store.list().unwrap();
    assert!(problems.is_empty());
    let keys: BTreeMap<CanonicalKeyId, KeyAtHand> =
        stored.into_iter().map(|key| (key.id, KeyAtHand { role: key.role, locked: false, on_token: false })).collect();
    let at_hand = keys.keys().cloned().collect();
    let (set, gun) = (load(), gun());
    let facts = PlanFacts {
        gun: &gun,
        name: GUN,
        server: "https://trust.example.test",
        known: KnownFiles::Files(&set),
        verified_at: None,
        skew: None,
        changes,
        keys: &keys,
        at_hand: &at_hand,
        labels: &|_| None,
        elsewhere: &Nowhere,
        now: "2026-11-23T00:00:00Z".parse().unwrap(),
    };
    let (draft, _) = draft(&facts).unwrap();
    let passphrase = Passphrase::from_text("repopass1");
    let open = |id: &CanonicalKeyId| store.load(id, Some(&passphrase)).ok().map(Arc::new);
    sign(&draft, &open, &MadeKeys::default(), &SeenRoles::new(), &|_, _| {}).unwrap()
}

#[test]
fn adopted_changes_come_to_what_notary_itself_uploaded() {
    let copied = Copied::new();
    copied.remove_rotation();
    let staged = copied.engine.stage().adopt_foreign(&gun()).unwrap().changes;
    assert_eq!(copied.engine.stage().foreign_changes(&gun()).unwrap(), None);
    let upload = signed(&staged);
    let roles: Vec<&str> = upload.iter().map(|file| file.role.as_str()).collect();
    assert_eq!(roles, ["targets", "targets/alice", "targets/team", "snapshot"]);
    for file in &upload {
        let expected = std::fs::read(fixtures().join("applied").join(format!("{}.json", file.role))).unwrap();
        let (mut ours, mut theirs) = (comparable(&file.bytes), comparable(&expected));
        if file.role == Role::Snapshot {
            // Files that were signed anew have other hashes on each side.
            for side in [&mut ours, &mut theirs] {
                let meta = side["meta"].as_object_mut().unwrap();
                for file in upload.iter().filter(|file| file.role != Role::Snapshot) {
                    assert!(meta.insert(file.role.to_string(), Value::Null).is_some());
                }
            }
        }
        assert_eq!(ours, theirs, "{}", file.role);
    }
}

#[test]
fn planning_writes_nothing() {
    let copied = Copied::new();
    copied.remove_rotation();
    copied.engine.stage().adopt_foreign(&gun()).unwrap();
    let tree = |dir: &Path| -> Vec<_> { files(dir).into_iter().map(|f| (std::fs::read(&f).unwrap(), f)).collect() };
    let _plan = copied.engine.stage().plan(None).unwrap();
    let before = tree(copied.dir.path());
    let plan = copied.engine.stage().plan(None).unwrap();
    assert_eq!(plan.repositories.len(), 1);
    assert_eq!(plan.repositories[0].failed, None);
    assert!(tree(copied.dir.path()) == before);
    assert_eq!(copied.engine.stage().plan(None).unwrap().id, plan.id);
}
