//! The gate: review, typed names, passphrases, publish. Keys in, effects out.

use crate::screen;

use screen::plans::{mended, plan, remove_ben, tell_plan};
use screen::scene::{NEW, gun, id, tell};
use screen::told::{failure, said, staged};
use screen::{draw, frame, press};
use trustdeck::engine::draft::applied::Mark;
use trustdeck::engine::draft::change::Stage;
use trustdeck::engine::keyring::tokens::{PinState, TokenName, TokenPlace};
use trustdeck::engine::plan::{NeededKey, Weight};
use trustdeck::engine::publish::job::Approval;
use trustdeck::engine::view::keys::{KeyPlace, KeyWarning};
use trustdeck::engine::{Change, EntryId, Kind, Passphrase, PlanId, Progress, PublishOutcome, Published, Step};
use trustdeck::tuf::Role;
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::dialogs::prompt::What;
use trustdeck::tui::kit::message::Tone;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome};
use trustdeck::tui::messages::failure::Ask;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::{Screen, State};

/// A publish runs, for which no key had to be opened.
fn publishing() -> State {
    let mut state = staged();
    let mut open = mended();
    open.repositories.iter_mut().for_each(|r| r.keys.clear());
    tell_plan(&mut state, open);
    press(&mut state, "pP");
    state
}

#[test]
fn publishing_is_blocked_until_the_loss_is_accepted_and_the_name_typed() {
    let mut state = staged();
    assert_eq!(press(&mut state, "p"), [Effect::Plan]);
    assert_eq!(press(&mut state, "P"), []);
    assert!(said(&state).contains("f mends it"));
    press(&mut state, "Gk<space>P");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Confirm(_))));
    assert_eq!(press(&mut state, "ap<enter>"), []);
    press(&mut state, "i<enter>");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Prompt(_))), "the name fits: now the passphrases");
}

#[test]
fn the_fix_is_staged_by_one_key_and_never_silently() {
    let mut state = staged();
    let effects = press(&mut state, "pGkf");
    let changes = vec![(gun("admin/api"), Change::Witness { role: Role::releases() })];
    let said = "re-sign releases with jeff new laptop, same publish".to_owned();
    assert_eq!(effects, [Effect::Plan, Effect::Stage { changes, said }]);
}

#[test]
fn staging_what_orphans_tags_says_so_at_once() {
    let state = staged();
    let said = state.message.as_ref().unwrap();
    assert_eq!((said.tone, said.back.is_some()), (Tone::Warn, true));
    assert_eq!(said.object, "22 tags orphaned, p shows it: remove signer ben from admin/api");
}

#[test]
fn a_dropped_change_can_be_kept_again() {
    let mut state = staged();
    let effects = press(&mut state, "pG<space>");
    assert!(
        effects
            .contains(&Effect::Drop { entries: vec![EntryId(4)], said: "remove signer ben from admin/api".to_owned() })
    );
    let mut less = plan();
    less.repositories.pop();
    tell_plan(&mut state, less);
    let effects = press(&mut state, "G<space>");
    let said = "remove signer ben from admin/api".to_owned();
    assert_eq!(effects, [Effect::Stage { changes: vec![(gun("admin/api"), remove_ben())], said }]);
}

#[test]
fn a_repository_that_is_left_out_says_so_with_the_key_that_takes_it_in_again() {
    let mut state = staged();
    let mut blocked = plan();
    blocked.repositories[1].warnings[0].weight = Weight::Block;
    press(&mut state, "p");
    tell_plan(&mut state, blocked);
    for size in [(80, 24), (120, 40)] {
        state.size = size;
        press(&mut state, "Gk<space>");
        let shown = frame::signs(&draw(&state));
        assert!(shown.contains("take it in again") && !shown.contains("leave it out"), "{shown}");
        assert!(shown.contains("[ ] − signer ben"), "{shown}");
        press(&mut state, "j<space>");
        let shown = frame::signs(&draw(&state));
        assert!(shown.contains("leave it out") && shown.contains("[x] − signer ben"), "{shown}");
    }
}

#[test]
fn all_that_is_said_of_a_plan_keeps_its_columns_and_ends_its_sentences() {
    let mut state = staged();
    let mut paths = plan();
    paths.repositories[1].roles[0].paths = vec![(Mark::Added, String::new())];
    tell_plan(&mut state, paths);
    press(&mut state, "pGk<enter>");
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("22 tags orphaned. ben signed"), "{shown}");
    assert!(shown.contains("+ all paths     "), "{shown}");
}

#[test]
fn what_is_lost_is_said_of_the_repository_and_not_of_its_first_change() {
    let mut state = staged();
    for size in [(60, 16), (80, 24), (120, 40)] {
        state.size = size;
        press(&mut state, "5");
        let shown = frame::signs(&draw(&state));
        let line = shown.lines().find(|line| line.contains("22 orphaned")).unwrap_or_default();
        assert!(line.contains("admin/api"), "{line}\n{shown}");
    }
}

#[test]
fn a_review_of_nothing_says_so_and_waits_for_no_plan() {
    let mut state = staged();
    press(&mut state, "p");
    tell(&mut state, Effect::ReadStage, Outcome::Staged { said: None, result: Ok(Stage::default()) });
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("nothing is staged") && !shown.contains("comput"), "{shown}");
}

#[test]
fn passphrases_are_asked_for_once_and_then_it_publishes() {
    let mut state = staged();
    tell_plan(&mut state, mended());
    press(&mut state, "pP");
    let secret = Passphrase::from_text("correct horse");
    for key in [screen::scene::ADMIN, NEW] {
        let effects = press(&mut state, "correct horse<enter>");
        assert_eq!(effects, [Effect::Unlock(id(key.0), secret.clone())]);
        let effects = tell(&mut state, effects[0].clone(), Outcome::Unlocked(id(key.0), Ok(())));
        if key == NEW {
            let approval = Approval {
                plan: PlanId("4f2a-91c0".to_owned()),
                repositories: vec![gun("admin/demo"), gun("admin/api")],
                accepted: vec![],
            };
            assert_eq!(effects, [Effect::ListKeys, Effect::Publish(approval)]);
        }
    }
    assert!(matches!(state.screen, Screen::Publish(_)) && state.dialogs.is_empty());
}

#[test]
fn a_wrong_passphrase_stays_open_and_says_how_often() {
    let mut state = staged();
    tell_plan(&mut state, mended());
    press(&mut state, "pP");
    let effects = press(&mut state, "wrong<enter>");
    let wrong = failure(Kind::Passphrase, Some(Ask::OtherKey(id(NEW.0))));
    tell(&mut state, effects[0].clone(), Outcome::Unlocked(id("b0014f8e"), Err(wrong)));
    let shown = frame::signs(&draw(&state));
    assert!(
        shown.contains("attempt 2") && shown.contains("does not open this key   it opens jeff new laptop"),
        "{shown}"
    );
    assert!(!shown.contains("wrong"), "what was typed is never shown");
}

/// Puts keys on one token.
fn on_token(state: &mut State, keys: &[(&str, &str)]) {
    let token = TokenName { label: "board".to_owned(), serial: "12345678".to_owned() };
    for key in &mut state.keyring.keys {
        if keys.iter().any(|(first, _)| key.id == id(first)) {
            let place = TokenPlace { token: token.clone(), slot: vec![2], slot_name: "9c".to_owned() };
            key.place = KeyPlace::Token(place);
        }
    }
}

#[test]
fn one_pin_opens_all_keys_of_its_token() {
    let mut state = staged();
    tell_plan(&mut state, mended());
    on_token(&mut state, &[screen::scene::ADMIN, NEW]);
    press(&mut state, "pP");
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("PIN") && shown.contains("token board") && !shown.contains("Passphrase"), "{shown}");
    let effects = press(&mut state, "999999<enter>");
    let mut wrong = failure(Kind::Passphrase, None);
    wrong.problem.message = "wrong PIN for token board; one try is left before it locks".to_owned();
    tell(&mut state, effects[0].clone(), Outcome::Unlocked(id(screen::scene::ADMIN.0), Err(wrong)));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("one try is left") && !shown.contains("999999"), "{shown}");
    let effects = press(&mut state, "123456<enter>");
    assert_eq!(effects, [Effect::Unlock(id(screen::scene::ADMIN.0), Passphrase::from_text("123456"))]);
    let effects = tell(&mut state, effects[0].clone(), Outcome::Unlocked(id(screen::scene::ADMIN.0), Ok(())));
    assert!(matches!(effects.last(), Some(Effect::Publish(_))), "{effects:?}");
}

#[test]
fn a_copy_in_the_key_store_is_no_news_about_a_pin() {
    let mut state = staged();
    tell_plan(&mut state, mended());
    on_token(&mut state, &[screen::scene::ADMIN, NEW]);
    let warn = |state: &mut State, warning: KeyWarning| {
        state.keyring.keys.iter_mut().filter(|key| matches!(key.place, KeyPlace::Token(_))).for_each(|key| {
            key.warning = Some(warning.clone());
        });
    };
    warn(&mut state, KeyWarning::CopyLeft("/home/jeff/private/1.key".into()));
    press(&mut state, "pP");
    assert!(!frame::signs(&draw(&state)).contains("a copy is still"), "{}", frame::signs(&draw(&state)));
    press(&mut state, "<esc>");
    warn(&mut state, KeyWarning::Pin(PinState::FinalTry));
    press(&mut state, "P");
    assert!(frame::signs(&draw(&state)).contains("one more wrong PIN locks"), "{}", frame::signs(&draw(&state)));
}

#[test]
fn what_is_set_and_wrong_is_named_at_the_prompt_and_in_the_result() {
    let mut state = staged();
    let (jeff, wrong) = (id(NEW.0), "NOTARY_DELEGATION_PASSPHRASE does not open key 2b (jeff new laptop, jeff)");
    let named = [(jeff.clone(), wrong.to_owned()), (id(screen::scene::ADMIN.0), "another does not".to_owned())];
    tell(&mut state, Effect::Plan, Outcome::WrongSources(named.into_iter().collect()));
    tell_plan(&mut state, mended());
    press(&mut state, "pP");
    assert!(frame::signs(&draw(&state)).contains("another does not"), "{}", frame::signs(&draw(&state)));
    let secret = "correct horse<enter>";
    let effects = press(&mut state, secret);
    tell(&mut state, effects[0].clone(), Outcome::Unlocked(id(screen::scene::ADMIN.0), Ok(())));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("NOTARY_DELEGATION_PASSPHRASE does not open key"), "{shown}");
    let effects = press(&mut state, secret);
    tell(&mut state, effects[0].clone(), Outcome::Unlocked(jeff, Ok(())));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("note") && shown.contains("does not open"), "{shown}");
    let Screen::Publish(publishing) = &state.screen else { panic!() };
    assert!(publishing.report().contains(wrong), "{}", publishing.report());
}

#[test]
fn a_prompt_names_a_targets_key_as_the_keys_pane_does() {
    let mut state = staged();
    let mut unnamed = mended();
    let jeff = id(NEW.0);
    for key in unnamed.repositories.iter_mut().flat_map(|r| &mut r.keys) {
        if let NeededKey::Unlock { id, label, role, .. } = key
            && *id == jeff
        {
            (*label, *role) = ("targets".to_owned(), "targets".to_owned());
        }
    }
    for key in state.keyring.keys.iter_mut().filter(|key| key.id == jeff) {
        (key.label, key.role) = ("targets".to_owned(), "targets".to_owned());
        key.used_in = vec![(gun("admin/demo"), Role::Targets)];
    }
    tell_plan(&mut state, unnamed);
    press(&mut state, "pP");
    let effects = press(&mut state, "correct horse<enter>");
    tell(&mut state, effects[0].clone(), Outcome::Unlocked(id(screen::scene::ADMIN.0), Ok(())));
    let Some(Dialog::Prompt(prompt)) = state.dialogs.last() else { panic!("{:?}", state.dialogs) };
    let What::Unlock { label, .. } = &prompt.what else { panic!() };
    assert_eq!(label, "admin/demo");
}

#[test]
fn a_passphrase_is_never_offered_to_a_token() {
    let mut state = staged();
    tell_plan(&mut state, mended());
    on_token(&mut state, &[NEW]);
    press(&mut state, "pP");
    let effects = press(&mut state, "correct horse<enter>");
    tell(&mut state, effects[0].clone(), Outcome::Unlocked(id(screen::scene::ADMIN.0), Ok(())));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("PIN") && !shown.contains("same as before"), "{shown}");
    assert_eq!(press(&mut state, "<tab>"), []);
}

#[test]
fn a_publish_says_when_a_token_waits_for_a_touch() {
    let mut state = publishing();
    let sign = Step::Sign { done: 0, total: 2 };
    let news = [
        Progress::Step { gun: gun("admin/demo"), step: sign, note: None },
        Progress::Touch { gun: gun("admin/demo"), token: "board".to_owned() },
    ];
    news.into_iter().for_each(|news| drop(update(&mut state, Event::News(news))));
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains("touch now") && shown.contains("Touch token board now"), "{shown}");
    let step = Progress::Step { gun: gun("admin/demo"), step: Step::Upload, note: None };
    update(&mut state, Event::News(step));
    assert!(!frame::signs(&draw(&state)).contains("touch now"));
}

#[test]
fn a_plan_that_changes_meanwhile_goes_back_to_review() {
    let mut state = staged();
    tell_plan(&mut state, mended());
    press(&mut state, "pP");
    let mut other = mended();
    other.id = PlanId("0000-0001".to_owned());
    tell_plan(&mut state, other);
    assert!(state.dialogs.is_empty() && state.gate.is_none());
    assert_eq!(said(&state), "the plan changed look at it again before you publish");
}

#[test]
fn ctrl_c_stops_a_publish_between_repositories() {
    let mut state = publishing();
    assert_eq!(press(&mut state, "<ctrl-c><ctrl-c>"), [Effect::StopPublish, Effect::StopPublish]);
    assert_eq!(press(&mut state, "q"), [], "a running publish cannot be left");
    assert!(state.quit.is_none() && matches!(state.screen, Screen::Publish(_)));
    let skipped = |name: &str| Published {
        gun: gun(name),
        outcome: PublishOutcome::Skipped,
        overtaken: None,
        versions: vec![],
        trusted: 0,
        checked: String::new(),
        new_keys: vec![],
        notes: vec![],
        merged: vec![],
    };
    let all = vec![skipped("admin/demo"), skipped("admin/api")];
    let approval = Approval { plan: PlanId(String::new()), repositories: vec![], accepted: vec![] };
    let effects = tell(&mut state, Effect::Publish(approval), Outcome::Published(Ok(all)));
    assert!(effects.contains(&Effect::ReadStage));
    press(&mut state, "<esc>");
    assert!(matches!(state.screen, Screen::Main));
}
