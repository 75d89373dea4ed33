//! Answers that come at a bad time: while a form waits for another one, twice, or after the wizard was left.

use trustdeck::engine::Kind;
use trustdeck::engine::wizard::{Choice, Facts, Wizard};
use trustdeck::tui::dialogs::form::Wait;
use trustdeck::tui::dialogs::{Dialog, Form};
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, JobId, Outcome};
use trustdeck::tui::messages::wizard_task::{Learned, Task};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

use crate::screen::scene::{repositories, state_of, tell};
use crate::screen::tokens::{plug_in, token};
use crate::screen::told::{failure, said};
use crate::screen::wizards::{answer, backed_up, begun, keyed, on_token, open, signer};
use crate::screen::{begin, draw, frame, press};

const PIN: &str = "123456";

fn walking(facts: Facts) -> State {
    let mut state = state_of(repositories(), (80, 24), Theme::default());
    plug_in(&mut state, vec![token("board", "77a1")]);
    open(&mut state, facts);
    state
}

fn rotation() -> Facts {
    begun(Wizard::DelegationKey { signer: signer() })
}

fn shows(state: &State) -> String {
    frame::signs(&draw(state))
}

fn form(state: &State) -> &Form {
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("no form: {}", shows(state)) };
    form
}

/// Presses what asks for one job, and begins it.
fn begun_by(state: &mut State, keys: &str) -> (Task, JobId) {
    let effects = press(state, keys);
    let jobs = begin(state, &effects);
    let asked = |(effect, job): (&Effect, JobId)| match effect {
        Effect::Wizard(task) => Some(((**task).clone(), job)),
        _ => None,
    };
    effects.iter().zip(jobs).find_map(asked).unwrap_or_else(|| panic!("no task: {effects:?}"))
}

fn done(state: &mut State, job: JobId, result: Result<Learned, Kind>) -> Vec<Effect> {
    let result = result.map_err(|kind| failure(kind, None));
    update(state, Event::Done(job, Outcome::Wizard(result)))
}

/// A key is being made on a token.
fn making() -> (State, JobId) {
    let mut state = walking(begun(Wizard::Root));
    press(&mut state, "j<enter>");
    let (task, job) = begun_by(&mut state, &format!("{PIN}<enter>"));
    assert!(task.is_at_token() && form(&state).busy.is_some());
    (state, job)
}

fn made() -> Learned {
    Learned::Did(Box::new(on_token(keyed(begun(Wizard::Root)))), "new key", "it".to_owned())
}

fn chosen(state: &State) -> &Choice {
    state.guide.as_ref().expect("a wizard is open").choice()
}

#[test]
fn a_form_that_waits_stays_open_whatever_else_is_answered() {
    let (mut state, job) = making();
    let before = form(&state).clone();
    answer(&mut state, Learned::Reminded(vec![]));
    answer(&mut state, Learned::Seen(Box::new(begun(Wizard::Root))));
    assert_eq!(*form(&state), before);
    let look = Task::Look(begun(Wizard::Root).choice).effect();
    tell(&mut state, look, Outcome::Wizard(Err(failure(Kind::Disk, None))));
    assert_eq!(*form(&state), before, "what failed was another job");
    assert!(said(&state).contains("what: do"), "and it is said all the same");
    update(&mut state, Event::Touch(job));
    assert!(shows(&state).contains("touch the token now"), "{}", shows(&state));
    done(&mut state, job, Ok(made()));
    assert!(state.dialogs.is_empty(), "its own answer closes it");
    assert_eq!(chosen(&state).keys, keyed(begun(Wizard::Root)).choice.keys);
}

#[test]
fn a_job_that_was_stopped_does_not_end_the_next_one() {
    let (mut state, first) = making();
    assert_eq!(press(&mut state, "<esc>"), [Effect::StopKeyWork]);
    let (_, second) = begun_by(&mut state, "<enter>");
    assert_eq!(done(&mut state, first, Err(Kind::Cancelled)), [Effect::ListKeys], "it may have been made");
    assert!(form(&state).busy.is_some(), "the second runs");
    done(&mut state, second, Err(Kind::Disk));
    assert!(form(&state).busy.is_none());
    assert!(shows(&state).contains("▲ what"), "{}", shows(&state));
}

#[test]
fn the_touch_of_a_stopped_job_is_asked_for_in_no_other_form() {
    let (mut state, first) = making();
    press(&mut state, "<esc><esc>");
    assert!(state.dialogs.is_empty());
    press(&mut state, "W");
    answer(&mut state, Learned::Begun(vec![]));
    press(&mut state, "kk");
    let Some(Dialog::Wizards(menu)) = state.dialogs.last() else { panic!("no menu") };
    let rows = menu.offers.len();
    press(&mut state, &"j".repeat(rows - 2));
    press(&mut state, "<enter>registry.example.com/team/app");
    let (task, _) = begun_by(&mut state, "<enter>");
    assert!(matches!(task, Task::SetUp(_)), "{task:?}");
    update(&mut state, Event::Touch(first));
    assert_eq!(form(&state).busy, Some(Wait::Work("asking the servers")));
}

#[test]
fn ctrl_c_closes_the_form_and_its_touch_is_nobodys() {
    let (mut state, first) = making();
    press(&mut state, "<ctrl-c>");
    assert!(state.dialogs.is_empty());
    assert!(!state.jobs.waits_for(first));
}

#[test]
fn two_tasks_never_write_one_choice() {
    let (mut state, first) = making();
    press(&mut state, "<esc><esc>");
    assert_eq!(press(&mut state, "<enter>"), [], "the first still writes");
    assert!(said(&state).contains("in a moment"), "{}", said(&state));
    done(&mut state, first, Err(Kind::Cancelled));
    press(&mut state, "<enter>");
    assert_eq!(form(&state).title, "Make a new key on a token");
}

#[test]
fn what_fails_meanwhile_does_not_lose_what_is_being_saved() {
    let mut state = walking(backed_up(keyed(rotation())));
    let (task, keep) = begun_by(&mut state, "j<enter>");
    let Task::Keep(choice) = task else { panic!("{task:?}") };
    let look = Task::Look(chosen(&state).clone()).effect();
    tell(&mut state, look, Outcome::Wizard(Err(failure(Kind::Disk, None))));
    assert_eq!(press(&mut state, "<enter>"), [], "it is still on its way");
    let effects = done(&mut state, keep, Ok(Learned::Kept(Box::new(choice.clone()))));
    assert_eq!(*chosen(&state), choice);
    assert!(effects.iter().any(|e| matches!(e, Effect::Stage { .. })), "and is staged: {effects:?}");
}

#[test]
fn who_reopens_before_it_is_saved_sees_it_once_it_is() {
    let facts = keyed(rotation());
    let mut state = walking(facts.clone());
    let (task, keep) = begun_by(&mut state, "s");
    let Task::Keep(choice) = task else { panic!("{task:?}") };
    press(&mut state, "q");
    assert_eq!(press(&mut state, "2ggjjjt"), [], "what would be read now is old in a moment");
    // Another program's answer may come at any time.
    answer(&mut state, Learned::Opened(Box::new(facts.clone())));
    assert_eq!(*chosen(&state), facts.choice);
    assert_eq!(press(&mut state, "s"), [], "nothing is written over it");
    let effects = done(&mut state, keep, Ok(Learned::Kept(Box::new(choice.clone()))));
    assert_eq!(effects, [Task::Look(choice.clone()).effect()]);
    assert_eq!(*chosen(&state), choice);
}

#[test]
fn a_choice_of_another_wizard_is_not_taken() {
    let mut state = walking(rotation());
    let other = keyed(begun(Wizard::Root)).choice;
    assert_eq!(answer(&mut state, Learned::Kept(Box::new(other))), []);
    assert_eq!(*chosen(&state), rotation().choice);
}
