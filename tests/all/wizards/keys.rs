//! What the keys of a wizard do.

use std::path::PathBuf;

use trustdeck::engine::KeyView;
use trustdeck::engine::custody::backed_up::Removing;
use trustdeck::engine::custody::remove::Removal;
use trustdeck::engine::wizard::{Begun, Choice, Facts, RepositoryFacts, StepState, Way, Wizard, changes};
use trustdeck::engine::{NewPassphrase, Passphrase, RootKeyChoice};
use trustdeck::tui::dialogs::Dialog;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::Outcome;
use trustdeck::tui::messages::keywork::{KeyFound, KeyWork};
use trustdeck::tui::messages::told::Told;
use trustdeck::tui::messages::wizard_task::{KeySource, Learned, Task};
use trustdeck::tui::state::guide::{Footing, Guide};
use trustdeck::tui::state::{Screen, State};

use crate::screen::scene::{entry, gun, keys, repositories, state_of, tell};
use crate::screen::told::{key_found, key_work, said};
use crate::screen::wizards::{
    answer, backed_up, begun, handed_over, keyed, open, public, published, retired, settle, signer, staged,
};
use crate::screen::{draw, frame, press};

fn rotation() -> Facts {
    begun(Wizard::DelegationKey { signer: signer() })
}

fn browsing() -> State {
    let mut state = state_of(repositories(), (80, 24), Theme::default());
    press(&mut state, "1/admin/demo<enter>");
    press(&mut state, "<esc>");
    state
}

fn walking(facts: Facts) -> State {
    let mut state = browsing();
    open(&mut state, facts);
    state
}

fn only_task(effects: &[Effect]) -> &Task {
    let tasks = effects.iter().filter_map(|e| if let Effect::Wizard(task) = e { Some(&**task) } else { None });
    // Whoever hears from servers looks what waits, whatever is on the screen.
    let tasks: Vec<&Task> = tasks.filter(|task| **task != Task::Remind).collect();
    assert_eq!(tasks.len(), 1, "{effects:?}");
    tasks[0]
}

/// The only choice to keep among effects.
fn kept(effects: &[Effect]) -> Choice {
    let Task::Keep(choice) = only_task(effects) else { panic!("{effects:?}") };
    choice.clone()
}

fn secret(text: &str) -> Passphrase {
    Passphrase::from_text(text)
}

fn shows(state: &State) -> String {
    frame::signs(&draw(state))
}

#[test]
fn t_on_a_signer_opens_its_rotation_for_the_repository_under_the_cursor() {
    let mut state = browsing();
    let effects = press(&mut state, "2ggjjjt");
    let Task::Open { wizard, candidates, chosen } = only_task(&effects) else { panic!("{effects:?}") };
    assert_eq!(*wizard, Wizard::DelegationKey { signer: signer() });
    assert_eq!(*chosen, [gun("admin/demo")]);
    assert!(candidates.len() > 1 && candidates[0] == gun("admin/demo"));
}

#[test]
fn marked_repositories_are_chosen_beforehand() {
    let mut state = browsing();
    press(&mut state, "<space>/admin/web<enter><space>");
    press(&mut state, "<esc>");
    let effects = press(&mut state, "2ggjjjt");
    let Task::Open { chosen, .. } = only_task(&effects) else { panic!("{effects:?}") };
    assert_eq!(*chosen, [gun("admin/demo"), gun("admin/web")]);
}

#[test]
fn t_on_a_base_role_asks_whether_to_renew_or_rotate() {
    let mut state = browsing();
    assert_eq!(press(&mut state, "2ggt"), []);
    let Some(Dialog::Wizards(menu)) = state.dialogs.last() else { panic!("no menu") };
    let words: Vec<&str> = menu.offers.iter().map(|offer| offer.word.as_str()).collect();
    assert_eq!(words, ["renew root", "rotate the root key"]);
    let effects = press(&mut state, "<enter>");
    assert!(matches!(only_task(&effects), Task::Open { wizard: Wizard::RenewRoot, .. }));
}

#[test]
fn a_shared_root_key_is_rotated_wherever_it_is_used() {
    let mut state = browsing();
    let effects = press(&mut state, "2ggtj<enter>");
    let Task::Open { candidates, chosen, .. } = only_task(&effects) else { panic!("{effects:?}") };
    assert_eq!(candidates, chosen);
    assert!(chosen.len() > 5);
}

#[test]
fn t_on_a_key_rotates_it_where_it_is_used() {
    let mut state = browsing();
    let effects = press(&mut state, "4/old laptop<enter>t");
    if let Some(Dialog::Wizards(_)) = state.dialogs.last() {
        panic!("releases follow the signer and are not asked about");
    }
    let Task::Open { wizard, chosen, .. } = only_task(&effects) else { panic!("{effects:?}") };
    assert_eq!((wizard, chosen.as_slice()), (&Wizard::DelegationKey { signer: signer() }, &[gun("admin/demo")][..]));
}

#[test]
fn w_lists_begun_wizards_first_and_goes_on_with_them() {
    let mut state = browsing();
    let effects = press(&mut state, "W");
    assert_eq!(*only_task(&effects), Task::List);
    let facts = keyed(rotation());
    answer(&mut state, Learned::Begun(vec![Begun::of(&facts)]));
    let shown = shows(&state);
    assert!(shown.contains("go on: rotate the key of signer jeff") && shown.contains("next is back it up"), "{shown}");
    assert_eq!(*only_task(&press(&mut state, "<enter>")), Task::Resume(facts.choice));
}

#[test]
fn what_mends_a_broken_repository_is_the_first_wizard_and_its_page_the_first_to_read() {
    let mut state = browsing();
    press(&mut state, "1/admin/legacy<enter>");
    press(&mut state, "<esc>W");
    answer(&mut state, Learned::Begun(vec![]));
    let first = press(&mut state, "<enter>");
    let Task::Open { wizard, .. } = only_task(&first) else { panic!("{first:?}") };
    assert!(matches!(wizard, Wizard::RenewTargets { .. }), "{wizard:?}");
    press(&mut state, "K<enter>");
    let Some(Dialog::Page(page)) = state.dialogs.last() else { panic!() };
    assert_eq!(page.title, "What a pull checks");
}

#[test]
fn where_repositories_are_chosen_is_not_called_the_last_step() {
    let mut state = browsing();
    let facts = rotation();
    answer(&mut state, Learned::ToChoose(Box::new(facts), vec![]));
    press(&mut state, "n");
    assert!(said(&state).contains("enter begins"), "{}", said(&state));
    press(&mut state, "<enter>");
    assert!(said(&state).contains("choose at least one"), "{}", said(&state));
}

#[test]
fn a_wizard_begins_once_the_servers_have_answered() {
    let mut state = browsing();
    let facts = rotation();
    let chosen = facts.choice.repositories.clone();
    answer(&mut state, Learned::ToChoose(Box::new(facts), chosen.clone()));
    assert!(matches!(state.screen, Screen::Wizard));
    let effects = press(&mut state, "<enter>");
    assert_eq!(effects, [Effect::Refresh(gun("admin/demo"))], "nothing is kept before the servers have answered");
    assert!(shows(&state).contains("asking the servers"));
    let wizard = Wizard::DelegationKey { signer: signer() };
    assert_eq!(*only_task(&settle(&mut state)), Task::Begin(wizard, chosen));
}

#[test]
fn ctrl_c_stops_waiting_for_servers_and_keeps_the_choice() {
    let mut state = browsing();
    let facts = rotation();
    let chosen = facts.choice.repositories.clone();
    answer(&mut state, Learned::ToChoose(Box::new(facts), chosen));
    press(&mut state, "<enter>");
    assert_eq!(press(&mut state, "<ctrl-c>").first(), Some(&Effect::Cancel));
    assert!(shows(&state).contains("in which repositories?"));
}

#[test]
fn without_a_repository_nothing_begins() {
    let mut state = browsing();
    answer(&mut state, Learned::ToChoose(Box::new(rotation()), vec![gun("admin/demo")]));
    assert_eq!(press(&mut state, "<space><enter>"), []);
    assert!(shows(&state).contains("choose at least one repository with space"));
}

#[test]
fn a_new_key_needs_the_same_passphrase_twice() {
    let mut state = walking(rotation());
    press(&mut state, "<enter>");
    assert_eq!(press(&mut state, "correct horse<down>battery staple<enter>"), []);
    assert!(shows(&state).contains("the two passphrases differ"));
    press(&mut state, "<ctrl-u>correct horse<down>new laptop");
    let effects = press(&mut state, "<enter>");
    let source = KeySource::New {
        passphrase: NewPassphrase::new(secret("correct horse")).unwrap(),
        label: "new laptop".to_owned(),
    };
    assert_eq!(*only_task(&effects), Task::Key(rotation().choice, source));
    assert!(!format!("{effects:?}").contains("horse"));
}

#[test]
fn the_backup_of_a_key_that_was_just_made_asks_for_no_passphrase_of_it() {
    let mut state = walking(rotation());
    press(&mut state, "<enter>correct horse<down>correct horse<enter>");
    answer(&mut state, Learned::Did(Box::new(keyed(rotation())), "new key", String::new()));
    press(&mut state, "<enter>");
    let effects = press(&mut state, "battery staple<enter>");
    let Task::BackUp { keys, seal, own, .. } = only_task(&effects) else { panic!("{effects:?}") };
    assert_eq!(*keys, [public("jeff new laptop").canonical_id().clone()]);
    assert_eq!((seal.as_deref(), own.as_slice()), (Some(&secret("battery staple")), &[secret("correct horse")][..]));
}

#[test]
fn a_backup_can_be_left_out_by_choice_and_made_later() {
    let facts = keyed(rotation());
    let mut state = walking(facts.clone());
    let choice = kept(&press(&mut state, "s"));
    assert!(choice.without_backup);
    answer(&mut state, Learned::Kept(Box::new(choice)));
    assert!(shows(&state).contains("Fill the stage  now"));
    press(&mut state, "bk<enter>");
    assert!(matches!(state.dialogs.last(), Some(Dialog::Form(form)) if form.title == "Back it up"));
}

#[test]
fn the_one_publish_is_staged_as_the_engine_says() {
    let facts = backed_up(keyed(rotation()));
    let mut state = walking(facts.clone());
    let effects = press(&mut state, "<enter>");
    let staged: Vec<_> = effects
        .iter()
        .filter_map(|e| if let Effect::Stage { changes, .. } = e { Some(changes.clone()) } else { None })
        .collect();
    assert_eq!(staged, [changes(&facts)]);
}

#[test]
fn another_way_is_kept_before_it_is_staged() {
    let facts = backed_up(keyed(rotation()));
    let mut state = walking(facts.clone());
    let effects = press(&mut state, "j<enter>");
    let choice = kept(&effects);
    assert_eq!((choice.way, effects.len()), (Way::TwoPublishes, 1), "nothing is staged before the choice is on disk");
    let expected = changes(&Facts { choice: choice.clone(), ..facts });
    let effects = answer(&mut state, Learned::Kept(Box::new(choice)));
    assert!(effects.iter().any(|e| matches!(e, Effect::Stage { changes, .. } if *changes == expected)));
}

#[test]
fn a_key_whose_private_half_is_elsewhere_is_never_signed_with_here() {
    let mut facts = rotation();
    facts.choice.way = Way::Colleague;
    let state = walking(keyed(facts));
    let shown = shows(&state);
    assert!(shown.contains("colleague flow") && !shown.contains("one publish"), "{shown}");
}

#[test]
fn removal_is_not_offered_before_a_key_that_stays_has_signed() {
    let mut facts = rotation();
    facts.choice.way = Way::Colleague;
    let chosen = keyed(facts);
    let mut state = walking(published(chosen.clone(), &["jeff old laptop", "jeff new laptop"]));
    let shown = shows(&state);
    assert!(shown.contains("waits") && !shown.contains("stage the removal"), "{shown}");
    press(&mut state, "n");
    assert!(!shows(&state).contains("stage the removal"), "nor by looking ahead");
    assert_eq!(press(&mut state, "<enter>"), []);

    let mut state = walking(published(chosen, &["jeff new laptop", "jeff old laptop"]));
    assert!(shows(&state).contains("stage the removal"));
    let effects = press(&mut state, "<enter>");
    assert!(matches!(only_task(&effects), Task::Keep(choice) if choice.remove_old));
}

#[test]
fn tags_at_risk_are_those_of_the_repositories_that_it_is_about() {
    let mut facts = rotation();
    let other = RepositoryFacts { gun: gun("admin/web"), at_risk: 9, ..facts.repositories[0].clone() };
    facts.repositories.push(other);
    let at_risk = |guns: &[&str]| {
        let chosen = guns.iter().map(|name| gun(name)).collect();
        Guide::new(facts.clone(), Footing::Choosing(chosen)).tags_at_risk()
    };
    assert_eq!((at_risk(&["admin/demo"]), at_risk(&["admin/demo", "admin/web"])), (0, 9));
}

#[test]
fn the_review_leaves_out_what_other_work_has_staged() {
    let mut state = walking(staged(backed_up(keyed(rotation()))));
    let stranger = trustdeck::engine::StagedChange { gun: gun("admin/web"), ..state.stage.changes[0].clone() };
    state.stage.changes.push(stranger);
    press(&mut state, "<enter>");
    let Screen::Review(review) = &state.screen else { panic!("no review") };
    assert_eq!(review.left_out, [gun("admin/web")].into());
    press(&mut state, "<esc>");
    assert!(matches!(state.screen, Screen::Wizard), "the wizard goes on where it was");
}

#[test]
fn the_old_private_key_is_removed_by_the_rules_of_the_keys_pane() {
    let sent = handed_over(published(backed_up(keyed(rotation())), &["jeff new laptop"]));
    let mut state = walking(sent.clone());
    let old = public("jeff old laptop").canonical_id().clone();
    let ask = key_work(press(&mut state, "j<enter>"));
    assert_eq!(ask, KeyWork::AskRemoval(old.clone()), "nothing is removed unseen");
    let view = KeyView { id: old.clone(), backup: None, ..keys().remove(0) };
    let only_local = vec![(gun("admin/demo"), signer().role().into())];
    let removal = Removal { key: view, only_local, in_file: true, also_on: vec![] };
    key_found(&mut state, &ask, KeyFound::Removal(Ok(Box::new((removal, false)))));
    let told = shows(&state);
    assert!(told.contains("The only key here that can sign") && told.contains("no tested backup"), "{told}");
    press(&mut state, "j<enter>");
    assert_eq!(press(&mut state, &format!("{}<enter>", old.short())), [], "its name alone is not enough");
    let remove = key_work(press(&mut state, &format!("<ctrl-u>no backup of {}<enter>", old.short())));
    assert_eq!(remove, KeyWork::Remove(old, Removing::Forced));
    let effects = key_found(&mut state, &remove, KeyFound::Said(Ok(Told::new("removed", "it"))));
    assert_eq!(*only_task(&effects), Task::Look(sent.choice.clone()), "the wizard looks where it is");
    answer(&mut state, Learned::Seen(Box::new(retired(sent.clone()))));
    assert!(shows(&state).contains("Finished"));
    assert_eq!(*only_task(&press(&mut state, "<enter>")), Task::Forget(sent.choice));
}

#[test]
fn leaving_keeps_it_and_giving_up_forgets_it() {
    let facts = keyed(rotation());
    let mut state = walking(facts.clone());
    assert_eq!(press(&mut state, "q"), [Task::Remind.effect()], "what waits is named from then on");
    assert!(matches!(state.screen, Screen::Main) && state.guide.is_none());
    assert!(shows(&state).contains("W goes on or gives up"));
    let mut state = walking(facts.clone());
    assert_eq!(*only_task(&press(&mut state, "X")), Task::Abandon(facts.choice, vec![]));
    answer(&mut state, Learned::GivenUp("Rotate the key of jeff".to_owned()));
    assert_eq!(said(&state), "given up Rotate the key of jeff; W begins it again");
}

#[test]
fn who_gives_up_after_a_publish_hears_that_it_stays_and_of_one_change_as_of_one() {
    let mut facts = rotation();
    (facts.choice.way, facts.choice.remove_old) = (Way::TwoPublishes, true);
    let sent = published(backed_up(keyed(facts)), &["jeff new laptop", "jeff old laptop"]);
    let mut state = walking(staged(sent));
    press(&mut state, "X");
    let shown = shows(&state);
    assert!(shown.contains("What it has published before stays.") && !shown.contains("Nothing was sent"), "{shown}");
    assert!(shown.contains("drop it") && shown.contains("u brings it back") && !shown.contains("them"), "{shown}");
}

#[test]
fn machines_and_people_know_once_the_user_says_so() {
    let mut state = walking(published(backed_up(keyed(rotation())), &["jeff new laptop"]));
    let shown = shows(&state);
    assert!(shown.contains("Hand over to machines and people  now"), "{shown}");
    assert!(shown.contains("x in Keys") && !shown.contains("trustdeck key export"), "{shown}");
    let choice = kept(&press(&mut state, "<enter>"));
    assert!(choice.told);
    answer(&mut state, Learned::Kept(Box::new(choice)));
    assert!(shows(&state).contains("Retire the old private key  now"), "{}", shows(&state));
}

#[test]
fn a_step_that_is_done_offers_no_way_back_that_is_gone() {
    let mut state = walking(keyed(rotation()));
    press(&mut state, "bbb");
    assert!(shows(&state).contains("X gives the wizard up"), "{}", shows(&state));
    let mut state = walking(published(backed_up(keyed(rotation())), &["jeff new laptop"]));
    for _ in 0..7 {
        press(&mut state, "b");
        let shown = shows(&state);
        let gone = ["nothing was done yet", "Choose another key", "Undo takes", "nothing was sent yet"];
        assert!(gone.iter().all(|text| !shown.contains(text)), "{shown}");
    }
}

#[test]
fn who_looks_again_hears_that_nobody_has_signed_yet() {
    let mut facts = rotation();
    facts.choice.way = Way::Colleague;
    let waiting = published(keyed(facts), &["jeff old laptop", "jeff new laptop"]);
    let mut state = walking(waiting.clone());
    state.message = None;
    press(&mut state, "<enter>");
    settle(&mut state);
    answer(&mut state, Learned::Seen(Box::new(waiting)));
    assert_eq!(said(&state), "asked now not signed yet");
}

#[test]
fn e_shows_commands_and_w_says_why() {
    let mut state = walking(backed_up(keyed(rotation())));
    press(&mut state, "e");
    assert!(shows(&state).contains("trustdeck rotate signer jeff"));
    press(&mut state, "<esc>w");
    assert!(shows(&state).contains("why: "));
}

#[test]
fn a_key_that_the_command_makes_is_backed_up_after_it() {
    let mut state = walking(rotation());
    press(&mut state, "e");
    let shown = shows(&state);
    let made = shown.find("trustdeck rotate signer jeff").unwrap();
    assert!(shown.find("trustdeck key backup").unwrap() > made, "{shown}");
}

#[test]
fn commands_are_those_of_the_chosen_repositories_and_act_on_the_sandbox_there() {
    let mut state = walking(backed_up(keyed(rotation())));
    press(&mut state, "e");
    assert!(!shows(&state).contains("act on the sandbox"), "{}", shows(&state));
    press(&mut state, "<esc>");
    state.here.shell = Some(". /tmp/lab.sh".to_owned());
    press(&mut state, "e");
    let shown = shows(&state);
    let (points, acts) = (shown.find(". /tmp/lab.sh").unwrap(), shown.find("trustdeck rotate").unwrap());
    assert!(points < acts && shown.contains("act on the sandbox and on nothing of yours"), "{shown}");
}

#[test]
fn what_a_colleague_needs_is_written_where_the_wizard_waits() {
    let mut facts = rotation();
    facts.choice.way = Way::Colleague;
    let waiting = published(keyed(facts), &["jeff old laptop", "jeff new laptop"]);
    let mut state = walking(waiting.clone());
    press(&mut state, "j<enter>");
    let shown = shows(&state);
    assert!(shown.contains("presses W") && shown.contains("rotate take-over jeff-hand-over.json"), "{shown}");
    let effects = press(&mut state, "<enter>");
    assert_eq!(*only_task(&effects), Task::HandOver(waiting.choice, PathBuf::from("~/jeff-hand-over.json")));
}

#[test]
fn a_repository_is_set_up_by_choosing_root_signer_and_tags() {
    let first = begun(Wizard::FirstSetup);
    let mut state = walking(first.clone());
    let effects = press(&mut state, "j<enter>");
    let choice = kept(&effects);
    assert_eq!(choice.first.root_key, Some(RootKeyChoice::New));
    answer(&mut state, Learned::Kept(Box::new(choice)));
    press(&mut state, "<enter>jeff<down>correct horse<down>correct horse");
    let effects = press(&mut state, "<enter>");
    assert!(matches!(only_task(&effects), Task::Signer(_, name, KeySource::New { .. }) if *name == signer()));
}

#[test]
fn the_backup_of_a_set_up_says_which_passphrase_is_of_which_key() {
    let mut facts = begun(Wizard::FirstSetup);
    let root = public("admin laptop").canonical_id().clone();
    facts.choice.first.root_key = Some(RootKeyChoice::Stored(root));
    facts.choice.first.signers.insert(signer(), vec![public("jeff old laptop")]);
    let mut state = walking(facts);
    press(&mut state, "<enter>");
    let Some(Dialog::Form(form)) = state.dialogs.last() else { panic!("{}", shows(&state)) };
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|f| (f.label.text(), f.hint.as_str())).collect();
    let labels: Vec<&str> = fields.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, ["file", "of backup", "of key 1", "of key 2"]);
    assert!(fields[2].1.starts_with("passphrase of jeff old laptop "), "{fields:?}");
    assert!(fields[3].1.starts_with("passphrase of admin laptop "), "{fields:?}");
}

#[test]
fn a_set_up_that_was_not_begun_leaves_no_repository_in_the_list() {
    let first = begun(Wizard::FirstSetup);
    let gun = first.choice.repositories[0].clone();
    let mut state = browsing();
    answer(&mut state, Learned::ToChoose(Box::new(first.clone()), vec![gun.clone()]));
    let effects = press(&mut state, "q");
    assert_eq!(effects[0], Effect::RemoveEntry(gun.clone()));
    assert_eq!(state.known.taken_off, [vec![gun.clone()]], "undo brings it back");
    // One that was begun stays until it is given up.
    let mut state = walking(first);
    assert!(!press(&mut state, "q").contains(&Effect::RemoveEntry(gun.clone())));
    let mut state = walking(begun(Wizard::FirstSetup));
    let abandon = |facts: &Facts| Task::Abandon(facts.choice.clone(), vec![gun.clone()]);
    assert_eq!(press(&mut state, "X"), [abandon(&begun(Wizard::FirstSetup)).effect()]);
    // The same from the list of wizards.
    let mut state = browsing();
    let facts = begun(Wizard::FirstSetup);
    let effects = answer(&mut state, Learned::ToGiveUp(Box::new(facts.clone())));
    assert_eq!(effects[0], abandon(&facts).effect());
    let effects = answer(&mut state, Learned::GivenUp(facts.choice.wizard.title()));
    assert!(matches!(state.screen, Screen::Main) && state.guide.is_none());
    assert!(effects.contains(&Effect::ListEntries), "{effects:?}");
    let shown = shows(&state);
    assert!(shown.contains("given up") && shown.contains("W begins it again") && shown.contains("u undo"), "{shown}");
}

#[test]
fn a_set_up_that_is_given_up_with_what_it_staged_leaves_no_repository_in_the_list() {
    let (mut facts, gun) = (begun(Wizard::FirstSetup), begun(Wizard::FirstSetup).choice.repositories[0].clone());
    facts.choice.first.root_key = Some(RootKeyChoice::New);
    facts.choice.first.signers.insert(signer(), vec![public("jeff new laptop")]);
    let mut state = walking(staged(facts));
    assert_eq!(press(&mut state, "X"), []);
    let effects = press(&mut state, "<enter>");
    assert!(matches!(&effects[0], Effect::Drop { .. }), "{effects:?}");
    assert!(matches!(only_task(&effects), Task::Abandon(_, unlisted) if *unlisted == [gun]), "{effects:?}");
}

#[test]
fn a_set_up_that_has_published_leaves_the_cursor_on_its_repository() {
    let mut facts = begun(Wizard::FirstSetup);
    facts.choice.repositories = vec![gun("admin/web")];
    let leave: [fn(&mut State) -> Vec<Effect>; 2] =
        [|state| press(state, "q"), |state| answer(state, Learned::Forgotten(String::new()))];
    for leave in leave {
        let mut state = walking(facts.clone());
        assert_ne!(state.lists.repositories.selected(), Some(&gun("admin/web")));
        state.guide.as_mut().unwrap().steps.iter_mut().for_each(|step| step.state = StepState::Done);
        assert!(leave(&mut state).contains(&Effect::ListEntries));
        let listed = repositories().iter().map(entry).collect();
        tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(listed)));
        assert_eq!(state.lists.repositories.selected(), Some(&gun("admin/web")));
    }
    let mut state = walking(facts);
    press(&mut state, "q");
    assert_eq!(state.here.wanted, None, "one that sent nothing leaves it where it was");
}

#[test]
fn a_wizard_counts_tags_as_their_pane_does_and_says_what_is_pulled_of_them() {
    let mut facts = begun(Wizard::Targets);
    if let Ok(Some(there)) = &mut facts.repositories[0].state {
        there.tags = 0;
    }
    let mut state = browsing();
    let guns = facts.choice.repositories.clone();
    answer(&mut state, Learned::ToChoose(Box::new(facts), guns));
    let shown = crate::screen::frame::signs(&crate::screen::draw(&state));
    assert!(shown.contains("9 tags, none can be pulled") && !shown.contains("0 tags"), "{shown}");
}

#[test]
fn what_renewing_root_keeps_is_not_promised_to_pins_of_its_certificate() {
    let mut state = walking(begun(Wizard::RenewRoot));
    press(&mut state, "b");
    let shown = crate::screen::frame::signs(&crate::screen::draw(&state));
    assert!(shown.contains("Its key stays") && shown.contains("must name it"), "{shown}");
}

#[test]
fn a_step_that_comes_later_says_so_and_nothing_of_what_will_be_then() {
    let mut state = walking(begun(Wizard::DelegationKey { signer: signer() }));
    for (keys, step) in [("nnnn", "Check as a fresh client"), ("n", "Hand over"), ("n", "Retire")] {
        press(&mut state, keys);
        let shown = crate::screen::frame::signs(&crate::screen::draw(&state));
        assert!(shown.contains(step) && shown.contains("Not yet: new key comes first."), "{shown}");
        assert!(!shown.contains("can be pulled") && !shown.contains("nothing to carry"), "{shown}");
    }
}

#[test]
fn a_late_answer_about_another_choice_is_dropped() {
    let mut state = walking(rotation());
    let other = keyed(rotation());
    answer(&mut state, Learned::Seen(Box::new(other)));
    assert!(shows(&state).contains("New key  now"));
}

#[test]
fn the_loss_of_a_signers_key_in_a_set_up_is_not_told_as_that_of_root() {
    let mut facts = begun(Wizard::FirstSetup);
    let root = public("admin laptop").canonical_id().clone();
    facts.choice.first.root_key = Some(RootKeyChoice::Stored(root.clone()));
    facts.choice.first.signers.insert(signer(), vec![public("jeff old laptop")]);
    let both = shows(&walking(facts.clone()));
    assert!(both.contains("if root is lost, nobody can replace it"), "{both}");
    facts.backed_up.insert(root);
    let one = shows(&walking(facts));
    assert!(one.contains("if it is lost, whoever holds targets replaces it"), "{one}");
    assert!(!one.contains("for root that is the end"), "{one}");
}
