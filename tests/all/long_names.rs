//! Names that differ in the middle, where there is no room for them.

use crate::screen;

use screen::plans::{demo, stage, tell_plan, tell_stage};
use screen::scene::{gun, repository, state_of, tag};
use screen::{draw, frame, press};
use trustdeck::engine::view::TagState;
use trustdeck::engine::{EntryId, Health, Plan, PlanId, Stage, StagedChange};
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::state::State;

const COUNT: usize = 30;

fn name(n: usize) -> String {
    format!("organisation/platform-team/service-{n:02}-production/application")
}

fn many(size: (u16, u16)) -> State {
    let views = (0..COUNT).map(|n| repository(&name(n), Health::Ok, 1, 1, ("targets", 900))).collect();
    state_of(views, size, Theme::default())
}

/// Whether a line holds what only the name of this number has.
fn tells(line: &str, n: usize) -> bool {
    line.contains(&format!("{n:02}-production")) || line.contains(&format!("service-{n:02}"))
}

fn shown(state: &State) -> String {
    frame::signs(&draw(state))
}

/// Presses keys at each of the repositories and finds its own part in a line that begins as its name does.
#[track_caller]
fn each_is_told_apart(size: (u16, u16), keys: &str, part: impl Fn(&str) -> Option<&str>) {
    let mut state = many(size);
    for n in 0..COUNT {
        press(&mut state, keys);
        let frame = shown(&state);
        let line = frame.lines().find_map(&part).unwrap_or_else(|| panic!("no line for {n}:\n{frame}"));
        assert!(tells(line, n), "{n} after {keys:?} at {size:?}:\n{frame}");
        press(&mut state, "<esc>1j");
    }
}

#[test]
fn heads_of_panes_say_which_repository_they_are_of() {
    for size in [(60, 16), (80, 24)] {
        for keys in ["2", "3"] {
            each_is_told_apart(size, keys, |line| {
                (line.contains("production") || line.contains("service")).then_some(line)
            });
        }
    }
}

#[test]
fn forms_and_confirmations_say_which_repository_they_are_about() {
    for size in [(60, 16), (80, 24)] {
        // Whole names, with their registry, stand in dialogs alone.
        let of_dialog = |line: &str| line.contains("example.com/");
        for keys in ["s", "3a", "D"] {
            let mut state = many(size);
            press(&mut state, keys);
            assert!(!state.dialogs.is_empty(), "{keys}");
            each_is_told_apart(size, keys, |line| of_dialog(line).then_some(line));
        }
    }
}

#[test]
fn what_is_to_be_typed_is_whole() {
    let mut state = many((60, 16));
    press(&mut state, "Dj<enter>");
    let frame = shown(&state);
    let words: String = frame.lines().map(|line| line.replace(['│', ' '], "")).collect();
    assert!(words.contains(&name(0)), "{frame}");
}

#[test]
fn a_review_names_each_repository() {
    for width in [60, 80, 120] {
        let mut state = many((width, 140));
        let entry = |n: usize| EntryId(u64::try_from(n).unwrap() + 100);
        let first = stage().changes[0].clone();
        let staged = |n| StagedChange { id: entry(n), gun: gun(&name(n)), ..first.clone() };
        let changes = (0..COUNT).map(staged).collect();
        let planned = |n: usize| {
            let mut plan = demo();
            (plan.gun, plan.name) = (gun(&name(n)), name(n));
            plan.changes.truncate(1);
            plan.changes[0].entry = entry(n);
            plan
        };
        let plan =
            Plan { id: PlanId("1".to_owned()), repositories: (0..COUNT).map(planned).collect(), elsewhere: vec![] };
        tell_stage(&mut state, Stage { changes, ..stage() }, plan.clone());
        press(&mut state, "p");
        tell_plan(&mut state, plan);
        let frame = shown(&state);
        for n in 0..COUNT {
            let heads = frame.lines().any(|line| tells(line, n));
            assert!(heads, "{n} at {width}:\n{frame}");
        }
    }
}

#[test]
fn tags_are_told_apart_by_what_differs() {
    let mut view = repository("team/web", Health::Ok, 0, 1, ("targets", 900));
    let tags = (0..COUNT).map(|n| format!("release-candidate-of-the-platform-{n:02}-linux-amd64-debian"));
    view.tags = tags.map(|name| tag(&name, "5be2f804", TagState::Trusted, &["jeff"])).collect();
    for width in [60, 80] {
        let mut state = state_of(vec![view.clone()], (width, 60), Theme::default());
        press(&mut state, "3");
        let frame = shown(&state);
        assert!(
            (0..COUNT).all(|n| frame.contains(&format!("{n:02}-linux")) || frame.contains(&format!("platform-{n:02}"))),
            "{frame}"
        );
    }
}

#[test]
fn a_word_of_wide_letters_is_broken_where_the_line_ends() {
    use trustdeck::tui::kit::canvas::{width, wrap};
    let word = "\u{7f72}\u{540d}".repeat(9);
    for cells in [1, 2, 5, 10, 36] {
        let lines = wrap(&word, cells);
        assert!(lines.iter().all(|line| usize::from(width(line)) <= cells.max(2)), "{cells}: {lines:?}");
        assert_eq!(lines.concat(), word);
    }
}
