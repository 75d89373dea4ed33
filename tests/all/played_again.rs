//! What somebody found who played with the screen once more.

use crate::screen;

use screen::plans::{mended, plan, stage, tell_plan, tell_stage};
use screen::registry::{DEMO, compare};
use screen::scene::{entry, finding, gun, repositories, repository, state_of, tell};
use screen::told::{browsing, said, select, staged};
use screen::{draw, frame, press};
use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::plan::PlannedChange;
use trustdeck::engine::settings::ReadOnly;
use trustdeck::engine::{Change, EntryId, Health, RepositoryView, RootKeyChoice, Stage, StagedAct, StagedChange};
use trustdeck::tuf::{Gun, Role};
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::Outcome;
use trustdeck::tui::state::review::{Review, ReviewRow};
use trustdeck::tui::state::{Order, Screen, State};

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

fn hints(state: &State) -> String {
    shown(state).lines().last().unwrap_or_default().trim().to_owned()
}

fn review(state: &mut State) -> &mut Review {
    let Screen::Review(review) = &mut state.screen else { panic!("the review is open") };
    review
}

fn reviewing() -> State {
    let mut state = staged();
    press(&mut state, "p");
    tell_plan(&mut state, plan());
    state
}

#[test]
fn undo_takes_the_fix_back_and_not_what_was_left_out_before() {
    let mut state = reviewing();
    let demo = gun("admin/demo");
    review(&mut state).list.select(&ReviewRow::Repository(demo.clone()));
    press(&mut state, "<space>");
    assert!(review(&mut state).left_out.contains(&demo));
    let effects = press(&mut state, "f");
    let [Effect::Stage { changes, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(changes[0].0, gun("admin/api"), "the cursor is elsewhere, and what is mended is what can be");
    let mut fixed = stage();
    let (of, change) = changes[0].clone();
    fixed.changes.push(StagedChange { id: EntryId(5), gun: of, change, ..fixed.changes[0].clone() });
    tell_stage(&mut state, fixed, mended());
    assert_eq!(press(&mut state, "u"), [Effect::Undo]);
    assert!(review(&mut state).left_out.contains(&demo), "it stays left out");
}

#[test]
fn what_another_program_lists_does_not_move_the_cursor_and_what_is_added_here_does() {
    let mut state = browsing();
    let with = |more: &[&str]| {
        let more = more.iter().map(|name| repository(name, Health::New, 0, 0, ("targets", 900)));
        Outcome::Entries(Ok(repositories().iter().chain(&more.collect::<Vec<_>>()).map(entry).collect()))
    };
    tell(&mut state, Effect::ListEntries, with(&["team/cli-two"]));
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/demo"));
    press(&mut state, "1aregistry.example.com/team/mine<enter>");
    tell(&mut state, Effect::ListEntries, with(&["team/cli-two", "team/mine"]));
    assert_eq!(state.repository().unwrap().entry.gun, gun("team/mine"));
}

#[test]
fn names_of_changes_that_differ_at_their_end_are_told_apart_at_every_width() {
    let machines = ["amd64", "arm64", "ppc64le", "s390x"];
    let mut story = stage();
    let one = story.changes[0].clone();
    let mut long = plan();
    long.repositories.truncate(1);
    let of = long.repositories[0].changes[0].clone();
    let name = |machine: &&str| format!("tag release-candidate-2026-11-29-{machine}");
    long.repositories[0].changes = (1..)
        .zip(&machines)
        .map(|(id, machine)| PlannedChange {
            entry: EntryId(id),
            thing: name(machine),
            ids: vec!["5be2f804".to_owned()],
            ..of.clone()
        })
        .collect();
    story.changes = (1..=4).map(|id| StagedChange { id: EntryId(id), ..one.clone() }).collect();
    for (size, keys) in [((80, 24), "p"), ((120, 40), "p"), ((200, 60), "p"), ((80, 24), "5"), ((200, 60), "5")] {
        let mut state = state_of(repositories(), size, Theme::default());
        tell_stage(&mut state, story.clone(), long.clone());
        press(&mut state, keys);
        tell_plan(&mut state, long.clone());
        let frame = shown(&state);
        for machine in machines {
            assert!(frame.contains(&format!("{machine} ")), "{machine} at {size:?} {keys}:\n{frame}");
        }
        assert!(size.0 == 120 || frame.contains("5be2f804"), "{frame}");
    }
}

#[test]
fn why_a_change_does_nothing_is_read_whole_beside_the_effect() {
    let mut state = reviewing();
    let mut none = plan();
    none.repositories[0].changes[0].no_effect = Some("the signer has these keys already".to_owned());
    tell_plan(&mut state, none);
    assert!(shown(&state).contains("the signer has these keys already"), "{}", shown(&state));
}

fn lost() -> RepositoryView {
    let mut view = repository("admin/web", Health::Fail, 0, 0, ("targets", 900));
    (view.lost, view.tags) = (true, [].into_iter().collect());
    view.roles.clear();
    view.findings = vec![finding(Health::Fail, "the server has no trust data any more", "", "targets")];
    view.findings[0].role = None;
    view
}

fn of_lost(change: Change) -> Stage {
    let changes = vec![StagedChange { gun: gun("admin/web"), change, ..stage().changes[0].clone() }];
    Stage { changes, ..Stage::default() }
}

#[test]
fn a_lost_repository_is_restored_before_anything_is_staged_for_it() {
    let mut state = state_of(vec![lost()], (120, 40), Theme::default());
    assert!(hints(&state).starts_with("S restore"), "{}", hints(&state));
    assert_eq!(press(&mut state, "s"), []);
    assert!(state.dialogs.is_empty() && said(&state).contains("S in Repositories restores"), "{}", said(&state));
    let effects = press(&mut state, "2");
    assert!(hints(&state).starts_with("S restore"), "{}", hints(&state));
    press(&mut state, "a");
    assert!(state.dialogs.is_empty() && said(&state).contains("S in Repositories restores"), "{}", said(&state));
    let effects = [effects, press(&mut state, "3")].concat();
    compare(&mut state, &effects, &gun("admin/web"), &[("1.0", "0badcafe")]);
    let frame = shown(&state);
    assert!(frame.contains("then S: restore"), "{frame}");
    assert!(!frame.contains("Nobody has signed it") && !frame.contains("sign what the registry holds"), "{frame}");
    for key in ["s", "a"] {
        assert_eq!(press(&mut state, key), []);
        assert!(state.dialogs.is_empty() && said(&state).contains("S in Repositories restores"), "{}", said(&state));
    }
}

#[test]
fn what_restores_is_staged_once_and_what_stands_in_its_way_is_dropped_first() {
    let mut state = state_of(vec![lost()], (120, 40), Theme::default());
    let told = |change| Outcome::Staged { said: None, result: Ok(of_lost(change)) };
    tell(&mut state, Effect::ReadStage, told(Change::Republish));
    assert!(shown(&state).contains("what restores it is staged"), "{}", shown(&state));
    assert_eq!(press(&mut state, "S"), []);
    tell(&mut state, Effect::ReadStage, told(Change::Create { root_key: RootKeyChoice::Auto }));
    assert!(shown(&state).contains("then d: drop what is staged"), "{}", shown(&state));
    assert_eq!(press(&mut state, "S"), []);
    state.here.read_only.everything = true;
    press(&mut state, "2");
    assert!(!shown(&state).contains("S restore"), "{}", shown(&state));
}

#[test]
fn a_snapshot_that_is_sent_is_not_called_the_servers() {
    let mut state = reviewing();
    assert!(shown(&state).contains("snapshot, timestamp"), "{}", shown(&state));
    let mut restores = plan();
    restores.repositories.iter_mut().for_each(|plan| plan.republishes = true);
    tell_plan(&mut state, restores);
    assert!(!shown(&state).contains("snapshot, timestamp"), "{}", shown(&state));
}

#[test]
fn a_creation_is_dropped_with_what_needs_it_and_comes_back_before_it() {
    let mut state = reviewing();
    let mut new = plan();
    let creation = Change::Create { root_key: RootKeyChoice::Auto };
    let signer = new.repositories[0].changes[0].clone();
    let created = PlannedChange { change: creation.clone(), thing: "repository".to_owned(), ..signer.clone() };
    let signer = PlannedChange { entry: EntryId(2), mark: Mark::Added, ..signer };
    new.repositories[0].changes = vec![created, signer.clone()];
    new.repositories[0].creates = true;
    tell_plan(&mut state, new);
    review(&mut state).list.select(&ReviewRow::With(EntryId(1)));
    let effects = press(&mut state, "<space>");
    let [Effect::Drop { entries, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*entries, [EntryId(1), EntryId(2)]);
    let mut bare = plan();
    bare.repositories.remove(0);
    tell_plan(&mut state, bare);
    review(&mut state).list.select(&ReviewRow::Dropped(EntryId(2)));
    let effects = press(&mut state, "<space>");
    let [Effect::Stage { changes, .. }] = &effects[..] else { panic!("{effects:?}") };
    let changes: Vec<&Change> = changes.iter().map(|(_, change)| change).collect();
    assert_eq!(changes, [&creation, &signer.change]);
}

#[test]
fn repositories_that_were_hidden_one_after_the_other_come_back_in_turn() {
    let mut state = browsing();
    let hide = |state: &mut State, name: &str| {
        select(state, name);
        assert_eq!(press(state, "d"), [Effect::RemoveEntry(gun(name))]);
    };
    hide(&mut state, "admin/web");
    hide(&mut state, "admin/demo");
    assert!(shown(&state).contains("hiding admin/demo"), "{}", shown(&state));
    assert_eq!(press(&mut state, "u"), [Effect::PutBack(vec![gun("admin/demo")])]);
    assert_eq!(press(&mut state, "u"), [Effect::PutBack(vec![gun("admin/web")])]);
}

#[test]
fn what_is_listed_for_the_stage_alone_is_not_hidden() {
    let mut state = browsing();
    let told = |view: &RepositoryView| {
        let only_staged = view.gun == gun("admin/demo");
        trustdeck::engine::ListedRepository { only_staged, ..entry(view) }
    };
    let entries = repositories().iter().map(told).collect();
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(entries)));
    assert_eq!(press(&mut state, "1d"), []);
    assert!(said(&state).contains("changes that are staged for it"), "{}", said(&state));
}

#[test]
fn what_was_dropped_comes_back_where_its_server_is_read_only() {
    let mut state = staged();
    state.here.read_only = ReadOnly { everything: false, servers: ["registry.example.com".to_owned()].into() };
    let change: (Gun, Change) = (gun("admin/demo"), Change::Witness { role: Role::Root });
    state.stage.undoes = StagedAct { added: vec![change.clone()], removed: vec![] };
    assert_eq!(press(&mut state, "u"), []);
    state.stage.undoes = StagedAct { added: vec![], removed: vec![change] };
    assert_eq!(press(&mut state, "u"), [Effect::Undo]);
}

#[test]
fn the_palette_says_in_the_review_that_it_leads_nowhere_else() {
    let mut state = reviewing();
    press(&mut state, ":admin/web");
    assert!(shown(&state).contains("the main screen finds the rest"), "{}", shown(&state));
}

#[test]
fn help_lists_no_key_that_means_something_nearer() {
    let mut state = reviewing();
    press(&mut state, "?quit<enter>");
    assert_eq!(state.quit, None);
}

#[test]
fn the_way_back_leads_to_the_row_and_is_kept_by_what_moves_nothing() {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    compare(&mut state, &effects, &gun("admin/demo"), &DEMO);
    press(&mut state, "jj");
    let before = state.lists.tags.selected().cloned().unwrap();
    press(&mut state, ":draw<enter>");
    press(&mut state, ":3.1.5<enter>");
    assert_ne!(state.lists.tags.selected(), Some(&before));
    press(&mut state, "-");
    assert_eq!((state.focus, state.lists.tags.selected()), (Pane::Tags, Some(&before)));
}

#[test]
fn after_new_answers_a_step_goes_to_the_row_that_is_seen_next() {
    let mut state = browsing();
    press(&mut state, "1gg");
    let rows: Vec<Gun> = state.lists.repositories.rows().map(|(_, _, gun)| gun.clone()).collect();
    // The first row became good: in order it is no longer the first.
    let mut view = (*state.find(&rows[0]).unwrap().view.clone().unwrap()).clone();
    view.health = Health::Ok;
    state.find_mut(&rows[0]).unwrap().view = Some(std::sync::Arc::new(view));
    state.lists.order = Order::AsShown;
    press(&mut state, "j");
    assert_eq!(state.lists.repositories.selected(), Some(&rows[1]));
}

#[test]
fn where_one_pane_is_shown_plus_says_so() {
    let mut state = browsing();
    state.size = (80, 24);
    press(&mut state, "+");
    assert!(said(&state).contains("one pane is shown already"), "{}", said(&state));
}
