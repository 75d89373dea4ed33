//! What users tripped over on the screens, and how it should be.

use crate::screen;

use screen::plans::{mended, plan, stage, tell_plan, tell_stage};
use screen::scene::{entry, gun, repositories, repository, state_of, tell};
use screen::told::{browsing, failure, said, select, staged};
use screen::wizards::{backed_up, begun, keyed, open, signer, staged as staged_by};
use screen::{draw, frame, press};
use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::tags::candidate::Candidate;
use trustdeck::engine::wizard::Wizard;
use trustdeck::engine::{Change, EntryId, Health, Kind, Stage};
use trustdeck::tuf::Role;
use trustdeck::tui::dialogs::{Choose, Dialog};
use trustdeck::tui::kit::layout;
use trustdeck::tui::kit::message::Tone;
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome};
use trustdeck::tui::messages::registry::{RegistryFound, RegistryWork};
use trustdeck::tui::messages::told::Told;
use trustdeck::tui::messages::wizard_task::Task;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;
use trustdeck::tui::state::review::ReviewRow;
use trustdeck::tui::state::{Screen, tour::Tour};

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

fn resize(state: &mut State, size: (u16, u16)) {
    update(state, Event::Resize(size.0, size.1));
}

#[test]
fn at_every_width_borders_are_whole_and_no_column_is_under_its_floor() {
    let mut state = staged();
    for width in 60..=320 {
        resize(&mut state, (width, 45));
        let buffer = draw(&state);
        let areas = layout::areas(state.size, state.focus, false);
        let docks = areas.docks.into_iter().flat_map(|(upper, lower)| [upper, lower]);
        for area in areas.panes.iter().map(|(_, area)| *area).chain(docks) {
            assert!(area.width >= 46 && area.right() <= width, "{area:?} at {width}");
            for y in area.top()..area.bottom() {
                for x in [area.left(), area.right() - 1] {
                    let sign = buffer[(x, y)].symbol();
                    assert!("│╭╮╰╯".contains(sign), "{sign:?} at {x},{y} of {width}:\n{}", shown(&state));
                }
            }
        }
    }
}

fn rotating(size: (u16, u16)) -> State {
    let mut state = state_of(repositories(), size, Theme::default());
    press(&mut state, "1/admin/demo<enter>");
    press(&mut state, "<esc>");
    open(&mut state, backed_up(keyed(begun(Wizard::DelegationKey { signer: signer() }))));
    state
}

#[test]
fn in_a_wizard_mark_time_line_and_list_follow_the_cursor_and_enter_does_what_is_marked() {
    let mut state = rotating((120, 40));
    let first = shown(&state);
    assert!(first.contains("(•) one publish") && first.contains("the one publish"), "{first}");
    assert!(first.contains("remove jeff old laptop"), "{first}");
    press(&mut state, "j");
    let second = shown(&state);
    assert!(second.contains("(•) two publishes") && second.contains("( ) one publish"), "{second}");
    assert!(second.contains("└ add") && !second.contains("remove jeff old laptop"), "{second}");
    assert_eq!(press(&mut state, "<space>"), []);
    assert!(shown(&state).contains("(•) two publishes"), "space marks and stays");
    let effects = press(&mut state, "<enter>");
    let kept = effects.iter().find_map(|e| if let Effect::Wizard(task) = e { Some(&**task) } else { None });
    let Some(Task::Keep(choice)) = kept else { panic!("{effects:?}") };
    assert_eq!(choice.way, trustdeck::engine::wizard::Way::TwoPublishes);
}

/// A wizard that has staged its changes, beside one of the user's own.
fn rotation_is_staged() -> (State, Vec<EntryId>) {
    let mut state = rotating((120, 40));
    let own = staged_by(backed_up(keyed(begun(Wizard::DelegationKey { signer: signer() }))));
    open(&mut state, own);
    let ids: Vec<EntryId> = state.stage.changes.iter().map(|c| c.id).collect();
    let mut foreign = state.stage.changes[0].clone();
    foreign.id = EntryId(99);
    foreign.change = Change::Witness { role: Role::Root };
    state.stage.changes.push(foreign);
    (state, ids)
}

#[test]
fn undo_in_a_wizard_takes_back_what_it_staged_and_nothing_else() {
    let (mut state, ids) = rotation_is_staged();
    assert!(!ids.is_empty());
    assert_eq!(press(&mut state, "u"), [Effect::UndoOnly(ids)]);
    let mut state = rotating((120, 40));
    state.stage = Stage { undo: Some("something of before".to_owned()), ..Stage::default() };
    assert_eq!(press(&mut state, "u"), []);
}

#[test]
fn giving_a_wizard_up_asks_what_becomes_of_what_it_staged() {
    let (mut state, ids) = rotation_is_staged();
    assert_eq!(press(&mut state, "X"), []);
    assert!(matches!(state.dialogs.last(), Some(Dialog::Choose(Choose { replies, .. })) if replies.len() == 2));
    let effects = press(&mut state, "<enter>");
    assert!(matches!(&effects[0], Effect::Drop { entries, .. } if *entries == ids), "{effects:?}");
    assert!(matches!(&effects[1], Effect::Wizard(task) if matches!(**task, Task::Abandon(..))), "{effects:?}");
}

#[test]
fn the_key_that_ends_the_tour_is_no_key_of_a_wizard() {
    let mut state = rotating((120, 40));
    state.tour = Some(Tour::first_signer(&gun("team/web"), "team/web", "carol", "/k/carol.pub", "sandbox-only"));
    assert!(shown(&state).contains("T end tour"), "{}", shown(&state));
    press(&mut state, "T");
    assert!(state.tour.is_none() && state.guide.is_some());
}

#[test]
fn the_tour_never_names_a_key_that_is_not_bound_where_the_user_is() {
    let mut state = touring(1);
    select(&mut state, "admin/demo");
    assert!(shown(&state).contains("Go to admin/web with j."), "{}", shown(&state));
    press(&mut state, "2");
    assert!(shown(&state).contains("Press 1: to the list of repositories."), "{}", shown(&state));
    select(&mut state, "admin/web");
    press(&mut state, "<enter>3");
    assert!(shown(&state).contains("Press 2: to its roles."), "{}", shown(&state));
    press(&mut state, "/");
    assert!(shown(&state).contains("Press enter: what you type finds rows."), "{}", shown(&state));
    press(&mut state, "<enter>2");
    assert!(shown(&state).contains("Press a, then enter: carol is filled in."), "{}", shown(&state));
    press(&mut state, "a");
    assert!(shown(&state).contains("Press enter: carol is filled in."), "{}", shown(&state));
    press(&mut state, "<esc>W");
    press(&mut state, "?");
    assert!(shown(&state).contains("Press esc: this window is no part of the tour."), "{}", shown(&state));
}

/// A tour of both chapters, at one of its steps.
fn touring(at: usize) -> State {
    let mut state = browsing();
    let web = gun("admin/web");
    let tour = Tour::first_signer(&web, "admin/web", "carol", "/k/carol.pub", "sandbox-only");
    state.tour = Some(Tour { at, ..tour.then_tags(&web, &gun("admin/demo")) });
    state
}

#[test]
fn the_last_words_of_the_tour_are_whole_in_the_smallest_window() {
    let mut state = touring(1);
    state.tour.as_mut().unwrap().at = 99;
    resize(&mut state, (60, 16));
    assert!(shown(&state).contains("Done. 1 repository is worth mending: N says why."), "{}", shown(&state));
    state.known.repositories = trustdeck::tui::state::Repositories::default();
    state.focus = Pane::Keys;
    assert!(shown(&state).contains("Done. Explore freely: nothing here can break."), "{}", shown(&state));
}

#[test]
fn the_tour_says_what_is_left_where_all_was_dropped_that_it_goes_on_with() {
    let mut state = staged();
    state.message = None;
    state.tour = touring(3).tour;
    resize(&mut state, (60, 16));
    assert!(shown(&state).contains("Press p: the review, before anything is sent."), "{}", shown(&state));
    state.stage.changes.clear();
    assert!(shown(&state).contains("Nothing is staged: add a signer with a in Roles, or skip."), "{}", shown(&state));
    state.tour = touring(7).tour;
    assert!(shown(&state).contains("Nothing is staged: sign a tag with s in Tags, or skip."), "{}", shown(&state));
}

#[test]
fn each_sentence_of_the_tour_is_whole_at_60_columns_wherever_the_user_stands() {
    for at in 0..9 {
        for keys in ["", "1", "2", "3", "4", "5", "p", "/", "?", "2a", "W"] {
            let mut state = staged();
            state.message = None;
            state.tour = touring(at).tour;
            resize(&mut state, (60, 16));
            press(&mut state, keys);
            let shown = shown(&state);
            let line = shown.lines().nth(2).unwrap().trim();
            // A dialog lies over it where there is no other room.
            if line.ends_with('│') {
                continue;
            }
            assert!(line.ends_with('.') || line.ends_with('?'), "step {at} after {keys:?}: {line}");
        }
    }
}

#[test]
fn a_skipped_step_takes_along_what_would_go_on_with_it() {
    let title = |state: &State| state.tour.as_ref().and_then(|tour| tour.step()).map(|step| step.title);
    let mut state = touring(1);
    press(&mut state, ">");
    assert_eq!(title(&state), Some("Tags."), "nothing is staged that could be reviewed");
    let mut state = staged();
    state.tour = touring(1).tour;
    press(&mut state, ">");
    assert_eq!(title(&state), Some("Review."));
    // Latest alone is enough where edge was skipped.
    let mut state = touring(5);
    press(&mut state, ">");
    assert_eq!(title(&state), Some("Drift."));
}

#[test]
fn where_nothing_may_be_changed_the_tour_only_looks() {
    let tour = touring(0).tour.unwrap().only_looking();
    let titles: Vec<&str> = tour.steps.iter().map(|step| step.title).collect();
    assert_eq!(titles, ["Look around.", "Tags.", "Verify."]);
}

#[test]
fn hints_name_what_undo_takes_back_and_offer_to_do_it_again() {
    let mut state = staged();
    state.message = None;
    resize(&mut state, (160, 45));
    assert!(shown(&state).contains("u undo remove signer ben from"), "{}", shown(&state));
    assert!(!shown(&state).contains("U redo"));
    state.stage.redo = Some("remove signer ben from admin/api".to_owned());
    assert!(shown(&state).contains("U redo"), "{}", shown(&state));
}

#[test]
fn a_row_that_is_dropped_in_the_review_stays_where_it_is_with_the_cursor_on_it() {
    let mut state = staged();
    press(&mut state, "pjj");
    let before = shown(&state);
    let Screen::Review(review) = &state.screen else { panic!() };
    let place = review.list.cursor();
    let Some(ReviewRow::Change(id)) = review.list.selected().cloned() else { panic!("{before}") };
    press(&mut state, "<space>");
    let mut left = stage();
    left.changes.retain(|c| c.id != id);
    let mut planned = plan();
    planned.repositories.iter_mut().for_each(|p| p.changes.retain(|c| c.entry != id));
    tell_stage(&mut state, left, planned);
    let Screen::Review(review) = &state.screen else { panic!() };
    assert_eq!((review.list.cursor(), review.list.selected()), (place, Some(&ReviewRow::Dropped(id))));
}

#[test]
fn where_all_was_dropped_no_hint_offers_to_publish_and_the_key_says_why() {
    let mut state = staged();
    press(&mut state, "p");
    tell_plan(&mut state, mended());
    assert!(shown(&state).contains("P publish"), "{}", shown(&state));
    let Screen::Review(review) = &mut state.screen else { panic!() };
    let gone = mended().repositories.into_iter().flat_map(|p| p.changes.into_iter().map(move |c| (p.gun.clone(), c)));
    review.dropped = gone.collect();
    let none = trustdeck::engine::Plan { repositories: vec![], ..plan() };
    tell_stage(&mut state, Stage::default(), none);
    assert!(!shown(&state).contains("P publish"), "{}", shown(&state));
    assert_eq!(press(&mut state, "P"), []);
    assert!(said(&state).contains("nothing is left; space takes a row in"), "{}", said(&state));
}

#[test]
fn why_nothing_is_published_is_said_once() {
    let mut state = staged();
    press(&mut state, "p");
    tell_plan(&mut state, plan());
    let before = state.log.newest().count();
    press(&mut state, "P");
    let texts: Vec<&str> = state.log.newest().map(|entry| entry.text.as_str()).collect();
    assert_eq!((texts.len() - before, texts[0].starts_with("not published: admin/api")), (1, true), "{texts:?}");
}

#[test]
fn roles_and_tags_name_their_repository_where_they_stand_alone() {
    for size in [(60, 16), (80, 24), (109, 40)] {
        let mut state = browsing();
        resize(&mut state, size);
        for pane in ["2", "3"] {
            press(&mut state, pane);
            let top = shown(&state).lines().nth(1).unwrap().to_owned();
            assert!(top.contains("admin/demo"), "{top:?} at {size:?}");
        }
    }
}

#[test]
fn every_group_of_the_help_can_be_reached_and_it_says_what_is_below() {
    let mut state = browsing();
    resize(&mut state, (60, 16));
    press(&mut state, "?");
    assert!(shown(&state).contains("page 1 of"), "{}", shown(&state));
    let mut seen = String::new();
    for _ in 0..80 {
        seen.push_str(&shown(&state));
        press(&mut state, "<down>");
    }
    for group in ["Move", "Find", "Stage", "Publish", "Danger", "Mark", "Copy", "Look", "Leave"] {
        assert!(seen.contains(group), "{group} is not in the help");
    }
    press(&mut state, "G");
    assert!(!shown(&state).contains("page 1 of"), "{}", shown(&state));
}

#[test]
fn a_repository_that_was_hidden_comes_back_with_undo_and_nothing_else_does() {
    let mut state = staged();
    select(&mut state, "admin/web");
    assert_eq!(press(&mut state, "d"), [Effect::RemoveEntry(gun("admin/web"))]);
    let told = Told::new("off the list", "admin/web");
    tell(&mut state, Effect::RemoveEntry(gun("admin/web")), Outcome::Acted(None, Ok(told)));
    assert!(shown(&state).contains("u undo"), "{}", shown(&state));
    let mut entries: Vec<_> = repositories().iter().map(entry).collect();
    entries.iter_mut().filter(|e| e.gun == gun("admin/web")).for_each(|e| e.hidden = true);
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(entries)));
    assert!(state.find(&gun("admin/web")).is_none());
    assert_eq!(press(&mut state, "u"), [Effect::PutBack(vec![gun("admin/web")])]);
    assert_eq!(press(&mut state, "u"), [Effect::Undo], "the next one is of the stage");
}

#[test]
fn a_broken_repository_opens_on_its_broken_role() {
    let mut state = browsing();
    select(&mut state, "admin/legacy");
    press(&mut state, "<enter>");
    assert_eq!((state.focus, state.lists.roles.selected()), (Pane::Roles, Some(&Role::Targets)));
}

#[test]
fn started_for_a_repository_the_screen_stands_on_it() {
    let mut state = State::new(Theme::default(), (80, 24), screen::scene::now());
    state.here.wanted = Some(gun("team/cli"));
    let views = repositories();
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(views.iter().map(entry).collect())));
    assert_eq!(state.repository().unwrap().entry.gun, gun("team/cli"));
}

#[test]
fn the_choices_of_an_empty_screen_can_be_moved_through() {
    let mut state = State::new(Theme::default(), (80, 24), screen::scene::now());
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(vec![])));
    press(&mut state, "jjjj<enter>");
    assert_eq!(state.focus, Pane::Keys);
}

#[test]
fn what_is_done_does_not_hide_that_publishing_is_blocked() {
    let mut state = staged();
    press(&mut state, "p");
    tell_plan(&mut state, plan());
    state.say(Tone::Done, "staged", "something");
    assert!(shown(&state).contains("space on its name accepts"), "{}", shown(&state));
    tell_plan(&mut state, mended());
}

#[test]
fn one_change_is_not_all_one_changes() {
    let mut state = staged();
    state.stage.changes.truncate(1);
    let effects = press(&mut state, "5x");
    assert!(matches!(&effects[..], [Effect::Drop { said, .. }] if said == "1 change"), "{effects:?}");
}

#[test]
fn what_is_wrong_ends_in_the_key_that_mends_it_which_is_among_the_hints() {
    let mut state = browsing();
    resize(&mut state, (80, 24));
    select(&mut state, "admin/legacy");
    state.message = None;
    let frame = shown(&state);
    assert!(frame.contains("t renew targets"), "{frame}");
    assert!(frame.lines().last().unwrap().trim_start().starts_with("t renew"), "{frame}");
    press(&mut state, "<enter>");
    assert!(shown(&state).contains("t renew targets"), "{}", shown(&state));
}

#[test]
fn what_needs_a_person_can_be_gone_through_at_every_size() {
    for size in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut state = browsing();
        resize(&mut state, size);
        press(&mut state, "N");
        assert!(shown(&state).contains("targets expired 41 d ago"), "{}", shown(&state));
        press(&mut state, "<enter>");
        assert_eq!(state.repository().unwrap().entry.gun, gun("admin/legacy"));
        assert_eq!((state.focus, state.lists.roles.selected()), (Pane::Roles, Some(&Role::Targets)));
    }
    let mut state = browsing();
    let problem = Box::new(failure(Kind::Network, None));
    if let Some(repository) = state.find_mut(&gun("team/cli")) {
        repository.failure = Some(*problem);
    }
    press(&mut state, "N");
    assert!(shown(&state).contains("team/cli"), "{}", shown(&state));
}

#[test]
fn staged_changes_are_seen_where_they_land() {
    let mut state = browsing();
    let mut planned = plan();
    let demo = &mut planned.repositories[0];
    let mut added = demo.roles[0].clone();
    (added.role, added.mark) = (screen::scene::role("targets/carol"), Mark::Added);
    demo.roles.push(added);
    demo.tags.signed = vec!["3.2.0".to_owned()];
    demo.tags.after = 10;
    tell_stage(&mut state, stage(), planned);
    let frame = shown(&state);
    assert!(frame.contains("+ carol"), "{frame}");
    assert!(frame.contains("9 → 10 trusted"), "{frame}");
}

#[test]
fn what_the_words_mean_is_told_from_the_row_that_they_stand_in() {
    let mut state = browsing();
    press(&mut state, "4K<enter>");
    let frame = shown(&state);
    assert!(frame.contains("The five kinds of keys") && frame.contains("If it is lost"), "{frame}");
    assert!(
        matches!(state.dialogs.last(), Some(Dialog::Page(page)) if page.lines.iter().any(|l| l.starts_with("Here: ")))
    );
}

#[test]
fn what_expires_is_charted_soonest_first() {
    let mut state = browsing();
    press(&mut state, "E");
    let frame = shown(&state);
    let rows: Vec<&str> = frame.lines().filter(|line| line.contains("admin/legacy")).collect();
    assert!(frame.contains("What expires when") && rows.iter().any(|row| row.contains("expired")), "{frame}");
    assert!(press(&mut state, "<esc>").is_empty() && state.dialogs.is_empty());
    press(&mut state, "E<enter>");
    assert!(state.dialogs.is_empty() && state.focus == Pane::Roles, "enter goes to the role that expires first");
    assert_eq!(state.repository().unwrap().entry.name, "admin/legacy");
}

#[test]
fn names_that_differ_in_the_middle_stay_different_in_the_list() {
    let views: Vec<_> = (0..30)
        .map(|n| {
            let name = format!("organisation/platform-team/service-{n:02}-production/application");
            repository(&name, Health::Ok, 1, 1, ("targets", 900))
        })
        .collect();
    let state = state_of(views, (80, 70), Theme::default());
    let frame = shown(&state);
    assert!((0..30).all(|n| frame.contains(&format!("service-{n:02}"))), "{frame}");
}

#[test]
fn what_the_stage_refuses_stays_in_its_form_and_letters_stay_letters() {
    let mut state = browsing();
    let digest = screen::scene::digits("3d2e482b");
    let effects = press(&mut state, &format!("3a3.2.0<tab>{digest}<tab>1362<enter>"));
    let Some(effect @ Effect::Registry(RegistryWork::LookUp(asked))) = effects.last() else { panic!("{effects:?}") };
    let wanted = asked.wanted[0].clone();
    let target = wanted.target.clone().unwrap();
    let candidate = Candidate { tag: wanted.tag.clone(), target, instead: None, unchecked: None };
    let found = RegistryFound::LookedUp(asked.clone(), vec![(wanted, Ok(candidate))]);
    let effects = tell(&mut state, effect.clone(), Outcome::Registry(found));
    let Some(effect @ Effect::Stage { .. }) = effects.last() else { panic!("{effects:?}") };
    tell(&mut state, effect.clone(), Outcome::Staged { said: None, result: Err(failure(Kind::Policy, None)) });
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(form)) if form.error.is_some()));
    let frame = shown(&state);
    assert!(frame.contains("3.2.0") && frame.contains("1362"), "{frame}");
    assert_eq!(press(&mut state, "q"), []);
    assert!(state.quit.is_none() && !state.dialogs.is_empty());
    let mut state = browsing();
    assert_eq!(press(&mut state, "1a not a name<enter>"), []);
    assert!(shown(&state).contains("not a name"), "{}", shown(&state));
}

#[test]
fn behind_a_window_that_is_too_small_only_the_ways_out_act() {
    let mut state = staged();
    press(&mut state, "p");
    tell_plan(&mut state, mended());
    resize(&mut state, (59, 24));
    assert!(shown(&state).contains("Window too small"), "{}", shown(&state));
    let before = format!("{:?}", (&state.screen, &state.stage));
    for keys in ["P", "x", "<space>", "u", "?", "<esc>", "q"] {
        assert_eq!(press(&mut state, keys), [], "{keys}");
        assert!(state.dialogs.is_empty() && state.message.is_none() && state.gate.is_none(), "{keys}");
    }
    assert_eq!(format!("{:?}", (&state.screen, &state.stage)), before);
    // What is typed there would not be seen either.
    resize(&mut state, (120, 40));
    press(&mut state, "<esc>2a");
    resize(&mut state, (120, 15));
    press(&mut state, "q");
    update(&mut state, Event::Paste("pasted".to_owned()));
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!() };
    assert!(form.fields[0].is_empty());
    press(&mut state, "<ctrl-c>");
    assert!(state.dialogs.is_empty());
    press(&mut state, "x<ctrl-c>");
    assert_eq!(state.quit, None, "another key was between the two");
    press(&mut state, "q");
    assert_eq!(state.quit, Some(trustdeck::tui::Quit::Leave));
}

#[test]
fn what_comes_along_with_a_change_is_a_row_of_its_own_beside_it() {
    use trustdeck::engine::RootKeyChoice;
    let mut planned = mended();
    planned.repositories.truncate(1);
    let plan = &mut planned.repositories[0];
    plan.changes.truncate(1);
    let mut along = plan.changes[0].clone();
    (along.change, along.comes_along) = (Change::Create { root_key: RootKeyChoice::Auto }, true);
    along.thing = "repository".to_owned();
    let own = plan.changes[0].clone();
    plan.changes.insert(0, along);
    let one: Vec<_> = stage().changes.into_iter().filter(|staged| staged.id == own.entry).collect();
    for size in [(80, 24), (120, 40), (160, 45)] {
        let mut state = browsing();
        resize(&mut state, size);
        tell_stage(&mut state, Stage { changes: one.clone(), ..Stage::default() }, planned.clone());
        press(&mut state, "5");
        assert!(shown(&state).contains(&own.thing), "{}", shown(&state));
        press(&mut state, "pj");
        let shown_now = shown(&state);
        for thing in ["repository", &own.thing] {
            assert_eq!(shown_now.matches(&format!("[x] + {thing}")).count(), 1, "{shown_now}");
        }
        let Screen::Review(review) = &state.screen else { panic!() };
        assert_eq!(review.list.selected(), Some(&ReviewRow::With(own.entry)));
        assert_eq!(review.list.len(), 3);
        // It cannot be dropped alone.
        let effects = press(&mut state, "<space>");
        assert!(matches!(&effects[..], [Effect::Drop { entries, .. }] if *entries == [own.entry]), "{effects:?}");
        let Screen::Review(review) = &state.screen else { panic!() };
        assert_eq!(review.dropped[0].1.change, own.change);
    }
}

#[test]
fn a_repository_for_which_another_program_staged_something_is_listed() {
    let mut state = browsing();
    let mut other = stage();
    other.changes[0].gun = gun("team/unheard-of");
    let told = |stage: &Stage| Outcome::Staged { said: None, result: Ok(stage.clone()) };
    let effects = tell(&mut state, Effect::ReadStage, told(&other));
    assert_eq!(effects, [Effect::Plan, Effect::ListEntries]);
    // Once: what is staged has not changed.
    assert!(!tell(&mut state, Effect::ReadStage, told(&other)).contains(&Effect::ListEntries));
}

#[test]
fn redo_in_a_wizard_stages_what_is_its_own_and_nothing_else() {
    let (mut state, _) = rotation_is_staged();
    let own = state.stage.changes[0].clone();
    let foreign = state.stage.changes.pop().unwrap();
    let act = |change: &trustdeck::engine::StagedChange| trustdeck::engine::StagedAct {
        added: vec![(change.gun.clone(), change.change.clone())],
        removed: vec![],
    };
    state.stage.redo = Some("what was taken back".to_owned());
    state.stage.redoes = act(&foreign);
    assert_eq!(press(&mut state, "U"), []);
    assert!(said(&state).contains("nothing of this wizard was taken back"), "{}", said(&state));
    state.stage.redoes = act(&own);
    let effects = press(&mut state, "U");
    let [Effect::RedoOnly(wanted)] = &effects[..] else { panic!("{effects:?}") };
    assert!(wanted.contains(&(own.gun, own.change)) && !wanted.contains(&(foreign.gun, foreign.change)));
}

#[test]
fn the_tour_says_how_a_repository_that_was_hidden_comes_back() {
    let mut state = touring(1);
    state.message = None;
    select(&mut state, "admin/web");
    press(&mut state, "d");
    let left: Vec<_> = repositories().iter().filter(|view| view.gun != gun("admin/web")).map(entry).collect();
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(left)));
    state.message = None;
    resize(&mut state, (60, 16));
    assert!(shown(&state).contains("Press u: its repository comes back to the list."), "{}", shown(&state));
    state.known.taken_off.clear();
    assert!(shown(&state).contains("Press a and add "), "{}", shown(&state));
    press(&mut state, "/demo<enter>");
    assert!(shown(&state).contains("Press esc: a filter hides "), "{}", shown(&state));
}

#[test]
fn the_sandbox_does_not_offer_the_sandbox_where_there_is_nothing() {
    let mut state = state_of(vec![], (80, 24), Theme::default());
    state.here.sandbox = Some("sandbox-only".to_owned());
    press(&mut state, "s");
    assert_eq!(state.quit, None);
    assert!(said(&state).contains("this is the sandbox"), "{}", said(&state));
}
