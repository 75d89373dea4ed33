//! A root key on a token signs what the real server and the real clients accept.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::fixture::{GUN, PIN, Token};
use super::support::{Home, NotaryServer, run, wait_until};

/// Both real clients, each new, read the repository; gives the IDs of its root keys.
#[track_caller]
pub fn root_that_both_clients_accept(server: &NotaryServer, tags: usize) -> Vec<String> {
    let reader = Home::new(server);
    let shown = reader.docker(&["inspect", GUN]).ok().json();
    assert_eq!(shown[0]["SignedTags"].as_array().unwrap().len(), tags);
    let listed = Home::new(server).notary(&["list", GUN]).ok().stdout;
    assert_eq!(listed.lines().filter(|line| line.contains("1234")).count(), tags, "{listed}");
    let root: Value = serde_json::from_slice(&std::fs::read(reader.metadata(GUN).join("root.json")).unwrap()).unwrap();
    let ids = root["signed"]["roles"]["root"]["keyids"].as_array().unwrap();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// A repository whose root key is on the token, with the signer alice and a tag. Gives the key's ID.
fn created(server: &NotaryServer, token: &Token, home: &Home) -> String {
    let id = token.generate(home, "root");
    let alice = home.generate_key("alice");
    let add = ["signer", "add", "--key", &alice, "alice", GUN, "--root-key", &id, "--publish", "--yes"];
    token.trustdeck(home, &add).ok();
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/alice"]);
    let roots = std::fs::read_to_string(home.metadata(GUN).join("root.json")).unwrap();
    assert!(roots.contains("ecdsa-x509"), "{roots}");
    assert!(!home.trust_dir().join("private").join(format!("{id}.key")).exists());
    assert_eq!(server.requests().iter().filter(|r| r.method == "POST" && r.status >= 400).count(), 0);
    id
}

/// A repository whose keys are all files, and a token.
fn signed_from_files() -> Option<(NotaryServer, Token, Home)> {
    let (server, token) = (NotaryServer::start_with_signer()?, Token::new()?);
    let home = Home::new(&server);
    let alice = home.generate_key("alice");
    home.docker(&["signer", "add", "--key", &alice, "alice", GUN]).ok();
    home.notary_sign(GUN, "1.0", &["targets/releases", "targets/alice"]);
    Some((server, token, home))
}

#[test]
fn a_root_key_on_a_token_creates_a_repository_and_renews_its_root() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::new() else { return };
    let home = Home::new(&server);
    let id = created(&server, &token, &home);
    let before = root_that_both_clients_accept(&server, 1);
    let listed = token.listed(&home, &id).unwrap();
    let uses = listed["used_in"].to_string();
    assert!(uses.contains("root") && uses.contains(GUN), "{uses}");
    assert!(listed["certificate_ids"].as_array().is_some_and(|ids| ids.len() == 1), "{listed}");
    let renewed = token.trustdeck(&home, &["renew", "root", GUN, "--publish", "--yes", "--json"]).ok().json();
    assert_eq!((&renewed[0]["outcome"], &renewed[0]["versions"]["root"]), (&"done".into(), &2.into()));
    assert_eq!(root_that_both_clients_accept(&server, 1), before);
    // A client that knows the old root follows.
    home.docker(&["inspect", GUN]).ok();
    home.notary(&["list", GUN]).ok();
}

#[test]
fn root_moves_from_a_file_to_a_token() {
    let Some((server, token, home)) = signed_from_files() else { return };
    let before = root_that_both_clients_accept(&server, 1);
    let id = token.generate(&home, "root");
    let rotate = ["rotate", "root", GUN, "--key", &id[..12], "--publish", "--yes", "--json"];
    let rotated = token.trustdeck(&home, &rotate).ok().json();
    assert_eq!(rotated[0]["outcome"], "done", "{rotated}");
    let after = root_that_both_clients_accept(&server, 1);
    assert_ne!(after, before);
    home.docker(&["inspect", GUN]).ok();
    home.notary(&["list", GUN]).ok();
    let uses = token.listed(&home, &id).unwrap()["used_in"].to_string();
    assert!(uses.contains("root") && uses.contains(GUN), "{uses}");
    // Other keys sign from the token as well.
    let targets = ["key", "generate", "targets", "--repository", GUN, "--token", "--json"];
    let targets = token.trustdeck(&home, &targets).ok().json()["id"].as_str().unwrap().to_owned();
    let rotate = ["rotate", "targets", GUN, "--key", &targets, "--publish", "--yes"];
    token.trustdeck(&home, &rotate).ok();
    root_that_both_clients_accept(&server, 1);
}

#[test]
fn an_imported_root_key_signs_as_it_did_from_its_file() {
    let Some((server, token, home)) = signed_from_files() else { return };
    home.trustdeck(&["key", "backup", "--plain", "--out", "backup.pem"]).ok();
    token.trustdeck(&home, &["key", "token", "import", "root"]).ok();
    token.trustdeck(&home, &["key", "remove", "root", "--force"]).ok();
    let renewed = token.trustdeck(&home, &["renew", "root", GUN, "--publish", "--yes", "--json"]).ok().json();
    assert_eq!(renewed[0]["outcome"], "done");
    root_that_both_clients_accept(&server, 1);
}

/// What is staged, as `status` counts it.
#[track_caller]
fn staged(token: &Token, home: &Home) -> usize {
    let status = token.without_pin(home, &["publish", "--dry-run", "--json"]);
    let plans = status.json();
    plans.as_array().unwrap().iter().map(|plan| plan["changes"].as_array().map_or(0, Vec::len)).sum()
}

#[test]
fn a_token_that_is_pulled_out_keeps_the_stage() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = Home::new(&server);
    created(&server, &token, &home);
    token.trustdeck(&home, &["renew", "root", GUN]).ok();
    assert_eq!(staged(&token, &home), 1);

    // Before the publish.
    token.pull_out();
    let absent = token.trustdeck(&home, &["publish", "--yes", "--json"]);
    assert_ne!(absent.code, 0);
    assert!(absent.stderr.contains("on token board, which is not plugged in"), "{}", absent.stderr);
    assert_eq!(staged(&token, &home), 1);
    token.plug_in();

    // While it signs.
    token.be("removed");
    let gone = token.trustdeck(&home, &["publish", "--yes", "--json"]).ended(1);
    assert_eq!(gone.kinds(), ["keystore"]);
    assert!(gone.stderr.contains("token board was pulled out"), "{}", gone.stderr);
    assert_eq!(staged(&token, &home), 1);
    token.be_no_more("removed");

    // A wrong PIN, and none.
    let mut wrong = home.trustdeck_command(&["publish", "--yes", "--json"]);
    let wrong = run(token.at(&mut wrong).env("TRUSTDECK_TOKEN_PIN", "999999")).ended(4);
    assert!(wrong.stderr.contains("wrong PIN"), "{}", wrong.stderr);
    let unset = token.without_pin(&home, &["publish", "--yes", "--json"]).ended(4);
    assert!(unset.stderr.contains("TRUSTDECK_TOKEN_PIN"), "{}", unset.stderr);
    assert_eq!(staged(&token, &home), 1);

    token.trustdeck(&home, &["publish", "--yes"]).ok();
    assert_eq!(staged(&token, &home), 0);
    root_that_both_clients_accept(&server, 1);
}

#[test]
fn a_touch_is_asked_for_while_the_token_waits_and_an_interrupt_ends_that() {
    let Some(server) = NotaryServer::start_with_signer() else { return };
    let Some(token) = Token::wrapped(&[]) else { return };
    let home = Home::new(&server);
    created(&server, &token, &home);
    token.be("touch");
    for how in ["interrupted", "touched"] {
        let arguments = ["renew", "root", GUN, "--publish", "--yes"];
        let mut command = home.trustdeck_command(if how == "touched" { &["publish", "--yes"] } else { &arguments });
        token.at(&mut command).env("TRUSTDECK_TOKEN_PIN", PIN);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.ends_with("touch token board now")), "{how}");
        if how == "touched" {
            token.be("touched");
            assert!(child.wait().unwrap().success());
        } else {
            let process = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
            rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
            let rest: Vec<String> = lines.collect();
            assert!(!child.wait().unwrap().success());
            assert!(rest.join("\n").contains("stopped waiting for the token"), "{rest:?}");
            assert_eq!(staged(&token, &home), 1);
        }
    }
    wait_until("the published root", || staged(&token, &home) == 0);
    root_that_both_clients_accept(&server, 1);
}
