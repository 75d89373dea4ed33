//! Keys at hand through the engine: listing, unlocking, locking, and passphrases for scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use trustdeck::config::{self, Flags, Places};
use trustdeck::engine::keyring::sources::{PassphraseSources, Source};
use trustdeck::engine::keyring::tried::Tried;
use trustdeck::engine::view::keys::{KeyPlace, KeyState, KeyWarning};
use trustdeck::engine::{Engine, EngineError, FirstContact, KeyView, Kind, Passphrase, Settings};
use trustdeck::keys::{Exposure, KeyError};
use trustdeck::tuf::{Algorithm, CanonicalKeyId};

const ALICE: &str = "9e1dd6e6c1cde5f8dede16bd97cb955c30ef05e296e66f1214f8e21f414a52bd";
const BOB: &str = "582f499fec1fa892c9fe30a6648dd2edb6f7a26907c998b5e5edddbd3586a6c8";
const ERIN: &str = "a9bc14cc0440a963424317d2bfff30645f88c2d68556a56b09fdbc214b1174e4";
const ROOT: &str = "5e9c127565855430f36973ae8da7fc2be274157dc54ea6fbac7dabd95373949f";

fn id(text: &str) -> CanonicalKeyId {
    CanonicalKeyId::parse(text).unwrap()
}

fn secret(text: &str) -> Passphrase {
    Passphrase::from_text(text)
}

/// A home whose trust directory is the one that the real tools made.
struct Machine {
    home: tempfile::TempDir,
    settings: Settings,
}

impl Machine {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trust");
        copy_private(&fixture, &home.path().join(".docker/trust"));
        let at = |name: &str| home.path().join(name);
        let places = Places { home: at(""), config_dir: at("config"), state_dir: at("state") };
        let settings = config::settings(&Flags::default(), [], &places, FirstContact::Trust).unwrap();
        Self { home, settings }
    }

    fn open(&self) -> Engine {
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        Engine::open(self.settings.clone(), Arc::new(move || now)).unwrap()
    }

    fn label(&self, labels: &str) {
        fs::create_dir_all(self.home.path().join("state")).unwrap();
        fs::write(self.home.path().join("state/labels.json"), labels).unwrap();
    }
}

/// A git checkout loses the modes that key files must have.
fn copy_private(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_private(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn find<'a>(keys: &'a [KeyView], id: &str) -> &'a KeyView {
    keys.iter().find(|key| key.id.as_str() == id).unwrap()
}

#[test]
fn keys_are_joined_with_the_roles_that_list_them() {
    let machine = Machine::new();
    let keys = machine.open().views().keys().unwrap();
    let alice = find(&keys, ALICE);
    assert_eq!((&*alice.label, &*alice.role, alice.algorithm.clone()), ("alice", "alice", Some(Algorithm::EcdsaP256)));
    let used: Vec<String> = alice.used_in.iter().map(|(gun, role)| format!("{gun} {role}")).collect();
    for expected in ["localhost:5000/fixture/web targets/alice", "registry.example.test/team/app targets/releases"] {
        assert!(used.iter().any(|place| place == expected), "{used:?}");
    }
    assert!(matches!(&alice.place, KeyPlace::File(path) if path.ends_with(format!("private/{ALICE}.key"))));
    assert_eq!((alice.state, alice.warning.clone(), &alice.certificate_ids[..]), (KeyState::Locked, None, &[][..]));

    let erin = find(&keys, ERIN);
    let certificates: Vec<&str> = erin.certificate_ids.iter().map(|id| id.as_str()).collect();
    assert_eq!(certificates, ["37c06a05bf031babc841cb275d81f558cf37d15481d4d41adf53da4d34c704b4"]);
    let root = find(&keys, ROOT);
    assert_eq!((root.certificate_ids.len(), root.used_in.len()), (1, 1), "the other repository has rotated it away");
    assert_eq!(find(&keys, BOB).algorithm, Some(Algorithm::Rsa(2048)));
}

#[test]
fn own_keys_come_first_and_those_behind_servers_last() {
    let machine = Machine::new();
    let keys = machine.open().views().keys().unwrap();
    let own = keys.iter().take_while(|key| matches!(key.place, KeyPlace::File(_)));
    let own: Vec<&str> = own.map(|key| key.role.as_str()).collect();
    let signers = ["alice", "bob", "carol", "dave", "erin", "frank"];
    assert_eq!(own[..4], ["root", "root", "targets", "targets"]);
    assert_eq!(own[4..10], signers);
    assert_eq!(own[10..], ["snapshot"]);
    let rest: Vec<&KeyView> = keys[own.len()..].iter().collect();
    assert!(!rest.is_empty() && rest.iter().all(|key| key.state == KeyState::Theirs));
    assert!(rest.iter().all(|key| key.place.is_of_server()), "{rest:?}");
    assert!(rest.iter().any(|key| key.label == "timestamp"));
}

#[test]
fn a_key_is_open_until_it_is_locked() {
    let machine = Machine::new();
    let engine = machine.open();
    let state = || find(&engine.views().keys().unwrap(), ALICE).state;
    engine.keyring().unlock(&id(ALICE), &secret("repopass1")).unwrap();
    assert_eq!(state(), KeyState::Open);
    assert!(engine.keyring().lock_idle().is_some_and(|left| left > Duration::from_secs(60)));
    engine.keyring().lock_all();
    assert_eq!((state(), engine.keyring().lock_idle()), (KeyState::Locked, None));
}

#[test]
fn an_unused_key_is_forgotten() {
    let mut machine = Machine::new();
    machine.settings.idle_lock = Duration::ZERO;
    let engine = machine.open();
    engine.keyring().unlock(&id(ALICE), &secret("repopass1")).unwrap();
    assert_eq!(find(&engine.views().keys().unwrap(), ALICE).state, KeyState::Locked);
    assert_eq!(engine.keyring().lock_idle(), None);
}

#[test]
fn a_wrong_passphrase_changes_nothing_and_names_the_key_that_it_opens() {
    let machine = Machine::new();
    let engine = machine.open();
    let opens = |passphrase: &str| match engine.keyring().unlock(&id(ALICE), &secret(passphrase)) {
        Err(EngineError::Key(KeyError::WrongPassphrase { id, opens })) => {
            assert_eq!(id.as_str(), ALICE);
            opens
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(opens("nobody's"), None);
    engine.keyring().unlock(&id(ROOT), &secret("rootpass1")).unwrap();
    assert_eq!(opens("rootpass1"), Some(id(ROOT)));
    assert_eq!(find(&engine.views().keys().unwrap(), ALICE).state, KeyState::Locked);
    let unknown = engine.keyring().unlock(&id(&"0".repeat(64)), &secret("x")).unwrap_err();
    assert!(matches!(unknown, EngineError::Key(KeyError::NotFound(_))));
}

#[test]
fn a_key_in_the_clear_needs_no_passphrase() {
    let machine = Machine::new();
    let plain = "bb9cbeafa4ae94279210d6eaa1e77c0724950eaf24bb75a66dcd685c49ed88b8";
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/keyfiles/ec-pkcs8-plain.pem");
    let path = machine.settings.trust_dir.join(format!("private/{plain}.key"));
    fs::copy(fixture, &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let engine = machine.open();
    let keys = engine.views().keys().unwrap();
    let key = find(&keys, plain);
    assert_eq!((key.state, &*key.label), (KeyState::Plain, "bb9cbeaf"));
    assert!(key.warning == Some(KeyWarning::Exposed(Exposure::Mode(0o644))));
    let tried = engine.keyring().unlock_from(&id(plain), "", &PassphraseSources::default()).unwrap();
    assert_eq!(tried, Tried::Opened(vec![]));
}

#[test]
fn sources_are_tried_in_order_and_wrong_ones_named() {
    let machine = Machine::new();
    let engine = machine.open();
    let sources = |pairs: &[(&str, &str)]| {
        PassphraseSources::new(None, pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    };
    let notary = ("NOTARY_DELEGATION_PASSPHRASE", "wrong");
    let docker = ("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "repopass1");
    let unset =
        engine.keyring().unlock_from(&id(ALICE), "alice", &sources(&[("NOTARY_ROOT_PASSPHRASE", "x")])).unwrap();
    assert_eq!(unset, Tried::Unset);
    let wrong = engine.keyring().unlock_from(&id(ALICE), "alice", &sources(&[notary])).unwrap();
    assert_eq!(wrong, Tried::Wrong(vec![(Source::Variable("NOTARY_DELEGATION_PASSPHRASE"), None)]));
    let right = engine.keyring().unlock_from(&id(ALICE), "alice", &sources(&[notary, docker])).unwrap();
    let before = vec![(Source::Variable("NOTARY_DELEGATION_PASSPHRASE"), None)];
    assert_eq!(right, Tried::Opened(before), "the wrong one is named although the next opens the key");
    let words = engine.keyring().wrong_before(&id(ALICE), "alice", "alice", &right).unwrap();
    assert!(words.starts_with("NOTARY_DELEGATION_PASSPHRASE does not open key "), "{words}");
    assert_eq!(engine.keyring().unlock_from(&id(ALICE), "alice", &sources(&[notary])).unwrap(), Tried::Opened(vec![]));
    assert_eq!(find(&engine.views().keys().unwrap(), ALICE).state, KeyState::Open);
}

#[test]
fn labels_are_the_users_words_first() {
    let machine = Machine::new();
    machine.label(&format!(r#"{{"version":1,"labels":{{"{ALICE}":"alice old laptop","{BOB}":" "}}}}"#));
    let keys = machine.open().views().keys().unwrap();
    assert_eq!(find(&keys, ALICE).label, "alice old laptop");
    assert_eq!(find(&keys, BOB).label, "bob");
}

#[test]
fn labels_of_a_newer_version_are_refused() {
    let machine = Machine::new();
    machine.label(r#"{"version":99,"names":[]}"#);
    let opened = Engine::open(machine.settings.clone(), Arc::new(jiff::Timestamp::now));
    assert!(matches!(opened, Err(EngineError::State { path, .. }) if path.ends_with("state/labels.json")));
}

#[test]
fn damaged_labels_and_realms_are_moved_aside_with_a_word() {
    let machine = Machine::new();
    let state = &machine.settings.state_dir;
    for (file, text) in [
        ("labels.json", "not JSON"),
        ("labels.json", r#"{"version":1,"labels":{"short":"x"}}"#),
        ("realms.json", "{"),
        ("realms.json", "[]"),
    ] {
        fs::create_dir_all(state).unwrap();
        fs::write(state.join(file), text).unwrap();
        let open = || Engine::open(machine.settings.clone(), Arc::new(jiff::Timestamp::now)).unwrap();
        let mut heard = open().servers().remarks();
        let said = heard.try_recv().unwrap().to_string();
        assert!(said.contains(file) && said.contains(".unreadable"), "{said}");
        assert!(!state.join(file).exists());
        assert!(open().servers().remarks().try_recv().is_err(), "once");
    }
    let kept = fs::read_dir(state)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "unreadable"));
    assert_eq!(kept.count(), 4);
}

#[test]
fn unusable_files_are_problems_of_the_key_store() {
    let machine = Machine::new();
    fs::write(machine.settings.trust_dir.join(format!("private/{}.key", "e".repeat(64))), "garbage").unwrap();
    let problems = machine.open().keyring().key_problems();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, Kind::Keystore);
    assert!(problems[0].message.ends_with("holds no PEM block"));
}
