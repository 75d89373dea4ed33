#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::*;
use crate::keys::{KeyStore, Passphrase};
use crate::tuf::verify::{Pinning, Purpose, SeenRoles, Standing, TrustedSet};
use crate::tuf::{DelegationName, Gun};

const NOW: &str = "2030-05-01T12:00:00Z";

const URL: &str = "https://localhost:1";

struct Scene {
    layout: Layout,
    store: Arc<Store>,
    held: HeldKeys,
    _dir: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::create(dir.path()).unwrap();
        let store = Arc::new(Store::open(&layout.store_file()).unwrap());
        let held = HeldKeys::new(Arc::clone(&store));
        let scene = Self { layout, store, held, _dir: dir };
        scene.fill();
        scene
    }

    fn fill(&self) {
        let files = BlobFiles::open(&self.layout.server_dir()).unwrap();
        fill(&self.layout, URL, &self.store, &self.held, &files, NOW.parse().unwrap()).unwrap();
    }

    fn file(&self, gun: &str, role: &Role) -> Vec<u8> {
        self.store.current(gun, role).unwrap().unwrap().bytes
    }

    /// Verifies a repository as a client does that may renew it.
    fn load(&self, name: &str) -> TrustedSet {
        let gun = format!("registry.sandbox/{name}");
        let (root, parsed) = (self.file(&gun, &Role::Root), Gun::parse(&gun).unwrap());
        let now = NOW.parse().unwrap();
        let start = TrustedSet::start(&parsed, &root, &Pinning::default(), SeenRoles::new(), Purpose::Renew, now);
        let mut set = start.unwrap();
        set.finish_root().unwrap();
        set.update_timestamp(self.file(&gun, &Role::Timestamp)).unwrap();
        set.update_snapshot(self.file(&gun, &Role::Snapshot)).unwrap();
        set.update_targets(self.file(&gun, &Role::Targets)).unwrap();
        loop {
            let pending = set.pending();
            if pending.is_empty() {
                return set;
            }
            for (name, _) in pending {
                set.update_delegation(&name, self.file(&gun, &Role::Delegation(name.clone()))).unwrap();
            }
        }
    }
}

fn standing(set: &TrustedSet, role: &str) -> Standing {
    set.delegations()[&DelegationName::parse(role).unwrap()].standing
}

#[test]
fn every_repository_has_the_trouble_that_its_note_tells() {
    let scene = Scene::new();
    for healthy in ["team/web", "team/api", "team/worker", "team/billing", "team/search"] {
        let set = scene.load(healthy);
        assert_eq!(set.targets().unwrap().standing, Standing::Good, "{healthy}");
        assert!(set.aside().is_empty(), "{healthy}: {:?}", set.aside());
    }
    let portal = scene.load("team/portal");
    assert_eq!(standing(&portal, "targets/releases"), Standing::UnderThreshold);
    assert_eq!(standing(&portal, "targets/ben"), Standing::Good);
    assert_eq!(scene.load("team/archive").targets().unwrap().standing, Standing::Expired);
    let tools = scene.load("team/tools");
    assert!(tools.role_keys(&Role::parse("targets/ops").unwrap()).unwrap().keys.is_empty());
    assert_eq!(standing(&tools, "targets/releases"), Standing::Good);
}

#[test]
fn expiries_are_as_the_notes_tell() {
    let scene = Scene::new();
    let now: Time = NOW.parse().unwrap();
    let days = |at: Time| (at.as_second() - now.as_second()) / 86_400;
    assert_eq!(days(scene.load("team/billing").root().content.expires), 142);
    let search = scene.load("team/search");
    assert_eq!(days(search.delegations()[&DelegationName::releases()].content.expires), 41);
}

#[test]
fn all_client_keys_open_with_the_one_passphrase() {
    let scene = Scene::new();
    let keys = KeyStore::new(&scene.layout.trust_dir());
    let (stored, problems) = keys.list().unwrap();
    assert!(problems.is_empty() && stored.len() > 10, "{problems:?}");
    for key in stored {
        keys.load(&key.id, Some(&Passphrase::from_text(PASSPHRASE))).unwrap();
    }
}

#[test]
fn the_engine_lists_the_repositories_and_knows_the_keys_by_name() {
    let scene = Scene::new();
    let engine = Engine::open(scene.layout.settings(URL), Arc::new(Time::now)).unwrap();
    let listed: Vec<String> =
        engine.views().entries().unwrap().into_iter().map(|entry| entry.gun.to_string()).collect();
    assert!(notes().iter().all(|(gun, _)| listed.contains(gun)), "{listed:?}");
    let labels: Vec<String> = engine.views().keys().unwrap().into_iter().map(|key| key.label).collect();
    for label in ["admin root", "jeff old laptop", "jeff new laptop", "ben", "qa"] {
        assert!(labels.iter().any(|l| l == label), "{label} in {labels:?}");
    }
}

#[test]
fn a_second_start_changes_nothing() {
    let scene = Scene::new();
    let feed = scene.store.feed().unwrap();
    let keys = KeyStore::new(&scene.layout.trust_dir()).list().unwrap().0;
    scene.fill();
    assert_eq!(scene.store.feed().unwrap(), feed);
    assert_eq!(KeyStore::new(&scene.layout.trust_dir()).list().unwrap().0, keys);
}

#[test]
fn every_repository_has_a_note() {
    let scene = Scene::new();
    let noted: Vec<String> = notes().into_iter().map(|(gun, _)| gun).collect();
    assert!(scene.store.guns().unwrap().iter().all(|gun| noted.contains(gun)));
    assert!(noted.contains(&format!("registry.sandbox/{NEW_REPOSITORY}")));
}
