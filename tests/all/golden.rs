//! Metadata of the real tools: read, rebuilt byte for byte, verified, and compared with independently computed facts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp as Time;
use serde_json::Value;
use sha2::{Digest, Sha256};
use trustdeck::tuf::metadata::format_time;
use trustdeck::tuf::verify::{Pinning, Purpose, SeenRoles};
use trustdeck::tuf::{
    Algorithm, Envelope, FileMeta, Gun, KeyType, Metadata, Method, PublicKey, Role, Root, Signature, Snapshot,
    Standing, Targets, Timestamp, TrustedSet, canonical, walk,
};

const APP: &str = "registry.example.test/team/app";
const WEB: &str = "localhost:5000/fixture/web";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&fs::read(fixtures().join(file)).unwrap()).unwrap()
}

/// All role files below `directory`, with their role: `3.targets/alice.json` belongs to `targets/alice`.
fn role_files(directory: &Path) -> Vec<(Role, PathBuf)> {
    fn visit(top: &Path, directory: &Path, found: &mut Vec<(Role, PathBuf)>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(top, &path, found);
            } else if path.extension().is_some_and(|e| e == "json") {
                let name = path.strip_prefix(top).unwrap().with_extension("");
                let name = name.to_str().unwrap().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                found.push((Role::parse(name).unwrap(), path.clone()));
            }
        }
    }
    let mut found = Vec::new();
    visit(directory, directory, &mut found);
    found
}

fn server_files() -> Vec<(Role, PathBuf)> {
    let directories = [format!("server/{APP}"), "server/localhost_5000/fixture/web".to_owned()];
    directories.iter().flat_map(|d| role_files(&fixtures().join(d))).collect()
}

fn cache(gun: &str) -> PathBuf {
    fixtures().join("trust/tuf").join(gun).join("metadata")
}

fn rebuilt(role: &Role, envelope: &Envelope) -> Vec<u8> {
    fn write<T: Metadata>(role: &Role, envelope: &Envelope) -> Vec<u8> {
        assert_eq!(T::unknown_members(envelope), Vec::<String>::new());
        T::read(role, envelope).unwrap().canonical()
    }
    let canonical = match role {
        Role::Root => write::<Root>(role, envelope),
        Role::Snapshot => write::<Snapshot>(role, envelope),
        Role::Timestamp => write::<Timestamp>(role, envelope),
        Role::Targets | Role::Delegation(_) => write::<Targets>(role, envelope),
    };
    assert_eq!(canonical, envelope.canonical());
    Envelope::file(&canonical, envelope.signatures())
}

#[test]
fn every_file_is_rebuilt_byte_for_byte_from_its_parsed_form() {
    let mut files = server_files();
    assert_eq!(files.len(), 79);
    files.extend(role_files(&cache(APP)));
    files.extend(role_files(&cache(WEB)));
    assert_eq!(files.len(), 98);
    for (role, path) in files {
        let bytes = fs::read(&path).unwrap();
        let envelope = Envelope::parse(&role, bytes.clone()).unwrap();
        assert_eq!(String::from_utf8(rebuilt(&role, &envelope)).unwrap(), String::from_utf8(bytes).unwrap());
    }
}

#[test]
fn what_notary_uploads_is_rebuilt_byte_for_byte() {
    for (role, path) in role_files(&fixtures().join("applied")) {
        let bytes = fs::read(&path).unwrap();
        let envelope = Envelope::parse(&role, bytes.clone()).unwrap();
        assert_eq!(rebuilt(&role, &envelope), bytes, "{}", path.display());
    }
}

fn facts<T: Metadata>(role: &Role, envelope: &Envelope) -> (u64, Time) {
    let content = T::read(role, envelope).unwrap();
    (content.version(), content.expires())
}

/// Every key that any file of a repository lists, by its ID.
fn all_keys(files: &[(Role, Envelope)]) -> BTreeMap<String, PublicKey> {
    let mut keys = BTreeMap::new();
    for (role, envelope) in files {
        let listed = match role {
            Role::Root => Root::read(role, envelope).unwrap().keys,
            Role::Targets | Role::Delegation(_) => Targets::read(role, envelope).unwrap().delegation_keys,
            Role::Snapshot | Role::Timestamp => continue,
        };
        keys.extend(listed.into_iter().map(|(id, key)| (id.to_string(), key)));
    }
    keys
}

#[test]
fn ids_hashes_and_signatures_equal_independently_computed_ones() {
    let expected = json("expected.json");
    for gun in [APP, WEB] {
        let expected = &expected["guns"][gun];
        let files: Vec<(Role, Envelope)> = role_files(&cache(gun))
            .into_iter()
            .map(|(role, path)| (role.clone(), Envelope::parse(&role, fs::read(path).unwrap()).unwrap()))
            .collect();
        let keys = all_keys(&files);
        for (id, fact) in expected["keys"].as_object().unwrap() {
            assert_eq!(keys[id].canonical_id().as_str(), fact["canonical_id"].as_str().unwrap());
            assert_eq!(keys[id].key_type(), &KeyType::parse(fact["keytype"].as_str().unwrap()));
            assert!(!matches!(keys[id].algorithm(), Algorithm::Unknown(_)));
        }
        let metadata = expected["metadata"].as_object().unwrap();
        assert_eq!(metadata.len(), files.len());
        for (role, envelope) in files {
            let fact = &metadata[role.as_str()];
            let (version, expires) = match role {
                Role::Root => facts::<Root>(&role, &envelope),
                Role::Snapshot => facts::<Snapshot>(&role, &envelope),
                Role::Timestamp => facts::<Timestamp>(&role, &envelope),
                Role::Targets | Role::Delegation(_) => facts::<Targets>(&role, &envelope),
            };
            assert_eq!(version, fact["version"].as_u64().unwrap());
            assert_eq!(format_time(expires), fact["expires"].as_str().unwrap());
            assert_eq!(envelope.bytes().len() as u64, fact["length"].as_u64().unwrap());
            assert_eq!(envelope.sha256(), fact["sha256"].as_str().unwrap());
            let canonical = hex::encode(Sha256::digest(envelope.canonical()));
            assert_eq!(canonical, fact["signed_canonical_sha256"].as_str().unwrap());
            let verdicts = fact["signatures"].as_array().unwrap();
            assert_eq!(verdicts.len(), envelope.signatures().len());
            for (signature, verdict) in envelope.signatures().iter().zip(verdicts) {
                assert_eq!(signature.key.as_str(), verdict["keyid"].as_str().unwrap());
                assert_eq!(signature.method.as_str(), verdict["method"].as_str().unwrap());
                let verifies = keys[signature.key.as_str()].verifies(envelope.canonical(), signature);
                assert_eq!(verifies, verdict["valid"].as_bool().unwrap(), "{role} {}", signature.key);
            }
        }
    }
}

/// What the vectors show and we refuse instead: Notary rounds, wraps, or keeps one of two members there.
const REFUSED: [&str; 5] = [
    "lone surrogate becomes U+FFFD",
    "duplicate member keeps last",
    "integers go through float64",
    "too large wraps to int64 min (platform)",
    "fraction is an error",
];

#[test]
fn canonical_json_equals_that_of_the_library_in_notary() {
    let vectors = json("canonical-json.json");
    let mut compared = 0;
    for vector in vectors.as_array().unwrap() {
        let name = vector["name"].as_str().unwrap();
        let parsed = canonical::parse(vector["input"].as_str().unwrap().as_bytes());
        let mut out = Vec::new();
        let written = parsed.map_err(|_| ()).and_then(|value| canonical::write(&value, &mut out).map_err(|_| ()));
        assert_eq!(written.is_err(), REFUSED.contains(&name), "{name}");
        if written.is_ok() {
            assert_eq!(hex::encode(out), vector["canonical_hex"].as_str().unwrap(), "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, vectors.as_array().unwrap().len() - REFUSED.len());
}

fn at(time: &str) -> Time {
    time.parse().unwrap()
}

/// Loads a repository from files as a client with an empty cache would.
fn load(gun: &str, file: impl Fn(&Role) -> Vec<u8>, now: Time) -> TrustedSet {
    let gun = Gun::parse(gun).unwrap();
    let root = file(&Role::Root);
    let mut set = TrustedSet::start(&gun, &root, &Pinning::default(), SeenRoles::new(), Purpose::Trust, now).unwrap();
    set.finish_root().unwrap();
    set.update_timestamp(file(&Role::Timestamp)).unwrap();
    set.update_snapshot(file(&Role::Snapshot)).unwrap();
    set.update_targets(file(&Role::Targets)).unwrap();
    loop {
        let pending = set.pending();
        if pending.is_empty() {
            return set;
        }
        for (name, named) in pending {
            let bytes = file(&Role::Delegation(name.clone()));
            assert_eq!(FileMeta::of(&bytes), named);
            set.update_delegation(&name, &bytes).unwrap();
        }
    }
}

#[test]
fn repositories_of_the_real_tools_verify() {
    for gun in [APP, WEB] {
        let read = |role: &Role| fs::read(cache(gun).join(format!("{role}.json"))).unwrap();
        let set = load(gun, read, at("2026-11-23T00:00:00Z"));
        assert!(set.aside().is_empty());
        assert!(set.delegations().values().all(|loaded| loaded.standing == Standing::Good));
        let files = set.delegations().iter().map(|(name, loaded)| (name.clone(), &loaded.content)).collect();
        let reached = walk(&set.targets().unwrap().content, &files);
        assert_eq!(reached.len(), 1 + set.delegations().len());
        assert_eq!(set.seen().len(), 4 + set.delegations().len());
    }
}

#[test]
fn delegations_are_walked_in_order_of_creation() {
    let read = |role: &Role| fs::read(cache(APP).join(format!("{role}.json"))).unwrap();
    let set = load(APP, read, at("2026-11-23T00:00:00Z"));
    let files = set.delegations().iter().map(|(name, loaded)| (name.clone(), &loaded.content)).collect();
    let reached = walk(&set.targets().unwrap().content, &files);
    let names: Vec<&str> = reached.iter().map(|r| r.role.short()).collect();
    assert_eq!(names, ["targets", "alice", "releases", "bob", "carol", "team", "dave", "team/frank"]);
    assert_eq!(reached.last().unwrap().paths, ["team/frank/"]);
}

#[test]
fn root_is_followed_through_every_version_of_a_rotation() {
    let server = fixtures().join("server").join(APP);
    let root = |version: u64| fs::read(server.join(format!("{version}.root.json"))).unwrap();
    let gun = Gun::parse(APP).unwrap();
    let (pinning, now) = (Pinning::default(), at("2026-11-23T00:00:00Z"));
    let mut set = TrustedSet::start(&gun, root(1), &pinning, SeenRoles::new(), Purpose::Trust, now).unwrap();
    for version in 2..=4 {
        set.update_root(root(version)).unwrap();
    }
    set.finish_root().unwrap();
    assert_eq!(set.root().content.version(), 4);
    set.update_timestamp(fs::read(server.join("timestamp.json")).unwrap()).unwrap();
    set.update_snapshot(fs::read(server.join("snapshot.json")).unwrap()).unwrap();
}

#[test]
fn public_key_files_have_the_ids_that_the_tools_gave_them() {
    let now = at("2026-11-23T00:00:00Z");
    let read = |file: &str| PublicKey::from_file(&fs::read(fixtures().join("input").join(file)).unwrap(), now).unwrap();
    let alice = read("alice.pub");
    assert_eq!(alice.id().as_str(), "9e1dd6e6c1cde5f8dede16bd97cb955c30ef05e296e66f1214f8e21f414a52bd");
    assert_eq!(alice.id().as_str(), alice.canonical_id().as_str());
    assert_eq!(alice.algorithm(), Algorithm::EcdsaP256);
    assert_eq!(read("bob.pub").algorithm(), Algorithm::Rsa(2048));
    assert_eq!(read("carol.pub").algorithm(), Algorithm::EcdsaP384);
    let erin = read("erin.crt");
    assert_eq!(erin.id().as_str(), "37c06a05bf031babc841cb275d81f558cf37d15481d4d41adf53da4d34c704b4");
    assert_eq!(erin.canonical_id().as_str(), "a9bc14cc0440a963424317d2bfff30645f88c2d68556a56b09fdbc214b1174e4");
    assert_eq!(erin.certificate().unwrap().common_name, "erin");
    let frank = read("frank.crt");
    assert_eq!((frank.key_type(), frank.algorithm()), (&KeyType::RsaX509, Algorithm::Rsa(2048)));
}

#[test]
fn signatures_of_openssl_verify_by_the_rules_of_their_key() {
    use base64::Engine as _;
    let table = json("signatures.json");
    let message = table["message"].as_str().unwrap().as_bytes();
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 19);
    for row in rows {
        let text = |member: &str| row[member].as_str().unwrap();
        let bytes = |member: &str| base64::prelude::BASE64_STANDARD.decode(text(member)).unwrap();
        let key = PublicKey::new(KeyType::parse(text("keytype")), bytes("public"));
        let method = Method::parse(text("method"));
        let signature = Signature { key: key.id().clone(), method, bytes: bytes("sig") };
        let valid = row["valid"].as_bool().unwrap();
        assert_eq!(key.verifies(message, &signature), valid, "{}", text("name"));
        assert!(!key.verifies(b"another message", &signature), "{}", text("name"));
        let mut other = signature;
        other.key = PublicKey::new(KeyType::Ed25519, vec![0; 32]).id().clone();
        assert!(!key.verifies(message, &other), "{}: under another ID", text("name"));
    }
}
