//! The steps of a wizard as a user sees them.

use super::choice::Wizard;
use super::facts::Facts;
use super::progress::needs_two;
use super::step::{StepDraft, StepState, StepView, reminder};
use super::{preparing, sending, setup};

/// The steps with the one that is next.
#[must_use]
pub fn steps(facts: &Facts) -> Vec<StepView> {
    let drafts = drafts(facts);
    let next = drafts.iter().position(|draft| !draft.done);
    let view = |(place, draft): (usize, StepDraft)| {
        let state = match (draft.done, Some(place) == next, draft.blocked) {
            (true, ..) => StepState::Done,
            (false, true, Some(why)) => StepState::Blocked(why),
            (false, true, None) => StepState::Now,
            (false, false, _) => StepState::Later,
        };
        let reminder = (state != StepState::Done).then(|| reminder(facts, draft.view.kind)).flatten();
        StepView { state, reminder, ..draft.view }
    };
    drafts.into_iter().enumerate().map(view).collect()
}

fn drafts(facts: &Facts) -> Vec<StepDraft> {
    let wizard = &facts.choice.wizard;
    let mut drafts = vec![preparing::choose(facts)];
    if wizard.needs_key() {
        drafts.push(preparing::key(facts));
        drafts.extend(preparing::back_up(facts));
    }
    if *wizard == Wizard::FirstSetup {
        drafts.extend([setup::root_key(facts), setup::signers(facts)]);
        drafts.extend(preparing::back_up(facts));
        drafts.push(setup::tags(facts));
    }
    drafts.extend([preparing::stage(facts), sending::publish(facts)]);
    if needs_two(facts) {
        drafts.extend([sending::wait(facts), sending::remove(facts)]);
    }
    drafts.push(sending::check(facts));
    match wizard {
        Wizard::DelegationKey { .. } => drafts.extend([sending::hand_over(facts), sending::retire(facts)]),
        Wizard::Targets | Wizard::Root | Wizard::Snapshot { .. } => drafts.push(sending::retire(facts)),
        Wizard::FirstSetup => drafts.push(setup::back_up_made(facts)),
        _ => {}
    }
    drafts
}
