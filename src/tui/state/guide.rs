//! A wizard that is open.

use std::collections::BTreeSet;

use jiff::Timestamp as Time;

use crate::engine::Passphrase;
use crate::engine::wizard::{Choice, Facts, StepKind, StepState, StepView, is_finished, steps};
use crate::tuf::Gun;
use crate::tui::messages::event::JobId;

/// A wizard that is open.
#[derive(Clone, Debug)]
pub struct Guide {
    /// What was chosen, and what the engine found.
    pub facts: Facts,
    /// The steps as the facts give them.
    pub steps: Vec<StepView>,
    pub phase: Footing,
    /// The step that is looked at, unless it is the next one.
    pub at: Option<usize>,
    /// The cursor among what can be done at this step, once the user has moved it: until then it is on what is chosen.
    pub cursor: Option<usize>,
    /// The facts are older than what the screen knows.
    pub stale: bool,
    /// The user asked the servers, and waits to hear what they said.
    pub asked: bool,
    /// Who learnt the facts last; what was begun before it read what is older.
    pub seen: Option<JobId>,
    /// A choice on its way to the disk; it is shown as made only there.
    pub saving: Option<Saving>,
    /// Of the key that was made or loaded last, to prove its backup without asking again.
    pub passphrase: Option<Passphrase>,
}

impl Guide {
    /// A wizard as the engine found it.
    #[must_use]
    pub fn new(facts: Facts, phase: Footing) -> Self {
        let steps = steps(&facts);
        let (at, cursor, seen, saving, passphrase) = Default::default();
        Self { facts, steps, phase, at, cursor, stale: false, asked: false, seen, saving, passphrase }
    }

    /// What was chosen.
    #[must_use]
    pub fn choice(&self) -> &Choice {
        &self.facts.choice
    }

    /// Whether this is a choice of the same wizard, which was begun: of two, the one on disk is true.
    #[must_use]
    pub fn is_about(&self, choice: &Choice) -> bool {
        let own = self.choice();
        self.phase == Footing::Walking && own.wizard == choice.wizard && own.repositories == choice.repositories
    }

    /// Takes newer facts; the view follows when another step became next.
    pub fn learn(&mut self, facts: Facts) {
        let kind = self.next_kind();
        self.steps = steps(&facts);
        self.facts = facts;
        if self.next_kind() != kind {
            self.at = None;
            self.cursor = None;
        }
    }

    /// Whether the first, or only, publish has reached every server.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        let is_done = |step: &StepView| step.kind == StepKind::Publish && step.state == StepState::Done;
        self.phase == Footing::Walking && self.steps.iter().any(is_done)
    }

    fn next_kind(&self) -> Option<StepKind> {
        self.next().and_then(|next| self.steps.get(next)).map(|step| step.kind)
    }

    /// The step that is next; `None` once all are done.
    #[must_use]
    pub fn next(&self) -> Option<usize> {
        if self.phase == Footing::Walking {
            self.steps.iter().position(|s| s.state != StepState::Done)
        } else {
            Some(0)
        }
    }

    /// Places that can be looked at: the steps, and behind them the end.
    #[must_use]
    pub fn places(&self) -> usize {
        self.steps.len() + usize::from(self.is_over())
    }

    /// The place that is looked at.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.at.or(self.next()).unwrap_or(self.steps.len())
    }

    /// The step that is looked at; `None` behind the last one.
    #[must_use]
    pub fn step(&self) -> Option<&StepView> {
        self.steps.get(self.shown())
    }

    /// The same, if it is the one that is next.
    #[must_use]
    pub fn open_step(&self) -> Option<&StepView> {
        self.step().filter(|_| Some(self.shown()) == self.next())
    }

    /// How a step is; while repositories are chosen, that comes before all others.
    #[must_use]
    pub fn stand(&self, place: usize) -> StepState {
        let walking = self.phase == Footing::Walking;
        match self.steps.get(place) {
            Some(step) if walking => step.state.clone(),
            Some(_) if place == 0 => StepState::Now,
            _ => StepState::Later,
        }
    }

    /// Whether every step is done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Footing::Walking && self.next().is_none()
    }

    /// Whether nothing is left to do on the servers.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.phase == Footing::Walking && is_finished(&self.facts)
    }

    /// Tags that could break by what is staged in the repositories it is about.
    #[must_use]
    pub fn tags_at_risk(&self) -> usize {
        let guns = self.guns();
        let own = self.facts.repositories.iter().filter(|repository| guns.contains(&repository.gun));
        own.map(|repository| repository.at_risk).sum()
    }

    /// The repositories it is about now.
    #[must_use]
    pub fn guns(&self) -> Vec<Gun> {
        match &self.phase {
            Footing::Choosing(chosen) => chosen.iter().cloned().collect(),
            Footing::Beginning(guns) => guns.clone(),
            Footing::Walking => self.choice().repositories.clone(),
        }
    }

    /// Ctrl-c: what was asked of the servers is not waited for.
    pub fn stop(&mut self) {
        if let Footing::Beginning(guns) = &self.phase {
            self.phase = Footing::Choosing(guns.iter().cloned().collect());
        }
    }
}

/// A choice on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    pub choice: Choice,
    /// Whether what it asks for is staged as soon as it is kept.
    pub then_stage: bool,
    pub since: Time,
}

/// How far choosing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Footing {
    /// Nothing is kept yet: these repositories are chosen.
    Choosing(BTreeSet<Gun>),
    /// The servers are asked how the chosen repositories are now.
    Beginning(Vec<Gun>),
    /// It was begun and is kept.
    Walking,
}
