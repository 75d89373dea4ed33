//! Staging, planning and publishing without a terminal.

use serde_json::json;

use crate::interop::{GUN, docker_repository, sign_arguments};
use crate::support::{Home, NotaryServer, home::digest, run, run_with_input};

fn stage_tag(home: &Home, tag: &str) -> crate::support::Ran {
    let arguments = sign_arguments(GUN, tag);
    home.trustdeck(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn nothing_staged_is_a_sentence_and_success() {
    let Some(server) = NotaryServer::start() else { return };
    let home = Home::new(&server);
    assert_eq!(home.trustdeck(&["publish"]).ok().stdout, "nothing is staged\n");
    assert_eq!(home.trustdeck(&["publish", "--json"]).ok().json(), json!([]));
    let named = home.trustdeck(&["publish", GUN, "--json"]).ok().json();
    assert_eq!((&named[0]["repository"], &named[0]["outcome"]), (&json!(GUN), &json!("unchanged")));
    assert_eq!(home.trustdeck(&["reset"]).ok().stdout, "nothing is staged\n");
}

#[test]
fn staging_sends_nothing_and_a_dry_run_changes_nothing() {
    let Some((server, home)) = docker_repository() else { return };
    stage_tag(&home, "1.0").ok();
    let text = home.trustdeck(&["publish", "--dry-run"]).ok();
    assert!(text.stdout.contains("Plan ") && text.stdout.contains("1.0"), "{}", text.stdout);
    assert!(!text.stdout.contains('\u{1b}'), "no colour without a terminal");
    assert!(text.stdout.lines().all(|l| l.chars().count() <= 80 || !l.contains("    ")), "{}", text.stdout);
    let plan = home.trustdeck(&["publish", "--dry-run", "--json"]).ok().json();
    assert_eq!(plan[0]["tags"]["signed"], json!(["1.0"]));
    let again = home.trustdeck(&["publish", "--dry-run", "--json"]).ok().json();
    assert_eq!(again[0]["plan"], plan[0]["plan"], "the same plan has the same ID");
    assert_eq!(server.requests().iter().filter(|r| r.method == "POST" && r.path.ends_with("/tuf/")).count(), 1);
    assert_eq!(home.trustdeck(&["status", "--json"]).ok().json()["staged"].as_array().unwrap().len(), 1);
}

#[test]
fn publishing_without_a_terminal_needs_yes() {
    let Some((_server, home)) = docker_repository() else { return };
    stage_tag(&home, "1.0").ok();
    let refused = home.trustdeck(&["publish", "--json"]).ended(2);
    assert_eq!(refused.kinds(), ["input"]);
    let done = home.trustdeck(&["publish", "--yes"]).ok();
    assert!(done.stdout.contains(GUN), "the result is on standard output: {}", done.stdout);
    assert!(done.stderr.contains("Plan ") && done.stderr.contains("upload"), "plan and progress: {}", done.stderr);
    assert_eq!(home.trustdeck(&["publish"]).ok().stdout, "nothing is staged\n");
}

#[test]
fn reset_drops_what_is_staged() {
    let Some((_server, home)) = docker_repository() else { return };
    stage_tag(&home, "1.0").ok();
    stage_tag(&home, "2.0").ok();
    assert!(home.trustdeck(&["reset", GUN]).ok().stdout.contains("1.0"));
    assert_eq!(home.trustdeck(&["publish", "--yes", "--json"]).ok().json(), json!([]));
}

#[test]
fn wrong_lines_of_a_list_are_named_by_number_and_nothing_is_staged() {
    let Some((_server, home)) = docker_repository() else { return };
    let lines = format!("# a comment\n{GUN}:1.0 sha256:{} 99\n\nnonsense\n{GUN}:2.0 sha256:12 9\n", digest("1.0"));
    let mut sign = home.trustdeck_command(&["sign", "--from", "-", "--json"]);
    let ran = run_with_input(&mut sign, lines.as_bytes()).ended(2);
    let messages: Vec<String> = ran.errors().iter().map(|e| e["message"].as_str().unwrap().to_owned()).collect();
    assert!(messages.len() == 2 && messages[0].contains("line 4") && messages[1].contains("line 5"), "{messages:?}");
    assert_eq!(home.trustdeck(&["publish", "--json"]).ok().json(), json!([]));
}

#[test]
fn a_server_that_is_down_leaves_everything_staged() {
    let Some((mut server, home)) = docker_repository() else { return };
    stage_tag(&home, "1.0").ok();
    server.stop();
    let failed = home.trustdeck(&["publish", "--yes", "--json"]).ended(5);
    assert_eq!(failed.json()[0]["outcome"], "failed");
    assert_eq!(failed.kinds(), ["network"]);
    assert_eq!(home.trustdeck(&["status", "--json"]).ok().json()["staged"].as_array().unwrap().len(), 1);
}

#[test]
fn lost_output_is_an_error() {
    let Some((_server, home)) = docker_repository() else { return };
    for command in ["\"$0\" inspect \"$1\" > /dev/full", "\"$0\" status > /dev/full", "\"$0\" key list > /dev/full"] {
        let mut shell = home.command("sh");
        shell.args(["-c", command, env!("CARGO_BIN_EXE_trustdeck"), GUN]);
        let ran = run(&mut shell).ended(1);
        assert!(ran.stderr.contains("standard output"), "{}", ran.stderr);
    }
    let mut shell = home.command("bash");
    let script = "set -o pipefail; \"$0\" inspect \"$1\" | exec 0<&-";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_trustdeck"), GUN]);
    assert_ne!(run(&mut shell).code, 0, "a reader that went away is not success");
}
