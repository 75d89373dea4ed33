//! The key directory: what is written, what is listed, and that the real programs can use it.

use crate::support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use support::home::{REPOSITORY_PASSPHRASE, ROOT_PASSPHRASE, digest};
use support::{Home, NotaryServer, new_passphrase, peers};
use trustdeck::keys::pem::Block;
use trustdeck::keys::{KeyError, KeyStore, Passphrase, PrivateKey, root_certificate};
use trustdeck::tuf::{Algorithm, Gun};
use zeroize::Zeroizing;

fn new_key() -> PrivateKey {
    PrivateKey::generate(&Algorithm::EcdsaP256).unwrap()
}

fn secret(text: &str) -> Passphrase {
    Passphrase::from_text(text)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_key_is_private_whole_and_in_notarys_form() {
    let dir = tempfile::tempdir().unwrap();
    let trust = dir.path().join("new/trust");
    let store = KeyStore::new(&trust);
    let gun = Gun::parse("localhost:5000/a/b").unwrap();
    for (role, kept) in [("root", false), ("targets", true), ("snapshot", true), ("alice", false), ("targets/x", false)]
    {
        let key = new_key();
        let path = store.save(&key, role, Some(&gun), &new_passphrase("passphrase")).unwrap();
        assert_eq!(mode(&path), 0o600);
        let text = fs::read_to_string(&path).unwrap();
        let gun_line = if kept { "gun: localhost:5000/a/b\n" } else { "" };
        let start = format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{gun_line}role: {role}\n\nMIH");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.ends_with("\n-----END ENCRYPTED PRIVATE KEY-----\n"));
        assert!(store.holds(key.id()));
    }
    for path in [&*dir.path().join("new"), &trust, store.dir()] {
        assert_eq!(mode(path), 0o700, "{}", path.display());
    }
    let (keys, problems) = store.list().unwrap();
    assert_eq!((keys.len(), problems.len()), (5, 0));
    assert!(keys.iter().all(|key| key.encrypted && key.exposure.is_none()));
    assert_eq!(fs::read_dir(store.dir()).unwrap().count(), 5, "nothing is left beside");
}

#[test]
fn an_existing_file_is_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let key = new_key();
    let path = store.save(&key, "alice", None, &new_passphrase("first words")).unwrap();
    let before = fs::read(&path).unwrap();
    let again = store.save(&key, "alice", None, &new_passphrase("second words")).unwrap_err();
    assert!(matches!(again, KeyError::Disk { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(store.dir()).unwrap().count(), 1);
    let other = new_key();
    symlink(dir.path().join("elsewhere"), store.path(other.id())).unwrap();
    assert!(
        store.save(&other, "alice", None, &new_passphrase("third words")).is_err(),
        "a dangling link is in the way too"
    );
    assert!(!dir.path().join("elsewhere").exists());
}

#[test]
fn what_is_no_key_is_named_and_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let good = new_key();
    let path = store.save(&good, "alice", None, &new_passphrase("passphrase")).unwrap();
    let at = |name: &str| store.dir().join(name);
    let outside = dir.path().join("outside.key");
    fs::copy(&path, &outside).unwrap();
    symlink(&outside, at(&format!("{}.key", "a".repeat(64)))).unwrap();
    fs::create_dir(at(&format!("{}.key", "b".repeat(64)))).unwrap();
    fs::write(at(&format!("{}.key", "c".repeat(64))), "no PEM\n").unwrap();
    fs::write(at("alice.key"), "no ID\n").unwrap();
    fs::write(at("notes.txt"), "not a key, and not named like one\n").unwrap();
    let fifo = at(&format!("{}.key", "d".repeat(64)));
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (keys, problems) = store.list().unwrap();
    assert_eq!(keys.iter().map(|key| &key.id).collect::<Vec<_>>(), [good.id()]);
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let ends = |words: &str| problems.iter().filter(|problem| problem.ends_with(words)).count();
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert_eq!(ends("is a symbolic link out of the key store, which is not followed"), 1);
    assert_eq!(ends("is not a regular file"), 2);
    assert_eq!(ends("holds no PEM block"), 1);
    assert_eq!(ends("is not named after a key ID"), 1);
}

/// As Kubernetes mounts a secret: a link to a link to a directory that is replaced as a whole.
#[test]
fn keys_behind_links_within_the_store_are_read_and_never_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let (key, words) = (new_key(), new_passphrase("passphrase"));
    let path = store.save(&key, "alice", None, &words).unwrap();
    let name = path.file_name().unwrap();
    let mounted = store.dir().join("..2026_01_01");
    fs::create_dir(&mounted).unwrap();
    fs::rename(&path, mounted.join(name)).unwrap();
    symlink("..2026_01_01", store.dir().join("..data")).unwrap();
    symlink(Path::new("..data").join(name), &path).unwrap();
    let (keys, problems) = store.list().unwrap();
    assert_eq!(keys.iter().map(|key| &key.id).collect::<Vec<_>>(), [key.id()], "{problems:?}");
    assert!(store.holds(key.id()));
    assert_eq!(store.load(key.id(), Some(&words)).unwrap().id(), key.id());
    let before = fs::read(mounted.join(name)).unwrap();
    let refused = [
        store.reseal(key.id(), Some(&words), &new_passphrase("other words")),
        store.rename(key.id(), "bob", None),
        store.remove(key.id()),
        store.add(key.id(), b"other").map(drop),
    ];
    assert!(refused[..3].iter().all(|result| matches!(result, Err(KeyError::Link { .. }))), "{refused:?}");
    assert!(refused[3].is_err());
    assert_eq!(fs::read(mounted.join(name)).unwrap(), before);
    assert!(path.symlink_metadata().unwrap().is_symlink());
}

#[test]
fn copies_that_a_killed_run_left_are_swept_by_the_next_write_and_before_a_removal() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let key = new_key();
    let path = store.save(&key, "alice", None, &new_passphrase("passphrase")).unwrap();
    let left = store.dir().join(".new-Ab12Cd.tmp");
    let others = [store.dir().join(".new-notes"), store.dir().join("x.tmp")];
    others.iter().for_each(|other| fs::write(other, "not ours").unwrap());
    let leave = || fs::copy(&path, &left).unwrap();
    leave();
    store.save(&new_key(), "bob", None, &new_passphrase("passphrase")).unwrap();
    assert!(!left.exists());
    leave();
    store.rename(key.id(), "carol", None).unwrap();
    assert!(!left.exists());
    leave();
    store.remove(key.id()).unwrap();
    assert!(!left.exists() && !path.exists());
    assert!(others.iter().all(|other| other.exists()));
}

/// Another process holds the lock of what it is writing.
#[test]
fn a_file_that_is_being_written_is_not_swept() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    store.save(&new_key(), "alice", None, &new_passphrase("passphrase")).unwrap();
    let being_written = store.dir().join(".new-Ab12Cd.tmp");
    fs::write(&being_written, "half of").unwrap();
    let file = fs::File::open(&being_written).unwrap();
    file.lock().unwrap();
    store.save(&new_key(), "bob", None, &new_passphrase("passphrase")).unwrap();
    assert!(being_written.exists());
}

#[test]
fn a_renamed_key_keeps_all_but_its_headers() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let (key, words) = (new_key(), new_passphrase("passphrase"));
    let path = store.save(&key, "alice", None, &words).unwrap();
    let before = Block::read(&fs::read(&path).unwrap()).unwrap();
    let gun = Gun::parse("r.test/a").unwrap();
    store.rename(key.id(), "targets", Some(&gun)).unwrap();
    let after = Block::read(&fs::read(&path).unwrap()).unwrap();
    assert_eq!((after.header("role"), after.header("gun")), (Some("targets"), Some("r.test/a")));
    assert_eq!((&after.label, &after.der), (&before.label, &before.der));
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn keys_of_old_layouts_and_other_names_are_to_be_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let key = new_key();
    let path = store.save(&key, "alice", None, &new_passphrase("passphrase")).unwrap();
    let old = store.dir().join("root_keys");
    fs::create_dir(&old).unwrap();
    fs::copy(&path, old.join(format!("{}_root.key", key.id()))).unwrap();
    fs::write(store.dir().join("public.pem"), "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n").unwrap();
    assert_eq!(store.list().unwrap().1.len(), 0, "it was loaded already");
    let other = old.join(format!("{}_root.key", "ab".repeat(32)));
    fs::copy(&path, &other).unwrap();
    fs::copy(&path, store.dir().join("mine.key")).unwrap();
    fs::copy(&path, store.dir().join("jeff.pem")).unwrap();
    fs::copy(&path, store.dir().join(format!("{}_root.key", key.id()))).unwrap();
    let (_, problems) = store.list().unwrap();
    assert_eq!(problems.iter().filter(|problem| matches!(problem, KeyError::ToLoad { .. })).count(), 4, "{problems:?}");
    assert!(
        problems.iter().any(|problem| problem.to_string().starts_with(&other.display().to_string())),
        "{problems:?}"
    );
}

#[test]
fn loose_modes_are_warned_about() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let key = new_key();
    let path = store.save(&key, "alice", None, &new_passphrase("passphrase")).unwrap();
    for (bits, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o601, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        assert_eq!(store.find(key.id()).unwrap().exposure.is_some(), warned, "{bits:o}");
    }
}

#[test]
fn a_file_under_another_keys_name_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let (one, two) = (new_key(), new_key());
    let path = store.save(&one, "alice", None, &new_passphrase("passphrase")).unwrap();
    fs::rename(path, store.path(two.id())).unwrap();
    let loaded = store.load(two.id(), Some(&secret("passphrase"))).err().unwrap();
    assert!(matches!(loaded, KeyError::OtherKey { found, .. } if found == *one.id()));
    let missing = store.load(one.id(), Some(&secret("passphrase"))).err().unwrap();
    assert!(matches!(missing, KeyError::NotFound(id) if id == *one.id()));
    assert!(matches!(store.find(one.id()), Err(KeyError::NotFound(_))));
}

#[test]
fn thousands_of_files_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(dir.path());
    let key = new_key();
    let text = fs::read(store.save(&key, "alice", None, &new_passphrase("passphrase")).unwrap()).unwrap();
    for number in 0..5000_u32 {
        fs::write(store.dir().join(format!("{number:064x}.key")), &text).unwrap();
    }
    let started = std::time::Instant::now();
    let (keys, problems) = store.list().unwrap();
    assert_eq!((keys.len(), problems.len()), (5001, 0));
    assert!(keys.is_sorted_by(|a, b| a.id < b.id));
    // A tenth of a second on an idle machine; decrypting them would take a minute.
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

/// A `.pub` file as `docker trust key generate` writes it.
fn write_public(path: &Path, key: &PrivateKey) {
    let der = Zeroizing::new(key.public().public().to_vec());
    let block = Block { label: "PUBLIC KEY".to_owned(), headers: Vec::new(), der };
    fs::write(path, block.write().as_bytes()).unwrap();
}

#[test]
fn notary_lists_exports_and_signs_with_our_keys() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let store = KeyStore::new(&home.trust_dir());
    let gun = Gun::parse("registry.example.test/our/keys").unwrap();
    let root = new_key();
    store.save(&root, "root", None, &new_passphrase(ROOT_PASSPHRASE)).unwrap();
    let repository = new_passphrase(REPOSITORY_PASSPHRASE);
    let signers = [Algorithm::EcdsaP256, Algorithm::Rsa(2048), Algorithm::Ed25519].map(|algorithm| {
        let key = PrivateKey::generate(&algorithm).unwrap();
        store.save(&key, "delegation", None, &repository).unwrap();
        key
    });
    let listed = home.notary(&["key", "list"]).ok().stdout;
    for key in signers.iter().chain([&root]) {
        assert!(listed.contains(key.id().as_str()), "{listed}");
        home.notary(&["key", "export", "--key", key.id().as_str(), "-o", "exported.pem"]).ok();
        let exported = fs::read(home.path().join("exported.pem")).unwrap();
        let original = Block::read(&fs::read(store.path(key.id())).unwrap()).unwrap();
        assert_eq!(Block::read(&exported).unwrap().der, original.der);
    }
    let certificate = root_certificate(&root, &gun, jiff::Timestamp::now()).unwrap();
    let certificate_file = home.path().join("root.crt");
    fs::write(&certificate_file, certificate.public()).unwrap();
    home.notary(&["init", gun.as_str(), "--rootcert", certificate_file.to_str().unwrap()]).ok();
    // notary has no reader for bare Ed25519 public keys.
    for (key, name) in signers.iter().zip(["ecdsa", "rsa"]) {
        let public = home.path().join(format!("{name}.pub"));
        write_public(&public, key);
        let role = format!("targets/{name}");
        home.notary(&["delegation", "add", gun.as_str(), &role, public.to_str().unwrap(), "--all-paths"]).ok();
        home.notary(&["addhash", gun.as_str(), name, "12", "--sha256", &digest(name), "-r", &role]).ok();
    }
    home.notary(&["publish", gun.as_str()]).ok();
    let elsewhere = Home::new(&server);
    let signed = elsewhere.notary(&["list", gun.as_str()]).ok().stdout;
    for name in ["ecdsa", "rsa"] {
        assert!(signed.contains(&digest(name)) && signed.contains(&format!("targets/{name}")), "{signed}");
    }
    let pinned = fs::read_to_string(elsewhere.metadata(gun.as_str()).join("root.json")).unwrap();
    assert!(pinned.contains(certificate.id().as_str()), "the root key is wrapped in our certificate");
}

#[test]
fn openssl_reads_what_we_wrote() {
    let Some(()) = peers(&["openssl"]) else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = KeyStore::new(&dir.path().join("trust"));
    let key = new_key();
    store.save(&key, "alice", None, &new_passphrase(REPOSITORY_PASSPHRASE)).unwrap();
    // OpenSSL shares no code with Go or with ours, and reads the file once its headers are gone.
    let block = Block::read(&fs::read(store.path(key.id())).unwrap()).unwrap();
    let bare = dir.path().join("bare.pem");
    fs::write(&bare, Block { headers: Vec::new(), ..block }.write().as_bytes()).unwrap();
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["pkey", "-passin", "env:WORDS", "-in"]).arg(&bare).env("WORDS", REPOSITORY_PASSPHRASE);
    let plain = support::run(&mut openssl).ok().stdout;
    assert_eq!(PrivateKey::from_pem(plain.as_bytes(), None).unwrap().public(), key.public());
}
