//! What to come back for once a wizard waits for people.

use jiff::{SignedDuration, Timestamp as Time};

use super::choice::Wizard;
use super::facts::Facts;
use super::steps::{StepKind, StepState, steps};

/// After this long a colleague who has not signed is asked about.
const COLLEAGUE: SignedDuration = SignedDuration::from_hours(3 * 24);
/// After this long nobody should need an old private key any more.
const RETIRE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// After this long most clients have met the new root.
const OLD_ROOT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Something to come back for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// From when on.
    pub due: Time,
    /// What.
    pub what: &'static str,
}

/// What a wizard still has to remind of: that of the step that is next.
#[must_use]
pub fn reminders(facts: &Facts) -> Option<Reminder> {
    let open = |state: &StepState| matches!(state, StepState::Now | StepState::Blocked(_));
    steps(facts).into_iter().find(|step| open(&step.state)).and_then(|step| step.reminder)
}

/// What a step reminds of while it is not done.
pub(super) fn reminder(facts: &Facts, kind: StepKind) -> Option<Reminder> {
    let (after, what) = match (kind, &facts.choice.wizard) {
        (StepKind::Wait, _) => (COLLEAGUE, "ask the colleague whether he has signed with the new key"),
        (StepKind::Remove, _) => (RETIRE, "remove the old key, which still counts"),
        (StepKind::Retire, Wizard::Root) => (OLD_ROOT, "remove the old root key once every client has met the new one"),
        (StepKind::Retire, _) => (RETIRE, "remove the old private key, which signs nothing any more"),
        (StepKind::BackUpMade, _) => (SignedDuration::ZERO, "back up the keys that were made"),
        _ => return None,
    };
    Some(Reminder { due: facts.choice.begun.checked_add(after).unwrap_or(Time::MAX), what })
}
