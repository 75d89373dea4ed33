//! The tags pane: keys in, effects and rows out.

use trustdeck::engine::tags::ask::{News, TagQuestion};
use trustdeck::engine::view::TagState;
use trustdeck::engine::{Change, Health, Kind, SignedTarget};
use trustdeck::tuf::TargetName;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome};
use trustdeck::tui::messages::registry::{RegistryFound, RegistryNews, RegistryWork};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;
use trustdeck::tui::state::registry::Comparing;

use crate::screen;
use screen::plans::{plan, stage, tell_plan, tell_stage};
use screen::registry::{DEMO, answers, begin_comparing, compare, end, hear, listed};
use screen::scene::{digits, gun, repository, state_of, tag, tell};
use screen::told::{browsing, failure, select};
use screen::{draw, frame, press};

/// The rows on the screen: state and name.
fn rows(state: &State) -> Vec<(String, String)> {
    let rows = &state.lists.tag_rows;
    let row = |(index, _)| rows.get(index).unwrap();
    rows.shown().into_iter().map(row).map(|tag| (tag.word().to_owned(), tag.row.name.to_string())).collect()
}

fn word(state: &State, name: &str) -> String {
    rows(state).into_iter().find(|(_, tag)| tag == name).map(|(word, _)| word).unwrap_or_default()
}

/// `admin/demo` with its registry known, the tags in focus.
fn compared() -> State {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    compare(&mut state, &effects, &gun("admin/demo"), &DEMO);
    state
}

#[test]
fn tags_are_listed_worst_first_where_that_is_wanted() {
    let mut state = compared();
    press(&mut state, ",s");
    let words: Vec<String> = rows(&state).into_iter().map(|(word, _)| word).collect();
    let place = |word: &str| words.iter().position(|w| w == word).unwrap();
    assert!(place("drift").max(place("gone")) < place("unsigned") && place("unsigned") < place("ok"), "{words:?}");
    press(&mut state, ",n");
    assert_eq!(rows(&state)[0].1, "2.9.7");
}

#[test]
fn every_tag_of_either_world_has_a_row_in_natural_order() {
    let state = compared();
    let names: Vec<String> = rows(&state).into_iter().map(|(_, name)| name).collect();
    let expected = [
        "2.9.7",
        "2.9.8",
        "3.0.1",
        "3.0.2",
        "3.1.4",
        "3.1.5",
        "3.1.6",
        "3.2.0-rc1",
        "3.2.0-rc2",
        "edge",
        "latest",
        "nightly",
        "stable",
    ];
    assert_eq!(names, expected);
    for (name, expected) in [
        ("3.1.6", "ok"),
        ("latest", "drift"),
        ("nightly", "unsigned"),
        ("3.0.1", "gone"),
        ("3.2.0-rc1", "held"),
        ("3.2.0-rc2", "unsigned"),
    ] {
        assert_eq!(word(&state, name), expected, "{name}");
    }
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("1 drift   1 gone   3 unsigned"), "{shown}");
}

#[test]
fn tags_are_filtered_by_their_state() {
    let mut state = compared();
    press(&mut state, "/drift<enter>");
    assert_eq!(rows(&state), [("drift".to_owned(), "latest".to_owned())]);
    press(&mut state, "<esc>/unsigned !edge<enter>");
    let names: Vec<String> = rows(&state).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["3.2.0-rc2", "nightly"]);
}

#[test]
fn a_small_repository_is_compared_once_when_its_tags_are_looked_at() {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    let [Effect::Registry(RegistryWork::Compare(of, TagQuestion { first, others, unless_many: true, .. }))] =
        effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!((of, first.len()), (&gun("admin/demo"), 10));
    assert!(*others > 0, "which tags nobody signed is not known yet");
    assert_eq!(press(&mut state, "jk13"), [], "it runs");
    compare(&mut state, &effects, &gun("admin/demo"), &DEMO);
    assert_eq!(press(&mut state, "jk13"), [], "it is known");
    select(&mut state, "admin/api");
    assert_eq!(press(&mut state, "3").len(), 1, "another one was not asked");
}

#[test]
fn what_nobody_signed_is_not_revoked_and_without_trust_data_nothing_is_signed() {
    let mut state = compared();
    press(&mut state, "/edge<enter>");
    assert_eq!(press(&mut state, "d"), []);
    assert!(frame::signs(&draw(&state)).contains("nobody has signed it"), "{}", frame::signs(&draw(&state)));
    assert_ne!(press(&mut state, "s"), []);
    select(&mut state, "team/new-service");
    let effects = press(&mut state, "3");
    compare(&mut state, &effects, &gun("team/new-service"), &[("1.0", "0badcafe")]);
    assert_eq!(press(&mut state, "s"), []);
    assert!(frame::signs(&draw(&state)).contains("it has no trust data yet"), "{}", frame::signs(&draw(&state)));
}

#[test]
fn marked_tags_are_signed_in_natural_order() {
    let mut many = repository("team/many", Health::Ok, 0, 1, ("targets", 900));
    let one = |name: &&str| tag(name, "00000000", TagState::Trusted, &["jeff"]);
    many.tags = ["1.2", "1.9", "1.10"].iter().map(one).collect();
    let mut state = state_of(vec![many], (120, 40), Theme::default());
    press(&mut state, "3A");
    let effects = press(&mut state, "s");
    let [Effect::Registry(RegistryWork::LookUp(asked))] = effects.as_slice() else { panic!("{effects:?}") };
    let names: Vec<&str> = asked.wanted.iter().map(|wanted| wanted.tag.as_str()).collect();
    assert_eq!(names, ["1.2", "1.9", "1.10"]);
}

#[test]
fn a_large_repository_is_compared_only_when_asked_for() {
    let mut big = repository("team/big", Health::Ok, 0, 1, ("targets", 900));
    big.tags = (0..501).map(|n| tag(&format!("1.{n}"), "00000000", TagState::Trusted, &["jeff"])).collect();
    let mut state = state_of(vec![big], (120, 40), Theme::default());
    assert_eq!(press(&mut state, "3G"), []);
    assert_eq!(word(&state, "1.7"), "signed");
    let effects = press(&mut state, "=");
    let [Effect::Registry(RegistryWork::Compare(_, TagQuestion { first, unless_many: false, .. }))] =
        effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(first.last().map(|name| &**name), Some("1.500"), "what is on the screen comes first");
}

#[test]
fn nothing_is_asked_of_registries_offline() {
    let mut state = browsing();
    state.here.offline = true;
    assert_eq!(press(&mut state, "3="), []);
    assert_eq!(word(&state, "latest"), "signed");
}

#[test]
fn a_comparison_tells_how_far_it_is_and_can_be_stopped() {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    let demo = gun("admin/demo");
    let job = begin_comparing(&mut state, &effects);
    let names: Vec<&str> = DEMO.iter().map(|(name, _)| *name).collect();
    hear(&mut state, job, &demo, News::Listed { registered: listed(&names), wanted: 12 });
    hear(&mut state, job, &demo, News::Found(answers(&[("latest", "77fe10aa"), ("edge", "c81f2ab0")])));
    assert!(frame::signs(&draw(&state)).contains("compared 2 of 12"));
    assert_eq!((word(&state, "latest"), word(&state, "3.1.6")), ("drift".to_owned(), "signed".to_owned()));
    let stop = press(&mut state, "=");
    assert_eq!(stop, [Effect::Registry(RegistryWork::StopComparing(demo.clone()))]);
    state.jobs.begin(&stop[0]);
    hear(&mut state, job, &demo, News::Found(answers(&[("3.1.6", "3d2e482b")])));
    assert_eq!(word(&state, "3.1.6"), "signed", "what comes late is dropped");
    assert_eq!(state.repository().unwrap().registry.work, Comparing::Stopped);
    assert_eq!(press(&mut state, "13"), [], "it stays stopped");
    assert_eq!(state.repository().unwrap().registry.differences.drifted, 1, "what is known stays");
    state.size = (160, 45);
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains(" not asked"), "a part is not shown as the whole: {shown}");
}

#[test]
fn what_was_compared_stays_when_a_later_comparison_is_stopped() {
    let mut state = compared();
    let (before, at) = (state.repository().unwrap().registry.differences, state.repository().unwrap().registry.at);
    state.now += jiff::SignedDuration::from_hours(1);
    let effects = press(&mut state, "=");
    let demo = gun("admin/demo");
    let job = begin_comparing(&mut state, &effects);
    let names: Vec<&str> = DEMO.iter().map(|(name, _)| *name).collect();
    hear(&mut state, job, &demo, News::Listed { registered: listed(&names), wanted: 12 });
    let stop = press(&mut state, "=");
    state.jobs.begin(&stop[0]);
    assert_eq!(state.repository().unwrap().registry.differences, before);
    assert_eq!(state.repository().unwrap().registry.at, at, "answers of before are as old as they are");
    assert_eq!(word(&state, "latest"), "drift");
}

#[test]
fn what_is_said_is_seen_beside_a_filter_in_a_small_window() {
    let mut state = compared();
    state.size = (80, 24);
    press(&mut state, "/edge<enter>");
    assert!(frame::signs(&draw(&state)).contains("/edge  esc clear"));
    press(&mut state, "d");
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("nobody has signed it"), "{shown}");
    press(&mut state, "k");
    assert!(frame::signs(&draw(&state)).contains("/edge  esc clear"));
    press(&mut state, "y");
    let shown = frame::signs(&draw(&state));
    assert!(!shown.contains("/edge  esc clear"), "the keys that may follow stand there: {shown}");
}

#[test]
fn ctrl_c_stops_a_comparison() {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    let job = begin_comparing(&mut state, &effects);
    assert_eq!(press(&mut state, "<ctrl-c>"), [Effect::Cancel]);
    hear(&mut state, job, &gun("admin/demo"), News::Listed { registered: listed(&["new"]), wanted: 1 });
    assert_eq!((word(&state, "new"), state.repository().unwrap().registry.work), (String::new(), Comparing::Stopped));
}

#[test]
fn what_nobody_signed_is_asked_about_when_it_comes_on_the_screen() {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    let demo = gun("admin/demo");
    let job = begin_comparing(&mut state, &effects);
    let many: Vec<String> = (0..300).map(|n| format!("9.{n}")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    hear(&mut state, job, &demo, News::Listed { registered: listed(&names), wanted: 1 });
    hear(&mut state, job, &demo, News::Found(answers(&[("9.0", "c81f2ab0")])));
    let looks = |effects: &[Effect]| match effects {
        [Effect::Registry(RegistryWork::Look(of, names))] if *of == demo => names.clone(),
        _ => panic!("{effects:?}"),
    };
    let effects = end(&mut state, job, &demo);
    let first = looks(&effects);
    assert_eq!(first[0].as_ref(), "9.1", "of the signed ones and 9.0 it is known");
    assert_eq!(press(&mut state, "G"), [], "one look at a time");
    let known: Vec<(&str, &str)> = first.iter().map(|name| (&**name, "c81f2ab0")).collect();
    let seen = |tags, result| Outcome::Registry(RegistryFound::Seen(demo.clone(), answers(tags), result));
    let effects = tell(&mut state, effects[0].clone(), seen(&known, Ok(())));
    let last = looks(&effects);
    assert!(last.iter().any(|name| &**name == "9.299") && !last.contains(&first[0]), "{last:?}");
    let failed = Err(failure(Kind::Network, None));
    assert_eq!(tell(&mut state, effects[0].clone(), seen(&[("9.299", "c81f2ab0")], failed)), []);
    assert_eq!(press(&mut state, "kk"), [], "after a failure nothing is asked unless it is wanted");
    assert_eq!(press(&mut state, "=").len(), 1);
}

#[test]
fn a_tag_that_was_removed_while_it_was_compared_leaves_its_row() {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    let demo = gun("admin/demo");
    let job = begin_comparing(&mut state, &effects);
    hear(&mut state, job, &demo, News::Listed { registered: listed(&["edge", "latest"]), wanted: 2 });
    assert_eq!(word(&state, "edge"), "unsigned");
    hear(&mut state, job, &demo, News::Found(vec![("edge".into(), None), ("latest".into(), None)]));
    assert_eq!((word(&state, "edge"), word(&state, "latest")), (String::new(), "gone".to_owned()));
    end(&mut state, job, &demo);
}

#[test]
fn repositories_count_what_drifted_and_what_nobody_signed() {
    let mut state = compared();
    press(&mut state, "1");
    assert!(frame::signs(&draw(&state)).contains("registry  1 drifted, 1 gone, 3 unsigned,"));
    let row = |state: &State| {
        let shown = frame::signs(&draw(state));
        shown.lines().find(|line| line.contains("warn    admin/demo ")).unwrap_or_default().to_owned()
    };
    assert!(row(&state).contains("≠   9"), "{}", row(&state));
    state.size = (80, 24);
    assert!(row(&state).contains("≠2 ·3"), "{}", row(&state));
}

#[test]
fn a_tag_that_is_only_staged_has_a_row_of_its_own() {
    let mut state = browsing();
    press(&mut state, "3");
    let (mut plan, mut staged) = (plan(), stage());
    let (change, planned) = (&mut staged.changes[0], &mut plan.repositories[0]);
    assert_eq!(planned.gun, gun("admin/demo"));
    let target = SignedTarget { length: 7, sha256: digits("beef"), sha512: None, custom: None, from_registry: false };
    let sign = Change::Sign { tag: TargetName::parse("3.3").unwrap(), target, roles: vec![] };
    change.change = sign.clone();
    planned.changes[0].change = sign;
    planned.tags.signed = vec!["3.3".to_owned()];
    planned.tags.revoked = vec!["2.9.7".to_owned()];
    tell_stage(&mut state, staged, plan.clone());
    assert_eq!(word(&state, "3.3"), "new");
    let shown = frame::signs(&draw(&state));
    let line = |name: &str| shown.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("3.3 ").contains("+ + new") && line("3.3 ").contains("beef82b6"), "{shown}");
    assert!(line("2.9.7").contains("− ✓ signed"), "{shown}");
    plan.repositories[0].changes.clear();
    tell_plan(&mut state, plan);
    assert_eq!(word(&state, "3.3"), "", "it goes with the plan");
}

#[test]
fn what_the_registry_has_of_a_repository_without_trust_data_is_unsigned() {
    let mut state = browsing();
    select(&mut state, "team/new-service");
    let effects = press(&mut state, "3");
    compare(&mut state, &effects, &gun("team/new-service"), &[("1.0", "0badcafe")]);
    assert_eq!(rows(&state), [("unsigned".to_owned(), "1.0".to_owned())]);
}

#[test]
fn the_tour_goes_on_from_tags_to_what_was_tampered_with() {
    use trustdeck::tui::state::tour::Tour;
    let mut state = browsing();
    let (demo, web) = (gun("admin/demo"), gun("admin/web"));
    let tour = Tour::first_signer(&demo, "admin/demo", "ben", "keys/ben.pub", "sandbox-only").then_tags(&demo, &web);
    state.tour = Some(tour);
    let at = |state: &State| state.tour.as_ref().and_then(|tour| tour.step()).map(|step| step.title);
    press(&mut state, ">>");
    assert_eq!(at(&state), Some("Tags."));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("Press 3") && !shown.contains("X ends"), "{shown}");
    let effects = press(&mut state, "3");
    compare(&mut state, &effects, &demo, &DEMO);
    assert_eq!(at(&state), Some("Sign."));
    let (mut staged, plan) = (stage(), plan());
    for (at, name) in ["edge", "latest"].into_iter().enumerate() {
        let target =
            SignedTarget { length: 7, sha256: digits("c81f2ab0"), sha512: None, custom: None, from_registry: true };
        staged.changes[at].gun = demo.clone();
        staged.changes[at].change = Change::Sign { tag: TargetName::parse(name).unwrap(), target, roles: vec![] };
        tell_stage(&mut state, staged.clone(), plan.clone());
    }
    assert_eq!(at(&state), Some("Publish."));
    press(&mut state, ">");
    assert_eq!(at(&state), Some("Verify."));
    select(&mut state, "admin/web");
    press(&mut state, "3V");
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("Press enter: the registry is asked."), "{shown}");
    let effects = press(&mut state, "<enter>");
    let job = state.jobs.begin(&effects[0]);
    update(&mut state, Event::Registry(job, RegistryNews::Verifying(web, vec!["1.0".to_owned()])));
    update(&mut state, Event::Done(job, Outcome::Registry(RegistryFound::Verified(Ok(())))));
    assert_eq!(at(&state), None, "the tour is done");
}

#[test]
fn where_a_filter_hides_every_tag_none_is_verified() {
    let mut state = browsing();
    press(&mut state, "3/nothing<enter>V");
    assert!(state.dialogs.is_empty());
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("the filter hides every tag"), "{shown}");
}

#[test]
fn a_role_that_is_staged_has_a_row_behind_its_neighbours() {
    let mut state = browsing();
    let mut plan = plan();
    let mut diff = plan.repositories[0].roles[0].clone();
    (diff.role, diff.mark) = (screen::scene::role("targets/carol"), trustdeck::engine::draft::applied::Mark::Added);
    plan.repositories[0].roles.push(diff);
    tell_stage(&mut state, stage(), plan);
    press(&mut state, "2");
    let shown = frame::signs(&draw(&state));
    let line = |name: &str| shown.lines().position(|line| line.contains(name)).unwrap();
    assert_eq!(line("│ + carol"), line("└ qa ") + 1, "{shown}");
    assert!(line("│ + carol") < line("├ snapshot"), "{shown}");
}
