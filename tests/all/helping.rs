//! The key that is named is the one that helps, where it is named and under whatever key it is bound.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::screen;

use screen::plans::{demo, plan, stage, tell_plan, tell_stage};
use screen::scene::{entry, gun, now, repositories, role, state_of, tell};
use screen::told::{browsing, failure, said, select, staged};
use screen::wizards::{backed_up, begun, keyed, open, signer};
use screen::{draw, frame, press};
use trustdeck::engine::settings::ReadOnly;
use trustdeck::engine::trust::tree::RoleState;
use trustdeck::engine::view::{Finding, TagState};
use trustdeck::engine::wizard::{Way, Wizard};
use trustdeck::engine::{Change, Health, Kind, Plan, RepositoryView};
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome, Source};
use trustdeck::tui::messages::failure::Ask;
use trustdeck::tui::messages::wizard_task::Task;
use trustdeck::tui::panes;
use trustdeck::tui::route::own_keys::bind;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::binding::{Action, Place};
use trustdeck::tui::state::{Screen, State, spoken};

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

fn resize(state: &mut State, size: (u16, u16)) {
    update(state, Event::Resize(size.0, size.1));
}

/// The line of hints.
fn hints(state: &State) -> String {
    shown(state).lines().last().unwrap_or_default().to_owned()
}

fn tell_view(state: &mut State, view: &RepositoryView) {
    let found = Outcome::Viewed(view.gun.clone(), Source::Server, Ok(Arc::new(view.clone())));
    tell(state, Effect::Refresh(view.gun.clone()), found);
}

/// The story, with `admin/demo` as it is made here.
fn with_demo(size: (u16, u16), make: impl FnOnce(&mut RepositoryView)) -> State {
    let mut state = state_of(repositories(), size, Theme::default());
    let mut view = repositories().into_iter().find(|view| view.gun == gun("admin/demo")).unwrap();
    make(&mut view);
    tell_view(&mut state, &view);
    select(&mut state, "admin/demo");
    state
}

fn breaks(view: &mut RepositoryView, names: &[&str], make: impl Fn(&mut trustdeck::engine::view::RoleView)) {
    let broken = view.roles.iter_mut().filter(|shown| names.iter().any(|name| shown.role == role(name)));
    broken.for_each(make);
    let level = Health::Fail;
    let finding =
        |name: &&str| Finding { level, headline: "wrong".to_owned(), detail: String::new(), role: Some(role(name)) };
    view.findings = names.iter().map(finding).collect();
    view.health = level;
}

fn orphaned(view: &mut RepositoryView, names: &[&str]) {
    breaks(view, names, |role| role.state = RoleState::UnderThreshold { signed: 0 });
    let tags: Vec<_> = view.tags.iter().cloned().collect();
    let orphan = |mut tag: trustdeck::engine::view::TagView| {
        if tag.state == TagState::Trusted {
            tag.state = TagState::Orphaned;
        }
        tag
    };
    view.tags = tags.into_iter().map(orphan).collect();
}

fn acts(state: &State, pane: Pane) -> Vec<(&'static str, String, String)> {
    panes::detail(pane, state).map(|detail| detail.acts).unwrap_or_default()
}

#[test]
fn an_orphan_names_the_role_that_a_pull_reads_first() {
    let mut state = with_demo((120, 40), |view| orphaned(view, &["targets/releases", "targets/jeff", "targets/ben"]));
    press(&mut state, "3");
    let [(key, act, _)] = &acts(&state, Pane::Tags)[..] else { panic!("{:?}", acts(&state, Pane::Tags)) };
    assert_eq!((*key, act.as_str()), ("2", "Roles, then w: sign releases again"));
    let sentence = panes::detail(Pane::Tags, &state).unwrap().sentences.remove(0);
    assert!(sentence.ends_with("no current key has signed releases."), "{sentence}");
}

#[test]
fn where_nothing_may_be_changed_no_row_offers_what_changes_it() {
    let mut state = with_demo((120, 40), |view| orphaned(view, &["targets/releases"]));
    state.here.read_only.everything = true;
    press(&mut state, "3");
    assert_eq!(acts(&state, Pane::Tags), []);
    // Where something may be, nobody here is said only where that is so.
    let mut state = with_demo((120, 40), |view| {
        orphaned(view, &["targets/releases"]);
        breaks(view, &["targets/releases"], |role| role.state = RoleState::OverLimit { limit: "too deep".to_owned() });
    });
    press(&mut state, "3");
    assert_eq!(acts(&state, Pane::Tags)[0].1, "revoke");
}

#[test]
fn the_key_that_mends_is_first_among_the_hints_in_every_pane_at_80_columns() {
    let size = (80, 24);
    let mut state = with_demo(size, |view| orphaned(view, &["targets/releases"]));
    assert!(hints(&state).trim().starts_with("w sign again"), "{}", hints(&state));
    press(&mut state, "3");
    assert!(hints(&state).trim().starts_with("2 roles"), "{}", hints(&state));
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/releases"));
    assert!(hints(&state).trim().starts_with("w sign again"), "{}", hints(&state));
    let mut state = with_demo(size, |_| {});
    state.find_mut(&gun("admin/demo")).unwrap().registry.differences.tampered = 1;
    assert!(hints(&state).trim().starts_with("3 tags"), "{}", hints(&state));
}

#[test]
fn what_mends_is_named_with_the_users_own_key_and_stays_first() {
    let mut state = with_demo((80, 24), |view| orphaned(view, &["targets/releases"]));
    let own: BTreeMap<String, Vec<String>> =
        [("roles.witness", "Z"), ("repositories.sign-again", "Y"), ("review", "ctrl-r")]
            .map(|(name, key)| (name.to_owned(), vec![key.to_owned()]))
            .into();
    bind(&mut state, &own, &BTreeMap::new());
    assert_eq!(acts(&state, Pane::Repositories)[0].0, "Y");
    assert!(hints(&state).trim().starts_with("Y sign again"), "{}", hints(&state));
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/releases"));
    assert_eq!(acts(&state, Pane::Roles)[0].0, "Z");
    assert!(hints(&state).trim().starts_with("Z sign again"), "{}", hints(&state));
    press(&mut state, "3");
    assert_eq!(acts(&state, Pane::Tags)[0].1, "Roles, then Z: sign releases again");
    // In what is said too.
    state.complain(&failure(Kind::Policy, None));
    state.message.as_mut().unwrap().remedy = Some("sign it: w in Roles; p reviews it".to_owned());
    assert!(shown(&state).contains("sign it: Z in Roles; ctrl-r reviews it"), "{}", shown(&state));
}

#[test]
fn keys_that_sentences_name_are_those_that_the_tables_bind() {
    let state = browsing();
    let binds = |place: Place, action: Action| trustdeck::tui::route::own_keys::usual_key(place, action);
    let places = Pane::ALL.map(Place::Pane).into_iter().chain([Place::Lists, Place::Everywhere]);
    let screens = [Place::Review, Place::Wizard, Place::Tour];
    let places: Vec<Place> = places.chain(screens).collect();
    for (action, key) in spoken::USUAL {
        let is_bound = places.iter().any(|place| binds(*place, *action) == Some(*key));
        assert_eq!((is_bound, state.key(*action)), (true, *key), "{action:?}");
    }
}

#[test]
fn a_file_that_nobody_known_has_signed_is_restored_only_from_a_copy() {
    let unknown = |kept: bool| {
        let mut state = with_demo((80, 24), |view| {
            breaks(view, &["targets/releases"], |role| {
                (role.state, role.vouched, role.kept) = (RoleState::UnderThreshold { signed: 0 }, false, kept);
            });
        });
        press(&mut state, "2");
        state.lists.roles.select(&role("targets/releases"));
        state
    };
    let mut state = unknown(true);
    assert_eq!(acts(&state, Pane::Roles)[0].0, "S");
    assert!(hints(&state).trim().starts_with("S restore"), "{}", hints(&state));
    // Signing it again as it is mends nothing.
    let mut planned = plan();
    planned.repositories[0].changes.clear();
    tell_stage(&mut state, stage(), planned.clone());
    assert_eq!(acts(&state, Pane::Roles)[0].0, "S");
    let mut restored = demo().changes[1].clone();
    restored.change = Change::Restore { role: role("targets/releases") };
    planned.repositories[0].changes = vec![restored];
    tell_plan(&mut state, planned);
    assert_eq!(acts(&state, Pane::Roles)[0].0, "p");

    let mut state = unknown(false);
    assert_eq!(acts(&state, Pane::Roles), []);
    assert!(shown(&state).contains("this machine has no good file of releases"), "{}", shown(&state));
    assert_eq!(press(&mut state, "S"), []);
    assert!(said(&state).contains("no good file"), "{}", said(&state));
}

#[test]
fn tags_that_are_not_pulled_as_they_are_end_in_a_key() {
    let size = (120, 40);
    let mut state = with_demo(size, |_| {});
    let effects = press(&mut state, "3");
    screen::registry::compare(&mut state, &effects, &gun("admin/demo"), &screen::registry::DEMO);
    for (tag, wanted) in [("latest", "s"), ("3.0.1", "d"), ("3.2.0-rc1", "s"), ("edge", "s")] {
        state.lists.tags.select(&Arc::from(tag));
        let acts = acts(&state, Pane::Tags);
        assert_eq!(acts.first().map(|act| act.0), Some(wanted), "{tag}: {acts:?}");
    }
}

#[test]
fn a_repository_that_asks_something_leads_there_from_roles_and_tags() {
    let mut state = State::new(Theme::default(), (80, 24), now());
    let view = repositories().remove(1);
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(vec![entry(&view)])));
    let asks = failure(Kind::Pin, Some(Ask::FirstContact { roots: vec![], keys: vec![] }));
    let found = Outcome::Viewed(view.gun.clone(), Source::Server, Err(asks));
    tell(&mut state, Effect::Refresh(view.gun.clone()), found);
    for size in [(60, 16), (80, 24), (120, 40)] {
        resize(&mut state, size);
        for pane in ["2", "3"] {
            press(&mut state, pane);
            let frame = shown(&state);
            assert!(frame.contains("1 then i: compare its root"), "{frame}");
            assert!(hints(&state).trim().starts_with("1 repositories"), "{}", hints(&state));
            assert!(!hints(&state).contains("sign a tag") && !hints(&state).contains("add signer"), "{frame}");
        }
        press(&mut state, "1");
        assert!(hints(&state).trim().starts_with("i compare its root"), "{}", hints(&state));
    }
}

#[test]
fn where_a_server_is_read_only_no_wizard_begins_and_the_head_says_so() {
    let closed = || ReadOnly { everything: false, servers: ["registry.example.com".to_owned()].into() };
    for keys in ["2jt", "W"] {
        let mut state = browsing();
        state.here.read_only = closed();
        assert!(shown(&state).contains("READ-ONLY"), "{}", shown(&state));
        assert_eq!(press(&mut state, keys), [], "{keys}");
        assert!(state.dialogs.is_empty() && said(&state).contains("[servers] read_only"), "{keys}: {}", said(&state));
    }
    let mut state = browsing();
    open(&mut state, keyed(begun(Wizard::DelegationKey { signer: signer() })));
    state.here.read_only = closed();
    assert_eq!(press(&mut state, "<enter>"), []);
    assert!(said(&state).contains("read-only") && shown(&state).contains("READ-ONLY"), "{}", said(&state));
    let mut other = browsing();
    other.here.read_only.servers = ["other.example.com".to_owned()].into();
    assert!(!shown(&other).contains("READ-ONLY"));
    assert_eq!(press(&mut other, "W"), [Task::List.effect()]);
}

#[test]
fn a_wizard_shows_what_it_would_stage_beside_what_is_staged_already() {
    let mut state = state_of(repositories(), (120, 40), Theme::default());
    let mut facts = backed_up(keyed(begun(Wizard::DelegationKey { signer: signer() })));
    let guns: Vec<_> = facts.repositories.iter().map(|repository| repository.gun.clone()).collect();
    let other = Change::Witness { role: role("targets") };
    facts.repositories.iter_mut().for_each(|repository| repository.staged = vec![other.clone()]);
    let mut planned = demo();
    (planned.gun, planned.changes) = (guns[0].clone(), vec![demo().changes.remove(1)]);
    planned.changes[0].change = other;
    let elsewhere = Plan { repositories: vec![planned], ..plan() };
    facts.choice.way = Way::OnePublish;
    open(&mut state, facts);
    tell_plan(&mut state, elsewhere);
    let one = shown(&state);
    assert!(one.contains("Will be staged") && one.contains("staged already") && one.contains("remove "), "{one}");
    press(&mut state, "j");
    let two = shown(&state);
    let below = |frame: &str| frame.split("Will be staged").nth(1).unwrap_or_default().to_owned();
    assert_ne!(below(&one), below(&two), "what would be staged follows the cursor");
}

#[test]
fn leaving_a_repository_out_is_undone_before_anything_staged() {
    let mut state = staged();
    press(&mut state, "p");
    tell_plan(&mut state, plan());
    press(&mut state, "gg<space>");
    let left = |state: &State| match &state.screen {
        Screen::Review(review) => review.left_out.len(),
        _ => panic!("the review"),
    };
    assert_eq!(left(&state), 1);
    assert!(shown(&state).contains("undo leaving admin/demo out"), "{}", shown(&state));
    assert_eq!(press(&mut state, "u"), []);
    assert_eq!((left(&state), said(&state).as_str()), (0, "taken in again admin/demo"));
    assert_eq!(press(&mut state, "u"), [Effect::Undo]);
}

#[test]
fn the_palette_says_how_the_configuration_calls_an_action() {
    let mut state = browsing();
    press(&mut state, "2:roles.witness");
    assert!(shown(&state).contains("[keys] roles.witness"), "{}", shown(&state));
}
