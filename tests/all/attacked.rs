//! What the screen says and offers where a server hides, forges or has lost what this machine knows.

use crate::screen;

use screen::scene::{finding, gun, repository, role, state_of};
use screen::{draw, frame, press};
use trustdeck::engine::error::Untrusted;
use trustdeck::engine::tags::trusted::{all_trusted_in, trusted_in};
use trustdeck::engine::trust::tree::RoleState;
use trustdeck::engine::view::{TagState, TagView};
use trustdeck::engine::{Change, Health, RepositoryView};
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::state::State;

const NAME: &str = "admin/web";

fn releases(state: RoleState, vouched: bool) -> RepositoryView {
    let mut view = repository(NAME, Health::Fail, 7, 1, ("targets", 900));
    let releases = view.roles.iter_mut().find(|role| role.role.is_released() && role.depth > 1).unwrap();
    (releases.state, releases.vouched, releases.kept) = (state, vouched, true);
    view.findings = vec![finding(Health::Fail, "releases does not count", "", "targets/releases")];
    view
}

fn on_screen(view: RepositoryView) -> State {
    state_of(vec![view], (200, 60), Theme::default())
}

fn staged(effects: &[Effect]) -> Vec<Change> {
    let [Effect::Stage { changes, .. }] = effects else { panic!("{effects:?}") };
    assert!(changes.iter().all(|(of, _)| *of == gun(NAME)));
    changes.iter().map(|(_, change)| change.clone()).collect()
}

#[test]
fn a_role_that_is_hidden_or_signed_by_nobody_known_is_told_as_an_attack_and_its_last_good_file_is_offered() {
    let restore = Change::Restore { role: role("targets/releases") };
    for (how, vouched, words) in [
        (RoleState::Hidden, true, "hidden by the server"),
        (RoleState::UnderThreshold { signed: 0 }, false, "signed by nobody known"),
    ] {
        let mut state = on_screen(releases(how, vouched));
        assert_eq!(staged(&press(&mut state, "1S")), std::slice::from_ref(&restore));
        press(&mut state, "2");
        state.lists.roles.select(&role("targets/releases"));
        let drawn = frame::signs(&draw(&state));
        assert!(drawn.contains(words) && drawn.contains("may be an attack"), "{drawn}");
        assert!(!drawn.contains("until one of its keys signs it again"), "{drawn}");
    }
    let mut state = on_screen(releases(RoleState::Hidden, true));
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/releases"));
    assert_eq!(staged(&press(&mut state, "S")), [restore]);
}

#[test]
fn what_a_server_has_lost_is_sent_again_by_one_key() {
    let mut view = repository(NAME, Health::Fail, 7, 1, ("targets", 900));
    view.lost = true;
    let mut state = on_screen(view);
    assert_eq!(staged(&press(&mut state, "1S")), [Change::Republish]);
}

#[test]
fn nothing_is_restored_where_the_server_has_all_of_it() {
    let mut state = on_screen(repository(NAME, Health::Ok, 7, 1, ("targets", 900)));
    assert_eq!(press(&mut state, "1S"), []);
    assert!(frame::signs(&draw(&state)).contains("the server has lost nothing of it"));
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/releases"));
    assert_eq!(press(&mut state, "S"), []);
    assert!(frame::signs(&draw(&state)).contains("there is nothing to restore"));
}

#[test]
fn tags_of_a_role_that_does_not_count_are_those_of_its_last_good_file_and_are_told_with_it() {
    let mut view = releases(RoleState::UnderThreshold { signed: 0 }, false);
    let of_releases = view.roles.iter_mut().find(|role| role.role.is_released() && role.depth > 1).unwrap();
    of_releases.tags = 3;
    of_releases.lost_tags = ["1.0", "1.1", "1.2", "1.3"].map(str::to_owned).to_vec();
    view.vanished = ["1.2", "1.3"].map(str::to_owned).to_vec();
    let told: Vec<String> = view.troubles().into_iter().map(|trouble| trouble.problem.message).collect();
    let lost = "the 4 tags of its last good file cannot be pulled: 1.0, 1.1, 1.2, 1.3";
    assert!(told[0].contains("this may be an attack") && told[0].contains(lost), "{told:?}");
    assert_eq!(view.losses(), None);
    view.vanished.push("of targets".to_owned());
    assert!(view.losses().unwrap().problem.message.starts_with("1 tag gone"));
}

#[test]
fn a_repository_that_its_server_has_lost_is_not_drawn_as_a_new_one() {
    let mut view = repository(NAME, Health::Fail, 0, 0, ("targets", 900));
    (view.lost, view.tags) = (true, [].into_iter().collect());
    view.roles.clear();
    view.findings = vec![finding(Health::Fail, "the server has no trust data any more", "", "targets")];
    view.findings[0].role = None;
    let mut state = on_screen(view.clone());
    state.size = (80, 24);
    let shows = |state: &State| frame::signs(&draw(state));
    assert!(shows(&state).contains("S restore"), "{}", shows(&state));
    press(&mut state, "2");
    assert!(shows(&state).contains("S restore   the server has lost its trust data"), "{}", shows(&state));
    assert!(!shows(&state).contains("first signer"), "{}", shows(&state));
    press(&mut state, "3");
    assert!(shows(&state).contains("1 then S restore   the server has lost its trust data"), "{}", shows(&state));
    press(&mut state, "2a");
    assert!(shows(&state).contains("S in Repositories restores"), "{}", shows(&state));
    press(&mut state, "<esc>");
    assert_eq!(staged(&press(&mut state, "S")), [Change::Republish]);
    // One that is new has nothing to restore, and says so.
    let mut new = RepositoryView { lost: false, findings: vec![], health: Health::New, ..view };
    new.roles.clear();
    let mut state = on_screen(new);
    press(&mut state, "2");
    assert!(!shows(&state).contains("S restore"), "{}", shows(&state));
    assert_eq!(press(&mut state, "S"), []);
    assert!(shows(&state).contains("the list is empty"), "{}", shows(&state));
}

#[test]
fn tags_that_are_gone_are_named_and_programs_get_all_of_them() {
    let mut view = repository(NAME, Health::Ok, 7, 1, ("targets", 900));
    view.vanished = (0..80).map(|n| format!("t{n}.")).collect();
    let problem = view.losses().unwrap().problem;
    assert!(problem.message.contains("t0., t1., t2.") && problem.message.contains("t63. and 16 more"), "{problem}");
    assert_eq!(serde_json::to_value(&problem).unwrap()["tags"].as_array().unwrap().len(), 80);
}

#[test]
fn a_digest_that_is_no_sha256_is_handed_to_nobody() {
    let mut view = repository(NAME, Health::Ok, 7, 1, ("targets", 900));
    assert!(!all_trusted_in(&view).is_empty());
    for digest in ["00", "", &"0".repeat(63), &"0".repeat(66)] {
        let with = |tag: &TagView| TagView { digest: digest.to_owned(), ..tag.clone() };
        view.tags = view.tags.iter().map(with).collect();
        let tag = view.tags.iter().find(|tag| tag.state == TagState::Trusted).unwrap();
        assert_eq!(trusted_in(&view, &tag.name), Err(Untrusted::NoDigest), "{digest}");
        assert!(all_trusted_in(&view).is_empty(), "{digest}");
    }
}
