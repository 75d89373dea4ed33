//! The steps of a wizard as a user sees them.

use super::choice::Wizard;
use super::facts::Facts;
use super::progress::needs_two;
use super::reminders::{Reminder, reminder};
use super::{preparing, sending, setup};

/// The steps, in their order; not every wizard has all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// Choosing what and where.
    Choose,
    /// The new key.
    Key,
    /// The root key of a new repository.
    RootKey,
    /// The signers of a new repository.
    Signers,
    /// A tested backup of the new key.
    BackUp,
    /// Tags that a new repository begins with.
    Tags,
    /// Filling the stage.
    Stage,
    /// Review and publish.
    Publish,
    /// Waiting for a colleague's signature.
    Wait,
    /// Removing the old key in a second publish.
    Remove,
    /// What a client without a cache sees.
    Check,
    /// A tested backup of keys that the publish made.
    BackUpMade,
    /// Other places and people that have the old key.
    HandOver,
    /// The old private key.
    Retire,
}

/// How a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Nothing is left to do.
    Done,
    /// This is next.
    Now,
    /// After others.
    Later,
    /// This is next and cannot be done, and why.
    Blocked(String),
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// Which.
    pub kind: StepKind,
    /// What to do, in a few words.
    pub title: String,
    /// Why, in one sentence.
    pub why: &'static str,
    /// What can go wrong.
    pub risk: &'static str,
    /// How to go back.
    pub back: &'static str,
    /// How it is.
    pub state: StepState,
    /// One line for each thing to know, with keys and repositories.
    pub detail: Vec<String>,
    /// The same as commands.
    pub commands: Vec<String>,
    /// Tags that could break if what is staged now were published.
    pub tags_at_risk: usize,
    /// What to come back for, and when.
    pub reminder: Option<Reminder>,
}

/// A step before it is known which one is next.
pub(super) struct Draft {
    pub(super) view: StepView,
    pub(super) done: bool,
    pub(super) blocked: Option<String>,
}

/// The steps with the one that is next.
#[must_use]
pub fn steps(facts: &Facts) -> Vec<StepView> {
    let drafts = drafts(facts);
    let next = drafts.iter().position(|draft| !draft.done);
    let view = |(place, draft): (usize, Draft)| {
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

fn drafts(facts: &Facts) -> Vec<Draft> {
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

/// A step that is not filled in yet.
pub(super) fn draft(facts: &Facts, kind: StepKind, title: impl Into<String>, why: &'static str) -> Draft {
    let view = StepView {
        kind,
        title: title.into(),
        why,
        risk: "",
        back: "",
        state: StepState::Later,
        detail: Vec::new(),
        commands: Vec::new(),
        tags_at_risk: facts.repositories.iter().map(|repository| repository.at_risk).sum(),
        reminder: None,
    };
    Draft { view, done: false, blocked: None }
}
