//! Guided rotations on the screen: the engine's steps, the one that is looked at, and what can be done there.
//!
//! Invariant: nothing is remembered here but the cursor and what was just typed. Whether a step is done is what the
//! engine reads from the servers, the key store and the journal. A wizard only fills the stage; review and publish are
//! those of every other change.

mod act;
mod begin;
mod due;
pub mod forms;
pub mod menu;
mod options;
mod parts;
mod picture;
mod take;
mod track;
pub mod view;
mod words;

use std::collections::BTreeSet;

use jiff::Timestamp as Time;

use super::kit::canvas::Runs;
use super::kit::list::Move;
use super::messages::effect::Effect;
use super::state::binding::{Action as Wanted, Binding, Group, bind};
use super::state::{Screen, State, Work};
use crate::engine::Passphrase;
use crate::engine::wizard::{Choice, Facts, StepKind, StepState, StepView, is_finished, steps};
use crate::tuf::Gun;

use super::kit::message::Tone;
use super::messages::wizard_task::Task;
pub use act::update;
pub use begin::{from_key, from_role, no_key, no_role};
pub use due::{is_any_due, of_repository, waiting};
pub use options::{Opt, Pick, Tick};
pub use take::{notice, take};
pub(super) use words::brief;

/// From when on it is said that a choice is being saved, in milliseconds.
const SAVING: i64 = 300;

/// A wizard that is open.
#[derive(Clone, Debug)]
pub struct Guide {
    /// What was chosen, and what the engine found.
    pub facts: Facts,
    /// The steps as the facts give them.
    pub steps: Vec<StepView>,
    pub phase: Phase,
    /// The step that is looked at, unless it is the next one.
    pub at: Option<usize>,
    /// The cursor among what can be done at this step.
    pub cursor: usize,
    /// The facts are older than what the screen knows.
    pub stale: bool,
    /// A choice on its way to the disk; it is shown as made only there.
    pub saving: Option<Saving>,
    /// Of the key that was made or loaded last, to prove its backup without asking again.
    pub passphrase: Option<Passphrase>,
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
pub enum Phase {
    /// Nothing is kept yet: these repositories are chosen.
    Choosing(BTreeSet<Gun>),
    /// The servers are asked how the chosen repositories are now.
    Beginning(Vec<Gun>),
    /// It was begun and is kept.
    Walking,
}

/// What the user wants here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Opens the list of wizards.
    Menu,
    Do,
    Toggle,
    All,
    Back,
    Forward,
    Skip,
    Why,
    Commands,
    AskServer,
    GiveUp,
    Leave,
}

/// Keys of a wizard.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Wanted::Wizard(Action::Do), "go on", Group::Stage, 10).unless(nothing_to_do),
    bind(&["space"], Wanted::Wizard(Action::Toggle), "choose", Group::Stage, 15).unless(not_choosing),
    bind(&["A"], Wanted::Wizard(Action::All), "all", Group::Stage, 0).unless(not_choosing),
    bind(&["b", "shift-tab", "left"], Wanted::Wizard(Action::Back), "back", Group::Move, 20).unless(first),
    bind(&["n", "tab", "right"], Wanted::Wizard(Action::Forward), "next", Group::Move, 25).unless(last),
    bind(&["s"], Wanted::Wizard(Action::Skip), "skip", Group::Stage, 30).unless(no_skip),
    bind(&["u"], Wanted::Undo, "undo", Group::Stage, 35).unless(nothing_staged),
    bind(&["w"], Wanted::Wizard(Action::Why), "why", Group::Look, 40),
    bind(&["e"], Wanted::Wizard(Action::Commands), "commands", Group::Look, 50),
    bind(&["r"], Wanted::Wizard(Action::AskServer), "ask the servers", Group::Look, 0),
    bind(&["X"], Wanted::Wizard(Action::GiveUp), "give it up", Group::Danger, 0).unless(not_begun),
    bind(&["q", "esc"], Wanted::Wizard(Action::Leave), "leave, kept", Group::Leave, 60),
];

fn guide(state: &State) -> Option<&Guide> {
    state.guide.as_ref().filter(|_| matches!(state.screen, Screen::Wizard))
}

fn nothing_to_do(state: &State) -> Option<&'static str> {
    let guide = guide(state)?;
    match &guide.phase {
        Phase::Beginning(_) => return Some("the servers are being asked"),
        Phase::Choosing(chosen) if chosen.is_empty() => return Some("choose a repository with space first"),
        _ => {}
    }
    let state_of_step = guide.step().map(|step| &step.state);
    (options::of(state, guide).is_empty()).then_some(match state_of_step {
        Some(StepState::Done) => "this step is done; n goes on",
        _ => "other steps come first; b goes back to them",
    })
}

fn not_choosing(state: &State) -> Option<&'static str> {
    let choosing = guide(state).is_some_and(|g| matches!(g.phase, Phase::Choosing(_)));
    (!choosing).then_some("the repositories are chosen; leave with q to choose others")
}

fn not_begun(state: &State) -> Option<&'static str> {
    let begun = guide(state).is_some_and(|g| g.phase == Phase::Walking);
    (!begun).then_some("nothing was begun yet")
}

fn first(state: &State) -> Option<&'static str> {
    guide(state).is_some_and(|g| g.shown() == 0).then_some("this is the first step")
}

fn last(state: &State) -> Option<&'static str> {
    let guide = guide(state)?;
    (guide.phase != Phase::Walking || guide.shown() + 1 >= guide.places()).then_some("this is the last step")
}

fn no_skip(state: &State) -> Option<&'static str> {
    let kind = guide(state).filter(|g| g.phase == Phase::Walking).and_then(|g| g.open_step()).map(|step| step.kind);
    let can = matches!(kind, Some(StepKind::BackUp | StepKind::BackUpMade | StepKind::Retire | StepKind::HandOver));
    (!can).then_some("this step cannot be skipped")
}

fn nothing_staged(state: &State) -> Option<&'static str> {
    state.stage.undo.is_none().then_some("nothing is staged; what was published cannot be undone")
}

impl Guide {
    /// A wizard as the engine found it.
    #[must_use]
    pub fn new(facts: Facts, phase: Phase) -> Self {
        let steps = steps(&facts);
        Self { facts, steps, phase, at: None, cursor: 0, stale: false, saving: None, passphrase: None }
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
        self.phase == Phase::Walking && own.wizard == choice.wizard && own.repositories == choice.repositories
    }

    /// Takes newer facts; the view follows when another step became next. What other machines need is shown on the
    /// way: nothing is left to do there, and nobody would look for it.
    pub fn learn(&mut self, facts: Facts) {
        let (before, kind) = (self.next(), self.next_kind());
        self.steps = steps(&facts);
        self.facts = facts;
        if self.next_kind() != kind {
            let next = self.next().unwrap_or(self.steps.len());
            let tells = |step: &StepView| !step.commands.is_empty() || !step.detail.is_empty();
            let told = self.steps.iter().position(|step| step.kind == StepKind::HandOver && tells(step));
            self.at = told.filter(|told| before.is_some_and(|before| before < *told) && *told < next);
            self.cursor = 0;
        }
    }

    fn next_kind(&self) -> Option<StepKind> {
        self.next().and_then(|next| self.steps.get(next)).map(|step| step.kind)
    }

    /// The step that is next; `None` once all are done.
    #[must_use]
    pub fn next(&self) -> Option<usize> {
        if self.phase == Phase::Walking { self.steps.iter().position(|s| s.state != StepState::Done) } else { Some(0) }
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
        let walking = self.phase == Phase::Walking;
        match self.steps.get(place) {
            Some(step) if walking => step.state.clone(),
            Some(_) if place == 0 => StepState::Now,
            _ => StepState::Later,
        }
    }

    /// Whether every step is done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Walking && self.next().is_none()
    }

    /// Whether nothing is left to do on the servers.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Walking && is_finished(&self.facts)
    }

    /// Tags that could break by what is staged.
    #[must_use]
    pub fn tags_at_risk(&self) -> usize {
        self.facts.repositories.iter().map(|repository| repository.at_risk).sum()
    }

    /// The repositories it is about now.
    #[must_use]
    pub fn guns(&self) -> Vec<Gun> {
        match &self.phase {
            Phase::Choosing(chosen) => chosen.iter().cloned().collect(),
            Phase::Beginning(guns) => guns.clone(),
            Phase::Walking => self.choice().repositories.clone(),
        }
    }

    /// Ctrl-c: what was asked of the servers is not waited for.
    pub fn stop(&mut self) {
        if let Phase::Beginning(guns) = &self.phase {
            self.phase = Phase::Choosing(guns.iter().cloned().collect());
        }
    }
}

/// Moves the cursor among what can be done.
pub fn go(state: &mut State, to: Move) {
    let Some(guide) = &state.guide else { return };
    let last = options::of(state, guide).len().saturating_sub(1);
    let cursor = match to {
        Move::Up => guide.cursor.saturating_sub(1),
        Move::Down => guide.cursor + 1,
        Move::HalfUp => guide.cursor.saturating_sub(8),
        Move::HalfDown => guide.cursor + 8,
        Move::Top => 0,
        Move::Bottom => last,
    };
    if let Some(guide) = &mut state.guide {
        guide.cursor = cursor.min(last);
    }
}

/// Where a screen that was opened from a wizard or from the panes goes back to.
#[must_use]
pub fn home(state: &State) -> Screen {
    if state.guide.is_some() { Screen::Wizard } else { Screen::Main }
}

/// Looks again once the servers have answered: after a publish, a colleague's act, or at the beginning.
pub fn follow(state: &mut State) -> Vec<Effect> {
    let Some(guide) = &state.guide else { return vec![] };
    let guns = guide.guns();
    if guns.iter().any(|gun| state.find(gun).is_some_and(|r| r.work != Work::Idle)) {
        return vec![];
    }
    let task = match &guide.phase {
        Phase::Beginning(guns) => Task::Begin(guide.choice().wizard.clone(), guns.clone()),
        _ if guide.stale => Task::Look(guide.choice().clone()),
        _ => return vec![],
    };
    if let Some(guide) = &mut state.guide {
        guide.stale = false;
        if let Phase::Beginning(guns) = &guide.phase {
            // Asked once; the answer begins it, a failure leaves the choice.
            guide.phase = Phase::Choosing(guns.iter().cloned().collect());
        }
    }
    vec![task.effect()]
}

/// How many of the repositories the servers have answered for; `None` if nothing is asked.
#[must_use]
pub fn asking(state: &State, guide: &Guide) -> Option<(usize, usize)> {
    let guns = guide.guns();
    let busy = |gun: &&Gun| state.find(gun).is_some_and(|r| r.work != Work::Idle);
    let waiting = guns.iter().filter(busy).count();
    (waiting > 0).then(|| (guns.len() - waiting, guns.len()))
}

/// What the message line says.
#[must_use]
pub fn verdict(state: &State, guide: &Guide) -> (Tone, &'static str, String) {
    if let Some((done, all)) = asking(state, guide) {
        return (Tone::Note, "asking the servers", format!("{done} of {all}   ctrl-c stops"));
    }
    if let Some(saving) = &guide.saving
        && state.now.as_millisecond() - saving.since.as_millisecond() >= SAVING
    {
        return (Tone::Note, "saving", "what was chosen".to_owned());
    }
    match &guide.phase {
        Phase::Choosing(_) | Phase::Beginning(_) => (Tone::Note, "nothing is changed yet", String::new()),
        Phase::Walking if guide.is_over() => (Tone::Done, "finished", "every step is done".to_owned()),
        Phase::Walking => (Tone::Note, "kept at each step", "W opens it again".to_owned()),
    }
}

/// How many tags could break, for the corner that always says so.
#[must_use]
pub fn risk(state: &State, guide: &Guide) -> Runs {
    let runs = Runs::new().then("tags at risk ", state.theme.quiet());
    Runs(runs.0.into_iter().chain(track::risk(state, guide).0).collect())
}
