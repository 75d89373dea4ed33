//! Signing tags as the registry holds them.

use trustdeck::engine::tags::candidate::{Candidate, WantedTag};
use trustdeck::engine::{Change, EngineError, EntryId, Kind, RemoteError, SignedTarget, Stage, StagedChange};
use trustdeck::tuf::TargetName;
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::dialogs::label::Label;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome};
use trustdeck::tui::messages::failure::Failure;
use trustdeck::tui::messages::registry::{LookUp, RegistryFound, RegistryWork};
use trustdeck::tui::messages::told::Told;
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

use crate::screen;
use screen::registry::{DEMO, compare};
use screen::scene::{digits, gun, role, tell};
use screen::told::{browsing, failure, said};
use screen::{draw, frame, press};

fn on_tags() -> State {
    let mut state = browsing();
    let effects = press(&mut state, "3");
    compare(&mut state, &effects, &gun("admin/demo"), &DEMO);
    state
}

fn name(tag: &str) -> TargetName {
    TargetName::parse(tag).unwrap()
}

fn target(first: &str) -> SignedTarget {
    SignedTarget { length: 1397, sha256: digits(first), sha512: None, custom: None, from_registry: true }
}

/// The only effect, which looks tags up.
fn look_up(effects: &[Effect]) -> LookUp {
    match effects {
        [Effect::Registry(RegistryWork::LookUp(asked))] => asked.clone(),
        other => panic!("{other:?}"),
    }
}

/// Tells what the registry holds of each tag, by the first digits of its digest.
fn answer(state: &mut State, effects: &[Effect], found: &[Result<&str, Kind>]) -> Vec<Effect> {
    let asked = look_up(effects);
    let candidate = |(wanted, found): (&WantedTag, &Result<&str, Kind>)| {
        let tag = wanted.tag.clone();
        let found = match found {
            Ok(first) => Ok(Candidate { tag, target: target(first), instead: None, unchecked: None }),
            Err(kind) => Err(failure(*kind, None)),
        };
        (wanted.clone(), found)
    };
    let found: Vec<(WantedTag, Result<Candidate, Failure>)> = asked.wanted.iter().zip(found).map(candidate).collect();
    tell(state, effects[0].clone(), Outcome::Registry(RegistryFound::LookedUp(asked, found)))
}

fn signs(effects: &[Effect]) -> Vec<(String, String, bool)> {
    let [Effect::Stage { changes, .. }] = effects else { panic!("{effects:?}") };
    let sign = |change: &Change| match change {
        Change::Sign { tag, target, .. } => (tag.to_string(), target.sha256.clone(), target.from_registry),
        other => panic!("{other:?}"),
    };
    changes.iter().map(|(_, change)| sign(change)).collect()
}

#[test]
fn marked_tags_are_signed_with_what_the_registry_holds() {
    let mut state = on_tags();
    press(&mut state, "/unsigned<enter>A");
    let effects = press(&mut state, "s");
    let tags: Vec<String> = look_up(&effects).wanted.iter().map(|wanted| wanted.tag.to_string()).collect();
    assert_eq!(tags, ["3.2.0-rc2", "edge", "nightly"]);
    let staged = answer(&mut state, &effects, &[Ok("6617a0c9"), Ok("c81f2ab0"), Ok("91bc0e55")]);
    assert_eq!(signs(&staged)[1], ("edge".to_owned(), digits("c81f2ab0"), true));
    assert!(state.dialogs.is_empty());
}

/// The question about the drifted tag is open.
pub(crate) fn drifted(state: &mut State) {
    let effects = press(state, "3");
    compare(state, &effects, &gun("admin/demo"), &DEMO);
    press(state, "/latest<enter>");
    let effects = press(state, "s");
    answer(state, &effects, &[Ok("77fe10aa")]);
}

#[test]
fn a_tag_that_drifted_shows_both_digests_before_it_is_staged() {
    let mut state = on_tags();
    press(&mut state, "/drift<enter>");
    let effects = press(&mut state, "s");
    assert_eq!(answer(&mut state, &effects, &[Ok("77fe10aa")]), [], "nothing is staged without a look");
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains(&format!("was {}", digits("3d2e482b"))), "{shown}");
    assert!(shown.contains(&format!("now {}", digits("77fe10aa"))), "{shown}");
    let staged = press(&mut state, "<enter>");
    assert_eq!(signs(&staged), [("latest".to_owned(), digits("77fe10aa"), true)]);
}

#[test]
fn both_digests_are_whole_in_the_smallest_window_too() {
    let mut state = browsing();
    state.size = (60, 16);
    drifted(&mut state);
    let shown = frame::signs(&draw(&state));
    let text: String = shown.chars().filter(char::is_ascii_alphanumeric).collect();
    for (word, first) in [("was", "3d2e482b"), ("now", "77fe10aa")] {
        assert!(shown.contains(&format!("{word} {first}")), "{shown}");
        assert!(text.contains(&digits(first)), "{first} in {shown}");
    }
}

#[test]
fn with_the_registry_away_a_signed_tag_is_signed_again_as_it_was_and_that_is_said() {
    let mut state = browsing();
    press(&mut state, "3/latest<enter>");
    let effects = press(&mut state, "s");
    let staged = answer(&mut state, &effects, &[Err(Kind::Network)]);
    assert_eq!(signs(&staged), [("latest".to_owned(), digits("3d2e482b"), false)]);
    let [Effect::Stage { said, .. }] = staged.as_slice() else { panic!("{staged:?}") };
    assert!(said.contains("sign latest") && said.contains("the registry could not be asked"), "{said}");
}

#[test]
fn a_tag_that_drifted_is_not_signed_as_it_was_when_the_registry_is_away() {
    let mut state = on_tags();
    press(&mut state, "/drift<enter>");
    let effects = press(&mut state, "s");
    assert_eq!(answer(&mut state, &effects, &[Err(Kind::Network)]), []);
    assert!(said(&state).starts_with("network"), "{}", said(&state));
}

#[test]
fn nothing_is_staged_if_the_registry_has_not_all_of_it() {
    let mut state = on_tags();
    press(&mut state, "/unsigned<enter>A");
    let effects = press(&mut state, "s");
    assert_eq!(answer(&mut state, &effects, &[Ok("6617a0c9"), Err(Kind::Absent), Ok("91bc0e55")]), []);
    assert!(state.dialogs.is_empty() && said(&state).starts_with("not found"));
}

#[test]
fn marked_tags_are_signed_into_chosen_roles() {
    let mut state = on_tags();
    press(&mut state, "/unsigned<enter>A");
    let effects = press(&mut state, "aqa releases<enter>");
    let asked = look_up(&effects);
    assert_eq!((asked.wanted.len(), asked.roles), (3, vec![role("targets/qa"), role("targets/releases")]));
}

#[test]
fn lines_of_docker_push_fill_the_form_however_a_terminal_ends_them() {
    let sha = digits("0badcafe");
    for end in ["\n", "\r\n", "\r"] {
        let mut state = on_tags();
        press(&mut state, "a");
        let printed = [
            "The push refers to repository [registry.example.com/admin/demo]",
            "5f70bf18a086: Pushed",
            &format!("4.0: digest: sha256:{sha} size: 424"),
            "",
        ];
        update(&mut state, Event::Paste(printed.join(end)));
        let asked = look_up(&press(&mut state, "<enter>"));
        let expected = SignedTarget { length: 424, from_registry: false, ..target("0badcafe") };
        assert_eq!(asked.wanted, [WantedTag { tag: name("4.0"), target: Some(expected) }], "{end:?}");
        assert!(asked.of_form);
    }
}

#[test]
fn a_full_reference_fills_the_form_and_one_of_another_repository_does_not() {
    let mut state = on_tags();
    press(&mut state, "a");
    update(&mut state, Event::Paste("registry.example.com/admin/demo:4.1".to_owned()));
    let asked = look_up(&press(&mut state, "<enter>"));
    assert_eq!(asked.wanted, [WantedTag { tag: name("4.1"), target: None }]);

    let mut state = on_tags();
    press(&mut state, "a");
    let reference = format!("registry.example.com/admin/demo:4.1@sha256:{}", digits("0badcafe"));
    update(&mut state, Event::Paste(reference));
    let asked = look_up(&press(&mut state, "<enter>"));
    let unsized_image = SignedTarget { length: 0, from_registry: false, ..target("0badcafe") };
    assert_eq!(asked.wanted, [WantedTag { tag: name("4.1"), target: Some(unsized_image) }]);

    let mut state = on_tags();
    press(&mut state, "a");
    update(&mut state, Event::Paste("registry.example.com/admin/web:4.1".to_owned()));
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("the form is gone") };
    assert!(form.error.as_ref().is_some_and(|error| error.what.contains("another repository")), "{form:?}");
    assert_eq!(form.text(Label::Tag), "");
}

#[test]
fn what_the_form_asked_for_is_refused_in_the_form_and_dropped_if_it_was_closed() {
    let mut state = on_tags();
    let effects = press(&mut state, "a4.1<enter>");
    assert_eq!(answer(&mut state, &effects, &[Err(Kind::Absent)]), []);
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("the form is gone") };
    assert!(form.error.is_some() && form.busy.is_none());
    let effects = press(&mut state, "<enter>");
    press(&mut state, "<esc>");
    assert_eq!(answer(&mut state, &effects, &[Ok("77fe10aa")]), []);
    assert!(state.dialogs.is_empty());
}

#[test]
fn what_no_registry_takes_as_a_tag_is_refused_in_the_form_with_what_a_tag_is() {
    let mut state = on_tags();
    let effects = press(&mut state, "a-rc1<enter>");
    let asked = look_up(&effects);
    let source = RemoteError::NotTag("-rc1".to_owned());
    let problem = EngineError::Remote { gun: Some(gun("admin/demo")), source }.problem();
    let found = vec![(asked.wanted[0].clone(), Err(Failure::plain(problem)))];
    tell(&mut state, effects[0].clone(), Outcome::Registry(RegistryFound::LookedUp(asked, found)));
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("the form is gone") };
    let error = form.error.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(error.contains("\"-rc1\" is not a tag") && error.contains("letters, digits, _, . and -"), "{error}");
}

#[test]
fn the_form_of_an_unsigned_tag_has_its_name() {
    let mut state = on_tags();
    press(&mut state, "/edge<enter>");
    assert_eq!(look_up(&press(&mut state, "a<enter>")).wanted, [WantedTag { tag: name("edge"), target: None }]);
}

#[test]
fn a_digest_that_the_tag_does_not_stand_for_is_shown_beside_what_it_does() {
    let mut state = on_tags();
    let effects = press(&mut state, &format!("aedge<tab>sha256:{}<tab>1397<enter>", digits("0badcafe")));
    let asked = look_up(&effects);
    let wanted = asked.wanted[0].clone();
    let candidate = Candidate {
        tag: wanted.tag.clone(),
        target: wanted.target.clone().unwrap(),
        instead: Some(digits("c81f2ab0")),
        unchecked: None,
    };
    let found = RegistryFound::LookedUp(asked, vec![(wanted, Ok(candidate))]);
    assert_eq!(tell(&mut state, effects[0].clone(), Outcome::Registry(found)), []);
    let shown = frame::signs(&draw(&state));
    assert!(shown.contains(&format!("held {}", digits("c81f2ab0"))), "{shown}");
}

#[test]
fn the_reference_by_digest_is_copied() {
    let mut state = on_tags();
    press(&mut state, "/latest<enter>");
    let text = format!("admin/demo@sha256:{}", digits("3d2e482b"));
    assert_eq!(press(&mut state, "yr"), [Effect::Copy { what: "the reference", text }]);
    press(&mut state, "<esc>/nightly<enter>");
    let text = format!("sha256:{}", digits("91bc0e55"));
    assert_eq!(press(&mut state, "yd"), [Effect::Copy { what: "the digest", text }]);
}

#[test]
fn a_tag_that_is_signed_anew_says_that_it_takes_the_place_of_what_was_staged() {
    let mut state = on_tags();
    let sign = |id: u64, first: &str| StagedChange {
        id: EntryId(id),
        gun: gun("admin/demo"),
        server: String::new(),
        at: state.now,
        change: Change::Sign { tag: name("latest"), target: target(first), roles: vec![] },
    };
    let [first, second] = [sign(1, "77fe10aa"), sign(2, "0badcafe")].map(|staged| Stage {
        changes: vec![staged],
        undo: Some("sign latest in admin/demo".to_owned()),
        ..Stage::default()
    });
    let mut tell_staged = |stage: &Stage| {
        let told = Some(Told::new("staged", "sign latest in demo"));
        tell(&mut state, Effect::ReadStage, Outcome::Staged { said: told, result: Ok(stage.clone()) });
        said(&state)
    };
    assert!(!tell_staged(&first).contains("in place of"));
    assert!(tell_staged(&second).contains("sign latest in demo, in place of what was staged"));
    assert!(!tell_staged(&first).contains("in place of"), "an undo");
}
