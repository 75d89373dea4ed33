//! What to come back for once a wizard waits for people.

use jiff::Timestamp as Time;

use super::choice::Choice;
use super::facts::Facts;
use super::part::Wizards;
use super::step::{Reminder, StepState, StepView};
use super::steps::steps;
use crate::engine::error::{EngineError, Problem};

/// A wizard that was begun, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// What was chosen.
    pub choice: Choice,
    /// The step that is next; none once all are done.
    pub next: Option<StepView>,
    /// Why nobody can tell how far it is.
    pub unread: Option<Problem>,
}

impl Begun {
    /// How far a wizard is.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let open = |state: &StepState| matches!(state, StepState::Now | StepState::Blocked(_));
        let next = steps(facts).into_iter().find(|step| open(&step.state));
        Self { choice: facts.choice.clone(), next, unread: None }
    }

    /// What to come back for, if it is time.
    #[must_use]
    pub fn due(&self, now: Time) -> Option<&'static str> {
        self.next.as_ref()?.reminder.as_ref().filter(|reminder| reminder.due <= now).map(|reminder| reminder.what)
    }
}

impl Wizards {
    /// How far a wizard is, as its repositories were refreshed last; one whose facts cannot be read can still be given
    /// up. Blocking.
    #[must_use]
    pub fn how_far(&self, choice: &Choice) -> Begun {
        match self.wizard_facts(choice) {
            Ok(facts) => Begun::of(&facts),
            Err(e) => Begun { choice: choice.clone(), next: None, unread: Some(e.problem()) },
        }
    }

    /// The wizards that were begun, oldest first. Blocking.
    ///
    /// # Errors
    /// As `wizards`.
    pub fn begun_wizards(&self) -> Result<Vec<Begun>, EngineError> {
        Ok(self.list()?.iter().map(|choice| self.how_far(choice)).collect())
    }
}

/// What a wizard still has to remind of: that of the step that is next.
#[must_use]
pub fn reminders(facts: &Facts) -> Option<Reminder> {
    Begun::of(facts).next.and_then(|step| step.reminder)
}
