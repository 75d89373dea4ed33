//! Making, listing, importing and removing keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::NamedTempFile;

use super::fixture::{GUN, Token};
use super::support::{Home, run};

/// A home that talks to no server.
pub fn home() -> Home {
    Home::at("https://localhost:1", NamedTempFile::new().unwrap().path())
}

#[test]
fn a_key_is_made_on_a_token_and_listed_beside_those_in_files() {
    let Some(token) = Token::new() else { return };
    let home = home();
    let id = token.generate(&home, "root");
    let row = token.listed(&home, &id).unwrap();
    assert_eq!((&row["place"], &row["state"], &row["role"]), (&"token".into(), &"locked".into(), &"root".into()));
    assert_eq!((&row["token"]["label"], &row["token"]["slot"]), (&"board".into(), &"02".into()));
    assert_eq!(row["file"], serde_json::Value::Null);
    let public = fs::read_to_string(home.path().join("root.pub")).unwrap();
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\nrole: root\n"), "{public}");
    let arguments = ["key", "generate", "targets", "--repository", GUN, "--token=board", "--json"];
    let targets = token.trustdeck(&home, &arguments).ok().json()["id"].as_str().unwrap().to_owned();
    assert_eq!(token.listed(&home, &targets).unwrap()["gun"], GUN);
    let tokens = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
    let slots: Vec<&str> =
        tokens[0]["keys"].as_array().unwrap().iter().map(|key| key["slot"].as_str().unwrap()).collect();
    assert_eq!((&tokens[0]["pin"], slots), (&"ready".into(), vec!["01", "02"]));
    let text = token.without_pin(&home, &["key", "list"]).ok().stdout;
    assert!(text.contains("on token board, slot 02"), "{text}");
    assert!(!home.trust_dir().join("private").join(format!("{id}.key")).exists());
}

#[test]
fn only_p256_goes_on_a_token_and_a_public_half_is_never_overwritten() {
    let Some(token) = Token::new() else { return };
    let home = home();
    let rsa = ["key", "generate", "root", "--token", "--algorithm", "rsa2048", "--json"];
    assert_eq!(token.trustdeck(&home, &rsa).ended(2).kinds(), ["input"]);
    fs::write(home.path().join("root.pub"), b"mine").unwrap();
    let again = ["key", "generate", "root", "--token", "--json"];
    assert_eq!(token.trustdeck(&home, &again).ended(2).kinds(), ["input"]);
    let tokens = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
    assert_eq!(tokens[0]["keys"], serde_json::json!([]));
}

#[test]
fn what_is_on_a_token_is_never_exported_and_removed_only_by_force() {
    let Some(token) = Token::new() else { return };
    let home = home();
    let id = token.generate(&home, "root");
    for command in [&["export", &id][..], &["passwd", &id], &["backup", "--plain", "--out", "x", &id]] {
        let said = token.trustdeck(&home, &[&["key"], command, &["--json"]].concat()).ended(2);
        assert!(said.stderr.contains("never leaves"), "{}", said.stderr);
    }
    assert_eq!(token.trustdeck(&home, &["key", "remove", &id, "--json"]).ended(7).kinds(), ["policy"]);
    assert!(token.listed(&home, &id).is_some());
    token.trustdeck(&home, &["key", "remove", &id, "--force"]).ok();
    assert_eq!(token.listed(&home, &id), None);
    let tokens = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
    assert_eq!(tokens[0]["keys"], serde_json::json!([]));
    token.trustdeck(&home, &["key", "remove", &id, "--force", "--json"]).ended(1);
}

#[test]
fn a_key_is_imported_only_with_a_tested_backup_and_its_file_goes_when_asked() {
    let Some(token) = Token::new() else { return };
    let home = home();
    let made = home.trustdeck(&["key", "generate", "root", "--json"]).ok().json();
    let id = made["id"].as_str().unwrap();
    let import = ["key", "token", "import", id, "--json"];
    let refused = token.trustdeck(&home, &import).ended(7);
    assert_eq!(refused.kinds(), ["policy"]);
    assert!(refused.stderr.contains("key backup"), "{}", refused.stderr);
    home.trustdeck(&["key", "backup", "--plain", "--out", "backup.pem"]).ok();
    assert_eq!(token.trustdeck(&home, &import).ok().json()["slot"], "02");
    assert_eq!(token.trustdeck(&home, &import).ended(1).kinds(), ["keystore"], "it is there already");
    let row = token.listed(&home, id).unwrap();
    assert_eq!(row["place"], "token");
    assert!(row["warning"].as_str().unwrap().contains("a copy is still in the key store"), "{row}");
    // With a file too, the file is what goes.
    token.trustdeck(&home, &["key", "remove", id, "--force"]).ok();
    let row = token.listed(&home, id).unwrap();
    assert_eq!((&row["place"], &row["warning"]), (&"token".into(), &serde_json::Value::Null));
    token.trustdeck(&home, &["key", "remove", id, "--force"]).ok();
    assert_eq!(token.listed(&home, id), None);
    // The backup is a way back.
    home.trustdeck(&["key", "restore", "backup.pem"]).ok();
    token.trustdeck(&home, &["key", "token", "import", id, "--force"]).ok();
}

#[test]
fn of_several_tokens_one_must_be_named() {
    let Some(token) = Token::new() else { return };
    token.add("spare");
    let home = home();
    let several = token.trustdeck(&home, &["key", "generate", "root", "--token", "--json"]).ended(2);
    assert_eq!(several.kinds(), ["input"]);
    assert!(several.stderr.contains("board") && several.stderr.contains("spare"), "{}", several.stderr);
    let made = token.trustdeck(&home, &["key", "generate", "root", "--token=spare", "--json"]).ok().json();
    assert_eq!(made["token"], "spare");
    let absent = token.trustdeck(&home, &["key", "generate", "alice", "--token=lost", "--json"]).ended(1);
    assert!(absent.stderr.contains("token lost is not plugged in"), "{}", absent.stderr);
}

#[test]
fn a_key_on_two_tokens_is_removed_from_the_one_that_was_named() {
    let Some(token) = Token::new() else { return };
    token.add("spare");
    let home = home();
    let made = home.trustdeck(&["key", "generate", "root", "--json"]).ok().json();
    let id = made["id"].as_str().unwrap();
    for name in ["board", "spare"] {
        token.trustdeck(&home, &["key", "token", "import", id, "--token", name, "--force"]).ok();
    }
    token.trustdeck(&home, &["key", "remove", id, "--force"]).ok();
    let on = || {
        let tokens = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
        let holds = |token: &&serde_json::Value| !token["keys"].as_array().unwrap().is_empty();
        let tokens = tokens.as_array().unwrap().iter().filter(holds);
        let mut names: Vec<String> = tokens.map(|token| token["label"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let refused = token.trustdeck(&home, &["key", "remove", id, "--force", "--json"]).ended(2);
    assert!(refused.stderr.contains("board") && refused.stderr.contains("--token=TOKEN"), "{}", refused.stderr);
    assert_eq!(on(), ["board", "spare"]);
    let removed = token.trustdeck(&home, &["key", "remove", id, "--force", "--token=spare"]).ok();
    assert!(removed.stderr.contains("also on token"), "{}", removed.stderr);
    assert_eq!(on(), ["board"]);
    token.trustdeck(&home, &["key", "remove", id, "--force", "--token=spare", "--json"]).ended(1);
    assert_eq!(on(), ["board"]);
    token.trustdeck(&home, &["key", "remove", id, "--force"]).ok();
    assert_eq!(on(), [""; 0]);
}

#[test]
fn no_key_is_made_on_a_token_whose_public_half_cannot_be_written() {
    let Some(token) = Token::new() else { return };
    let home = home();
    let nowhere = ["key", "generate", "root", "--token", "--dir", "nowhere", "--json"];
    assert_eq!(token.trustdeck(&home, &nowhere).ended(1).kinds(), ["disk"]);
    assert_eq!(token.count(&home), 0);
    // And none is left where the token refuses.
    let mut command = home.trustdeck_command(&["key", "generate", "root", "--token", "--json"]);
    run(token.at(&mut command).env("TRUSTDECK_TOKEN_PIN", "735919")).ended(4);
    assert!(!home.path().join("root.pub").exists());
    token.generate(&home, "root");
}

#[test]
fn a_module_that_anybody_may_write_is_not_loaded() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = home();
    fs::set_permissions(token.module(), fs::Permissions::from_mode(0o757)).unwrap();
    let refused = token.trustdeck(&home, &["key", "token", "list", "--json"]).ended(1);
    assert!(refused.stderr.contains("anybody may write"), "{}", refused.stderr);
    assert_eq!(token.wrote("logins"), [""; 0]);
    fs::set_permissions(token.module(), fs::Permissions::from_mode(0o755)).unwrap();
    token.trustdeck(&home, &["key", "token", "list"]).ok();
}

/// Unloaded by a thread while the process ends, its code is taken away under what runs at exit: a crash after the work.
#[test]
fn a_module_stays_loaded_until_the_process_ends() {
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = home();
    for _ in 0..3 {
        token.trustdeck(&home, &["key", "token", "list"]).ok();
    }
    assert_eq!(token.wrote("unloaded"), ["at the end"; 3]);
}

#[test]
fn the_module_is_named_by_flag_variable_or_configuration() {
    let Some(token) = Token::new() else { return };
    let home = home();
    let none = home.trustdeck(&["key", "token", "list", "--json"]);
    assert_eq!(none.kinds(), ["keystore"], "this machine has a YubiKey's module?");
    let module = token.module().to_str().unwrap();
    let list = |home: &Home, more: &[&str]| {
        let mut command = home.trustdeck_command(&[&["key", "token", "list"], more].concat());
        run(token.at(&mut command).env_remove("TRUSTDECK_PKCS11_MODULE"))
    };
    assert!(list(&home, &["--pkcs11-module", module]).ok().stdout.contains("board"));
    let config = home.path().join(".config/trustdeck");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), format!("pkcs11_module = {module:?}\n")).unwrap();
    assert!(list(&home, &[]).ok().stdout.contains("board"));
    let wrong = list(&home, &["--pkcs11-module", "/dev/null", "--json"]).ended(1);
    assert!(wrong.stderr.contains("/dev/null: expected a file"), "{}", wrong.stderr);
    let broken = list(&home, &["--pkcs11-module", "/etc/passwd", "--json"]).ended(1);
    assert!(broken.stderr.contains("cannot be loaded"), "{}", broken.stderr);
}
