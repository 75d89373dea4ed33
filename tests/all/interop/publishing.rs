//! What trustdeck publishes reads the same in `docker trust` and `notary`.

use serde_json::json;

use crate::interop::{GUN, docker_repository, input_file, tables};
use crate::support::home::{ROOT_PASSPHRASE, digest};
use crate::support::{Home, NotaryServer};

/// Requires that both programs and trustdeck, each from an empty cache, show the same repository.
#[track_caller]
pub(super) fn all_agree(server: &NotaryServer, gun: &str) -> serde_json::Value {
    let (docker, notary, ours) = (Home::new(server), Home::new(server), Home::new(server));
    let shown = docker.docker(&["inspect", gun]).ok();
    assert_eq!(ours.trustdeck(&["inspect", gun]).ok().stdout, shown.stdout);
    let pretty = ["inspect", gun, "--pretty"];
    assert_eq!(ours.trustdeck(&pretty).ok().stdout, docker.docker(&pretty).ok().stdout);
    let listed = notary.notary(&["delegation", "list", gun]).ok().stdout;
    let rows = if listed.contains("No delegations") { Vec::new() } else { tables::delegations(&listed) };
    assert_eq!(tables::delegations_of_json(&ours.trustdeck(&["delegation", "list", gun, "--json"]).ok().json()), rows);
    shown.json()
}

#[test]
fn adding_the_first_signer_creates_the_repository() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    let result = home.publish(&["signer", "add", "--key", &key, "alice", GUN, "--json"]).ok().json();
    assert_eq!((&result[0]["repository"], &result[0]["outcome"]), (&json!(GUN), &json!("done")));
    assert_eq!(result[0]["new_keys"].as_array().unwrap().len(), 2, "a root and a targets key: {result}");
    let shown = all_agree(&server, GUN);
    assert_eq!(shown[0]["Signers"][0]["Name"], "alice");
    home.sign(GUN, "1.0");
    let shown = all_agree(&server, GUN);
    let row = json!([{"SignedTag": "1.0", "Digest": digest("1.0"), "Signers": ["alice"]}]);
    assert_eq!(shown[0]["SignedTags"], row);
    let listed = tables::targets(&home.notary(&["list", GUN, "-r", "targets/releases"]).ok().stdout);
    assert!(listed.contains(&["1.0", &digest("1.0"), "1234", "targets/releases"].map(str::to_owned)), "{listed:?}");
}

#[test]
fn keys_that_trustdeck_makes_are_used_by_the_real_clients() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    home.publish(&["signer", "add", "--key", &key, "alice", GUN]).ok();
    let roles: Vec<String> =
        tables::keys(&home.notary(&["key", "list"]).ok().stdout).into_iter().map(|(role, _)| role).collect();
    assert_eq!(roles, ["alice", "root", "targets"]);
    // Each of these signs with a key that trustdeck made: targets, alice's, root.
    let bob = home.generate_key("bob");
    home.docker(&["signer", "add", "--key", &bob, "bob", GUN]).ok();
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/alice"]);
    home.notary(&["key", "rotate", GUN, "snapshot", "-r"]).ok();
    all_agree(&server, GUN);
}

#[test]
fn server_held_ecdsa_keys_of_a_signer_work() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    home.publish(&["signer", "add", "--key", &key, "alice", GUN]).ok();
    home.sign(GUN, "1.0");
    all_agree(&server, GUN);
}

#[test]
fn signers_of_every_kind_of_key_come_and_go() {
    let Some((server, home)) = docker_repository() else { return };
    home.publish(&["signer", "add", "--key", &input_file("erin.crt"), "erin", GUN]).ok();
    home.publish(&["signer", "add", "--key", &input_file("bob.pub"), "--key", &input_file("carol.pub"), "bob", GUN])
        .ok();
    home.sign(GUN, "1.0");
    let shown = all_agree(&server, GUN);
    let names: Vec<&str> =
        shown[0]["Signers"].as_array().unwrap().iter().map(|s| s["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["erin", "bob", "alice"]);
    home.publish(&["signer", "remove", "erin", GUN]).ok();
    let shown = all_agree(&server, GUN);
    assert_eq!(shown[0]["Signers"].as_array().unwrap().len(), 2);
    assert_eq!(shown[0]["SignedTags"][0]["SignedTag"], "1.0");
}

#[test]
fn delegations_with_paths_and_below_others_come_and_go() {
    let Some((server, home)) = docker_repository() else { return };
    let key = home.generate_key("bob");
    home.publish(&["delegation", "add", GUN, "targets/team", &key, "--paths", "team/,t"]).ok();
    home.publish(&["delegation", "add", GUN, "targets/team/bob", &key, "--paths", "team/bob/"]).ok();
    all_agree(&server, GUN);
    home.publish(&["delegation", "remove", GUN, "targets/team", "--paths", "t"]).ok();
    home.publish(&["delegation", "add", GUN, "targets/team", &input_file("erin.crt")]).ok();
    all_agree(&server, GUN);
    // The key that is removed next is the one that could still sign the role above.
    home.publish(&["delegation", "remove", GUN, "targets/team/bob"]).ok();
    let rows = home.trustdeck(&["delegation", "list", GUN, "--json"]).ok().json();
    let team = rows.as_array().unwrap().iter().find(|r| r["role"] == "targets/team").unwrap();
    // The ID that metadata and notary use, which for a certificate is not the one of its key.
    let certificate = team["keys"].as_array().unwrap().iter().find(|k| k["id"] != k["canonical_id"]).unwrap();
    let id = certificate["id"].as_str().unwrap().to_owned();
    home.publish(&["delegation", "remove", GUN, "targets/team", &id]).ok();
    all_agree(&server, GUN);
    home.publish(&["delegation", "remove", GUN, "targets/team"]).ok();
    let rows = home.trustdeck(&["delegation", "list", GUN, "--json"]).ok().json();
    assert!(!rows.to_string().contains("targets/team"), "{rows}");
    all_agree(&server, GUN);
}

#[test]
fn purged_keys_are_gone_from_every_delegation() {
    let Some((server, home)) = docker_repository() else { return };
    let bob = home.generate_key("bob");
    home.publish(&["signer", "add", "--key", &bob, "bob", GUN]).ok();
    let keys = tables::keys(&home.notary(&["key", "list"]).ok().stdout);
    let id = keys.iter().find(|(role, _)| role == "bob").map(|(_, id)| id.clone()).unwrap();
    home.publish(&["delegation", "purge", GUN, &id, "--accept"]).ok();
    let listed = home.notary(&["delegation", "list", GUN]).ok().stdout;
    assert!(!listed.contains(&id), "{listed}");
    all_agree(&server, GUN);
}

#[test]
fn tags_are_signed_into_named_roles_revoked_and_signed_again() {
    let Some((server, home)) = docker_repository() else { return };
    let sign = ["sign", &format!("{GUN}:2.0"), "--digest", &format!("sha256:{}", digest("2.0")), "--size", "7"];
    home.publish(&[&sign[..], &["--role", "targets"]].concat()).ok();
    let shown = all_agree(&server, GUN);
    assert_eq!(shown[0]["SignedTags"][0]["Signers"], json!(["Repo Admin"]));
    home.publish(&sign).ok();
    assert_eq!(all_agree(&server, GUN)[0]["SignedTags"][0]["Signers"], json!(["alice"]));
    home.publish(&["revoke", &format!("{GUN}:2.0"), "--role", "targets"]).ok();
    all_agree(&server, GUN);
    home.publish(&["revoke", &format!("{GUN}:2.0")]).ok();
    assert_eq!(all_agree(&server, GUN)[0]["SignedTags"], json!([]));
}

#[test]
fn a_list_of_tags_is_one_upload() {
    let Some((server, home)) = docker_repository() else { return };
    let lines: String = (0..200).map(|i| format!("{GUN}:1.{i} sha256:{} 99\n", digest(&i.to_string()))).collect();
    let uploads = |server: &NotaryServer| server.requests().iter().filter(|r| r.method == "POST").count();
    let before = uploads(&server);
    let mut sign = home.trustdeck_command(&["sign", "--from", "-", "--publish", "--yes"]);
    crate::support::run_with_input(&mut sign, lines.as_bytes()).ok();
    assert_eq!(uploads(&server) - before, 1);
    assert_eq!(all_agree(&server, GUN)[0]["SignedTags"].as_array().unwrap().len(), 200);
}

#[test]
fn removing_the_last_signer_of_releases_needs_acceptance_or_a_witness() {
    let Some((server, home)) = docker_repository() else { return };
    let bob = home.generate_key("bob");
    home.publish(&["signer", "add", "--key", &bob, "bob", GUN]).ok();
    home.notary_sign(GUN, "1.0", &["targets/alice"]);
    home.notary_sign(GUN, "1.0", &["targets/releases"]);
    let signed_by = home.trustdeck(&["delegation", "list", GUN, "--json"]).ok().json();
    let releases = signed_by.as_array().unwrap().iter().find(|r| r["role"] == "targets/releases").unwrap();
    // Notary signs with every key at hand; whoever it was, both are removed below or one is kept.
    assert!(!releases["last_signed_by"].as_array().unwrap().is_empty());
    home.trustdeck(&["signer", "remove", "alice", GUN]).ok();
    home.trustdeck(&["signer", "remove", "bob", GUN]).ok();
    let before = server.requests().iter().filter(|r| r.method == "POST").count();
    let refused = home.trustdeck(&["publish", "--yes", "--json"]).ended(7);
    assert_eq!(refused.kinds(), ["policy"]);
    let wrong = home.trustdeck(&["publish", "--yes", "--accept=0000-0000"]).ended(7);
    assert!(wrong.stderr.contains("0000-0000"), "{}", wrong.stderr);
    assert_eq!(server.requests().iter().filter(|r| r.method == "POST").count(), before, "nothing was sent");
    let plan = home.trustdeck(&["publish", "--dry-run", "--json"]).ok().json();
    assert_eq!(plan[0]["needs_accept"], true);
    assert_eq!(plan[0]["tags"]["orphaned"], json!(["1.0"]));
    let accept = format!("--accept={}", plan[0]["plan"].as_str().unwrap());
    home.trustdeck(&["publish", "--yes", &accept]).ok();
    assert_eq!(Home::new(&server).docker(&["inspect", GUN]).ok().json()[0]["SignedTags"], json!([]));
}

#[test]
fn deleting_trust_data_on_the_server_is_staged_and_needs_acceptance() {
    let Some((server, home)) = docker_repository() else { return };
    home.trustdeck(&["delete", GUN, "--remote"]).ok();
    home.trustdeck(&["publish", "--yes"]).ended(7);
    let done = home.trustdeck(&["publish", "--yes", "--accept"]).ok();
    assert!(done.stdout.contains("deleted on the server"), "{}", done.stdout);
    Home::new(&server).docker(&["inspect", GUN]).ended(1);
    Home::new(&server).trustdeck(&["inspect", GUN]).ended(1);
}

#[test]
fn several_repositories_are_published_at_once_and_a_failing_one_stops_no_other() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    let guns: Vec<String> = (0..4).map(|i| format!("registry.example.test/many/r{i}")).collect();
    let mut arguments = vec!["signer", "add", "--key", &key, "alice", "Bad/Name", "--json"];
    arguments.extend(guns.iter().map(String::as_str));
    let ran = home.publish(&arguments).ended(9);
    assert_eq!(ran.kinds(), ["input"]);
    assert_eq!(ran.json().as_array().unwrap().iter().filter(|r| r["outcome"] == "done").count(), 4);
    guns.iter().for_each(|gun| {
        all_agree(&server, gun);
    });
}

#[test]
fn witnessing_signs_unchanged_content_again() {
    let Some((server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    let version = |home: &Home| {
        let file = std::fs::read_to_string(home.metadata(GUN).join("targets/releases.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&file).unwrap()["signed"]["version"].as_u64().unwrap()
    };
    let before = version(&home);
    home.publish(&["witness", GUN, "targets/releases"]).ok();
    let reader = Home::new(&server);
    reader.docker(&["inspect", GUN]).ok();
    assert_eq!(version(&reader), before + 1);
    assert_eq!(all_agree(&server, GUN)[0]["SignedTags"][0]["SignedTag"], "1.0");
}

#[test]
fn passphrases_come_from_a_descriptor_before_the_variables() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    let key = home.generate_key("alice");
    let file = home.path().join("passphrases");
    std::fs::write(&file, format!("root={ROOT_PASSPHRASE}\nrepository=another passphrase\n")).unwrap();
    let mut shell = home.command("sh");
    let script = "exec \"$0\" signer add --key \"$1\" alice \"$2\" --publish --yes --passphrase-fd 3 3< \"$3\"";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_trustdeck"), &key, GUN]).arg(&file);
    crate::support::run(&mut shell).ok();
    // The targets key was made with the passphrase of the descriptor, so the variable does not open it.
    let bob = home.generate_key("bob");
    let wrong = home.publish(&["signer", "add", "--key", &bob, "bob", GUN, "--json"]).ended(4);
    assert!(wrong.stderr.contains("NOTARY_TARGETS_PASSPHRASE"), "the wrong variable is named: {}", wrong.stderr);
}
