//! What commands say next: true, and as it can be pasted.

use tempfile::TempDir;

use crate::images::lab::Lab;
use crate::shell::program;
use crate::support::run;

const WEB: &str = "registry.sandbox/team/web";

#[test]
fn an_address_that_nobody_named_is_told_where_it_does_not_answer() {
    let home = TempDir::new().unwrap();
    let lost = run(program(&home).args(["inspect", "127.0.0.1:1/team/app"])).ended(5);
    assert!(lost.stderr.contains("cannot reach 127.0.0.1:1"), "{}", lost.stderr);
    assert!(lost.stderr.contains("the registry's host, because none is set"), "{}", lost.stderr);
    for way in ["--server", "DOCKER_CONTENT_TRUST_SERVER", "[servers]"] {
        assert!(lost.stderr.contains(way), "{way}: {}", lost.stderr);
    }
}

#[test]
fn a_copy_that_is_not_there_is_not_asked_about() {
    let lab = Lab::start();
    let nothing = lab.trustdeck(&["delete", "registry.sandbox/team/nothing", "--yes"]).ended(1);
    assert!(nothing.stderr.contains("there is nothing to delete"), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("trustdeck delete registry.sandbox/team/nothing --remote"), "{}", nothing.stderr);
    lab.trustdeck(&["inspect", WEB]).ok();
    let would = lab.trustdeck(&["delete", WEB, "--dry-run", "--json"]).ok().json();
    assert_eq!(would[0]["would_delete"], "local");
    lab.trustdeck(&["delete", WEB, "--yes"]).ok();
    lab.trustdeck(&["delete", WEB, "--yes"]).ended(1);
}

#[test]
fn a_plan_of_nothing_is_not_printed() {
    let lab = Lab::start();
    lab.trustdeck(&["witness", WEB, "targets/jeff"]).ok();
    lab.trustdeck(&["delete", WEB, "--yes"]).ok();
    let ran = lab.trustdeck(&["publish", "--dry-run", "--offline"]);
    assert!(ran.code != 0 && ran.stdout.is_empty(), "{} {}", ran.stdout, ran.stderr);
}

#[test]
fn status_says_which_changes_are_for_another_server_and_how_they_move() {
    let lab = Lab::start();
    lab.trustdeck(&["witness", WEB, "targets/jeff"]).ok();
    assert_eq!(lab.trustdeck(&["status"]).ok().stderr, "");
    let told = lab.trustdeck(&["status", "--server", "http://127.0.0.1:1"]).ok().stderr;
    assert!(told.contains(&format!("trustdeck changes move --to http://127.0.0.1:1 {WEB}")), "{told}");
    assert!(told.contains(lab.running().url()), "{told}");
}

#[test]
fn names_of_collections_are_read_without_the_spaces_around_them() {
    let lab = Lab::start();
    let shown = lab.trustdeck(&["inspect", "--gun", &format!(" {WEB} ")]).ok().json();
    assert_eq!(shown[0]["Name"], WEB);
}

#[test]
fn a_target_may_begin_with_a_dash() {
    let lab = Lab::start();
    for command in ["inspect", "revoke"] {
        let missing = lab.trustdeck(&[command, WEB, "--target", "-dash"]);
        assert!(!missing.stderr.contains("unexpected argument"), "{}", missing.stderr);
        assert!(missing.stderr.contains("-dash") || missing.stdout.contains("[]"), "{missing:?}");
    }
}

#[test]
fn an_untrusted_tag_comes_with_the_command_for_it() {
    let lab = Lab::start();
    let unsigned = lab.trustdeck(&["resolve", &format!("{WEB}:edge")]).ended(1);
    assert!(unsigned.stderr.contains(&format!("trustdeck sign {WEB}:edge --publish")), "{}", unsigned.stderr);
}

#[test]
fn a_tag_that_nobody_has_is_not_told_to_be_signed_nor_the_role_that_does_not_list_it() {
    let lab = Lab::start();
    let nowhere = lab.trustdeck(&["resolve", &format!("{WEB}:nowhere")]).ended(1).stderr;
    assert!(nowhere.contains(&format!("if the registry has it, as trustdeck tags {WEB} shows")), "{nowhere}");
    // Whose releases nobody has signed since its signer was removed.
    let portal = "registry.sandbox/team/portal";
    let orphan = lab.trustdeck(&["resolve", &format!("{portal}:5.3")]).ended(6).stderr;
    assert!(orphan.contains(&format!("trustdeck witness {portal} targets/releases")), "{orphan}");
    let unlisted = lab.trustdeck(&["resolve", &format!("{portal}:nowhere")]).ended(1).stderr;
    assert!(unlisted.contains("is not signed in targets/releases") && !unlisted.contains("witness"), "{unlisted}");
}

#[test]
fn an_unknown_theme_is_refused_by_every_command_with_the_nearest_one() {
    let home = TempDir::new().unwrap();
    let pink = run(program(&home).args(["--theme", "pink", "status"])).ended(2);
    assert!(pink.stderr.contains("high-contrast, colour-blind"), "{}", pink.stderr);
    let dark = run(program(&home).args(["status", "--json", "--theme", "drak"])).ended(2);
    assert!(dark.errors()[0]["message"].as_str().unwrap().contains("did you mean dark?"), "{}", dark.stderr);
}
