//! The real clients: they read and use what trustdeck writes, and the other way round.

use std::fs;

use super::support::home::digest;
use super::support::{Home, NotaryServer, Ran, peers, run};
use super::{files, home};

const GUN: &str = "registry.example.test/team/app";

/// IDs that `notary key list` shows, sorted.
fn notary_ids(home: &Home) -> Vec<String> {
    let text = home.notary(&["key", "list"]).ok().stdout;
    let mut ids: Vec<String> = text.split_whitespace().filter(|word| word.len() == 64).map(str::to_owned).collect();
    ids.sort();
    ids
}

#[test]
fn exports_are_those_of_notary_and_both_clients_read_them() {
    let Some(()) = peers(&["notary", "docker"]) else { return };
    let home = home();
    let ids = [
        home.made(&["alice"]),
        home.made(&["bob", "--algorithm", "rsa2048"]),
        home.made(&["targets", "--repository", GUN]),
        home.made(&["root"]),
    ];
    for id in &ids {
        let theirs = home.notary(&["key", "export", "--key", id]).ok().stdout;
        assert_eq!(home.key(&["export", id]).ok().stdout.trim_end(), theirs.trim_end());
    }
    home.key(&[&["export", "--out", "set.pem"], &ids.each_ref().map(String::as_str)[..]].concat()).ok();
    let set = home.path().join("set.pem");
    let readers: [fn(&Home, &str) -> Ran; 3] = [
        |reader, set| reader.notary(&["key", "import", set]),
        |reader, set| reader.docker(&["key", "load", set]),
        |reader, set| reader.key(&["load", set]),
    ];
    for (index, read) in readers.into_iter().enumerate() {
        let reader = super::home();
        read(&reader, set.to_str().unwrap()).ok();
        let mut expected: Vec<String> = ids.to_vec();
        expected.sort();
        assert_eq!(notary_ids(&reader), expected, "reader {index}");
    }
}

#[test]
fn a_plain_backup_is_read_by_notary_and_an_export_of_notary_is_restored() {
    let Some(()) = peers(&["notary"]) else { return };
    let (home, theirs, ours) = (home(), super::home(), super::home());
    home.made(&["alice"]);
    home.made(&["targets", "--repository", GUN]);
    home.key(&["backup", "--plain", "--out", "set.pem"]).ok();
    theirs.notary(&["key", "import", home.path().join("set.pem").to_str().unwrap()]).ok();
    assert_eq!(files(&theirs), files(&home), "byte for byte");
    theirs.notary(&["key", "export", "-o", "export.pem"]).ok();
    ours.key(&["restore", theirs.path().join("export.pem").to_str().unwrap()]).ok();
    assert_eq!(files(&ours), files(&home));
}

/// Keys of every kind that was made, loaded, restored, stored in the clear or given a new passphrase by trustdeck sign
/// with `notary`, and trustdeck signs with those of `docker` and `notary`.
#[test]
fn keys_sign_with_both_programs_whoever_wrote_them() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let alice = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &alice, "alice", GUN]).ok();
    home.made(&["ecdsa"]);
    home.made(&["rsa", "--algorithm", "rsa2048"]);
    let given = [
        ("dek", "rsa-pkcs1-dek-aes128cbc.pem"),
        ("sha256", "ec-pkcs8-pbes2-sha256-aes256.pem"),
        ("plain", "p384-sec1-plain.pem"),
    ];
    for (name, fixture) in given {
        let file = home.put(&format!("{name}.pem"), &fs::read(format!("tests/fixtures/keyfiles/{fixture}")).unwrap());
        let public = ["pkey", "-in", &file, "-passin", "pass:repopass1", "-pubout", "-out", &format!("{name}.pub")];
        assert_eq!(run(home.command("openssl").args(public)).code, 0);
        if name == "plain" {
            // Stays in the clear, as it was in the backup.
            home.key(&["restore", &file]).ok();
            continue;
        }
        let known = |arguments: &[&str]| {
            run(home.key_command("repository passphrase", arguments).env("NOTARY_DELEGATION_PASSPHRASE", "repopass1"))
                .ok()
        };
        known(&["load", &file, "--name", name]);
        known(&["passwd", name, "--new-passphrase-fd", "4"]);
    }
    for name in ["ecdsa", "rsa", "dek", "sha256", "plain"] {
        let public = format!("{name}.pub");
        home.publish(&["signer", "add", "--key", &public, name, GUN]).ok();
        let role = format!("targets/{name}");
        home.notary_sign(GUN, &format!("by-notary-{name}"), &[&role]);
        let (tag, digest) = (format!("{GUN}:by-trustdeck-{name}"), format!("sha256:{}", digest(name)));
        home.publish(&["sign", &tag, "--digest", &digest, "--size", "9", "--role", &role]).ok();
    }
    let theirs =
        ["sign", &format!("{GUN}:by-docker-key"), "--digest", &format!("sha256:{}", digest("x")), "--size", "9"];
    home.publish(&theirs).ok();
    let text = home.notary(&["list", GUN]).ok().stdout;
    let tags =
        ["ecdsa", "rsa", "dek", "sha256", "plain"].map(|n| [format!("by-notary-{n}"), format!("by-trustdeck-{n}")]);
    for tag in tags.as_flattened().iter().map(String::as_str).chain(["by-docker-key"]) {
        assert!(text.contains(tag), "{tag}: {text}");
    }
}
