//! Situations that people had: what they are told, and what is written meanwhile.

use serde_json::Value;

use crate::interop::{GUN, docker_repository, sign_arguments};
use crate::support::home::digest;
use crate::support::{Home, NotaryServer, Ran, run};

const MANAGED: &str = "rotate snapshot registry.example.test/team/app --server-managed";

#[test]
fn a_signer_without_the_snapshot_key_is_told_whom_to_ask() {
    let Some(server) = NotaryServer::start() else { return };
    let (owner, signer) = (Home::new(&server), Home::new(&server));
    owner.notary(&["init", GUN, "-p"]).ok();
    let key = signer.generate_key("dev");
    let added = owner.publish(&["signer", "add", "--key", &key, "dev", GUN]).ok();
    assert!(one_line(&added.stderr).contains(MANAGED), "{}", added.stderr);
    let arguments = sign_arguments(GUN, "1.0");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let refused = signer.publish(&arguments).ended(2);
    assert!(refused.stderr.contains(MANAGED), "{}", refused.stderr);
    let place = |home: &Home| {
        let keys = home.trustdeck(&["key", "list", "--json"]).ok().json();
        let snapshot = keys.as_array().unwrap().iter().find(|key| key["role"] == "snapshot").unwrap().clone();
        snapshot["place"].as_str().unwrap().to_owned()
    };
    assert_eq!((place(&owner).as_str(), place(&signer).as_str()), ("file", "away"));
    owner.publish(&["rotate", "snapshot", GUN, "--server-managed"]).ok();
    signer.publish(&["sign", &format!("{GUN}:1.0"), "--digest", &sha256("1.0"), "--size", "1234"]).ok();
}

fn sha256(tag: &str) -> String {
    format!("sha256:{}", digest(tag))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All that trustdeck remembers, and the key files.
fn written(home: &Home) -> Vec<String> {
    let ask = |arguments: &[&str]| home.trustdeck(arguments).ok().json();
    let status = ask(&["status", "--json"]);
    let mut files: Vec<String> = walk(&home.trust_dir().join("private"));
    files.push(format!("{} {} {}", status["staged"], status["keys"], ask(&["rotate", "list", "--json"])));
    files
}

fn walk(dir: &std::path::Path) -> Vec<String> {
    let mut found: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path().display().to_string()).collect();
    found.sort();
    found
}

#[test]
fn a_dry_run_of_whatever_publishes_shows_its_plan_and_writes_nothing() {
    let Some((server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    home.sign(GUN, "1.1");
    let new = "registry.example.test/team/new";
    let (tag, hash) = (format!("{GUN}:2.0"), sha256("2.0"));
    let sign = ["sign", &tag, "--digest", &hash, "--size", "7"];
    let revoked = format!("{GUN}:1.0");
    let commands: [&[&str]; 13] = [
        &["signer", "remove", "alice", GUN],
        &sign,
        &["revoke", &revoked],
        &["revoke", GUN],
        &["witness", GUN, "targets/releases"],
        &["delegation", "remove", GUN, "targets/alice"],
        &["setup", new, "--signer", "jeff"],
        &["rotate", "signer", "alice", GUN],
        &["rotate", "targets", GUN],
        &["rotate", "root", GUN],
        &["rotate", "snapshot", GUN, "--server-managed"],
        &["renew", "root", GUN],
        &["delete", GUN, "--remote"],
    ];
    let before = written(&home);
    let uploads = || server.requests().iter().filter(|r| r.method != "GET").count();
    let sent = uploads();
    for command in commands {
        for publish in [&[][..], &["--publish"]] {
            let shown = home.trustdeck(&[command, publish, &["--dry-run"]].concat()).ok();
            assert!(shown.stdout.starts_with("Plan "), "{command:?}: {}{}", shown.stdout, shown.stderr);
            let rows = home.trustdeck(&[command, publish, &["--dry-run", "--json"]].concat()).ok().json();
            assert!(rows[0]["changes"].as_array().is_some_and(|list| !list.is_empty()), "{command:?}: {rows}");
            assert_eq!(rows[0]["blocked"], false, "{command:?}: {rows}");
        }
        assert_eq!((written(&home), uploads()), (before.clone(), sent), "{command:?}");
    }
}

#[test]
fn the_plan_of_a_dry_run_is_the_one_that_is_published() {
    let Some((_server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    // Alice signed it last and alone, so that it would be orphaned.
    let command = ["signer", "remove", "alice", GUN];
    let shown = home.trustdeck(&[&command[..], &["--dry-run", "--json"]].concat()).ok().json();
    let accept = format!("--accept={}", shown[0]["plan"].as_str().unwrap());
    home.publish(&[&command[..], &[accept.as_str()]].concat()).ok();
}

/// Requires each line of standard error to be JSON, and gives them.
#[track_caller]
fn json_lines(ran: &Ran) -> Vec<Value> {
    let parsed = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
    parsed.collect()
}

#[test]
fn with_json_standard_error_is_json_throughout() {
    let Some((_server, home)) = docker_repository() else { return };
    let (tag, hash) = (format!("{GUN}:1.0"), sha256("1.0"));
    let signed = home.publish(&["--json", "sign", &tag, "--digest", &hash, "--size", "7"]).ok();
    let lines = json_lines(&signed);
    let plan = lines.iter().find(|line| line.get("plan").is_some()).unwrap();
    assert_eq!(plan["repositories"][0]["tags"]["signed"], serde_json::json!(["1.0"]));
    let steps: Vec<&str> = lines.iter().filter_map(|line| line["progress"].as_str()).collect();
    assert!(["fetch", "sign", "upload", "check"].iter().all(|step| steps.contains(step)), "{steps:?}");

    let cases: [(&[&str], i32); 11] = [
        (&["rotate", "targets", GUN, "--publish", "--yes"], 0),
        (&["rotate", "list"], 0),
        (&["signer", "add", "ben", GUN], 2),
        (&["publish", "--yess"], 2),
        (&["publsh"], 2),
        (&["publsh", "x:1"], 2),
        (&["inspect", "registry.example.test/none"], 1),
        (&["revoke", GUN, "--publish", "--yes"], 7),
        (&["status", GUN], 0),
        (&["key", "generate", "x"], 0),
        (&["key", "backup"], 2),
    ];
    for (arguments, code) in cases {
        json_lines(&home.trustdeck(&[&["--json"][..], arguments].concat()).ended(code));
    }
    let missing = json_lines(&home.trustdeck(&["--json", "signer", "add", "ben", GUN]).ended(2));
    assert!(missing[0]["message"].as_str().unwrap().contains("--key"), "{missing:?}");
}

#[test]
fn all_tags_are_revoked_once_their_number_was_agreed_to() {
    let Some((_server, home)) = docker_repository() else { return };
    let sign = || ["1.0", "1.1", "2.0"].iter().for_each(|tag| home.sign(GUN, tag));
    sign();
    let refused = home.publish(&["revoke", GUN]).ended(7);
    assert!(refused.stderr.contains("3 tags"), "{}", refused.stderr);
    let (one, two) = (format!("{GUN}:1.0"), format!("{GUN}:2.0"));
    home.publish(&["revoke", &one, &two]).ok();
    let tags = || home.docker(&["inspect", GUN]).ok().json()[0]["SignedTags"].as_array().unwrap().len();
    assert_eq!(tags(), 1);
    sign();
    home.publish(&["revoke", GUN, "--accept"]).ok();
    assert_eq!(tags(), 0);
    assert_eq!(home.publish(&["revoke", GUN, "--accept", "--json"]).ended(2).kinds(), ["input"], "there are none left");
}

#[test]
fn targets_whose_names_no_tag_can_have_are_signed_shown_and_revoked() {
    let Some((_server, home)) = docker_repository() else { return };
    home.notary_sign(GUN, "dir/file", &["targets/releases"]);
    let of = ["--gun", "--target", "dir/file"];
    let shown = home.trustdeck(&[&["inspect", GUN][..], &of].concat()).ok().json();
    assert_eq!(shown[0]["SignedTags"][0]["Digest"], digest("dir/file"));
    let missing = home.trustdeck(&["inspect", GUN, "--target", "nope"]).ok();
    assert!(missing.stderr.contains("nope is not signed in"), "{}", missing.stderr);
    assert_eq!(missing.json()[0]["SignedTags"], serde_json::json!([]));
    let pretty = home.trustdeck(&["inspect", GUN, "--target", "nope", "--pretty"]).ok().stdout;
    assert!(pretty.contains("No signatures for nope in "), "{pretty}");
    let tagged = home.trustdeck(&["inspect", &format!("{GUN}:1.0"), "--target", "x"]).ended(2);
    assert!(tagged.stderr.contains("--target stands for the tag"), "{}", tagged.stderr);
    let hash = sha256("other");
    home.publish(&[&["sign", GUN, "--digest", &hash, "--size", "7"][..], &of].concat()).ok();
    let listed = home.notary(&["list", GUN]).ok();
    assert!(listed.stdout.contains("dir/file") && listed.stdout.contains(&digest("other")), "{}", listed.stdout);
    home.publish(&[&["revoke", GUN][..], &of].concat()).ok();
    assert!(!home.notary(&["list", GUN]).ok().stdout.contains("dir/file"));
}

#[test]
fn keys_that_a_variable_left_behind_are_named() {
    let Some((_server, home)) = docker_repository() else { return };
    home.sign(GUN, "1.0");
    let moved = home.path().join("ws@tmp");
    let tls = moved.join("tls");
    std::fs::create_dir_all(&moved).unwrap();
    std::fs::remove_file(home.path().join(".notary/config.json")).unwrap();
    std::os::unix::fs::symlink(home.path().join(".docker/tls"), tls).unwrap();
    let ran = |arguments: &[&str]| run(home.trustdeck_command(arguments).env("DOCKER_CONFIG", &moved));
    let (one, hash) = (format!("{GUN}:1.0"), sha256("2.0"));
    let used = moved.join("trust/private").display().to_string();
    let other = home.trust_dir().display().to_string();
    for arguments in [
        &["sign", &one, "--digest", &hash, "--size", "7"][..],
        &["revoke", &one],
        &["signer", "remove", "alice", GUN, "--dry-run"],
        &["key", "list"],
    ] {
        let told = ran(arguments);
        let said = one_line(&format!("{}{}", told.stdout, told.stderr));
        assert!(said.contains("DOCKER_CONFIG"), "{arguments:?}: {said}");
        assert!(said.contains(&used) && said.contains(&other), "{arguments:?}: {said}");
    }
    let status = ran(&["status", "--json"]).ok().json();
    assert!(status["trust_dir_why"].as_str().unwrap().contains("DOCKER_CONFIG"), "{status}");
    assert_eq!((&status["docker_config_why"], &status["other_keys"][0]["keys"]), (&"DOCKER_CONFIG".into(), &3.into()));
}

#[test]
fn a_pin_that_came_after_the_root_was_trusted_is_told_with_each_reading() {
    let Some((_server, home)) = docker_repository() else { return };
    assert!(!home.trustdeck(&["inspect", GUN]).ok().stderr.contains("trust_pinning"));
    let file = home.path().join(".notary/config.json");
    let mut config: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    config["trust_pinning"] = serde_json::json!({"certs": {GUN: [sha256("another")]}});
    std::fs::write(&file, config.to_string()).unwrap();
    for arguments in [&["inspect", GUN][..], &["--offline", "inspect", GUN]] {
        let told = home.trustdeck(arguments).ok().stderr;
        assert!(told.contains("trust_pinning") && told.contains("trusted the root before"), "{told}");
    }
}
