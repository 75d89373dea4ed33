//! Nothing is staged, made or published where that is not wanted.

use super::looks_as_stored;
use crate::screen::told::{browsing, said, staged};
use crate::screen::{self, press};
use crate::support::machine::settings_of;
use crate::support::{Home, NotaryServer, run};
use screen::plans::{plan, stage, tell_stage};
use screen::scene::{gun, repositories, role, state_of};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;
use trustdeck::engine::settings::ReadOnly;
use trustdeck::engine::{Change, Engine, Kind, RootKeyChoice, Settings};
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::state::{PickFor, Quit, State};

fn read_only(mut state: State) -> State {
    state.here.read_only.everything = true;
    state
}

fn changes(effect: &Effect) -> bool {
    use Effect::{Drop, Key, Publish, Redo, Stage, Undo, Wizard};
    matches!(effect, Stage { .. } | Drop { .. } | Undo | Redo | Publish(_) | Key(_) | Wizard(_))
}

#[test]
fn every_key_that_stages_makes_or_publishes_says_read_only() {
    for keys in
        ["1s", "1D", "2jja", "2jjd", "2jjw", "2jjt", "3a", "3s", "3d", "4n", "4a", "4D", "4i", "5d", "5x", "W", "u"]
    {
        let mut state = read_only(staged());
        let effects = press(&mut state, keys);
        assert!(!effects.iter().any(changes), "{keys}: {effects:?}");
        assert!(state.dialogs.is_empty(), "{keys}");
        assert!(said(&state).contains("read-only"), "{keys}: {}", said(&state));
    }
    let mut state = read_only(staged());
    assert_eq!(press(&mut state, "p"), [Effect::Plan]);
    assert_eq!(press(&mut state, "P"), []);
    assert!(said(&state).contains("read-only"));
}

#[test]
fn looking_refreshing_and_copying_go_on() {
    let mut state = read_only(browsing());
    assert_eq!(press(&mut state, "r"), [Effect::Refresh(gun("admin/demo"))]);
    assert!(matches!(&press(&mut state, "yn")[..], [Effect::Copy { .. }]));
    press(&mut state, "4<enter>");
    assert_eq!(state.dialogs.len(), 1);
}

#[test]
fn a_server_can_be_read_only_alone() {
    let mut state = browsing();
    state.here.read_only = ReadOnly { everything: false, servers: ["registry.example.com".to_owned()].into() };
    assert_eq!(press(&mut state, "s"), []);
    assert!(said(&state).contains("read-only"));
    // Keys are nobody's server's.
    press(&mut state, "4n");
    assert_eq!(state.dialogs.len(), 1);
    let mut elsewhere = browsing();
    elsewhere.here.read_only = ReadOnly { everything: false, servers: ["other.example.com".to_owned()].into() };
    press(&mut elsewhere, "s");
    assert_eq!(elsewhere.dialogs.len(), 1);
}

fn trustdeck(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustdeck"));
    command.args(arguments).env_clear().env("HOME", home.path()).current_dir(home.path());
    command.env("TRUSTDECK_REPOSITORY_PASSPHRASE", "");
    command
}

const SIGN: [&str; 6] = ["sign", "registry.example.com/a:1", "--digest", DIGEST, "--size", "7"];
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn commands_that_change_something_end_with_policy_and_write_nothing() {
    let home = TempDir::new().unwrap();
    for arguments in [&["key", "generate", "carol"][..], &["publish", "--yes"], &["reset"], &SIGN] {
        let whole = [&["--json", "--offline", "--read-only"], arguments].concat();
        let ran = run(trustdeck(&home, &whole).env("DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "long enough"));
        assert_eq!(ran.ended(7).kinds(), ["policy"], "{arguments:?}");
    }
    assert!(!home.path().join("carol.pub").exists());
    for arguments in [&["rotate", "list"][..], &["publish", "--dry-run"]] {
        run(&mut trustdeck(&home, &[&["--offline", "--read-only"], arguments].concat())).ok();
    }
    run(&mut trustdeck(&home, &["--read-only", "--offline", "status"])).ok();
    run(&mut trustdeck(&home, &["--read-only", "--offline", "publish", "--dry-run"])).ok();
}

#[test]
fn a_dry_run_shows_its_plan_where_nothing_may_be_changed() {
    let Some(server) = NotaryServer::start() else { return };
    let (machine, gun) = (Home::new(&server), "registry.example.test/team/app");
    let ran = machine.trustdeck(&["--read-only", "setup", gun, "--signer", "ben", "--dry-run"]).ok();
    assert!(ran.stdout.contains("signer ben"), "{}", ran.stdout);
    machine.trustdeck(&["--read-only", "setup", gun, "--signer", "ben", "--publish", "--yes"]).ended(7);
    machine.publish(&["setup", gun, "--signer", "ben"]).ok();
    let digest = ["--digest", DIGEST, "--size", "7"];
    for arguments in [&["sign", "registry.example.test/team/app:1"][..], &["renew", "root", gun]] {
        let options = if arguments[0] == "sign" { &digest[..] } else { &[] };
        let ran = machine.trustdeck(&[&["--read-only"], arguments, options, &["--dry-run"]].concat()).ok();
        assert!(ran.stdout.starts_with("Plan"), "{arguments:?}: {}", ran.stdout);
    }
    assert!(machine.trustdeck(&["publish", "--dry-run"]).ok().stdout.contains("nothing is staged"));
}

#[test]
fn the_engine_refuses_for_one_server_what_it_takes_for_another() {
    let home = TempDir::new().unwrap();
    let change = || vec![(gun("a"), Change::Create { root_key: RootKeyChoice::Auto })];
    let staged = |servers: &[&str]| {
        let read_only = ReadOnly { everything: false, servers: servers.iter().map(|s| (*s).to_owned()).collect() };
        let settings = settings_of(home.path(), &home.path().join("trust"), "https://notary.example.com:4443");
        let engine = Engine::open(Settings { read_only, ..settings }, Arc::new(jiff::Timestamp::now)).unwrap();
        engine.stage().stage(change()).map(|stage| stage.changes.len()).map_err(|error| error.kind())
    };
    assert_eq!(staged(&["notary.example.com"]), Err(Kind::Policy));
    assert_eq!(staged(&["other.example.com"]), Ok(1));
}

#[test]
fn the_configuration_can_say_so() {
    let home = TempDir::new().unwrap();
    let config = home.path().join(".config/trustdeck/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    let offline = [&["--json", "--offline"], &SIGN[..]].concat();
    std::fs::write(&config, "[servers]\nread_only = \"registry.example.com\"\n").unwrap();
    assert_eq!(run(&mut trustdeck(&home, &offline)).ended(2).kinds(), ["input"], "a list is expected");
    std::fs::write(&config, "[servers]\nread_only = [\"registry.example.com\"]\n").unwrap();
    run(&mut trustdeck(&home, &["status"])).ok();
    std::fs::write(&config, "read_only = true\n").unwrap();
    assert_eq!(run(&mut trustdeck(&home, &offline)).ended(7).kinds(), ["policy"]);
}

#[test]
fn enter_chooses_what_the_screen_was_opened_for() {
    let picking = |pane, focus| {
        let mut state = browsing();
        (state.here.pick, state.focus) = (Some(PickFor { pane, of: None }), focus);
        state.here.read_only.everything = true;
        state
    };
    let picked = |state: &State| match &state.quit {
        Some(Quit::Picked(lines)) => lines.clone(),
        other => panic!("a choice, not {other:?}"),
    };
    let mut state = picking(Pane::Repositories, Pane::Repositories);
    press(&mut state, "<enter>");
    assert_eq!(picked(&state), ["registry.example.com/admin/demo"]);
    let mut state = picking(Pane::Tags, Pane::Repositories);
    press(&mut state, "<enter>");
    assert_eq!((state.focus, &state.quit), (Pane::Tags, &None));
    let tag = state.lists.tags.selected().unwrap().to_string();
    press(&mut state, "<enter>");
    assert_eq!(picked(&state), [format!("registry.example.com/admin/demo:{tag}")]);
    let mut state = picking(Pane::Roles, Pane::Roles);
    press(&mut state, "jj<space><space><enter>");
    assert_eq!(picked(&state).len(), 2);
    assert!(picked(&state).contains(&role("targets/releases").to_string()));
}

#[test]
fn what_would_stage_says_where_one_chooses_that_one_only_chooses() {
    let staging = [
        (Pane::Repositories, "swtDSf"),
        (Pane::Roles, "aonewtdS"),
        (Pane::Tags, "asd"),
        (Pane::Keys, "naimdtD"),
        (Pane::Staged, "dx"),
    ];
    for (pane, keys) in staging {
        for key in keys.chars().chain("uUW".chars()) {
            let mut state = staged();
            (state.here.pick, state.focus) = (Some(PickFor { pane: Pane::Tags, of: None }), pane);
            let effects = press(&mut state, &key.to_string());
            let answered = said(&state).contains("here one only chooses") || said(&state).contains("not bound");
            assert!(
                answered && !effects.iter().any(changes) && state.dialogs.is_empty(),
                "{key} in {pane:?}: {}",
                said(&state)
            );
        }
    }
}

#[test]
fn a_read_only_screen_looks_as_stored() {
    looks_as_stored("read-only", |size, theme| {
        let mut state = state_of(repositories(), size, theme);
        tell_stage(&mut state, stage(), plan());
        state.here.read_only.everything = true;
        press(&mut state, "js");
        state
    });
}

#[test]
fn undo_and_redo_leave_a_read_only_server_alone() {
    let mut state = staged();
    state.stage.redo = Some("something".to_owned());
    let act = trustdeck::engine::StagedAct { added: vec![(gun("admin/api"), Change::Republish)], removed: vec![] };
    (state.stage.undoes, state.stage.redoes) = (act.clone(), act);
    let only = |host: &str| ReadOnly { everything: false, servers: [host.to_owned()].into() };
    state.here.read_only = only("registry.example.com");
    for key in ["u", "U"] {
        assert_eq!(press(&mut state, key), [], "{key}");
        assert!(said(&state).contains("[servers] read_only"), "{}", said(&state));
    }
    state.here.read_only = only("other.example.com");
    assert_eq!(press(&mut state, "u"), [Effect::Undo]);
    assert_eq!(press(&mut state, "U"), [Effect::Redo]);
}

#[test]
fn what_was_hidden_comes_back_where_nothing_may_be_changed() {
    let mut state = read_only(browsing());
    press(&mut state, "1d");
    let hidden = gun("admin/demo");
    assert_eq!(press(&mut state, "u"), [Effect::PutBack(vec![hidden])]);
}

#[test]
fn the_engine_takes_nothing_back_for_a_server_that_is_read_only() {
    let home = TempDir::new().unwrap();
    let engine = |servers: &[&str]| {
        let read_only = ReadOnly { everything: false, servers: servers.iter().map(|s| (*s).to_owned()).collect() };
        let settings = settings_of(home.path(), &home.path().join("trust"), "https://notary.example.com:4443");
        Engine::open(Settings { read_only, ..settings }, Arc::new(jiff::Timestamp::now)).unwrap()
    };
    let change = vec![(gun("a"), Change::Create { root_key: RootKeyChoice::Auto })];
    engine(&[]).stage().stage(change.clone()).unwrap();
    let closed = engine(&["notary.example.com"]);
    assert_eq!(closed.stage().undo().unwrap_err().kind(), Kind::Policy);
    engine(&[]).stage().undo().unwrap();
    assert_eq!(closed.stage().redo().unwrap_err().kind(), Kind::Policy);
    assert_eq!(closed.stage().redo_only(&change).unwrap_err().kind(), Kind::Policy);
    assert_eq!(engine(&[]).stage().redo().unwrap().changes.len(), 1);
}
