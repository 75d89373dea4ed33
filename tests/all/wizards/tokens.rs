//! New keys on tokens: offered, made, and what the steps after it say.

use std::fmt::Write as _;

use trustdeck::engine::wizard::{Facts, Holder, Wizard};
use trustdeck::engine::{Kind, Passphrase, RootKeyChoice};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome};
use trustdeck::tui::messages::keywork::AtToken;
use trustdeck::tui::messages::wizard_task::{KeySource, Learned, Task};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

use crate::screen::scene::{repositories, state_of, tell};
use crate::screen::tokens::{plug_in, token};
use crate::screen::told::failure;
use crate::screen::wizards::{answer, begun, keyed, on_token, open, public, published, rotated, signer};
use crate::screen::{draw, frame, press};
use crate::wizards::looks::check;
use trustdeck::tui::messages::failure::Ask;

const PIN: &str = "123456";

fn walking(facts: Facts, size: (u16, u16)) -> State {
    let mut state = state_of(repositories(), size, Theme::default());
    plug_in(&mut state, vec![token("board", "77a1")]);
    open(&mut state, facts);
    state
}

fn root() -> State {
    walking(begun(Wizard::Root), (80, 24))
}

fn shows(state: &State) -> String {
    frame::signs(&draw(state))
}

fn only_task(effects: &[Effect]) -> Task {
    let tasks: Vec<&Task> =
        effects.iter().filter_map(|e| if let Effect::Wizard(task) = e { Some(&**task) } else { None }).collect();
    assert_eq!(tasks.len(), 1, "{effects:?}");
    tasks[0].clone()
}

fn at_board(pin: &str, management: Option<&str>) -> AtToken {
    let management = management.map(Passphrase::from_text);
    AtToken { serial: "77a1".to_owned(), pin: Passphrase::from_text(pin), management }
}

#[test]
fn opening_a_wizard_looks_for_tokens() {
    let mut state = state_of(repositories(), (80, 24), Theme::default());
    let effects = answer(&mut state, Learned::Opened(Box::new(begun(Wizard::Root))));
    assert!(effects.contains(&Effect::LookForTokens), "{effects:?}");
    assert!(!shows(&state).contains("token"), "without a module nothing is said of tokens");
    plug_in(&mut state, vec![]);
    assert!(shows(&state).contains("none is plugged in"), "{}", shows(&state));
}

#[test]
fn a_new_key_is_made_on_a_token_where_notary_uses_one_there() {
    for (wizard, offered) in [
        (Wizard::Root, true),
        (Wizard::Targets, true),
        (Wizard::DelegationKey { signer: signer() }, true),
        (Wizard::FirstSetup, true),
        (Wizard::Snapshot { holder: Holder::Here }, false),
    ] {
        let state = walking(begun(wizard.clone()), (80, 24));
        assert_eq!(shows(&state).contains("make one on a token"), offered, "{wizard:?}");
    }
}

#[test]
fn the_pin_is_asked_for_and_a_management_key_only_when_wanted() {
    let mut state = root();
    press(&mut state, "j");
    assert_eq!(press(&mut state, "<enter>"), [Effect::LookForTokens]);
    let task = |at| Task::Key(begun(Wizard::Root).choice, KeySource::OnToken { at, label: String::new() });
    assert_eq!(only_task(&press(&mut state, "000000<enter>")), task(at_board("000000", None)));
    let refuse = |state: &mut State, ask| {
        tell(state, task(at_board("000000", None)).effect(), Outcome::Wizard(Err(failure(Kind::Passphrase, Some(ask)))))
    };
    refuse(&mut state, Ask::Pin);
    assert_eq!(only_task(&press(&mut state, &format!("{PIN}<enter>"))), task(at_board(PIN, None)));
    refuse(&mut state, Ask::ManagementKey);
    assert!(shows(&state).contains("management"), "{}", shows(&state));
    assert_eq!(only_task(&press(&mut state, "a0a1<enter>")), task(at_board(PIN, Some("a0a1"))));
}

#[test]
fn a_touch_is_asked_for_while_a_key_is_made_and_esc_stops() {
    let mut state = root();
    press(&mut state, "j<enter>");
    let effects = press(&mut state, &format!("{PIN}<enter>"));
    let job = state.jobs.begin(&effects[0]);
    update(&mut state, Event::Touch(job));
    assert!(shows(&state).contains("touch the token now"), "{}", shows(&state));
    assert_eq!(press(&mut state, "<esc>"), [Effect::StopKeyWork]);
    let stopped = Outcome::Wizard(Err(failure(Kind::Cancelled, None)));
    assert_eq!(update(&mut state, Event::Done(job, stopped)), [Effect::ListKeys], "it may have been made");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(form)) if form.busy.is_none()));
}

#[test]
fn a_key_that_is_on_a_token_is_taken_without_its_pin() {
    let mut facts = begun(Wizard::Root);
    let id = public("root 2027").canonical_id().clone();
    facts.at_hand.insert(id.clone());
    facts.on_token.insert(id.clone(), "board".to_owned());
    let mut state = walking(facts.clone(), (80, 24));
    assert!(shows(&state).contains("use root 2027"), "{}", shows(&state));
    assert!(shows(&state).contains("on token board, slot 02"), "{}", shows(&state));
    let task = only_task(&press(&mut state, "jj<enter>"));
    assert_eq!(task, Task::Key(facts.choice, KeySource::Stored(id, None)));
}

#[test]
fn no_backup_is_promised_for_what_is_only_on_a_token() {
    let facts = on_token(keyed(begun(Wizard::Root)));
    let mut state = walking(facts, (80, 24));
    let shown = shows(&state);
    assert!(shown.contains("cannot be copied out of it") && !shown.contains("back it up now"), "{shown}");
    let Task::Keep(choice) = only_task(&press(&mut state, "<enter>")) else { panic!() };
    assert!(choice.without_backup);
    answer(&mut state, Learned::Kept(Box::new(choice)));
    assert!(shows(&state).contains("Fill the stage  now"), "{}", shows(&state));
    press(&mut state, "e");
    assert!(!shows(&state).contains("key backup"), "{}", shows(&state));
}

#[test]
fn with_a_tested_backup_of_an_imported_key_the_step_is_done() {
    let mut facts = on_token(keyed(begun(Wizard::Root)));
    facts.backed_up.insert(public("root 2027").canonical_id().clone());
    assert!(shows(&walking(facts, (80, 24))).contains("Fill the stage  now"));
}

#[test]
fn a_chosen_key_whose_token_is_pulled_out_is_no_colleagues() {
    let mut facts = keyed(begun(Wizard::Root));
    let id = public("root 2027").canonical_id().clone();
    facts.at_hand.remove(&id);
    facts.away.insert(id, "board".to_owned());
    let shown = shows(&walking(facts, (80, 24)));
    assert!(shown.contains("which is not plugged in") && !shown.contains("colleague"), "{shown}");
}

#[test]
fn an_old_key_on_a_token_is_deleted_in_the_keys_pane() {
    let mut facts = rotated(on_token(keyed(begun(Wizard::Root))));
    facts.on_token.insert(public("release-board").canonical_id().clone(), "board".to_owned());
    facts.choice.without_backup = true;
    let shown = shows(&walking(facts, (80, 24)));
    assert!(shown.contains("D in Keys") && !shown.contains("remove it"), "{shown}");
}

#[test]
fn the_first_root_key_may_be_on_a_token() {
    let mut facts = begun(Wizard::FirstSetup);
    let root = public("root 2027").canonical_id().clone();
    facts.at_hand.insert(root.clone());
    facts.on_token.insert(root.clone(), "board".to_owned());
    let mut state = walking(facts, (80, 24));
    let Task::Keep(choice) = only_task(&press(&mut state, "j<enter>")) else { panic!() };
    assert_eq!(choice.first.root_key, Some(RootKeyChoice::Stored(root)));
}

#[test]
fn a_targets_key_for_each_of_several_repositories_may_be_on_a_token() {
    let mut facts = begun(Wizard::Targets);
    facts.choice.repositories.push(crate::screen::scene::gun("team/other"));
    let mut state = walking(facts.clone(), (80, 24));
    assert!(shows(&state).contains("one for each; board"), "{}", shows(&state));
    press(&mut state, "j<enter>");
    let task = only_task(&press(&mut state, &format!("{PIN}<enter>")));
    let at = at_board(PIN, None);
    assert_eq!(task, Task::Key(facts.choice, KeySource::OnToken { at, label: String::new() }));
}

#[test]
fn the_first_signer_may_be_on_a_token() {
    let mut facts = begun(Wizard::FirstSetup);
    facts.choice.first.root_key = Some(RootKeyChoice::New);
    let mut state = walking(facts.clone(), (80, 24));
    assert!(shows(&state).contains("a signer with a key on a token"), "{}", shows(&state));
    assert_eq!(press(&mut state, "j<enter>"), [Effect::LookForTokens]);
    let task = only_task(&press(&mut state, &format!("carol<tab><tab>{PIN}<enter>")));
    let at = at_board(PIN, None);
    let carol = trustdeck::tuf::SignerName::parse("carol").unwrap();
    let expected = Task::Signer(facts.choice, carol, KeySource::OnToken { at, label: String::new() });
    assert!(task.is_at_token());
    assert_eq!(task, expected);
}

#[test]
fn steps_with_a_token_look_as_stored() {
    let key = on_token(keyed(begun(Wizard::Root)));
    let mut ready = key.clone();
    ready.choice.without_backup = true;
    let signer = on_token(keyed(begun(Wizard::DelegationKey { signer: signer() })));
    let mut told = published(signer, &["jeff new laptop"]);
    told.choice.without_backup = true;
    let moments = [
        (begun(Wizard::Root), ""),
        (begun(Wizard::Root), "j<enter>"),
        (key.clone(), ""),
        (key, "b"),
        (rotated(ready), ""),
        (told, "b"),
    ];
    for size in [(60, 16), (80, 24), (120, 40)] {
        let mut text = String::new();
        for (facts, keys) in &moments {
            let mut state = walking(facts.clone(), size);
            press(&mut state, keys);
            let shown = draw(&state);
            if size == (80, 24) {
                assert!(!frame::signs(&shown).contains("w more"), "{}", frame::signs(&shown));
            }
            writeln!(text, "{}", frame::golden(&shown)).unwrap();
        }
        check(&format!("wizard-token-{}x{}", size.0, size.1), &text);
    }
}
