//! Commands that meet what this machine must not trust, or cannot read: told alike, with nothing that looks trusted, and
//! before anything is made.

use jiff::Timestamp as Time;
use serde_json::{Value, json};
use trustdeck::keys::KeyStore;
use trustdeck::tuf::Role;

use crate::refresh::commands::{ran, signed_by_jeff, words};
use crate::refresh::origin::Origin;
use crate::refresh::{GUN, publish};
use crate::support::forge::{Key, Repository};
use crate::support::home::{Home, REPOSITORY_PASSPHRASE};
use crate::support::{Ran, new_passphrase};

/// The same repository, set up by somebody with another root key.
fn strangers() -> Repository {
    let mut other = signed_by_jeff();
    other.set_keys(Role::Root, &[Key::named("stranger").certified(GUN, |_| {})], 1);
    other
}

fn home(origin: &Origin) -> Home {
    Home::at(&origin.url, std::path::Path::new("tests/fixtures/input/erin.crt"))
}

async fn serving(repository: &Repository) -> Origin {
    let origin = Origin::start().await;
    origin.set_date(Time::now());
    origin.serve(repository);
    origin
}

/// A pin was refused, and nothing is shown that a script or a person could take for trusted.
fn assert_refused(all: &[Ran]) {
    for ran in all {
        assert!(ran.code == 6 && ["", "[]"].contains(&ran.stdout.trim()), "{ran:?}");
        if ran.command.contains("--json") {
            let errors = ran.errors();
            let told: Vec<(&Value, &Value)> = errors.iter().map(|e| (&e["kind"], &e["repository"])).collect();
            assert_eq!(told, [(&json!("pin"), &json!(GUN))], "{ran:?}");
        }
    }
}

fn about_tags() -> Vec<Vec<String>> {
    let commands = ["tags REPO", "drift REPO", "verify REPO:1.0", "verify REPO", "resolve REPO:1.0", "pull REPO:1.0"];
    commands.iter().flat_map(|command| [words(command), words(&format!("{command} --json"))]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_about_tags_show_nothing_of_a_root_that_this_machine_does_not_trust() {
    let origin = serving(&signed_by_jeff()).await;
    let (seen, home) = ran(&origin, vec![words("resolve REPO:1.0")], None).await;
    assert_eq!(seen[0].code, 0, "{seen:?}");
    origin.clear();
    origin.serve(&strangers());
    assert_refused(&ran(&origin, about_tags(), Some(home)).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_about_tags_show_nothing_of_a_root_that_contradicts_a_pin() {
    let origin = serving(&signed_by_jeff()).await;
    let home = home(&origin);
    let file = home.path().join(".notary/config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    config["trust_pinning"] = json!({"certs": {GUN: ["00".repeat(32)]}});
    std::fs::write(&file, config.to_string()).unwrap();
    assert_refused(&ran(&origin, about_tags(), Some(home)).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_by_commands_that_write_as_by_inspect_and_before_a_key_is_made() {
    let key = std::fs::canonicalize("tests/fixtures/input/erin.crt").unwrap();
    let writing = [
        "rotate targets REPO",
        "rotate root REPO",
        "rotate signer jeff REPO",
        "renew targets REPO",
        "renew root REPO",
        &format!("signer add --key {} bob REPO", key.display()),
        "setup REPO --signer bob",
    ];
    let writing = writing.map(|command| words(&format!("{command} --publish --yes --json")));
    let commands: Vec<Vec<String>> = std::iter::once(words("inspect REPO --json")).chain(writing).collect();
    let honest = signed_by_jeff();
    let mut damaged = honest.clone();
    damaged.signers.insert(Role::Targets, Vec::new());
    publish(&mut damaged, &Role::Targets);
    for (served, code) in [(Some(strangers()), 6), (Some(damaged), 6), (None, 5)] {
        let origin = serving(&honest).await;
        let home = home(&origin);
        for role in [Role::Root, Role::Targets] {
            let (key, passphrase) = (honest.signers[&role][0].private(), new_passphrase(REPOSITORY_PASSPHRASE));
            KeyStore::new(&home.trust_dir()).save(&key, role.as_str(), None, &passphrase).unwrap();
        }
        let keys = |home: &Home| std::fs::read_dir(home.trust_dir().join("private")).unwrap().count();
        let before = keys(&home);
        let (seen, home) = ran(&origin, vec![words("inspect REPO")], Some(home)).await;
        assert_eq!(seen[0].code, 0, "{seen:?}");
        match &served {
            Some(repository) => {
                origin.clear();
                origin.serve(repository);
            }
            None => origin.stop(),
        }
        let (all, home) = ran(&origin, commands.clone(), Some(home)).await;
        let told: Vec<String> = all[0].kinds();
        for ran in &all {
            assert_eq!((ran.code, ran.kinds().len()), (code, 1), "{ran:?}");
            // What is only shown may be old, what is sent may not.
            assert!(ran.kinds() == told || told == ["stale"] && ran.kinds() == ["network"], "{ran:?}");
        }
        assert_eq!(keys(&home), before, "a key was made");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_revoke_a_tag_takes_back_what_was_staged_of_it_and_is_staged_where_it_is_published() {
    let origin = serving(&signed_by_jeff()).await;
    let home = home(&origin);
    let passphrase = new_passphrase(REPOSITORY_PASSPHRASE);
    KeyStore::new(&home.trust_dir()).save(&Key::named("jeff").private(), "jeff", None, &passphrase).unwrap();
    let sign = |tag: &str| format!("sign REPO:{tag} --digest sha256:{} --size 4", "0a".repeat(32));
    let commands = [
        &sign("2.0"),
        "revoke REPO:2.0",
        "status --json",
        &sign("1.0"),
        "revoke REPO:1.0 --json",
        &sign("2.0"),
        "revoke REPO:2.0 --role releases --json",
        "status --json",
        "revoke REPO:3.0",
    ];
    let (all, home) = ran(&origin, commands.map(words).to_vec(), Some(home)).await;
    let staged = |ran: &Ran| -> Vec<String> {
        let rows = ran.json()["staged"].as_array().unwrap().clone();
        rows.iter().map(|row| row["change"].to_string()).collect()
    };
    for ran in &all[..6] {
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    assert!(
        all[1].stdout.is_empty() && all[1].stderr.contains("not published; what was staged is taken back"),
        "{all:?}"
    );
    assert!(!all[1].stderr.contains("staged already"), "{all:?}");
    assert_eq!(staged(&all[2]), [""; 0]);
    assert!(all[4].stderr.contains("takes the place of what was staged"), "{all:?}");
    assert_eq!(all[4].json().as_array().unwrap().len(), 1, "{all:?}");
    // A role of several that were staged without a name is another matter.
    assert_eq!((all[6].code, all[6].kinds()), (2, vec!["input".to_owned()]), "{all:?}");
    assert_eq!(staged(&all[7]).len(), 2, "{all:?}");
    assert!(all[8].code != 0 && all[8].stderr.contains("not signed"), "{all:?}");
    let sent = ran(&origin, vec![words("revoke REPO:2.0 --dry-run")], Some(home)).await.0;
    assert!(sent[0].code == 0 && !sent[0].stdout.contains("tag 2.0"), "{sent:?}");
}
