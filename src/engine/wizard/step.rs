//! A step of a wizard, as a screen shows it.

use jiff::{SignedDuration, Timestamp as Time};

use super::choice::Wizard;
use super::facts::Facts;

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
pub(in crate::engine) struct StepDraft {
    pub(super) view: StepView,
    pub(super) done: bool,
    pub(super) blocked: Option<String>,
}

/// A step that is not filled in yet.
pub(in crate::engine) fn draft(
    facts: &Facts,
    kind: StepKind,
    title: impl Into<String>,
    why: &'static str,
) -> StepDraft {
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
    StepDraft { view, done: false, blocked: None }
}

/// Something to come back for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// From when on.
    pub due: Time,
    /// What.
    pub what: &'static str,
}

/// What a step reminds of while it is not done.
pub(in crate::engine) fn reminder(facts: &Facts, kind: StepKind) -> Option<Reminder> {
    let (after, what) = match (kind, &facts.choice.wizard) {
        (StepKind::Wait, _) => (COLLEAGUE, "ask the colleague whether he has signed with the new key"),
        (StepKind::Remove, _) => (RETIRE, "remove the old key, which still counts"),
        (StepKind::HandOver, _) => (RETIRE, "tell machines and people of the new key, then remove the old one"),
        (StepKind::Retire, Wizard::Root) => (OLD_ROOT, "remove the old root key once every client has met the new one"),
        (StepKind::Retire, _) => (RETIRE, "remove the old private key, which signs nothing any more"),
        (StepKind::BackUpMade, _) => (SignedDuration::ZERO, "back up the keys that were made"),
        _ => return None,
    };
    Some(Reminder { due: facts.choice.begun.checked_add(after).unwrap_or(Time::MAX), what })
}

/// After this long a colleague who has not signed is asked about.
pub(super) const COLLEAGUE: SignedDuration = SignedDuration::from_hours(3 * 24);

/// After this long nobody should need an old private key any more.
pub(super) const RETIRE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// After this long most clients have met the new root.
pub(super) const OLD_ROOT: SignedDuration = SignedDuration::from_hours(30 * 24);
