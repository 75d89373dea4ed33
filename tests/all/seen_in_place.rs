//! What is said where it is looked for: names, what undo takes back, what is staged, and what is over.

use std::sync::Arc;

use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::plan::RoleDiff;
use trustdeck::engine::trust::tree::RoleState;
use trustdeck::engine::{
    Change, EntryId, Health, Kind, Plan, PublishOutcome, Published, RepositoryView, Stage, StagedChange,
};
use trustdeck::tuf::Role;
use trustdeck::tui::dialogs::{Choose, Dialog, Page, Reply};
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Outcome, Source};
use trustdeck::tui::messages::told::Told;
use trustdeck::tui::panes::{self, first, repositories as list};
use trustdeck::tui::state::State;
use trustdeck::tui::state::actions::Roles;
use trustdeck::tui::state::binding::Action;

use crate::screen;
use screen::plans::{demo, plan, stage, tell_plan, tell_stage};
use screen::scene::{ADMIN, BOARD, NEW, entry, gun, now, repositories, repository, role, role_view, state_of, tell};
use screen::told::{browsing, failure, said, select, staged};
use screen::{draw, frame, press};

const EU: &str = "targets/this-is-a-very-long-signer-name-that-ends-in-eu-west-1";
const US: &str = "targets/this-is-a-very-long-signer-name-that-ends-in-us-east-2";

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

fn one_plan(change: impl FnOnce(&mut trustdeck::engine::RepositoryPlan)) -> Plan {
    let mut own = demo();
    change(&mut own);
    Plan { repositories: vec![own], ..plan() }
}

#[test]
fn signers_with_long_names_are_told_apart() {
    let views = || {
        let mut view = repository("admin/long", Health::Ok, 2, 1, ("targets", 900));
        view.roles.extend([EU, US].map(|name| role_view(name, 1, 900, &[BOARD], 2)));
        vec![view]
    };
    let are_told = |state: &State, what: &str| {
        let shown = shown(state);
        assert!(shown.contains("eu-west-1") && shown.contains("us-east-2"), "{what} at {:?}\n{shown}", state.size);
    };
    for size in [(80, 24), (110, 40), (120, 40), (160, 45), (200, 60)] {
        let mut state = state_of(views(), size, Theme::default());
        press(&mut state, "2");
        are_told(&state, "roles");
        assert!(shown(&state).contains("Expires"), "{}", shown(&state));
        let both = one_plan(|plan| {
            (plan.gun, plan.name) = (gun("admin/long"), "registry.example.com/admin/long".to_owned());
            let like = plan.roles[1].clone();
            plan.roles.extend([EU, US].map(|name| RoleDiff { role: role(name), ..like.clone() }));
            plan.changes.truncate(2);
            for (change, name) in plan.changes.iter_mut().zip([EU, US]) {
                change.roles = vec![Role::releases(), role(name)];
            }
        });
        tell_stage(&mut state, stage(), both);
        press(&mut state, "p");
        are_told(&state, "review");
    }
}

#[test]
fn a_repository_that_is_on_the_list_again_is_nothing_that_undo_brings_back() {
    let mut state = browsing();
    let listed = |hidden: &[&str]| {
        let mut entries: Vec<_> = repositories().iter().map(entry).collect();
        entries.iter_mut().for_each(|e| e.hidden = hidden.iter().any(|name| e.gun == gun(name)));
        Outcome::Entries(Ok(entries))
    };
    let mut hidden = vec![];
    for name in ["admin/web", "admin/worker"] {
        select(&mut state, name);
        let effect = press(&mut state, "d").remove(0);
        tell(&mut state, effect, Outcome::Acted(None, Ok(Told::new(Told::OFF_THE_LIST, name))));
        assert!(state.message.as_ref().unwrap().back.is_some(), "{}", said(&state));
        hidden.push(name);
        tell(&mut state, Effect::ListEntries, listed(&hidden));
    }
    let added = Outcome::Acted(None, Ok(Told::new("added", "admin/web")));
    tell(&mut state, Effect::AddRepository("admin/web".to_owned()), added);
    assert!(!shown(&state).lines().any(|line| line.contains("added") && line.contains("undo")), "{}", shown(&state));
    tell(&mut state, Effect::ListEntries, listed(&["admin/worker"]));
    assert_eq!(press(&mut state, "u"), [Effect::PutBack(vec![gun("admin/worker")])]);
    assert!(state.known.taken_off.is_empty());
}

#[test]
fn an_error_does_not_hide_what_blocks_a_review() {
    let mut state = staged();
    state.size = (80, 24);
    state.complain(&failure(Kind::Network, None));
    press(&mut state, "p");
    assert!(shown(&state).contains("blocked"), "{}", shown(&state));
    state.complain(&failure(Kind::Network, None));
    assert!(!shown(&state).contains("space on its name"), "until the next deed: {}", shown(&state));
    press(&mut state, "j");
    assert!(state.message.is_some());
    press(&mut state, "f");
    assert!(state.message.is_none(), "{:?}", state.message);
}

/// The screen on a repository that the server does not know yet, with its first signer staged or not.
fn on_new(is_staged: bool) -> State {
    let mut state = browsing();
    select(&mut state, "team/new-service");
    if is_staged {
        let created = one_plan(|plan| {
            (plan.gun, plan.name, plan.creates) = (gun("team/new-service"), "team/new-service".to_owned(), true);
            plan.roles.push(RoleDiff { role: Role::Root, ..plan.roles[0].clone() });
            plan.roles.iter_mut().for_each(|diff| (diff.mark, diff.version) = (Mark::Added, (None, Some(1))));
        });
        let change = Change::Witness { role: Role::Targets };
        let server = "https://registry.example.com".to_owned();
        let first = StagedChange { id: EntryId(1), gun: gun("team/new-service"), server, at: now(), change };
        tell_stage(&mut state, Stage { changes: vec![first], ..Stage::default() }, created);
    }
    state
}

#[test]
fn a_first_signer_that_is_staged_is_seen_where_it_lands() {
    for size in [(80, 24), (120, 40)] {
        let mut state = on_new(true);
        state.size = size;
        assert!(shown(&state).contains("p review and publish"), "{}", shown(&state));
        press(&mut state, "2");
        let roles = shown(&state);
        assert!(!roles.contains("add the first signer"), "{roles}");
        for name in ["+ root", "+ targets", "+ releases", "+ jeff"] {
            assert!(roles.lines().any(|line| line.contains(name) && line.contains("staged")), "{name}\n{roles}");
        }
        assert!(roles.contains("p review and publish"), "{roles}");
    }
    assert!(shown(&on_new(false)).contains("s add the first signer"));
}

#[test]
fn where_nothing_may_be_changed_no_first_signer_is_offered() {
    let mut state = on_new(false);
    state.here.read_only.everything = true;
    for pane in ["1", "2", "3"] {
        press(&mut state, pane);
        let shown = shown(&state);
        assert!(!shown.contains("add the first signer") && !shown.contains("sign one"), "{shown}");
    }
}

#[test]
fn a_note_of_the_sandbox_is_gone_once_its_repository_was_published() {
    let mut state = browsing();
    state.here.notes.insert(gun("admin/demo").to_string(), "its targets file has expired");
    assert!(shown(&state).contains("its targets file has expired"), "{}", shown(&state));
    let done = Published {
        gun: gun("admin/demo"),
        outcome: PublishOutcome::Done,
        overtaken: None,
        versions: vec![],
        trusted: 9,
        checked: String::new(),
        new_keys: vec![],
        notes: vec![],
        merged: vec![],
    };
    let approval = trustdeck::engine::publish::job::Approval {
        plan: plan().id,
        repositories: vec![gun("admin/demo")],
        accepted: vec![],
    };
    tell(&mut state, Effect::Publish(approval), Outcome::Published(Ok(vec![done])));
    assert!(!shown(&state).contains("its targets file has expired"), "{}", shown(&state));
}

/// The screen in Roles on `releases` of `admin/demo`, which wants to be signed again.
fn on_orphaned() -> State {
    let mut views = repositories();
    let demo = views.iter_mut().find(|view| view.gun == gun("admin/demo")).unwrap();
    let releases = demo.roles.iter_mut().find(|shown| shown.role == Role::releases()).unwrap();
    let mine = role_view("targets/releases", 31, 1059, &[ADMIN, NEW], 9);
    (releases.state, releases.keys) = (RoleState::UnderThreshold { signed: 0 }, mine.keys);
    let mut state = state_of(views, (120, 40), Theme::default());
    select(&mut state, "admin/demo");
    press(&mut state, "2");
    state.lists.roles.select(&Role::releases());
    state
}

/// What stands behind the keys that mend the role under the cursor.
fn needs(state: &State) -> Vec<String> {
    panes::detail(Pane::Roles, state).unwrap().acts.into_iter().map(|(.., needs)| needs).collect()
}

#[test]
fn a_role_that_goes_is_not_offered_for_signing() {
    let mut state = on_orphaned();
    assert_eq!(first::here(&state), Some(Action::Roles(Roles::Witness)));
    let removed = one_plan(|plan| plan.roles[1].mark = Mark::Removed);
    tell_stage(&mut state, stage(), removed);
    assert_eq!(first::here(&state), Some(Action::Review));
    assert_eq!(needs(&state), ["the removal of releases is staged"]);
    assert_eq!(press(&mut state, "w"), []);
    assert!(said(&state).contains("its removal is staged"), "{}", said(&state));
    let deleted = one_plan(|plan| (plan.deletes, plan.roles) = (true, vec![]));
    tell_plan(&mut state, deleted);
    assert_eq!(first::here(&state), Some(Action::Review));
    assert_eq!(needs(&state), ["the deletion of the repository is staged"]);
}

#[test]
fn all_keys_that_will_sign_are_named() {
    assert_eq!(needs(&on_orphaned()), ["with your keys admin laptop, jeff new laptop"]);
}

#[test]
fn what_undo_takes_back_is_whole_where_there_is_room() {
    let mut state = staged();
    let what = "sign the last good file of releases in team/ab";
    state.stage.undo = Some(what.to_owned());
    press(&mut state, "5");
    for (size, words) in [((200, 60), what), ((110, 40), "/ab")] {
        state.size = size;
        let shown = shown(&state);
        assert!(shown.lines().last().unwrap().contains(words), "{size:?}\n{shown}");
    }
}

#[test]
fn lines_of_a_page_keep_their_columns_and_what_follows_stands_below() {
    let mut state = browsing();
    let said =
        "14:02  warning  a sentence that is longer than the page is wide, and so it has to go on in the next line";
    state.dialogs.push(Dialog::Page(Page { lines: vec![said.to_owned()], ..Page::default() }));
    state.size = (80, 24);
    let shown = shown(&state);
    let at = |words: &str| shown.lines().find_map(|line| line.find(words).map(|at| line[..at].chars().count()));
    assert!(shown.contains("14:02  warning  a sentence"), "{shown}");
    let (first, below) = (at("a sentence").unwrap(), at("next line").unwrap());
    let second = shown.lines().find(|line| line.contains("next line")).unwrap();
    let begins = second.chars().position(|c| c.is_ascii_alphabetic()).unwrap();
    assert!(begins == first && below >= first, "{shown}");
}

#[test]
fn a_page_says_how_much_is_below_and_leads_to_the_messages() {
    let mut state = browsing();
    state.size = (60, 16);
    let lines = (0..30).map(|line| line.to_string()).collect();
    state.dialogs.push(Dialog::Page(Page { lines, ..Page::default() }));
    assert!(shown(&state).contains("20 more below"), "{}", shown(&state));
    press(&mut state, "G");
    assert!(!shown(&state).contains("more below"), "{}", shown(&state));
    press(&mut state, "@");
    assert!(shown(&state).contains("Messages, newest first"), "{}", shown(&state));
    press(&mut state, "@");
    assert_eq!(state.dialogs.len(), 1);
}

#[test]
fn notes_that_would_be_crumbs_stand_below_alone() {
    let word = "a choice with as many words as there are";
    let replies =
        ["one note that is too long to be read beside it", "another"].map(|note| Reply::new(word, note, vec![]));
    let mut state = browsing();
    state.dialogs.push(Dialog::Choose(Choose { replies: replies.to_vec(), ..Choose::default() }));
    state.size = (60, 16);
    let narrow = shown(&state);
    assert!(!narrow.lines().any(|line| line.contains(word) && line.contains("one")), "{narrow}");
    assert!(narrow.contains("one note that is too long to be read beside it"), "{narrow}");
    press(&mut state, "j");
    assert!(shown(&state).contains("another"), "below, however short: {}", shown(&state));
}

#[test]
fn rows_are_worst_first_before_any_key_where_a_repository_was_named() {
    let mut views: Vec<RepositoryView> = repositories();
    views.reverse();
    let mut state = State::new(Theme::default(), (120, 40), now());
    state.here.wanted = Some(gun("team/cli"));
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(views.iter().map(entry).collect())));
    for view in views {
        let found = Outcome::Viewed(view.gun.clone(), Source::Server, Ok(Arc::new(view.clone())));
        tell(&mut state, Effect::Refresh(view.gun.clone()), found);
    }
    let rows = |state: &State| state.lists.repositories.rows().map(|(_, _, gun)| gun.clone()).collect::<Vec<_>>();
    let before = rows(&state);
    assert_eq!(before[0], gun("admin/legacy"), "{}", shown(&state));
    list::reindex(&mut state);
    press(&mut state, "?<esc>");
    assert_eq!((rows(&state), state.repository().unwrap().entry.gun.clone()), (before, gun("team/cli")));
}

#[test]
fn of_several_complaints_about_keys_the_worst_is_said_first_and_how_many_there_are() {
    let mut state = browsing();
    let keys = [("nosuch", "Q"), ("quit", "p")];
    let keys = keys.map(|(name, key)| (name.to_owned(), vec![key.to_owned()])).into_iter().collect();
    trustdeck::tui::route::own_keys::bind(&mut state, &keys, &[].into());
    let words = said(&state);
    assert!(words.contains("would be") && words.ends_with("; 1 more"), "{words}");
}
