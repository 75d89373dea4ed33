//! Guided rotations on the screen: the engine's steps, the one that is looked at, and what can be done there.
//!
//! Invariant: nothing is remembered here but the cursor and what was just typed. Whether a step is done is what the
//! engine reads from the servers, the key store and the journal. A wizard only fills the stage; review and publish are
//! those of every other change.

mod act;
mod begin;
mod due;
pub mod forms;
mod loss;
pub mod menu;
mod options;
mod parts;
mod picture;
mod take;
mod track;
pub mod view;
mod words;

use super::kit::canvas::Runs;
use super::kit::list::Move;
use super::kit::message::Tone;
use super::messages::effect::Effect;
use super::messages::wizard_task::Task;
use super::state::actions;
use super::state::binding::{Action as Wanted, Binding, Group, bind};
use super::state::guide::{Footing, Guide};
use super::state::{Screen, State, Work};
use crate::engine::wizard::{StepKind, StepState};
use crate::tuf::Gun;

pub use act::{redo, undo, update};
pub use begin::{from_key, from_role, no_key, no_role};
pub use due::{is_any_due, of_repository, waiting};
pub use options::{Opt, Pick, Tick};
pub use take::{notice, take};
pub(super) use words::brief;

/// From when on it is said that a choice is being saved, in milliseconds.
const SAVING: i64 = 300;

/// Keys of a wizard.
pub const BINDINGS: &[Binding] = &[
    bind(&["enter"], Wanted::Wizard(actions::Wizard::Do), "go on", Group::Stage, 10).unless(nothing_to_do),
    bind(&["space"], Wanted::Wizard(actions::Wizard::Toggle), "choose", Group::Stage, 15).unless(no_choice),
    bind(&["A"], Wanted::Wizard(actions::Wizard::All), "all", Group::Stage, 0).unless(not_choosing),
    bind(&["b", "shift-tab", "left"], Wanted::Wizard(actions::Wizard::Back), "back", Group::Move, 20).unless(first),
    bind(&["n", "tab", "right"], Wanted::Wizard(actions::Wizard::Forward), "next", Group::Move, 25).unless(last),
    bind(&["s"], Wanted::Wizard(actions::Wizard::Skip), "skip", Group::Stage, 30).unless(no_skip),
    bind(&["u"], Wanted::Undo, "undo", Group::Stage, 35).unless(nothing_staged),
    bind(&["U"], Wanted::Redo, "redo", Group::Stage, 36).unless(nothing_to_redo),
    bind(&["w"], Wanted::Wizard(actions::Wizard::Why), "why", Group::Look, 40),
    bind(&["e"], Wanted::Wizard(actions::Wizard::Commands), "commands", Group::Look, 50),
    bind(&["r"], Wanted::Wizard(actions::Wizard::AskServer), "ask the servers", Group::Look, 0),
    bind(&["X"], Wanted::Wizard(actions::Wizard::GiveUp), "give it up", Group::Danger, 0).unless(not_begun),
    bind(&["q", "esc"], Wanted::Wizard(actions::Wizard::Leave), "leave, kept", Group::Leave, 60),
];

fn guide(state: &State) -> Option<&Guide> {
    state.guide.as_ref().filter(|_| matches!(state.screen, Screen::Wizard))
}

fn nothing_to_do(state: &State) -> Option<&'static str> {
    let guide = guide(state)?;
    match &guide.phase {
        Footing::Beginning(_) => return Some("the servers are being asked"),
        Footing::Choosing(chosen) if chosen.is_empty() => return Some("choose at least one repository with space"),
        _ => {}
    }
    let state_of_step = guide.step().map(|step| &step.state);
    (options::of(state, guide).is_empty()).then_some(match state_of_step {
        Some(StepState::Done) => "this step is done; n goes on",
        _ => "other steps come first; b goes back to them",
    })
}

fn not_choosing(state: &State) -> Option<&'static str> {
    let choosing = guide(state).is_some_and(|g| matches!(g.phase, Footing::Choosing(_)));
    (!choosing).then_some("the repositories are chosen; q leaves, to choose others")
}

fn no_choice(state: &State) -> Option<&'static str> {
    let guide = guide(state)?;
    let marks = options::of(state, guide).iter().any(|option| option.tick != Tick::Act);
    (!marks).then_some("there is nothing to choose at this step; enter does what is under the cursor")
}

fn not_begun(state: &State) -> Option<&'static str> {
    let begun = guide(state).is_some_and(|g| g.phase == Footing::Walking);
    (!begun).then_some("nothing was begun yet")
}

fn first(state: &State) -> Option<&'static str> {
    guide(state).is_some_and(|g| g.shown() == 0).then_some("this is the first step")
}

fn last(state: &State) -> Option<&'static str> {
    let guide = guide(state)?;
    if guide.phase != Footing::Walking {
        return Some("enter begins with the chosen repositories; the other steps follow");
    }
    (guide.shown() + 1 >= guide.places()).then_some("this is the last step")
}

fn no_skip(state: &State) -> Option<&'static str> {
    let kind = guide(state).filter(|g| g.phase == Footing::Walking).and_then(|g| g.open_step()).map(|step| step.kind);
    let can = matches!(kind, Some(StepKind::BackUp | StepKind::BackUpMade | StepKind::Retire | StepKind::HandOver));
    (!can).then_some("this step cannot be skipped")
}

fn nothing_staged(state: &State) -> Option<&'static str> {
    let own = guide(state).map(|guide| act::own_entries(state, guide)).unwrap_or_default();
    own.is_empty().then_some("this wizard has staged nothing; what was published cannot be undone")
}

fn nothing_to_redo(state: &State) -> Option<&'static str> {
    let is_own = guide(state).is_some_and(|guide| state.stage.redoes.is_of(&act::wanted(guide)));
    (!is_own).then_some("nothing of this wizard was taken back")
}

/// Moves the cursor among what can be done.
pub fn go(state: &mut State, to: Move) {
    let Some(guide) = &state.guide else { return };
    let last = options::of(state, guide).len().saturating_sub(1);
    let at = options::cursor(state, guide);
    let cursor = match to {
        Move::Up => at.saturating_sub(1),
        Move::Down => at + 1,
        Move::HalfUp => at.saturating_sub(8),
        Move::HalfDown => at + 8,
        Move::Top => 0,
        Move::Bottom => last,
    };
    if let Some(guide) = &mut state.guide {
        guide.cursor = Some(cursor.min(last));
    }
}

/// Looks again once the servers have answered: after a publish, a colleague's act, or at the beginning.
pub fn follow(state: &mut State) -> Vec<Effect> {
    let Some(guide) = &state.guide else { return vec![] };
    let guns = guide.guns();
    if guns.iter().any(|gun| state.find(gun).is_some_and(|r| r.work() != Work::Idle)) {
        return vec![];
    }
    let task = match &guide.phase {
        Footing::Beginning(guns) => Task::Begin(guide.choice().wizard.clone(), guns.clone()),
        _ if guide.stale => Task::Look(guide.choice().clone()),
        _ => return vec![],
    };
    if let Some(guide) = &mut state.guide {
        guide.stale = false;
        if let Footing::Beginning(guns) = &guide.phase {
            // Asked once; the answer begins it, a failure leaves the choice.
            guide.phase = Footing::Choosing(guns.iter().cloned().collect());
        }
    }
    vec![task.effect()]
}

/// How many of the repositories the servers have answered for; `None` if nothing is asked.
#[must_use]
pub fn asking(state: &State, guide: &Guide) -> Option<(usize, usize)> {
    let guns = guide.guns();
    let busy = |gun: &&Gun| state.find(gun).is_some_and(|r| r.work() != Work::Idle);
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
        Footing::Choosing(_) | Footing::Beginning(_) => (Tone::Note, "nothing is changed yet", String::new()),
        Footing::Walking if guide.is_over() => (Tone::Done, "finished", "every step is done".to_owned()),
        Footing::Walking => (
            Tone::Note,
            "kept at each step",
            format!("{} opens it again", state.key(Wanted::Wizard(actions::Wizard::Menu))),
        ),
    }
}

/// How many tags could break, for the corner that always says so.
#[must_use]
pub fn risk(state: &State, guide: &Guide) -> Runs {
    let runs = Runs::new().then("tags at risk ", state.theme.quiet());
    Runs(runs.0.into_iter().chain(track::risk(state, guide).0).collect())
}
