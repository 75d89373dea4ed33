//! Everything by name.

use super::looks_as_stored;
use crate::screen::told::{browsing, said, staged};
use crate::screen::{self, press};
use screen::plans::{plan, stage, tell_stage};
use screen::scene::{gun, repositories, repository, role, state_of, tag};
use trustdeck::engine::view::TagState;
use trustdeck::engine::{Change, Health};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::dialogs::palette::Hit;
use trustdeck::tui::kit::pane::Pane;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::Event;
use trustdeck::tui::route::own_keys::bind;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::{Quit, Screen, State};

fn hits(state: &State) -> &[Hit] {
    match state.dialogs.last() {
        Some(Dialog::Palette(open)) => &open.hits,
        other => panic!("a palette, not {other:?}"),
    }
}

#[test]
fn letters_of_a_name_find_an_action_of_another_pane_and_enter_does_it_there() {
    let mut state = browsing();
    press(&mut state, "2jj1");
    assert_eq!(state.lists.roles.selected(), Some(&role("targets/releases")));
    press(&mut state, ":sign the role again");
    assert_eq!(hits(&state)[0], Hit::Action("roles.witness".to_owned()));
    let effects = press(&mut state, "<enter>");
    assert_eq!(state.focus, Pane::Roles);
    assert!(matches!(&effects[..], [Effect::Stage { changes, .. }] if matches!(changes[0].1, Change::Witness { .. })));
}

#[test]
fn ctrl_p_opens_it_too_and_every_action_of_every_pane_is_listed_without_a_word() {
    let mut state = browsing();
    press(&mut state, "<ctrl-p>");
    for name in ["roles.witness", "tags.sign", "keys.back-up", "staged.drop", "review.publish", "wizard.menu", "quit"] {
        assert!(hits(&state).contains(&Hit::Action(name.to_owned())), "{name}");
    }
    press(&mut state, "<ctrl-p>");
    assert!(state.dialogs.is_empty());
}

#[test]
fn a_line_of_the_palette_says_what_it_does_without_the_place_where_its_key_stands() {
    let mut state = browsing();
    for (typed, line) in [("gotags", "go to tags"), ("expiry sort", "sort by expiry"), ("copydig", "copy the digest")] {
        press(&mut state, &format!(":{typed}"));
        let frame = screen::frame::signs(&screen::draw(&state));
        assert!(frame.contains(line), "{line}: {frame}");
        press(&mut state, "<esc>");
    }
}

#[test]
fn letters_typed_one_by_one_and_taken_back_find_what_they_find_at_once() {
    let tags = || (0..2000).map(|n| tag(&format!("1.{n}-r{}", n % 7), "00000000", TagState::Trusted, &["jeff"]));
    let mut view = repository("admin/demo", Health::Ok, 1, 1, ("targets", 900));
    view.tags = tags().collect();
    let mut state = state_of(vec![view], (120, 40), Theme::default());
    let typed = [
        "1.99",
        "1.99<backspace><backspace>7",
        "19 r6",
        "1.!9",
        "1.!99",
        "^1.9",
        "r3$",
        "r3$1",
        "1R",
        "r1xyz<backspace>",
    ];
    for keys in typed {
        press(&mut state, &format!(":{keys}"));
        let found = hits(&state).to_vec();
        let words = match state.dialogs.last() {
            Some(Dialog::Palette(open)) => open.typed.text().to_owned(),
            other => panic!("{other:?}"),
        };
        press(&mut state, "<esc>:");
        update(&mut state, Event::Paste(words.clone()));
        assert_eq!(hits(&state), found, "{words}");
        press(&mut state, "<esc>");
    }
    press(&mut state, ":1.99");
    assert!(hits(&state).iter().filter(|hit| matches!(hit, Hit::Tag(_))).count() > 20);
}

#[test]
fn what_cannot_be_done_now_says_why_instead() {
    let mut state = browsing();
    press(&mut state, ":review.publish");
    assert_eq!(hits(&state)[0], Hit::Action("review.publish".to_owned()));
    assert!(screen::frame::signs(&screen::draw(&state)).contains("not now: in the review alone"));
    assert_eq!(press(&mut state, "<enter>"), []);
    assert!(matches!(state.screen, Screen::Main));
    assert!(said(&state).contains("in the review alone"));
}

#[test]
fn repositories_roles_tags_and_keys_are_gone_to_whatever_was_filtered() {
    let mut state = browsing();
    press(&mut state, "1/legacy<enter>:admwork<enter>");
    assert_eq!(state.repository().unwrap().entry.gun, gun("admin/worker"));
    assert!(state.lists.repositories.filter.is_empty());
    press(&mut state, ":admin/demo<enter>2/root<enter>1:tarjeff<enter>");
    assert_eq!((state.focus, state.lists.roles.selected()), (Pane::Roles, Some(&role("targets/jeff"))));
    let tag = state.view().unwrap().tags[3].name.clone();
    press(&mut state, &format!("3/no such tag<enter>1:{tag}"));
    assert_eq!(hits(&state)[0], Hit::Tag(tag.clone()));
    press(&mut state, "<enter>");
    assert_eq!((state.focus, state.lists.tags.selected().map(|t| &**t)), (Pane::Tags, Some(&*tag)));
    press(&mut state, ":release board<enter>");
    assert_eq!(state.focus, Pane::Keys);
    assert_eq!(trustdeck::tui::state::selected::key(&state).unwrap().label, "release-board");
}

#[test]
fn a_key_that_is_not_bound_says_so_once_and_names_help_and_palette() {
    let mut state = browsing();
    press(&mut state, "Z");
    let words = said(&state);
    assert!(words.starts_with("Z ") && words.contains('?') && words.contains(':'), "{words}");
    state.message = None;
    press(&mut state, "Z");
    assert_eq!(state.message, None);
    press(&mut state, "yz");
    assert!(said(&state).starts_with("y z "));
}

#[test]
fn it_opens_over_the_review_and_a_running_publish_and_finds_only_what_leads_nowhere_else() {
    let mut state = staged();
    press(&mut state, "p:admin");
    assert!(hits(&state).iter().all(|hit| matches!(hit, Hit::Action(_))));
    press(&mut state, "<esc>:review.leave<enter>");
    assert!(matches!(state.screen, Screen::Main));
}

#[test]
fn the_palette_looks_as_stored() {
    looks_as_stored("palette", |size, theme| {
        let mut state = state_of(repositories(), size, theme);
        tell_stage(&mut state, stage(), plan());
        press(&mut state, "j:sign");
        state
    });
}

#[test]
fn quit_is_named_with_its_key_where_it_quits_and_elsewhere_says_why_it_does_not() {
    let mut state = staged();
    press(&mut state, ":quit");
    let shows_key = |state: &State| {
        let shown = screen::frame::signs(&screen::draw(state));
        let line = shown
            .lines()
            .find(|line| line.contains("quit ") && !line.contains('›') && !line.contains("[keys]"))
            .unwrap()
            .to_owned();
        line.contains(" q ")
    };
    assert!(shows_key(&state));
    press(&mut state, "<esc>p:quit");
    assert!(!shows_key(&state));
    assert_eq!(press(&mut state, "<enter>"), []);
    assert_eq!(state.quit, None);
    assert!(matches!(state.screen, Screen::Review(_)) && said(&state).contains("esc leads back"), "{}", said(&state));
    press(&mut state, "q:quit<enter>");
    assert_eq!(state.quit, Some(Quit::Leave));
}

#[test]
fn what_is_chosen_by_name_is_done_only_where_no_key_of_it_means_something_else() {
    let mut state = staged();
    bind(&mut state, &[("quit".to_owned(), vec!["ctrl-q".to_owned()])].into(), &[].into());
    press(&mut state, "p:quit");
    assert!(screen::frame::signs(&screen::draw(&state)).contains("ctrl-q"));
    press(&mut state, "<enter>");
    assert_eq!(state.quit, Some(Quit::Leave), "as ctrl-q does in a review");
}
