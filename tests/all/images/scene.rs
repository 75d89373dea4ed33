//! The sandbox's scene, as the commands show it.

use serde_json::{Value, json};

use super::lab::Lab;
use crate::support::front::Front;
use crate::support::image::{Image, OCI_MANIFEST};
use crate::support::run;

const WEB: &str = "registry.sandbox/team/web";

/// States of tags by name.
fn states(rows: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(row, "tag"), text(row, "state"))).collect()
}

fn state(lab: &Lab, repository: &str, tag: &str) -> String {
    let rows = lab.trustdeck(&["tags", repository, "--json"]).json();
    states(&rows).into_iter().find(|(name, _)| name == tag).map(|(_, state)| state).unwrap_or_default()
}

#[test]
fn tags_stand_in_both_worlds_as_the_scene_tells() {
    let lab = Lab::start();
    for (repository, tag, expected) in [
        ("team/web", "3.1.6", "ok"),
        ("team/web", "latest", "drift"),
        ("team/web", "edge", "unsigned"),
        ("team/billing", "2024.1", "gone"),
        ("team/worker", "nightly-20", "held"),
        ("team/worker", "base", "ok"),
        ("team/portal", "5.3", "orphan"),
        ("team/archive", "1.3", "expired"),
        ("team/new-service", "1.0", "unsigned"),
    ] {
        assert_eq!(state(&lab, &format!("registry.sandbox/{repository}"), tag), expected, "{repository}:{tag}");
    }
    let orphaned = lab.trustdeck(&["tags", "registry.sandbox/team/portal"]).ended(6);
    assert!(orphaned.stderr.contains("targets/releases") && orphaned.stdout.contains("orphan"), "{orphaned:?}");
    let table = lab.trustdeck(&["tags", WEB]).ok().stdout;
    let line = |tag: &str| table.lines().find(|l| l.split_whitespace().nth(1) == Some(tag)).unwrap().to_owned();
    assert!(line("3.1.6").contains("same") && line("3.1.6").starts_with("ok"), "{table}");
    let order: Vec<&str> = table.lines().skip(1).filter_map(|l| l.split_whitespace().nth(1)).collect();
    assert_eq!(order[..2], ["3.0.9", "3.1.0"]);
    let only = lab.trustdeck(&["tags", WEB, "--state", "drift", "--json"]).ok().json();
    assert_eq!(states(&only), [("latest".to_owned(), "drift".to_owned())]);
    let odd = lab.trustdeck(&["tags", WEB, "--state", "drifft", "--json"]).ended(2);
    assert!(odd.stdout.is_empty() && odd.stderr.contains("drift") && odd.kinds() == ["input"], "{odd:?}");
    // Only of what is signed the registry is asked what it is.
    let unsigned = lab.trustdeck(&["tags", WEB, "--state", "unsigned", "--json"]).ok().json();
    assert_eq!((&unsigned[0]["tag"], &unsigned[0]["registry_digest"]), (&json!("edge"), &Value::Null));
    assert!(unsigned[0].get("size").is_none(), "{unsigned}");
}

#[test]
fn a_signed_image_that_the_registry_lost_is_gone_and_not_wrong() {
    let lab = Lab::start();
    let image = "registry.sandbox/team/billing:2024.1";
    let gone = lab.trustdeck(&["verify", image]).ended(1);
    assert!(gone.stdout.contains("gone    manifest") && !gone.stdout.contains("WRONG"), "{gone:?}");
    assert!(gone.stderr.contains("2024.1 is signed, but"), "{}", gone.stderr);
    assert!(gone.stderr.contains(&format!("trustdeck revoke {image}")), "{}", gone.stderr);
    let rows = lab.trustdeck(&["verify", image, "--json"]).ended(1);
    assert_eq!((rows.kinds(), &rows.json()[0]["parts"][0]["state"]), (vec!["absent".to_owned()], &json!("gone")));
}

#[test]
fn drift_names_what_moved_and_ends_with_ten() {
    let lab = Lab::start();
    let all = lab.trustdeck(&["drift", "--json"]).ended(10).json();
    assert_eq!(states(&all).len(), 2, "{all}");
    let text = lab.trustdeck(&["drift", WEB]).ended(10).stdout;
    assert!(text.starts_with("drift  registry.sandbox/team/web:latest  signed "), "{text}");
    assert_eq!(lab.trustdeck(&["drift", "registry.sandbox/team/api"]).ok().stdout, "");
}

#[test]
fn a_name_that_nobody_knows_is_an_error_and_no_empty_list() {
    let lab = Lab::start();
    for command in ["tags", "drift"] {
        let unknown = lab.trustdeck(&[command, "registry.sandbox/team/nothing"]);
        assert!(unknown.code != 0 && unknown.stdout.is_empty(), "{command}: {unknown:?}");
        assert!(unknown.stderr.contains("registry.sandbox/team/nothing"), "{command}: {}", unknown.stderr);
    }
}

#[test]
fn resolve_prints_the_trusted_digest_or_says_why_there_is_none() {
    let lab = Lab::start();
    let signed = lab.trustdeck(&["inspect", &format!("{WEB}:latest")]).ok().json();
    let digest = signed[0]["SignedTags"][0]["Digest"].as_str().unwrap().to_owned();
    let reference = format!("{WEB}@sha256:{digest}\n");
    assert_eq!(lab.trustdeck(&["resolve", WEB]).ok().stdout, reference, "latest is meant, and what is signed");
    let by_digest = reference.trim();
    assert_eq!(lab.trustdeck(&["resolve", by_digest]).ok().stdout, reference, "a digest is passed through");
    for (image, code, why) in [
        ("team/web:edge", 1, "is not signed in targets/releases"),
        ("team/worker:nightly-20", 1, "is signed in targets/qa, but not released in targets/releases"),
        ("team/portal:5.3", 6, "targets/releases is signed by 0 of 1 needed key"),
        ("team/archive:1.3", 6, "expired"),
        ("team/new-service:1.0", 1, "has no trust data"),
    ] {
        let refused = lab.trustdeck(&["resolve", &format!("registry.sandbox/{image}")]).ended(code);
        assert!(refused.stderr.contains(why) && refused.stdout.is_empty(), "{refused:?}");
    }
    let some = lab.trustdeck(&["resolve", WEB, &format!("{WEB}:edge")]).ended(9);
    assert_eq!(some.stdout, reference);
}

#[test]
fn verify_names_the_layer_that_was_changed() {
    let lab = Lab::start();
    let good = lab.trustdeck(&["verify", &format!("{WEB}:3.1.6"), "--deep"]).ok().stdout;
    let lines: Vec<&str> = good.lines().skip(1).map(|l| l.split("  sha256").next().unwrap().trim()).collect();
    assert_eq!(lines[0], "ok      manifest");
    assert!(lines.contains(&"ok      configuration") && lines.contains(&"ok      layer 1 of 1"), "{good}");

    let worker = "registry.sandbox/team/worker:0.11";
    lab.trustdeck(&["verify", worker]).ok();
    let wrong = lab.trustdeck(&["verify", worker, "--deep"]).ended(6);
    assert!(wrong.stdout.contains("WRONG   layer 1 of 1"), "{wrong:?}");
    assert!(wrong.stderr.contains("the layer 1 of 1 is not what is signed: do not trust the registry"), "{wrong:?}");
    let rows = lab.trustdeck(&["verify", worker, "--deep", "--json"]).ended(6).json();
    let parts = rows[0]["parts"].as_array().unwrap();
    let layer = parts.iter().find(|part| part["part"] == "layer 1 of 1").unwrap();
    assert_eq!((&layer["state"], &layer["distrust"]), (&json!("WRONG"), &json!("registry")));
    assert_eq!(rows[0]["good"], json!(false));
    // However many others are good.
    lab.trustdeck(&["verify", worker, &format!("{WEB}:3.1.6"), "--deep"]).ended(6);

    let drifted = lab.trustdeck(&["verify", WEB, "--json"]).ok().json();
    assert_eq!(drifted.as_array().unwrap().len(), 9);
    // Several are checked at the same time, and told in their order all the same.
    let told = lab.trustdeck(&["verify", WEB]).ok().stdout;
    let tags: Vec<&str> = told.lines().filter(|line| line.contains("signed by")).collect();
    let json: Vec<String> = drifted.as_array().unwrap().iter().map(|row| row["image"].to_string()).collect();
    assert_eq!(tags.len(), 9);
    assert!(tags.iter().zip(&json).all(|(line, image)| line.starts_with(image.trim_matches('"'))), "{told}");
    let latest = drifted.as_array().unwrap().iter().find(|row| row["image"] == format!("{WEB}:latest")).unwrap();
    assert!(latest["registry_digest"].is_string(), "{latest}");
}

#[test]
fn nothing_that_can_be_pulled_is_nothing_verified() {
    let lab = Lab::start();
    let fresh = "registry.sandbox/team/fresh";
    lab.trustdeck(&["setup", fresh, "--signer", "dana", "--publish", "--yes"]).ok();
    for arguments in [&["verify", fresh][..], &["verify", fresh, "--deep", "--json"]] {
        let nothing = lab.trustdeck(arguments).ended(1);
        assert!(nothing.stderr.contains("nothing to verify"), "{nothing:?}");
    }
}

#[test]
fn a_dry_run_of_a_whole_repository_says_what_the_real_one_wants() {
    let lab = Lab::start();
    let pretended = lab.trustdeck(&["revoke", WEB, "--dry-run"]).ok();
    assert!(pretended.stderr.contains("stands for all of it, 9 tags; add --accept"), "{pretended:?}");
    lab.trustdeck(&["revoke", WEB, "--publish", "--yes"]).ended(7);
}

#[test]
fn a_tag_that_is_signed_and_cannot_be_pulled_is_not_done() {
    let lab = Lab::start();
    let blocked = lab.trustdeck(&["sign", "registry.sandbox/team/archive:1.0", "--publish", "--yes"]).ended(7);
    let told = format!("{}{}", blocked.stdout, blocked.stderr);
    assert!(told.contains("targets has expired"), "{told}");
}

#[test]
fn foreign_layers_are_said_not_to_be_verified_in_words_and_for_programs() {
    let lab = Lab::start();
    let mut image = Image::new(OCI_MANIFEST, &[b"a layer", b"a layer of somebody else's"]);
    let mut manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
    manifest["layers"][1]["urls"] = json!(["https://elsewhere.test/layer"]);
    image.manifest = manifest.to_string().into_bytes();
    lab.runtime.block_on(image.push(lab.running().url(), "team/web", "foreign"));
    let foreign = format!("{WEB}:foreign");
    lab.trustdeck(&["sign", &foreign, "--publish", "--yes"]).ok();
    let deep = lab.trustdeck(&["verify", &foreign, "--deep"]).ok().stdout;
    assert!(deep.lines().any(|line| line.trim() == "not verified: 1 foreign layer"), "{deep}");
    let several = lab.trustdeck(&["verify", WEB, "--deep"]).stdout;
    assert!(several.lines().filter(|line| line.trim() == "not verified: 1 foreign layer").count() == 1, "{several}");
    let row = lab.trustdeck(&["verify", &foreign, "--deep", "--json"]).ok().json()[0].clone();
    assert_eq!(row["not_verified"], json!("not verified: 1 foreign layer"));
    let states: Vec<&Value> = row["parts"].as_array().unwrap().iter().map(|part| &part["state"]).collect();
    assert_eq!(states, ["ok", "ok", "ok", "skipped"]);
    assert!(row["parts"][3]["skipped"].as_str().unwrap().starts_with("not verified"), "{row}");
    let shallow = lab.trustdeck(&["verify", &foreign, "--json"]).ok().json();
    assert_eq!(shallow[0]["not_verified"], Value::Null, "nothing but the manifest was asked for");
}

#[test]
fn an_index_is_verified_for_all_or_one_of_its_platforms() {
    let lab = Lab::start();
    let stable = "registry.sandbox/team/api:stable";
    let parts = |arguments: &[&str]| {
        let rows = lab.trustdeck(&[&["verify", stable, "--deep", "--json"], arguments].concat()).ok().json();
        let parts = rows[0]["parts"].as_array().unwrap().clone();
        parts
            .iter()
            .map(|p| format!("{} {}", p["state"].as_str().unwrap(), p["part"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let all = parts(&[]);
    assert!(all.contains(&"ok manifest for linux/arm64".to_owned()), "{all:?}");
    assert!(all.contains(&"ok configuration for linux/amd64".to_owned()), "{all:?}");
    let one = parts(&["--platform", "linux/arm64"]);
    assert!(one.contains(&"skipped manifest for linux/amd64".to_owned()), "{one:?}");
    assert!(one.contains(&"ok configuration for linux/arm64".to_owned()), "{one:?}");
    assert!(!one.iter().any(|part| part.contains("configuration for linux/amd64")), "{one:?}");
    let none = lab.trustdeck(&["verify", stable, "--deep", "--platform", "linux/s390x"]).ended(1);
    assert!(none.stdout.contains("unread  what the manifest lists"), "{none:?}");
    assert!(none.stderr.contains("there is no image for linux/s390x, but for linux/amd64, linux/arm64"), "{none:?}");
}

#[test]
fn a_tag_is_signed_with_what_the_registry_holds() {
    let lab = Lab::start();
    lab.trustdeck(&["sign", &format!("{WEB}:latest"), &format!("{WEB}:edge"), "--publish", "--yes"]).ok();
    assert_eq!((state(&lab, WEB, "latest"), state(&lab, WEB, "edge")), ("ok".to_owned(), "ok".to_owned()));
    let missing = lab.trustdeck(&["sign", &format!("{WEB}:edge"), &format!("{WEB}:none"), "--json"]).ended(1);
    assert_eq!(missing.kinds(), ["absent"]);
    assert_eq!(lab.trustdeck(&["status", "--json"]).ok().json()["staged"], json!([]), "all or none");
    lab.trustdeck(&["revoke", &format!("{WEB}:edge"), &format!("{WEB}:3.0.9"), "--publish", "--yes"]).ok();
    assert_eq!((state(&lab, WEB, "3.0.9"), state(&lab, WEB, "edge")), ("unsigned".to_owned(), "unsigned".to_owned()));
}

#[test]
fn what_docker_push_prints_is_signed() {
    let lab = Lab::start();
    let (digest, size) = lab.push("team/web", "4.0", b"new");
    let printed = format!(
        "The push refers to repository [{WEB}]\n5f70bf18a086: Preparing\n5f70bf18a086: Pushed\n4.0: digest: {digest} size: {size}\n"
    );
    lab.trustdeck_reads(&["sign", "--from", "-", "--publish", "--yes"], &printed).ok();
    assert_eq!(state(&lab, WEB, "4.0"), "ok");
    let (digest, size) = lab.push("team/web", "4.1", b"newer");
    let line = format!("4.1: digest: {digest} size: {size}\n");
    let unnamed = lab.trustdeck_reads(&["sign", "--from", "-"], &line).ended(2);
    assert!(unnamed.stderr.contains("to which repository"), "{unnamed:?}");
    lab.trustdeck_reads(&["sign", WEB, "--from", "-", "--publish", "--yes"], &line).ok();
    assert_eq!(state(&lab, WEB, "4.1"), "ok");
}

#[test]
fn what_was_pushed_by_the_registrys_address_is_signed_in_the_repository_that_is_named() {
    let lab = Lab::start();
    let (digest, size) = lab.push("team/web", "4.0", b"new");
    let place = lab.running().url().split_once("://").unwrap().1.to_owned();
    let printed = |name: &str| format!("The push refers to repository [{name}]\n4.0: digest: {digest} size: {size}\n");
    let by_address = printed(&format!("{place}/team/web"));
    lab.trustdeck_reads(&["sign", WEB, "--from", "-", "--publish", "--yes"], &by_address).ok();
    assert_eq!(state(&lab, WEB, "4.0"), "ok");
    let listed = format!("{by_address}{WEB}:4.1 {digest} {size}\n");
    lab.trustdeck_reads(&["sign", WEB, "--from", "-", "--unpushed"], &listed).ok();
    lab.trustdeck(&["reset"]).ok();
    for other in [format!("{place}/team/api"), "registry.sandbox/team/api".to_owned()] {
        let refused = lab.trustdeck_reads(&["sign", WEB, "--from", "-"], &printed(&other)).ended(2);
        assert!(refused.stderr.contains(&format!("{other} was pushed, and {WEB} is to be signed")), "{refused:?}");
    }
    assert_eq!(lab.trustdeck(&["status", "--json"]).ok().json()["staged"], json!([]));
}

#[test]
fn a_tag_that_moves_between_review_and_publish_stops_it() {
    let lab = Lab::start();
    let (reviewed, _) = lab.push("team/web", "4.2", b"reviewed");
    lab.trustdeck(&["sign", &format!("{WEB}:4.2")]).ok();
    let (now, _) = lab.push("team/web", "4.2", b"somebody else's");
    let stopped = lab.trustdeck(&["publish", "--yes", "--json"]).ended(1);
    assert_eq!(stopped.kinds(), ["conflict"]);
    let message = stopped.errors()[0]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("4.2 moved in the registry") && message.contains(&reviewed), "{message}");
    assert!(message.contains(&now), "{message}");
    let plans = stopped.stderr.lines().filter(|line| line.starts_with("{\"plan\":")).count();
    assert_eq!(plans, 1, "nobody else has published: {}", stopped.stderr);
    assert_eq!(state(&lab, WEB, "4.2"), "unsigned", "nothing was signed");
    // As the error says.
    let hint = stopped.errors()[0]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("sign the tag again to take what is there now"), "{hint}");
    let anew = lab.trustdeck(&["sign", &format!("{WEB}:4.2"), "--publish", "--yes"]).ok();
    assert!(anew.stderr.contains("takes the place of what was staged"), "{anew:?}");
    assert_eq!(state(&lab, WEB, "4.2"), "ok");
}

#[test]
fn what_a_list_names_is_what_the_registry_has() {
    let lab = Lab::start();
    let (digest, size) = lab.push("team/web", "5.0", b"fifth");
    let (image, made_up) = (format!("{WEB}:5.0"), format!("sha256:{}", "a".repeat(64)));
    let listed = |digest: &str, size: usize| format!("{image} {digest} {size}\n");
    let by = |lines: &str| lab.trustdeck_reads(&["sign", "--from", "-", "--json"], lines);
    let absent = by(&listed(&made_up, 5)).ended(1);
    assert_eq!(absent.kinds(), ["absent"]);
    assert!(absent.stderr.contains("--unpushed"), "{absent:?}");
    let longer = by(&listed(&digest, size + 1)).ended(2);
    assert!(longer.stderr.contains(&format!("has {size} bytes, not {}", size + 1)), "{longer:?}");
    let both = format!("{}{WEB}:5.1 {made_up} 5\n", listed(&digest, size));
    assert_eq!(by(&both).ended(1).kinds(), ["absent"]);
    assert_eq!(lab.trustdeck(&["status", "--json"]).ok().json()["staged"], json!([]), "all or none");
    lab.trustdeck_reads(&["sign", "--from", "-", "--unpushed"], &both).ok();
    lab.trustdeck(&["reset"]).ok();
    lab.trustdeck(&["sign", &image, "--digest", &made_up, "--size", "5"]).ok();
    lab.trustdeck(&["reset"]).ok();
    by(&listed(&digest, size)).ok();

    lab.push("team/web", "5.0", b"somebody else's");
    let moved = lab.trustdeck(&["publish", "--yes", "--json"]).ended(1);
    assert_eq!(moved.kinds(), ["conflict"], "what was given by its digest moves too");
    lab.trustdeck(&["reset"]).ok();
    let told = by(&listed(&digest, size)).ok();
    assert!(told.stderr.contains("the registry holds another image under"), "{told:?}");
    lab.trustdeck(&["publish", "--yes"]).ok();
    assert_eq!(state(&lab, WEB, "5.0"), "drift");
}

#[test]
fn one_tag_that_the_registry_fails_on_takes_no_other_with_it() {
    let lab = Lab::start();
    let url = lab.running().url().to_owned();
    let front = Front::start(url.rsplit_once(':').unwrap().1.parse().unwrap());
    front.fail_at("/manifests/3.1.6");
    let home = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(home.path().join("trustdeck")).unwrap();
    let registry = format!("[registries]\n\"registry.sandbox\" = \"{}\"\n", front.url);
    std::fs::write(home.path().join("trustdeck/config.toml"), registry).unwrap();
    let at_front = |arguments: &[&str]| run(lab.command(arguments).env("XDG_CONFIG_HOME", home.path()));
    let tags = at_front(&["tags", WEB, "--json"]).ended(5);
    let states = states(&tags.json());
    assert!(states.contains(&("3.1.6".to_owned(), "signed".to_owned())), "{states:?}");
    assert!(states.contains(&("latest".to_owned(), "drift".to_owned())), "{states:?}");
    assert!(states.contains(&("3.1.0".to_owned(), "ok".to_owned())), "{states:?}");
    assert_eq!(tags.kinds(), ["server"]);
    assert!(tags.stderr.contains("3.1.6"), "{}", tags.stderr);
    let drift = at_front(&["drift", WEB]).ended(10);
    assert!(drift.stdout.contains(&format!("{WEB}:latest")) && drift.stderr.contains("3.1.6"), "{drift:?}");
}

#[test]
fn a_signature_with_a_wrong_length_is_drift_and_says_both_lengths() {
    let lab = Lab::start();
    let (digest, size) = lab.push("team/web", "6.0", b"sixth");
    let (image, wrong) = (format!("{WEB}:6.0"), (size + 1).to_string());
    let signed = ["sign", &image, "--digest", &digest, "--size", &wrong, "--unpushed", "--publish", "--yes"];
    lab.trustdeck(&signed).ok();
    assert_eq!(state(&lab, WEB, "6.0"), "drift");
    let table = lab.trustdeck(&["tags", WEB]).ok().stdout;
    assert!(table.contains(&format!("same, but {size} bytes and not {wrong}")), "{table}");
    let drift = lab.trustdeck(&["drift", WEB]).ended(10).stdout;
    assert!(drift.contains(&format!("of {wrong} bytes")) && drift.contains(&format!("of {size} bytes")), "{drift}");
}

#[test]
fn an_engine_that_does_not_know_where_the_registry_is_has_the_commands_with_its_address_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::start();
    let home = tempfile::TempDir::new().unwrap();
    let podman = home.path().join("podman");
    std::fs::write(&podman, "#!/bin/sh\nexit 125\n").unwrap();
    std::fs::set_permissions(&podman, std::fs::Permissions::from_mode(0o755)).unwrap();
    let failed = |arguments: &[&str]| run(lab.command(arguments).env("PATH", home.path())).ended(1);
    let place = lab.running().url().strip_prefix("http://").unwrap().to_owned();
    let image = format!("{WEB}:3.1.6");
    let pull = failed(&["pull", &image, "--json"]);
    assert_eq!(pull.kinds(), ["program"]);
    assert!(pull.stderr.contains(&format!("podman pull --tls-verify=false {place}/team/web@sha256:")), "{pull:?}");
    let push = failed(&["push", &image, "--yes"]);
    let commands = format!("podman push --tls-verify=false {image} {place}/team/web:3.1.6 && trustdeck sign {image}");
    assert!(push.stderr.contains(&commands), "{push:?}");
}
