//! `key load`: every container, several keys in a file, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;
use trustdeck::keys::pem::Block;

use super::support::{peers, run, run_with_input};
use super::{files, home};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn table() -> serde_json::Value {
    serde_json::from_slice(&fixture("keyfiles/expected.json")).unwrap()
}

/// The passphrase of the fixtures.
const PASSPHRASE: &str = "repopass1";

#[test]
fn every_container_is_loaded_also_those_that_docker_skips() {
    let table = table();
    for row in table["files"].as_array().unwrap() {
        let (home, name) = (home(), row["file"].as_str().unwrap());
        let file = home.put(name, &fixture(&format!("keyfiles/{name}")));
        let mut load = home.trustdeck_command(&["key", "load", &file, "--name", "carol", "--json"]);
        let loaded = run(load.env("NOTARY_DELEGATION_PASSPHRASE", PASSPHRASE)).ok().json();
        assert_eq!((&loaded[0]["id"], &loaded[0]["result"]), (&row["key_id"], &"loaded".into()), "{name}");
        let stored = files(&home);
        let [(stored_name, content)] = stored.as_slice() else { panic!("{name}: one key, not {}", stored.len()) };
        assert_eq!(*stored_name, format!("{}.key", row["key_id"].as_str().unwrap()));
        let block = Block::read(content).unwrap();
        assert_eq!(block.header("role"), Some("carol"), "{name}");
        assert!(block.is_encrypted() && block.is_readable_by_notary(), "{name}");
    }
}

#[test]
fn what_notary_reads_from_its_store_is_known() {
    for row in table()["files"].as_array().unwrap() {
        let name = row["file"].as_str().unwrap();
        let block = Block::read(&fixture(&format!("keyfiles/{name}"))).unwrap();
        assert_eq!(row["in_keystore_readable"], block.is_readable_by_notary(), "{name}");
    }
}

#[test]
fn a_file_with_several_blocks_is_taken_whole_and_the_rest_is_named() {
    let home = home();
    let blocks = [
        fixture("keyfiles/ec-sec1-plain.pem"),
        b"a comment\n".to_vec(),
        fixture("input/alice.pub"),
        fixture("keyfiles/rsa-pkcs1-dek-aes128cbc.pem"),
        b"-----BEGIN PRIVATE KEY-----\n%%%\n-----END PRIVATE KEY-----\n".to_vec(),
        fixture("keyfiles/p384-sec1-plain.pem"),
    ];
    let mut load = home.trustdeck_command(&["key", "load", "-", "--name", "carol", "--json"]);
    load.env("NOTARY_DELEGATION_PASSPHRASE", PASSPHRASE);
    let ran = run_with_input(&mut load, &blocks.concat()).ended(9);
    assert_eq!(ran.json().as_array().unwrap().len(), 3);
    assert_eq!(files(&home).len(), 3);
    assert_eq!(ran.kinds(), ["keystore"], "a public key beside them is mentioned and no failure");
    for named in ["block 2 is a public key", "block 4 has a PEM block PRIVATE KEY"] {
        assert!(ran.stderr.contains(named), "{}", ran.stderr);
    }
}

#[test]
fn a_key_that_is_there_stays_as_it_is_unless_it_is_given_another_name() {
    let home = home();
    let file = home.put("key.pem", &fixture("keyfiles/ec-sec1-plain.pem"));
    home.key(&["load", &file, "--name", "carol"]).ok();
    let before = files(&home);
    for name in [&[][..], &["--name", "carol"]] {
        let again = home.key(&[&["load", &file, "--json"], name].concat()).ok().json();
        assert_eq!((&again[0]["result"], &again[0]["role"]), (&"known".into(), &"carol".into()));
        assert_eq!(files(&home), before);
    }
    let renamed = home.key(&["load", &file, "--name", "dave", "--json"]).ok().json();
    assert_eq!((&renamed[0]["result"], &renamed[0]["role"]), (&"renamed".into(), &"dave".into()));
    let (old, new) = (Block::read(&before[0].1).unwrap(), Block::read(&files(&home)[0].1).unwrap());
    assert_eq!((new.header("role"), &new.der), (Some("dave"), &old.der));
}

#[test]
fn the_name_that_is_given_counts_for_more_than_the_one_in_the_file() {
    let home = home();
    let text = String::from_utf8(fixture("keyfiles/ec-sec1-plain.pem")).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let file = home.put("key.pem", format!("{first}\nrole: alice\n\n{rest}").as_bytes());
    let loaded = home.key(&["load", &file, "--name", "carol", "--json"]).ok().json();
    assert_eq!(loaded[0]["role"], "carol");
}

#[test]
fn a_certificate_beside_its_key_is_mentioned_and_no_failure() {
    let home = home();
    let both = [fixture("root-certificate.pem"), fixture("keyfiles/ec-sec1-plain.pem")].concat();
    let file = home.put("both.pem", &both);
    let loaded = home.key(&["load", &file, "--name", "carol"]).ok();
    assert!(loaded.stderr.contains("block 1 is a certificate"), "{}", loaded.stderr);
    assert_eq!(files(&home).len(), 1);
}

#[test]
fn a_file_of_an_old_layout_says_role_and_repository_by_its_name() {
    let home = home();
    let expected = table()["files"].as_array().unwrap().clone();
    let row = expected.iter().find(|row| row["file"] == "ec-sec1-plain.pem").unwrap().clone();
    let id = row["key_id"].as_str().unwrap();
    let folder = home.path().join("tuf_keys/r.test/app");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{id}_targets.key"));
    fs::write(&file, fixture("keyfiles/ec-sec1-plain.pem")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    home.key(&["load", file.to_str().unwrap()]).ok();
    let block = Block::read(&files(&home)[0].1).unwrap();
    assert_eq!((block.header("role"), block.header("gun")), (Some("targets"), Some("r.test/app")));
}

#[test]
fn a_variable_that_ends_with_a_line_break_is_said_to() {
    let home = home();
    let file = home.put("sealed.pem", &fixture("keyfiles/ec-pkcs8-pbes2-sha1-aes256.pem"));
    for end in ["\n", "\r", "\r\n"] {
        let mut load = home.trustdeck_command(&["key", "load", &file, "--name", "carol"]);
        let refused = run(load.env("NOTARY_DELEGATION_PASSPHRASE", format!("{PASSPHRASE}{end}"))).ended(4);
        assert!(refused.stderr.contains("ends with a line break"), "{}", refused.stderr);
    }
}

#[test]
fn public_halves_are_exported_as_pem() {
    let home = home();
    let id = home.made(&["alice"]);
    let made = Block::read(&fs::read(home.path().join("alice.pub")).unwrap()).unwrap();
    let exported = home.key(&["export", "--public", &id]).ok().stdout;
    let plain = Block::read(exported.as_bytes()).unwrap();
    assert_eq!((plain.label.as_str(), plain.headers.len(), &plain.der), ("PUBLIC KEY", 0, &made.der));
    assert_eq!(made.header("role"), Some("alice"), "as docker writes it");
    let shown = home.key(&["export", "--public", &id, "--json"]).ok().json();
    assert_eq!((&shown[0]["id"], &shown[0]["role"], &shown[0]["pem"]), (&json!(id), &json!("alice"), &json!(exported)));
    let set = home.key(&["export", &id]).ok().stdout;
    let private = home.key(&["export", &id, "--json"]).ok().json();
    assert_eq!((&private["pem"], &private["keys"]), (&json!(set), &json!([id])));
    let written = home.key(&["export", &id, "--json", "--out", "set.pem"]).ok().json();
    assert_eq!((&written["file"], &written["keys"]), (&json!("set.pem"), &json!([id])));
    if peers(&["openssl"]).is_none() {
        return;
    }
    home.key(&["export", "--public", &id, "--out", "alice.pem"]).ok();
    run(home.command("openssl").args(["pkey", "-pubin", "-noout", "-in", "alice.pem"])).ok();
}

#[test]
fn a_name_that_no_key_can_have_is_refused_before_a_passphrase_is_asked_for() {
    let home = home();
    let file = home.put("sealed.pem", &fixture("keyfiles/ec-pkcs8-pbes2-sha1-aes256.pem"));
    let server = home.key(&["load", &file, "--name", "timestamp"]).ended(2);
    assert!(server.stderr.contains("the server holds timestamp keys"), "{}", server.stderr);
    let long = home.key(&["load", &file, "--name", &"a".repeat(300)]).ended(2);
    assert!(long.stderr.contains("at most 128 letters, and this one has 300"), "{}", long.stderr);
}

#[test]
fn files_that_cannot_be_loaded_are_refused_in_words() {
    let home = home();
    let open = home.put("open.pem", &fixture("keyfiles/ec-sec1-plain.pem"));
    for mode in [0o644, 0o640, 0o601] {
        fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
        let refused = home.key(&["load", &open]).ended(2);
        assert!(refused.stderr.contains(&format!("chmod 600 {open}")), "{}", refused.stderr);
    }
    let targets = home.put("targets.pem", b"");
    let text = String::from_utf8(fixture("keyfiles/ec-sec1-plain.pem")).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    fs::write(&targets, format!("{first}\nrole: targets\n\n{rest}")).unwrap();
    let refused = home.key(&["load", &targets]).ended(2);
    assert!(refused.stderr.contains("--repository"), "{}", refused.stderr);
    let public = home.put("alice.pub", &fixture("input/alice.pub"));
    assert!(home.key(&["load", &public]).ended(2).stderr.contains("signer add --key"));
    let nothing = home.put("nothing.pem", b"no key");
    assert!(home.key(&["load", &nothing]).ended(2).stderr.contains("holds no PEM block"));
    home.key(&["load", "missing.pem"]).ended(1);
    home.key(&["load", "."]).ended(2);
    let sealed = home.put("sealed.pem", &fixture("keyfiles/ec-pkcs8-pbes2-sha1-aes256.pem"));
    let wrong = home.key(&["load", &sealed, "--json"]).ended(4);
    assert!(wrong.stderr.contains("NOTARY_DELEGATION_PASSPHRASE"), "{}", wrong.stderr);
    assert!(files(&home).is_empty());
    home.key(&["load", &targets, "--repository", "example.test/a"]).ok();
}

#[test]
fn a_key_without_a_passphrase_is_named_before_it_is_restored() {
    let home = home();
    let open = home.put("open.pem", &fixture("keyfiles/ec-sec1-plain.pem"));
    let shown = home.key(&["restore", &open, "--json", "--dry-run"]).ok().json();
    assert!(files(&home).is_empty());
    let restored = home.key(&["restore", &open, "--json"]).ok().json();
    assert_eq!((&shown[0]["id"], &shown[0]["standing"]), (&restored[0]["id"], &json!("new")));
    let sealed = home.put("sealed.pem", &fixture("keyfiles/ec-pkcs8-pbes2-sha1-aes256.pem"));
    let shown = home.key(&["restore", &sealed, "--dry-run"]).ok().stdout;
    assert!(shown.contains("key 1") && shown.contains("does not say which key it is"), "{shown}");
}

#[test]
fn a_short_rsa_key_is_refused() {
    let home = home();
    let made = run(home.command("openssl").args(["genrsa", "-traditional", "-out", "short.pem", "1024"]));
    assert_eq!(made.code, 0, "{}", made.stderr);
    fs::set_permissions(home.path().join("short.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let refused = home.key(&["load", "short.pem", "--json"]).ended(1);
    assert_eq!(refused.kinds(), ["keystore"]);
    assert!(refused.stderr.contains("short.pem: the key: holds an RSA key under 2048 bits"), "{}", refused.stderr);
    // As a backup it is refused as well, and that is foretold.
    for more in [&["--dry-run"][..], &[]] {
        let refused = home.key(&[&["restore", "short.pem", "--json"], more].concat()).ended(1);
        assert_eq!(refused.kinds(), ["keystore"], "{more:?}");
        assert!(refused.stderr.contains("under 2048 bits"), "{}", refused.stderr);
    }
    assert!(files(&home).is_empty());
}

/// What to do must not contradict what is said of the key.
#[test]
fn a_key_that_another_program_converts_is_to_be_converted() {
    let home = home();
    let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n";
    let file = home.put("openssh.pem", openssh.as_bytes());
    let refused = home.key(&["load", &file, "--json"]).ended(1);
    let error = &refused.errors()[0];
    assert!(error["message"].as_str().unwrap().contains("the key: holds a key in OpenSSH's form"), "{error}");
    assert_eq!(error["hint"], "convert it, then load what comes out");
}
