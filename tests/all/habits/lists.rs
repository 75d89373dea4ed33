//! Zoom, sorting, the ways back, details, loose filters, marks and copies.

use super::looks_as_stored;
use crate::screen::frame::signs;
use crate::screen::plans::{plan, stage, tell_stage};
use crate::screen::scene::{finding, gun, repositories, repository, state_of};
use crate::screen::told::{browsing, said, staged};
use crate::screen::{draw, press};
use trustdeck::engine::Health;
use trustdeck::tui::dialogs::{Dialog, Page};
use trustdeck::tui::kit::message::Tone;
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::panes;
use trustdeck::tui::state::binding::Sort;
use trustdeck::tui::state::{State, words};

fn order(state: &State) -> Vec<String> {
    state.lists.repositories.window(99).map(|(_, _, gun)| gun.as_str().to_owned()).collect()
}

#[test]
fn plus_gives_the_screen_to_one_pane_and_takes_it_back() {
    let mut state = browsing();
    let shared = signs(&draw(&state));
    press(&mut state, "+");
    let whole = signs(&draw(&state));
    assert!(whole.contains("Expires first") && !whole.contains("3 Tags  admin"), "{whole}");
    press(&mut state, "+");
    assert_eq!(signs(&draw(&state)), shared);
}

#[test]
fn repositories_are_sorted_by_state_name_expiry_and_tags() {
    let mut state = browsing();
    press(&mut state, ",n");
    let names = order(&state);
    assert!(names.is_sorted(), "{names:?}");
    assert!(signs(&draw(&state)).contains("by name"));
    press(&mut state, ",t");
    assert_eq!(order(&state)[0], gun("admin/worker").as_str());
    press(&mut state, ",e");
    assert_eq!(order(&state)[0], gun("admin/legacy").as_str());
    press(&mut state, ",s");
    assert_eq!(order(&state)[0], gun("admin/legacy").as_str());
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/demo"), "the cursor follows its row");
}

#[test]
fn keys_are_sorted_by_name_too_and_roles_say_why_they_are_not() {
    let mut state = browsing();
    press(&mut state, "4,n");
    let labels = |state: &State| -> Vec<String> {
        let keys = &state.keyring.keys;
        state.lists.keys.rows().map(|(_, index, _)| words::key_label(state, &keys[index])).collect()
    };
    let sorted = labels(&state);
    assert!(sorted.is_sorted(), "{sorted:?}");
    press(&mut state, ",s");
    assert_ne!(labels(&state), sorted);
    assert_eq!(state.sort.repositories, Sort::State, "another list is not touched");
    press(&mut state, "2,n");
    assert!(said(&state).contains("roles keep the order"), "{}", said(&state));
}

#[test]
fn what_is_said_of_a_row_can_be_read_to_its_end_at_every_size() {
    let words = "what happened to it and what follows and who can do something about it, number ";
    let detail: String = (0..30).map(|n| format!("{words}{n}. ")).collect();
    let mut view = repository("admin/api", Health::Fail, 4, 1, ("targets", 900));
    view.findings = vec![finding(Health::Fail, "it is broken", &detail, "targets")];
    let mut state =
        state_of(vec![view, repository("admin/web", Health::Ok, 4, 1, ("targets", 900))], (80, 24), Theme::default());
    let (_, told) = panes::telling(&state, Pane::Repositories).unwrap();
    let all: String = told.sentences.iter().chain(told.facts.iter().map(|(_, fact)| fact)).cloned().collect();
    let words: Vec<&str> = all.split_whitespace().collect();
    assert!(panes::unread(&state, Pane::Repositories) > Some(0), "too short for this test: {all}");
    let mut read = signs(&draw(&state));
    assert!(read.contains("] read on"), "{read}");
    assert!(words.iter().any(|word| !read.contains(word)));
    for _ in 0..20 {
        press(&mut state, "]");
        read.push_str(&signs(&draw(&state)));
    }
    assert!(words.iter().all(|word| read.contains(word)), "{words:?}\n{read}");
    assert!(read.contains("[ read back"));
    press(&mut state, "j");
    assert!(!signs(&draw(&state)).contains("read back"), "another row begins at its beginning");
}

#[test]
fn how_far_a_row_was_read_is_of_that_row_alone() {
    let mut view = repository("admin/api", Health::Ok, 4, 2, ("targets", 900));
    for role in &mut view.roles {
        role.paths = (0..90).map(|n| format!("a/long/path/number/{n}")).collect();
    }
    let mut state = state_of(vec![view], (80, 24), Theme::default());
    press(&mut state, "2/releases<enter>]]");
    assert!(!signs(&draw(&state)).contains("number/0,"), "it was read on");
    press(&mut state, "<esc>/ben<enter>");
    assert_eq!(state.lists.roles.cursor(), 0, "the same place as before");
    assert!(signs(&draw(&state)).contains("number/0,"), "{}", signs(&draw(&state)));
}

#[test]
fn where_nothing_is_said_below_the_list_reading_on_names_the_key_that_says_it() {
    let mut state = browsing();
    state.size = (60, 16);
    press(&mut state, "]");
    assert!(said(&state).contains("I shows all of the row"), "{}", said(&state));
}

#[test]
fn g_and_a_letter_go_to_a_pane_and_minus_goes_back() {
    let mut state = browsing();
    for (keys, pane) in [("go", Pane::Roles), ("gt", Pane::Tags), ("gk", Pane::Keys), ("gs", Pane::Staged)] {
        press(&mut state, keys);
        assert_eq!(state.focus, pane, "{keys}");
    }
    press(&mut state, "gr4-");
    assert_eq!(state.focus, Pane::Repositories);
    press(&mut state, "-");
    assert_eq!(state.focus, Pane::Keys);
    press(&mut state, "1:team/cli<enter>");
    assert_eq!(state.repository().unwrap().entry.gun, gun("team/cli"));
    press(&mut state, "-");
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/demo"));
}

#[test]
fn the_inspector_tells_all_about_the_row_and_its_own_key_closes_it() {
    let mut state = browsing();
    press(&mut state, "I");
    let Some(Dialog::Page(page)) = state.dialogs.last() else { panic!("a page") };
    assert!(page.lines.iter().any(|line| line.contains("admin/demo")), "{:?}", page.lines);
    press(&mut state, "I");
    assert!(state.dialogs.is_empty());
}

#[test]
fn a_page_scrolls_with_the_keys_of_pages() {
    let mut state = browsing();
    let lines = (0..100).map(|line| line.to_string()).collect();
    state.dialogs.push(Dialog::Page(Page { lines, ..Page::default() }));
    let top = |state: &State| match state.dialogs.last() {
        Some(Dialog::Page(page)) => page.offset,
        other => panic!("{other:?}"),
    };
    for (keys, offset) in [("<ctrl-d>", state.size.1 / 2), ("<pagedown>", state.size.1), ("<pageup><ctrl-u>", 0)] {
        press(&mut state, keys);
        assert_eq!(top(&state), usize::from(offset), "{keys}");
    }
}

#[test]
fn a_loose_filter_finds_letters_in_their_order() {
    let mut state = browsing();
    press(&mut state, "~admwrk<enter>");
    assert_eq!(order(&state), [gun("admin/worker").as_str()]);
}

#[test]
fn the_border_counts_the_marks() {
    let mut state = browsing();
    press(&mut state, "<space><space>");
    assert!(signs(&draw(&state)).contains("2 marked   "));
}

#[test]
fn the_full_name_and_the_same_as_commands_are_copied() {
    let mut state = staged();
    let copied = |effects: Vec<Effect>| match <[Effect; 1]>::try_from(effects) {
        Ok([Effect::Copy { text, .. }]) => text,
        other => panic!("one copy, not {other:?}"),
    };
    assert_eq!(copied(press(&mut state, "yg")), "registry.example.com/admin/demo");
    let commands = copied(press(&mut state, "yc"));
    assert!(commands.contains("trustdeck signer remove ben") && commands.contains("trustdeck publish "), "{commands}");
}

#[test]
fn a_prefix_shows_all_that_may_follow_and_does_something_now() {
    for (keys, words) in [
        ("3y", &["n name", "g full name", "d digest", "r reference"][..]),
        ("1,", &["s by state", "n by name", "e by expiry", "t by tags"]),
        ("1g", &["r repositories", "o roles", "t tags", "k keys", "s staged"]),
    ] {
        let mut state = browsing();
        state.size = (60, 16);
        press(&mut state, keys);
        let shown = signs(&draw(&state));
        assert!(words.iter().all(|word| shown.contains(word)), "{keys}\n{shown}");
        assert!(!shown.contains("i key ID"), "only keys have one: {shown}");
    }
}

#[test]
fn the_way_out_of_a_prefix_is_silent_and_a_key_that_is_not_bound_is_no_news() {
    let mut state = browsing();
    state.message = None;
    press(&mut state, "y<esc>,<esc>g<esc>");
    assert_eq!(state.message, None);
    let before = state.log.newest().count();
    press(&mut state, "Z");
    assert!(state.message.is_some());
    assert_eq!(state.log.newest().count(), before);
}

#[test]
fn the_chart_and_what_needs_a_person_are_whole_on_the_smallest_screen() {
    let mut state = browsing();
    state.size = (60, 16);
    press(&mut state, "E");
    let shown = signs(&draw(&state));
    assert!(shown.contains("expired") && shown.contains("publishing needs its key"), "{shown}");
    press(&mut state, "<esc>N");
    let shown = signs(&draw(&state));
    assert!(shown.contains("hold the targets key."), "{shown}");
    press(&mut state, "<esc>");
    state.size = (160, 45);
    let shown = signs(&draw(&state));
    assert!(shown.contains("root expires in 236 d"), "the dock: {shown}");
}

#[test]
fn what_was_said_ends_with_the_screen_and_with_the_next_deed() {
    for keys in ["p", "-", "2"] {
        let mut state = staged();
        press(&mut state, "21");
        state.say(Tone::Done, "sent to the terminal", "something");
        press(&mut state, "j");
        assert!(state.message.is_some(), "moving is no deed");
        press(&mut state, keys);
        assert_eq!(state.message, None, "{keys}");
    }
    let mut state = staged();
    state.say(Tone::Warn, "on the way", "something");
    press(&mut state, "p");
    assert_eq!(state.message, None);
}

#[test]
fn a_whole_pane_looks_as_stored() {
    looks_as_stored("zoom", |size, theme| {
        let mut state = state_of(repositories(), size, theme);
        tell_stage(&mut state, stage(), plan());
        press(&mut state, "jj<space><space>,t+");
        state.message = None;
        state
    });
}

#[test]
fn keys_that_may_follow_are_whole_in_the_smallest_window_also_with_marks() {
    for prefix in ["g", ","] {
        let mut state = browsing();
        (state.size, state.message) = ((60, 16), None);
        press(&mut state, "1");
        let bar = |state: &State| signs(&draw(state)).lines().rev().take(2).map(str::to_owned).collect::<Vec<_>>();
        let mut marked = browsing();
        (marked.size, marked.message) = ((60, 16), None);
        press(&mut marked, "1<space>k");
        assert!(bar(&marked)[1].contains("1 marked"), "{:?}", bar(&marked));
        press(&mut state, prefix);
        press(&mut marked, prefix);
        let words = |lines: Vec<String>| {
            let text: Vec<String> =
                lines.iter().map(|l| l.split(" of ").next().unwrap_or_default().to_owned()).collect();
            text.concat().split_whitespace().filter(|w| w.chars().all(char::is_alphabetic)).map(str::to_owned).collect()
        };
        let (one, other): (Vec<String>, Vec<String>) = (words(bar(&state)), words(bar(&marked)));
        assert_eq!(one, other, "{prefix}");
    }
}

#[test]
fn what_needs_a_person_uses_all_rows_of_the_smallest_window() {
    let mut state = browsing();
    state.size = (60, 16);
    press(&mut state, "N");
    let shown = signs(&draw(&state));
    let lines: Vec<&str> = shown.lines().collect();
    let (first, last) = (
        lines.iter().position(|line| line.contains("Needs you")).unwrap(),
        lines.iter().position(|line| line.contains("go there")).unwrap(),
    );
    // Behind the border: a blank one, the list, the line that counts what is below, and what is said.
    let blank = |line: &&&str| line.chars().all(|c| !c.is_alphanumeric());
    let free = lines[first + 2..last].iter().filter(blank).count();
    assert!(free <= 2 || !shown.contains("more below"), "{shown}");
}
