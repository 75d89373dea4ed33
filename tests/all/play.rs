//! What somebody found who played with the screen: what it says is true, and says what helps.

use std::sync::Arc;

use crate::screen;

use screen::plans::{mended, plan, stage, tell_plan, tell_stage};
use screen::scene::{ADMIN, entry, gun, id, repositories, repository, role, state_of, tell};
use screen::told::{browsing, said, select, staged};
use screen::{draw, frame, press};
use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::plan::{NeededKey, Remedy};
use trustdeck::engine::view::Finding;
use trustdeck::engine::{Health, RepositoryView};
use trustdeck::tui::dialogs::label::Label;
use trustdeck::tui::dialogs::palette::Hit;
use trustdeck::tui::dialogs::prompt::What;
use trustdeck::tui::dialogs::{Dialog, Prompt};
use trustdeck::tui::kit::message::Tone;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Outcome, Source};
use trustdeck::tui::state::review::ReviewRow;
use trustdeck::tui::state::{Screen, State, selected};

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

fn hints(state: &State) -> String {
    shown(state).lines().last().unwrap_or_default().trim().to_owned()
}

/// In review; `admin/api` would lose its tags, and no change here mends that.
fn lost_for_good(size: (u16, u16)) -> State {
    let mut state = staged();
    state.size = size;
    press(&mut state, "p");
    let mut plan = plan();
    let api = plan.repositories.iter_mut().find(|p| p.name == "admin/api").unwrap();
    for warning in &mut api.warnings {
        warning.fix = None;
        warning.remedy = Some(Remedy::AddKey(trustdeck::tuf::Role::releases()));
    }
    tell_plan(&mut state, plan);
    state.message = None;
    state
}

#[test]
fn what_no_key_mends_in_the_review_says_where_it_is_mended_and_offers_no_f() {
    let mut state = lost_for_good((120, 40));
    press(&mut state, "G");
    let frame = shown(&state);
    assert!(frame.contains("admin/api: a in Roles, or space on its name"), "{frame}");
    assert!(frame.contains("a in Roles, then w"), "{frame}");
    assert!(!frame.contains("f mends it") && !frame.contains("takes the loss"), "{frame}");
    press(&mut state, "f");
    assert!(shown(&state).contains("fix  "), "the answer is shown: {}", shown(&state));
}

#[test]
fn a_key_that_must_sign_and_is_elsewhere_is_named() {
    let mut state = lost_for_good((120, 40));
    let mut plan = (**state.plan.as_ref().unwrap()).clone();
    for warning in plan.repositories.iter_mut().flat_map(|plan| &mut plan.warnings) {
        if warning.remedy.is_some() {
            let role = trustdeck::tuf::Role::releases();
            warning.remedy = Some(Remedy::LoadKey { role, keys: "1234567 (bob)".to_owned() });
        }
    }
    tell_plan(&mut state, plan);
    press(&mut state, "G");
    let frame = shown(&state);
    assert!(frame.contains("load 1234567 (bob), or keep the old one; space on its name accepts it"), "{frame}");
    assert!(!frame.contains("w in Roles, or"), "{frame}");
    press(&mut state, "f");
    assert!(shown(&state).contains("a in Keys loads a key that stays"), "what helps, not where it is said");
}

#[test]
fn publish_goes_to_what_blocks_it_and_names_it() {
    let mut state = lost_for_good((80, 24));
    press(&mut state, "gg");
    let Screen::Review(review) = &state.screen else { panic!() };
    assert_eq!(review.list.selected(), Some(&ReviewRow::Repository(gun("admin/demo"))));
    assert_eq!(press(&mut state, "P"), []);
    let Screen::Review(review) = &state.screen else { panic!() };
    assert_eq!(review.list.selected(), Some(&ReviewRow::Repository(gun("admin/api"))));
    assert!(said(&state).contains("admin/api: "), "{}", said(&state));
}

#[test]
fn a_plan_that_is_longer_than_the_screen_is_read_to_its_end() {
    let mut state = lost_for_good((60, 16));
    press(&mut state, "G");
    let frame = shown(&state);
    assert!(frame.contains("enter read on"), "{frame}");
    for key in ["<enter>", "]"] {
        press(&mut state, key);
        let mut read = String::new();
        for _ in 0..12 {
            read.push_str(&shown(&state));
            press(&mut state, "<pagedown>");
        }
        // The last of the orphaned tags, what helps, and the roles.
        for part in ["3.5", "Roles, then w.", "targets/releases", "space"] {
            assert!(read.contains(part), "{part} after {key}: {read}");
        }
        press(&mut state, "<esc>");
    }
}

#[test]
fn what_cannot_be_read_whole_in_the_border_keeps_its_remedy() {
    let mut state = lost_for_good((60, 16));
    press(&mut state, "G");
    let frame = shown(&state);
    assert!(frame.contains("a in Roles, or space on its name"), "{frame}");
}

#[test]
fn the_way_to_the_review_is_shown_once_something_is_staged() {
    let mut state = browsing();
    state.message = None;
    assert!(!hints(&state).contains("p review"), "{}", hints(&state));
    tell_stage(&mut state, stage(), plan());
    assert!(hints(&state).contains("p review"), "{}", hints(&state));
}

#[test]
fn a_key_that_is_called_like_its_repository_is_named_with_its_role() {
    let mut state = staged();
    let mut keys = screen::scene::keys();
    let id = id(ADMIN.0);
    for key in keys.iter_mut().filter(|key| key.id == id) {
        key.label = "targets".to_owned();
    }
    tell(&mut state, Effect::ListKeys, Outcome::Keys(Ok(keys)));
    press(&mut state, "5");
    assert!(shown(&state).contains("admin/demo (targets)"), "{}", shown(&state));
    state.size = (80, 24);
    press(&mut state, "p");
    tell_plan(&mut state, plan());
    assert!(shown(&state).contains("asks for admin/demo (targets)"), "{}", shown(&state));
}

#[test]
fn t_works_on_one_row_and_says_so_where_others_are_marked() {
    for list in ["4<space><space>", "2jj<space>j<space>"] {
        let mut state = browsing();
        press(&mut state, list);
        assert_eq!(press(&mut state, "t"), []);
        assert!(said(&state).contains("it works on one, not on the marked ones"), "{}", said(&state));
    }
}

#[test]
fn names_stay_short_beside_one_of_another_registry_unless_they_would_read_the_same() {
    let of = |name: &str| {
        let view = repository(name, Health::Ok, 0, 1, ("targets", 900));
        RepositoryView { name: name.to_owned(), ..view }
    };
    let names = ["registry.test/team/web", "registry.test/team/api", "alice"];
    let state = state_of(names.map(of).to_vec(), (120, 40), trustdeck::tui::kit::theme::Theme::default());
    assert_eq!(names.map(|name| state.short_name(name)), ["team/web", "team/api", "alice"]);
    let both = ["registry.test/team/web", "registry.test/team/api", "team/web"];
    let state = state_of(both.map(of).to_vec(), (120, 40), trustdeck::tui::kit::theme::Theme::default());
    assert_eq!(both.map(|name| state.short_name(name)), ["registry.test/team/web", "team/api", "team/web"]);
    let text = "in registry.test/team/web, registry.test/team/api";
    assert_eq!(trustdeck::tui::state::words::short_names(&state, text), "in registry.test/team/web, team/api");
}

#[test]
fn names_of_repositories_are_short_wherever_something_is_said_of_them() {
    let mut state = browsing();
    state.known.registry = Some("registry.example.com".to_owned());
    let text = "registry.example.com/team/app at https://registry.example.com/v2/ and x.registry.example.com/a";
    state.say(trustdeck::tui::kit::message::Tone::Note, "told", text);
    let frame = shown(&state);
    let short = "team/app at https://registry.example.com/v2/ and x.registry.example.com/a";
    assert!(frame.contains(&format!("told  {short}")), "{frame}");
}

#[test]
fn where_nothing_may_be_changed_no_key_that_changes_is_offered() {
    let mut state = staged();
    press(&mut state, "1");
    select(&mut state, "admin/api");
    state.message = None;
    assert!(shown(&state).contains("t renew root"), "{}", shown(&state));
    state.here.read_only.everything = true;
    assert!(!shown(&state).contains("t renew root"), "{}", shown(&state));
    press(&mut state, "p");
    tell_plan(&mut state, plan());
    state.message = None;
    press(&mut state, "G");
    let frame = shown(&state);
    assert!(frame.contains("nothing is published from here"), "{frame}");
    assert!(!frame.contains("fix  re-sign") && !frame.contains("f mends it"), "{frame}");
}

#[test]
fn the_help_turns_pages_and_says_the_whole_reason() {
    let mut state = browsing();
    state.size = (60, 16);
    press(&mut state, "?");
    let page = |state: &State| {
        let frame = shown(state);
        let at = frame.find("page ").unwrap_or_else(|| panic!("{frame}"));
        frame[at..].split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
    };
    for n in 1..4 {
        assert_eq!(page(&state), n);
        press(&mut state, "<pagedown>");
    }
    press(&mut state, "<pageup>");
    assert_eq!(page(&state), 3);
    press(&mut state, "<esc>?undo");
    let frame = shown(&state);
    assert!(frame.contains("nothing to undo; a publish stays"), "{frame}");
}

#[test]
fn what_a_key_signs_is_counted_where_it_is_not_all_named() {
    let signs = |n: usize| (0..n).map(|i| (format!("team/app{i}"), "targets".to_owned(), "v1 → v2".to_owned()));
    let prompt = |n| {
        let what = What::Unlock {
            id: id(ADMIN.0),
            label: "admin".to_owned(),
            role: "targets".to_owned(),
            signs: signs(n).collect(),
        };
        let mut state = browsing();
        state.dialogs.push(Dialog::Prompt(Prompt::new(what, 1, 1)));
        shown(&state)
    };
    assert!(prompt(6).contains("team/app5") && !prompt(6).contains("more"), "{}", prompt(6));
    assert!(prompt(8).contains("team/app4") && prompt(8).contains("and 3 more"), "{}", prompt(8));
}

#[test]
fn the_review_counts_the_keys_that_it_does_not_name() {
    let mut state = staged();
    state.size = (120, 60);
    press(&mut state, "p");
    let mut plan = mended();
    let key = plan.repositories[0].keys[0].clone();
    let another = |n: usize| match &key {
        NeededKey::Unlock { role, locked, signs, .. } => NeededKey::Unlock {
            id: id(&format!("{n:08}")),
            label: format!("key {n}"),
            role: role.clone(),
            locked: *locked,
            signs: signs.clone(),
        },
        new => new.clone(),
    };
    plan.repositories[0].keys = (0..8).map(another).collect();
    tell_plan(&mut state, plan);
    assert!(shown(&state).contains(" more"), "{}", shown(&state));
}

#[test]
fn what_was_said_of_a_key_goes_with_the_next_key_that_does_something() {
    let mut state = browsing();
    press(&mut state, "9");
    assert!(said(&state).starts_with("9 "));
    press(&mut state, "j");
    assert_eq!(state.message, None);
    state.say(Tone::Fail, "network", "is gone");
    press(&mut state, "j");
    assert!(said(&state).contains("network"), "errors stay");
}

#[test]
fn while_a_filter_is_typed_no_other_key_is_offered() {
    let mut state = browsing();
    press(&mut state, "/ad");
    assert_eq!(hints(&state), "enter keep  esc clear");
    press(&mut state, "<enter>");
    assert!(hints(&state).contains("help"), "{}", hints(&state));
}

/// The server says that `admin/demo` is so.
fn seen(state: &mut State, view: RepositoryView) {
    let demo = gun("admin/demo");
    let found = Outcome::Viewed(demo.clone(), Source::Server, Ok(Arc::new(view)));
    tell(state, Effect::Refresh(demo), found);
    select(state, "admin/demo");
}

/// `admin/demo` with a role that nobody can sign.
fn keyless() -> State {
    let mut state = browsing();
    select(&mut state, "admin/demo");
    let mut view = (*state.repository().unwrap().view.clone().unwrap()).clone();
    let jeff = view.roles.iter_mut().find(|r| r.role == role("targets/jeff")).unwrap();
    jeff.keys.clear();
    view.findings = vec![Finding {
        level: Health::Warn,
        headline: "jeff has no keys".to_owned(),
        detail: "Nobody can sign it.".to_owned(),
        role: Some(role("targets/jeff")),
    }];
    seen(&mut state, view);
    state.size = (80, 24);
    state.message = None;
    state
}

#[test]
fn a_role_without_keys_is_mended_by_the_key_that_is_said_with_its_name_filled_in() {
    let mut state = keyless();
    assert!(shown(&state).contains("s add a signer"), "{}", shown(&state));
    assert!(hints(&state).starts_with("s add signer"), "{}", hints(&state));
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/jeff"));
    press(&mut state, "a");
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("{}", shown(&state)) };
    assert_eq!(form.text(Label::Name), "jeff");
}

#[test]
fn a_repository_that_comes_back_has_its_place_at_once() {
    let mut state = browsing();
    let order = |state: &State| state.lists.repositories.rows().map(|(_, _, gun)| gun.clone()).collect::<Vec<_>>();
    let before = order(&state);
    select(&mut state, "admin/legacy");
    press(&mut state, "d");
    let listed = |hidden: bool| {
        let mut entries: Vec<_> = repositories().iter().map(entry).collect();
        entries.iter_mut().filter(|e| e.gun == gun("admin/legacy")).for_each(|e| e.hidden = hidden);
        Outcome::Entries(Ok(entries))
    };
    tell(&mut state, Effect::ListEntries, listed(true));
    assert_eq!(order(&state).len(), before.len() - 1);
    tell(&mut state, Effect::ListEntries, listed(false));
    assert_eq!(order(&state), before);
}

#[test]
fn details_of_a_wide_screen_are_read_to_their_end_where_there_is_room_below() {
    let mut state = browsing();
    state.size = (160, 45);
    select(&mut state, "admin/demo");
    let mut view = (*state.repository().unwrap().view.clone().unwrap()).clone();
    let finding = |n: usize| Finding {
        level: Health::Warn,
        headline: format!("finding {n}"),
        detail: format!("{} end-of-{n}", "What it lists does not count until it is signed again. ".repeat(2)),
        role: None,
    };
    view.findings = (0..3).map(finding).collect();
    seen(&mut state, view.clone());
    let frame = shown(&state);
    assert!(frame.contains("end-of-2"), "{frame}");
    assert!(!frame.contains("I all of it"), "{frame}");
    view.findings = (0..30).map(finding).collect();
    seen(&mut state, view);
    let frame = shown(&state);
    assert!(!frame.contains("end-of-29") && frame.contains("I all of it"), "{frame}");
}

/// Keys of `targets/jeff` of `admin/demo` change, its file does not.
fn listed_anew(state: &mut State) {
    let mut planned = plan();
    let jeff = planned.repositories[0].roles.iter_mut().find(|r| r.role == role("targets/jeff")).unwrap();
    jeff.mark = Mark::Kept;
    jeff.version = (Some(12), Some(12));
    jeff.keys.retain(|key| key.mark == Mark::Added);
    tell_plan(state, planned);
}

#[test]
fn a_staged_key_is_seen_on_the_role_that_gets_it() {
    let mut state = keyless();
    listed_anew(&mut state);
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/jeff"));
    let frame = shown(&state);
    let row = frame.lines().find(|line| line.contains("jeff ") && line.contains("1 of 1")).unwrap_or_default();
    assert!(row.contains('~'), "{frame}");
    assert!(frame.contains("p review and publish") && !frame.contains("a add a signer"), "{frame}");
}

#[test]
fn what_is_staged_already_is_said_to_be() {
    let mut state = browsing();
    select(&mut state, "admin/demo");
    press(&mut state, "2");
    state.lists.roles.select(&role("targets/releases"));
    let effects = press(&mut state, "w");
    let [Effect::Stage { changes, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let mut stage = stage();
    stage.changes[0].gun = changes[0].0.clone();
    stage.changes[0].change = changes[0].1.clone();
    tell_stage(&mut state, stage, plan());
    assert_eq!(press(&mut state, "w"), []);
    assert!(said(&state).contains("staged already"), "{}", said(&state));
}

#[test]
fn what_is_renewed_is_called_so_in_the_list_of_needs_and_in_roles() {
    let mut state = browsing();
    state.size = (120, 40);
    press(&mut state, "N");
    assert!(!shown(&state).contains("sign targets again"), "{}", shown(&state));
    press(&mut state, "<enter>");
    assert!(hints(&state).starts_with("t renew"), "{}", hints(&state));
    press(&mut state, "I");
    assert!(shown(&state).contains("t: renew targets"), "{}", shown(&state));
}

#[test]
fn the_palette_finds_wizards_and_begins_them() {
    let mut state = browsing();
    press(&mut state, ":take over");
    let Some(Dialog::Palette(open)) = state.dialogs.last() else { panic!() };
    assert_eq!(open.chosen(), Some(&Hit::Wizard("take over a key".to_owned())), "{:?}", open.hits);
    press(&mut state, "<enter>");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(_))));
    for words in ["rotate root", "renew targets", "set up"] {
        let mut state = browsing();
        select(&mut state, "admin/demo");
        press(&mut state, &format!(":{words}"));
        let Some(Dialog::Palette(open)) = state.dialogs.last() else { panic!() };
        assert!(open.hits.iter().any(|hit| matches!(hit, Hit::Wizard(_))), "{words}: {:?}", open.hits);
    }
}

#[test]
fn all_repositories_of_a_key_are_named_in_its_details() {
    let mut state = browsing();
    state.size = (80, 40);
    press(&mut state, "4");
    let chosen = selected::key(&state).unwrap().id.clone();
    let names: Vec<String> = (0..7).map(|n| format!("team/used-{n}")).collect();
    let key = state.keyring.keys.iter_mut().find(|key| key.id == chosen).unwrap();
    key.used_in = names.iter().map(|name| (gun(name), role("root"))).collect();
    press(&mut state, "I");
    let details = shown(&state);
    assert!(details.contains("and 3 more") && names.iter().all(|name| details.contains(name.as_str())), "{details}");
}

#[test]
fn keys_of_the_palette_are_told_apart_and_reasons_are_whole() {
    let mut state = browsing();
    state.size = (80, 24);
    press(&mut state, ":release board");
    let frame = shown(&state);
    let row = frame.lines().find(|line| line.contains("release-board")).unwrap();
    let key = state.keyring.keys.iter().find(|key| key.label == "release-board").unwrap();
    assert!(row.contains(key.id.short()), "{frame}");
    press(&mut state, "<esc>");
    select(&mut state, "team/cli");
    press(&mut state, ":repositories.renew");
    assert!(shown(&state).contains("t in Roles renews and rotates any"), "{}", shown(&state));
}

#[test]
fn rows_of_what_expires_are_chosen_and_gone_to_and_the_last_page_is_full() {
    let mut state = browsing();
    state.size = (80, 24);
    press(&mut state, "E");
    assert!(
        shown(&state).contains("time left") && shown(&state).contains("root's last half year"),
        "{}",
        shown(&state)
    );
    let rows = |state: &State| shown(state).lines().filter(|l| l.contains("admin/") || l.contains("team/")).count();
    let first = rows(&state);
    press(&mut state, "G");
    assert_eq!(rows(&state), first, "{}", shown(&state));
    press(&mut state, "gg<enter>");
    assert!(state.dialogs.is_empty());
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/legacy"));
}

#[test]
fn of_a_deletion_nothing_is_said_to_be_signed() {
    let mut state = staged();
    let mut deletes = plan();
    deletes.repositories[0].deletes = true;
    tell_plan(&mut state, deletes);
    press(&mut state, "p");
    state.size = (120, 40);
    let shown = shown(&state);
    assert!(shown.contains("the server forgets all of it") && !shown.contains("signed by the server"), "{shown}");
}

#[test]
fn key_or_digest_of_the_change_under_the_cursor_is_shown_where_lines_have_no_room_for_it() {
    let mut state = staged();
    let (mut long, digest) = (plan(), "4f2a91c0de".to_owned());
    long.repositories[0].changes[0].ids = vec![digest.clone()];
    tell_plan(&mut state, long);
    press(&mut state, "pj");
    for width in [60, 80, 110, 120, 159, 160, 200] {
        state.size = (width, 40);
        assert_eq!(shown(&state).matches(&digest).count(), 1, "{width}: {}", shown(&state));
    }
    press(&mut state, "k");
    state.size = (120, 40);
    assert!(!shown(&state).contains(&digest), "only of what the cursor is on");
}
