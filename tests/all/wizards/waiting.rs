//! Choices on their way to the disk, and wizards that wait: shown when true, not before, and where one looks.

use std::fmt::Write as _;

use trustdeck::engine::Kind;
use trustdeck::engine::wizard::{Begun, Facts, Way, Wizard, changes};
use trustdeck::tuf::Role;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome, Source};
use trustdeck::tui::messages::wizard_task::{Learned, Task};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

use crate::screen::scene::{in_days, now, repositories, state_of, tell};
use crate::screen::told::{failure, said};
use crate::screen::wizards::{answer, backed_up, begun, keyed, open, public, published, signer};
use crate::screen::{draw, frame, press};
use crate::wizards::looks::check;
use trustdeck::tui::messages::failure::Ask;

fn rotation() -> Facts {
    begun(Wizard::DelegationKey { signer: signer() })
}

/// Waits for a colleague's signature since this many days.
fn waiting(days: i64) -> Facts {
    let mut facts = rotation();
    facts.choice.way = Way::Colleague;
    facts.choice.begun = in_days(-days);
    published(keyed(facts), &["jeff old laptop", "jeff new laptop"])
}

fn browsing(size: (u16, u16)) -> State {
    let mut state = state_of(repositories(), size, Theme::default());
    press(&mut state, "1/admin/demo<enter>");
    press(&mut state, "<esc>");
    state.message = None;
    state
}

fn walking(facts: Facts) -> State {
    let mut state = browsing((80, 24));
    open(&mut state, facts);
    state
}

fn shows(state: &State) -> String {
    frame::signs(&draw(state))
}

fn after(state: &mut State, milliseconds: i64) {
    let at = now() + jiff::SignedDuration::from_millis(milliseconds);
    assert_eq!(update(state, Event::Tick(at)), []);
}

#[test]
fn a_choice_is_shown_as_made_only_once_it_is_on_disk() {
    let mut state = walking(keyed(rotation()));
    let before = shows(&state);
    assert!(before.contains("Back it up  now"), "{before}");
    let effects = press(&mut state, "s");
    let [Effect::Wizard(task)] = &effects[..] else { panic!("{effects:?}") };
    let Task::Keep(choice) = (**task).clone() else { panic!("{task:?}") };
    assert_eq!(shows(&state), before, "nothing moves before it is saved, and a moment needs no words");
    after(&mut state, 301);
    assert!(shows(&state).contains("saving  what was chosen"), "{}", shows(&state));
    assert_eq!(press(&mut state, "s"), [], "once is enough");
    assert!(said(&state).contains("in a moment"));
    state.message = None;
    assert_eq!(press(&mut state, "X"), [], "nor is it forgotten before it is kept");
    let effects = answer(&mut state, Learned::Kept(Box::new(choice.clone())));
    assert_eq!(effects, [Task::Look(choice).effect()]);
    assert!(shows(&state).contains("Fill the stage  now"), "{}", shows(&state));
}

#[test]
fn a_choice_that_cannot_be_saved_was_not_made() {
    let mut state = walking(keyed(rotation()));
    let effects = press(&mut state, "s");
    let refused = failure(trustdeck::engine::Kind::Disk, None);
    assert_eq!(tell(&mut state, effects[0].clone(), Outcome::Wizard(Err(refused))), []);
    let shown = shows(&state);
    assert!(shown.contains("Back it up  now") && shown.contains("what: do"), "{shown}");
    assert_eq!(press(&mut state, "s"), effects, "it can be tried again");
}

#[test]
fn who_leaves_meanwhile_is_told_that_it_is_kept_when_it_is() {
    let mut state = walking(keyed(rotation()));
    let effects = press(&mut state, "s");
    let [Effect::Wizard(task)] = &effects[..] else { panic!("{effects:?}") };
    let Task::Keep(choice) = (**task).clone() else { panic!("{task:?}") };
    press(&mut state, "q");
    assert!(state.message.is_none(), "{:?}", state.message);
    assert_eq!(answer(&mut state, Learned::Kept(Box::new(choice))), []);
    assert!(said(&state).contains("kept") && said(&state).contains("W goes on or gives up"));
}

#[test]
fn a_wizard_that_waits_is_named_with_its_repository() {
    let mut state = browsing((80, 24));
    answer(&mut state, Learned::Reminded(vec![Begun::of(&waiting(1))]));
    let shown = shows(&state);
    assert!(!shown.contains("due"), "{shown}");
    assert!(shown.contains("W rotate the key of signer jeff   waits for a signature"), "{shown}");
    assert!(state.message.is_none(), "what is not due is not announced");
}

#[test]
fn what_is_due_is_said_once_and_stays_in_sight() {
    let mut state = browsing((80, 24));
    let due = || Learned::Reminded(vec![Begun::of(&waiting(4))]);
    answer(&mut state, due());
    let words = "ask the colleague whether he has signed with the new key";
    assert!(said(&state).starts_with(&format!("due {words}")), "{}", said(&state));
    assert!(
        shows(&state).contains("▲ 1 wizard due") && shows(&state).contains("due: ask the colleague"),
        "{}",
        shows(&state)
    );
    state.message = None;
    answer(&mut state, due());
    assert!(state.message.is_none(), "said once");
    assert!(shows(&state).contains("▲ 1 wizard due"));
}

#[test]
fn time_alone_makes_a_reminder_due() {
    let mut state = browsing((120, 40));
    answer(&mut state, Learned::Reminded(vec![Begun::of(&waiting(2))]));
    assert!(shows(&state).contains("1 wizard ") && !shows(&state).contains("due"));
    after(&mut state, 2 * 24 * 3_600_000);
    assert!(shows(&state).contains("▲ 1 wizard due"), "{}", shows(&state));
}

#[test]
fn what_is_due_stands_first_in_the_list() {
    let mut state = browsing((80, 24));
    let due = Begun::of(&waiting(4));
    let newer = Begun::of(&backed_up(keyed(begun(Wizard::Targets))));
    answer(&mut state, Learned::Begun(vec![due, newer]));
    let shown = shows(&state);
    let place = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words}: {shown}"));
    assert!(place("go on: rotate the key of signer jeff") < place("go on: rotate the targets key"));
    assert!(place("due: ask the colleague") > place("go on: rotate the targets key"), "said below the list");
    press(&mut state, "j");
    assert!(shows(&state).contains("next is fill the stage"), "{}", shows(&state));
}

#[test]
fn reminders_look_as_stored() {
    for size in [(60, 16), (80, 24), (120, 40)] {
        let mut text = String::new();
        let mut state = browsing(size);
        let begun = vec![Begun::of(&waiting(4)), Begun::of(&keyed(begun(Wizard::Targets)))];
        answer(&mut state, Learned::Reminded(begun.clone()));
        writeln!(text, "{}", frame::golden(&draw(&state))).unwrap();
        state.message = None;
        answer(&mut state, Learned::Begun(begun));
        writeln!(text, "{}", frame::golden(&draw(&state))).unwrap();
        check(&format!("wizard-waiting-{}x{}", size.0, size.1), &text);
    }
}

#[test]
fn a_repository_that_asks_first_is_answered_from_the_wizard() {
    let mut facts = begun(Wizard::TakeOver { signer: signer() });
    let asked = facts.choice.repositories[0].clone();
    let root = facts.repositories[0].role(&trustdeck::tuf::Role::Root).unwrap().keys[0].clone();
    let (roots, keys) = (vec![root.id().clone()], vec![root.canonical_id().clone()]);
    facts.choice.roots.insert(asked.clone(), keys.clone());
    facts.repositories[0].state = Err(failure(trustdeck::engine::Kind::Input, None).problem);
    let mut state = walking(facts);
    assert_eq!(press(&mut state, "<enter>"), [Effect::Refresh(asked.clone())], "else only looking again helps");
    let question = failure(trustdeck::engine::Kind::Input, Some(Ask::FirstContact { roots: roots.clone(), keys }));
    tell(&mut state, Effect::Refresh(asked.clone()), Outcome::Viewed(asked.clone(), Source::Server, Err(question)));
    let shown = shows(&state);
    assert!(shown.contains("compare its root for admin/demo"), "{shown}");
    assert!(shown.contains("root key as the hand-over file says"), "{shown}");
    press(&mut state, "<enter>");
    assert!(shows(&state).contains("First contact"));
    assert_eq!(press(&mut state, "<enter>"), [Effect::AcceptRoot(asked, roots)]);
}

#[test]
fn a_root_that_lists_a_stranger_beside_the_named_key_is_not_the_named_one() {
    let first = begun(Wizard::TakeOver { signer: signer() });
    let asked = first.choice.repositories[0].clone();
    let genuine = first.repositories[0].role(&Role::Root).unwrap().keys[0].clone();
    let stranger = public("mallory");
    let both = vec![genuine.canonical_id().clone(), stranger.canonical_id().clone()];

    let mut unread = first.clone();
    unread.choice.roots.insert(asked.clone(), both[..1].to_vec());
    unread.repositories[0].state = Err(failure(trustdeck::engine::Kind::Input, None).problem);
    let mut state = walking(unread);
    let roots = vec![genuine.id().clone(), stranger.id().clone()];
    let question = failure(trustdeck::engine::Kind::Input, Some(Ask::FirstContact { roots, keys: both.clone() }));
    tell(&mut state, Effect::Refresh(asked.clone()), Outcome::Viewed(asked.clone(), Source::Server, Err(question)));
    assert!(shows(&state).contains("root key NOT as the hand-over file says"), "{}", shows(&state));

    let mut facts = first;
    facts.choice.use_keys(&[public("jeff new laptop")]);
    let mut facts = keyed(published(facts, &["jeff old laptop", "jeff new laptop"]));
    facts.choice.roots.insert(asked.clone(), both[..1].to_vec());
    assert!(changes(&facts).iter().any(|(gun, _)| *gun == asked), "with the named root he signs");
    let Ok(Some(there)) = &mut facts.repositories[0].state else { panic!() };
    there.roles.get_mut(&Role::Root).unwrap().keys.push(stranger);
    assert!(changes(&facts).iter().all(|(gun, _)| *gun != asked), "with another one he does not");
}

#[test]
fn one_that_cannot_be_read_is_listed_and_can_be_given_up() {
    let mut state = browsing((80, 24));
    let unread = Begun { choice: rotation().choice, next: None, unread: Some(failure(Kind::Disk, None).problem) };
    let readable = Begun::of(&backed_up(keyed(begun(Wizard::Targets))));
    answer(&mut state, Learned::Reminded(vec![unread.clone(), readable.clone()]));
    assert!(shows(&state).contains("how far it is cannot be read"), "{}", shows(&state));
    let all = Learned::Begun(vec![unread.clone(), readable.clone()]);
    answer(&mut state, all.clone());
    assert!(shows(&state).contains("enter go on   X give it up"), "{}", shows(&state));
    // It may have staged something: that is looked at first.
    assert_eq!(press(&mut state, "X"), [Task::GiveUp(readable.choice).effect()]);
    answer(&mut state, all);
    press(&mut state, "j");
    let shown = shows(&state);
    assert!(shown.contains("cannot be read: what") && shown.contains("X give it up"), "{shown}");
    assert_eq!(press(&mut state, "X"), [Task::Abandon(unread.choice, vec![]).effect()]);
    assert!(state.dialogs.is_empty());
}
