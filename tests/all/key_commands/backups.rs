//! `key backup` and `key restore`: proved when written, shown and never overwriting when read.

use std::fs;
use std::io::Read;

use serde_json::json;

use super::support::run;
use super::{SIGNERS, files, home, mode};

const BACKUP: &str = "orbit plaza tulip cedar";

#[test]
fn an_encrypted_backup_comes_back_on_another_machine() {
    let (home, other) = (home(), home());
    let ids = [home.made(&["alice"]), home.made(&["bob", "--algorithm", "rsa2048"]), home.made(&["root"])];
    home.key(&["label", &ids[0], "old laptop"]).ok();
    let out = home.path().join("keys.age");
    let backup = ["backup", "--out", "keys.age", "--backup-passphrase-fd", "4"];
    let made = home.key_with(BACKUP, &[&backup[..], &["--json"]].concat()).ok().json();
    assert_eq!((made["tested"].as_array().unwrap().len(), made["untested"].as_array().unwrap().len()), (3, 0));
    assert_eq!(mode(&out), 0o600);
    assert!(home.listed().iter().all(|row| row["backup"]["file"] == json!(out.canonicalize().unwrap())));

    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(home.path().join("keys.age.manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["keys"].as_array().unwrap().len(), 3);
    assert!(!manifest.to_string().contains("PRIVATE KEY"));

    let file = out.to_str().unwrap();
    let wrong = other.key_with("not this one", &["restore", file, "--backup-passphrase-fd", "4", "--json"]).ended(4);
    assert_eq!(wrong.kinds(), ["passphrase"]);
    assert_eq!(other.key(&["restore", file, "--json"]).ended(4).kinds(), ["passphrase"]);
    let restore = ["restore", file, "--backup-passphrase-fd", "4", "--json"];
    let shown = other.key_with(BACKUP, &[&restore[..], &["--dry-run"]].concat()).ok().json();
    assert!(shown.as_array().unwrap().iter().all(|row| row["standing"] == "new" && row["result"] == "shown"));
    assert!(files(&other).is_empty());
    let restored = other.key_with(BACKUP, &restore).ok().json();
    assert!(restored.as_array().unwrap().iter().all(|row| row["result"] == "restored"), "{restored}");
    assert_eq!(files(&other), files(&home), "byte for byte");
    assert!(ids.iter().all(|id| mode(&other.file_of(id)) == 0o600));
    assert!(other.listed().iter().any(|row| row["label"] == "old laptop"));
    let again = other.key_with(BACKUP, &restore).ok().json();
    assert!(again.as_array().unwrap().iter().all(|row| row["standing"] == "same" && row["result"] == "kept"));
}

#[test]
fn the_reports_of_a_backup_and_of_a_restore_name_each_key() {
    let (home, other) = (home(), home());
    let id = home.made(&["alice"]);
    home.key(&["label", &id, "old laptop"]).ok();
    let (short, words) = (&id[..8], home.listed()[0]["words"].as_str().unwrap().to_owned());
    let made = home.key(&["backup", "--plain", "--out", "keys.pem"]).ok().stdout;
    assert!(made.starts_with(&format!("old laptop ({short}): unlocked from the backup\n")), "{made}");
    let restored = other.key(&["restore", home.path().join("keys.pem").to_str().unwrap()]).ok();
    assert_eq!(restored.stdout, format!("{short}  alice  restored, and unlocked to test it  {words}\n"));
    assert!(restored.stderr.contains(&format!("{short} is labelled old laptop again")), "{}", restored.stderr);
}

/// What is in an encrypted backup needs no trustdeck to be of use.
#[test]
fn an_encrypted_backup_is_an_age_file_around_a_pem_set() {
    let home = home();
    let id = home.made(&["alice"]);
    home.key_with(BACKUP, &["backup", "--out", "keys.age", "--backup-passphrase-fd", "4"]).ok();
    let file = fs::read(home.path().join("keys.age")).unwrap();
    let identity = age::scrypt::Identity::new(BACKUP.to_owned().into());
    let mut set = String::new();
    let decryptor = age::Decryptor::new_buffered(file.as_slice()).unwrap();
    decryptor.decrypt(std::iter::once(&identity as _)).unwrap().read_to_string(&mut set).unwrap();
    let exported = home.key(&["export", &id]).ok().stdout;
    assert!(set.starts_with("trustdeck-backup: {") && set.ends_with(&exported), "{set}");
}

#[test]
fn a_backup_whose_manifest_cannot_be_written_leaves_nothing_in_the_way() {
    let home = home();
    home.made(&["alice"]);
    let before = fs::read_dir(home.path()).unwrap().count();
    // The longest name of a file has no room for the ending of the manifest's.
    let name = "b".repeat(250);
    home.key(&["backup", "--plain", "--out", &name]).ended(1);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), before);
    assert!(home.listed().iter().all(|row| row["backup"].is_null()), "{:?}", home.listed());
}

#[test]
fn a_conflicting_key_stays() {
    let home = home();
    let id = home.made(&["alice"]);
    home.key(&["backup", "--plain", "--out", "keys.pem"]).ok();
    home.key_with("another passphrase", &["passwd", &id, "--new-passphrase-fd", "4"]).ok();
    let before = files(&home);
    let restored = home.key(&["restore", "keys.pem", "--json"]).ok().json();
    assert_eq!((&restored[0]["standing"], &restored[0]["result"]), (&json!("conflicting"), &json!("kept")));
    assert_eq!(files(&home), before);
}

#[test]
fn by_default_keys_without_a_tested_backup_are_taken() {
    let home = home();
    home.made(&["alice"]);
    home.key(&["backup", "--plain", "--out", "one.pem"]).ok();
    let bob = home.made(&["bob"]);
    let second = home.key(&["backup", "--plain", "--out", "two.pem", "--json"]).ok().json();
    assert_eq!(second["tested"], json!([bob]));
    assert_eq!(home.key(&["backup", "--plain", "--out", "three.pem", "--json"]).ok().stdout, "null\n");
    assert!(!home.path().join("three.pem").exists());
}

#[test]
fn a_backup_that_cannot_be_proved_is_not_written() {
    let home = home();
    home.made(&["alice"]);
    let mut wrong = home.trustdeck_command(&["key", "backup", "--plain", "--out", "keys.pem", "--json"]);
    wrong.env("NOTARY_DELEGATION_PASSPHRASE", "wrong").env("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "too");
    assert_eq!(run(&mut wrong).ended(4).kinds(), ["passphrase"]);
    assert!(!home.path().join("keys.pem").exists());
    home.put("keys.pem", b"precious");
    home.key(&["backup", "--plain", "--out", "keys.pem"]).ended(2);
    assert_eq!(fs::read(home.path().join("keys.pem")).unwrap(), b"precious");
    assert!(home.listed()[0]["backup"].is_null());
}

#[test]
fn a_damaged_backup_is_refused_and_nothing_is_written() {
    let (home, other) = (home(), home());
    home.made(&["alice"]);
    home.key_with(BACKUP, &["backup", "--out", "keys.age", "--backup-passphrase-fd", "4"]).ok();
    let whole = fs::read(home.path().join("keys.age")).unwrap();
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (name, bytes) in [("cut.age", &whole[..whole.len() - 20]), ("changed.age", &changed[..])] {
        let file = other.put(name, bytes);
        let refused = other.key_with(BACKUP, &["restore", &file, "--backup-passphrase-fd", "4", "--json"]).ended(2);
        assert_eq!(refused.kinds(), ["input"], "{name}");
    }
    assert!(files(&other).is_empty());
}

#[test]
fn a_key_whose_passphrase_nobody_gives_is_restored_only_if_asked_for() {
    let (home, other) = (home(), home());
    home.made(&["alice"]);
    home.key(&["backup", "--plain", "--out", "keys.pem"]).ok();
    let file = home.path().join("keys.pem");
    let restore = |more: &[&str]| {
        let mut command =
            other.trustdeck_command(&[&["key", "restore", file.to_str().unwrap(), "--json"], more].concat());
        command.env_remove("NOTARY_DELEGATION_PASSPHRASE").env("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "wrong");
        run(&mut command)
    };
    assert_eq!(restore(&[]).ended(4).kinds(), ["passphrase"]);
    assert!(files(&other).is_empty());
    assert_eq!(restore(&["--untested"]).ok().json()[0]["result"], "untested");
    assert_eq!(files(&other), files(&home));
    assert_ne!(SIGNERS, "wrong");
}

/// Whoever makes a backup could call a root key of the user `old, remove`.
#[test]
fn a_backup_labels_only_the_keys_that_were_restored_from_it() {
    let (home, other) = (home(), home());
    let (here, new) = (other.made(&["alice"]), home.made(&["bob"]));
    other.key(&["label", &here, "the office key"]).ok();
    let other_here = other.made(&["carol"]);
    home.key(&["label", &new, "bob's laptop"]).ok();
    home.key(&["backup", "--plain", "--out", "keys.pem"]).ok();
    let honest = fs::read_to_string(home.path().join("keys.pem")).unwrap();
    let (first, rest) = honest.split_once('\n').unwrap();
    let mut manifest: serde_json::Value =
        serde_json::from_str(first.strip_prefix("trustdeck-backup: ").unwrap()).unwrap();
    let entries = manifest["keys"].as_array_mut().unwrap();
    for id in [&here, &other_here] {
        let mut entry = entries[0].clone();
        entry["id"] = json!(id);
        entry["label"] = json!("old, remove");
        entries.push(entry);
    }
    let restored = |label: &str| {
        let mut manifest = manifest.clone();
        manifest["keys"][0]["label"] = json!(label);
        let file =
            other.put(&format!("{}.pem", label.len()), format!("trustdeck-backup: {manifest}\n{rest}").as_bytes());
        other.key(&["restore", &file]).ok()
    };
    let label = |id: &str| other.listed().into_iter().find(|row| row["id"] == *id).map(|row| row["label"].clone());
    restored("the office key");
    assert_eq!(label(&new), Some(json!("bob")), "no key takes the label of another");
    fs::remove_file(other.file_of(&new)).unwrap();
    let told = restored("bob's laptop");
    assert!(told.stderr.contains("bob's laptop") && !told.stderr.contains("old, remove"), "{}", told.stderr);
    assert_eq!(label(&new), Some(json!("bob's laptop")));
    assert_eq!((label(&here), label(&other_here)), (Some(json!("the office key")), Some(json!("carol"))));
}
