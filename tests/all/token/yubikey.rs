//! A YubiKey's layout: the real `notary` finds keys of trustdeck on it, and trustdeck those of `notary`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::fixture::{GUN, PIN, Token};
use super::keys::home;
use super::support::{Home, NotaryServer, Ran, Terminal, peers, run};

/// Runs `notary` where it finds the wrapper as a YubiKey's module. `None` if this machine does not let it.
fn notary(token: &Token, home: &Home, arguments: &[&str]) -> Option<Ran> {
    peers(&["notary", "unshare"])?;
    let dir = home.path().join("lib");
    fs::create_dir_all(&dir).unwrap();
    fs::copy(token.module(), dir.join("libykcs11.so")).unwrap();
    let flags = if rustix::process::geteuid().is_root() { &["-m"][..] } else { &["-r", "-m"] };
    let may = Command::new("unshare").args(flags).args(["sh", "-c", "mount --bind /tmp /usr/local/lib"]).output();
    if !may.is_ok_and(|output| output.status.success()) || !Path::new("/usr/local/lib").is_dir() {
        eprintln!("skipped: this machine allows no mount of our own");
        return None;
    }
    let mut command = home.notary_command(arguments);
    let words: Vec<_> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(ToOwned::to_owned).collect();
    let script = "mount --bind \"$0\" /usr/local/lib && exec \"$@\"";
    let mut wrapped = home.command("unshare");
    wrapped.args(flags).args(["sh", "-c", script]).arg(&dir).args(words);
    wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    token.at(&mut command);
    Some(run(token.at(&mut wrapped)))
}

#[test]
fn each_program_finds_the_others_keys_and_writes_the_same_attributes() {
    let Some(token) = Token::wrapped(&["yubikey"]) else { return };
    let home = home();
    let made = token.generate(&home, "root");
    let second = home.path().join("second");
    fs::create_dir(&second).unwrap();
    let stored = ["key", "generate", "root", "--dir", "second", "--json"];
    let stored = home.trustdeck(&stored).ok().json()["id"].as_str().unwrap().to_owned();
    let before = token.wrote("created").len();
    let imported = token.trustdeck(&home, &["key", "token", "import", &stored, "--force", "--json"]).ok().json();
    assert_eq!(imported["slot"], "9e");
    let ours = token.wrote("created").split_off(before);

    let pem = home.path().join("plain.pem");
    let openssl = "openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out plain.pem";
    run(home.command("sh").args(["-c", openssl])).ok();
    let before = token.wrote("created").len();
    let Some(ran) = notary(&token, &home, &["key", "import", pem.to_str().unwrap(), "--role", "root"]) else { return };
    ran.ok();
    let theirs = token.wrote("created").split_off(before);
    // The certificate's length differs with its signature; the attributes and their order do not.
    let kinds = |lines: &[String]| -> Vec<Vec<String>> {
        let kind = |word: &str| word.split(':').next().unwrap().to_owned();
        lines.iter().map(|line| line.split(' ').map(kind).collect()).collect()
    };
    let sorted = |mut lines: Vec<Vec<String>>| {
        lines.iter_mut().for_each(|line| line.sort());
        lines
    };
    assert_eq!(sorted(kinds(&ours)), sorted(kinds(&theirs)));

    let tokens = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
    let keys = tokens[0]["keys"].as_array().unwrap();
    let mut slots: Vec<&str> = keys.iter().map(|key| key["slot"].as_str().unwrap()).collect();
    slots.sort_unstable();
    assert_eq!(slots, ["9c", "9d", "9e"], "{tokens}");
    assert!(keys.iter().all(|key| key["role"] == "root"), "{tokens}");
    let listed = notary(&token, &home, &["key", "list"]).unwrap().ok().stdout;
    let on_yubikey = |id: &str| listed.lines().any(|line| line.contains(id) && line.trim_end().ends_with("yubikey"));
    assert!(keys.iter().all(|key| on_yubikey(key["id"].as_str().unwrap())), "{listed}");
    assert!(on_yubikey(&made) && on_yubikey(&stored), "{listed}");
}

#[test]
fn a_root_of_trustdeck_on_a_yubikey_is_signed_again_by_notary() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::wrapped(&["yubikey"]) else { return };
    let home = Home::new(&server);
    let id = token.generate(&home, "root");
    let alice = home.generate_key("alice");
    let add = ["signer", "add", "--key", &alice, "alice", GUN, "--root-key", &id, "--publish", "--yes"];
    token.trustdeck(&home, &add).ok();
    // Notary makes a new targets key and signs root with the key on the token.
    let Some(ran) = notary(&token, &home, &["key", "rotate", GUN, "targets"]) else { return };
    ran.ok();
    Home::new(&server).docker(&["inspect", GUN]).ok();
    let renewed = token.trustdeck(&home, &["renew", "root", GUN, "--publish", "--yes", "--json"]).ok().json();
    assert_eq!(renewed[0]["outcome"], "done");
    Home::new(&server).notary(&["list", GUN]).ok();
}

#[test]
fn a_terminal_is_asked_for_a_management_key_that_is_not_the_factorys() {
    let Some(token) = Token::wrapped(&["yubikey", "owners-key"]) else { return };
    let home = home();
    let mut command = home.trustdeck_command(&["key", "generate", "root", "--token"]);
    let mut terminal = Terminal::start(token.at(&mut command), 100, 30);
    let owners = "a0a1a2a3a4a5a6a7".repeat(3);
    for (question, answer) in [("PIN of token board", PIN), ("management key of token board", &owners)] {
        terminal.wait_for(question);
        terminal.wait("echo to be off", |_| !terminal.echoes());
        terminal.keys(&format!("{answer}\n"));
    }
    assert_eq!(terminal.wait_end(), 0, "{}", terminal.text());
    assert!(!terminal.raw().contains(&owners));
    assert!(terminal.text().contains("slot 9c"), "{}", terminal.text());
}

#[test]
fn a_wrong_management_key_is_said_and_writes_nothing() {
    let Some(token) = Token::wrapped(&["yubikey"]) else { return };
    let home = home();
    let generate = ["key", "generate", "root", "--token", "--json"];
    let mut command = home.trustdeck_command(&generate);
    token.at(&mut command).env("TRUSTDECK_TOKEN_PIN", PIN).env("TRUSTDECK_TOKEN_MANAGEMENT_KEY", "00".repeat(24));
    let wrong = run(&mut command).ended(4);
    assert!(wrong.stderr.contains("wrong management key for token board"), "{}", wrong.stderr);
    let tokens = token.without_pin(&home, &["key", "token", "list", "--json"]).ok().json();
    assert_eq!(tokens[0]["keys"], serde_json::json!([]));
    for slot in ["9c", "9e", "9d", "9a"] {
        let name = format!("key{slot}");
        assert_eq!(token.trustdeck(&home, &["key", "generate", &name, "--token", "--json"]).ok().json()["slot"], slot);
    }
    let full = token.trustdeck(&home, &["key", "generate", "more", "--token", "--json"]).ended(1);
    assert!(full.stderr.contains("no free slot"), "{}", full.stderr);
}
