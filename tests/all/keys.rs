//! Private keys: files of the real tools read, and files that those read.
//!
//! Every key here is disposable; passphrases are in `fixtures/README.md`.

use crate::support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{peers, run};
use trustdeck::keys::pem::Block;
use trustdeck::keys::{KeyStore, NewPassphrase, OpenError, Passphrase, PrivateKey};
use trustdeck::tuf::{Algorithm, CanonicalKeyId};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn expected(file: &str) -> Value {
    serde_json::from_slice(&fs::read(fixtures().join(file)).unwrap()).unwrap()
}

fn id(text: &str) -> CanonicalKeyId {
    CanonicalKeyId::parse(text).unwrap()
}

fn secret(text: &str) -> Passphrase {
    Passphrase::from_text(text)
}

/// The key files made by the real tools, with what each must turn out to hold.
fn key_files() -> Vec<(String, Vec<u8>, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let table = expected("keyfiles/expected.json");
    let files = table["files"].as_array().unwrap().iter();
    files
        .map(|row| {
            let name = text(&row["file"]);
            let bytes = fs::read(fixtures().join("keyfiles").join(&name)).unwrap();
            (name, bytes, text(&row["key_id"]))
        })
        .collect()
}

#[test]
fn every_container_opens_to_its_key() {
    let files = key_files();
    assert_eq!(files.len(), 14);
    for (name, bytes, key_id) in files {
        let key = PrivateKey::from_pem(&bytes, Some(&secret("repopass1"))).map_err(|e| format!("{name}: {e}")).unwrap();
        assert_eq!(key.id(), &id(&key_id), "{name}");
        let signature = key.sign(key.public(), b"message").unwrap();
        assert!(key.public().verifies(b"message", &signature), "{name}");
    }
}

#[test]
fn encrypted_containers_need_the_right_passphrase() {
    for (name, bytes, _) in key_files() {
        let encrypted = name.contains("pbes2") || name.contains("dek");
        let without = PrivateKey::from_pem(&bytes, None).err();
        let wrong = PrivateKey::from_pem(&bytes, Some(&secret("not it"))).err();
        let outcome = encrypted.then_some((OpenError::Locked, OpenError::WrongPassphrase));
        assert_eq!(without.zip(wrong), outcome, "{name}");
    }
}

#[test]
fn every_stored_key_loads() {
    let store = KeyStore::new(&fixtures().join("trust"));
    let table = expected("expected.json");
    let keys = table["private_keys"].as_object().unwrap();
    let (listed, problems) = store.list().unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(listed.len(), keys.len());
    for stored in listed {
        let row = &keys[stored.id.as_str()];
        assert_eq!(row["role"], stored.role);
        assert_eq!(row["gun"], stored.gun.clone().unwrap_or_default());
        assert!(stored.encrypted);
        let key = store.load(&stored.id, Some(&secret(row["passphrase"].as_str().unwrap()))).unwrap();
        assert_eq!(row["keytype"], key.public().key_type().as_str());
        use base64::Engine as _;
        assert_eq!(row["public_b64"], base64::engine::general_purpose::STANDARD.encode(key.public().public()));
        let wrong = store.load(&stored.id, Some(&secret("wrong"))).err().unwrap();
        assert!(matches!(wrong, trustdeck::keys::KeyError::WrongPassphrase { id, opens: None } if id == stored.id));
    }
}

#[test]
fn migrated_keys_of_old_clients_open() {
    for (layout, count) in [("v0.1-after", 3), ("v0.3-after", 4)] {
        let store = KeyStore::new(&fixtures().join("legacy").join(layout));
        let (listed, _) = store.list().unwrap();
        assert_eq!(listed.len(), count, "{layout}");
        for stored in listed {
            assert!(stored.encrypted, "{layout}");
            store.load(&stored.id, Some(&secret("legacypass1"))).unwrap();
        }
    }
}

#[test]
fn unmigrated_layouts_are_named() {
    for (layout, folders) in [("v0.1-before", 2), ("v0.3-before", 2)] {
        let (listed, problems) = KeyStore::new(&fixtures().join("legacy").join(layout)).list().unwrap();
        assert!(listed.is_empty());
        assert_eq!(problems.len(), folders, "{layout}");
        assert!(problems.iter().all(|p| matches!(p, trustdeck::keys::KeyError::ToLoad { .. })));
    }
}

#[test]
fn pem_files_are_written_back_byte_for_byte() {
    let folders = ["trust/private", "keyfiles", "input"];
    let paths = folders.iter().flat_map(|folder| fs::read_dir(fixtures().join(folder)).unwrap());
    let is_pem =
        |path: &PathBuf| path.extension().is_some_and(|e| ["key", "pem", "pub", "crt"].iter().any(|x| e == *x));
    let paths: Vec<_> = paths.map(|entry| entry.unwrap().path()).filter(is_pem).collect();
    assert!(paths.len() > 30);
    for path in paths {
        let file = fs::read_to_string(&path).unwrap();
        let blocks = file.matches("-----BEGIN").count();
        let written = Block::read(file.as_bytes()).unwrap().write();
        match blocks {
            1 => assert_eq!(*written, file, "{}", path.display()),
            _ => assert!(file.starts_with(&**written), "{}", path.display()),
        }
    }
}

#[test]
fn new_keys_of_all_kinds_come_back_from_their_file() {
    for algorithm in [Algorithm::EcdsaP256, Algorithm::Ed25519, Algorithm::Rsa(2048)] {
        let key = PrivateKey::generate(&algorithm).unwrap();
        assert_eq!(key.public().algorithm(), algorithm);
        let dir = tempfile::tempdir().unwrap();
        let store = KeyStore::new(dir.path());
        let passphrase = NewPassphrase::new(secret("one passphrase")).unwrap();
        store.save(&key, "alice", None, &passphrase).unwrap();
        let back = store.load(key.id(), Some(&passphrase)).unwrap();
        assert_eq!(back.public(), key.public());
        let signature = back.sign(key.public(), b"message").unwrap();
        assert!(key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"massage", &signature));
    }
    assert!(PrivateKey::generate(&Algorithm::Rsa(1024)).is_err());
    assert!(PrivateKey::generate(&Algorithm::EcdsaP384).is_err());
}

#[test]
fn a_key_signs_in_its_own_name_only() {
    let (one, two) =
        (PrivateKey::generate(&Algorithm::EcdsaP256).unwrap(), PrivateKey::generate(&Algorithm::EcdsaP256).unwrap());
    assert!(one.sign(two.public(), b"message").is_err());
}

mod root_certificates {
    use trustdeck::keys::{KeyError, root_certificate};
    use trustdeck::tuf::{Gun, KeyType};

    use super::*;

    /// Checks a certificate with OpenSSL, an implementation that shares no code with ours.
    fn openssl_accepts(pem: &[u8]) {
        let Some(()) = peers(&["openssl"]) else { return };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.pem");
        fs::write(&path, pem).unwrap();
        let mut openssl = std::process::Command::new("openssl");
        run(openssl.args(["verify", "-check_ss_sig", "-partial_chain", "-CAfile"]).arg(&path).arg(&path)).ok();
    }

    fn key_in(file: &str) -> PrivateKey {
        PrivateKey::from_pem(&fs::read(fixtures().join("keyfiles").join(file)).unwrap(), None).unwrap()
    }

    #[test]
    fn every_kind_of_root_key_gets_a_valid_one() {
        let long = format!("registry.example.test/{}", "n".repeat(200));
        let kinds = [
            ("ec-sec1-plain.pem", KeyType::EcdsaX509),
            ("p384-sec1-plain.pem", KeyType::EcdsaX509),
            ("p521-sec1-plain.pem", KeyType::EcdsaX509),
            ("rsa-pkcs1-plain.pem", KeyType::RsaX509),
        ];
        for (file, key_type) in kinds {
            let key = key_in(file);
            for name in ["localhost:5000/fixture/web", "with_underscore/app", &long] {
                let now = jiff::Timestamp::now();
                let root = root_certificate(&key, &Gun::parse(name).unwrap(), now).unwrap();
                assert_eq!((root.key_type(), root.canonical_id()), (&key_type, key.id()), "{file}");
                let facts = root.certificate().unwrap();
                assert_eq!(facts.common_name, name);
                assert_eq!(facts.not_after.duration_since(facts.not_before).as_hours(), 10 * 365 * 24);
                assert!(!facts.is_ca && !facts.sha1);
                openssl_accepts(root.public());
                let signature = key.sign(&root, b"message").unwrap();
                assert!(root.verifies(b"message", &signature), "{file}");
            }
        }
    }

    #[test]
    fn ed25519_cannot_be_a_root_key() {
        let key = PrivateKey::generate(&Algorithm::Ed25519).unwrap();
        let made = root_certificate(&key, &Gun::parse("a/b").unwrap(), jiff::Timestamp::now());
        assert!(matches!(made, Err(KeyError::Unsupported(_))));
    }
}
