//! Everything that was said, with all that is known of it.

use super::looks_as_stored;
use crate::screen::told::{browsing, failure, said};
use crate::screen::{self, press};
use screen::scene::{gun, now, repositories, state_of, tell};
use trustdeck::engine::Kind;
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::kit::message::Tone;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome, Source};
use trustdeck::tui::messages::failure::Failure;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

fn lines(state: &mut State) -> Vec<String> {
    press(state, "@");
    match state.dialogs.pop() {
        Some(Dialog::Page(page)) => page.lines,
        other => panic!("a page, not {other:?}"),
    }
}

fn refused() -> Failure {
    let mut refused = failure(Kind::Server, None);
    refused.problem.message = "registry.example.com answered 502: bad gateway".to_owned();
    refused.problem.hint = "try again later, or ask who runs the server".to_owned();
    refused.problem.repository = Some(gun("admin/web"));
    refused.raw = Some("Server { status: 502, detail: \"<html>bad gateway</html>\" }".into());
    refused
}

#[test]
fn what_was_said_stays_with_time_newest_first_after_the_line_is_gone() {
    let mut state = browsing();
    state.say(Tone::Done, "staged", "add signer carol");
    update(&mut state, Event::Tick("2026-11-22T14:05:00Z".parse().unwrap()));
    assert_eq!(state.message, None);
    state.say(Tone::Note, "note", "more");
    let lines = lines(&mut state);
    assert_eq!(lines[0], "14:05  note  note: more");
    assert!(lines.contains(&"14:02  done  staged: add signer carol".to_owned()), "{lines:?}");
}

#[test]
fn a_repository_that_could_not_be_read_is_told_with_remedy_and_raw_answer() {
    let mut state = browsing();
    let viewed = Outcome::Viewed(gun("admin/web"), Source::Server, Err(refused()));
    tell(&mut state, Effect::Refresh(gun("admin/web")), viewed);
    let lines = lines(&mut state).join("\n");
    for part in ["14:02  error  server: registry.example.com answered 502", "ask who runs", "admin/web", "<html>"] {
        assert!(lines.contains(part), "{part} in {lines}");
    }
}

#[test]
fn no_line_begins_with_the_word_that_programs_have_for_what_was_typed() {
    let mut state = browsing();
    state.complain(&failure(Kind::Input, None));
    assert_eq!(said(&state), "not done what: do");
    assert!(lines(&mut state)[0].contains("not done: what"));
}

#[test]
fn the_same_again_is_one_line_and_only_so_many_are_kept() {
    let mut state = browsing();
    let before = state.log.newest().count();
    for _ in 0..3 {
        state.say(Tone::Note, "same", "again");
    }
    assert_eq!(state.log.newest().count(), before + 1);
    for n in 0..2000 {
        state.say(Tone::Note, "line", n.to_string());
    }
    assert_eq!(state.log.newest().count(), 500);
    assert_eq!(state.log.take_new().count(), 500);
    assert_eq!(state.log.take_new().count(), 0);
}

#[test]
fn the_messages_look_as_stored() {
    looks_as_stored("messages", |size, theme| {
        let mut state = state_of(repositories(), size, theme);
        state.now = now();
        state.log.file = "~/.local/state/trustdeck/trustdeck.log".to_owned();
        state.say(Tone::Done, "staged", "remove signer ben from admin/api");
        state.complain(&refused());
        state.say(Tone::Warn, "on the way", "registry.example.com keeps everybody waiting");
        press(&mut state, "@");
        state
    });
}
