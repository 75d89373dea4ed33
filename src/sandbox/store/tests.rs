#![allow(clippy::unwrap_used)]

use super::*;

const GUN: &str = "registry.sandbox/team/app";

fn open() -> (Store, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Store::open(&dir.path().join("store.redb")).unwrap(), dir)
}

fn update(role: &str, version: u64) -> Update {
    Update { role: Role::parse(role).unwrap(), version, bytes: format!("{role} {version}").into_bytes() }
}

fn publish(store: &Store, gun: &str, updates: &[Update]) -> Result<(), StoreError> {
    store.publish(gun, updates, Time::UNIX_EPOCH)
}

fn version(store: &Store, role: &str) -> Option<u64> {
    store.current(GUN, &Role::parse(role).unwrap()).unwrap().map(|stored| stored.version)
}

#[test]
fn the_latest_version_is_current_and_the_others_stay() {
    let (store, _dir) = open();
    publish(&store, GUN, &[update("root", 1)]).unwrap();
    publish(&store, GUN, &[update("root", 2)]).unwrap();
    assert_eq!(version(&store, "root"), Some(2));
    let first = store.version(GUN, &Role::Root, 1).unwrap().unwrap();
    assert_eq!(first.bytes, b"root 1");
    let hash = hex::encode(Sha256::digest(b"root 1"));
    assert_eq!(store.by_hash(GUN, &Role::Root, &hash).unwrap(), Some(first));
    assert_eq!(store.by_hash(GUN, &Role::Targets, &hash).unwrap(), None);
}

#[test]
fn one_old_version_stops_all_files_and_the_feed() {
    let (store, _dir) = open();
    publish(&store, GUN, &[update("root", 1), update("timestamp", 1)]).unwrap();
    let stale = [update("targets", 1), update("timestamp", 2), update("root", 1)];
    assert!(matches!(publish(&store, GUN, &stale), Err(StoreError::OldVersion)));
    assert_eq!((version(&store, "targets"), version(&store, "timestamp")), (None, Some(1)));
    assert_eq!(store.feed().unwrap().len(), 1);
}

#[test]
fn deletion_takes_one_repository_and_versions_start_again() {
    let (store, _dir) = open();
    let longer = format!("{GUN}/deep");
    for gun in [GUN, &longer, "registry.sandbox/team/appendix"] {
        publish(&store, gun, &[update("root", 3), update("timestamp", 1)]).unwrap();
    }
    store.delete(GUN, Time::UNIX_EPOCH).unwrap();
    store.delete(GUN, Time::UNIX_EPOCH).unwrap();
    assert_eq!(store.guns().unwrap(), ["registry.sandbox/team/app/deep", "registry.sandbox/team/appendix"]);
    publish(&store, GUN, &[update("root", 1)]).unwrap();
    assert_eq!(store.version(GUN, &Role::Root, 3).unwrap(), None);
    let deletions: Vec<_> = store.feed().unwrap().into_iter().filter(|c| c.version == 0).collect();
    assert_eq!(deletions.len(), 1, "the second one removed nothing");
}

#[test]
fn a_store_is_open_once_and_its_owners_alone() {
    let (store, dir) = open();
    let path = dir.path().join("store.redb");
    assert!(matches!(Store::open(&path), Err(StoreError::InUse)));
    drop(store);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    Store::open(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn many_publishes_at_once_are_all_stored_and_only_the_old_ones_refused() {
    let (store, _dir) = open();
    let publish = |n: u64| {
        let gun = format!("{GUN}/{}", n % 20);
        publish(&store, &gun, &[update("root", 1), update("timestamp", 1)])
    };
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..40).map(|n| scope.spawn(move || publish(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // Each repository twice, and once too often.
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 20);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(StoreError::OldVersion))));
    assert_eq!((store.guns().unwrap().len(), store.feed().unwrap().len()), (20, 20));
}

#[test]
fn a_key_that_a_stored_root_may_name_is_there_after_a_new_start() {
    let (store, dir) = open();
    let key = HeldKey::generate(GUN, &Role::Timestamp).unwrap();
    let id = key.public.id().to_string();
    store.add_keys(&[key]).unwrap();
    publish(&store, GUN, &[update("root", 1)]).unwrap();
    drop(store);
    let store = Store::open(&dir.path().join("store.redb")).unwrap();
    assert!(store.key(GUN, &Role::Timestamp, &id).unwrap().is_some());
}
